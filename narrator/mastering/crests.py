"""The true peaks of takes that a limiter has to bring down: found once, and used at each gain that is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.peaks import NEAR, peaks_above
from narrator.model import Take, TakeKey

Rows = npt.NDArray[np.intp]
"""Numbers of rows of 25 ms, the hops in which a take is measured, ascending."""

Hops = npt.NDArray[np.int16]
"""The sound of such rows, one after another, as it is stored."""

_HIGHER = 10.0 ** (1.5 / 20.0)  # the gains that are tried differ by less, nearly always
_KEPT_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Crests:
    """The true peaks of a take that reach `level` (linear), and the sound around them.

    `rows` are the rows with such a peak and their neighbours, `sound` is theirs. `at` is where in this sound
    the peaks are, ascending, and `heights` how high they are.
    """

    level: float
    rows: Rows
    sound: Hops
    at: npt.NDArray[np.intp]
    heights: Samples

    @property
    def nbytes(self) -> int:
        return self.sound.nbytes + self.at.nbytes + self.heights.nbytes


class KnownCrests:
    """The crests of a chapter's takes; as many as fit into some megabytes are kept, the others found again."""

    def __init__(self, ceiling: float) -> None:
        """`ceiling` is the limiter's (linear)."""
        self._ceiling = ceiling
        self._known: dict[TakeKey, Crests] = {}
        self._room = _KEPT_BYTES

    def of(self, take: Take, gain: float, read: Callable[[], Hops]) -> Crests:
        """Of a take all crests, and some more, that this gain brings above the ceiling.

        `read` gives the sound of the take, where it is needed. What it raises is raised.
        """
        level = self._ceiling / gain
        known = self._known.get(take.key)
        if known and known.level <= level:
            return known
        found = crests_of(read(), np.frombuffer(take.measurement.hop_peaks, "<f4"), level / _HIGHER)
        if known:
            self._room += self._known.pop(take.key).nbytes
        if found.nbytes <= self._room:
            self._room -= found.nbytes
            self._known[take.key] = found
        return found


def crests_of(hops: Hops, peaks: npt.NDArray[np.floating], level: float) -> Crests:
    """The crests of a sound that reach `level`; `peaks` are the sample peaks of its rows."""
    hop = hops.shape[1]
    near = with_neighbours(np.flatnonzero(peaks >= NEAR * level), len(hops))
    at, heights = peaks_above((hops[near] * np.float32(1.0 / FULL_SCALE)).ravel(), level)
    rows = with_neighbours(at // hop, len(near))
    sound = hops[near[rows]]
    return Crests(level, near[rows], sound, np.searchsorted(rows, at // hop) * hop + at % hop, heights)


def with_neighbours(rows: Rows, count: int) -> Rows:
    """`rows` (of `count`) and the rows next to them, each once."""
    near = np.zeros(count + 2, np.bool_)
    for shift in (0, 1, 2):
        near[rows + shift] = True
    return np.flatnonzero(near[1:-1])
