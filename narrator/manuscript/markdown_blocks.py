"""Inline text of Markdown to blocks, with their marks, the notes that they refer to, and their pictures."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from narrator.manuscript.blocks import joined_row, split_lines
from narrator.manuscript.characters import clean, clean_lines
from narrator.manuscript.headings import joined_heading
from narrator.manuscript.inline import Marker, without_signs
from narrator.manuscript.markdown_divs import Div
from narrator.manuscript.markdown_inline import Inline
from narrator.manuscript.markdown_rules import ATTRIBUTES
from narrator.manuscript.page_blocks import PageBlock
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Mark, MarkKind, Role

_HINTS = {MarkKind.NAME, MarkKind.DIRECTION}
_TASK = re.compile(r"\[[ xX]\]\s+(?=\S)")
_HEADING_ATTRIBUTES = re.compile(rf"\s*{ATTRIBUTES.pattern}\s*$")


class BlockMaker:
    """Makes pieces of the texts of one document. `notes` are the names of the notes that it has."""

    def __init__(self, marker: Marker, notes: frozenset[str]) -> None:
        self._marker = marker
        self._names = notes
        self._numbers = count(1)

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
        if role is Role.LIST_ITEM:
            inline.text = _TASK.sub("", inline.text, count=1) if _TASK.match(inline.text) else inline.text
        is_verse = role is Role.VERSE
        return self._pieces(inline, lambda text: split_lines(clean_lines(text), role, is_verse=is_verse), line)

    def caption(self, inline: Inline, line: int) -> list[Piece]:
        """What stands below a table, without Pandoc's attributes."""
        inline.text = _HEADING_ATTRIBUTES.sub("", inline.text)
        return self._pieces(inline, lambda text: _one(Role.CAPTION, clean(text)), line)

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
        return [
            piece if piece.block.note else replace(piece, block=replace(piece.block, note=name))
            for piece in pieces
        ]

    def _pieces(
        self, inline: Inline, cut: Callable[[str], list[tuple[Role, str]]], line: int, level: int = 0
    ) -> list[Piece]:
        told = list(self._told(inline.text, cut))
        notes, inside = self._notes_of(inline, line)
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
        return found + inside

    def _notes_of(self, inline: Inline, line: int) -> tuple[tuple[str, ...], list[Piece]]:
        """The names of the notes that a text refers to, and the pieces of those that stand in it."""
        names: dict[str, None] = {}
        pieces: list[Piece] = []
        for note in inline.notes:
            if isinstance(note, Inline):
                name = f"inline {next(self._numbers)}"  # no name that authors give has a space
                pieces += self.note(name, note, line)
                names[name] = None
            elif note in self._names:
                names[note] = None
        return tuple(names), pieces

    def _told(
        self, text: str, cut: Callable[[str], list[tuple[Role, str]]]
    ) -> Iterator[tuple[Role, str, tuple[Mark, ...]]]:
        unmarked = without_signs(text)
        blocks = cut(unmarked)
        if unmarked == text:
            yield from ((role, own, ()) for role, own in blocks)
            return
        marked = [(role, *self._marker.taken(own)) for role, own in cut(text)]
        if [(role, own) for role, own, _ in marked] == blocks:
            yield from marked
        else:  # the signs came between what belongs together; the text is worth more than its marks
            yield from ((role, own, ()) for role, own in blocks)


def plain_piece(role: Role, text: str, line: int) -> Piece:
    """A piece without marks."""
    return Piece(Block(role, text, f"line {line + 1}"))


def in_divs(placed: Iterable[tuple[int, Piece]], divs: Sequence[Div]) -> Iterator[Piece]:
    """The pieces, each with the marks of the divs around its line over all of its text; in order of lines."""
    coming = deque(divs)
    around: list[Div] = []
    for line, piece in placed:
        while coming and coming[0].start <= line:
            around.append(coming.popleft())
        around = [div for div in around if line < div.end]
        yield _in_divs(piece, around) if around and piece.block.text else piece


def _in_divs(piece: Piece, around: Sequence[Div]) -> Piece:
    block = piece.block
    told = [mark for div in around for mark in div.marks]
    languages = [value for kind, value in told if kind is MarkKind.LANGUAGE]
    whole = [Mark(kind, 0, len(block.text), value) for kind, value in told if kind is not MarkKind.LANGUAGE]
    language = languages[-1] if languages else block.language
    return replace(piece, block=replace(block, language=language, marks=(*whole[::-1], *block.marks)))


def _one(role: Role, text: str) -> list[tuple[Role, str]]:
    return [(role, text)] if text else []
