"""The notes at the foot of a PDF's columns: small type below the text that begins with a note's mark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from narrator.manuscript.pdf_lines import Line
from narrator.manuscript.pdf_measures import Measures
from narrator.manuscript.pdf_order import Column

_SMALLER = 0.94
"""Notes are set in type of a smaller size than this share of the text's."""
_NOTE = re.compile(r"(?:\[\d{1,3}\]|\d{1,3}|[*∗†‡§]{1,2}|[a-z](?=[.)]))[.):]?(?:\s|$)")
_SENTENCE_END = re.compile(r"[.!?][\"'”’»)]*$")


def without_notes(
    columns: Sequence[Column], measures: Measures
) -> tuple[list[Column], dict[int, list[tuple[Line, ...]]]]:
    """The columns without their notes, and the lines of each note by the number of its first column."""
    body: list[Column] = []
    notes: dict[int, list[tuple[Line, ...]]] = {}
    cut: int | None = None
    for number, column in enumerate(columns):
        start = _first_note(column.lines, measures, is_going_on=cut is not None)
        found, last = _parted(column.lines[start:]), column.lines[-1]
        body.append(replace(column, lines=column.lines[:start]))
        if cut is not None and found and not _begins_note(found[0][0]):
            notes[cut][-1] += found.pop(0)
        if found:
            notes[number], cut = found, number
        if start == len(column.lines) or _SENTENCE_END.search(last.text):
            cut = None
    return body, notes


def _first_note(lines: Sequence[Line], measures: Measures, *, is_going_on: bool) -> int:
    """The number of the first line of the notes; that of all lines where there is none."""
    start = len(lines)
    while start and lines[start - 1].size < _SMALLER * measures.size:
        start -= 1
    if not start:  # nothing but small type: a page of an appendix
        return len(lines)
    if is_going_on and start < len(lines):
        return start
    return next((at for at in range(start, len(lines)) if _begins_note(lines[at])), len(lines))


def _begins_note(line: Line) -> bool:
    return bool(line.mark or _NOTE.match(line.text))


def _parted(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    starts = [at for at, line in enumerate(lines) if not at or _begins_note(line)]
    return [tuple(lines[start:end]) for start, end in pairwise([*starts, len(lines)])]
