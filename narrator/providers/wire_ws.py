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
from narrator.providers.complaints import FailedAnswer, quotable, refusal
from narrator.providers.wire import ERROR_BODY_BYTES, Pace, open_session, service_name, translated
from narrator.providers.wire_json import json_object

MOST_MESSAGE_BYTES = 32 << 20
_CLOSE_S = 1.0
_SENT_CLOSE = {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED}

OnClose = Callable[[int, str], SpeechError | None]
"""The error that a service means by closing with this code and these words; None for the usual one."""


class Conversation:
    """One request over a socket: messages that go out, and the JSON objects that come back.

    `keep` it where the service lets the socket be used again; else the socket is closed after it.
    """

    def __init__(self, socket: _Socket, service: str, on_close: OnClose, text: str, key: str | None) -> None:
        self._socket = socket
        self._service = service
        self._on_close = on_close
        self._text = text
        self._key = key
        self._has_begun = False
        self.is_kept = False

    def keep(self) -> None:
        """Let the next request use the same socket: this one has ended as the protocol says."""
        self.is_kept = True

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one message, as JSON.

        Raises:
            Unavailable, StreamBroken: the service is gone.
        """
        with translated(self._service, lambda: self._has_begun):
            await self._socket.websocket.send_json(message)

    async def messages(self, *, max_bytes: int, idle_s: float) -> AsyncGenerator[dict[str, Any], None]:
        """The messages that come, each a JSON object; it never ends by itself: the caller knows the last one.

        Raises:
            BadTake: a message is no JSON object, or they are larger than `max_bytes` in all.
            Unavailable: the socket was closed, or nothing came for `idle_s`, before the first message.
            StreamBroken: the same later; or messages come so slowly that they would never end.
            SpeechError: what `on_close` makes of the words with which the service closed.
        """
        received, pace = 0, Pace()
        while True:
            with translated(self._service, lambda: self._has_begun):
                async with asyncio.timeout(idle_s):
                    message = await self._socket.receive()
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
            elif message.type in _SENT_CLOSE:
                raise self._closed(message)

    def _broken(self, error: object) -> SpeechError:
        if isinstance(error, aiohttp.WebSocketError) and error.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            return BadTake(f"{self._service} sent a message of over {MOST_MESSAGE_BYTES} bytes.")
        kind = StreamBroken if self._has_begun else Unavailable
        return kind(f"{self._service} broke the rules of WebSockets: {type(error).__name__}.")

    def _closed(self, message: aiohttp.WSMessage) -> SpeechError:
        code = message.data if isinstance(message.data, int) else aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        words = quotable(str(message.extra or ""), text=self._text, key=self._key)
        if meant := self._on_close(code, words):
            return meant
        said = f" ({code}: {words})" if words else f" ({code})"
        kind = StreamBroken if self._has_begun else Unavailable
        when = "in the middle of its answer" if self._has_begun else "unanswered"
        return kind(f"{self._service} closed the connection {when}{said}.")


class _Socket:
    """An open socket. While nobody uses it, it listens: so a close is noticed before a request is lost."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket
        self._listening: asyncio.Task[aiohttp.WSMessage] | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it is open, and nothing has come that nobody asked for."""
        return not self.websocket.closed and not (self._listening and self._listening.done())

    def rest(self) -> None:
        self._listening = asyncio.create_task(self.websocket.receive())

    async def receive(self) -> aiohttp.WSMessage:
        """The next message."""
        if self._listening is None:
            return await self.websocket.receive()
        message = await asyncio.shield(self._listening)
        self._listening = None
        return message

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self._listening = None
        await self.websocket.close()


class Sockets:
    """The sockets of one provider: opened when there is no free one, each for one request at a time.

    `headers` go with the handshake. A conversation ends after `timeout_s`. `anywhere` is as for `open_session`.
    """

    def __init__(self, timeout_s: float, headers: Mapping[str, str], *, anywhere: bool = True) -> None:
        self._timeout_s = timeout_s
        self._session = open_session(timeout_s, headers, anywhere=anywhere, middlewares=(_only_upgraded,))
        self._free: dict[URL, list[_Socket]] = {}

    @contextlib.asynccontextmanager
    async def conversation(
        self,
        url: URL,
        *,
        text: str = "",
        key: str | None = None,
        on_close: OnClose = lambda _code, _words: None,
    ) -> AsyncIterator[Conversation]:
        """A socket for one request; `text` and `key` are what no message may repeat.

        Raises:
            Unavailable: no connection, or not in time.
            SpeechError: the service refuses the handshake, with a status as over HTTP.
            StreamBroken: the conversation takes longer than `timeout_s`.
        """
        service = service_name(url)
        try:
            async with asyncio.timeout(self._timeout_s):
                socket = await self._take(url, service, text, key)
                conversation = Conversation(socket, service, on_close, text, key)
                try:
                    yield conversation
                finally:
                    if conversation.is_kept and socket.is_usable:
                        socket.rest()
                        self._free.setdefault(url, []).append(socket)
                    else:
                        await socket.close()
        except TimeoutError as exc:
            raise StreamBroken(f"{service} did not end its answer within {self._timeout_s:g} s.") from exc

    async def close(self) -> None:
        """Close all that are free, and the session."""
        for sockets in self._free.values():
            await asyncio.gather(*(socket.close() for socket in sockets))
        self._free.clear()
        await self._session.close()

    async def _take(self, url: URL, service: str, text: str, key: str | None) -> _Socket:
        free = self._free.get(url, [])
        while free:
            socket = free.pop()
            if socket.is_usable:
                return socket
            await socket.close()
        try:
            with translated(service):
                websocket = await self._session.ws_connect(
                    url,
                    max_msg_size=MOST_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                    autoclose=False,
                )
        except _NotUpgraded as exc:
            raise refusal(
                FailedAnswer(service, exc.status, exc.headers, exc.body), text=text, key=key
            ) from None
        return _Socket(websocket)


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
        body = await response.content.read(ERROR_BODY_BYTES)
        response.close()
        raise _NotUpgraded(response.status, response.headers, body)
    return response
