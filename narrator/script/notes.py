"""Notes where a listener wants them: at the end of the chapter that refers to them, or after the paragraph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from narrator.config import Reading
from narrator.model import Block, Chapter, Manuscript
from narrator.script.policy import Policy


def with_notes(manuscript: Manuscript, reading: Reading) -> Manuscript:
    """The manuscript with each note where `reading` wants it: with the first spoken text that refers to it.

    What a note refers to follows it. A note that nothing spoken refers to stays where it is, and so does a
    heading over notes. Every block is there once, as before.
    """
    if reading.notes == "skip":
        return manuscript
    placing = _Placing(manuscript, Policy(reading).chapter_rule)
    chapters = (
        replace(chapter, blocks=tuple(placing.blocks(number, chapter, at_end=reading.notes == "end")))
        for number, chapter in enumerate(manuscript.chapters)
    )
    return replace(manuscript, chapters=tuple(chapters))


class _Placing:
    """Which block each note follows."""

    def __init__(self, manuscript: Manuscript, rule_of: Callable[[Chapter], str | None]) -> None:
        self._notes: defaultdict[str, list[Block]] = defaultdict(list)
        for chapter in manuscript.chapters:
            for block in chapter.blocks:
                if block.note:
                    self._notes[block.note].append(block)
        self._moved: set[str] = set()
        self._after: dict[tuple[int, int], list[Block]] = {}
        for number, chapter in enumerate(manuscript.chapters):
            if rule_of(chapter) is None:
                self._claim(number, chapter)

    def _claim(self, number: int, chapter: Chapter) -> None:
        for at, block in enumerate(chapter.blocks):
            if not block.note:
                self._after[number, at] = list(self._claimed(block.notes))

    def _claimed(self, names: Iterable[str]) -> Iterator[Block]:
        """The blocks of the notes of these names that nothing claimed before, and of those that they name."""
        waiting = [*names]
        while waiting:
            name = waiting.pop(0)
            if name in self._moved or name not in self._notes:
                continue
            self._moved.add(name)
            yield from self._notes[name]
            waiting = [inner for block in self._notes[name] for inner in block.notes] + waiting

    def blocks(self, number: int, chapter: Chapter, *, at_end: bool) -> Iterator[Block]:
        waiting: list[Block] = []
        for at, block in enumerate(chapter.blocks):
            if block.note in self._moved:
                continue
            yield block
            notes = self._after.get((number, at), [])
            if at_end:
                waiting += notes
            else:
                yield from notes
        yield from waiting
