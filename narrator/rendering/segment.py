"""One segment's life: from an order to a durable take. The only place where a provider call is retried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from narrator.audio.measure import measure
from narrator.errors import (
    AttemptError,
    BadTake,
    DiskError,
    RateLimited,
    Refused,
    Rejected,
    TriesUsedUp,
    Unavailable,
)
from narrator.events import SegmentRetried, SegmentStarted
from narrator.model import Draft, Outcome, SpeechRequest, Take
from narrator.ports import Ledger, Observer, Provider
from narrator.rendering.answer import Answer, Arrival
from narrator.rendering.checks import TakeChecks
from narrator.rendering.limits import LONGEST_WAIT_S, AccountLimits
from narrator.rendering.plan import Order
from narrator.rendering.transports import Journey, Transports
from narrator.rendering.tries import WAIT_BASE_S, Tries, error_of, wait_s
from narrator.rendering.writer import TakeWriter


@dataclass(frozen=True, slots=True)
class Spoken:
    """A take, what its answer cost, and how it came."""

    take: Take
    characters_billed: int
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Booth:
    """All that a segment needs on its way: who speaks it, under which limits, and where the take goes.

    `on_billed` is told the characters of every whole answer, those included that failed the checks. `timeout_s`
    is the longest that an attempt takes; `deadline_s` is for all attempts at a segment and the waits between.
    """

    provider: Provider
    transports: Transports
    limits: AccountLimits
    checks: TakeChecks
    writer: TakeWriter
    ledger: Ledger
    observe: Observer
    on_billed: Callable[[int], None]
    attempts: int
    timeout_s: float
    deadline_s: float
    wait_base_s: float = WAIT_BASE_S

    async def record(self, order: Order) -> Spoken:
        """Speak an order until there is a take of it.

        Raises:
            SegmentError: this text cannot be had; `TriesUsedUp` names the last failure as its cause.
            RunError, DiskError: nothing further can succeed.
            Interrupted: `limits` were closed before an attempt could begin.
        """
        tries, journey = Tries(self.limits, self.attempts, self.deadline_s), self.transports.journey()
        self.observe(SegmentStarted(order.key, order.chapter, order.request.text))

        async def sleep(seconds: float) -> None:
            with tries.spending(LONGEST_WAIT_S):
                await self.limits.sleep(seconds)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(AttemptError),
            stop=tries.are_used_up,
            wait=lambda state: wait_s(state, self.limits, self.wait_base_s),
            sleep=sleep,
            before_sleep=lambda state: self._tell_retry(order, state, journey),
            reraise=True,
        )
        try:
            return await retrying(self._attempt, order.request, tries, journey)
        except AttemptError as exc:
            raise TriesUsedUp(f"gave up after {tries.made} attempts: {exc.what}", advice=exc.advice) from exc

    async def _attempt(self, request: SpeechRequest, tries: Tries, journey: Journey) -> Spoken:
        answer = Answer(request, journey.transport)
        async with self.limits.attempt():
            call = self.ledger.intend(request)
            with self._settling(call, answer), tries.spending(self.timeout_s):
                if self.ledger.needs_intents:
                    await self.writer.committed()
                await self._listen(request, answer)
        if answer.receipt.concurrency_limit is not None:
            self.limits.allow(answer.receipt.concurrency_limit)
        with self._settling(call, answer, is_whole=True):
            take = await self.writer.keep(lambda: self._judge(request, answer), is_brief=answer.is_brief)
        self._settle(call, Outcome.TAKE, answer.characters_billed)
        journey.arrived()
        return Spoken(take, answer.characters_billed, answer.arrival(take.frames / take.rate_hz))

    async def _listen(self, request: SpeechRequest, answer: Answer) -> None:
        answer.send()
        async with aclosing(self.provider.speak(request, answer.transport)) as events:
            async for event in events:
                answer.add(event)
                if answer.has_much:
                    await self.writer.measured(answer.decode)
        answer.end()

    def _judge(self, request: SpeechRequest, answer: Answer) -> Draft:
        """Decode, measure and check a whole answer."""
        pcm = answer.pcm()
        measurement = measure(pcm, request.rate_hz)
        self.checks.check(
            request, measurement, transport=answer.transport, source_rate_hz=answer.source_rate_hz
        )
        facts = answer.facts(measurement.frames / request.rate_hz)
        return Draft(request, pcm, measurement, tuple(answer.words), facts)

    @contextmanager
    def _settling(self, call: int, answer: Answer, *, is_whole: bool = False) -> Iterator[None]:
        """Tell the ledger what a call came to that fails inside.

        A whole answer becomes a take even if nobody waits for it any more: that is told when the ledger closes.
        """
        try:
            yield
        except BaseException as exc:
            if is_whole and isinstance(exc, asyncio.CancelledError):
                raise
            self._settle(call, _outcome(exc, answer), answer.characters_billed)
            raise

    def _settle(self, call: int, outcome: Outcome, characters_billed: int) -> None:
        is_billed = outcome in {Outcome.TAKE, Outcome.WASTED}
        self.ledger.settle(call, outcome, characters_billed=characters_billed if is_billed else 0)
        self.writer.commit_soon()
        if is_billed:
            self.on_billed(characters_billed)

    def _tell_retry(self, order: Order, state: RetryCallState, journey: Journey) -> None:
        error = error_of(state)
        if not isinstance(error, AttemptError):
            return
        other = journey.failed(error)
        self.observe(
            SegmentRetried(
                order.key,
                order.chapter,
                state.attempt_number,
                float(state.upcoming_sleep),
                f"{error.what.rstrip('.')}; next by {other}" if other else error.what,
                is_retake=isinstance(error, BadTake),
            )
        )


def _outcome(error: BaseException, answer: Answer) -> Outcome:
    """What a call that ended in an error came to, judged by how far it went."""
    if not answer.was_sent:
        return Outcome.UNPAID
    if isinstance(error, BadTake | DiskError):
        return Outcome.WASTED
    is_refusal = isinstance(error, RateLimited | Rejected | Refused)
    is_unconnected = isinstance(error, Unavailable) and not error.connected
    if (is_refusal or is_unconnected) and not answer.has_begun:
        return Outcome.UNPAID
    return Outcome.MAYBE
