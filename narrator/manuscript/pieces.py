"""A block and what is known of where it stands: what readers hand to whoever cuts the book into chapters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from narrator.manuscript.characters import words_in
from narrator.model import Block, Matter, Role

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


def words_of(pieces: Iterable[Piece]) -> int:
    """How many words these have."""
    return sum(words_in(piece.block.text) for piece in pieces)


def first_heading(pieces: Iterable[Piece]) -> str:
    """The heading that the text of these begins with, else ''."""
    first = next((piece.block for piece in pieces if piece.block.text), None)
    return first.text if first is not None and first.role is Role.HEADING else ""
