"""CRC-16/ARC (reflected 0x8005, from 0), which LAME's tag asks for, over tens of megabytes in no time.

A CRC that begins at 0 is linear, so bytes may be folded before it is computed: a block takes the place of the
one after it, once each of its 16-bit words is what as many zeros as a block has bytes would have made of it.
In the end one block is left, and with it the CRC of everything.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

_BLOCK = 8192  # bytes, a power of 2
_BATCH = 32 * _BLOCK
_POLYNOMIAL = 0xA001


class Crc16:
    """The CRC of bytes that come in pieces."""

    def __init__(self) -> None:
        self._folded = np.zeros(_BLOCK // 2, "<u2")
        self._rest = bytearray()

    def update(self, data: bytes) -> None:
        self._rest += data
        if len(self._rest) >= _BATCH:
            self._fold()

    @property
    def value(self) -> int:
        self._fold()
        return crc16(self._rest, crc16(self._folded.astype("<u2").tobytes()))

    def _fold(self) -> None:
        whole = bytes(self._rest[: len(self._rest) // _BLOCK * _BLOCK])
        del self._rest[: len(whole)]
        for block in np.frombuffer(whole, "<u2").reshape(-1, _BLOCK // 2):
            self._folded = _after_a_block()[self._folded] ^ block


def crc16(data: bytes | bytearray, crc: int = 0) -> int:
    """The CRC of a few bytes that follow those of `crc`."""
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def crc16_of_both(first: int, second: int, size: int) -> int:
    """The CRC of bytes whose CRC is `first`, followed by `size` bytes whose own is `second`."""
    after = _after_a_zero()
    while size:
        if size & 1:
            first = int(after[first])
        after = after[after]
        size >>= 1
    return first ^ second


def _table() -> list[int]:
    """What a byte of each value does to a CRC of 0."""
    entries = list(range(256))
    for _ in range(8):
        entries = [entry >> 1 ^ (entry & 1) * _POLYNOMIAL for entry in entries]
    return entries


_TABLE = _table()


@lru_cache(maxsize=1)
def _after_a_zero() -> npt.NDArray[np.uint16]:
    """What each CRC becomes by a byte of 0."""
    crcs = np.arange(1 << 16, dtype=np.uint16)
    after: npt.NDArray[np.uint16] = crcs >> 8 ^ np.array(_TABLE, np.uint16)[crcs & 0xFF]
    return after


@lru_cache(maxsize=1)
def _after_a_block() -> npt.NDArray[np.uint16]:
    """What each CRC becomes by a block of zeros."""
    after = _after_a_zero()
    for _ in range(_BLOCK.bit_length() - 1):
        after = after[after]
    return after
