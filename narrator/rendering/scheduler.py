"""The scheduler: renders orders with bounded concurrency, and is honest about how it ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from narrator.errors import (
    AttemptError,
    BadTake,
    DiskError,
    Interrupted,
    NarratorError,
    RunError,
    SegmentError,
    TriesUsedUp,
    Unavailable,
    Unreachable,
)
from narrator.events import SegmentFailed, TakeReady
from narrator.rendering.plan import Order
from narrator.rendering.segment import Booth, Spoken

GIVE_UP_AFTER = 5
"""Segments in a row without a usable answer: then it is the provider that fails, not the text."""

GIVE_UP_FIRST_AFTER = 2
"""The same, as long as there was no usable answer at all: a provider that is set up wrongly gives none."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An order that has no take, and why."""

    order: Order
    reason: str


class LocalScheduler:
    """Renders orders on this machine's event loop, in their order, as many at a time as `booth.limits` allow.

    Once `booth.limits` are closed, running segments finish and no others begin; cancelling `run` stops at once.
    """

    def __init__(
        self,
        booth: Booth,
        on_take: Callable[[Order, Spoken], None],
        *,
        has_answered: bool = False,
        may_leave_gaps: bool = False,
    ) -> None:
        """`has_answered`: whether the provider has given a take earlier in this run.

        `may_leave_gaps`: whether texts of which no answer is a take are no reason to end the run; that it can
        speak at all is known from an earlier one.
        """
        self._booth = booth
        self._has_answered = has_answered
        self._may_leave_gaps = may_leave_gaps
        self._price = booth.provider.capabilities.usd_per_million_characters
        self._on_take = on_take
        self._waiting: deque[Order] = deque()
        self._failures: list[Failure] = []
        self._unanswered = 0
        self._fatal: NarratorError | None = None
        self._workers = 0
        self.in_flight = 0

    async def run(self, orders: Iterable[Order]) -> tuple[Failure, ...]:
        """Render all orders; the failures are those given up.

        Raises:
            RunError, DiskError: the run was stopped by it; what was in flight had been let finish.
        """
        self._waiting = deque(orders)
        async with asyncio.TaskGroup() as group:
            self._call_in(group)
        if self._fatal:
            raise self._fatal
        return tuple(self._failures)

    def _call_in(self, group: asyncio.TaskGroup) -> None:
        """Let as many work as the account allows by now: its service may have said more than at first."""
        while self._workers < min(self._booth.limits.concurrency, self.in_flight + len(self._waiting)):
            self._workers += 1
            group.create_task(self._work(group))

    async def _work(self, group: asyncio.TaskGroup) -> None:
        limits = self._booth.limits
        while self._waiting and self._workers <= limits.concurrency and not limits.is_closed:
            await self._render(self._waiting.popleft())
            self._call_in(group)
        self._workers -= 1

    async def _render(self, order: Order) -> None:
        self.in_flight += 1
        try:
            spoken = await self._booth.record(order)
        except SegmentError as exc:
            self._give_up(order, exc)
        except (RunError, DiskError) as exc:
            self._end(exc)
        except Interrupted:
            return
        else:
            self._unanswered = 0
            self._has_answered = True
            take = spoken.take
            text = order.request.text
            self._booth.observe(
                TakeReady(
                    order.key,
                    order.chapter,
                    len(text),
                    spoken.characters_billed,
                    None if self._price is None else spoken.characters_billed * self._price / 1e6,
                    take.frames / take.rate_hz,
                    order.segments,
                    **spoken.arrival.by_name(),
                )
            )
            self._on_take(order, spoken)
        finally:
            self.in_flight -= 1

    def _give_up(self, order: Order, error: SegmentError) -> None:
        self._failures.append(Failure(order, error.what))
        text = order.request.text
        self._booth.observe(SegmentFailed(order.key, order.chapter, text, error.what, order.segments))
        cause = error.__cause__
        if not (isinstance(error, TriesUsedUp) and isinstance(cause, AttemptError)):
            return
        if self._may_leave_gaps and isinstance(cause, BadTake):
            return
        self._unanswered += 1
        enough = GIVE_UP_AFTER if self._has_answered else GIVE_UP_FIRST_AFTER
        is_cut_off = isinstance(cause, Unavailable) and not cause.connected
        if is_cut_off or self._booth.limits.is_down or self._unanswered >= enough:
            self._end(self._unreachable(cause))

    def _unreachable(self, cause: AttemptError) -> Unreachable:
        goes_on = "Finished segments are kept. Run the same command again when the provider is well."
        return Unreachable(
            f"The provider {self._booth.provider.name} gives no usable answer: {cause.what.rstrip('.')}.",
            advice=f"{cause.advice} {goes_on}".lstrip(),
        )

    def _end(self, error: NarratorError) -> None:
        self._fatal = self._fatal or error
        self._booth.limits.close()
