"""Contents, notes and the like that stand inside a chapter under headings of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.manuscript.characters import words_in
from narrator.manuscript.matter import is_tail, kind_of_title
from narrator.manuscript.pieces import Piece
from narrator.model import Role

_LISTS = {"toc", "loi", "lot"}
_LIST_LINE = 12
"""The lines of a list of contents have no more words than these on average."""
_LOWEST = 7


@dataclass(frozen=True, slots=True)
class Apparatus:
    """The pieces [start, end) of a chapter, and what kind of page they are."""

    start: int
    end: int
    kind: str


def apparatus_in(pieces: Sequence[Piece]) -> list[Apparatus]:
    """What is no part of the chapter that begins with the first of these pieces, in order.

    Contents go on to the next heading. Notes, books to read and such count only where nothing else follows
    them: a chapter may speak of 'References' in its midst. Notes that are known as such can stay.
    """
    headings = [number for number, piece in enumerate(pieces) if piece.level and number]
    found = _tails(pieces, headings)
    end = found[0].start if found else len(pieces)
    for number, following in pairwise([*headings, len(pieces)]):
        kind = kind_of_title(pieces[number].block.text)
        if number < end and kind in _LISTS and _is_list(pieces[number + 1 : following]):
            found.append(Apparatus(number, following, kind))
    return sorted(found, key=lambda part: part.start)


def _tails(pieces: Sequence[Piece], headings: Sequence[int]) -> list[Apparatus]:
    found: list[Apparatus] = []
    end, highest = len(pieces), _LOWEST
    for number in reversed(headings):
        level, kind = pieces[number].level, kind_of_title(pieces[number].block.text)
        if not is_tail(kind):
            highest = min(highest, level)
            continue
        if level >= highest:
            break
        if any(piece.block.role is not Role.NOTE and piece.block.text for piece in pieces[number + 1 : end]):
            found.insert(0, Apparatus(number, end, kind))
        end, highest = number, _LOWEST
    return found


def _is_list(pieces: Sequence[Piece]) -> bool:
    lines = [words_in(piece.block.text) for piece in pieces if piece.block.text]
    return bool(lines) and sum(lines) <= _LIST_LINE * len(lines)
