"""Which headings of a book are its chapters, where no table of contents says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.manuscript.characters import words_in
from narrator.manuscript.headings import (
    Rank,
    is_bare_label,
    is_bare_number,
    is_numbered_title,
    label_is_chapter,
    label_of,
)
from narrator.manuscript.pieces import Piece
from narrator.model import Role

_MERE_HEADING = 150
"""A heading with fewer words before the next one below it only groups those."""

_LIST_GAP = 12
"""Titles with no more words between them than these are lines of a list."""
_LONGEST_TITLE = 100


@dataclass(frozen=True, slots=True)
class ChapterHeading:
    """The piece where a chapter or a part begins, its title, and whether other chapters stand under it."""

    at: int
    title: str
    holds_chapters: bool = False


def chapter_headings(pieces: Sequence[Piece]) -> list[ChapterHeading]:
    """The headings at which to cut, in order; [] where the book has none.

    The chapters are the highest level that occurs more than once: a lone heading above them is the book's
    title. Where most headings of that level are parts that hold only headings, the level below counts too.
    """
    found = [(at, piece.level) for at, piece in enumerate(pieces) if piece.level]
    if len(found) < 2 and (told := _told_by_words(pieces)):
        return told
    levels = sorted({level for _, level in found})
    counts = {level: sum(own == level for _, own in found) for level in levels}
    several = [level for level in levels if counts[level] > 1]
    if not several:
        # A title above one chapter, or a title alone.
        return [ChapterHeading(at, _title_at(pieces, at)) for at, _ in found]
    chosen = [level for level in levels if level <= several[0]]
    below = [level for level in levels if level > several[0]]
    while below and _only_groups(pieces, found, chosen[-1], below[0]):
        chosen.append(below.pop(0))
    return _cuts(pieces, [(at, level) for at, level in found if level <= chosen[-1]])


def _told_by_words(pieces: Sequence[Piece]) -> list[ChapterHeading]:
    """Paragraphs such as 'Chapter One' in a book without headings; [] where there are no two of them.

    A list of them, as in the contents, heads nothing; and mere digits may be the numbers of pages.
    """
    told = [at for at, piece in enumerate(pieces) if _is_told(piece)]
    found = [
        at
        for at, following in pairwise([*told, len(pieces)])
        if sum(words_in(piece.block.text) for piece in pieces[at + 1 : following]) > _LIST_GAP
    ]
    return [ChapterHeading(at, pieces[at].block.text) for at in found] if len(found) > 1 else []


def _is_told(piece: Piece) -> bool:
    text = piece.block.text
    if piece.block.role is not Role.PARAGRAPH or piece.linked or len(text) > _LONGEST_TITLE or text.isdigit():
        return False
    return is_bare_label(text) or label_of(text) is not None


def _cuts(pieces: Sequence[Piece], chosen: Sequence[tuple[int, int]]) -> list[ChapterHeading]:
    cuts: list[ChapterHeading] = []
    for number, (at, level) in enumerate(chosen):
        before_at, before_level = chosen[number - 1] if number else (-2, 0)
        if before_at == at - 1 and level > before_level and _is_title_below(pieces, at):
            continue
        following = chosen[number + 1][1] if number + 1 < len(chosen) else 0
        cuts.append(ChapterHeading(at, _title_at(pieces, at), holds_chapters=following > level))
    return cuts


def _only_groups(pieces: Sequence[Piece], found: Sequence[tuple[int, int]], level: int, below: int) -> bool:
    """Whether most headings of a level only group headings below them."""
    groups = chapters = 0
    for number, (at, own) in enumerate(found):
        if own != level:
            continue
        following = found[number + 1] if number + 1 < len(found) else (len(pieces), 0)
        words = sum(words_in(piece.block.text) for piece in pieces[at + 1 : following[0]])
        text = pieces[at].block.text
        label = label_of(text)
        is_part = label is not None and label.rank is Rank.PART
        if following[1] == below and (is_part or (words < _MERE_HEADING and not label_is_chapter(text))):
            groups += 1
        else:
            chapters += 1
    return groups > chapters


def _is_title_below(pieces: Sequence[Piece], at: int) -> bool:
    """Whether this heading is the title of the number right above it: one heading in two lines."""
    text = pieces[at].block.text
    is_numbered = label_of(text) is not None or is_bare_number(text) or is_numbered_title(text)
    return is_bare_label(pieces[at - 1].block.text) and not is_numbered


def _title_at(pieces: Sequence[Piece], at: int) -> str:
    """The heading's text, with the lower heading under it where it is only a number."""
    piece = pieces[at]
    following = pieces[at + 1] if at + 1 < len(pieces) else None
    if following and following.level > piece.level and _is_title_below(pieces, at + 1):
        return f"{piece.block.text.rstrip('.: ')}: {following.block.text}"
    return piece.block.text
