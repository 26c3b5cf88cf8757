"""Opus by libopus in Ogg (RFC 7845), sample-exact: a player gives back the frames that went in, no others."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import av
import numpy as np

from narrator.audio.pcm import Samples
from narrator.durable import disk_errors
from narrator.mastering.heard import HeardPeak
from narrator.mastering.ogg import OggWriter
from narrator.mastering.other_rates import opus_rate_hz
from narrator.mastering.packet_frames import PacketFrames
from narrator.mastering.packets import PacketEncoder

_BLOCK = 1 << 16  # samples encoded at once, or up to twice as many: calls cost something
_PACKET = 960  # samples: 20 ms, at which libopus is best (its own default)
_A_PAGE = 50  # packets, a second: what RFC 7845, 6, recommends for finding a place
_DELAY_AT = slice(10, 12)  # of the pre-skip in an OpusHead (RFC 7845, 5.1)
_TAGS = b"OpusTags" + len(b"libopus").to_bytes(4, "little") + b"libopus" + bytes(4)  # of nothing (5.2)

_COMPLEXITY = {"fast": 5, "balanced": 10, "best": 10}
"""From 7 on libopus listens for speech, and codes it as such up to 54 kbit/s: an hour takes 28 s of CPU, not 8.
Of 8 to 10 the packets are the same.
"""

_Steps = tuple[tuple[int, float], ...]

_LOST_DB: dict[str, _Steps] = {
    "fast": ((9, 1.0), (13, 0.75), (18, 0.55)),
    "balanced": ((9, 0.85), (13, 0.55), (18, 0.45), (22, 0.38), (30, 0.31), (44, 0.27), (54, 0.21)),
}
_LOST_DB["best"] = _LOST_DB["balanced"]
"""How much softer what is coded as speech comes out, up to so many kbit/s; above it is nothing.

Two voices at five pitches lost so much, give or take 0.1 LU from 20 kbit/s on (libebur128, on what libopus
decoded).
"""

_HEADROOM_DB: _Steps = ((9, 2.0), (18, 1.7), (30, 1.5), (40, 1.0), (64, 0.8))
_LEAST_HEADROOM_DB = 0.6
_MOST_RAISED_DB = 6.0
"""Noise whose level jumps was raised by up to 5, at 16 kbit/s."""

_WARM_UP = 10
"""Packets after which a decoder is where it would be, had it decoded all. Four are the least (RFC 7845, 4.6);
after five, peaks came out up to 0.4 dB too high, after ten none did.
"""


class OpusEncoder:
    """Writes one mono Opus file, of variable bitrate. `rate_hz` and `frames` are those of the file."""

    def __init__(
        self, path: Path, rate_hz: int, kbps: int, *, quality: Literal["fast", "balanced", "best"] = "balanced"
    ) -> None:
        """Begin the file `path` for sound at `rate_hz`, which is 48 kHz.

        Raises:
            ConfigError: as `opus_rate_hz`.
            DiskError: the file cannot be written.
            ValueError: another rate.
        """
        if rate_hz != opus_rate_hz(kbps):
            raise ValueError(f"Opus is made of sound at {opus_rate_hz(kbps)} Hz, not at {rate_hz} Hz")
        self.rate_hz = rate_hz
        self.frames = 0
        self._path = path
        self._kbps = kbps
        self._gain = np.float32(10.0 ** (_step(_LOST_DB[quality], kbps, 0.0) / 20.0))
        # "voip" takes off what is low and lifts formants, for a telephone; "audio" is as close as can be to the
        # sound that was given: opus-codec.org/docs/opus_api-1.5/group__opus__encoder.html
        options = {"application": "audio", "vbr": "on", "compression_level": str(_COMPLEXITY[quality])}
        self._encoder = PacketEncoder("libopus", rate_hz, "flt", kbps=kbps, options=options)
        self._delay = int.from_bytes(self._encoder.header[_DELAY_AT], "little")
        self._frames = PacketFrames("Opus", _decoder(rate_hz), _PACKET, warm_up=_WARM_UP)
        self._heard = HeardPeak(self._frames, delay=self._delay, most_raised_db=_MOST_RAISED_DB)
        self._waiting: list[Samples] = []
        self._count = 0
        with disk_errors(f"Writing {path}"):
            self._file = path.open("wb")
            self._ogg = OggWriter(self._file, a_page=_A_PAGE)
            self._ogg.header(self._encoder.header)
            self._ogg.header(_TAGS)

    @property
    def headroom_db(self) -> float:
        """How far decoding may raise a true peak.

        Minutes of two voices at five pitches, limited all the time, came out up to 2.0, 1.6, 1.4, 0.9, 0.8, 0.7
        and 0.5 dB above the master at 8, 12, 24, 32, 48, 64 and 96 kbit/s (libebur128, by libopus's decoder).
        """
        return _step(_HEADROOM_DB, self._kbps, _LEAST_HEADROOM_DB)

    @property
    def true_peak_dbtp(self) -> float:
        """The true peak of the closed file as it is decoded, or one that is not above what is listened for."""
        return 20.0 * math.log10(self._heard.highest)

    def listen_above(self, peak_dbtp: float) -> None:
        """From now on find only true peaks above this one, which costs less."""
        self._heard.listen_above(10.0 ** (peak_dbtp / 20.0))

    def write(self, block: Samples) -> None:
        self.frames += len(block)
        self._waiting.append(block * self._gain)
        if sum(map(len, self._waiting)) >= _BLOCK:
            self._encode_waiting()

    def close(self) -> None:
        """Write what the encoder still holds, and where the sound ends. Closing again does nothing.

        Raises:
            DiskError: the file cannot be written.
        """
        if self._file.closed:
            return
        with disk_errors(f"Writing {self._path}"), self._file:
            if self.frames:
                if self._waiting:
                    self._encode_waiting()
                self._append(self._encoder.flush())
                self._heard.finish()
            self._ogg.close(self._delay + self.frames)

    def _encode_waiting(self) -> None:
        samples = np.concatenate(self._waiting)
        self._waiting.clear()
        for at in range(0, len(samples), _BLOCK):
            block = samples[at : at + _BLOCK]
            self._heard.master(block)
            self._append(self._encoder.encode(block))

    def _append(self, packets: list[bytes]) -> None:
        self._frames.add(packets)
        self._heard.listen()
        with disk_errors(f"Writing {self._path}"):
            for packet in packets:
                self._count += 1
                self._ogg.packet(packet, self._count * _PACKET)


def _step(steps: _Steps, kbps: int, above: float) -> float:
    return next((value for most, value in steps if kbps <= most), above)


def _decoder(rate_hz: int) -> av.CodecContext:
    """That of libopus: FFmpeg's own comes out up to 0.3 dB lower where speech is coded as such."""
    codec = av.CodecContext.create("libopus", "r")
    codec.sample_rate = rate_hz
    codec.layout = "mono"
    codec.options = {"request_sample_fmt": "flt"}
    return codec
