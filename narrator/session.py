"""One run of a render: takes are spoken while finished chapters are assembled, until all is done or stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from narrator.audio.memory import keep_freed_memory
from narrator.book import Book
from narrator.delivery import Delivery
from narrator.errors import DiskError, Interrupted
from narrator.estimate import ensure_room
from narrator.events import ChapterAssembled, Notice, RenderStarted, Stopping
from narrator.mastering.intact import DamagedTakes
from narrator.model import Take, TakeKey
from narrator.ports import Observer
from narrator.publishing.record import DeliveredChapter
from narrator.rendering.checks import TakeChecks
from narrator.rendering.limits import AccountLimits
from narrator.rendering.plan import Order, Plan, PlannedChapter
from narrator.rendering.scheduler import Failure, LocalScheduler
from narrator.rendering.segment import Booth, Spoken
from narrator.rendering.takes import TakeFolder
from narrator.rendering.writer import TakeWriter
from narrator.stopping import Stop
from narrator.wiring import open_ledger, shared_account

CHAPTERS_AT_ONCE = 2

LEARNED_FROM_EARLIER = 40

MOST_PASSES = 3
"""Takes that prove damaged or doubtful are spoken again in another pass; this many passes find them all."""


@dataclass(slots=True)
class Tally:
    """What a run did so far. `chapters` are those whose files are there, made of just their takes."""

    chapters: set[int] = field(default_factory=set)
    spoken: dict[TakeKey, int] = field(default_factory=dict)
    billed_characters: int = 0
    failures: dict[TakeKey, Failure] = field(default_factory=dict)


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
        self._checks = TakeChecks(is_local=book.provider.capabilities.is_local)
        self._limits = AccountLimits(
            self._concurrency,
            book.config.rendering.rate,
            stopping=self.stop.softly,
            shared=shared_account(book.provider),
        )
        self._bad: set[TakeKey] = set()
        self._is_open, self._is_checked = is_open, False
        self._in_flight: Callable[[], int] = lambda: 0

    async def run(self) -> Plan:
        """Speak what is missing and assemble what is whole; the plan as it was at the last pass.

        Raises:
            RunError, DiskError: stopped by it; all that was in flight had been let finish and is kept.
            Interrupted: a person asked to stop.
        """
        tell = lambda: self._observe(Stopping(self._in_flight()))  # noqa: E731 - it has no other use
        try:
            with self.stop.on_signals(tell):
                return await self._passes()
        except (asyncio.CancelledError, Interrupted):
            if self.stop.was_asked:
                raise self.stop.error() from None
            raise

    async def _passes(self) -> Plan:
        async with AsyncExitStack() as stack:
            stack.enter_context(self._limits)
            self._binders = stack.enter_context(ThreadPoolExecutor(CHAPTERS_AT_ONCE, "chapters"))
            stack.callback(self.stop.at_once.set)
            plan = self._plan()
            ensure_room(self._book, plan)
            if plan.orders:
                await self._open_provider(stack)
                self._learn_pace(plan)
            self._on_accepted()
            for _ in range(MOST_PASSES):
                try:
                    await self._pass(plan)
                except BaseException:
                    with suppress(DiskError):  # what ended the run is what a person must hear of
                        self._put_bad_away()
                    raise
                bad = self._put_bad_away()
                if self.stop.was_asked:
                    raise self.stop.error()
                if not bad:
                    return plan
                are = "take is" if bad == 1 else "takes are"
                self._observe(Notice(f"{bad} {are} damaged or doubtful: to be spoken again."))
                plan = self._plan()
                await self._open_provider(stack)
            raise DiskError(
                "Takes come back from the disk other than they were written, again and again.",
                advice="Check the disk that the project is on; what is whole is kept.",
            )

    def _put_bad_away(self) -> int:
        """Make orders again of takes that proved damaged, or doubtful now that the voice's pace is known."""
        bad = self._bad | self._checks.doubtful()
        self._bad.clear()
        if bad:
            self._delivery.forget(bad)
        for key in bad:
            self._takes.quarantine(key)
        return len(bad)

    async def _open_provider(self, stack: AsyncExitStack) -> None:
        book = self._book
        if not self._is_open:
            await stack.enter_async_context(book.provider)
            self._is_open = True
        if not self._is_checked:
            self._takes.probe()
            self._delivery.probe()
            ledger = open_ledger(book.project, book.provider, book.config.rendering, self._takes)
            self._ledger = stack.enter_context(ledger)
            for text in self._ledger.notices:
                self._observe(Notice(text))
            self._writer = await stack.enter_async_context(TakeWriter(self._takes, self._ledger))
            await self._unless_stopped(book.provider.check(book.cast_voices))
            self._is_checked = True

    def _learn_pace(self, plan: Plan) -> None:
        """Tell the checks how fast the voice speaks, by takes that it spoke in earlier runs."""
        missing = {order.key for order in plan.orders}
        speakers = self._book.speakers
        there = (
            (speakers[planned.speaker].request_for(segment), key)
            for planned in plan.chapters
            for segment, key in zip(planned.chapter.segments, planned.keys, strict=True)
            if key not in missing
        )
        for request, key in islice(there, LEARNED_FROM_EARLIER):
            if take := self._takes.load(key):
                self._checks.learn(request, take.measurement, key)

    async def _unless_stopped(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait for something that may take long, but no longer than until a person asks to stop."""
        task, stop = asyncio.create_task(waiting), asyncio.create_task(self.stop.softly.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self.stop.error()
            await task
        finally:
            for each in (task, stop):
                each.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)

    def _plan(self) -> Plan:
        book = self._book
        made = book.plan(self._takes.keys())
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
        missing = {order.key for order in plan.orders}
        assembly = _Assembly(self._assemble, missing, plan)
        self._delivery.forget(missing)
        try:
            assembly.begin()
            if plan.orders:
                await self._speak(plan.orders, assembly)
            if self._book.config.rendering.allow_gaps and not self.stop.was_asked:
                assembly.begin(without=frozenset(self.tally.failures))
        finally:
            await assembly.finish()

    async def _speak(self, orders: Iterable[Order], assembly: _Assembly) -> None:
        scheduler = LocalScheduler(
            self._booth(),
            self._concurrency,
            self._on_take(assembly),
            has_answered=bool(self.tally.spoken),
        )
        self._in_flight = lambda: scheduler.in_flight
        failures = await scheduler.run(orders)
        self.tally.failures.update({failure.order.key: failure for failure in failures})

    def _on_take(self, assembly: _Assembly) -> Callable[[Order, Spoken], None]:
        def on_take(order: Order, _: Spoken) -> None:
            self.tally.spoken[order.key] = order.segments
            self.tally.failures.pop(order.key, None)
            assembly.have(order.key)

        return on_take

    async def _assemble(self, planned: PlannedChapter, without: frozenset[TakeKey]) -> None:
        if self.stop.softly.is_set():
            return
        loop = asyncio.get_running_loop()
        try:
            made = await loop.run_in_executor(self._binders, self._bind, planned, without)
            if made is not None:
                paths = self._delivery.record(made)
                self._observe(ChapterAssembled(planned.number, made.title, paths, made.duration_s))
        except BaseException:
            self._limits.close()  # a book that cannot be assembled must not go on costing
            raise

    def _bind(self, planned: PlannedChapter, without: frozenset[TakeKey]) -> DeliveredChapter | None:
        """Make a chapter's files of its takes, unless they are there. Blocks."""
        pairs = [
            (segment, key)
            for segment, key in zip(planned.chapter.segments, planned.keys, strict=True)
            if key not in without
        ]
        if not pairs:
            return None
        segments, keys = zip(*pairs, strict=True)
        made = None
        if not self._delivery.is_current(planned.number, segments, keys):
            takes = self._loaded(keys)
            if takes is None:
                return None
            order = self._delivery.order(planned.number, segments, takes)
            try:
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

    def _booth(self) -> Booth:
        rendering = self._book.config.rendering
        return Booth(
            provider=self._book.provider,
            limits=self._limits,
            checks=self._checks,
            writer=self._writer,
            ledger=self._ledger,
            observe=self._observe,
            on_billed=self._on_billed,
            attempts=rendering.attempts,
            timeout_s=rendering.timeout_s,
            deadline_s=rendering.deadline_s,
        )

    def _on_billed(self, characters: int) -> None:
        self.tally.billed_characters += characters

    @property
    def _concurrency(self) -> int:
        return self._book.config.rendering.concurrency or self._book.provider.capabilities.concurrency


class _Assembly:
    """Begins to assemble each chapter as soon as its last take is there."""

    def __init__(
        self,
        assemble: Callable[[PlannedChapter, frozenset[TakeKey]], Awaitable[None]],
        missing: set[TakeKey],
        plan: Plan,
    ) -> None:
        self._assemble = assemble
        self._waiting = {chapter.number: missing.intersection(chapter.keys) for chapter in plan.chapters}
        self._chapters = {chapter.number: chapter for chapter in plan.chapters}
        self._tasks: list[asyncio.Task[None]] = []
        self._limit = asyncio.Semaphore(CHAPTERS_AT_ONCE)

    def have(self, key: TakeKey) -> None:
        for missing in self._waiting.values():
            missing.discard(key)
        self.begin()

    def begin(self, without: frozenset[TakeKey] = frozenset()) -> None:
        """Begin all chapters that wait for nothing but `without`, in order."""
        for number in [number for number, missing in self._waiting.items() if missing <= without]:
            del self._waiting[number]
            self._tasks.append(asyncio.create_task(self._one(self._chapters[number], without)))

    async def _one(self, chapter: PlannedChapter, without: frozenset[TakeKey]) -> None:
        async with self._limit:
            await self._assemble(chapter, without)

    async def finish(self) -> None:
        """Wait for all that was begun; raise the first error, if any."""
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
