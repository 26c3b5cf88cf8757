"""Footnotes in Markdown, '[^1]' and '[^1]: text', which CommonMark would take for links."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DEFINITION = re.compile(r" {0,3}\[\^([^\]\s]+)\]:\s*(.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_INDENTED = ("    ", "\t")


@dataclass(frozen=True, slots=True)
class Note:
    """A note's name, its Markdown, and the line where it stands, counted from 0."""

    name: str
    source: str
    line: int


def without_notes(source: str) -> tuple[str, list[Note]]:
    """The document with empty lines for its notes, and the notes. Fenced code is left alone.

    A note goes on to the end of its paragraph, and over indented paragraphs.
    """
    kept: list[str] = []
    notes: list[tuple[int, str, list[str]]] = []
    in_note = in_paragraph = False
    fence = ""
    for number, line in enumerate(source.split("\n")):
        definition = None if fence else _DEFINITION.match(line)
        if definition:
            notes.append((number, definition[1], [definition[2]]))
            in_note = in_paragraph = True
        elif in_note and line.strip() and (in_paragraph or line.startswith(_INDENTED)):
            notes[-1][2].append(line)
            in_paragraph = True
        else:
            in_paragraph = False
            in_note = in_note and not line.strip()
            fence = fence_after(line, fence)
            kept.append(line)
            continue
        kept.append("")
    return "\n".join(kept), [
        Note(name, " ".join(map(str.strip, lines)).strip(), number) for number, name, lines in notes
    ]


def fence_after(line: str, fence: str) -> str:
    """The fence that is open after a line, '' outside code."""
    opened = _FENCE.match(line)
    if fence:
        return "" if line.strip().startswith(fence) else fence
    return opened[1] if opened else ""
