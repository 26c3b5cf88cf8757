"""The scheduler: renders orders with bounded concurrency, and is honest about how it ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from narrator.errors import (
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
"""Segments in a row that fail for want of an answer: then it is the provider that fails, not the text."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An order that has no take, and why."""

    order: Order
    reason: str


class LocalScheduler:
    """Renders orders on this machine's event loop, `concurrency` at a time, in their order.

    Setting `booth.stopping` lets running segments finish and begins no others; cancelling `run` stops at once.
    """

    def __init__(self, booth: Booth, concurrency: int, on_take: Callable[[Order, Spoken], None]) -> None:
        self._booth = booth
        self._concurrency = concurrency
        self._on_take = on_take
        self._waiting: deque[Order] = deque()
        self._failures: list[Failure] = []
        self._unanswered = 0
        self._fatal: NarratorError | None = None
        self.in_flight = 0

    async def run(self, orders: Iterable[Order]) -> tuple[Failure, ...]:
        """Render all orders; the failures are those given up.

        Raises:
            RunError, DiskError: the run was stopped by it; what was in flight had been let finish.
        """
        self._waiting = deque(orders)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._concurrency, len(self._waiting))):
                group.create_task(self._work())
        if self._fatal:
            raise self._fatal
        return tuple(self._failures)

    async def _work(self) -> None:
        while self._waiting and not self._booth.stopping.is_set():
            await self._render(self._waiting.popleft())

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
            take = spoken.take
            text = order.request.text
            self._booth.observe(
                TakeReady(
                    order.key,
                    order.chapter,
                    len(text),
                    spoken.characters_billed,
                    take.frames / take.rate_hz,
                    order.segments,
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
        if not (isinstance(error, TriesUsedUp) and isinstance(cause, Unavailable)):
            return
        self._unanswered += 1
        if not cause.connected or self._unanswered >= GIVE_UP_AFTER:
            self._end(
                Unreachable(
                    f"The provider {self._booth.provider.name} gives no usable answer: {cause.what}.",
                    advice="Finished segments are kept. Run the same command again when the provider is back.",
                )
            )

    def _end(self, error: NarratorError) -> None:
        self._fatal = self._fatal or error
        self._booth.stopping.set()
