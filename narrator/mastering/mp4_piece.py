"""The sound of one chapter in an MP4 of its own, until it is joined with that of others."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from narrator.durable import disk_errors
from narrator.errors import DiskError
from narrator.mastering.mp4 import Packets, box, media_header, movie, size_of

_BRAND = box(b"ftyp", b"M4A ", bytes(4), b"M4A mp42isom")
_MOST_RATE_HZ = 0xFFFF  # for which a description of sound has room
_BEGIN = size_of(_BRAND) + len(media_header(0))


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of sound; its packets begin at the byte `begin`."""

    path: Path
    packets: Packets
    begin: int


class PieceWriter:
    """Writes packets as they come; all that is said of them goes after the last."""

    def __init__(self, path: Path) -> None:
        """Begin the file `path`.

        Raises:
            DiskError: it cannot be written.
        """
        self._path = path
        self._sizes = array("I")
        with disk_errors(f"Writing {path}"):
            self._file = path.open("wb")
            self._file.write(b"".join(_BRAND) + media_header(0))

    @property
    def is_closed(self) -> bool:
        return self._file.closed

    def write(self, packets: Sequence[bytes]) -> None:
        """Raises DiskError."""
        self._sizes.extend(map(len, packets))
        with disk_errors(f"Writing {self._path}"):
            self._file.write(b"".join(packets))

    def close(self, rate_hz: int, config: bytes) -> None:
        """Finish the file.

        Raises:
            DiskError: it could not be written.
        """
        packets = Packets(rate_hz, config, np.asarray(self._sizes, ">u4").tobytes())
        with disk_errors(f"Writing {self._path}"), self._file:
            self._file.writelines(movie(packets, _BEGIN))
            self._file.seek(size_of(_BRAND))
            self._file.write(media_header(packets.total_bytes))


def piece_of(path: Path) -> Piece:
    """A file that `PieceWriter` wrote.

    Raises:
        DiskError: it cannot be read, or is no such file, or not whole.
    """
    with disk_errors(f"Reading {path}"), path.open("rb") as file:
        try:
            return _read(path, file)
        except (KeyError, ValueError, struct.error) as exc:
            raise DiskError(
                f"{path} is not the sound of a chapter as it was written.",
                advice="Remove it and run the same command again: it is made anew.",
            ) from exc


def _read(path: Path, file: BinaryIO) -> Piece:
    head = file.read(_BEGIN)
    media_bytes = struct.unpack(">8xQ", head[size_of(_BRAND) :])[0]
    end = size_of(_BRAND) + media_bytes
    if head != b"".join(_BRAND) + media_header(end - _BEGIN) or end > path.stat().st_size:
        raise KeyError(b"mdat")
    file.seek(end)
    media = _within(memoryview(file.read()), b"moov", b"trak", b"mdia")
    table = _within(media, b"minf", b"stbl")
    rate_hz = struct.unpack(">12xI", _within(media, b"mdhd")[:16])[0]
    if not 0 < rate_hz <= _MOST_RATE_HZ:
        raise KeyError(b"mdhd")
    config = _config(_within(table, b"stsd")[8:])
    packets = Packets(rate_hz, config, bytes(_within(table, b"stsz")[12:]))
    if not packets.count or _BEGIN + packets.total_bytes != end:
        raise KeyError(b"mdat")
    return Piece(path, packets, _BEGIN)


def _within(data: memoryview, *kinds: bytes) -> memoryview:
    """The contents of the first box of a kind, and in it of the next kind, and so on.

    Raises KeyError and struct.error.
    """
    for kind in kinds:
        data = _content(data, kind)
    return data


def _content(data: memoryview, kind: bytes) -> memoryview:
    while data:
        size, found = struct.unpack(">I4s", data[:8])
        if found == kind and size <= len(data):
            return data[8:size]
        data = data[max(size, 8) :]
    raise KeyError(kind)


def _config(entries: memoryview) -> bytes:
    """The decoder's configuration, which is last in the descriptors but for one of three bytes."""
    sound = _within(entries, b"mp4a")
    descriptors = bytes(_within(sound[28:], b"esds"))
    return descriptors[26:-3]
