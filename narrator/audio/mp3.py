"""Reading MP3 as a stream, to the sample: FFmpeg's decoder through PyAV, the framing by ourselves.

FFmpeg's demuxer wants a file and goes on over whatever is broken in it. Here every byte is part of a frame or
of a tag, and what the Info frame says of the encoder's delay and padding is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import av
import numpy as np

from narrator.audio.mpeg import DECODER_DELAY, HEADER_BYTES, FrameHeader, InfoTag
from narrator.audio.pcm import Samples, to_pcm
from narrator.errors import BadTake, StreamBroken

_ID3_BYTES = 10
_ID3V1_BYTES = 128
_APE_BYTES = 32
_MARK_BYTES = 32  # tell any tag, and how long it is


def is_id3(head: bytes | bytearray) -> bool:
    """Whether these bytes, 10 at least, begin an ID3v2 tag."""
    return len(head) >= _ID3_BYTES and head[:3] == b"ID3" and max(head[6:_ID3_BYTES]) < 0x80


@dataclass(slots=True)
class _Section:
    """The frames under one Info frame, or under none; all counts are of what is still to come."""

    exact: bool = False
    frames: int = 0
    skip: int = 0
    samples: int | None = None

    @classmethod
    def under(cls, tag: InfoTag, header: FrameHeader) -> _Section:
        """As FFmpeg has it: sound begins after the delays of encoder and decoder, and ends at the padding."""
        if not tag.gapless:
            return cls(frames=tag.frames)
        samples = tag.frames * header.samples - tag.delay - tag.padding
        skip = tag.delay + DECODER_DELAY
        return cls(exact=True, frames=tag.frames, skip=skip, samples=samples if tag.frames else None)

    @property
    def is_over(self) -> bool:
        return self.samples is not None and self.frames == 0

    def check_whole(self) -> None:
        """Raises StreamBroken where frames are missing; some writers count the Info frame as one."""
        if self.frames > (0 if self.exact else 1):
            raise StreamBroken(f"The MP3 ends {self.frames} frames before the end that it declares.")

    def cut(self, decoded: Samples) -> Samples:
        """What of the next frame is sound."""
        self.frames = max(self.frames - 1, 0)
        heard = decoded[self.skip :]
        self.skip -= len(decoded) - len(heard)
        if self.samples is not None:
            heard = heard[: max(self.samples, 0)]
            self.samples -= len(heard)
        return heard


class Mp3Source:
    """Decodes layer III, the channels averaged. MP3 files one after the other are one sound."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0
        self._codec = cast("av.AudioCodecContext", av.CodecContext.create("mp3float", "r"))
        self._section = _Section()
        self._rate_hz = 0

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        return self._read(_MARK_BYTES)

    def finish(self) -> bytes:
        pcm = self._read(HEADER_BYTES)
        rest = bytes(self._buffer).strip(b"\0")
        if rest:
            raise StreamBroken(f"The MP3 ends inside a frame, of which {len(rest)} bytes came.")
        self._section.check_whole()
        return pcm

    def _read(self, mark: int) -> bytes:
        """Take all that is whole from the buffer; `mark` bytes have to be there to tell what comes next."""
        pcm = bytearray()
        while True:
            gone = min(self._skip, len(self._buffer))
            del self._buffer[:gone]
            self._skip -= gone
            if len(self._buffer) < mark:
                return bytes(pcm)
            self._skip = _tag_bytes(self._buffer)
            if self._skip:
                continue
            header = FrameHeader.parse(self._buffer)
            if header is None:
                raise BadTake("The MP3 is broken: between its frames came bytes that are no part of it.")
            if len(self._buffer) < header.size:
                return bytes(pcm)
            frame = bytes(self._buffer[: header.size])
            self._skip = header.size
            pcm += self._decode(frame, header)

    def _decode(self, frame: bytes, header: FrameHeader) -> bytes:
        if self._rate_hz not in {0, header.rate_hz}:
            raise BadTake(f"The MP3 changes from {self._rate_hz} to {header.rate_hz} Hz.")
        self._rate_hz = header.rate_hz
        tag = InfoTag.parse(frame, header)
        if tag:
            self._section.check_whole()
            self._section = _Section.under(tag, header)
            return b""
        if self._section.is_over:
            self._section = _Section()
        try:
            decoded = [each.to_ndarray().mean(axis=0) for each in self._codec.decode(av.Packet(frame))]
        except av.FFmpegError as exc:
            raise BadTake(f"The MP3 is broken: a frame cannot be decoded ({exc.strerror}).") from exc
        return b"".join(to_pcm(self._section.cut(samples.astype(np.float32))) for samples in decoded)


def _tag_bytes(head: bytearray) -> int:
    """The length of the tag, or of the filling with zeros, that begins here; 0 where a frame should."""
    if head[0] == 0:
        return len(head) - len(head.lstrip(b"\0"))
    if is_id3(head):
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        footer = _ID3_BYTES if head[5] & 0x10 else 0
        return _ID3_BYTES + size + footer
    if head[:3] == b"TAG":
        return _ID3V1_BYTES
    if head[:8] == b"APETAGEX" and len(head) >= _APE_BYTES:
        is_header = head[23] & 0x20  # else the footer, whose items are before it
        return _APE_BYTES + (int.from_bytes(head[12:16], "little") if is_header else 0)
    return 0
