"""Pandoc's fenced divs, `::: {voice=… lang=…}` or `::: warning` to `:::`: what they say, and away with them.

https://pandoc.org/MANUAL.html#extension-fenced_divs; some programs have a title after the name, which is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from narrator.manuscript.markdown_notes import fence_after
from narrator.manuscript.markdown_rules import marks_in
from narrator.model import MarkKind

_FENCE = re.compile(r" {0,3}:{3,}")
_NAME = re.compile(r"[^\W_][\w.-]*")
_DEEPEST = 20
"""Divs inside so many others say nothing."""


@dataclass(frozen=True, slots=True)
class Div:
    """The lines [start, end), counted from 0, that these marks are for."""

    start: int
    end: int
    marks: tuple[tuple[MarkKind, str], ...]


@dataclass(frozen=True, slots=True)
class _Opening:
    marks: tuple[tuple[MarkKind, str], ...]
    title: str


def without_divs(source: str) -> tuple[str, list[Div]]:
    """The document with empty lines for the fences of divs, and those that say something, the outer first."""
    if ":::" not in source:
        return source, []
    lines = source.split("\n")
    found: list[Div] = []
    begun: list[tuple[int, _Opening]] = []
    fence = ""
    for number, line in enumerate(lines):
        fence = fence_after(line, fence)
        colons = None if fence else _FENCE.match(line)
        if not colons:
            continue
        said = line[colons.end() :].strip(" \t")
        if said and (opening := _opening(said.rstrip(": \t"), is_deep=len(begun) >= _DEEPEST)):
            begun.append((number, opening))
        elif not said and begun:
            start, opening = begun.pop()
            lines[start], lines[number] = opening.title, ""
            if opening.marks:
                found.append(Div(start, number, opening.marks))
    return "\n".join(lines), sorted(found, key=lambda div: div.start)


def _opening(said: str, *, is_deep: bool) -> _Opening | None:
    """What a line after its colons says, where it begins a div: a name, attributes in braces, a title."""
    name = _NAME.match(said)
    rest = said[name.end() :].lstrip(" \t") if name else said
    if rest.startswith("{") and rest.endswith("}"):
        marks = [] if is_deep else [mark for mark in marks_in(rest) if mark[0] is not MarkKind.READING]
        return _Opening(tuple(marks), "")
    return _Opening((), rest) if name else None
