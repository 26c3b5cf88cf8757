"""A look-ahead limiter at a true-peak ceiling, working only where a peak is.

Each true peak above the ceiling names the gain that would bring it down. A running minimum of these gains
over the look-ahead on both sides, smoothed by a box of the same length, is the gain curve: at every such peak
the box lies wholly inside the minimum, so the peak does not pass the ceiling, and further than twice the
look-ahead from any peak the curve is exactly 1. What the curve's own slope adds between two samples was 0.15 dB
at most with voices, 0.6 dB with bursts of white noise.

It works on rows of 25 ms, the hops in which takes are measured. Rows that were left out between others are no
matter, as long as every row with a peak has its neighbours in time beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from narrator.audio.loudness import Energies, k_weighted
from narrator.audio.pcm import Samples
from narrator.audio.peaks import NEAR, peaks_above
from narrator.audio.silence import frames_in

LOOK_AHEAD_MS = 5.0

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Limited:
    """The rows that the limiter changed, ascending, and their samples before and after."""

    rate_hz: int
    rows: Rows
    before: Samples
    after: Samples

    def energy_changes(self) -> Energies:
        """How much K-weighted energy each row gained; nearly always less than 0.

        All rows are filtered in one go, though not all are neighbours in time: between two changes lie at
        least 30 ms of unchanged sound, in which the filters forget (their slowest pole has 4 ms).
        """
        change = self.after - self.before
        weighted = k_weighted(np.stack([self.before.ravel(), change.ravel()]), self.rate_hz)
        sound, difference = weighted.reshape(2, *self.before.shape)
        energies: Energies = ((2.0 * sound + difference) * difference).sum(axis=1)
        return energies


def limit(hops: Samples, rate_hz: int, ceiling: float) -> Limited | None:
    """What has to change so that no true peak of `hops`, rows of 25 ms, is above `ceiling` (linear).

    None where nothing has to change.
    """
    hop = hops.shape[1]
    at, heights = peaks_above(hops.ravel(), ceiling)
    if not len(at):
        return None
    rows = with_neighbours(np.unique(at // hop), len(hops))
    before = hops[rows]
    needed = np.ones(before.size, np.float32)
    needed[np.searchsorted(rows, at // hop) * hop + at % hop] = ceiling / heights
    width = 2 * frames_in(LOOK_AHEAD_MS, rate_hz) + 1
    gains = uniform_filter1d(minimum_filter1d(needed, width), width).reshape(before.shape)
    return Limited(rate_hz, rows, before, before * gains)


def rows_near(peaks: npt.NDArray[np.floating], ceiling: float) -> Rows:
    """The rows whose sample peak lets a true peak stand above the ceiling, and their neighbours."""
    return with_neighbours(np.flatnonzero(peaks >= NEAR * ceiling), len(peaks))


def with_neighbours(rows: Rows, count: int) -> Rows:
    """`rows` (of `count`, ascending) and the rows next to them, each once."""
    near = np.zeros(count + 2, np.bool_)
    for shift in (0, 1, 2):
        near[rows + shift] = True
    return np.flatnonzero(near[1:-1])
