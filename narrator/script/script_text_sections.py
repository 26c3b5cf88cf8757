"""The text of a script as its parts: credits, chapters and the paragraphs of each, as somebody left them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex

from narrator.model import Pause
from narrator.script.script_text_signs import (
    CHAPTER,
    COMMENT,
    HEADING,
    Marks,
    is_scene_break,
    misread,
    split_cut,
    split_marks,
    unescaped,
)

REVISION = 1
FIRST_LINE = "narrator script, revision"
OPENING, CLOSING = "Opening credits", "Closing credits"
SOURCE = "Source:"
"""How a comment begins that says which chapters the text was written from: a digest for each."""

_REVISION = regex.compile(rf"{COMMENT}\s*{FIRST_LINE}\s+(\d+)")
_SOURCE = regex.compile(rf"{COMMENT}\s*{SOURCE}((?:\s+[0-9a-f]+)+)")
_LINE_END = regex.compile(r"\r\n|\r|\n")
_NUMBERED = regex.compile(rf"{CHAPTER}\s*(\d+)\s*\.\s*(.*)")
_CREDITS = regex.compile(rf"{CHAPTER}\s*({OPENING}|{CLOSING})", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph that begins in that line; `pause` is what its signs, or a scene break after it, ask for."""

    line: int
    text: str
    marks: Marks
    pause: Pause | None


@dataclass(slots=True)
class Section:
    """A part of the text under a heading: `number` counts chapters from 1; credits have None."""

    line: int
    number: int | None
    title: str
    paragraphs: list[Paragraph] = field(default_factory=list)


def read_sections(text: str) -> list[Section]:
    """The parts of a text, in order.

    Raises:
        UsageError: a line cannot be understood: it is named, with what to do.
    """
    sections: list[Section] = []
    for line, lines in _runs(text):
        first = lines[0]
        if first.startswith(CHAPTER):
            sections.append(_section(line, first))
        elif not sections:
            raise misread(
                line,
                f"{first[:40]!r} stands before the first chapter.",
                f"Move it below a line that begins with {CHAPTER}, or make it a comment with {COMMENT}.",
            )
        elif is_scene_break(first):
            _break_scene(sections[-1].paragraphs)
        else:
            sections[-1].paragraphs.append(_paragraph(line, "\n".join(lines)))
    return sections


def read_source(text: str) -> list[str]:
    """The digests of the chapters that a text was written from; none where somebody removed them."""
    digests: list[str] = []
    for line in map(str.strip, _LINE_END.split(text.removeprefix("\ufeff"))):
        if line.startswith(CHAPTER):
            break
        if match := _SOURCE.fullmatch(line):
            digests += match[1].split()
    return digests


def _runs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Neighbouring lines that belong together, with the number of the first; comments are left out."""
    begun, run = 0, list[str]()
    for number, raw in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), 1):
        line = raw.strip()
        if line.startswith(COMMENT):
            _check_revision(line, number)
            continue
        is_alone = line.startswith(CHAPTER) or is_scene_break(line)
        if run and (not line or is_alone or line.startswith(HEADING)):
            yield begun, run
            run = []
        if is_alone:
            yield number, [line]
        elif line:
            begun = begun if run else number
            run.append(line)
    if run:
        yield begun, run


def _check_revision(comment: str, line: int) -> None:
    if (match := _REVISION.match(comment)) and int(match[1]) != REVISION:
        raise misread(
            line,
            f"this text is of revision {match[1]}, and this version of narrator reads {REVISION}.",
            "Write the text anew with this version, or render it with the one that wrote it.",
        )


def _section(line: int, heading: str) -> Section:
    if match := _NUMBERED.fullmatch(heading):
        return Section(line, int(match[1]), unescaped(match[2], line))
    if match := _CREDITS.fullmatch(heading):
        return Section(line, None, match[1].capitalize())
    raise misread(
        line,
        f"{heading[:40]!r} is no chapter.",
        f"Write '{CHAPTER} 3. Title' for chapter 3, and '{HEADING} Text' for a heading that is spoken.",
    )


def _break_scene(paragraphs: list[Paragraph]) -> None:
    """Make a scene break of the pause before it; at a chapter's start there is none to change."""
    if paragraphs:
        last = paragraphs[-1]
        paragraphs[-1] = Paragraph(last.line, last.text, last.marks, Pause.SCENE_BREAK)


def _paragraph(line: int, written: str) -> Paragraph:
    is_heading = written.startswith(HEADING)
    marks, rest = split_marks(written.removeprefix(HEADING).lstrip() if is_heading else written, line)
    body, cut = split_cut(rest)
    text = unescaped(body, line)
    if not text:
        raise misread(line, f"{written!r} marks no text.", "Write a text behind it, or delete the line.")
    return Paragraph(line, text, marks, cut or (Pause.HEADING if is_heading else None))
