"""How an answer goes over the wire, whole or not: in pieces, slowly, for ever, cut off or never ended."""

from __future__ import annotations

import asyncio
import base64
import itertools
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from aiohttp import web

from narrator.testing.faults import Fault
from narrator.testing.speechlike import noise_pcm

_PIECE_BYTES = 16_384
MESSAGE_BYTES = 960  # 20 ms at 24 kHz: what services put into one message
_NO_BASE64 = "~~ this is no sound ~~"


def in_base64(sound: bytes, fault: Fault) -> Iterator[str]:
    """Sound as messages carry it, piece by piece; the second one is no base64 where a fault says so."""
    size = fault.piece_bytes or MESSAGE_BYTES
    for number, start in enumerate(range(0, len(sound), size)):
        is_garbled = fault.garbled and number == 1
        yield _NO_BASE64 if is_garbled else base64.b64encode(sound[start : start + size]).decode()


async def pieces(body: bytes, fault: Fault) -> AsyncIterator[bytes]:
    size = max(1, fault.bytes_per_s // 10) if fault.bytes_per_s else fault.piece_bytes or _PIECE_BYTES
    end = next((limit for limit in (fault.cut_after, fault.stall_after) if limit is not None), len(body))
    for start in range(0, min(end, len(body)), size):
        yield body[start : min(start + size, end)]
        if fault.bytes_per_s:
            await asyncio.sleep(0.1)


async def endless(head: bytes, rate_hz: int, framed: Callable[[bytes], bytes] = bytes) -> AsyncIterator[bytes]:
    yield head
    for piece in itertools.cycle([framed(piece) for piece in itertools.islice(noise_pcm(rate_hz), 20)]):
        yield piece
        await asyncio.sleep(0)


async def send_messages(
    request: web.Request, websocket: web.WebSocketResponse, messages: Iterable[str], fault: Fault
) -> None:
    """Send messages over a WebSocket until they end, or are cut off or stop coming after a fault's bytes."""
    end = next((limit for limit in (fault.cut_after, fault.stall_after) if limit is not None), None)
    sent = 0
    for message in messages:
        sent += len(message)
        if end is not None and sent > end:
            break
        await websocket.send_str(message)
        if fault.bytes_per_s:
            await asyncio.sleep(len(message) / fault.bytes_per_s)
    await _end(request.transport, fault)


async def send(
    request: web.Request, response: web.StreamResponse, body: AsyncIterator[bytes], fault: Fault
) -> None:
    transport = request.transport
    if transport is None:  # the client is gone
        return
    if fault.cut_after is not None:
        # All that was written must be on its way before the cut, or there is no telling where it falls.
        transport.set_write_buffer_limits(0)
    async for piece in body:
        await response.write(piece)
    await _end(transport, fault)


async def send_raw(writer: asyncio.StreamWriter, body: AsyncIterator[bytes], fault: Fault) -> None:
    """As `send`, where the protocol is one of TCP's own."""
    if fault.cut_after is not None:
        writer.transport.set_write_buffer_limits(0)
    async for piece in body:
        writer.write(piece)
        await writer.drain()
    await _end(writer.transport, fault)


async def _end(transport: asyncio.WriteTransport | None, fault: Fault) -> None:
    """Never end, or cut the connection, where a fault says so."""
    if fault.stall_after is not None:
        await asyncio.Event().wait()
    if fault.cut_after is not None and transport is not None:
        if fault.reset:
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
