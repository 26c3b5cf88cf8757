"""The Info frame that opens a gapless MP3: lameenc leaves it out, and without it players guess the length.

The layout is that of Xing's VBR header followed by LAME's tag (gabriel.mp3-tech.org/mp3infotag.html), and the
values are those that LAME 3.100 writes for a constant bitrate.
"""

from __future__ import annotations

import struct

from narrator.audio.mpeg import KBPS, FrameHeader, version_of
from narrator.mastering.crc16 import crc16

_TAG_BYTES = 156
_ALL_FIELDS = 0xF  # frames, bytes, table of contents, quality
_CBR = 1
_VBR_QUALITY = 4  # LAME's default, part of the quality field even where it is not used
_ENCODING_FLAGS = 0x14  # hearing threshold of type 4, the newer psychoacoustic tuning: LAME's defaults
_NOISE_SHAPING = 1


def info_header(rate_hz: int, kbps: int) -> FrameHeader:
    """The header of an Info frame: at the stream's bitrate, or the lowest above it whose frame has room."""
    version = version_of(rate_hz)
    for rate in KBPS[version]:
        header = FrameHeader(version, rate, rate_hz, channels=1)
        if rate >= kbps and header.size >= header.info_offset + _TAG_BYTES:
            return header
    raise ValueError(f"no layer III frame at {rate_hz} Hz has {kbps} kbit/s and room for a tag")


def info_frame(
    header: FrameHeader, *, kbps: int, quality: int, frames: int, music: int, crc: int, delay: int, padding: int
) -> bytes:
    """The frame that describes `frames` frames in `music` bytes, whose CRC is `crc`.

    `delay` and `padding` are the samples that the encoder added before and after the sound.
    """
    total = header.size + music
    contents = bytes(min(255, (header.size + music * share // 100) * 256 // total) for share in range(100))
    tag = struct.pack(
        ">4s3I100sI9sBBQBB3sBBHIH",
        b"Info",
        _ALL_FIELDS,
        frames,
        total,
        contents,
        100 - 10 * _VBR_QUALITY - quality,
        b"LAME3.100",
        _CBR,
        0,  # low-pass: unknown, LAME chooses it
        0,  # peak and replay gain: not computed
        _ENCODING_FLAGS,
        min(kbps, 255),
        (delay << 12 | padding).to_bytes(3, "big"),
        _NOISE_SHAPING | _source_rate(header.rate_hz) << 6,
        0,  # no gain was applied to the MP3
        0,  # no preset
        total,
        crc,
    )
    frame = header.to_bytes().ljust(header.info_offset, b"\0") + tag
    frame += crc16(frame).to_bytes(2, "big")
    return frame.ljust(header.size, b"\0")


def _source_rate(rate_hz: int) -> int:
    """LAME's code for the rate that it was given."""
    return 0 if rate_hz <= 32000 else 1 if rate_hz == 44100 else 2
