"""The plan of a render: which segments there are, which takes exist, and what is left to be spoken."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from narrator.errors import UsageError
from narrator.model import Script, ScriptChapter, Segment, SpeechRequest, TakeKey

PREVIEW = 0
"""The number of the chapter that a preview is delivered as."""


@dataclass(frozen=True, slots=True)
class Order:
    """A unique key that has no take yet, with its request.

    `chapter` is the number of the first spoken chapter that needs it, from 1; `segments` is how many share it.
    """

    key: TakeKey
    request: SpeechRequest
    chapter: int
    segments: int = 1


@dataclass(frozen=True, slots=True)
class PlannedChapter:
    """A spoken chapter: its number, from 1, and a key for each of its segments."""

    number: int
    chapter: ScriptChapter
    keys: tuple[TakeKey, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The spoken chapters in order, and the orders in the order in which they are heard."""

    chapters: tuple[PlannedChapter, ...]
    orders: tuple[Order, ...]

    def in_one_chapter(self) -> Plan:
        """The same with all that is said in one chapter, of the number `PREVIEW`."""
        chapter = replace(
            self.chapters[0].chapter,
            title="Preview",
            segments=tuple(segment for planned in self.chapters for segment in planned.chapter.segments),
        )
        keys = tuple(key for planned in self.chapters for key in planned.keys)
        return replace(self, chapters=(PlannedChapter(PREVIEW, chapter, keys),))

    @property
    def segments(self) -> int:
        return sum(len(chapter.keys) for chapter in self.chapters)

    @property
    def reused(self) -> int:
        """How many segments have their take already."""
        return self.segments - sum(order.segments for order in self.orders)

    @property
    def all_characters(self) -> int:
        """What all segments say, those that share a take included."""
        return sum(len(segment.text) for planned in self.chapters for segment in planned.chapter.segments)

    @property
    def characters(self) -> int:
        """What the orders would send."""
        return sum(len(order.request.text) for order in self.orders)


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a book that is wanted: of the chapters in `numbers` (None: of all), the first `characters`.

    A segment is taken whole or not at all, and at least one is.
    """

    numbers: frozenset[int] | None = None
    characters: int | None = None

    @property
    def is_preview(self) -> bool:
        return self.characters is not None

    def of(self, script: Script) -> Iterator[tuple[int, ScriptChapter]]:
        """The spoken chapters that are wanted, each with its number; the last may be only its beginning.

        Raises:
            UsageError: a chapter is wanted that the book has not.
        """
        spoken = dict(enumerate(script.spoken, 1))
        if self.numbers and not self.numbers <= spoken.keys():
            wrong = min(self.numbers - spoken.keys())
            raise UsageError(
                f"There is no chapter {wrong}: those that are spoken are 1 to {len(spoken)}.",
                advice="`narrator plan` numbers them.",
            )
        left = self.characters
        for number, chapter in spoken.items():
            if self.numbers is not None and number not in self.numbers:
                continue
            if left is None:
                yield number, chapter
                continue
            ends = list(accumulate(len(segment.text) for segment in chapter.segments))
            yield number, replace(chapter, segments=chapter.segments[: max(1, bisect_right(ends, left))])
            left -= ends[-1]
            if left <= 0:
                return


WHOLE_BOOK = Selection()


def make_plan(
    script: Script,
    request_for: Callable[[Segment], SpeechRequest],
    have: frozenset[TakeKey],
    wanted: Selection = WHOLE_BOOK,
) -> Plan:
    """Compare a script with the takes that exist. Equal texts in equal voices share one take.

    Raises:
        UsageError: a chapter is wanted that the book has not.
    """
    orders: dict[TakeKey, Order] = {}
    chapters = []
    for number, chapter in wanted.of(script):
        keys = []
        for segment in chapter.segments:
            request = request_for(segment)
            key = request.key
            keys.append(key)
            if key in orders:
                orders[key] = replace(orders[key], segments=orders[key].segments + 1)
            elif key not in have:
                orders[key] = Order(key, request, number)
        chapters.append(PlannedChapter(number, chapter, tuple(keys)))
    return Plan(tuple(chapters), tuple(orders.values()))
