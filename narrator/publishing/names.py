"""File and folder names that every system takes, and titles that players can tell apart."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import regex
from pathvalidate import sanitize_filename
from pathvalidate.handler import ReservedNameHandler

MAX_BYTES = 140
"""File systems stop at 255 bytes, encrypted home folders (eCryptfs) at 143."""

_NARRATOR_BYTES = 50
_VOLUME = re.compile(r"\d{1,3}(\.\d{1,2})?")
"""What Audiobookshelf takes for a place in a series where it stands in a folder's name."""


_LONGEST_EXTENSION = len("opus")  # files that go together have one stem, whatever their formats


def file_name(number: int | None, total: int, title: str, extension: str) -> str:
    """'01 - Down the Rabbit-Hole.mp3': unique by its number, which is as wide as that of the last file.

    With no number it is the title alone.
    """
    lead = "" if number is None else f"{number:0{max(2, len(str(total)))}}"
    room = MAX_BYTES - len(lead) - len(" - .") - max(_LONGEST_EXTENSION, len(extension))
    stem = " - ".join(filter(None, (lead, _safe(title, room)))) or "audiobook"
    # Only now: CON is a device on Windows, "01 - CON" is not.
    return sanitize_filename(f"{stem}.{extension}", platform="universal")


def volume_name(title: str, number: int, of: int, extension: str) -> str:
    """'Moby-Dick, part 2 of 3.m4b', with numbers of one width; the title alone where there is one volume."""
    if of == 1:
        return file_name(None, 0, title, extension)
    part = f", part {number:0{len(str(of))}} of {of}.{extension}"
    return (_safe(title, MAX_BYTES - len(part)) or "audiobook") + part


def shelf_folder(
    authors: Sequence[str], *, series: str, part: str, title: str, narrator: str, year: str
) -> PurePosixPath:
    """The folder of a book as Audiobookshelf reads it: 'Author/Series/Vol 1 - 1994 - Title {Narrator}'.

    What is '' is left out. Authors are joined by '; ', which it splits at, whatever commas are in them. Without
    an author there is no series, either: it would take that for one.
    See https://www.audiobookshelf.org/docs/documentation/libraries/book-library/directory-structure
    """
    author = _folder("; ".join(authors))
    shelf = _folder(series) if author else ""
    volume = f"Vol {part}" if shelf and _VOLUME.fullmatch(part) else ""
    lead = "".join(f"{each} - " for each in (volume, year) if each)
    voice = _safe(narrator.translate({ord("{"): "(", ord("}"): ")"}), _NARRATOR_BYTES)
    tail = f" {{{voice}}}" if voice else ""
    name = _safe(title, MAX_BYTES - len(lead) - len(tail.encode())) or "audiobook"
    return PurePosixPath(*filter(None, (author, shelf, _folder(f"{lead}{name}{tail}"))))


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


def _folder(name: str) -> str:
    """A folder's name, '' where nothing of it is safe."""
    safe = _safe(name, MAX_BYTES)
    return sanitize_filename(safe, platform="universal") if safe else ""


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
