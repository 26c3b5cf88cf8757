"""The plan of a render: which segments there are, which takes exist, and what is left to be spoken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from narrator.model import Script, ScriptChapter, Segment, SpeechRequest, TakeKey


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


def make_plan(
    script: Script, request_for: Callable[[Segment], SpeechRequest], have: frozenset[TakeKey]
) -> Plan:
    """Compare a script with the takes that exist. Equal texts in equal voices share one take."""
    orders: dict[TakeKey, Order] = {}
    chapters = []
    for number, chapter in enumerate((each for each in script.chapters if each.spoken), 1):
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
