"""What a finished file says of itself, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass

import langcodes

from narrator.model import Cover


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """A chapter inside a file, heard in [start_s, end_s)."""

    title: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of itself. `narrator` names the voice, a synthetic one; `language` is BCP 47 or ''.

    `track` is 0 where the file is none of the `tracks`. `date` is the book's: '1865', '1865-11' or
    '1865-11-26'; `part` is its place in the `series`: '3', '3.5'; `isbn` is digits alone; the paragraphs of
    `description` are lines. '' where unknown. `chapters` are those inside the file, () where it is one itself.
    """

    title: str
    album: str
    authors: tuple[str, ...]
    narrator: str
    track: int
    tracks: int
    language: str
    cover: Cover | None
    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""
    chapters: tuple[ChapterMark, ...] = ()

    @property
    def reader(self) -> str:
        """Who reads, named as what it is."""
        return f"{self.narrator} (synthetic voice)"

    @property
    def comment(self) -> str:
        """What tells a listener that no person reads."""
        return f"Read by a synthetic voice: {self.narrator}."


def one_line(text: str) -> str:
    """A text on one line, of characters that UTF-8 and UTF-16 can write and that end no text of C."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(whole.replace("\0", " ").split())


def iso_639_2(language: str) -> str:
    """A language's three letters, '' if it has none: the terminology form ('deu', not 'ger'), as MP4 has it."""
    try:
        return langcodes.get(language).to_alpha3() if language else ""
    except (LookupError, ValueError):  # a private or unknown language, or no tag at all
        return ""
