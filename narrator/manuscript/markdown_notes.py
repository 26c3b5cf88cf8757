"""Footnotes in Markdown, '[^1]' and '[^1]: text', which CommonMark would take for links."""

from __future__ import annotations

import re

from narrator.manuscript.characters import clean
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Role

_DEFINITION = re.compile(r" {0,3}\[\^[^\]\s]+\]:\s*(.*)")
_MARK = re.compile(r"\[\^[^\]\s]+\]")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_INDENTED = ("    ", "\t")


def without_notes(source: str) -> tuple[str, list[tuple[int, Piece]]]:
    """The document without marks and notes, its lines where they were; and the notes with their lines from 0.

    A note goes on to the end of its paragraph, and over indented paragraphs. Fenced code is left alone.
    """
    kept: list[str] = []
    notes: list[tuple[int, list[str]]] = []
    in_note = in_paragraph = False
    fence = ""
    for number, line in enumerate(source.split("\n")):
        definition = None if fence else _DEFINITION.match(line)
        if definition:
            notes.append((number, [definition[1]]))
            in_note = in_paragraph = True
        elif in_note and line.strip() and (in_paragraph or line.startswith(_INDENTED)):
            notes[-1][1].append(line)
            in_paragraph = True
        else:
            in_paragraph = False
            in_note = in_note and not line.strip()
            fence = _fence_after(line, fence)
            kept.append(line if fence else _MARK.sub("", line))
            continue
        kept.append("")
    return "\n".join(kept), [_note(number, text) for number, lines in notes if (text := clean(" ".join(lines)))]


def _fence_after(line: str, fence: str) -> str:
    """The fence that is open after a line, '' outside code."""
    opened = _FENCE.match(line)
    if fence:
        return "" if line.strip().startswith(fence) else fence
    return opened[1] if opened else ""


def _note(number: int, text: str) -> tuple[int, Piece]:
    return number, Piece(Block(Role.NOTE, text, f"line {number + 1}"))
