"""One segment's life: from an order to a durable take. The only place where a provider call is retried."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, assert_never

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from narrator.audio.decode import PcmDecoder
from narrator.audio.measure import measure
from narrator.errors import AttemptError, BadTake, RateLimited, TriesUsedUp, Unavailable
from narrator.events import SegmentRetried, SegmentStarted
from narrator.model import AudioChunk, SpeechReceipt, SpeechRequest, Take, WordTime
from narrator.ports import Observer, Provider, TakeStore
from narrator.rendering.checks import TakeChecks
from narrator.rendering.limits import LONGEST_WAIT_S, AccountLimits
from narrator.rendering.plan import Order

MOST_BAD_TAKES = 3
"""Answers to one text that may fail the checks: each was probably paid for."""

MOST_RATE_LIMITED = 30
"""Refusals cost nothing, so there may be many: a busy account is no reason to lose a segment."""

MAX_TAKE_S = 900
"""No text of one request takes a quarter of an hour: an answer that goes on would only fill memory."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A take, and what its answer cost."""

    take: Take
    characters_billed: int


@dataclass(slots=True)
class _Answer:
    """What has come of one attempt."""

    pcm: bytearray = field(default_factory=bytearray)
    words: list[WordTime] = field(default_factory=list)
    receipt: SpeechReceipt = field(default_factory=SpeechReceipt)
    ttfb_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Booth:
    """All that a segment needs on its way: who speaks it, under which limits, and where the take goes.

    `executor` runs what would hold up the event loop: measuring and writing.
    """

    provider: Provider
    limits: AccountLimits
    checks: TakeChecks
    takes: TakeStore
    executor: Executor
    observe: Observer
    attempts: int
    wait_base_s: float = 0.5

    async def record(self, order: Order) -> Spoken:
        """Speak an order until there is a take of it.

        Raises:
            SegmentError: this text cannot be had; `TriesUsedUp` names the last failure as its cause.
            RunError, DiskError: nothing further can succeed.
            Interrupted: `limits` were closed before an attempt could begin.
        """
        tries = _Tries(self.attempts)
        self.observe(SegmentStarted(order.key, order.chapter, order.request.text))
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(AttemptError),
            stop=tries.are_used_up,
            wait=self._wait_s,
            sleep=self.limits.sleep,
            before_sleep=lambda state: self._tell_retry(order, state),
            reraise=True,
        )
        try:
            return await retrying(self._attempt, order.request)
        except AttemptError as exc:
            raise TriesUsedUp(f"gave up after {tries.made} attempts: {exc.what}", advice=exc.advice) from exc

    async def _attempt(self, request: SpeechRequest) -> Spoken:
        async with self.limits.attempt():
            answer = await self._listen(request)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, self._keep, request, answer)

    async def _listen(self, request: SpeechRequest) -> _Answer:
        answer = _Answer()
        decoder = PcmDecoder(request.rate_hz)
        began = time.monotonic()
        async with aclosing(self.provider.speak(request)) as events:
            async for event in events:
                match event:
                    case AudioChunk():
                        if answer.ttfb_ms is None:
                            answer.ttfb_ms = round((time.monotonic() - began) * 1000)
                        answer.pcm += decoder.feed(event)
                        if len(answer.pcm) > 2 * MAX_TAKE_S * request.rate_hz:
                            raise BadTake(f"the answer goes on after {MAX_TAKE_S} s of audio")
                    case WordTime():
                        answer.words.append(event)
                    case SpeechReceipt():
                        answer.receipt = event
                    case _:
                        assert_never(event)
        answer.pcm += decoder.finish()
        return answer

    def _keep(self, request: SpeechRequest, answer: _Answer) -> Spoken:
        """Measure, check and store an answer. Blocks."""
        if not answer.pcm:
            raise BadTake("the answer has no audio")
        pcm = bytes(answer.pcm)
        measurement = measure(pcm, request.rate_hz)
        self.checks.check(request, measurement)
        billed = answer.receipt.characters_billed
        billed = len(request.text) if billed is None else billed
        facts: dict[str, Any] = {
            "ids": dict(answer.receipt.ids),
            "characters_billed": billed,
            "ttfb_ms": answer.ttfb_ms,
        }
        take = self.takes.save(request, pcm, measurement, tuple(answer.words), facts)
        return Spoken(take, billed)

    def _wait_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        named = error.retry_after_s if isinstance(error, RateLimited | Unavailable) else None
        backoff = float(wait_random_exponential(multiplier=self.wait_base_s, max=30)(state))
        if named is None:
            return backoff
        # Some servers name a time of 0, or one that has passed, again and again.
        wait_s = min(max(named, backoff), LONGEST_WAIT_S)
        self.limits.pause(wait_s)
        return wait_s

    def _tell_retry(self, order: Order, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        reason = error.what if isinstance(error, AttemptError) else str(error)
        wait_s = state.next_action.sleep if state.next_action else 0.0
        self.observe(SegmentRetried(order.key, order.chapter, state.attempt_number, float(wait_s), reason))


class _Tries:
    """Counts the failures of one order by kind: each kind has its own number of tries."""

    def __init__(self, attempts: int) -> None:
        self.made = 0
        self._failed = self._bad = self._limited = 0
        self._attempts = attempts

    def are_used_up(self, state: RetryCallState) -> bool:
        self.made = state.attempt_number
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, BadTake):
            self._bad += 1
        elif isinstance(error, RateLimited):
            self._limited += 1
        else:
            self._failed += 1
        return (
            self._bad >= min(MOST_BAD_TAKES, self._attempts)
            or self._limited >= MOST_RATE_LIMITED
            or self._failed >= self._attempts
        )
