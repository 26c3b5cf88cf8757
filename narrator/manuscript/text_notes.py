"""Notes in plain text: where they begin, and which paragraph refers to which."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence

from narrator.manuscript.text_paragraphs import Paragraph, bracket_end

_NOTE = re.compile(
    r"\s*(?:(\[(\d{1,3}|\*{1,3}|[A-Za-z]|†|‡)\]|\{(\d{1,3})\})\s*\S|\[?footnotes?(?: (\w+))?:)", re.IGNORECASE
)
_AFTER_WORD = re.compile(r"(?<=\S) *(\[(?:\d{1,3}|\*{1,3}|[A-Za-z]|†|‡)\]|\{\d{1,3}\})")
_CALLED = re.compile(r"^\[?footnotes?(?: \w+)?:\s*", re.IGNORECASE)
_MARK = re.compile(r"(?<=\S)\s?(?:\[(\d{1,3}|\*{1,3}|†|‡)\]|\{(\d{1,3})\})|(?<=\S)\[([A-Fa-f])\](?!\w)")
_DEEPER = 20
"""Columns that a paragraph of a note is indented more than its first at most; what is centred is no note."""


def notes_in(book: Sequence[Paragraph], apart: frozenset[int]) -> dict[int, str]:
    """The paragraphs of notes, by number, each with the name of its note. `apart` are those of headings.

    A note goes on over the paragraphs that are indented as it is, and to the end of its bracket.
    """
    lines = (line for paragraph in book for line in paragraph.lines)
    bracketed = (line[1:] for line in lines if "[" in line or "{" in line)
    marked = frozenset(mark for line in bracketed for mark in _AFTER_WORD.findall(line))
    found: dict[int, str] = {}
    name, indent, end = "", 0, 0
    for number, paragraph in enumerate(book):
        if number in apart:
            name = ""
        elif _begins_note(paragraph, marked):
            name, indent = f"line {paragraph.line}", paragraph.indent
            end = bracket_end(book, number) if _CALLED.match(paragraph.lines[0].lstrip()) else number
        elif number < end:
            pass
        elif not indent or not indent <= paragraph.indent <= indent + _DEEPER:
            name = ""
        if name:
            found[number] = name
    return found


def _begins_note(paragraph: Paragraph, marked: frozenset[str]) -> bool:
    """Whether a note begins here: it calls itself one, or its mark is `marked`: it stands after a word, too."""
    note = _NOTE.match(paragraph.lines[0])
    return bool(note and (not note[1] or note[1] in marked))


def references_in(book: Sequence[Paragraph], notes: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    """The names of the notes that paragraphs refer to, by number: of each mark the next note that has it."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, name in notes.items():
        note = _NOTE.match(book[number].lines[0])
        if note and name == f"line {book[number].line}":
            places[next(filter(None, note.groups()[1:]), "").upper()].append(number)
    found: dict[int, tuple[str, ...]] = {}
    for number, paragraph in enumerate(book if places else ()):
        lines = "\n".join(paragraph.lines)
        if number not in notes and ("[" in lines or "{" in lines):
            marks = [next(filter(None, mark)) for mark in _MARK.findall(lines)]
            names = [name for mark in marks if (name := _next_note(places[mark.upper()], number, notes))]
            if names:
                found[number] = tuple(dict.fromkeys(names))
    return found


def note_text(text: str) -> str:
    """A note without what calls it one, as '[Footnote 3: He had counted.]' does."""
    said = _CALLED.sub("", text)
    said = said.removesuffix("]") if said.count("]") > said.count("[") else said
    return said.strip() or text


def _next_note(places: Sequence[int], number: int, notes: Mapping[int, str]) -> str:
    at = bisect_right(places, number)
    return notes[places[at]] if at < len(places) else ""
