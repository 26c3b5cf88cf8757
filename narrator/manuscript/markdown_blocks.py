"""Inline text of Markdown to blocks, with their marks, the notes that they refer to, and their pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from narrator.manuscript.blocks import joined_row, split_lines
from narrator.manuscript.characters import clean, clean_lines
from narrator.manuscript.headings import joined_heading
from narrator.manuscript.inline import Marker, without_signs
from narrator.manuscript.markdown_divs import Div
from narrator.manuscript.markdown_inline import ATTRIBUTES, Inline
from narrator.manuscript.page_blocks import PageBlock
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Mark, MarkKind, Role

_HINTS = {MarkKind.NAME, MarkKind.DIRECTION}
_HEADING_ATTRIBUTES = re.compile(rf"\s*{ATTRIBUTES.pattern}\s*$")


class BlockMaker:
    """Makes pieces of the texts of one document. `notes` are the names of the notes that it has."""

    def __init__(self, marker: Marker, notes: frozenset[str]) -> None:
        self._marker = marker
        self._notes = notes

    def heading(self, inline: Inline, level: int, line: int) -> list[Piece]:
        """A heading, without Pandoc's `{#name .class}` at its end."""
        inline.text = _HEADING_ATTRIBUTES.sub("", inline.text)
        return self._pieces(
            inline, lambda text: _one(Role.HEADING, joined_heading(clean_lines(text))), line, level
        )

    def paragraphs(self, inline: Inline, role: Role, line: int) -> list[Piece]:
        """The blocks of a paragraph: verse and the like where its lines were broken on purpose."""
        if role is Role.PARAGRAPH and "\u00a0" in inline.text and not inline.text.strip():
            # `&nbsp;` alone: an empty paragraph that the author wants to be seen.
            return [plain_piece(Role.SCENE_BREAK, "", line)]
        return self._pieces(inline, lambda text: split_lines(clean_lines(text), role), line)

    def row(self, cells: Sequence[Inline], line: int) -> list[Piece]:
        """A row of a table."""
        marks = Inline("\x1f".join(cell.text for cell in cells))
        for cell in cells:
            marks.notes += cell.notes
        return self._pieces(
            marks, lambda text: _one(Role.TABLE, joined_row(map(clean, text.split("\x1f")))), line
        )

    def note(self, name: str, inline: Inline, line: int) -> list[Piece]:
        """A note."""
        pieces = self._pieces(inline, lambda text: _one(Role.NOTE, clean(text)), line)
        return [replace(piece, block=replace(piece.block, note=name)) for piece in pieces]

    def _pieces(
        self, inline: Inline, cut: Callable[[str], list[tuple[Role, str]]], line: int, level: int = 0
    ) -> list[Piece]:
        told = list(self._told(inline.text, cut))
        notes = tuple(dict.fromkeys(name for name in inline.notes if name in self._notes))
        found = []
        for number, (role, text, marks) in enumerate(told, 1):
            is_last = number == len(told)
            block = PageBlock(
                role,
                text,
                f"line {line + 1}",
                marks=tuple(mark for mark in marks if mark.kind not in _HINTS),
                notes=notes if is_last else (),
                hints=tuple(mark for mark in marks if mark.kind in _HINTS),
                pictures=tuple(inline.pictures) if is_last else (),
            )
            found.append(Piece(block, level=level))
        return found

    def _told(
        self, text: str, cut: Callable[[str], list[tuple[Role, str]]]
    ) -> Iterator[tuple[Role, str, tuple[Mark, ...]]]:
        blocks = cut(without_signs(text))
        marked = [(role, *self._marker.taken(own)) for role, own in cut(text)]
        if [(role, own) for role, own, _ in marked] == blocks:
            yield from marked
        else:  # the signs came between what belongs together; the text is worth more than its marks
            yield from ((role, own, ()) for role, own in blocks)


def plain_piece(role: Role, text: str, line: int) -> Piece:
    """A piece without marks."""
    return Piece(Block(role, text, f"line {line + 1}"))


def in_divs(piece: Piece, line: int, divs: Sequence[Div]) -> Piece:
    """The piece with the marks of the divs around its line, over all of its text."""
    block = piece.block
    for div in divs:
        if not (div.start <= line < div.end and block.text):
            continue
        for kind, value in div.marks:
            if kind is MarkKind.LANGUAGE:
                block = replace(block, language=value)
            else:
                block = replace(block, marks=(Mark(kind, 0, len(block.text), value), *block.marks))
    return piece if block is piece.block else replace(piece, block=block)


def _one(role: Role, text: str) -> list[tuple[Role, str]]:
    return [(role, text)] if text else []
