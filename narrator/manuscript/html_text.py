"""The text of a block of a page as it gathers, with its marks and the marks of notes in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from lxml import etree

from narrator.manuscript.html_ruby import readings_of
from narrator.manuscript.inline import Marker, without_signs
from narrator.manuscript.markup import local_name
from narrator.model import Mark, MarkKind, Role

Cut = Callable[[str], list[tuple[Role, str]]]
"""Text with line feeds to the blocks in it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A block of a text: its role, its clean text, its marks, and the names of the notes referred to in it."""

    role: Role
    text: str
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()


class MarkedText:
    """Text between two borders of blocks. Its marks are over elements, and end with them."""

    def __init__(self) -> None:
        self.is_blank = True
        self._parts: list[str] = []
        self._notes: list[tuple[int, str]] = []  # how many parts stand before the mark, and its note
        self._marker = Marker()
        self._at_start: dict[etree._Element, str] = {}
        self._at_end: dict[etree._Element, str] = {}

    @property
    def ends_line(self) -> bool:
        """Whether a line feed is the last that was added, spaces aside."""
        shown = (part for part in reversed(self._parts) if part == "\n" or without_signs(part).strip())
        return next(shown, "") == "\n"

    @property
    def last(self) -> str:
        """The last character, white space aside; '' where there is none."""
        parts = (without_signs(part).rstrip() for part in reversed(self._parts))
        return next(filter(None, parts), "")[-1:]

    def add(self, text: str) -> None:
        """Add text of a page, or a separator."""
        self.is_blank = self.is_blank and not text.strip()
        self._parts.append(text)

    def separate(self, separator: str) -> None:
        """Add what nobody wrote."""
        self._parts.append(separator)

    # --- marks -----------------------------------------------------------------------------------------

    def enter(self, node: etree._Element) -> None:
        """An element begins."""
        if self._at_start:
            self._parts.append(self._at_start.pop(node, ""))

    def leave(self, node: etree._Element) -> None:
        """An element ends."""
        if self._at_end:
            self._parts.append(self._at_end.pop(node, ""))

    def mark(self, node: etree._Element, marks: Iterable[tuple[MarkKind, str]]) -> None:
        """Mark all the text of an element that began; the outer marks first."""
        for kind, value in marks:
            self._parts.append(self._marker.begin(kind, value))
            self._at_end[node] = self._at_end.get(node, "") + self._marker.end()

    def mark_ruby(self, ruby: etree._Element) -> None:
        """Mark the bases in a `<ruby>` that began."""
        for reading in readings_of(ruby):
            sign = self._marker.begin(MarkKind.READING, reading.text)
            if reading.begin is ruby:
                self._parts.append(sign)
            elif local_name(reading.begin) == "rb":
                self._at_start[reading.begin] = sign
            else:
                self._at_end[reading.begin] = sign
            at_end = self._at_end if local_name(reading.end) == "rb" else self._at_start
            at_end[reading.end] = self._marker.end()

    def refer(self, note: str) -> None:
        """The mark of a note stands here."""
        self._notes.append((len(self._parts), note))

    # --- what it comes to ------------------------------------------------------------------------------

    def drop(self) -> None:
        """Begin anew where no text gathered. What refers to notes there waits for the next text."""
        self._parts.clear()
        self._keep_notes()

    def taken(self, cut: Cut) -> list[Told]:
        """The blocks in the text, which begins anew."""
        parts, self._parts = self._parts, []
        self.is_blank = True
        told = self._told("".join(parts), cut)
        if told and self._notes:
            shown = [0, *accumulate(map(_shown, parts))]
            told = _with_notes(told, [(shown[at], note) for at, note in self._notes])
            self._notes = []
        self._keep_notes()
        return told

    def _keep_notes(self) -> None:
        """The notes that no block has yet stand before the next text."""
        if self._notes:
            self._notes = [(0, note) for _, note in self._notes]

    def _told(self, text: str, cut: Cut) -> list[Told]:
        plain = text if text.isascii() else without_signs(text)
        blocks = cut(plain)
        if plain == text:
            return [Told(role, own) for role, own in blocks]
        found = [Told(role, *self._marker.taken(own)) for role, own in cut(text)]
        if not self._at_end:
            self._marker = Marker()  # there are only so many signs, which is enough for what is open
        if [(block.role, block.text) for block in found] == blocks:
            return found
        # The signs came between what belongs together; the text is worth more than its marks.
        return [Told(role, own) for role, own in blocks]


def _with_notes(blocks: Sequence[Told], notes: Sequence[tuple[int, str]]) -> list[Told]:
    """Each block with the notes whose marks stand in it; these are given by the characters before them."""
    ends = list(accumulate(_shown(block.text) for block in blocks))
    last = len(blocks) - 1
    by_block: list[list[str]] = [[] for _ in blocks]
    for at, note in notes:
        by_block[min(bisect_left(ends, at), last)].append(note)
    return [
        replace(block, notes=tuple(dict.fromkeys(own))) for block, own in zip(blocks, by_block, strict=True)
    ]


def _shown(text: str) -> int:
    """How many characters of a text are seen."""
    return len("".join(without_signs(text).split()))
