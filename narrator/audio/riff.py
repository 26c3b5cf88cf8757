"""Reading WAV (RIFF, RF64) as a stream: chunk by chunk, with sizes that may be unknown or wrong."""

from __future__ import annotations

import struct
from collections.abc import Generator

from narrator.audio.encoding import MOST_CHANNELS, WIDTHS, Encoding, SampleFormat
from narrator.audio.source import RawSource
from narrator.errors import BadTake, StreamBroken

_ENCODINGS = {1: Encoding.INTEGER, 3: Encoding.FLOAT, 6: Encoding.ALAW, 7: Encoding.ULAW}
_EXTENSIBLE = 0xFFFE
_FMT_BYTES = range(16, 1024)
_RATES_HZ = range(1000, 400_000)
_IN_DS64 = 0xFFFFFFFF
_UNKNOWN_FROM = 0x7FFF0000
"""Writers that cannot seek put the largest size that they know, less a header. No take has 2 GiB."""

_Parts = Generator[bytes, None, None]


def is_wav(head: bytes | bytearray) -> bool:
    """Whether these bytes begin a WAV file, as far as they go."""
    return head[:4] in {b"RIFF", b"RF64"} and b"WAVE".startswith(head[8:12])


class WavSource:
    """Decodes WAV: what is in the data chunk, whatever stands around it.

    A data size of 0, or near 2 or 4 GiB, means "until the end". WAV files of one format, one after the other,
    are one sound: a server that speaks a long text in pieces may send it so.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._format: SampleFormat | None = None
        self._raw: RawSource | None = None
        self._data64 = 0
        self._missing: int | None = 0  # of the data chunk; None while its end is not known
        self._parts = self._parse()

    @property
    def rate_hz(self) -> int:
        return self._format.rate_hz if self._format else 0

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        return b"".join(iter(self._parts.__next__, b""))

    def finish(self) -> bytes:
        if self._raw is None:
            raise StreamBroken("The WAV ends before its data chunk.")
        if self._missing:
            raise StreamBroken(f"The WAV ends {self._missing} bytes before the end that it declares.")
        if self._missing is None:
            return self._raw.finish()
        if self._buffer.strip(b"\0"):
            raise BadTake(f"After the WAV came {len(self._buffer)} bytes that are no part of it.")
        return b""

    def _parse(self) -> _Parts:
        """Yields PCM as it becomes whole, and b"" where more bytes are needed."""
        while True:
            name, size = struct.unpack("<4sI", (yield from self._exactly(8)))
            if name in {b"RIFF", b"RF64"}:
                yield from self._exactly(4)
            elif name == b"ds64":
                self._data64 = int.from_bytes((yield from self._exactly(16))[8:], "little")
                yield from self._skip(max(size - 16, 0))
            elif name == b"fmt ":
                yield from self._read_format(size)
            elif name == b"data":
                yield from self._read_data(size)
            elif name.isascii() and name.decode("ascii").isprintable():
                yield from self._skip(size + size % 2)
            else:
                raise BadTake(
                    f"A WAV chunk cannot be called {name!r}: this is not the WAV that it seemed to be."
                )

    def _read_format(self, size: int) -> _Parts:
        if size not in _FMT_BYTES:
            raise BadTake(f"The WAV's format chunk has an impossible size: {size} bytes.")
        found = _sample_format((yield from self._exactly(size + size % 2)))
        if self._format not in {None, found}:
            raise BadTake("Two WAV files of different formats came in one answer.")
        self._format = found

    def _read_data(self, size: int) -> _Parts:
        if self._format is None:
            raise BadTake("The WAV has data before it says of what format.")
        if size == _IN_DS64 and self._data64:
            size = self._data64
        elif size >= _UNKNOWN_FROM:
            size = 0
        self._raw = RawSource(self._format)
        self._missing = size or None
        while self._missing != 0:
            piece = self._take(self._missing)
            if self._missing is not None:
                self._missing -= len(piece)
            pcm = self._raw.feed(piece)
            if pcm or not piece:
                yield pcm
        self._raw.finish()
        yield from self._skip(size % 2)

    def _exactly(self, count: int) -> Generator[bytes, None, bytes]:
        while len(self._buffer) < count:
            yield b""
        return self._take(count)

    def _take(self, most: int | None) -> bytes:
        with memoryview(self._buffer) as buffer:  # a slice of a bytearray would be copied twice
            taken = bytes(buffer[:most])
        del self._buffer[: len(taken)]
        return taken

    def _skip(self, count: int) -> _Parts:
        while count:
            gone = min(count, len(self._buffer))
            del self._buffer[:gone]
            count -= gone
            if count:
                yield b""


def _sample_format(chunk: bytes) -> SampleFormat:
    """The format chunk (WAVE_FORMAT_EXTENSIBLE too) as a SampleFormat.

    Raises:
        BadTake: of a kind that no speech service has a reason to send.
    """
    tag, channels, rate_hz, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = int.from_bytes(chunk[24:26], "little")
    encoding = _ENCODINGS.get(tag)
    width = frame_bytes // max(channels, 1)
    if encoding is None or width not in WIDTHS[encoding] or bits > 8 * width or rate_hz not in _RATES_HZ:
        raise BadTake(f"This kind of WAV is not read: format {tag:#x}, {bits} bits, {rate_hz} Hz.")
    if channels not in range(1, MOST_CHANNELS + 1):
        raise BadTake(f"This kind of WAV is not read: {channels} channels.")
    return SampleFormat(encoding, width, channels, rate_hz)
