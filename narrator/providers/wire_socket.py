"""An open WebSocket, listened to all the time: while a request uses it, and while it rests between two."""

from __future__ import annotations

import asyncio
import contextlib
import time

import aiohttp

SENT_CLOSE = frozenset({aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED})
_LAST = {*SENT_CLOSE, aiohttp.WSMsgType.ERROR}
_AHEAD = 8
CLOSE_S = 0.25
"""How long a service may take to agree to a close. The socket is closed then, whatever it says."""


class Socket:
    """An open socket. It always listens, a few messages ahead of whoever uses it.

    So a close is noticed while it rests, before a request is lost; and nobody who stops waiting for a message
    interrupts aiohttp in receiving it, which would take that for the end of the connection.

    `is_reused`: it has served a request before.
    """

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket
        self.is_reused = False
        self._heard: asyncio.Queue[aiohttp.WSMessage] = asyncio.Queue(_AHEAD)
        self._is_resting = False
        self._rests_since_s = 0.0
        self._listening = asyncio.create_task(self._listen())
        self._rest: asyncio.Task[None] | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it is open, and nothing has come that nobody asked for."""
        return not self.websocket.closed and not self._listening.done() and self._heard.empty()

    @property
    def rested_s(self) -> float:
        return time.monotonic() - self._rests_since_s

    def rest(self, at_most_s: float) -> None:
        """Be used by nobody, and closed after so long."""
        self.is_reused = True
        self._is_resting = True
        self._rests_since_s = time.monotonic()
        self._rest = asyncio.create_task(self._close_after(at_most_s))

    async def wakes(self, within_s: float) -> bool:
        """Whether a resting socket is still usable after so long; it rests no longer."""
        if self._rest:
            self._rest.cancel()
        await asyncio.wait([self._listening], timeout=within_s)
        self._is_resting = False
        return self.is_usable

    async def receive(self, within_s: float) -> aiohttp.WSMessage:
        """The next message.

        Raises:
            TimeoutError: it has not come; it may still be waited for.
        """
        if not self._heard.empty():
            return self._heard.get_nowait()
        async with asyncio.timeout(within_s):
            return await self._heard.get()

    async def close(self) -> None:
        if self._rest and self._rest is not asyncio.current_task():
            self._rest.cancel()
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._hang_up()

    async def _close_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.close()

    async def _listen(self) -> None:
        while True:
            message = await self.websocket.receive()
            if self._is_resting:  # the service has ended it, and counts it among the open ones until we agree
                await self._hang_up()
                return
            await self._heard.put(message)
            if message.type in _LAST:
                return

    async def _hang_up(self) -> None:
        # A service that goes on speaking would be listened to until it ends.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.websocket.close()
