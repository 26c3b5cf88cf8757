"""WebSockets as our adapters need them: kept open between requests, and every foreign error made ours."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from narrator.errors import BadTake, SpeechError, StreamBroken, Unavailable
from narrator.providers.complaints import FailedAnswer, Judge, quotable, refusal
from narrator.providers.wire import CONNECT_S, Pace, open_session, service_name, translated
from narrator.providers.wire_handshake import NotUpgraded, no_sockets, only_upgraded
from narrator.providers.wire_json import json_object
from narrator.providers.wire_socket import CLOSE_S, SENT_CLOSE, Socket

MOST_MESSAGE_BYTES = 32 << 20

_LONGEST_REST_S = 0.1
"""While a socket rests, the request that it served counts no longer: another process of the account may begin
one. The next request of the same render follows within some 50 ms."""

_OTHERS_REST_S = 0.15
"""After so long no socket rests any more that was open before, in no process: the account may open one more."""

_FAREWELL_S = 0.25
"""How long after an answer a service that closes then is given to do it, as long as it is not known that it
leaves sockets open: a request sent in that moment would be lost, and perhaps paid for."""

_GLANCE_S = 0.01
"""Time for a close that is here already to be read."""

_HANDSHAKE_S = 2 * CONNECT_S
"""To be connected, and as long again to be answered."""

OnClose = Callable[[int, str], SpeechError | None]
"""The error that a service means by closing with this code and these words; None for the usual one."""


@dataclass(slots=True)
class _Pool:
    """The sockets of one address that are `free`, and what is known of the service there: the names of
    its answers, whether it leaves sockets open after them, and whether it has mixed them up.
    """

    free: list[Socket] = field(default_factory=list)
    answer_ids: set[str] = field(default_factory=set)
    leaves_open: bool = False
    mixes_up: bool = False


class Conversation:
    """One request over a socket: messages that go out, and the JSON objects that come back.

    `keep` it where the service lets the socket be used again; else the socket is closed after it. All of it has
    to be over by `ends_s` on the monotonic clock.
    """

    def __init__(
        self,
        socket: Socket,
        pool: _Pool,
        service: str,
        on_close: OnClose,
        *,
        text: str,
        key: str | None,
        ends_s: float,
    ) -> None:
        self._socket = socket
        self._pool = pool
        self._service = service
        self._on_close = on_close
        self._text = text
        self._key = key
        self._ends_s = ends_s
        self._stirred_s = 0.0
        self._has_begun = False
        self.is_kept = False

    @property
    def is_reused(self) -> bool:
        """Whether the socket has served requests before this one."""
        return self._socket.is_reused

    @property
    def earlier_ids(self) -> Collection[str]:
        """The service's names for its answers before; none as long as all had the same, which names nothing."""
        return self._pool.answer_ids if len(self._pool.answer_ids) > 1 else ()

    def keep(self, answer_id: str = "") -> None:
        """Let the next request use the same socket: this one has ended as the protocol says.

        `answer_id` is the service's name for its answer, by which what comes late is told from the next one.
        """
        self.is_kept = True
        if answer_id:
            self._pool.answer_ids.add(answer_id)

    def mixed_up(self, *, has_sound: bool = False) -> SpeechError:
        """The error where what comes belongs to another request. No other one will use a socket again here."""
        self._pool.mixes_up = True
        kind = StreamBroken if has_sound else Unavailable
        return kind(f"{self._service} mixed up its answers: what it sent belongs to another request.")

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one message, as JSON.

        Raises:
            Unavailable, StreamBroken: the service is gone, or takes nothing more.
        """
        with translated(self._service, lambda: self._has_begun):
            async with asyncio.timeout(max(0.0, self._ends_s - time.monotonic())):
                await self._socket.websocket.send_json(message)
        self._stirred_s = time.monotonic()

    async def messages(
        self, *, max_bytes: int, idle_s: float, is_owed: Callable[[], bool] = lambda: True
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The messages that come, each a JSON object; it never ends by itself: the caller knows the last one.

        `is_owed` tells whether there is anything for the service to say: while there is not, it may be silent.

        Raises:
            BadTake: a message is no JSON object, or they are larger than `max_bytes` in all.
            Unavailable: the socket was closed, or nothing came for `idle_s`, before the first message.
            StreamBroken: the same later; or messages come so slowly that they would never end.
            SpeechError: what `on_close` makes of the words with which the service closed.
        """
        received, pace = 0, Pace()
        while True:
            message = await self._next(idle_s, is_owed)
            if message.type is aiohttp.WSMsgType.TEXT or message.type is aiohttp.WSMsgType.BINARY:
                received += len(message.data)
                if received > max_bytes:
                    raise BadTake(f"{self._service} sent more than this text can need: over {max_bytes} bytes.")
                if pace.is_too_slow(len(message.data), time.monotonic()):
                    raise StreamBroken(
                        f"{self._service} sends too slowly: {received} bytes in {pace.sending_s:.0f} s."
                    )
                self._has_begun = True
                yield json_object(message.data, self._service)
            elif message.type is aiohttp.WSMsgType.ERROR:
                raise self._broken(message.data)
            elif message.type in SENT_CLOSE:
                raise self._closed(message)

    async def _next(self, idle_s: float, is_owed: Callable[[], bool]) -> aiohttp.WSMessage:
        """The next message. Silence counts while it is waited for, and something is owed."""
        self._stirred_s = time.monotonic()
        while True:
            now_s = time.monotonic()
            if now_s >= self._ends_s:
                raise self._failed("did not end its answer in time")
            if not is_owed():
                self._stirred_s = now_s
            patience_s = self._stirred_s + idle_s - now_s
            if patience_s <= 0:
                raise self._failed("stopped sending" if self._has_begun else "did not answer in time")
            with translated(self._service, lambda: self._has_begun), contextlib.suppress(TimeoutError):
                return await self._socket.receive(min(patience_s, self._ends_s - now_s))

    def _failed(self, how: str) -> SpeechError:
        if self._has_begun:
            return StreamBroken(f"{self._service} {how}, in the middle of its answer.")
        return Unavailable(f"{self._service} {how}.")

    def _broken(self, error: object) -> SpeechError:
        if isinstance(error, aiohttp.WebSocketError) and error.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            return BadTake(f"{self._service} sent a message of over {MOST_MESSAGE_BYTES} bytes.")
        return self._failed(f"broke the rules of WebSockets ({type(error).__name__})")

    def _closed(self, message: aiohttp.WSMessage) -> SpeechError:
        code = message.data if isinstance(message.data, int) else aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        words = quotable(str(message.extra or ""), text=self._text, key=self._key)
        if meant := self._on_close(code, words):
            return meant
        said = f" ({code}: {words})" if words else f" ({code})"
        kind = StreamBroken if self._has_begun else Unavailable
        when = "in the middle of its answer" if self._has_begun else "unanswered"
        return kind(f"{self._service} closed the connection {when}{said}.")


class Sockets:
    """The sockets of one provider: opened when there is no free one, each for one request at a time.

    So there are never more than there were requests at once. `headers` go with the handshake. A conversation
    ends after `timeout_s`. `anywhere` is as for `open_session`. `takes_turns`: other processes of the account
    keep sockets, too; whoever needs a new one waits until theirs cannot be at rest any more.
    """

    def __init__(
        self,
        timeout_s: float,
        headers: Mapping[str, str],
        *,
        anywhere: bool = True,
        takes_turns: bool = False,
    ) -> None:
        self._timeout_s = timeout_s
        self._takes_turns = takes_turns
        self._session = open_session(timeout_s, headers, anywhere=anywhere, middlewares=(only_upgraded,))
        self._pools: defaultdict[URL, _Pool] = defaultdict(_Pool)

    @contextlib.asynccontextmanager
    async def conversation(
        self,
        url: URL,
        *,
        text: str = "",
        key: str | None = None,
        on_close: OnClose = lambda _code, _words: None,
        judge: Judge = refusal,
        timeout_s: float | None = None,
    ) -> AsyncIterator[Conversation]:
        """A socket for one request; `text` and `key` are what no message may repeat.

        `judge` tells what a refused handshake means. `timeout_s` replaces that of all conversations, for one
        that waits for people.

        Raises:
            Unavailable: no connection, or not in time; or whatever answers knows no WebSockets.
            SpeechError: the service refuses the handshake, with a status as over HTTP.
        """
        service = service_name(url)
        # Deadlines are looked at where it waits: a time-out around a `yield` would cancel whoever listens.
        ends_s = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        pool = self._pools[url]
        socket = await _rested(pool)
        if socket is None and self._takes_turns:
            await asyncio.sleep(_OTHERS_REST_S)
            socket = await _rested(pool)
        if socket is None:
            try:
                socket = await self._opened(url, service)
            except NotUpgraded as exc:
                answer = FailedAnswer(service, exc.status, exc.headers, exc.body)
                raise (no_sockets(answer) or judge(answer, text=text, key=key)) from None
        conversation = Conversation(socket, pool, service, on_close, text=text, key=key, ends_s=ends_s)
        try:
            yield conversation
        finally:
            if conversation.is_kept and socket.is_usable and not pool.mixes_up:
                socket.rest(_LONGEST_REST_S)
                pool.free[:] = [*(each for each in pool.free if each.is_usable), socket]
            else:
                await socket.close()

    async def close(self) -> None:
        """Close all that are free, and the session."""
        for pool in self._pools.values():
            await asyncio.gather(*(socket.close() for socket in pool.free))
        self._pools.clear()
        await self._session.close()

    async def _opened(self, url: URL, service: str) -> Socket:
        with translated(service):
            async with asyncio.timeout(min(_HANDSHAKE_S, self._timeout_s)):
                websocket = await self._session.ws_connect(
                    url,
                    max_msg_size=MOST_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                    autoclose=False,
                )
        return Socket(websocket)


async def _rested(pool: _Pool) -> Socket | None:
    """A socket that a request has left open, if there is one that will stay so."""
    while pool.free:
        socket = pool.free.pop()
        glance_s = _GLANCE_S if pool.leaves_open else max(_GLANCE_S, _FAREWELL_S - socket.rested_s)
        try:
            is_open = await socket.wakes(glance_s)
        except asyncio.CancelledError:
            await socket.close()
            raise
        if is_open and not pool.mixes_up:
            pool.leaves_open = True
            return socket
        await socket.close()
    return None
