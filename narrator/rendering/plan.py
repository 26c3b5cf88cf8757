"""The plan of a render: which segments there are, which takes exist, and what is left to be spoken."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Protocol

from narrator.errors import UsageError
from narrator.model import Script, ScriptChapter, Segment, SpeechRequest, TakeKey

_SAMPLE_EDGES_S = 6.0  # as much quiet before and after as shops allow
_SAMPLE_PAUSE_S = 1.0  # after each take: most pauses are shorter

PREVIEW = 0
"""The number of the chapter that a preview is delivered as."""

SAMPLE = -1
"""The number of the chapter that a shop's retail sample is delivered as."""

SEVERAL = -1
"""In the place of a speaker's number: more than one speak it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A unique key that has no take yet, with its request.

    `chapter` is the number of the first spoken chapter that needs it, from 1; `segments` is how many share it;
    `speaker` is the number of who speaks it, from 0.
    """

    key: TakeKey
    request: SpeechRequest
    chapter: int
    segments: int = 1
    speaker: int = 0


@dataclass(frozen=True, slots=True)
class PlannedChapter:
    """A spoken chapter: its number, from 1, a key for each of its segments, and the number of its speaker.

    A preview alone, which is of several chapters, may have `SEVERAL`.
    """

    number: int
    chapter: ScriptChapter
    keys: tuple[TakeKey, ...]
    speaker: int = 0


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
            sources=(),
            segments=tuple(segment for planned in self.chapters for segment in planned.chapter.segments),
        )
        keys = tuple(key for planned in self.chapters for key in planned.keys)
        speakers = {planned.speaker for planned in self.chapters}
        speaker = speakers.pop() if len(speakers) == 1 else SEVERAL
        return replace(self, chapters=(PlannedChapter(PREVIEW, chapter, keys, speaker),))

    def sample(
        self, most_s: float, seconds_of: Callable[[TakeKey], float], without: Collection[TakeKey]
    ) -> PlannedChapter | None:
        """The beginning of the first chapter of the body, of `most_s` at most, as one of the number `SAMPLE`.

        `seconds_of` tells how long a take is. A segment is taken whole or not at all.
        """
        body = [planned for planned in self.chapters if planned.chapter.is_body] or list(self.chapters)
        planned = body[0]
        count, seconds = 0, _SAMPLE_EDGES_S
        for key in planned.keys:
            seconds += 0.0 if key in without else seconds_of(key) + _SAMPLE_PAUSE_S
            if seconds > most_s:
                break
            count += 1
        if not count:
            return None
        chapter = replace(planned.chapter, segments=planned.chapter.segments[:count])
        return replace(planned, number=SAMPLE, chapter=chapter, keys=planned.keys[:count])

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

    def characters_of(self, speaker: int) -> int:
        """What the orders would send to one of the speakers."""
        return sum(len(order.request.text) for order in self.orders if order.speaker == speaker)


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

    def of(self, script: Script) -> Iterator[tuple[int, ScriptChapter, int]]:
        """The spoken chapters that are wanted, each with its number and how many of its segments are wanted.

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
                yield number, chapter, len(chapter.segments)
                continue
            ends = list(accumulate(len(segment.text) for segment in chapter.segments))
            yield number, chapter, max(1, bisect_right(ends, left))
            left -= ends[-1]
            if left <= 0:
                return


WHOLE_BOOK = Selection()


class Speaks(Protocol):
    """Somebody who can be asked to speak a book."""

    def request_for(self, segment: Segment, previous_text: str, next_text: str) -> SpeechRequest:
        """How it is asked to speak a segment, with what is said before and after it; both may be ''."""
        ...

    def takes(self, text: str) -> bool:
        """Whether it can be asked for a text of this length at all."""
        ...


def make_plan(
    script: Script,
    speakers: Sequence[Speaks],
    have: frozenset[TakeKey],
    wanted: Selection = WHOLE_BOOK,
    *,
    failed: Collection[int] = (),
    given_up: Collection[TakeKey] = (),
) -> Plan:
    """Compare a script with the takes that exist. Equal texts in equal voices share one take.

    A chapter is spoken by one of the `speakers`, so that its voice stays whole: by the first who has spoken all
    of it but what was `given_up`, else by the one of those who can, and have not `failed`, who has the least
    left to speak, the first one at best. Where nobody can, it is left to the first one.

    Raises:
        UsageError: a chapter is wanted that the book has not.
    """
    orders: dict[TakeKey, Order] = {}
    chapters = []
    for number, chapter, count in wanted.of(script):
        lines = list(islice(in_context(chapter.segments), count))
        speaker, requests = _choose(speakers, lines, have.union(given_up), failed)
        for request in requests:
            key = request.key
            if key in orders:
                orders[key] = replace(orders[key], segments=orders[key].segments + 1)
            elif key not in have:
                orders[key] = Order(key, request, number, speaker=speaker)
        if count < len(chapter.segments):
            chapter = replace(chapter, segments=chapter.segments[:count])  # noqa: PLW2901 - its beginning
        chapters.append(PlannedChapter(number, chapter, tuple(request.key for request in requests), speaker))
    return Plan(tuple(chapters), tuple(orders.values()))


def in_context(segments: Sequence[Segment]) -> Iterator[tuple[Segment, str, str]]:
    """Each segment, with the text before and after it that the same voice says in the same language."""
    for number, segment in enumerate(segments):
        before = segments[number - 1] if number else None
        after = segments[number + 1] if number + 1 < len(segments) else None
        yield segment, _said_like(before, segment), _said_like(after, segment)


def _said_like(other: Segment | None, segment: Segment) -> str:
    if other is None or (other.voice, other.language) != (segment.voice, segment.language):
        return ""
    return other.text


def _choose(
    speakers: Sequence[Speaks],
    lines: Sequence[tuple[Segment, str, str]],
    done: frozenset[TakeKey],
    failed: Collection[int],
) -> tuple[int, list[SpeechRequest]]:
    """Who speaks a chapter, and how each of its segments is asked for."""
    by_all: list[list[SpeechRequest]] = []
    able: list[tuple[int, int]] = []
    for number, speaker in enumerate(speakers):
        requests = [speaker.request_for(*line) for line in lines]
        left = sum(len(request.text) for request in requests if request.key not in done)
        if not left:
            return number, requests
        by_all.append(requests)
        if number not in failed and all(speaker.takes(request.text) for request in requests):
            able.append((left, number))
    _, number = min(able, default=(0, 0))
    return number, by_all[number]
