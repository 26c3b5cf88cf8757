"""What a chapter is to be made of: takes, pauses, voices, gains; and by which digest it is known again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from narrator.book import Book
from narrator.mastering.balance import Balance, balance_of, balanced
from narrator.mastering.level import book_level
from narrator.mastering.rates import at_one_rate
from narrator.mastering.timeline import Part
from narrator.model import Pause, Segment, Take, TakeKey
from narrator.publishing.digests import sound_digest
from narrator.publishing.record import DeliveredChapter
from narrator.rendering.plan import PlannedChapter
from narrator.shelf import Shelf

_NEAR_DB = 0.1
"""Nobody hears it, and chapters that nothing else changed in are not made again for it."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is said in a segment, whose voice says it, and where it stands in the manuscript, for people."""

    text: str
    voice: str
    source: str


@dataclass(frozen=True, slots=True)
class ChapterOrder:
    """A chapter to be delivered: its segments' takes with the pauses after them, and their texts.

    A preview is the chapter of the number `PREVIEW`, a retail sample that of `SAMPLE`. `gain_db` is the book's
    gain, None where the chapter has its own. `sound` is the digest of all that decides what is heard.
    """

    number: int
    title: str
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]
    sound: str
    gain_db: float | None = None


class ChapterOrders:
    """The orders of one book. `gain_db` is the gain that all its chapters had before, None where none had."""

    def __init__(self, book: Book, shelf: Shelf, gain_db: float | None) -> None:
        self._book = book
        self._shelf = shelf
        self._are_level = book.config.levels.gain == "book"
        self.gain_db = gain_db if self._are_level else None
        """The gain of all chapters, None where each has its own."""
        self._balance: Balance | None = None
        self._voices = [speaker.provider.voice for speaker in book.speakers]

    def of(self, planned: PlannedChapter, segments: Sequence[Segment], takes: Sequence[Take]) -> ChapterOrder:
        """What a chapter is made of: those of its segments that are there, and their takes."""
        parts = self.parts(planned, segments, takes)
        parts = self._balance.of(parts) if self._balance else balanced(parts, self._book.config.levels)
        made_of = ((part.take.sha256, part.pause_after_ms, part.voice) for part in parts)
        return ChapterOrder(
            number=planned.number,
            title=self._shelf.title(planned.number),
            parts=parts,
            lines=tuple(self._line(planned, segment) for segment in segments),
            sound=sound_digest(made_of, self._book.config, self.gain_db),
            gain_db=self.gain_db,
        )

    def parts(
        self, planned: PlannedChapter, segments: Sequence[Segment], takes: Sequence[Take]
    ) -> tuple[Part, ...]:
        """The takes of a chapter with the pauses after them and their voices, all at one rate."""
        rate_hz = self._book.provider.capabilities.rate_hz  # that of all chapters, whoever spoke them
        takes = at_one_rate(takes, self._shelf.rates, rate_hz=rate_hz)
        return tuple(
            Part(take, self._pause_ms(segment), voice=self._line(planned, segment).voice)
            for segment, take in zip(segments, takes, strict=True)
        )

    def sounds_like(
        self, chapter: DeliveredChapter, segments: Sequence[Segment], keys: Sequence[TakeKey]
    ) -> bool:
        """Whether a delivered chapter is what these takes would become now. No take is looked at."""
        if tuple(keys) != tuple(segment.key for segment in chapter.segments):
            return False
        made_of = (
            (before.sha256, self._pause_ms(segment), before.voice)
            for before, segment in zip(chapter.segments, segments, strict=True)
        )
        return chapter.sound == sound_digest(made_of, self._book.config, self.gain_db)

    def level(self, chapters: Callable[[], Iterable[Sequence[Part]]], should_stop: Callable[[], bool]) -> None:
        """Find the balance and the gain of the whole book; one that hardly differs from the last one is that.

        `chapters` gives the parts of all chapters, each time that it is called. Blocks.

        Raises:
            DamagedTakes, DiskError, Interrupted: as for a chapter.
        """
        config = self._book.config
        balance = balance_of(chapters(), config.levels)
        found = book_level(
            lambda: (balance.of(parts) for parts in chapters()),
            pauses=config.pauses,
            levels=config.levels,
            should_stop=should_stop,
        )
        self._balance = balance
        if self.gain_db is None or abs(found.gain_db - self.gain_db) > _NEAR_DB:
            self.gain_db = round(found.gain_db, 3)

    def _line(self, planned: PlannedChapter, segment: Segment) -> Line:
        sources = planned.chapter.sources
        own = self._voices[planned.speaker] if 0 <= planned.speaker < len(self._voices) else ""
        block = segment.spans[0].block if segment.spans else len(sources)
        return Line(segment.text, segment.voice or own, sources[block] if block < len(sources) else "")

    def _pause_ms(self, segment: Segment) -> int:
        pauses = self._book.config.pauses
        return {
            Pause.WORD: pauses.word,
            Pause.CLAUSE: pauses.clause,
            Pause.SENTENCE: pauses.sentence,
            Pause.PARAGRAPH: pauses.paragraph,
            Pause.HEADING: pauses.heading,
            Pause.SCENE_BREAK: pauses.scene_break,
            Pause.CHAPTER: pauses.chapter_end,
        }[segment.pause]
