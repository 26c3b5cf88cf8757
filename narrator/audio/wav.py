"""Writing WAV as a stream: one header, put right at the end; RF64 (EBU Tech 3306) past 4 GiB."""

from __future__ import annotations

import struct
from typing import BinaryIO

from narrator.audio.pcm import BYTES_PER_FRAME

HEADER_BYTES = 80
"""What stands before the samples in a file of WavWriter."""

_UNKNOWN = 0xFFFFFFFF  # also what RF64 puts where the true size is in ds64
_DS64_BYTES = 28
_RIFF64_AT, _DATA64_AT, _RATE_AT, _DATA_AT = 20, 28, 60, 76  # of all, of the samples; their rate and bytes
_FORMAT_BYTES = 28  # from the format to where they are


def endless_header(rate_hz: int) -> bytes:
    """The header of a WAV that goes into a pipe, s16le mono: its sizes are unknown, written as the largest."""
    return struct.pack("<4sI4s", b"RIFF", _UNKNOWN, b"WAVE") + _format_and_data(rate_hz, _UNKNOWN)


def _format_and_data(rate_hz: int, data_bytes: int) -> bytes:
    pcm, channels, bits = 1, 1, 8 * BYTES_PER_FRAME
    return struct.pack(
        "<4sIHHII", b"fmt ", 16, pcm, channels, rate_hz, rate_hz * BYTES_PER_FRAME
    ) + struct.pack("<HH4sI", BYTES_PER_FRAME, bits, b"data", data_bytes)


def rate_and_bytes(header: bytes) -> tuple[int, int] | None:
    """The rate in Hz and the bytes of sound, by the first bytes of a WavWriter's file; None of another."""
    rate_hz, data_bytes = (int.from_bytes(header[at : at + 4], "little") for at in (_RATE_AT, _DATA_AT))
    if header.startswith(b"RF64"):
        data_bytes = int.from_bytes(header[_DATA64_AT : _DATA64_AT + 8], "little")
    elif data_bytes == _UNKNOWN:
        return None
    told = header[_DATA_AT - _FORMAT_BYTES : _DATA_AT]
    return (rate_hz, data_bytes) if told == _format_and_data(rate_hz, 0)[:_FORMAT_BYTES] else None


def put_length(header: bytes, size: int) -> bytes | None:
    """The header of a WavWriter's file that has become `size` bytes long; None where it cannot say so."""
    if header.startswith(b"RF64"):
        return header[:_RIFF64_AT] + (size - 8).to_bytes(8, "little") + header[_RIFF64_AT + 8 :]
    if size >= _UNKNOWN:
        return None
    return header[:4] + (size - 8).to_bytes(4, "little") + header[8:]


class WavWriter:
    """Writes s16le mono to a seekable binary file that the caller opened and closes.

    Until `close` the header says that the length is unknown, so that what a killed process leaves can be read.
    `largest` is the size of a file from which it is RF64.
    """

    def __init__(self, file: BinaryIO, rate_hz: int, *, largest: int = _UNKNOWN) -> None:
        self._file = file
        self._rate_hz = rate_hz
        self._largest = largest
        self._data_bytes = 0
        file.write(self._header(b"RIFF", b"JUNK", bytes(_DS64_BYTES), _UNKNOWN, _UNKNOWN))

    def write(self, pcm: bytes) -> None:
        self._file.write(pcm)
        self._data_bytes += len(pcm)

    def close(self) -> None:
        """Put the header right; the file stays open, at its end."""
        riff_bytes = HEADER_BYTES - 8 + self._data_bytes
        if riff_bytes + 8 < self._largest:
            header = self._header(b"RIFF", b"JUNK", bytes(_DS64_BYTES), riff_bytes, self._data_bytes)
        else:
            frames = self._data_bytes // BYTES_PER_FRAME
            ds64 = struct.pack("<QQQI", riff_bytes, self._data_bytes, frames, 0)
            header = self._header(b"RF64", b"ds64", ds64, _UNKNOWN, _UNKNOWN)
        self._file.seek(0)
        self._file.write(header)
        self._file.seek(0, 2)

    def _header(self, form: bytes, first: bytes, ds64: bytes, riff_bytes: int, data_bytes: int) -> bytes:
        """The first chunk is room for ds64, called JUNK while it is not needed, as EBU Tech 3306 has it."""
        start = struct.pack("<4sI4s4sI", form, riff_bytes, b"WAVE", first, _DS64_BYTES)
        return start + ds64 + _format_and_data(self._rate_hz, data_bytes)
