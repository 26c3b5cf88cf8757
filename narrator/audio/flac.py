"""Reading FLAC as a stream, to the sample (RFC 9639): FFmpeg's decoder through PyAV, the framing by ourselves.

A frame does not say how long it is: it ends where the header of another begins and its own CRC comes out. So
every byte is known to be part of a block or of a frame, and a cut shows even where no length was declared.
"""

from __future__ import annotations

import re
from collections.abc import Generator

import av
import numpy as np

from narrator.audio.pcm import to_pcm
from narrator.errors import BadTake, StreamBroken

MARK = b"fLaC"

_STREAMINFO = 0
_STREAMINFO_BYTES = 34
_RATES_HZ = range(1000, 400_000)
_SYNC = re.compile(rb"\xff[\xf8\xf9]")  # of blocks that are all as long, and of those that are not
_HEADER_BYTES = 16  # no header is longer
_LARGEST_FRAME = 4 << 20  # more than 65,535 samples of 8 channels take as they are
_MOST_SAMPLES = 1800 * 48_000
"""Half an hour: no answer is so long, and a few bytes of FLAC can be a minute of silence."""

_Parts = Generator[bytes, None, None]


class FlacSource:
    """Decodes FLAC, the channels averaged. It holds back one frame: where it ends is seen by the next."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._has_ended = False
        self._codec: av.AudioCodecContext | None = None
        self._rate_hz = 0
        self._samples = 0
        self._declared = 0  # as it is where the header does not say
        self._parts = self._parse()

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        return b"".join(iter(self._parts.__next__, b""))

    def finish(self) -> bytes:
        self._has_ended = True
        pcm = self.feed(b"")
        if self._codec is None:
            raise StreamBroken("The FLAC ends before its sound.")
        if _crc16(self._buffer):
            raise StreamBroken(f"The FLAC ends inside a frame, of which {len(self._buffer)} bytes came.")
        if self._buffer:
            pcm += self._decoded(self._codec, bytes(self._buffer))
        if self._samples < self._declared:
            missing = self._declared - self._samples
            raise StreamBroken(f"The FLAC ends {missing} samples before the end that it declares.")
        return pcm

    def _parse(self) -> _Parts:
        """Yields PCM as it becomes whole, and b"" where more bytes are needed."""
        yield from self._exactly(len(MARK))
        is_last = False
        while not is_last:
            head = yield from self._exactly(4)
            is_last, kind = head[0] >= 0x80, head[0] & 0x7F
            block = yield from self._exactly(int.from_bytes(head[1:], "big"))
            if kind == _STREAMINFO:
                self._open(block)
        if self._codec is None:
            raise BadTake("The FLAC does not say what its sound is like.")
        while len(self._buffer) < _HEADER_BYTES:
            yield b""
        if not _is_header(self._buffer):
            raise BadTake("The FLAC is broken: where its first frame should be, there is none.")
        while True:
            if pcm := self._decoded(self._codec, (yield from self._frame())):
                yield pcm

    def _open(self, streaminfo: bytes) -> None:
        packed = int.from_bytes(streaminfo[10:18], "big")  # rate: 20 bits, channels: 3, width: 5, samples: 36
        self._rate_hz, self._declared = packed >> 44, packed & 0xF_FFFF_FFFF
        if len(streaminfo) != _STREAMINFO_BYTES or self._rate_hz not in _RATES_HZ:
            raise BadTake(f"This kind of FLAC is not read: {self._rate_hz} Hz.")
        self._codec = av.CodecContext.create("flac", "r")
        self._codec.extradata = streaminfo

    def _exactly(self, count: int) -> Generator[bytes, None, bytes]:
        while len(self._buffer) < count:
            yield b""
        return self._taken(count)

    def _frame(self) -> Generator[bytes, None, bytes]:
        """The next frame, once the header after it has come."""
        crc, checked, at = 0, 0, 1
        while True:
            found = _SYNC.search(self._buffer, at)
            at = found.start() if found else max(at, len(self._buffer) - 1)
            if at > _LARGEST_FRAME:
                raise BadTake("The FLAC is broken: a frame has no end.")
            if found is None or not (self._has_ended or len(self._buffer) >= at + _HEADER_BYTES):
                yield b""
                continue
            if _is_header(self._buffer[at : at + _HEADER_BYTES]):
                crc, checked = _crc16(self._buffer[checked:at], crc), at
                if crc == 0:
                    return self._taken(at)
            at += 1

    def _taken(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _decoded(self, codec: av.AudioCodecContext, frame: bytes) -> bytes:
        try:
            blocks = codec.decode(av.Packet(frame))
        except av.FFmpegError as exc:
            raise BadTake(f"The FLAC is broken: a frame cannot be decoded ({exc.strerror}).") from exc
        pcm = b""
        for block in blocks:
            if block.sample_rate != self._rate_hz:
                raise BadTake(f"The FLAC changes from {self._rate_hz} to {block.sample_rate} Hz.")
            self._samples += block.samples
            if self._samples > _MOST_SAMPLES:
                raise BadTake(f"The FLAC goes on and on: more than {_MOST_SAMPLES} samples came.")
            samples = block.to_ndarray().reshape(-1, block.layout.nb_channels)
            mono = samples.mean(axis=1) / (1 << 8 * samples.itemsize - 1)
            pcm += to_pcm(mono.astype(np.float32))
        return pcm


def _is_header(head: bytes | bytearray) -> bool:
    """Whether a whole frame header begins these bytes (RFC 9639, 9.1): its CRC-8 tells."""
    if len(head) < 6 or not _SYNC.match(head):
        return False
    block_size, rate = head[2] >> 4, head[2] & 15
    number_bytes = 1 if head[4] < 0x80 else 8 - (head[4] ^ 0xFF).bit_length()
    size_bytes = {6: 1, 7: 2}.get(block_size, 0)
    rate_bytes = {12: 1, 13: 2, 14: 2}.get(rate, 0)
    end = 4 + number_bytes + size_bytes + rate_bytes + 1
    return len(head) >= end and _crc8(head[:end]) == 0


def _crc8(data: bytes | bytearray) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _crc16(data: bytes | bytearray, crc: int = 0) -> int:
    """The CRC of bytes that follow those of `crc`; 0 over a whole frame, which ends with its own."""
    for byte in data:
        crc = crc << 8 & 0xFFFF ^ _CRC16[crc >> 8 ^ byte]
    return crc


def _table(polynomial: int, bits: int) -> list[int]:
    """What a byte of each value does to a CRC of 0."""
    top, entries = 1 << bits - 1, [value << bits - 8 for value in range(256)]
    for _ in range(8):
        entries = [(entry << 1 ^ (polynomial if entry & top else 0)) & 2 * top - 1 for entry in entries]
    return entries


_CRC8 = _table(0x07, 8)
_CRC16 = _table(0x8005, 16)
