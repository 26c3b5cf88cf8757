r"""Wyoming's events over TCP, with our time-outs and bounds, and every foreign error made ours.

An event is a line of JSON, {"type", "data"?, "data_length"?, "payload_length"?}, then so many bytes of JSON,
which belong to its data, then so many bytes of payload: https://github.com/OHF-Voice/wyoming#format.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from narrator.errors import BadTake, StreamBroken, Unavailable
from narrator.providers.wire import CONNECT_S, Pace, reason_of, translated
from narrator.providers.wire_json import json_object

MOST_HEADER_BYTES = 4 << 20
"""Of a line, or of the data after it: where hundreds of voices are listed, some with hundreds of speakers."""

MOST_PAYLOAD_BYTES = 32 << 20
"""Some ten minutes of sound; servers send it in pieces of some thousand bytes."""

_READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class WyomingEvent:
    """What one side says to the other. `data` is as the other side wrote it: nothing of it is certain."""

    type: str
    data: Mapping[str, Any]
    payload: bytes = b""


class Line:
    """A connection that carries one request and its answer.

    It ends after `timeout_s`, and after half of it where nothing comes. While `is_open_ended` the text is still
    being written, and it waits for ever. `max_bytes` is the most that may come.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        service: str,
        *,
        timeout_s: float,
        max_bytes: int,
    ) -> None:
        self.max_bytes = max_bytes
        self.is_open_ended = False
        self._reader = reader
        self._writer = writer
        self._service = service
        self._timeout_s = timeout_s
        self._ends_at_s = time.monotonic() + timeout_s
        self._buffer = bytearray()
        self._received = 0
        self._has_begun = False
        self._pace = Pace()
        self._failure: BaseException | None = None
        self._waiting: asyncio.Timeout | None = None

    async def send(self, kind: str, data: Mapping[str, Any] | None = None) -> None:
        """Send an event.

        Raises:
            Unavailable, StreamBroken: the server is gone, or takes nothing more.
        """
        body = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") if data else b""
        head = {"type": kind} | ({"data_length": len(body)} if body else {})
        with translated(self._service, lambda: self._has_begun):
            async with asyncio.timeout(self._timeout_s / 2):
                self._writer.write(json.dumps(head).encode() + b"\n" + body)
                await self._writer.drain()

    async def receive(self) -> WyomingEvent:
        """The next event.

        Raises:
            BadTake: it is none, or there is more than this text can need.
            Unavailable: the connection failed, or nothing came in time, before the first event.
            StreamBroken: the same later; or the events come so slowly that they would never end.
        """
        head = json_object(await self._until_newline(), self._service)
        kind, data = head.get("type"), head.get("data") or {}
        if not isinstance(kind, str) or not isinstance(data, dict):
            raise BadTake(f"{self._service} sent something else than events of Wyoming.")
        if body := await self._exactly(self._size(head, "data_length", MOST_HEADER_BYTES)):
            data = {**data, **json_object(body, self._service)}
        payload = await self._exactly(self._size(head, "payload_length", MOST_PAYLOAD_BYTES))
        self._has_begun = True
        return WyomingEvent(kind, data, payload)

    def text_has_ended(self) -> None:
        """All of an open-ended text was sent: from now on the server has so much time, and no more."""
        self.is_open_ended = False
        self._ends_at_s = time.monotonic() + self._timeout_s
        if self._waiting:
            self._waiting.reschedule(asyncio.get_running_loop().time() + self._timeout_s / 2)

    def fail(self, error: BaseException) -> None:
        """End the connection; whoever receives from it is told this error, after what has come."""
        self._failure = error
        self._writer.transport.abort()

    def _size(self, head: Mapping[str, Any], name: str, most: int) -> int:
        size = head.get(name) or 0
        if not isinstance(size, int) or not 0 <= size <= most:
            raise BadTake(f"{self._service} sent an event whose {name} is not from 0 to {most}.")
        return size

    async def _until_newline(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MOST_HEADER_BYTES:
                raise BadTake(f"{self._service} sent a line of over {MOST_HEADER_BYTES} bytes.")
            await self._read_more()
            if not b"{".startswith(bytes(self._buffer.lstrip()[:1])):
                raise BadTake(f"{self._service} sent something else than events of Wyoming.")
        return self._take(end + 1)

    async def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            await self._read_more()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _read_more(self) -> None:
        data = await self._read()
        if not data:
            raise self._failure or self._closed()
        self._received += len(data)
        if self._received > self.max_bytes:
            raise BadTake(f"{self._service} sent more than this text can need: over {self.max_bytes} bytes.")
        if self._pace.is_too_slow(len(data), time.monotonic()):
            raise StreamBroken(
                f"{self._service} sends too slowly: {self._received} bytes in {self._pace.sending_s:.0f} s."
            )
        self._buffer += data

    def _closed(self) -> Exception:
        if self._has_begun:
            return StreamBroken(f"{self._service} closed the connection in the middle of its answer.")
        return Unavailable(f"{self._service} closed the connection unanswered.")

    async def _read(self) -> bytes:
        """What has come; b'' at the end."""
        left_s = max(0.0, self._ends_at_s - time.monotonic())
        patience_s = None if self.is_open_ended else min(self._timeout_s / 2, left_s)
        try:
            with translated(self._service, lambda: self._has_begun):
                async with asyncio.timeout(patience_s) as self._waiting:
                    return await self._reader.read(_READ_BYTES)
        finally:
            self._waiting = None


@contextlib.asynccontextmanager
async def connected(
    host: str, port: int, service: str, *, timeout_s: float, max_bytes: int
) -> AsyncIterator[Line]:
    """A connection for one request, closed after it.

    Raises:
        Unavailable: there is none.
    """
    try:
        async with asyncio.timeout(min(CONNECT_S, timeout_s)):
            reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError as exc:
        raise Unavailable(f"{service} did not accept a connection in time.", connected=False) from exc
    except OSError as exc:
        raise Unavailable(
            f"No connection to {service}: {reason_of(exc)}.",
            connected=False,
            advice="Check the base URL, that the server runs, and the network.",
        ) from exc
    try:
        yield Line(reader, writer, service, timeout_s=timeout_s, max_bytes=max_bytes)
    finally:
        # Not closed in peace: what is left of an aborted answer must not keep the line busy.
        writer.transport.abort()
