"""A speech server that costs next to nothing, so that a benchmark measures its client.

Prepared WAVs, and no HTTP library. `python benchmarks/bench_server.py [LATENCY_S]` prints its port and serves
until its standard input ends.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

from narrator.testing.speechlike import speech_pcm, wav

RATE_HZ = 24_000
SEGMENT_S = 4

_VOICES = b'{"voices": ["alloy"]}'
_SOUNDS = 16


class _Connection(asyncio.Protocol):
    """Answers one request after the other; it reads no more of them than where they end."""

    def __init__(self, sounds: tuple[bytes, ...], latency_s: float) -> None:
        self._sounds = sounds
        self._latency_s = latency_s
        self._received = b""
        self._answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        _, is_post, length = head.lower().partition(b"content-length:")
        if is_post and len(body) < int(length.partition(b"\r\n")[0]):
            return
        if not is_post and not self._received.endswith(b"\r\n\r\n"):
            return
        self._received = b""
        self._answered += 1
        answer = self._sounds[self._answered % _SOUNDS] if is_post else _answer(_VOICES, b"application/json")
        asyncio.get_running_loop().call_later(self._latency_s, self._send, answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _answer(body: bytes, kind: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (kind, len(body)) + body


async def _serve(latency_s: float) -> None:
    frames = SEGMENT_S * RATE_HZ
    wavs = (wav(speech_pcm(f"sound {number}", RATE_HZ, frames), RATE_HZ) for number in range(_SOUNDS))
    sounds = tuple(_answer(each, b"audio/wav") for each in wavs)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(sounds, latency_s), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
