"""The Info frame that opens a gapless MP3: lameenc leaves it out, and without it players guess the length.

The layout is that of Xing's VBR header followed by LAME's tag (gabriel.mp3-tech.org/mp3infotag.html), and the
values are those that LAME 3.100 writes, but for the gain to one loudness, which is not computed, and for its
verdict that a low sample rate is unwise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from narrator.audio.mpeg import KBPS, MPEG1, MPEG2, MPEG25, FrameHeader, version_of
from narrator.mastering.crc16 import crc16

ENCODER_DELAY = 576
"""Samples that LAME puts before the sound."""

_TAG_BYTES = 156
_LAME_BYTES = 36
_CRC_BYTES = 2
_QUALITY_BYTES = 4
_GAP = slice(21, 24)  # of LAME's tag: delay and padding
_MOST_BYTES = 0xFFFFFFFF
_FRAMES, _BYTES, _CONTENTS, _QUALITY = 1, 2, 4, 8  # the fields that there are
_CBR, _VBR_MTRH = 1, 4
_DEFAULT_VBR_QUALITY = 4  # part of the quality field even where it is not used
_VBR_HEADER_KBPS = {MPEG1: 128, MPEG2: 64, MPEG25: 32}
# The newer psychoacoustic tuning, and the type of the hearing threshold.
_ENCODING_FLAGS = {_CBR: 0x14, _VBR_MTRH: 0x15}
_HIGHEST_HZ = 20500
# For mono; above 80 kbit/s it is the highest.
_LOWPASS_HZ = {8: 3000, 16: 5550, 24: 5850, 32: 8250, 40: 10500, 48: 11250, 56: 15000, 64: 16500, 80: 20250}
_VBR_LOWPASS_HZ = (24000, 19500, 18500, 18000, 17500, 17000, 16500, 15600, 15200, 7200)
_FASTEST = 7


@dataclass(frozen=True, slots=True)
class LameSettings:
    """How LAME encodes mono sound: by `kbps`, or by `vbr_quality` from 0 to 9. `quality` is its -q."""

    rate_hz: int
    kbps: int
    quality: int
    vbr_quality: int | None = None

    @property
    def header(self) -> FrameHeader:
        """The header of the Info frame: at the stream's bitrate, or the next that has room for a tag."""
        version = version_of(self.rate_hz)
        least = self.kbps if self.vbr_quality is None else _VBR_HEADER_KBPS[version]
        for kbps in KBPS[version]:
            header = FrameHeader(version, kbps, self.rate_hz, channels=1)
            if kbps >= least and header.size >= header.info_offset + _TAG_BYTES:
                return header
        raise ValueError(f"no layer III frame at {self.rate_hz} Hz has {least} kbit/s and room for a tag")


class SeekTable:
    """Where the frames of a stream begin, as bytes: all of them, or so few that it stays small."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._every = 1  # frames from one of `_begins` to the next
        self._begins = [0]
        self.frames = 0
        self.size = 0
        """The bytes of all frames."""

    def add(self, sizes: Iterable[int]) -> None:
        """Note the bytes of the next frames."""
        for size in sizes:
            self.size += size
            self.frames += 1
            if self.frames % self._every == 0:
                self._begins.append(self.size)
                if len(self._begins) > self._most:
                    del self._begins[1::2]
                    self._every *= 2

    def begin_of(self, frame: int) -> int:
        """The bytes before a frame; where that was not kept, as if all frames around were of one size."""
        at, over = divmod(frame, self._every)
        begin = self._begins[at]
        if not over:
            return begin
        is_last = at + 1 == len(self._begins)
        end, frames = (self.size, self.frames % self._every) if is_last else (self._begins[at + 1], self._every)
        return begin + (end - begin) * over // frames


@dataclass(frozen=True, slots=True)
class Music:
    """The frames after an Info frame: where they are, their CRC, and the samples added after the sound."""

    frames: SeekTable
    crc: int
    padding: int


def blank_info_frame(settings: LameSettings) -> bytes:
    """The Info frame of a file that has no other frames yet."""
    is_cbr = settings.vbr_quality is None
    method = _CBR if is_cbr else _VBR_MTRH
    quality = _DEFAULT_VBR_QUALITY if settings.vbr_quality is None else settings.vbr_quality
    header = settings.header
    lame = struct.pack(
        ">9sBBQBB3sBBHIHH",
        b"LAME3.100",
        method,
        _lowpass(settings),
        0,  # peak and replay gain: not computed
        _ENCODING_FLAGS[method],
        min(settings.kbps if is_cbr else KBPS[header.version][0], 255),
        (ENCODER_DELAY << 12).to_bytes(3, "big"),
        _noise_shaping(settings) | _source_rate(settings.rate_hz) << 6,
        0,  # no gain was applied to the MP3
        settings.kbps if is_cbr else 500 - 10 * quality,  # the preset
        0,
        0,
        0,
    )
    xing = struct.pack(
        ">4s3I100sI",
        b"Info" if is_cbr else b"Xing",
        _FRAMES | _BYTES | _CONTENTS | _QUALITY,
        0,
        0,
        b"",
        100 - 10 * quality - settings.quality,
    )
    tag = xing + lame
    return (header.to_bytes().ljust(header.info_offset, b"\0") + tag).ljust(header.size, b"\0")


def info_frame(old: bytes, music: Music) -> bytes:
    """An Info frame as it was, but for what it says of the frames after it.

    Where the file is larger than the field for that can say, there is no such field: players look at the file.
    """
    header = _header(old)
    at, lame_at = header.info_offset, _lame_at(old)
    total = header.size + music.frames.size
    known = _BYTES if total <= _MOST_BYTES else 0
    lame = bytearray(old[lame_at : lame_at + _LAME_BYTES])
    lame[_GAP] = (ENCODER_DELAY << 12 | music.padding).to_bytes(3, "big")
    struct.pack_into(">IH", lame, 28, total if known else 0, music.crc)
    frame = (
        old[: at + 4]
        + struct.pack(">2I", _FRAMES | known | _CONTENTS | _QUALITY, music.frames.frames)
        + (struct.pack(">I", total) if known else b"")
        + _contents(header.size, music.frames)
        + old[lame_at - _QUALITY_BYTES : lame_at]
        + lame[:-_CRC_BYTES]
    )
    return (frame + crc16(frame).to_bytes(_CRC_BYTES, "big")).ljust(header.size, b"\0")


def music_crc(info: bytes) -> int:
    """What an Info frame says that the CRC of the frames after it is."""
    lame_at = _lame_at(info)
    return int.from_bytes(info[lame_at + 32 : lame_at + 34], "big")


def settings_of(info: bytes) -> bytes:
    """What an Info frame says of how the file was encoded: the same for files by equal settings."""
    name, lame_at = info[: _header(info).info_offset + 4], _lame_at(info)
    lame = info[lame_at : lame_at + 28]
    return name + info[lame_at - _QUALITY_BYTES : lame_at] + lame[: _GAP.start] + lame[_GAP.stop :]


def _header(info: bytes) -> FrameHeader:
    header = FrameHeader.parse(info)
    if header is None:
        raise ValueError("an Info frame begins as every frame")
    return header


def _lame_at(info: bytes) -> int:
    """Where LAME's tag begins: behind all other fields, of which that of the bytes may be missing."""
    at = _header(info).info_offset
    has_bytes = info[at + 7] & _BYTES
    return at + _TAG_BYTES - _LAME_BYTES - (0 if has_bytes else 4)


def _contents(before: int, frames: SeekTable) -> bytes:
    """Where each hundredth of the time begins, in 256ths of the file; `before` bytes of it are no music."""
    total = before + frames.size
    begins = (before + frames.begin_of(frames.frames * share // 100) for share in range(100))
    return bytes(min(255, begin * 256 // total) for begin in begins)


def _lowpass(settings: LameSettings) -> int:
    """The low-pass filter that LAME chooses for mono, in hundreds of Hz."""
    if settings.vbr_quality is None:
        chosen = _LOWPASS_HZ.get(settings.kbps, _HIGHEST_HZ)
    else:
        chosen = _VBR_LOWPASS_HZ[settings.vbr_quality]
    return (min(chosen, settings.rate_hz // 2) + 50) // 100


def _noise_shaping(settings: LameSettings) -> int:
    if settings.quality >= _FASTEST:
        return 0
    return 2 if settings.vbr_quality is None and settings.kbps < 192 else 1


def _source_rate(rate_hz: int) -> int:
    """LAME's code for the rate that it was given."""
    return 0 if rate_hz <= 32000 else 1 if rate_hz == 44100 else 2
