"""Which entries of a table of contents are chapters, and which are sections inside one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from narrator.manuscript.characters import same_words
from narrator.manuscript.headings import Rank, is_numbered_title, label_is_chapter, label_of
from narrator.manuscript.matter import is_page_apart, kind_of_title

_PART_TEXT = 150
"""An entry with fewer words before the first entry under it is a mere heading of those."""
_LONG_SECTION = 1500
"""Entries with more words than this on average are chapters, whatever stands above them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry of the contents at the piece where it leads.

    `is_exact` is False where its own page has no text, so that it leads to the text of the next one.
    """

    at: int
    title: str
    depth: int = 0
    holds_chapters: bool = False
    is_exact: bool = True


def chapter_marks(marks: Iterable[Mark], words: Sequence[int], book_title: str) -> list[Mark]:
    """The marks at which chapters begin, one a place, in order. `words` counts those of each piece."""
    # Stable, so that of entries for one place the outer stays before the inner.
    ordered = sorted(marks, key=lambda mark: mark.at)
    found: list[Mark] = []
    closed_above: int | None = None
    for number, mark in enumerate(ordered):
        if closed_above is not None and mark.depth > closed_above:
            continue
        below = _below(mark, ordered[number + 1 :])
        following = number + 1 + len(below)
        end = ordered[following].at if following < len(ordered) else len(words)
        holds_chapters = bool(below) and _holds_chapters(mark, below, words[mark.at : end], book_title)
        closed_above = mark.depth if below and not holds_chapters else None
        found.append(replace(mark, holds_chapters=holds_chapters))
    return _one_a_place(found)


def _below(mark: Mark, later: Iterable[Mark]) -> list[Mark]:
    return list(takewhile(lambda other: other.depth > mark.depth, later))


def _holds_chapters(mark: Mark, below: Sequence[Mark], words: Sequence[int], book_title: str) -> bool:
    """Whether the entries below this one are chapters; `words` counts those of all its pieces."""
    if same_words(mark.title) == same_words(book_title):
        return True
    if label := label_of(mark.title):
        return label.rank is Rank.PART
    if (
        label_is_chapter(mark.title)
        or is_numbered_title(mark.title)
        or is_page_apart(kind_of_title(mark.title))
    ):
        return False
    own = sum(words[: below[0].at - mark.at])
    is_named = any(label_is_chapter(inner.title) for inner in below)
    return is_named or own < _PART_TEXT or sum(words) - own > _LONG_SECTION * len(below)


def _one_a_place(marks: Iterable[Mark]) -> list[Mark]:
    """Of the entries for one place the one whose page it is, then the innermost, and of equals the first."""
    best: dict[int, Mark] = {}
    for mark in marks:
        held = best.get(mark.at)
        if held is None or (mark.is_exact, mark.depth) > (held.is_exact, held.depth):
            best[mark.at] = mark
    return list(best.values())
