"""Ogg pages (RFC 3533) of one stream of Opus packets (RFC 7845)."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

_FIRST, _LAST = 2, 4
_MOST_LACES = 255
_UNENDED = -1  # the granule position of a page on which no packet ends
_CRC_AT = 22
_SERIAL = 1  # the only stream of its file

# Ogg's CRC takes the highest bit of each byte first, zlib's the lowest.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggWriter:
    """Writes packets to a binary file that the caller opened and closes, `a_page` of them together."""

    def __init__(self, file: BinaryIO, *, a_page: int) -> None:
        self._file = file
        self._a_page = a_page
        self._pages = 0
        self._laces = bytearray()
        self._packets: list[bytes] = []
        self._granule = 0

    def header(self, packet: bytes) -> None:
        """Write a header packet, shorter than 65,025 bytes, on a page of its own."""
        self._take(packet, 0)
        self._page(_FIRST if self._pages == 0 else 0)

    def packet(self, packet: bytes, granule: int) -> None:
        """Write a packet of sound, shorter than 65,025 bytes, at whose end the stream has `granule` samples."""
        if len(self._packets) >= self._a_page or len(self._laces) + _laces(packet) > _MOST_LACES:
            self._page(0)
        self._take(packet, granule)

    def close(self, granule: int) -> None:
        """End the stream after `granule` samples: what its last packet has beyond them is not heard."""
        self._granule = granule
        self._page(_LAST)

    def _take(self, packet: bytes, granule: int) -> None:
        self._laces += b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
        self._packets.append(packet)
        self._granule = granule

    def _page(self, kind: int) -> None:
        position = self._granule if self._packets else _UNENDED
        head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, position, _SERIAL, self._pages, 0, len(self._laces))
        page = bytearray(b"".join([head, self._laces, *self._packets]))
        page[_CRC_AT : _CRC_AT + 4] = _crc(page).to_bytes(4, "little")
        self._file.write(page)
        self._pages += 1
        self._laces.clear()
        self._packets.clear()


def _laces(packet: bytes) -> int:
    return len(packet) // 255 + 1


def _crc(page: bytes | bytearray) -> int:
    """The CRC-32 of RFC 3533, 6: polynomial 0x04c11db7, from 0, nothing inverted."""
    lowest_first = ~zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) & 0xFFFFFFFF
    return int(f"{lowest_first:032b}"[::-1], 2)
