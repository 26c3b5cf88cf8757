"""The lines of a PDF page in the order in which they are read: by columns, from the top, drop caps mended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median_low

from narrator.manuscript.blocks import joined_row
from narrator.manuscript.characters import is_scene_break
from narrator.manuscript.headings import is_bare_label
from narrator.manuscript.pdf_lines import HYPHEN, Line

_SAME_ROW = 0.45
"""Baselines that differ by less than this share of the type's size are one row's."""
_CELL_GAP = 1.5
"""Parts of a row with a wider gap than this many sizes between them are cells of a table."""
_COLUMN_LINES = 5
_COLUMN_CHARACTERS = 15
_CROSSING = 0.3
_FULL_WIDTH = 0.6
_MOSTLY = 0.7
_STEPS = 40
_MARK = re.compile(r"\d{1,3}|[*∗†‡§¶]{1,3}|[a-z]")
_MARK_SIZE = 0.85
_DROP_CAP = 1.7
_INITIAL = re.compile(r"\W{0,2}[^\W\d_]")
_BEFORE_TEXT = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxlc]{1,8})[.)]?|[•▪◦‣●■□–-]")
"""The number of a heading or the mark of a list's item, which tabs set apart from its text."""


@dataclass(frozen=True, slots=True)
class Column:
    """Lines below one another, in order."""

    page: int
    lines: tuple[Line, ...]


def rows_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines by baseline, from the top; those of a row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.y):
        if rows and line.y - rows[-1][0].y < _row_height(line, rows[-1][0]):
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        row.sort(key=lambda line: line.left)
    return rows


def _row_height(one: Line, other: Line) -> float:
    small, large = sorted((one.size, other.size))
    return _SAME_ROW * min(large, 2 * small)


def columns_of(lines: Sequence[Line], page: int) -> list[Column]:
    """The columns of a page in reading order. What stands across several of them parts them."""
    return [Column(page, tuple(_joined_rows(rows_of(_with_drop_caps(part))))) for part in _parts(lines) if part]


def _parts(lines: Sequence[Line]) -> Iterator[list[Line]]:
    gutter = _gutter(lines)
    if gutter is None:
        yield list(lines)
        return
    gathered: list[Line] = []
    for line in sorted(lines, key=lambda line: line.y):
        if line.left < gutter < line.right:
            yield from _sides(gathered, gutter)
            yield [line]
            gathered = []
        else:
            gathered.append(line)
    yield from _sides(gathered, gutter)


def _sides(lines: Sequence[Line], gutter: float) -> Iterator[list[Line]]:
    for side in (
        [line for line in lines if line.right <= gutter],
        [line for line in lines if line.left >= gutter],
    ):
        if side:
            yield from _parts(side)


def _gutter(lines: Sequence[Line]) -> float | None:
    """The x between two columns of prose; None where there is only one."""
    if len(lines) < 2 * _COLUMN_LINES:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    width = right - left
    if sum(line.width > _FULL_WIDTH * width for line in lines) > _MOSTLY * len(lines):
        return None
    places = [left + width * (0.2 + 0.6 * step / _STEPS) for step in range(_STEPS + 1)]
    crossing = [sum(line.left < x < line.right for line in lines) for x in places]
    fewest = min(crossing)
    if fewest > _CROSSING * len(lines):
        return None
    found = [x for x, count in zip(places, crossing, strict=True) if count == fewest]
    gutter = found[len(found) // 2]
    before = [line for line in lines if line.right <= gutter]
    after = [line for line in lines if line.left >= gutter]
    return gutter if _are_columns(before, after) else None


def _are_columns(before: Sequence[Line], after: Sequence[Line]) -> bool:
    """Whether both sides are prose, side by side; numbers of pages beside a table of contents are not."""
    for side in (before, after):
        if len(side) < _COLUMN_LINES or sum(len(line.text) for line in side) < _COLUMN_CHARACTERS * len(side):
            return False
    top = max(min(line.y for line in before), min(line.y for line in after))
    bottom = min(max(line.y for line in before), max(line.y for line in after))
    heights = [max(line.y for line in side) - min(line.y for line in side) for side in (before, after)]
    return bottom - top > min(heights) / 2


def _with_drop_caps(lines: Sequence[Line]) -> list[Line]:
    """The lines, with a large initial put before the line whose head it is."""
    found = list(lines)
    large = _DROP_CAP * median_low(line.size for line in lines)
    for cap in [line for line in lines if line.size > large and _INITIAL.fullmatch(line.text)]:
        beside = [
            line
            for line in found
            if line.size * _DROP_CAP < cap.size
            and 0 <= line.left - cap.right < 2 * line.size
            and cap.y - cap.size < line.y < cap.y + line.size
        ]
        if beside:
            first = min(beside, key=lambda line: line.y)
            # Its own left side, so that the lines beside the initial are not taken for indented ones.
            text = cap.text + first.text
            found[found.index(first)] = replace(first, text=text, left=cap.left)
            found.remove(cap)
            others = {id(line) for line in beside if line is not first}
            found = [replace(line, left=cap.left) if id(line) in others else line for line in found]
    return found


def _joined_rows(rows: Sequence[Sequence[Line]]) -> Iterator[Line]:
    """A line for each row: its parts with a space between them, or the cells of a table."""
    for row in rows:
        main = max(row, key=lambda line: line.width)
        parts = [line for line in row if line is main or not _is_mark(line, main)]
        mark = row[0].mark if row[0] in parts else row[0].text
        if len(parts) == 1:
            yield replace(main, mark=mark) if mark else main
            continue
        cells = [parts[0].text]
        for before, line in pairwise(parts):
            if line.left - before.right > _CELL_GAP * main.size:
                cells.append(line.text)
            else:
                cells[-1] = f"{cells[-1].removesuffix(HYPHEN)} {line.text}"
        yield _row(parts, main, cells, mark)


def _is_mark(line: Line, main: Line) -> bool:
    """Whether this is a note's mark beside a line's text."""
    return line.size < _MARK_SIZE * main.size and bool(_MARK.fullmatch(line.text))


def _row(parts: Sequence[Line], main: Line, cells: Sequence[str], mark: str) -> Line:
    left, right = parts[0].left, max(line.right for line in parts)
    whole = " ".join(cells)
    is_headed = len(cells) == 2 and (_BEFORE_TEXT.fullmatch(cells[0]) or is_bare_label(cells[0]))
    if len(cells) == 1 or is_headed or is_scene_break(whole):
        return replace(main, text=whole, left=left, right=right, mark=mark)
    return replace(main, text=joined_row(cells), left=left, right=right, mark=mark, cells=tuple(cells))
