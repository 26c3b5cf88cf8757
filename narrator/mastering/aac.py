"""AAC by libavcodec's own encoder, a chapter to a file: the pieces that an M4B is joined of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import av
import numpy as np

from narrator.audio.pcm import Samples
from narrator.mastering.aac_rates import aac_rate_hz
from narrator.mastering.heard import HeardPeak
from narrator.mastering.mp4 import FRAME, PRIMING
from narrator.mastering.mp4_piece import PieceWriter
from narrator.mastering.packet_frames import PacketFrames
from narrator.mastering.packets import PacketEncoder

_BLOCK = 1 << 16  # samples encoded at once, or up to twice as many: calls cost something
_LEAST_KBPS_QUICK = 64  # below, the quick search loses the upper half of a voice's band
_HEADROOM_DB = ((1.4, 2.5), (2.1, 1.0))  # of the thorough search, up to so many bits a sample
_LEAST_HEADROOM_DB = 0.5
_MOST_RAISED_DB = 8.0
"""The quick search raised clipped noise whose level jumps by up to 7. A voice it hardly raises."""
_WARM_UP = 1  # a packet overlaps the one before it; nothing else lasts, as noise is not substituted


class AacEncoder:
    """Writes one mono piece, whose last packet is filled up with silence.

    `rate_hz` and `frames` are those of the file.
    """

    def __init__(
        self, path: Path, rate_hz: int, kbps: int, *, quality: Literal["fast", "balanced", "best"] = "balanced"
    ) -> None:
        """Begin the file `path` for sound at `rate_hz`.

        Raises:
            ConfigError: as `aac_rate_hz`.
            DiskError: the file cannot be written.
            ValueError: AAC does not have this rate.
        """
        if aac_rate_hz(rate_hz, kbps) != rate_hz:
            raise ValueError(f"AAC has no {rate_hz} Hz")
        is_quick = quality != "best" and kbps >= _LEAST_KBPS_QUICK
        self.rate_hz = rate_hz
        self.frames = 0
        self.headroom_db = _headroom_db(rate_hz, kbps, is_quick=is_quick)
        # Each decoder substitutes noise by one of its own: how high it peaks would not be known.
        options = {"aac_coder": "fast" if is_quick else "twoloop", "aac_pns": "0"}
        self._encoder = PacketEncoder("aac", rate_hz, "fltp", kbps=kbps, options=options)
        self._frames = PacketFrames("AAC", _decoder(self._encoder.header), FRAME, warm_up=_WARM_UP)
        # The thorough search may raise anything, and takes so long that it costs little to decode it all. What
        # comes out of the priming counts too: in the file of a whole book it is heard.
        self._heard = HeardPeak(
            self._frames,
            delay=PRIMING,
            most_raised_db=_MOST_RAISED_DB if is_quick else math.inf,
        )
        self._waiting = np.zeros(2 * _BLOCK, np.float32)
        self._count = 0
        self._file = PieceWriter(path)

    @property
    def true_peak_dbtp(self) -> float:
        """The true peak of the closed file as it is decoded, or one that is not above what is listened for."""
        return 20.0 * math.log10(self._heard.highest)

    def listen_above(self, peak_dbtp: float) -> None:
        """From now on find only true peaks above this one, which costs less."""
        self._heard.listen_above(10.0 ** (peak_dbtp / 20.0))

    def write(self, block: Samples) -> None:
        self.frames += len(block)
        for at in range(0, len(block), _BLOCK):
            piece = block[at : at + _BLOCK]
            self._waiting[self._count : self._count + len(piece)] = piece
            self._count += len(piece)
            if self._count >= _BLOCK:
                self._encode_waiting()

    def close(self) -> None:
        """Fill the last packet up, and finish the file. Closing again does nothing.

        Raises:
            DiskError: the file cannot be written.
        """
        if self._file.is_closed:
            return
        try:
            self.write(np.zeros(-self.frames % FRAME if self.frames else FRAME, np.float32))
            if self._count:
                self._encode_waiting()
            self._append(self._encoder.flush())
            self._heard.finish()
        finally:
            self._file.close(self.rate_hz, self._encoder.header)

    def _encode_waiting(self) -> None:
        samples = self._waiting[: self._count]
        self._count = 0
        self._heard.master(samples)
        self._append(self._encoder.encode(samples))

    def _append(self, packets: list[bytes]) -> None:
        self._frames.add(packets)
        self._heard.listen()
        self._file.write(packets)


def _decoder(config: bytes) -> av.CodecContext:
    codec = av.CodecContext.create("aac", "r")
    codec.extradata = config
    return codec


def _headroom_db(rate_hz: int, kbps: int, *, is_quick: bool) -> float:
    """How far decoding may raise a true peak.

    Two minutes of the embedded voice at -20 LUFS, under a limiter, came out at most 0.04 dB above the master
    by the quick search, from 64 to 128 kbit/s at 24 and 44.1 kHz; driven to -14 LUFS, 0.3 dB. By the thorough
    one, at 24 kHz, it was 2.6 dB at 32 kbit/s, 0.8 at 40, 0.3 at 48, and mostly 0.2 above that.
    """
    bits = kbps * 1000 / rate_hz
    steps = () if is_quick else _HEADROOM_DB
    return next((headroom for most, headroom in steps if bits <= most), _LEAST_HEADROOM_DB)
