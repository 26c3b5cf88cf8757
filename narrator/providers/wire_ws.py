"""WebSockets as our adapters need them: kept open between requests, and every foreign error made ours."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp
from yarl import URL

from narrator.errors import BadTake, SpeechError, StreamBroken, Unavailable
from narrator.providers.complaints import FailedAnswer, Judge, quotable, refusal
from narrator.providers.wire import CONNECT_S, Pace, open_session, service_name, translated, words_of
from narrator.providers.wire_json import json_object
from narrator.providers.wire_socket import CLOSE_S, SENT_CLOSE, Socket

MOST_MESSAGE_BYTES = 32 << 20

_LONGEST_REST_S = 30.0
"""Services close what is idle, often after a minute: a request must not meet that close on its way."""

_FAREWELL_S = 0.25
"""How long after an answer a service that closes then is given to do it, as long as it is not known that it
leaves sockets open: a request sent in that moment would be lost, and perhaps paid for."""

_GLANCE_S = 0.01
"""Time for a close that is here already to be read."""

_WITHOUT_SOCKETS = {200, 400, 404, 405, 407, 426, 501}
"""What is answered to a handshake where WebSockets are not known or not let through."""

OnClose = Callable[[int, str], SpeechError | None]
"""The error that a service means by closing with this code and these words; None for the usual one."""


class Conversation:
    """One request over a socket: messages that go out, and the JSON objects that come back.

    `keep` it where the service lets the socket be used again; else the socket is closed after it. All of it has
    to be over by `ends_s` on the monotonic clock.
    """

    def __init__(
        self, socket: Socket, service: str, on_close: OnClose, text: str, key: str | None, *, ends_s: float
    ) -> None:
        self._socket = socket
        self._service = service
        self._on_close = on_close
        self._text = text
        self._key = key
        self._ends_s = ends_s
        self._stirred_s = 0.0
        self._has_begun = False
        self.is_kept = False

    def keep(self) -> None:
        """Let the next request use the same socket: this one has ended as the protocol says."""
        self.is_kept = True

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
    ends after `timeout_s`. `anywhere` is as for `open_session`.
    """

    def __init__(self, timeout_s: float, headers: Mapping[str, str], *, anywhere: bool = True) -> None:
        self._timeout_s = timeout_s
        self._session = open_session(timeout_s, headers, anywhere=anywhere, middlewares=(_only_upgraded,))
        self._free: dict[URL, list[Socket]] = {}
        self._left_open: set[URL] = set()

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
        socket = await self._rested(url)
        if socket is None:
            try:
                socket = await self._opened(url, service)
            except _NotUpgraded as exc:
                answer = FailedAnswer(service, exc.status, exc.headers, exc.body)
                raise (_no_sockets(answer) or judge(answer, text=text, key=key)) from None
        conversation = Conversation(socket, service, on_close, text, key, ends_s=ends_s)
        try:
            yield conversation
        finally:
            if conversation.is_kept and socket.is_usable:
                socket.rest()
                self._free.setdefault(url, []).append(socket)
            else:
                await socket.close()

    async def close(self) -> None:
        """Close all that are free, and the session."""
        for sockets in self._free.values():
            await asyncio.gather(*(socket.close() for socket in sockets))
        self._free.clear()
        await self._session.close()

    async def _rested(self, url: URL) -> Socket | None:
        """A socket that a request has left open, if there is one that will stay so."""
        free = self._free.get(url, [])
        while free:
            socket = free.pop()
            is_known = url in self._left_open
            glance_s = _GLANCE_S if is_known else max(_GLANCE_S, _FAREWELL_S - socket.rested_s)
            try:
                is_open = await socket.wakes(glance_s)
            except asyncio.CancelledError:
                await socket.close()
                raise
            if is_open and socket.rested_s < _LONGEST_REST_S:
                self._left_open.add(url)
                return socket
            await socket.close()
        return None

    async def _opened(self, url: URL, service: str) -> Socket:
        with translated(service):
            async with asyncio.timeout(min(CONNECT_S, self._timeout_s)):
                websocket = await self._session.ws_connect(
                    url,
                    max_msg_size=MOST_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                    autoclose=False,
                )
        return Socket(websocket)


def _no_sockets(answer: FailedAnswer) -> Unavailable | None:
    """The error where somebody on the way answers, as proxies do: services explain themselves in JSON."""
    if answer.status not in _WITHOUT_SOCKETS or answer.body.lstrip()[:1] in (b"{", b"["):
        return None
    return Unavailable(f"{answer.service} opens no WebSocket here: it answered {answer.status}.")


class _NotUpgraded(Exception):
    """The answer to a handshake that is no socket."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


async def _only_upgraded(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Refuse every other answer, with its words; aiohttp would follow a redirect, and take the key along."""
    response = await handler(request)
    if response.status != 101:
        body = await words_of(response)
        response.close()
        raise _NotUpgraded(response.status, response.headers, body)
    return response
