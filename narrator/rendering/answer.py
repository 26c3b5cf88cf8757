"""What comes of one request: events as they arrive on the event loop, made into sound off it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from narrator.audio.decode import PcmDecoder
from narrator.errors import BadTake
from narrator.model import AudioChunk, Container, SpeechEvent, SpeechReceipt, SpeechRequest, WordTime

MAX_TAKE_S = 900
"""No text of one request takes a quarter of an hour: an answer that goes on would only fill memory."""

_QUICK_MS = 50
_UNCODED = frozenset({Container.PCM, Container.WAV})

_MUCH_BYTES = 1 << 18
"""5 s of PCM at 24 kHz, half a minute of MP3: most answers are decoded in one go, long ones as they come."""


_SHORTEST_S = 0.001
"""No answer is counted as quicker: not every clock is finer."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an answer came.

    `ttfb_ms` is the time to its first sound, and `real_time_factor` the seconds of sound for each second from
    the sending of the request to the answer's end. `received_bytes` are as they came, before any decoding.
    `transport` is '' where the provider names none.
    """

    transport: str
    ttfb_ms: int
    chunks: int
    received_bytes: int
    real_time_factor: float

    def by_name(self) -> dict[str, Any]:
        """Its figures, for an event and for the sidecar."""
        return {name: getattr(self, name) for name in self.__slots__}


class Answer:
    """One attempt's answer. `add` is for the event loop; `decode` and `pcm` are work for a thread.

    `was_sent` is set by whoever sends the request.
    """

    def __init__(self, request: SpeechRequest, transport: str = "") -> None:
        self.words: list[WordTime] = []
        self.receipt = SpeechReceipt()
        self.ttfb_ms: int | None = None
        self.was_sent = False
        self._request = request
        self.transport = transport
        self._chunks = 0
        self._received_bytes = 0
        self._took_s = 0.0
        self._began_s = time.monotonic()
        self._decoder = PcmDecoder(request.rate_hz)
        self._undecoded: list[AudioChunk] = []
        self._undecoded_bytes = 0
        self._pcm: list[bytes] = []
        self._pcm_bytes = 0

    @property
    def has_begun(self) -> bool:
        """Whether any sound has come."""
        return self.ttfb_ms is not None

    @property
    def has_much(self) -> bool:
        """Whether so much has come that it should be decoded before the rest comes."""
        return self._undecoded_bytes >= _MUCH_BYTES

    @property
    def is_brief(self) -> bool:
        """Whether it is better decoded and measured at once than by a thread.

        For a few seconds of PCM the handing over takes as long as the work. Where the provider takes its time,
        though, answers come in bursts, and the event loop had better be free for the others.
        """
        has_much = self._pcm or self.has_much
        is_quick = self.ttfb_ms is not None and self.ttfb_ms < _QUICK_MS
        return is_quick and not has_much and all(each.format.container in _UNCODED for each in self._undecoded)

    @property
    def source_rate_hz(self) -> int | None:
        """The rate of its sound before it is converted; None before any of it was decoded."""
        return self._decoder.source_rate_hz

    @property
    def characters_billed(self) -> int:
        """By the provider's receipt, or else as many as were sent."""
        billed = self.receipt.characters_billed
        return len(self._request.text) if billed is None else billed

    def arrival(self, sound_s: float) -> Arrival:
        """How it came, once it has ended; `sound_s` is how long it sounds."""
        return Arrival(
            transport=self.transport,
            ttfb_ms=self.ttfb_ms or 0,
            chunks=self._chunks,
            received_bytes=self._received_bytes,
            real_time_factor=round(sound_s / max(self._took_s, _SHORTEST_S), 3),
        )

    def facts(self, sound_s: float) -> dict[str, Any]:
        """What is kept of it for people."""
        return {
            "ids": dict(self.receipt.ids),
            "characters_billed": self.characters_billed,
            "took_s": round(self._took_s, 3),
            **self.arrival(sound_s).by_name(),
        }

    def send(self) -> None:
        """Note that the request goes out now."""
        self.was_sent = True
        self._began_s = time.monotonic()

    def end(self) -> None:
        """Note that the answer has come to its end."""
        self._took_s = time.monotonic() - self._began_s

    def add(self, event: SpeechEvent) -> None:
        match event:
            case AudioChunk():
                if self.ttfb_ms is None:
                    self.ttfb_ms = round((time.monotonic() - self._began_s) * 1000)
                self._undecoded.append(event)
                self._undecoded_bytes += len(event.data)
                self._chunks += 1
                self._received_bytes += len(event.data)
            case WordTime():
                self.words.append(event)
            case SpeechReceipt():
                self.receipt = event

    def decode(self) -> None:
        """Decode what has come since the last time. Blocks.

        Raises:
            BadTake: it is no sound, or too much of it.
            StreamBroken: a part of it ends before the length that it declares.
        """
        chunks, self._undecoded, self._undecoded_bytes = self._undecoded, [], 0
        for chunk in chunks:
            self._have(self._decoder.feed(chunk))

    def pcm(self) -> bytes:
        """The whole answer as s16le mono at the request's rate; once, after its end. Blocks.

        Raises:
            BadTake, StreamBroken: as `decode`, or there was no sound at all.
        """
        self.decode()
        self._have(self._decoder.finish())
        return b"".join(self._pcm)

    def _have(self, pcm: bytes) -> None:
        self._pcm_bytes += len(pcm)
        if self._pcm_bytes > 2 * MAX_TAKE_S * self._request.rate_hz:
            raise BadTake(f"the answer goes on after {MAX_TAKE_S} s of audio")
        self._pcm.append(pcm)
