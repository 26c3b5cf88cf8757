"""MPEG audio layer III frames as bytes: their headers (ISO 11172-3, 13818-3, and the 2.5 extension), and the
Info frame with which LAME and its followers say how long the sound really is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

MPEG1, MPEG2, MPEG25 = 3, 2, 0
"""The version as its two bits in a header."""

KBPS = {
    MPEG1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    MPEG2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    MPEG25: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES_HZ = {
    MPEG1: (44100, 48000, 32000),
    MPEG2: (22050, 24000, 16000),
    MPEG25: (11025, 12000, 8000),
}
DECODER_DELAY = 529
"""Frames that every decoder is late: 528 of the filter bank and 1."""

HEADER_BYTES = 4
_SIZE_BYTE = 2  # of a header, which has bitrate, sample rate and padding
_MONO = 3


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """The four bytes before each frame. `channels` is 1 or 2."""

    version: int
    kbps: int
    rate_hz: int
    channels: int
    padded: bool = False

    @classmethod
    def parse(cls, data: bytes | bytearray | memoryview) -> Self | None:
        """The header at the start of `data`, None where there is none of layer III with a named bitrate."""
        if len(data) < HEADER_BYTES or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
            return None
        version, bitrate, rate = data[1] >> 3 & 3, data[2] >> 4, data[2] >> 2 & 3
        if version not in KBPS or bitrate in {0, 15} or rate == 3:
            return None
        channels = 1 if data[3] >> 6 == _MONO else 2
        return cls(version, KBPS[version][bitrate - 1], RATES_HZ[version][rate], channels, bool(data[2] & 2))

    def to_bytes(self) -> bytes:
        """A header with no CRC, marked as an original."""
        bitrate = KBPS[self.version].index(self.kbps) + 1
        rate = RATES_HZ[self.version].index(self.rate_hz)
        mode = _MONO if self.channels == 1 else 0
        second = 0xE3 | self.version << 3
        return bytes((0xFF, second, bitrate << 4 | rate << 2 | self.padded << 1, mode << 6 | 1 << 2))

    @property
    def samples(self) -> int:
        """Samples of a channel in a frame."""
        return 1152 if self.version == MPEG1 else 576

    @property
    def size(self) -> int:
        """Bytes of the frame, with its header."""
        return self.samples // 8 * self.kbps * 1000 // self.rate_hz + self.padded

    @property
    def info_offset(self) -> int:
        """Where in the frame an Info tag stands: behind what is, in other frames, the side information."""
        wide, narrow = (32, 17) if self.version == MPEG1 else (17, 9)
        return HEADER_BYTES + (narrow if self.channels == 1 else wide)

    def main_data_begin(self, side: bytes | bytearray) -> int:
        """How many bytes of sound before the frame, other headers left out, are part of it (13818-3, 2.4.1.7).

        `side` are the two bytes after a header with no CRC.
        """
        return side[0] << 1 | side[1] >> 7 if self.version == MPEG1 else side[0]

    def block_type(self, side: bytes | bytearray) -> int:
        """The window of the first granule of a mono frame: 0 is the long one (13818-3, 2.4.1.7).

        `side` are seven bytes or more after a header with no CRC.
        """
        bits = int.from_bytes(side[:7], "big")
        window = bits >> 2 if self.version == MPEG1 else bits >> 6
        return window & 3 if window & 4 else 0


class FrameWalk:
    """Finds the frames of a stream that comes in pieces, cut anywhere. Only their bitrates may differ."""

    def __init__(self, stream: FrameHeader) -> None:
        """`stream` is the header of any of its frames."""
        self._sizes = _sizes(stream.version, stream.rate_hz)
        self._at = _SIZE_BYTE  # of the next header, in what is to come

    def sizes(self, data: bytes | bytearray) -> list[int]:
        """The bytes of the frames whose size is told in `data`, the last of which may not have come whole.

        Raises:
            ValueError: where a frame should begin is none of this stream.
        """
        sizes, at, end, found = self._sizes, self._at, len(data), []
        while at < end:
            size = sizes[data[at]]
            if not size:
                raise ValueError(f"no frame begins {end - at + _SIZE_BYTE} bytes before the end of what came")
            found.append(size)
            at += size
        self._at = at - end
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the last frame came whole, and nothing after it."""
        return self._at == _SIZE_BYTE


def _sizes(version: int, rate_hz: int) -> list[int]:
    """The bytes of a frame by the third byte of its header, 0 where it is of another rate."""
    sizes = [0] * 256
    for kbps in KBPS[version]:
        for padded in (False, True):
            header = FrameHeader(version, kbps, rate_hz, channels=1, padded=padded)
            third = header.to_bytes()[_SIZE_BYTE]
            sizes[third] = sizes[third | 1] = header.size  # the last bit is private
    return sizes


def version_of(rate_hz: int) -> int:
    """The MPEG version that has this sample rate.

    Raises:
        ValueError: none has.
    """
    for version, rates in RATES_HZ.items():
        if rate_hz in rates:
            return version
    raise ValueError(f"MPEG audio has no sample rate of {rate_hz} Hz")


@dataclass(frozen=True, slots=True)
class InfoTag:
    """What the first frame of a file says of the frames after it; 0 where it does not say.

    `delay` and `padding` are the samples that the encoder put before and after the sound.
    """

    frames: int = 0
    delay: int = 0
    padding: int = 0
    gapless: bool = False

    @classmethod
    def parse(cls, frame: bytes, header: FrameHeader) -> Self | None:
        """The tag in a frame, None if it is a frame of sound. Layout: Xing's VBR header, LAME's tag rev. 1."""
        at = header.info_offset
        if frame[at : at + 4] not in {b"Info", b"Xing"}:
            return None
        flags = int.from_bytes(frame[at + 4 : at + 8], "big")
        frames = int.from_bytes(frame[at + 8 : at + 12], "big") if flags & 1 else 0
        lame = at + 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
        if frame[lame : lame + 4] not in {b"LAME", b"Lavf", b"Lavc"} or len(frame) < lame + 24:
            return cls(frames)
        gap = int.from_bytes(frame[lame + 21 : lame + 24], "big")
        return cls(frames, gap >> 12, gap & 0xFFF, gapless=True)
