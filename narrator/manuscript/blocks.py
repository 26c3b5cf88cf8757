"""What all readers do alike: lines to verse or prose, cells to a row, a chapter's blocks put in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from narrator.manuscript.characters import is_scene_break, same_words
from narrator.manuscript.inline import without_signs
from narrator.manuscript.matter import kind_of_title
from narrator.model import Block, Role

_NOTE_KINDS = {"endnotes", "footnotes", "transcribers-note"}
_VERSE_LINE = 72
"""Lines broken on purpose are verse or an inscription up to this mean length, and prose above it."""
_PROSE_LINE = 100
"""A single line longer than this is prose, even where poems stand."""
_SPEAKER = 40
"""The longest first cell, in characters, that names who speaks or what the second cell is about."""


def tidy(blocks: Sequence[Block], *, kind: str) -> tuple[Block, ...]:
    """A chapter's blocks as they are kept. No text is lost but a heading that stands there twice in a row."""
    headed = list(blocks) if kind in _NOTE_KINDS else _with_note_headings(blocks)
    return tuple(_without_idle_breaks(_without_repeats(headed)))


def _with_note_headings(blocks: Sequence[Block]) -> list[Block]:
    """'Footnotes' above nothing but notes is one of them."""
    found = list(blocks)
    only_notes = False
    for number in range(len(found) - 1, -1, -1):
        block = found[number]
        if block.role is Role.HEADING:
            if only_notes and kind_of_title(block.text) in _NOTE_KINDS:
                found[number] = replace(block, role=Role.NOTE)
            else:
                only_notes = False
        elif block.role is Role.NOTE:
            only_notes = only_notes or number + 1 == len(found) or found[number + 1].role is not Role.PARAGRAPH
        elif block.role is not Role.SCENE_BREAK:
            only_notes = False
    return found


def _without_repeats(blocks: Iterable[Block]) -> list[Block]:
    found: list[Block] = []
    for block in blocks:
        is_repeat = (
            block.role is Role.HEADING
            and found
            and found[-1].role is Role.HEADING
            and same_words(found[-1].text) == same_words(block.text)
        )
        if not is_repeat:
            found.append(block)
    return found


def _without_idle_breaks(blocks: Iterable[Block]) -> list[Block]:
    """A scene break stands between paragraphs; at an end, beside a heading or another it says nothing."""
    found: list[Block] = []
    for block in blocks:
        if block.role is Role.SCENE_BREAK and (not found or found[-1].role in {Role.SCENE_BREAK, Role.HEADING}):
            continue
        if block.role is Role.HEADING and found and found[-1].role is Role.SCENE_BREAK:
            found.pop()
        found.append(block)
    while found and found[-1].role is Role.SCENE_BREAK:
        found.pop()
    return found


def split_lines(lines: Iterable[str], role: Role, *, is_verse: bool = False) -> list[tuple[Role, str]]:
    """The blocks in text whose lines were broken on purpose; an empty line parts stanzas."""
    lines = list(lines)
    if len(lines) == 1:
        return _one_line(lines[0], role, is_verse=is_verse)
    stanzas: list[list[str]] = [[]]
    signs = ""
    for line in lines:
        if _shown(line):
            stanzas[-1].append(signs + line)
            signs = ""
        else:
            stanzas.append([])
            signs += line
    return [block for stanza in stanzas if stanza for block in _lined(stanza, role, is_verse=is_verse)]


def _one_line(line: str, role: Role, *, is_verse: bool) -> list[tuple[Role, str]]:
    plain = _shown(line)
    if not plain:
        return []
    if is_scene_break(plain):
        return [(Role.SCENE_BREAK, "")]
    return [(Role.VERSE if is_verse and len(plain) <= _PROSE_LINE else role, line)]


def _lined(lines: list[str], role: Role, *, is_verse: bool) -> list[tuple[Role, str]]:
    """Verse, or paragraphs parted by line breaks, or one paragraph broken for the eye."""
    if len(lines) == 1:
        return _one_line(lines[0], role, is_verse=is_verse)
    plain = [_shown(line) for line in lines]
    if all(map(is_scene_break, plain)):
        return [(Role.SCENE_BREAK, "")]
    if is_verse:
        return [(Role.VERSE, "\n".join(lines))]
    if sum(map(len, plain)) <= _VERSE_LINE * len(lines) and role is not Role.LIST_ITEM:
        return [(Role.VERSE, "\n".join(lines))]
    if all(line[-1] in ".!?…:;\"'”’»)—-" for line in plain):
        return [(role, line) for line in lines]
    return [(role, " ".join(lines))]


def joined_row(cells: Iterable[str]) -> str:
    """A table's row as it is read: 'Lane: Yes, sir.'; cells of data with commas between them."""
    filled = [cell for cell in cells if _shown(cell)]
    if len(filled) == 2:
        first = _shown(filled[0])
        if len(first) <= _SPEAKER and first[-1] not in ".!?:;,":
            return f"{filled[0]}: {filled[1]}"
    return ", ".join(filled)


def _shown(text: str) -> str:
    """The text without the signs of its marks."""
    return (text if text.isascii() else without_signs(text)).strip()
