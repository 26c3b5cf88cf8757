"""A block as its page shows it, with what cannot be judged before the chapters of the book are known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from narrator.model import Block, Mark


class Sureness(StrEnum):
    """How a hint was told."""

    TYPED = "typed"
    """By a structural term."""

    CLASSED = "classed"
    """By a class that plays have, and others may have."""

    SHAPED = "shaped"
    """By how it is printed."""


@dataclass(frozen=True, slots=True)
class PageBlock(Block):
    """A block whose role is still the one that chapters are found by.

    `hints` are marks of the kinds NAME and DIRECTION, with their Sureness as value. `pictures` describe those
    that stand after the block, and `pictures_before` those before it, where it is the first of its page.
    `opens_note`: if it is a note's, it is the first of that note. `length` is that of the text that the marks
    belong to, -1 where it cannot change: the lines of a heading are joined when it is known as one.
    """

    hints: tuple[Mark, ...] = ()
    pictures: tuple[str, ...] = ()
    pictures_before: tuple[str, ...] = ()
    is_letter: bool = False
    opens_note: bool = False
    length: int = -1
