"""A block and what is known of where it stands: what readers hand to whoever cuts the book into chapters."""

from __future__ import annotations

from dataclasses import dataclass

from narrator.model import Block, Matter

Anchor = tuple[str, str]
"""A place in a book of many files: a file's name, and an id in it or '' for its beginning."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A block where it stands.

    `level` is a heading's, 1 to 6, else 0. `kind` and `matter` are what the markup around the block says of its
    section. `linked` counts the characters of its text that are links.
    """

    block: Block
    level: int = 0
    kind: str = ""
    matter: Matter | None = None
    linked: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of pieces that becomes one chapter.

    `title` is what the table of contents or the heading calls it, '' where none does. `kind` and `matter` are
    what the book says of it. `holds_chapters`: other entries of the contents stand under it.
    """

    pieces: tuple[Piece, ...]
    title: str = ""
    kind: str = ""
    matter: Matter | None = None
    holds_chapters: bool = False
