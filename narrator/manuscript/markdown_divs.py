"""Pandoc's fenced divs that say who speaks or in what language: `::: {voice=… lang=…}` to `:::`.

https://pandoc.org/MANUAL.html#extension-fenced_divs; those that say something else stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from narrator.manuscript.markdown_inline import marks_in
from narrator.manuscript.markdown_notes import fence_after
from narrator.model import MarkKind

_OPENING = re.compile(r" {0,3}:{3,}[ \t]*(\{.*\})[ \t]*:*[ \t]*")
_OTHER_OPENING = re.compile(r" {0,3}:{3,}[ \t]*[^\s:].*")
_CLOSING = re.compile(r" {0,3}:{3,}[ \t]*")


@dataclass(frozen=True, slots=True)
class Div:
    """The lines [start, end), counted from 0, that these marks are for."""

    start: int
    end: int
    marks: tuple[tuple[MarkKind, str], ...]


def without_divs(source: str) -> tuple[str, list[Div]]:
    """The document with empty lines for the fences of such divs, and the divs, the outer before the inner."""
    if ":::" not in source:
        return source, []
    lines = source.split("\n")
    found: list[Div] = []
    begun: list[tuple[int, tuple[tuple[MarkKind, str], ...]]] = []
    fence = ""
    for number, line in enumerate(lines):
        fence = fence_after(line, fence)
        if fence:
            continue
        if opening := _OPENING.fullmatch(line):
            marks = tuple(mark for mark in marks_in(opening[1]) if mark[0] is not MarkKind.READING)
            begun.append((number, marks))
        elif _CLOSING.fullmatch(line) and begun:
            start, marks = begun.pop()
            if marks:
                found.append(Div(start, number, marks))
        elif _OTHER_OPENING.fullmatch(line):
            begun.append((number, ()))
    for div in found:
        lines[div.start] = lines[div.end] = ""
    return "\n".join(lines), sorted(found, key=lambda div: div.start)
