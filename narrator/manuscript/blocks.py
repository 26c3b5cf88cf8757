"""The blocks of one chapter, put in order: headings told from paragraphs, breaks only between paragraphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from narrator.manuscript.characters import same_words
from narrator.manuscript.headings import is_bare_label, joined_heading
from narrator.manuscript.matter import kind_of_title
from narrator.model import Block, Role

_NOTE_KINDS = {"endnotes", "footnotes"}
_LONGEST_HEADING = 200
_CAN_BE_HEADING = {Role.PARAGRAPH, Role.VERSE, Role.QUOTATION}


def tidy(blocks: Sequence[Block], *, title: str, kind: str) -> tuple[Block, ...]:
    """A chapter's blocks as they are kept. No text is lost but a heading that stands there twice in a row."""
    headed = _with_headings(blocks, title)
    if kind not in _NOTE_KINDS:
        headed = _with_note_headings(headed)
    return tuple(_without_idle_breaks(_without_repeats(headed)))


def _with_headings(blocks: Sequence[Block], title: str) -> list[Block]:
    """The first paragraphs that spell out the chapter's title are its headings, whatever their markup."""
    found = list(blocks)
    unspelt = same_words(title)
    for number, block in enumerate(found):
        words = same_words(block.text)
        if not words:
            continue
        if block.role in _CAN_BE_HEADING and len(block.text) < _LONGEST_HEADING:
            if not (unspelt.startswith(words) or is_bare_label(block.text)):
                break
            found[number] = replace(block, role=Role.HEADING, text=joined_heading(block.text.split("\n")))
        elif block.role is not Role.HEADING:
            break
        unspelt = unspelt.removeprefix(words)
    return found


def _with_note_headings(blocks: list[Block]) -> list[Block]:
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
    """A scene break stands between two paragraphs; at an end, after a heading or beside another it says nothing."""
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
