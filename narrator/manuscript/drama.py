"""Plays: who says what. Marked as such, or told from one shape that most paragraphs of a chapter have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from narrator.manuscript.page_blocks import PageBlock, Sureness
from narrator.model import Block, Mark, MarkKind, Role

_SPOKEN = {Role.PARAGRAPH, Role.TABLE, Role.QUOTATION, Role.LIST_ITEM, Role.VERSE}
_FEWEST_CLASSED = 3
_FEWEST_SHAPED = 8
_RECURS = 2
"""Names that only look like it come so often on average, or more often."""
_LONGEST_NAME = 40
_MOST_WORDS = 5
_LONGEST_OPENING = 200
"""Characters in which a speaker's name stands, with what the book says of his manner."""
_CAPITALS = regex.compile(
    r"(?P<name>\p{Lu}(?:[\p{Lu}’'&-]|\.\ ?(?=\p{Lu}{2})|\ (?=\p{Lu}))+)"
    r"(?:[.:](?=\s|$)|\s?[\[(][^\])\n]{1,80}[\])]|(?=\n|$)|(?=,\s\p{Ll}[^.!?:;\n]{0,80}[.:]?$))"
)
_ONLY_DIRECTED = regex.compile(r"(?:,\s\p{Ll}[^.!?:;\n]{0,80}|[.,:]?\s?[\[(][^\])\n]{1,80}[\])])[.:]?")
"""What follows a name that is alone but for how it speaks: ', laughing.'"""
_BRACKETS = re.compile(r"\[[^\[\]]+\]")
_IN_BRACKETS = re.compile(r"\[[^\[\]]+\]\.?|\([^()]+\)\.?")
_ENDS = " .:,;—–-"


@dataclass(frozen=True, slots=True)
class _Cue:
    """The name that a block opens with, how it was told, and whether it is alone there, a direction aside."""

    name: str
    sureness: str
    is_alone: bool


def with_speeches(blocks: Sequence[Block]) -> list[Block]:
    """The blocks of a chapter with its speeches and stage directions known as such; no text changes.

    A name alone in its block, or with how it speaks, speaks the next one.
    """
    seeming = [_cue(block) for block in blocks]
    if not any(seeming) and not any(isinstance(block, PageBlock) and block.hints for block in blocks):
        return list(blocks)
    cues = _accepted(blocks, seeming)
    is_play = any(cues)
    found: list[Block] = []
    waiting = ""
    for block, cue, seems in zip(blocks, cues, seeming, strict=True):
        if block.role not in _SPOKEN:
            waiting = waiting if block.role is Role.NOTE else ""
            found.append(block)
            continue
        directions = list(_directions(block, is_play=is_play))
        if not cue and _covered(block.text, directions):
            found.append(_direction(block, directions))
            continue
        if seems and not cue:  # what is no name for certain is followed by no direction for certain
            directions = list(_directions(block, is_play=False))
        found.append(_speech(block, cue, waiting, directions))
        waiting = cue.name if cue and cue.is_alone else ""
    return found


# --- who speaks -----------------------------------------------------------------------------------------


def _cue(block: Block) -> _Cue | None:
    """The name that a block seems to open with."""
    if block.role not in _SPOKEN:
        return None
    hints = block.hints if isinstance(block, PageBlock) else ()
    told = next((hint for hint in hints if hint.kind is MarkKind.NAME and not hint.start), None)
    opening = block.text[:_LONGEST_OPENING]
    match = _CAPITALS.match(opening) if told is None and opening[:1].isupper() else None
    if told is None and match is None:
        return None
    name = (block.text[: told.end] if told else match["name"] if match else "").rstrip(_ENDS)
    if not told and (len(name) > _LONGEST_NAME or len(name.split()) > _MOST_WORDS):
        return None
    rest = block.text[len(name) :]
    is_alone = not rest.strip(_ENDS) or _ONLY_DIRECTED.fullmatch(rest) is not None
    return _Cue(name, told.value if told else Sureness.SHAPED, is_alone) if name else None


def _accepted(blocks: Sequence[Block], cues: Sequence[_Cue | None]) -> list[_Cue | None]:
    """The cues that are certain, by the surest of the ways in which the chapter tells them."""
    counts = Counter(cue.sureness for cue in cues if cue)
    kept: set[str] = {Sureness.TYPED} if counts[Sureness.TYPED] else set()
    if counts[Sureness.CLASSED] >= _FEWEST_CLASSED:
        kept.add(Sureness.CLASSED)
    if kept:
        names = {cue.name.casefold() for cue in cues if cue and cue.sureness in kept}
        return [cue if cue and (cue.sureness in kept or cue.name.casefold() in names) else None for cue in cues]
    shaped = _recurring(cues)
    return shaped if _is_shape_of(blocks, shaped) else [None] * len(cues)


def _recurring(cues: Sequence[_Cue | None]) -> list[_Cue | None]:
    """The cues without those names that stand alone in a block and only once: headings, or an end."""
    counts = Counter(cue.name.casefold() for cue in cues if cue)
    return [cue if cue and not (cue.is_alone and counts[cue.name.casefold()] == 1) else None for cue in cues]


def _is_shape_of(blocks: Sequence[Block], cues: Sequence[_Cue | None]) -> bool:
    """Whether so many names, so often the same, open most blocks that they are who speaks.

    The block below a lone name is what that says, and counts with it.
    """
    names = [cue.name.casefold() for cue in cues if cue]
    if len(names) < max(_FEWEST_SHAPED, _RECURS * len(set(names))):
        return False
    is_below = [False, *(cue is not None and cue.is_alone for cue in cues[:-1])]
    lines = sum(
        block.role in _SPOKEN and not _covered(block.text, list(_directions(block, is_play=True)))
        for block, below in zip(blocks, is_below, strict=True)
        if not below
    )
    return len(names) * 2 >= lines


def _speech(block: Block, cue: _Cue | None, waiting: str, directions: Sequence[Mark]) -> Block:
    speaker = cue.name if cue else waiting
    name = [Mark(MarkKind.NAME, 0, len(cue.name))] if cue else []
    marks = sorted((*block.marks, *name, *directions), key=lambda mark: (mark.start, -mark.end))
    is_lined = not speaker or block.role is Role.VERSE
    role = block.role if is_lined else Role.SPEECH
    return replace(block, role=role, speaker=speaker, marks=tuple(marks))


# --- stage directions -----------------------------------------------------------------------------------


def _directions(block: Block, *, is_play: bool) -> Iterator[Mark]:
    """The marks of stage directions in a block; what only looks like one counts in a play alone."""
    hints = block.hints if isinstance(block, PageBlock) else ()
    told = [
        replace(hint, value="")
        for hint in hints
        if hint.kind is MarkKind.DIRECTION and (is_play or hint.value == Sureness.TYPED)
    ]
    yield from told
    following = 0
    for match in _BRACKETS.finditer(block.text) if is_play else ():
        while following < len(told) and told[following].end <= match.start():
            following += 1
        if following == len(told) or match.end() <= told[following].start:
            yield Mark(MarkKind.DIRECTION, match.start(), match.end())
    if is_play and not told and _IN_BRACKETS.fullmatch(block.text):
        yield Mark(MarkKind.DIRECTION, 0, len(block.text))


def _covered(text: str, directions: Sequence[Mark]) -> bool:
    """Whether every letter and digit is in one of these."""
    at = 0
    for mark in sorted(directions, key=lambda mark: mark.start):
        if any(map(str.isalnum, text[at : mark.start])):
            return False
        at = max(at, mark.end)
    return bool(directions) and not any(map(str.isalnum, text[at:]))


def _direction(block: Block, directions: Sequence[Mark]) -> Block:
    """A block that is a stage direction; in verse, whose lines part it, it stays verse."""
    if block.role is Role.VERSE:
        return replace(block, marks=tuple(sorted((*block.marks, *directions), key=lambda mark: mark.start)))
    return replace(block, role=Role.STAGE_DIRECTION)
