"""Takes as they are read to be heard: only what is on the disk just as it was stored becomes part of a book."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable

import numpy as np

from narrator.audio.loudness import hop_frames
from narrator.audio.pcm import BYTES_PER_FRAME
from narrator.durable import disk_errors
from narrator.errors import DiskError, Interrupted
from narrator.mastering.crests import Hops
from narrator.model import Take, TakeKey


class DamagedTakes(DiskError):
    """Some takes, `keys`, come back from the disk other than they were written; nothing was made of them."""

    def __init__(self, keys: Collection[TakeKey]) -> None:
        names = ", ".join(key[:12] for key in sorted(keys))
        super().__init__(
            f"{len(keys)} takes are not what was stored: {names}.",
            advice="Run the same command again: a damaged take is rendered anew.",
        )
        self.keys = frozenset(keys)


def check_stop(should_stop: Callable[[], bool], doing: str = "a chapter was assembled") -> None:
    """Raises Interrupted where the answer is yes."""
    if should_stop():
        raise Interrupted(f"Stopped while {doing}.", advice="The same command goes on.")


def pcm_of(take: Take) -> bytes:
    """The bytes of a take, s16le, whose number is right.

    Raises:
        DamagedTakes: it is not.
        DiskError: they cannot be read.
    """
    with disk_errors(f"Reading the take {take.path}"):
        pcm = take.path.read_bytes()
    if len(pcm) != take.frames * BYTES_PER_FRAME:
        raise DamagedTakes({take.key})
    return pcm


def intact_pcm_of(take: Take) -> bytes:
    """The bytes of a take, just as they were stored.

    Raises:
        DamagedTakes: they are other bytes, by their number or their SHA-256.
        DiskError: they cannot be read.
    """
    pcm = pcm_of(take)
    if hashlib.sha256(pcm).hexdigest() != take.sha256:
        raise DamagedTakes({take.key})
    return pcm


def damaged(takes: Iterable[Take], should_stop: Callable[[], bool]) -> frozenset[TakeKey]:
    """The keys of those takes that are not what was stored. Reads all of them.

    Raises:
        DiskError: one cannot be read.
        Interrupted: `should_stop()` said so.
    """
    keys: set[TakeKey] = set()
    for take in takes:
        check_stop(should_stop)
        try:
            intact_pcm_of(take)
        except DamagedTakes as exc:
            keys |= exc.keys
    return frozenset(keys)


def hops_of(take: Take, pcm: bytes | None = None) -> Hops:
    """The samples of a take in rows of 25 ms, the last filled up with zeros; of its bytes, if they were read.

    Raises:
        DamagedTakes, DiskError: as `pcm_of`.
    """
    pcm = pcm_of(take) if pcm is None else pcm
    hop = hop_frames(take.rate_hz)
    missing = -len(pcm) % (hop * BYTES_PER_FRAME)
    return np.frombuffer(pcm + bytes(missing) if missing else pcm, "<i2").reshape(-1, hop)
