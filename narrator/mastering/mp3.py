"""MP3 at a constant bitrate by LAME, sample-exact: a player gives back the frames that went in, no others."""

from __future__ import annotations

import math
from pathlib import Path

import lameenc
import numpy as np
import soxr

from narrator.audio.mpeg import FrameHeader
from narrator.audio.pcm import BYTES_PER_FRAME, Samples, to_pcm
from narrator.durable import disk_errors
from narrator.mastering.crc16 import Crc16
from narrator.mastering.decoded import DecodedPeak
from narrator.mastering.lame_tag import info_frame, info_header
from narrator.mastering.mp3_rates import mp3_rate_hz

_QUALITY = 5
_BLOCK = 1 << 16  # samples encoded at once, or up to twice as many: calls cost something
_DELAY = 576  # samples that LAME puts before the sound
_HEADROOM_DB = ((2.5, 2.1), (3.0, 1.4), (4.5, 1.2))  # up to so many bits a sample
_LEAST_HEADROOM_DB = 0.9
_NEAR = 0.75  # of the headroom: to pass it, what is so far below the loudest had to be raised by 1.75 of it


class Mp3Encoder:
    """Writes one mono MP3. `rate_hz` and `frames` are those of the file."""

    def __init__(self, path: Path, rate_hz: int, kbps: int, *, delivered_rate_hz: int | None = None) -> None:
        """Begin the file `path` for sound at `rate_hz`; resample it where the file's rate differs.

        Raises:
            ConfigError: as `mp3_rate_hz`.
            DiskError: the file cannot be written.
        """
        self.rate_hz = mp3_rate_hz(delivered_rate_hz or rate_hz, kbps)
        self.frames = 0
        self._path = path
        self._kbps = kbps
        self._resampler = _resampler(rate_hz, self.rate_hz)
        self._lame = _lame(self.rate_hz, kbps)
        self._waiting = bytearray()
        self._music_bytes = 0
        self._crc = Crc16()
        self._info = info_header(self.rate_hz, kbps)
        self._stream = FrameHeader(self._info.version, kbps, self.rate_hz, channels=1)
        self._decoded = DecodedPeak(self._stream, _DELAY, near_db=_NEAR * self.headroom_db)
        with disk_errors(f"Writing {path}"):
            self._file = path.open("wb")
            self._file.write(bytes(self._info.size))

    @property
    def headroom_db(self) -> float:
        """How far decoding may raise a true peak, by bits a sample.

        Half an hour of the embedded voice, limited all the time, came out 1.4, 1.3, 0.6 and 0.2 dB above the
        master at 32, 48, 64 and 160 kbit/s and 24 kHz; the worst of 55 chapters of three books, at 64 kbit/s,
        0.86 dB (libebur128, on the decoded files).
        """
        bits = self._kbps * 1000 / self.rate_hz
        return next((headroom for most, headroom in _HEADROOM_DB if bits <= most), _LEAST_HEADROOM_DB)

    @property
    def true_peak_dbtp(self) -> float:
        """The true peak of the closed file as it is decoded, or one that is not above what is listened for."""
        return 20.0 * math.log10(self._decoded.true_peak)

    def listen_above(self, peak_dbtp: float) -> None:
        """From now on find only true peaks above this one, which costs less."""
        self._decoded.listen_above(10.0 ** (peak_dbtp / 20.0) / _lame_scale(self._kbps))

    def write(self, block: Samples) -> None:
        self._encode(self._resampler.resample_chunk(block) if self._resampler else block)

    def close(self) -> None:
        """Write what the encoder still holds, and the Info frame. Closing again does nothing.

        Raises:
            DiskError: the file cannot be written.
        """
        if self._file.closed:
            return
        with disk_errors(f"Writing {self._path}"), self._file:
            if self._resampler:
                self._encode(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
            if self.frames:  # lameenc has nothing to flush before its first samples, and says so by an error
                if self._waiting:
                    self._encode_waiting()
                self._append(self._lame.flush())
                self._decoded.finish()
            self._file.seek(0)
            self._file.write(self._info_frame())

    def _encode(self, samples: Samples) -> None:
        self.frames += len(samples)
        for at in range(0, len(samples), _BLOCK):
            self._waiting += to_pcm(samples[at : at + _BLOCK], gain=1.0 / _lame_scale(self._kbps))
            if len(self._waiting) >= _BLOCK * BYTES_PER_FRAME:
                self._encode_waiting()

    def _encode_waiting(self) -> None:
        pcm = bytes(self._waiting)
        self._waiting.clear()
        self._decoded.master(np.frombuffer(pcm, "<i2"))
        self._append(self._lame.encode(pcm))

    def _append(self, given: bytes | bytearray) -> None:
        data = bytes(given)
        self._music_bytes += len(data)
        self._crc.update(data)
        self._decoded.encoded(data)
        with disk_errors(f"Writing {self._path}"):
            self._file.write(data)

    def _info_frame(self) -> bytes:
        # Sizes of single frames are rounded; that of the stream never strays from the bitrate by a whole byte.
        frames = round(self._music_bytes * 8 * self.rate_hz / (self._stream.samples * self._kbps * 1000))
        return info_frame(
            self._info,
            kbps=self._kbps,
            quality=_QUALITY,
            frames=frames,
            music=self._music_bytes,
            crc=self._crc.value,
            delay=_DELAY,
            padding=max(0, frames * self._stream.samples - _DELAY - self.frames),
        )


def _lame(rate_hz: int, kbps: int) -> lameenc.Encoder:
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_out_sample_rate(rate_hz)  # else LAME goes down to 16 kHz at 32 kbit/s
    encoder.set_bit_rate(kbps)
    encoder.set_quality(_QUALITY)
    return encoder


def _lame_scale(kbps: int) -> float:
    """What LAME multiplies its input by at constant bitrates (its presets' table; measured with a sine)."""
    if kbps < 192:
        return 0.95
    return {192: 0.97, 224: 0.98}.get(kbps, 1.0)


def _resampler(rate_hz: int, delivered_rate_hz: int) -> soxr.ResampleStream | None:
    if rate_hz == delivered_rate_hz:
        return None
    return soxr.ResampleStream(rate_hz, delivered_rate_hz, 1, dtype="float32", quality="HQ")
