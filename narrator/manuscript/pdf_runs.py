"""Lines of a PDF column to runs, and runs to paragraphs: by distance, indent, and lines that end early."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby, pairwise

from narrator.manuscript.characters import is_scene_break
from narrator.manuscript.pdf_lines import HYPHEN, Line
from narrator.manuscript.pdf_measures import Margins, Measures, same_size
from narrator.manuscript.pdf_order import Column
from narrator.model import Role

GAP = 1.2
"""Lines further apart than so many usual distances are of two paragraphs."""
_NEAR = 1.12
_ROW_GAP = 3.0
"""Rows of a table stand further apart."""
_SLACK = 0.6
"""In sizes: what a line that is broken on purpose leaves beside the room for the next word."""
_INDENT = 0.6
"""In sizes: a line that begins further right is indented."""
_QUOTED = 1.0
_SAME_PLACE = 1.5
"""Points by which the left sides of lines at one indent differ."""
_QUOTE_MARK = 0.25
"""In sizes: a quotation mark at the head of a line stands up to this further in than a letter."""
_WIDEST_VERSE = 0.9
_NARROW_VERSE = 0.8
"""Shares of the column's width. Verse in lines wider than the latter begins them with capitals."""
BULLET = re.compile(r"[•▪◦‣●■□\uf0b7\uf0a7]\s*(?=\S)")
"""What a list's item begins with; the last two are how Word's symbol fonts spell it."""
_ITEM = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]\s")
_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|plate|map|abb(?:ildung|\.)|tabelle|tableau)\s*\d+(?:\.\d+)*[.:]", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?…:。！？][\"'”’»)\]」』]*$")
_LEADER = re.compile(r"(?:\.\s?){4,}\s*\w{1,7}$")
"""The dots and the number at the end of a line of a table of contents."""
_TABLE_ROWS = 3
_CAPTION_LINES = 4


@dataclass(frozen=True, slots=True)
class Run:
    """Lines of one column with no gap between them and in one type. `gap` is the usual distances above it."""

    lines: tuple[Line, ...]
    margins: Margins
    column: int
    gap: float

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def page(self) -> int:
        return self.lines[0].page


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that are one block.

    `is_start` is False where it may go on from the column before. `right` is where its lines end at the latest.
    """

    role: Role
    lines: tuple[Line, ...]
    is_start: bool = True
    right: float = 0.0
    gap: float = 0.0

    @property
    def size(self) -> float:
        return self.lines[0].size


def runs_of(column: Column, number: int, measures: Measures, starts: AbstractSet[Line]) -> Iterator[Run]:
    """The runs of a column, which is number so much of the book. `starts` are lines that begin one anyway."""
    margins = measures.margins[number]
    lines = column.lines
    gaps = [float("inf"), *(_distance(before, line, measures) for before, line in pairwise(lines))]
    parted = [
        line in starts
        or not at
        or gaps[at] > _limit(lines[at - 1], line)
        or not _same_type(lines[at - 1], line, measures)
        for at, line in enumerate(lines)
    ]
    for start, end in pairwise([*(at for at, is_parted in enumerate(parted) if is_parted), len(lines)]):
        for first, last in _insets(lines[start:end], margins, measures):
            gap = gaps[start + first]
            yield Run(lines[start + first : start + last], margins, number, gap)


def _distance(before: Line, line: Line, measures: Measures) -> float:
    """How far apart two lines are, in usual distances."""
    return (line.y - before.y) / measures.leading(max(line.size, before.size))


def _limit(before: Line, line: Line) -> float:
    return _ROW_GAP if line.cells and before.cells else GAP


def _insets(lines: Sequence[Line], margins: Margins, measures: Measures) -> Iterator[tuple[int, int]]:
    """The bounds of the parts of lines without a gap: several set in after one that ends early are a quotation.

    The lines below the first one of a hanging paragraph follow one that is full.
    """
    edge = _inset(margins, measures)
    bounds = [0]
    if measures.indent:  # else gaps part paragraphs, and all else
        for is_inside, group in groupby(range(len(lines)), key=lambda at: lines[at].left > edge):
            numbers = list(group)
            start, end = numbers[0], numbers[-1] + 1
            is_after_end = not start or ends_early(lines[start - 1], lines[start], margins.right)
            if is_inside and len(numbers) > 1 and is_after_end:
                bounds += [start, end]
    yield from pairwise(sorted({*bounds, len(lines)}))


def _same_type(one: Line, other: Line, measures: Measures) -> bool:
    """Whether two lines are set alike. In recognised text the sizes of a paragraph's lines differ somewhat."""
    are_near = all(1 / _NEAR < line.size / measures.size < _NEAR for line in (one, other))
    is_one_size = are_near or same_size(one.size, other.size)
    return is_one_size and one.bold == other.bold and bool(one.cells) == bool(other.cells)


def paragraphs_of(run: Run, measures: Measures) -> Iterator[Paragraph]:
    """The paragraphs of a run that is no heading."""
    lines = run.lines
    if len(lines) == 1 and is_scene_break(lines[0].text):
        yield Paragraph(Role.SCENE_BREAK, lines, gap=run.gap)
        return
    if len(lines) >= _TABLE_ROWS and all(line.cells for line in lines):
        yield from (Paragraph(Role.TABLE, (line,)) for line in lines)
        return
    if _CAPTION.match(lines[0].text) and len(lines) <= _CAPTION_LINES:
        yield Paragraph(Role.CAPTION, lines, gap=run.gap)
        return
    if _is_verse(run, measures):
        yield Paragraph(Role.VERSE, lines, gap=run.gap)
        return
    yield from _prose(run, measures)


def is_sentence_end(text: str) -> bool:
    """Whether a line's end can be a sentence's."""
    return bool(_SENTENCE_END.search(text))


def ends_early(line: Line, following: Line, right: float) -> bool:
    """Whether the next line's first word would have found room on this one."""
    if line.text.endswith(HYPHEN):
        return False
    word = following.text.split(maxsplit=1)[0]
    room = right - line.right - _SLACK * line.size
    return room > following.width * (len(word) + 1) / max(len(following.text), 1)


def _is_verse(run: Run, measures: Measures) -> bool:
    """Whether lines were broken on purpose: they end early, begin with capitals, end in mid-sentence."""
    lines, margins = run.lines, run.margins
    if len(lines) < 2 or any(BULLET.match(line.text) for line in lines):
        return False
    width = max(line.right for line in lines) - min(line.left for line in lines)
    if not _mostly_early(lines, margins.right) or width > _WIDEST_VERSE * margins.width:
        return False
    are_capital = sum(not _begins_small(line.text) for line in lines[1:]) * 3 >= (len(lines) - 1) * 2
    if all(line.left > _inset(margins, measures) for line in lines):
        is_thin = width < margins.width / 2
        return is_thin or are_capital or _mostly_early(lines, max(line.right for line in lines))
    open_ends = sum(not is_sentence_end(line.text) for line in lines)
    is_poem = open_ends * 3 >= len(lines) and (are_capital or width < _NARROW_VERSE * margins.width)
    return is_poem and not (open_ends * 2 < len(lines) and _is_dialogue(run, measures))


def _begins_small(text: str) -> bool:
    return next((char for char in text if char.isalpha()), "").islower()


def _mostly_early(lines: Sequence[Line], right: float) -> bool:
    early = sum(ends_early(line, following, right) for line, following in pairwise(lines))
    return early * 3 >= (len(lines) - 1) * 2


def _is_dialogue(run: Run, measures: Measures) -> bool:
    """Whether all lines begin where paragraphs do, or at the margin."""
    starts = (run.margins.left, run.margins.left + measures.indent)
    slack = max(_SAME_PLACE, _QUOTE_MARK * measures.size)
    return bool(measures.indent) and all(
        any(abs(line.left - start) < slack for start in starts) for line in run.lines
    )


def _inset(margins: Margins, measures: Measures) -> float:
    """What begins further right than this is set in, and not the first line of a paragraph."""
    return margins.left + measures.indent + _QUOTED * measures.size


def _prose(run: Run, measures: Measures) -> Iterator[Paragraph]:
    """The paragraphs of prose; indented on both sides, or by itself between gaps, it is a quotation."""
    lines = run.lines
    left = min(line.left for line in lines)
    is_quoted = left > run.margins.left + max(_QUOTED * run.size, measures.indent + 1) and len(lines) > 1
    right = max(line.right for line in lines) if is_quoted else run.margins.right
    starts = _starts(run, left, right, measures)
    for start, end in pairwise([*starts, len(lines)]):
        part = lines[start:end]
        role = Role.LIST_ITEM if BULLET.match(part[0].text) else Role.PARAGRAPH
        if is_quoted and role is Role.PARAGRAPH and left < run.margins.left + run.margins.width / 2:
            role = Role.QUOTATION
        is_indented = part[0].left > left + _INDENT * run.size
        if len(part) == 1 and len(lines) == 1:
            is_indented = part[0].left > run.margins.left + _INDENT * run.size
        is_start = bool(start) or is_indented or role is Role.LIST_ITEM
        yield Paragraph(role, part, is_start=is_start, right=right, gap=0.0 if start else run.gap)


def _starts(run: Run, left: float, right: float, measures: Measures) -> list[int]:
    """The numbers of the lines at which paragraphs begin."""
    lines = run.lines
    edge = left + _INDENT * run.size
    usual = left + measures.indent
    is_hanging = _is_hanging(run, edge, right, usual)
    is_all_set_in = bool(measures.indent) and abs(left - run.margins.left - measures.indent) < _SAME_PLACE
    found = [0]
    for number, (before, line) in enumerate(pairwise(lines), 1):
        ended = ends_early(before, line, right)
        if is_hanging:
            is_start = line.left <= edge
        elif line.left > edge and (
            abs(line.left - usual) < _SAME_PLACE or line.left > before.left + _SAME_PLACE
        ):
            is_start = True
        else:
            is_start = ended and (is_all_set_in or is_sentence_end(before.text))
        is_listed = _LEADER.search(line.text) or _LEADER.search(before.text)
        if is_start or is_listed or BULLET.match(line.text) or (ended and _ITEM.match(line.text)):
            found.append(number)
    return found


def _is_hanging(run: Run, edge: float, right: float, usual: float) -> bool:
    """Whether the first lines of paragraphs stand further left than the others; `usual` is where they do."""
    lines = run.lines
    deep = [number for number, line in enumerate(lines) if number and line.left > edge]
    if not deep or lines[0].left > edge:
        return False
    if _ITEM.match(lines[0].text) or BULLET.match(lines[0].text):
        return True
    if all(abs(lines[number].left - usual) < _SAME_PLACE for number in deep):
        return False
    full = sum(not ends_early(lines[number - 1], lines[number], right) for number in deep)
    return full * 5 >= len(deep) * 4 and len(deep) * 3 >= len(lines)
