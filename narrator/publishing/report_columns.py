"""What is drawn of a chapter: peaks and short-term loudness in columns, from the hops that its takes keep."""

from __future__ import annotations

import math
from array import array

import numpy as np
import numpy.typing as npt

from narrator.audio.loudness import ABSOLUTE_GATE_LUFS, hop_frames
from narrator.model import Take
from narrator.publishing.record import DeliveredChapter, DeliveredSegment

MOST_COLUMNS = 600
LEAST_COLUMN_S = 0.05
"""Two hops: one of a single hop might come to lie between two."""

SHORT_TERM_S = 3.0
"""The window of short-term loudness (EBU Tech 3341, 2.2)."""

_GRID_S = 0.1

_Floats = npt.NDArray[np.float64]


class Columns:
    """What is drawn of a chapter: before the limiter, but never above the peak that it left."""

    def __init__(self, chapter: DeliveredChapter) -> None:
        self._chapter = chapter
        columns = min(max(int(chapter.duration_s / LEAST_COLUMN_S), 1), MOST_COLUMNS)
        self._highest = np.zeros(columns)
        self._energies = np.zeros(math.ceil(chapter.duration_s / _GRID_S) + 1)

    def add(self, segment: DeliveredSegment, take: Take) -> None:
        """Put a take's hops where they are heard."""
        rate_hz, duration_s = self._chapter.rate_hz, self._chapter.duration_s
        hop_s = hop_frames(take.rate_hz) / take.rate_hz
        hops = np.arange(len(take.measurement.hop_peaks) // 4)
        at_s = (segment.start - segment.first) / rate_hz + (hops + 0.5) * hop_s
        is_heard = (at_s >= segment.start / rate_hz) & (at_s < segment.end / rate_hz)
        at_s = at_s[is_heard]
        columns = (at_s / duration_s * len(self._highest)).astype(np.int64)
        gain = 10.0 ** ((self._chapter.gain_db + segment.gain_db) / 20.0)
        np.maximum.at(self._highest, columns, hop_peaks(take)[is_heard] * gain)
        energies = np.frombuffer(take.measurement.hop_energies, "<f4")[is_heard] * (gain**2 / take.rate_hz)
        np.add.at(self._energies, (at_s / _GRID_S).astype(np.int64), energies)

    @property
    def peaks(self) -> array[float]:
        most = 10.0 ** ((self._chapter.true_peak_dbtp or 0.0) / 20.0)
        return _compact(np.minimum(self._highest, most))

    def short_term_lufs(self) -> array[float]:
        """Loudness of the 3 s around the middle of each column, or of all the column where that is longer."""
        sums = np.concatenate(([0.0], np.cumsum(self._energies)))
        at_s = np.arange(len(sums)) * _GRID_S
        column_s = self._chapter.duration_s / len(self._highest)
        middles = (np.arange(len(self._highest)) + 0.5) * column_s
        half = max(SHORT_TERM_S, column_s) / 2
        powers = np.interp(middles + half, at_s, sums) - np.interp(middles - half, at_s, sums)
        powers /= 2 * half
        return _compact(np.maximum(-0.691 + 10.0 * np.log10(np.maximum(powers, 1e-12)), ABSOLUTE_GATE_LUFS))


def _compact(values: _Floats) -> array[float]:
    return array("f", values.astype(np.float32).tobytes())


def hop_peaks(take: Take) -> _Floats:
    """The sample peak of each 25 ms of a take; full scale is 1.0."""
    return np.frombuffer(take.measurement.hop_peaks, "<f4").astype(np.float64)
