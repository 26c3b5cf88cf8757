"""What an account allows: so many requests at once, so many a period, and none while it says wait.

All attempts pass one door, in the order in which they come; whoever stands in it waits for whatever holds the
account back, and the others behind it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from narrator.errors import (
    AttemptError,
    Interrupted,
    RateLimited,
    SpeechError,
    StreamBroken,
    Unavailable,
    Unreachable,
)
from narrator.rendering.breaker import Breaker
from narrator.rendering.flow import Flow
from narrator.rendering.rate import Rate
from narrator.rendering.shared import SharedAccount, SharedLimits
from narrator.rendering.slots import POLL_S, Release

if TYPE_CHECKING:
    from asyncio_throttle.throttler import Throttler

LONGEST_WAIT_S = 60.0
"""However long a server asks us to wait; a person can always run the command again later."""

LINGERS_S = 0.25
"""How long an attempt that broke off keeps its slot: the service counts it until it sees that we have gone,
which many do only when they send their next piece."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt under way."""

    number: int
    is_probe: bool
    release: Release | None


class AccountLimits:
    """Entered before each attempt, and asked for every wait; one for each account of a run.

    `concurrency` is at least 1; `rate` is '5/s', '100/m', '20/10s', or '' for no limit; neither number is 0.
    With `shared`, both hold over all processes of the account, and so does a pause. What the service says of
    the account's concurrency is heeded up to `most`, which is `concurrency` where it is not given. How attempts
    end teaches the rest: an account that says 429 gets fewer requests at once for a while, and a service that
    fails everyone is probed by one.

    Setting `stopping` ends all waits and begins no attempt, and so does `close`: the one is a person's wish,
    the other follows from an error that nothing can succeed after. Attempts under way go on to their end.

    A context manager, left after the last attempt: then the files of `shared` are closed.
    """

    def __init__(
        self,
        concurrency: int,
        rate: str = "",
        *,
        most: int | None = None,
        stopping: asyncio.Event,
        shared: SharedAccount | None = None,
    ) -> None:
        parsed = Rate.parse(rate)
        self._throttler = _throttler(parsed) if parsed else None
        self._shared = SharedLimits(shared, concurrency, parsed, LONGEST_WAIT_S) if shared else None
        self._flow = Flow(concurrency)
        self._most = concurrency if most is None else most
        self.has_granted = False
        """Whether any attempt has been answered in full."""
        self._breaker = Breaker()
        self._stopping = stopping
        self._closing = asyncio.Event()
        self._door = asyncio.Lock()
        self._ended = asyncio.Event()
        self._running = 0
        self._open_at = 0.0
        self._failure = ""

    @property
    def is_closed(self) -> bool:
        """Whether nothing more may begin."""
        return self._stopping.is_set() or self._closing.is_set()

    @property
    def concurrency(self) -> int:
        """How many attempts at once make sense; refusals may allow fewer for a while."""
        return self._flow.cap

    @property
    def is_down(self) -> bool:
        """Whether the service fails everyone at present, and is only probed."""
        return self._breaker.is_down

    def close(self) -> None:
        """Begin nothing more, and end all waits."""
        self._closing.set()

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Hold one of the account's slots for the time of one request, and learn from how it ends.

        Raises:
            Interrupted: closed before the request could begin.
            Unreachable: the service had answered, and has been down for too long to wait for it.
        """
        attempt = await self._begin()
        try:
            yield
        except BaseException as exc:
            self._learn(attempt, exc)
            if _broke_off(exc):
                asyncio.get_running_loop().call_later(LINGERS_S, self._end, attempt)
            else:
                self._end(attempt)
            raise
        else:
            self._learn(attempt, None)
            self._end(attempt)

    def allow(self, concurrency: int) -> None:
        """Go by what the service says that the account may do at once."""
        allowed = max(1, min(concurrency, self._most))
        if allowed != self._flow.cap:
            self._flow.resize(allowed)
            if self._shared:
                self._shared.resize(allowed)
            self._ended.set()

    async def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Interrupted: closed meanwhile.
        """
        await self._unless_closed(asyncio.sleep(seconds))

    def pause(self, seconds: float) -> None:
        """Begin nothing on this account for so long: a server that says wait says it to all of us."""
        seconds = min(max(seconds, 0.0), LONGEST_WAIT_S)
        self._open_at = max(self._open_at, _now() + seconds)
        if self._shared:
            self._shared.pause(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._shared:
            self._shared.close()

    async def _begin(self) -> _Attempt:
        # One that ends its wait because all is closed lets the next one through, which ends likewise.
        async with self._door:
            await self._until(self._held_back_s)
            release = await self._slot() if self._shared else None
            try:
                await self._token()
                await self._until(self._held_back_s)  # there may be a pause by now
            except BaseException:
                if release:
                    release()
                raise
            self._running += 1
            return _Attempt(self._flow.begin(), self._breaker.begin(), release)

    def _end(self, attempt: _Attempt) -> None:
        if attempt.release:
            attempt.release()
        self._running -= 1
        self._ended.set()

    def _held_back_s(self) -> float:
        """How long nothing may begin; infinite until an attempt ends. Raises Unreachable."""
        if self._running >= self._flow.allowed:
            return math.inf
        if self._breaker.has_given_up:
            raise Unreachable(
                f"The provider has gone down: {self._failure}",
                advice="Finished segments are kept. Run the same command again when the provider is well.",
            )
        now = _now()
        told_s = self._shared.paused_s() if self._shared else 0.0
        return max(self._open_at - now, told_s, self._breaker.wait_s(now))

    async def _slot(self) -> Release | None:
        shared, release = self._shared, None

        def look() -> float:
            nonlocal release
            release = shared.look_for_slot() if shared else None
            return 0.0 if release else POLL_S

        try:
            await self._until(look)
        finally:
            if shared:
                shared.leave()
        return release

    async def _token(self) -> None:
        if self._throttler:
            await self._unless_closed(self._throttler.acquire())  # type: ignore[no-untyped-call] # it has no annotations
            if self._shared:
                await self._until(self._shared.take_token)

    def _learn(self, attempt: _Attempt, error: BaseException | None) -> None:
        match error:
            case None:
                self.has_granted = True
                self._flow.succeeded(attempt.number)
                self._breaker.succeeded()
            case Unavailable() | StreamBroken():
                self._failure = error.what
                self._breaker.failed(_task_name(), _now(), is_probe=attempt.is_probe)
            case RateLimited():
                if error.is_concurrency:
                    self._flow.crowded(self._running)
                else:
                    self._flow.limited(attempt.number)
                self._breaker.answered()
            case SpeechError():
                self._breaker.answered()
            case _:
                self._breaker.dropped(is_probe=attempt.is_probe)

    async def _until(self, wait_s: Callable[[], float]) -> None:
        """Wait until there is nothing more to wait for; ask again when an attempt ends, too."""
        while True:
            if self.is_closed:
                raise Interrupted("Stopped while waiting to begin a request.")
            self._ended.clear()
            if (seconds := wait_s()) <= 0:
                return
            await self._unless_closed(self._an_end(seconds))

    async def _an_end(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), None if math.isinf(seconds) else seconds)

    async def _unless_closed(self, wait: Coroutine[Any, Any, None]) -> None:
        waits = [asyncio.create_task(each) for each in (wait, self._stopping.wait(), self._closing.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if self.is_closed:
            raise Interrupted("Stopped while waiting to begin a request.")
        waits[0].result()


def _broke_off(error: BaseException) -> bool:
    """Whether the service may be answering yet, for all that it knows."""
    is_cut = isinstance(error, AttemptError | asyncio.CancelledError)
    return is_cut and not isinstance(error, RateLimited)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _task_name() -> str:
    task = asyncio.current_task()
    return task.get_name() if task else ""


def _throttler(rate: Rate) -> Throttler:
    from asyncio_throttle.throttler import Throttler  # noqa: PLC0415 - most renders set no rate

    return Throttler(rate.count, period=rate.period_s)
