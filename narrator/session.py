"""One run of a render: takes are spoken while finished chapters are assembled, until all is done or stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType

from narrator.audio.memory import keep_freed_memory
from narrator.book import Book
from narrator.delivery import Delivery
from narrator.desk import Desk
from narrator.errors import DiskError, Interrupted, QuotaUsedUp, Refused, RunError, UnknownVoice, Unreachable
from narrator.estimate import ensure_room
from narrator.events import ChapterAssembled, Notice, RenderStarted, Stopping
from narrator.mastering.intact import DamagedTakes
from narrator.mastering.timeline import Part
from narrator.model import Segment, Take, TakeKey
from narrator.ports import Observer
from narrator.publishing.record import AudiobookRecord, DeliveredChapter, Gap
from narrator.rendering.plan import WHOLE_BOOK, Order, Plan, PlannedChapter
from narrator.rendering.scheduler import Failure
from narrator.rendering.segment import Spoken
from narrator.rendering.takes import TakeFolder
from narrator.stopping import Stop

CHAPTERS_AT_ONCE = 2
_LOOK_S = 0.05

MOST_PASSES = 3
"""Takes that prove damaged or doubtful are spoken again in another pass; this many passes find them all."""


@dataclass(slots=True)
class Tally:
    """What a run did so far. `chapters` are those whose files are there, made of just their takes.

    `cost_usd` is None once something was billed whose price is not known.
    """

    chapters: set[int] = field(default_factory=set)
    spoken: dict[TakeKey, int] = field(default_factory=dict)
    billed_characters: int = 0
    cost_usd: float | None = 0.0
    failures: dict[TakeKey, Failure] = field(default_factory=dict)

    def bill(self, characters: int, usd_per_million_characters: float | None) -> None:
        """Count what a whole answer costs."""
        self.billed_characters += characters
        if usd_per_million_characters is None or self.cost_usd is None:
            self.cost_usd = None
        else:
            self.cost_usd += characters * usd_per_million_characters / 1e6


class Session:
    """Brings a book from where it is to where it is finished, or to where it was stopped."""

    def __init__(
        self,
        book: Book,
        takes: TakeFolder,
        delivery: Delivery,
        observe: Observer,
        on_accepted: Callable[[], None],
        *,
        is_open: bool = False,
    ) -> None:
        """`on_accepted` is called once nothing speaks against the wishes of this run, before text is sent.

        `is_open` says that the provider was entered before; then whoever did so leaves it.
        """
        keep_freed_memory()
        self.tally = Tally()
        self.stop = Stop()
        self._book = book
        self._takes = takes
        self._delivery = delivery
        self._observe = observe
        self._on_accepted = on_accepted
        self._bad: set[TakeKey] = set()
        self._is_open, self._is_accepted = is_open, False
        self._desk: Desk | None = None
        self._asked = 0  # the speaker that was asked last
        self._is_broken = False
        self._failed: set[int] = set()  # the speakers that cannot be asked any more

    async def run(self) -> Plan:
        """Speak what is missing and assemble what is whole; the plan as it was at the last pass.

        Raises:
            RunError, DiskError: stopped by it; all that was in flight had been let finish and is kept.
            Interrupted: a person asked to stop.
        """
        try:
            with self.stop.on_signals(self._tell_stopping):
                return await self._passes()
        except (asyncio.CancelledError, Interrupted):
            if self.stop.was_asked:
                raise self.stop.error() from None
            raise

    async def finish(self, gaps: Iterable[Gap]) -> AudiobookRecord:
        """Put the last files in place; what there is now of what this run was asked for.

        Raises:
            UsageError: a file is in the way that is not ours.
            DiskError: something could not be written.
            Interrupted: a person asked to stop; the same command goes on.
        """
        loop = asyncio.get_running_loop()
        should_stop = self.stop.softly.is_set
        with self.stop.on_signals(self._tell_stopping), ThreadPoolExecutor(1, "binding") as thread:
            done = loop.run_in_executor(thread, self._delivery.finish, self.tally.chapters, gaps, should_stop)
            try:
                return await asyncio.shield(done)
            except (asyncio.CancelledError, Interrupted):
                if self.stop.was_asked:
                    raise self.stop.error() from None
                raise

    def _tell_stopping(self) -> None:
        self._observe(Stopping(self._desk.in_flight if self._desk else 0))

    async def _passes(self) -> Plan:
        async with AsyncExitStack() as stack:
            self._binders = stack.enter_context(ThreadPoolExecutor(CHAPTERS_AT_ONCE, "chapters"))
            stack.callback(self.stop.at_once.set)
            stack.push_async_exit(self._end_desk)
            plan = self._plan()
            ensure_room(self._book, plan)
            if not plan.orders:
                self._accept()
            passes = 0
            while passes < MOST_PASSES:
                try:
                    if plan.orders:
                        await self._desk_of(min(order.speaker for order in plan.orders), plan)
                    await self._pass(plan)
                    await self._assemble_sample(plan)
                except BaseException as exc:
                    with suppress(DiskError):  # what ended the run is what a person must hear of
                        self._put_bad_away()
                    if not await self._fails_over(exc, plan):
                        raise
                    plan = self._plan()
                    continue
                bad = self._put_bad_away()
                if self.stop.was_asked:
                    raise self.stop.error()
                if not bad:
                    return plan
                are = "take is" if bad == 1 else "takes are"
                self._observe(Notice(f"{bad} {are} damaged or doubtful: to be spoken again."))
                passes += 1
                plan = self._plan()
            raise DiskError(
                "Takes come back from the disk other than they were written, again and again.",
                advice="Check the disk that the project is on; what is whole is kept.",
            )

    async def _fails_over(self, error: BaseException, plan: Plan) -> bool:
        """Whether somebody else goes on where a speaker ended in an error.

        What a person got wrong from the first is for a person to mend.
        """
        speakers = self._book.speakers
        others = set(range(len(speakers))) - self._failed - {self._asked}
        if not isinstance(error, RunError) or not others or self.stop.was_asked:
            return False
        is_gone = isinstance(error, QuotaUsedUp | Unreachable)
        is_refused = isinstance(error, Refused) and not isinstance(error, UnknownVoice)
        if not is_gone and not (is_refused and self._has_spoken(self._asked, plan)):
            return False
        self._failed.add(self._asked)
        if not any(order.speaker in others for order in self._made(self._takes.keys()).orders):
            return False
        await self._leave_desk(error)
        other = speakers[min(others)].provider
        is_account = other.name == speakers[self._asked].provider.name
        who = (other.name, other.voice, "by another account" if is_account else "")
        goes_on = " ".join(filter(None, who))
        self._observe(Notice(f"{error.what} What is left is spoken by {goes_on}, whole chapters at a time."))
        return True

    def _has_spoken(self, speaker: int, plan: Plan) -> bool:
        """Whether this speaker has given any take of this book, now or in an earlier run."""
        missing = {order.key for order in plan.orders} - self.tally.spoken.keys()
        return any(
            planned.speaker == speaker and not missing.issuperset(planned.keys) for planned in plan.chapters
        )

    def _put_bad_away(self) -> int:
        """Make orders again of takes that proved damaged, or doubtful now that the voice's pace is known."""
        bad = self._bad | (self._desk.checks.doubtful() if self._desk else set())
        self._bad = set()
        if bad:
            self._delivery.forget(bad)
        for key in bad:
            self._takes.quarantine(key)
        return len(bad)

    async def _desk_of(self, speaker: int, plan: Plan) -> Desk:
        """The speaker at work; whoever was there before leaves.

        Raises:
            RunError: it cannot speak.
        """
        self._asked = speaker
        if self._desk and self._desk.number == speaker:
            return self._desk
        await self._leave_desk()
        if not self._is_accepted:
            self._takes.probe()
            self._delivery.probe()
        desk = Desk(
            self._book,
            speaker,
            self._takes,
            self.stop,
            self._observe,
            on_billed=self._on_billed(speaker),
            is_open=self._is_open and speaker == 0,
        )
        self._desk = await desk.__aenter__()
        if self._is_broken:
            desk.close()
        desk.learn_pace(plan)
        self._accept()
        return desk

    async def _leave_desk(self, error: BaseException | None = None) -> None:
        await self._end_desk(type(error) if error else None, error, None)

    async def _end_desk(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if desk := self._desk:
            self._desk = None
            self._bad |= desk.checks.doubtful()
            await desk.__aexit__(kind, error, trace)

    def _accept(self) -> None:
        if not self._is_accepted:
            self._is_accepted = True
            self._on_accepted()

    def _made(self, have: frozenset[TakeKey]) -> Plan:
        return self._book.plan(have, failed=self._failed, given_up=self.tally.failures)

    def _plan(self) -> Plan:
        book = self._book
        made = self._made(self._takes.keys())
        # What was given up in an earlier pass of this run is not paid for again in it.
        orders = tuple(order for order in made.orders if order.key not in self.tally.failures)
        plan = replace(made, orders=orders)
        if book.selection.is_preview:
            plan = plan.in_one_chapter()
        started = RenderStarted(
            title=book.title,
            project=book.project.folder,
            segments=plan.segments,
            reused=plan.reused,
            orders=len(plan.orders),
            characters=plan.characters,
            all_characters=plan.all_characters,
            usd_per_million_characters=book.provider.capabilities.usd_per_million_characters,
        )
        self._observe(started)
        return plan

    async def _pass(self, plan: Plan) -> None:
        missing = {order.key for order in plan.orders} | self.tally.failures.keys()
        is_level = self._book.config.levels.gain == "book"
        assembly = _Assembly(self._assemble, missing, plan, self._level_book if is_level else None)
        self._delivery.forget(missing)
        self._delivery.expect(plan.chapters, missing)
        try:
            assembly.begin()
            if plan.orders:
                await self._speak(plan, assembly)
            if self._book.config.rendering.allow_gaps and not self.stop.was_asked:
                assembly.begin(without=frozenset(self.tally.failures))
        finally:
            await assembly.finish()

    async def _speak(self, plan: Plan, assembly: _Assembly) -> None:
        for speaker in sorted({order.speaker for order in plan.orders}):
            orders = [order for order in plan.orders if order.speaker == speaker]
            desk = await self._desk_of(speaker, plan)
            failures = await desk.speak(orders, self._on_take(assembly))
            self.tally.failures.update({failure.order.key: failure for failure in failures})
            if self.stop.softly.is_set():
                return

    def _on_take(self, assembly: _Assembly) -> Callable[[Order, Spoken], None]:
        def on_take(order: Order, _: Spoken) -> None:
            self.tally.spoken[order.key] = order.segments
            self.tally.failures.pop(order.key, None)
            assembly.have(order.key)

        return on_take

    async def _assemble(self, planned: PlannedChapter, without: frozenset[TakeKey]) -> None:
        while self._desk and self._desk.is_rushed:  # noqa: ASYNC110 - nobody could tell when it is over
            await asyncio.sleep(_LOOK_S)
        if self.stop.softly.is_set():
            return
        loop = asyncio.get_running_loop()
        try:
            made = await loop.run_in_executor(self._binders, self._bind, planned, without)
            if made is not None:
                paths = await loop.run_in_executor(self._binders, self._delivery.record, made)
                self._observe(ChapterAssembled(planned.number, made.title, paths, made.duration_s))
                if made.short_db:
                    self._observe(Notice(_level_words(made)))
        except BaseException:
            self._is_broken = True
            if self._desk:
                self._desk.close()  # a book that cannot be assembled must not go on costing
            raise

    async def _assemble_sample(self, plan: Plan) -> None:
        """Make the excerpt that shops play, where one is wanted."""
        minutes = self._book.config.delivery.sample_minutes
        failed = frozenset(self.tally.failures)
        is_whole = self._book.config.rendering.allow_gaps or not failed
        if not minutes or self._book.selection != WHOLE_BOOK or self._bad or not is_whole:
            return
        sample = plan.sample(60.0 * minutes, self._seconds_of, failed)
        if sample:
            await self._assemble(sample, failed)

    def _seconds_of(self, key: TakeKey) -> float:
        take = self._takes.load(key)
        return take.frames / take.rate_hz if take else 0.0

    async def _level_book(self, plan: Plan, without: frozenset[TakeKey]) -> bool:
        """Find the one gain of the whole book, once all of its takes are there; whether it could be found."""

        def all_parts() -> Iterator[Sequence[Part]]:
            for planned in plan.chapters:
                pairs = self._pairs(planned, without)
                takes = self._loaded([key for _, key in pairs]) if pairs else None
                if takes:
                    yield self._delivery.parts(planned, [segment for segment, _ in pairs], takes)

        if self._delivery.needs_gain:
            loop = asyncio.get_running_loop()
            level, should_stop = self._delivery.level, self.stop.at_once.is_set
            try:
                await loop.run_in_executor(self._binders, level, all_parts, should_stop)
            except DamagedTakes as exc:
                self._bad |= exc.keys
        return not self._bad  # a gain of fewer takes than there will be is not the book's

    @staticmethod
    def _pairs(planned: PlannedChapter, without: frozenset[TakeKey]) -> list[tuple[Segment, TakeKey]]:
        return [
            (segment, key)
            for segment, key in zip(planned.chapter.segments, planned.keys, strict=True)
            if key not in without
        ]

    def _bind(self, planned: PlannedChapter, without: frozenset[TakeKey]) -> DeliveredChapter | None:
        """Make a chapter's files of its takes, unless they are there. Blocks."""
        pairs = self._pairs(planned, without)
        if not pairs:
            return None
        segments, keys = zip(*pairs, strict=True)
        made = None
        if not self._delivery.is_current(planned.number, segments, keys):
            takes = self._loaded(keys)
            if takes is None:
                return None
            try:
                order = self._delivery.order(planned, segments, takes)
                made = self._delivery.deliver(order, self.stop.at_once.is_set)
            except DamagedTakes as exc:
                self._bad |= exc.keys
                return None
        self.tally.chapters.add(planned.number)
        return made

    def _loaded(self, keys: Sequence[TakeKey]) -> list[Take] | None:
        """The takes of a chapter; None, and the bad ones noted, where they are not all to be had."""
        loaded = {key: self._takes.load(key) for key in keys}
        bad = {key for key, take in loaded.items() if take is None}
        self._bad |= bad
        return None if bad else [take for take in map(loaded.get, keys) if take]

    def _on_billed(self, speaker: int) -> Callable[[int], None]:
        price = self._book.speakers[speaker].provider.capabilities.usd_per_million_characters

        def on_billed(characters: int) -> None:
            self.tally.bill(characters, price)

        return on_billed


def _level_words(chapter: DeliveredChapter) -> str:
    way = "softer" if chapter.short_db > 0 else "louder"
    return (
        f"{chapter.title} is {abs(chapter.short_db):.1f} dB {way} than it should be: one gain and the limiter "
        "bring it no nearer without harm."
    )


class _Assembly:
    """Begins to assemble each chapter as soon as its last take is there; or all of them once all takes are.

    The latter where `level` has to be called first, once, with the plan and the takes that there will never be;
    it tells whether there is any use in going on.
    """

    def __init__(
        self,
        assemble: Callable[[PlannedChapter, frozenset[TakeKey]], Awaitable[None]],
        missing: set[TakeKey],
        plan: Plan,
        level: Callable[[Plan, frozenset[TakeKey]], Awaitable[bool]] | None = None,
    ) -> None:
        self._assemble = assemble
        self._plan = plan
        self._level = level
        self._waiting = {chapter.number: missing.intersection(chapter.keys) for chapter in plan.chapters}
        self._chapters = {chapter.number: chapter for chapter in plan.chapters}
        self._tasks: list[asyncio.Task[None]] = []
        self._limit = asyncio.Semaphore(CHAPTERS_AT_ONCE)
        self._levelling = asyncio.Lock()
        self._is_level = True

    def have(self, key: TakeKey) -> None:
        for missing in self._waiting.values():
            missing.discard(key)
        self.begin()

    def begin(self, without: frozenset[TakeKey] = frozenset()) -> None:
        """Begin all chapters that wait for nothing but `without`, in order."""
        ready = [number for number, missing in self._waiting.items() if missing <= without]
        if self._level and len(ready) < len(self._waiting):
            return
        for number in ready:
            del self._waiting[number]
            self._tasks.append(asyncio.create_task(self._one(self._chapters[number], without)))

    async def _one(self, chapter: PlannedChapter, without: frozenset[TakeKey]) -> None:
        async with self._levelling:
            if self._level:
                level, self._level, self._is_level = self._level, None, False
                self._is_level = await level(self._plan, without)
        async with self._limit:
            if self._is_level:
                await self._assemble(chapter, without)

    async def finish(self) -> None:
        """Wait for all that was begun; raise the first error, if any."""
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
