"""Files that are made of several pieces, one after the other, with nothing encoded again."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from narrator.durable import disk_errors
from narrator.mastering.intact import check_stop

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Joined:
    """The length of a file at `rate_hz`, as a player makes it, and the frames [start, end) of each piece."""

    rate_hz: int
    frames: int
    places: tuple[tuple[int, int], ...]


def blocks_of(
    piece: Path, begin: int, should_stop: Callable[[], bool], *, size: int | None = None
) -> Iterator[bytes]:
    """So many bytes of a piece from the byte `begin` on, or all to its end.

    Raises:
        DiskError: it cannot be read, or has less.
        Interrupted: `should_stop()` said so.
    """
    with disk_errors(f"Reading {piece}"), piece.open("rb") as source:
        source.seek(begin)
        left = size
        while block := source.read(_BLOCK_BYTES if left is None else min(left, _BLOCK_BYTES)):
            check_stop(should_stop, "the chapters were joined")
            yield block
            left = None if left is None else left - len(block)
        if left:
            raise OSError(errno.EIO, "it is shorter than it was")
