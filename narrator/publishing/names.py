"""File names that every system takes, and titles that players can tell apart."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

import regex
from pathvalidate import sanitize_filename
from pathvalidate.handler import ReservedNameHandler

MAX_BYTES = 140
"""File systems stop at 255 bytes, encrypted home folders (eCryptfs) at 143."""


def file_name(number: int | None, total: int, title: str, extension: str) -> str:
    """'01 - Down the Rabbit-Hole.mp3': unique by its number, which is as wide as that of the last file.

    With no number it is the title alone.
    """
    lead = "" if number is None else f"{number:0{max(2, len(str(total)))}}"
    room = MAX_BYTES - len(lead) - len(" - .") - len(extension)
    stem = " - ".join(filter(None, (lead, _safe(title, room)))) or "audiobook"
    # Only now: CON is a device on Windows, "01 - CON" is not.
    return sanitize_filename(f"{stem}.{extension}", platform="universal")


def unique_titles(titles: Sequence[str], book_title: str) -> tuple[str, ...]:
    """The titles, with the chapter's number before those that repeat or are the book's own.

    Players such as Audiobookshelf show no title of a chapter at all where two are equal or one is the book's.
    """
    counts = Counter(_compared(title) for title in titles)
    book = _compared(book_title)
    taken = {book, *counts}
    unique: list[str] = []
    for number, title in enumerate(titles, start=1):
        different = title
        if counts[_compared(title)] > 1 or _compared(title) == book:
            while _compared(different) in taken:
                different = f"{number}. {different}"
            taken.add(_compared(different))
        unique.append(different)
    return tuple(unique)


def _compared(title: str) -> str:
    return unicodedata.normalize("NFKC", " ".join(title.split())).casefold()


def _safe(title: str, room: int) -> str:
    """As much of a title as fits in `room` bytes, cut between what people see as characters."""
    text = " ".join(unicodedata.normalize("NFC", title).split())
    safe = sanitize_filename(
        text, platform="universal", replacement_text=" ", reserved_name_handler=ReservedNameHandler.as_is
    )
    kept = ""
    for character in regex.findall(r"\X", " ".join(safe.split())):
        if len((kept + character).encode()) > room:
            break
        kept += character
    return kept.strip(" .")
