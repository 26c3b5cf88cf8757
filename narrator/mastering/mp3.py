"""MP3 by LAME, sample-exact: a player gives back the frames that went in, and no others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import lameenc

from narrator.audio.mpeg import DECODER_DELAY
from narrator.audio.pcm import Samples, to_pcm
from narrator.durable import disk_errors
from narrator.mastering.crc16 import Crc16
from narrator.mastering.heard import HeardPeak
from narrator.mastering.lame_tag import (
    ENCODER_DELAY,
    LameSettings,
    Music,
    SeekTable,
    blank_info_frame,
    info_frame,
)
from narrator.mastering.mp3_frames import Mp3Frames
from narrator.mastering.mp3_pieces import LamePieces
from narrator.mastering.mp3_rates import Mode, mp3_rate_hz

_QUALITIES = {"fast": 7, "balanced": 5, "best": 2}  # LAME's -q
_VBR_MTRH = 4  # LAME's newer VBR, its default
_BLOCK = 1 << 16  # samples that are looked at and converted at once
_BATCH = 256  # frames that are written at once
_HEADROOM_DB = ((2.5, 2.1), (3.0, 1.8), (4.2, 1.2))  # up to so many bits a sample
_LEAST_HEADROOM_DB = 0.6
_VBR_HEADROOM_DB = ((2, 1.0), (5, 1.2), (9, 1.7))  # up to a quality
_MOST_RAISED_DB = 3.0
"""LAME raised eight voices at 64 kbit/s by up to 2 dB, a whisper at 32 by 3. With it no peak was missed in
2,500 sounds of noise whose level jumps, at seven bit rates; with 2.6 dB one was."""


class Mp3Encoder:
    """Writes one mono MP3. `frames` are those of the sound, and `rate_hz` is its rate and that of the file."""

    def __init__(
        self,
        path: Path,
        rate_hz: int,
        kbps: int,
        *,
        mode: Mode = "cbr",
        vbr_quality: int = 4,
        quality: Literal["fast", "balanced", "best"] = "balanced",
    ) -> None:
        """Begin the file `path` for sound at `rate_hz`, which is one of MP3's rates.

        At a constant bitrate it is `kbps`; at a variable one LAME spends what `vbr_quality` needs, from 0, the
        best, to 9. `quality` is how long it searches.

        Raises:
            ConfigError: as `mp3_rate_hz`.
            DiskError: the file cannot be written.
            ValueError: MP3 does not have that rate.
        """
        if mp3_rate_hz(rate_hz, kbps, mode=mode) != rate_hz:
            raise ValueError(f"MP3 has no sample rate of {rate_hz} Hz")
        self.rate_hz = rate_hz
        self.frames = 0
        self._path = path
        self._settings = LameSettings(
            rate_hz, kbps, _QUALITIES[quality], vbr_quality if mode == "vbr" else None
        )
        self._scale = _lame_scale(self._settings)
        self._lame = LamePieces(self._settings.header, partial(_lame, self._settings))
        self._crc = Crc16()
        self._info = blank_info_frame(self._settings)
        self._seek_table = SeekTable()
        self._frames = Mp3Frames(self._settings.header)
        delay = ENCODER_DELAY + DECODER_DELAY
        self._heard = HeardPeak(self._frames, delay=delay, most_raised_db=_MOST_RAISED_DB)
        with disk_errors(f"Writing {path}"):
            self._file = path.open("wb")
            self._file.write(self._info)

    @property
    def headroom_db(self) -> float:
        """How far decoding may raise a true peak, by bits a sample, or by the quality where they vary.

        Half an hour of the embedded voice, limited all the time, came out 1.4, 1.3, 0.6 and 0.2 dB above the
        master at 32, 48, 64 and 160 kbit/s and 24 kHz; of 55 chapters of three books, at 64 kbit/s, the worst
        0.86 dB (libebur128, on the decoded files); of 30 chapters of 20 minutes whose levels jump, seven more
        than 1.3 dB and one more than 1.8. At 44.1 kHz 192 to 320 kbit/s raised the worst of 18 half minutes by
        0.3 dB, 160 by 0.7. Of 24 minutes at the qualities 2, 4, 6 and 8 one in ten came out by more than 0.5,
        0.6, 1.1 and 1.4 dB above the master.
        """
        if self._settings.vbr_quality is not None:
            return next(db for worst, db in _VBR_HEADROOM_DB if self._settings.vbr_quality <= worst)
        bits = self._settings.kbps * 1000 / self.rate_hz
        return next((headroom for most, headroom in _HEADROOM_DB if bits <= most), _LEAST_HEADROOM_DB)

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
            self._heard.master(piece)
            self._append(self._lame.encode(to_pcm(piece, gain=1.0 / self._scale)))

    def close(self) -> None:
        """Write what the encoder still holds, and the Info frame. Closing again does nothing.

        Raises:
            DiskError: the file cannot be written.
        """
        if self._file.closed:
            return
        with disk_errors(f"Writing {self._path}"), self._file, self._lame:
            if self.frames:  # lameenc has nothing to flush before its first samples, and says so by an error
                self._append(self._lame.flush())
                self._heard.finish()
            self._file.seek(0)
            self._file.write(info_frame(self._info, Music(self._seek_table, self._crc.value, self._padding)))

    def _append(self, pieces: Iterable[Sequence[bytes]]) -> None:
        for frames in pieces:
            for at in range(0, len(frames), _BATCH):
                batch = frames[at : at + _BATCH]
                data, sizes = b"".join(batch), [len(frame) for frame in batch]
                self._seek_table.add(sizes)
                self._crc.update(data)
                self._frames.add(data, sizes)
                self._heard.listen()
                with disk_errors(f"Writing {self._path}"):
                    self._file.write(data)

    @property
    def _padding(self) -> int:
        """Samples that LAME puts after the sound."""
        samples = self._seek_table.frames * self._settings.header.samples
        return max(0, samples - ENCODER_DELAY - self.frames)


def _lame(settings: LameSettings) -> lameenc.Encoder:
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(settings.rate_hz)
    encoder.set_out_sample_rate(settings.rate_hz)  # else LAME goes down to 16 kHz at 32 kbit/s
    if settings.vbr_quality is None:
        encoder.set_bit_rate(settings.kbps)
    else:
        encoder.set_vbr(_VBR_MTRH)
        encoder.set_vbr_quality(settings.vbr_quality)
    encoder.set_quality(settings.quality)
    return encoder


def _lame_scale(settings: LameSettings) -> float:
    """What LAME multiplies its input by at constant bitrates (its presets' table; measured with a sine)."""
    if settings.vbr_quality is not None:
        return 1.0
    if settings.kbps < 192:
        return 0.95
    return {192: 0.97, 224: 0.98}.get(settings.kbps, 1.0)
