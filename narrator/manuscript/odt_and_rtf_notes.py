"""Notes typed by hand: a raised or bracketed mark in the text, and a paragraph that opens with the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from narrator.manuscript.odt_and_rtf_headings import Written
from narrator.model import Role

RAISED, LOWERED = "\ue000", "\ue001"
"""Around text that is raised above its line, in the text of a `Written` until its notes are known."""

_SIGN = r"(?:\d{1,3}|[*†‡§]{1,3})"
_MARK = rf"(?:{RAISED}\s*[\[(]?({_SIGN})[\])]?\s*{LOWERED}|\[({_SIGN})\]|\{{({_SIGN})\}})"
_OPENING = re.compile(rf"\s*{_MARK}\s*(?=\S)")
_IN_TEXT = re.compile(rf"(?<=\S)\s?{_MARK}")
_SIGNS = str.maketrans("", "", RAISED + LOWERED)


def with_notes(book: Sequence[Written]) -> list[Written]:
    """The paragraphs, with typed notes as notes and without their marks. A mark without a note stays."""
    opened = Counter(_sign(match) for line in book if (match := _opening(line)))
    used = {_sign(match) for line in book for match in _IN_TEXT.finditer(line.text)}
    known = opened.keys() & used
    # Where several notes have one mark, nobody knows which one of them is meant.
    named = {sign: f"typed-{sign}" if opened[sign] == 1 else "" for sign in known}
    return [_resolved(line, named) if named or RAISED in line.text else line for line in book]


def _opening(line: Written) -> re.Match[str] | None:
    can_be_note = line.role in {Role.PARAGRAPH, Role.NOTE} and not line.level and not line.kind
    return _OPENING.match(line.text) if can_be_note else None


def _sign(match: re.Match[str]) -> str:
    return next(sign for sign in match.groups() if sign)


def _resolved(line: Written, known: Mapping[str, str]) -> Written:
    opening = _opening(line)
    is_note = opening is not None and _sign(opening) in known
    notes = list(line.notes)

    def unmarked(match: re.Match[str]) -> str:
        if _sign(match) not in known:
            return match[0]
        notes.extend(filter(None, [known[_sign(match)]]))
        return ""

    text = line.text[opening.end() :] if opening and is_note else line.text
    text = _IN_TEXT.sub(unmarked, text).translate(_SIGNS)
    signed = line.signed.translate(_SIGNS)
    role, note = line.role, line.note
    if opening and is_note:
        role, note = Role.NOTE, line.note or known[_sign(opening)]
    return replace(line, text=text, role=role, signed=signed, notes=tuple(notes), note=note)
