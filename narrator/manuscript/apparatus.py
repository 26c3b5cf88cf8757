"""Contents, notes and the like that stand inside a chapter under headings of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.manuscript.characters import words_in
from narrator.manuscript.matter import is_tail, kind_of_title
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Role

_LISTS = {"toc", "loi", "lot"}
_LIST_LINE = 12
"""The lines of a list of contents have no more words than these on average."""
_NOTES = {"endnotes", "footnotes"}
_NOTE_START = re.compile(
    r"[\[(]?(?:\d{1,4}|[*†‡§]+|[ivxlc]{1,6})[\])]?[.:,)\s]|(?:p|pp|page)\.?\s*\d", re.IGNORECASE
)
_FEW_NOTES = 8
"""What is called notes and looks like text is notes where it is one word in so many of the chapter, or less."""
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
    blocks = [piece.block for piece in pieces]
    for number in reversed(headings):
        level, kind = pieces[number].level, kind_of_title(pieces[number].block.text)
        if not is_tail(kind):
            highest = min(highest, level)
            continue
        if level >= highest:
            break
        tail = [piece.block for piece in pieces[number + 1 : end] if piece.block.text]
        if kind in _NOTES and not _are_notes(tail) and _words(tail) * _FEW_NOTES > _words(blocks):
            break
        if any(block.role is not Role.NOTE for block in tail):
            found.insert(0, Apparatus(number, end, kind))
        end, highest = number, _LOWEST
    return found


def _are_notes(blocks: Sequence[Block]) -> bool:
    """Whether most of these are notes by their role, or begin with a number or a sign."""
    lines = [block for block in blocks if block.role is not Role.HEADING]
    notes = (block.role in {Role.NOTE, Role.LIST_ITEM} or _NOTE_START.match(block.text) for block in lines)
    return sum(map(bool, notes)) * 2 >= len(lines)


def _words(blocks: Iterable[Block]) -> int:
    return sum(words_in(block.text) for block in blocks)


def _is_list(pieces: Sequence[Piece]) -> bool:
    lines = [words_in(piece.block.text) for piece in pieces if piece.block.text]
    return bool(lines) and sum(lines) <= _LIST_LINE * len(lines)
