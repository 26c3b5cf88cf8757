"""How a chapter opens: its number and title are headings, whatever their markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from narrator.manuscript.characters import same_words
from narrator.manuscript.headings import is_bare_label, is_bare_number, is_label_word, joined_heading
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Role

_LONGEST_HEADING = 200
_CAN_BE_HEADING = {Role.PARAGRAPH, Role.VERSE, Role.QUOTATION}
_ABOVE_HEADING = 3
_HEAD = 5
"""A chapter's number stands among its first blocks, of which there are so many."""


def headed(pieces: Sequence[Piece], title: str) -> tuple[Piece, ...]:
    """The pieces of a chapter of that title, with its number and title as headings."""
    whole = _with_whole_labels(pieces)
    blocks = _with_headings([piece.block for piece in whole], title)
    return tuple(
        piece if block is piece.block else replace(piece, block=block)
        for piece, block in zip(whole, blocks, strict=True)
    )


def _with_whole_labels(pieces: Sequence[Piece]) -> list[Piece]:
    """'Chapter' and 'One' in two blocks, at the head of a chapter, as one."""
    found = list(pieces)
    for number, (word, following) in enumerate(pairwise(pieces[:_HEAD])):
        if is_label_word(word.block.text) and is_bare_number(following.block.text):
            text = f"{word.block.text} {following.block.text}"
            found[number : number + 2] = [replace(word, block=replace(word.block, text=text))]
            break
    return found


def _with_headings(blocks: Sequence[Block], title: str) -> list[Block]:
    """The first paragraphs that spell out the chapter's title are its headings, whatever their markup."""
    found = list(blocks)
    unspelt = same_words(title)
    above = _above_heading(found)
    for number, block in enumerate(found):
        words = same_words(block.text)
        if not words:
            continue
        if number < above:
            found[number] = replace(block, role=Role.HEADING, text=joined_heading(block.text.split("\n")))
            unspelt = unspelt.removeprefix(words)
            continue
        if block.role in _CAN_BE_HEADING and len(block.text) < _LONGEST_HEADING:
            if not (unspelt.startswith(words) or is_bare_label(block.text)):
                break
            found[number] = replace(block, role=Role.HEADING, text=joined_heading(block.text.split("\n")))
        elif block.role is not Role.HEADING:
            break
        unspelt = unspelt.removeprefix(words)
    return found


def _above_heading(blocks: Sequence[Block]) -> int:
    """How many of the first blocks lead up to a heading, such as 'Chapter' and 'One' above a title."""
    for number, block in enumerate(blocks[: _ABOVE_HEADING + 1]):
        if block.role is Role.HEADING:
            return number
        is_line = block.role is Role.PARAGRAPH and (is_label_word(block.text) or is_bare_label(block.text))
        if not is_line:
            return 0
    return 0
