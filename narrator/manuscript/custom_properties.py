"""What a person, or Calibre, wrote of a book into the properties of a word processor's file that are free.

The dates that programs write by themselves are the file's: when it was made and last saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from narrator.manuscript.book_facts import first_isbn
from narrator.manuscript.characters import words_in
from narrator.manuscript.descriptions import description_in

_DATE = re.compile(r"(\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?)(?:T.*)?")
_PART = re.compile(r"0*(\d{1,4}(?:\.\d*[1-9])?)(?:\.0*)?")
_NOT_LETTERS = re.compile(r"[\W_]+")
_UNKNOWN_YEAR = "0101"
"""Calibre's date where it knows none begins so."""
_SHORTEST_DESCRIPTION = 20
"""In words."""
_SENTENCE_END = re.compile(r"""[.!?…。！？]["'”’»」)]*\s*$""")
_NAMES = {
    "date": ("dateissued", "issued", "dateofpublication", "publicationdate", "datepublished", "opfpubdate"),
    "series": ("series", "bookseries", "calibreseries", "opfseries"),
    "isbn": ("isbn13", "isbn", "isbn10", "opfisbn"),
    "publisher": ("publisher", "opfpublisher"),
    "part": ("seriesindex", "seriespart", "partofseries", "calibreseriesindex", "opfseriesindex"),
}


@dataclass(frozen=True, slots=True)
class Published:
    """What a Manuscript has of how a book was published, and of what it is about."""

    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""


def published(properties: Iterable[tuple[str, str]], comments: str = "") -> Published:
    """What properties, as pairs of a name and a text, say; the first of several counts.

    `comments` are what word processors show under this name: a description only where they look like one.
    """
    said: dict[str, str] = {}
    for name, text in properties:
        if text.strip():
            said.setdefault(_NOT_LETTERS.sub("", name).casefold(), " ".join(text.split()))
    series = _first(said, "series")
    return Published(
        _date(_first(said, "date")),
        series,
        _part(_first(said, "part")) if series else "",
        first_isbn([_first(said, "isbn")]),
        _first(said, "publisher"),
        description_in(comments) if _describes(comments) else "",
    )


def _describes(comments: str) -> bool:
    """Whether these are whole sentences, and not a program's name or a word to a colleague."""
    return words_in(comments) >= _SHORTEST_DESCRIPTION and bool(_SENTENCE_END.search(comments))


def _first(said: Mapping[str, str], what: str) -> str:
    return next((said[name] for name in _NAMES[what] if name in said), "")


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    return match[1] if match and not match[1].startswith(_UNKNOWN_YEAR) else ""


def _part(text: str) -> str:
    match = _PART.fullmatch(text)
    return match[1] if match else ""
