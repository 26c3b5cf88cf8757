"""What an account allows: so many requests at once, so many a period, and none while it says wait."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio_throttle.throttler import Throttler

LONGEST_WAIT_S = 120.0
"""However long a server asks us to wait; a person can always run the command again later."""

_RATE = re.compile(r"(?P<count>\d+)/(?P<number>\d+(?:\.\d+)?)?(?P<unit>[smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class AccountLimits:
    """Entered before each attempt; one for each account of a run.

    `concurrency` is at least 1; `rate` is '5/s', '100/m', '20/10s', or '' for no limit.
    """

    def __init__(self, concurrency: int, rate: str = "") -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._throttler = _throttler(rate)
        self._open_at = 0.0

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Hold one of the account's slots for the time of one request."""
        async with self._slots:
            await self._opening()
            if self._throttler:
                await self._throttler.acquire()  # type: ignore[no-untyped-call] # it has no annotations
            yield

    async def _opening(self) -> None:
        now = asyncio.get_running_loop().time
        while (wait_s := self._open_at - now()) > 0:  # noqa: ASYNC110 - another answer may move it on meanwhile
            await asyncio.sleep(wait_s)

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
