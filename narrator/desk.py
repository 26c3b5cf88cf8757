"""A speaker at work in a run: its provider open, under its account's limits, its requests in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from itertools import islice
from types import TracebackType
from typing import Any, Self

from narrator.book import Book
from narrator.events import Notice
from narrator.ports import Observer
from narrator.rendering.checks import TakeChecks
from narrator.rendering.languages import ensure_language_is_spoken
from narrator.rendering.limits import AccountLimits
from narrator.rendering.plan import Order, Plan
from narrator.rendering.scheduler import Failure, LocalScheduler
from narrator.rendering.segment import Booth, Spoken
from narrator.rendering.takes import TakeFolder
from narrator.rendering.transports import Transports
from narrator.rendering.writer import TakeWriter
from narrator.stopping import Stop
from narrator.wiring import open_ledger, shared_account

LEARNED_FROM_EARLIER = 40

MOST_AT_ONCE = 256
"""Requests at once, whatever a service says of the account, where no person named a number."""


class Desk:
    """One of a book's speakers, from the time when it is asked whether it can speak to its last take.

    An asynchronous context manager. `is_open` says that the provider was entered before; then whoever did so
    leaves it. `on_billed` is told the characters of every whole answer.
    """

    def __init__(
        self,
        book: Book,
        number: int,
        takes: TakeFolder,
        stop: Stop,
        observe: Observer,
        *,
        on_billed: Callable[[int], None],
        is_open: bool = False,
    ) -> None:
        self.number = number
        self.speaker = book.speakers[number]
        self.checks = TakeChecks(is_local=self.speaker.provider.capabilities.is_local)
        self.has_answered = False
        self._book = book
        self._takes = takes
        self._stop = stop
        self._observe = observe
        self._on_billed = on_billed
        self._is_open = is_open
        self._stack = AsyncExitStack()
        self._scheduler: LocalScheduler | None = None
        self._has_spoken_before = False

    @property
    def in_flight(self) -> int:
        """How many orders are being spoken now."""
        return self._scheduler.in_flight if self._scheduler else 0

    @property
    def is_rushed(self) -> bool:
        """Whether it has its hands full with answers, and other work had better wait."""
        return self.in_flight > 0 and self._booth.writer.rush.is_on

    def close(self) -> None:
        """Begin nothing more; what is in flight goes on to its end."""
        self._limits.close()

    def learn_pace(self, plan: Plan) -> None:
        """Tell the checks how fast the voice speaks, by takes that it spoke in earlier runs."""
        missing = {order.key for order in plan.orders}
        there = (
            (segment, key)
            for planned in plan.chapters
            if planned.speaker == self.number
            for segment, key in zip(planned.chapter.segments, planned.keys, strict=True)
            if key not in missing
        )
        for segment, key in islice(there, LEARNED_FROM_EARLIER):
            if take := self._takes.load(key):
                self.checks.learn(self.speaker.request_for(segment), take.measurement, key)
                self._has_spoken_before = True

    async def speak(
        self, orders: Sequence[Order], on_take: Callable[[Order, Spoken], None]
    ) -> tuple[Failure, ...]:
        """Speak orders; the failures are those given up.

        Raises:
            RunError, DiskError: stopped by it; what was in flight had been let finish.
        """

        def taken(order: Order, spoken: Spoken) -> None:
            self.has_answered = True
            on_take(order, spoken)

        self._scheduler = LocalScheduler(
            self._booth,
            taken,
            has_answered=self.has_answered,
            may_leave_gaps=self._book.config.rendering.allow_gaps and self._has_spoken_before,
        )
        return await self._scheduler.run(orders)

    async def __aenter__(self) -> Self:
        """Open it, and ask the provider whether it can speak.

        Raises:
            RunError: it cannot.
            DiskError: the ledger cannot be read or written.
            Interrupted: a person asked to stop meanwhile.
        """
        async with AsyncExitStack() as stack:
            provider, rendering = self.speaker.provider, self._book.config.rendering
            if not self._is_open:
                await stack.enter_async_context(provider)
            all_of_them = [speaker.provider for speaker in self._book.speakers]
            ledger = stack.enter_context(
                open_ledger(self._book.project, provider, rendering, self._takes, all_of_them)
            )
            for text in ledger.notices:
                self._observe(Notice(text))
            writer = await stack.enter_async_context(TakeWriter(self._takes, ledger))
            await self._unless_stopped(provider.check(self._voices))
            # Again, for by now a provider may know what its voice speaks.
            ensure_language_is_spoken(self._book.script, self._book.language, provider)
            # Not before: by now it knows how many requests at once the account may run.
            self._limits = stack.enter_context(
                AccountLimits(
                    self._concurrency,
                    rendering.rate,
                    most=rendering.concurrency or MOST_AT_ONCE,
                    stopping=self._stop.softly,
                    shared=shared_account(provider),
                )
            )
            self._booth = Booth(
                provider=provider,
                transports=Transports(provider.capabilities.transports, self._on_left),
                limits=self._limits,
                checks=self.checks,
                writer=writer,
                ledger=ledger,
                observe=self._observe,
                on_billed=self._on_billed,
                attempts=rendering.attempts,
                timeout_s=rendering.timeout_s,
                deadline_s=rendering.deadline_s,
            )
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def _voices(self) -> tuple[str, ...]:
        """The voices that speak besides the speaker's own."""
        segments = (segment for chapter in self._book.script.spoken for segment in chapter.segments)
        spoken = {self.speaker.voice_of(segment) for segment in segments}
        return tuple(sorted(spoken - {self.speaker.provider.voice}))

    def _on_left(self, transport: str, other: str) -> None:
        name = self.speaker.provider.name
        self._observe(Notice(f"{name} does not come through by {transport}: from now on by {other}."))

    @property
    def _concurrency(self) -> int:
        able = self.speaker.provider.capabilities.concurrency
        wanted = self._book.config.rendering.concurrency
        if self.number:  # the number was named for another account
            return min(wanted or able, able)
        return self.speaker.provider.capabilities.at_once(wanted)

    async def _unless_stopped(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait for something that may take long, but no longer than until a person asks to stop."""
        task, stop = asyncio.create_task(waiting), asyncio.create_task(self._stop.softly.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self._stop.error()
            await task
        finally:
            for each in (task, stop):
                each.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)
