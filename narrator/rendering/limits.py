"""What an account allows: so many requests at once, so many a period, and none while it says wait."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from narrator.errors import Interrupted

if TYPE_CHECKING:
    from asyncio_throttle.throttler import Throttler

LONGEST_WAIT_S = 120.0
"""However long a server asks us to wait; a person can always run the command again later."""

_RATE = re.compile(r"(?P<count>[0-9]+)/(?P<number>[0-9]+(?:\.[0-9]+)?)?(?P<unit>[smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class AccountLimits:
    """Entered before each attempt, and asked for every wait; one for each account of a run.

    `concurrency` is at least 1; `rate` is '5/s', '100/m', '20/10s', or '' for no limit; neither number is 0.
    Setting `stopping` ends all waits and begins no attempt, and so does `close`: the one is a person's wish,
    the other follows from an error that nothing can succeed after. Attempts under way go on to their end.
    """

    def __init__(self, concurrency: int, rate: str = "", *, stopping: asyncio.Event) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._throttler = _throttler(rate)
        self._stopping = stopping
        self._closing = asyncio.Event()
        self._open_at = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether nothing more may begin."""
        return self._stopping.is_set() or self._closing.is_set()

    def close(self) -> None:
        """Begin nothing more, and end all waits."""
        self._closing.set()

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Hold one of the account's slots for the time of one request.

        Raises:
            Interrupted: closed before the request could begin.
        """
        async with self._slots:
            await self._unless_closed(self._opening())
            yield

    async def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Interrupted: closed meanwhile.
        """
        await self._unless_closed(asyncio.sleep(seconds))

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

    async def _opening(self) -> None:
        now = asyncio.get_running_loop().time
        while (wait_s := self._open_at - now()) > 0:  # noqa: ASYNC110 - another answer may move it on meanwhile
            await asyncio.sleep(wait_s)
        if self._throttler:
            await self._throttler.acquire()  # type: ignore[no-untyped-call] # it has no annotations

    def pause(self, seconds: float) -> None:
        """Begin nothing on this account for so long: a server that says wait says it to all of us."""
        until = asyncio.get_running_loop().time() + min(max(seconds, 0.0), LONGEST_WAIT_S)
        self._open_at = max(self._open_at, until)


def _throttler(rate: str) -> Throttler | None:
    match = _RATE.fullmatch(rate)
    if match is None:
        return None
    from asyncio_throttle.throttler import Throttler  # noqa: PLC0415 - most renders set no rate

    return Throttler(int(match["count"]), period=float(match["number"] or 1) * _SECONDS[match["unit"]])
