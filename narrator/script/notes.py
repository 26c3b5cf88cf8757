"""Notes where a listener wants them: at the end of the chapter that refers to them, or after the paragraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from narrator.model import Block, Chapter, Manuscript


def with_notes(manuscript: Manuscript, where: Literal["skip", "end", "place"]) -> Manuscript:
    """The manuscript with each note moved to what refers to it first; notes without a mark stay where they are.

    "skip" moves none. A chapter that held nothing but such notes, and headings over them, keeps the headings.
    """
    if where == "skip":
        return manuscript
    there = {block.note for chapter in manuscript.chapters for block in chapter.blocks if block.note}
    moved: dict[str, list[Block]] = {
        name: []
        for chapter in manuscript.chapters
        for block in chapter.blocks
        for name in block.notes
        if name in there
    }
    for chapter in manuscript.chapters:
        for block in chapter.blocks:
            if block.note in moved:
                moved[block.note].append(block)
    given: set[str] = set()
    chapters = tuple(
        replace(chapter, blocks=tuple(_placed(chapter, moved, given, where))) for chapter in manuscript.chapters
    )
    return replace(manuscript, chapters=chapters)


def _placed(
    chapter: Chapter, moved: Mapping[str, list[Block]], given: set[str], where: Literal["end", "place"]
) -> Iterator[Block]:
    waiting: list[Block] = []
    for block in chapter.blocks:
        if block.note in moved:
            continue
        yield block
        notes = [note for name in _first_named(block.notes, moved, given) for note in moved[name]]
        if where == "place":
            yield from notes
        else:
            waiting += notes
    yield from waiting


def _first_named(names: Iterable[str], moved: Mapping[str, list[Block]], given: set[str]) -> Iterator[str]:
    """The notes among these that nothing referred to before, noted as given."""
    for name in names:
        if name in moved and name not in given:
            given.add(name)
            yield name
