"""CRC-16/ARC (reflected 0x8005, from 0), which LAME's tag asks for, over tens of megabytes in no time.

A CRC that begins at 0 is linear: that of a block is the exclusive or of what each byte contributes from its
place. With a table of contributions for all places in a block, whole blocks become one look-up in numpy.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

_BLOCK = 1024
_POLYNOMIAL = 0xA001


class Crc16:
    """The CRC of bytes that come in pieces."""

    def __init__(self) -> None:
        self._crc = 0
        self._rest = b""

    def update(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) // _BLOCK * _BLOCK
        self._rest = data[whole:]
        if not whole:
            return
        places = _contributions()
        blocks = np.frombuffer(data, np.uint8, whole).reshape(-1, _BLOCK)
        first, second = places[0].tolist(), places[1].tolist()
        crc = self._crc
        for block in np.bitwise_xor.reduce(places[np.arange(_BLOCK), blocks], axis=1).tolist():
            crc = block ^ first[crc & 0xFF] ^ second[crc >> 8]
        self._crc = crc

    @property
    def value(self) -> int:
        return crc16(self._rest, self._crc)


def crc16(data: bytes, crc: int = 0) -> int:
    """The CRC of a few bytes that follow those of `crc`."""
    last = _contributions()[-1].tolist()
    for byte in data:
        crc = crc >> 8 ^ last[(crc ^ byte) & 0xFF]
    return crc


@lru_cache(maxsize=1)
def _contributions() -> npt.NDArray[np.uint16]:
    """What a byte of each value does to the CRC from each place of a block; the last is the usual table."""
    places = np.zeros((_BLOCK, 256), np.uint16)
    last = np.arange(256, dtype=np.uint16)
    for _ in range(8):
        last = np.where(last & 1, last >> 1 ^ _POLYNOMIAL, last >> 1).astype(np.uint16)
    places[-1] = last
    for place in range(_BLOCK - 2, -1, -1):
        later = places[place + 1]
        places[place] = later >> 8 ^ last[later & 0xFF]
    return places
