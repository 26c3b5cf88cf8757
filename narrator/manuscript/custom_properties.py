"""What a person, or Calibre, wrote of a book into the properties of a word processor's file that are free.

The dates that programs write by themselves are the file's: when it was made and last saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_DATE = re.compile(r"(\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?)(?:T.*)?")
_PART = re.compile(r"0*(\d{1,4}(?:\.\d*[1-9])?)(?:\.0*)?")
_NOT_LETTERS = re.compile(r"[\W_]+")
_UNKNOWN_YEAR = "0101"
"""Calibre's date where it knows none begins so."""
_NAMES = {
    "date": ("dateissued", "issued", "dateofpublication", "publicationdate", "datepublished", "opfpubdate"),
    "series": ("series", "bookseries", "calibreseries", "opfseries"),
    "part": ("seriesindex", "seriespart", "partofseries", "calibreseriesindex", "opfseriesindex"),
}


@dataclass(frozen=True, slots=True)
class Published:
    """When a book was published and the series that it belongs to, as a manuscript has them."""

    date: str = ""
    series: str = ""
    part: str = ""


def published(properties: Iterable[tuple[str, str]]) -> Published:
    """What properties, as pairs of a name and a text, say; the first of several counts."""
    said: dict[str, str] = {}
    for name, text in properties:
        if text.strip():
            said.setdefault(_NOT_LETTERS.sub("", name).casefold(), " ".join(text.split()))
    series = _first(said, "series")
    return Published(_date(_first(said, "date")), series, _part(_first(said, "part")) if series else "")


def _first(said: Mapping[str, str], what: str) -> str:
    return next((said[name] for name in _NAMES[what] if name in said), "")


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    return match[1] if match and not match[1].startswith(_UNKNOWN_YEAR) else ""


def _part(text: str) -> str:
    match = _PART.fullmatch(text)
    return match[1] if match else ""
