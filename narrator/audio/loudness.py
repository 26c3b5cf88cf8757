"""Loudness by ITU-R BS.1770-4: K-weighting, hops of energy, and gating of hops placed on a time line.

A take is filtered once, when it is made; its energy is kept in hops of 25 ms. Whatever chapter it becomes a
part of is then measured from the hops alone. They are finer than the meter's own 100 ms because takes do not
begin on its grid.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Energies = npt.NDArray[np.float64]
"""The sum of squares of K-weighted samples in each hop; full scale is 1.0."""

ABSOLUTE_GATE_LUFS = -70.0
_OFFSET_LU = -0.691


def hop_frames(rate_hz: int) -> int:
    """Frames of a 25 ms hop, rounded down where the rate is no multiple of 40."""
    return rate_hz // 40


def k_weighted(samples: npt.NDArray[np.floating], rate_hz: int) -> npt.NDArray[np.float64]:
    """The samples through the filters of BS.1770-4, along the last axis."""
    if not samples.size:
        return samples.astype(np.float64)
    from scipy.signal import sosfilt  # noqa: PLC0415 - takes half a second, which `status` need not wait for

    filtered: npt.NDArray[np.float64] = sosfilt(_k_weighting(rate_hz), samples)
    return filtered


class KWeighting:
    """The filters of BS.1770-4 over one sound that comes in blocks."""

    def __init__(self, rate_hz: int) -> None:
        from scipy.signal import sosfilt  # noqa: PLC0415 - see `k_weighted`

        self._filter = sosfilt
        self._sections = _k_weighting(rate_hz)
        self._state = np.zeros((len(self._sections), 2))

    def __call__(self, block: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """The next block, filtered; at least one sample."""
        filtered: npt.NDArray[np.float64]
        filtered, self._state = self._filter(self._sections, block, zi=self._state)
        return filtered


@dataclass(frozen=True, slots=True)
class PlacedHops:
    """The hops of one take on a time line.

    `offset` is where the take's first frame would lie; of the take only [start, end) of the time line is
    heard. `hop` is the frames of a hop.
    """

    offset: int
    start: int
    end: int
    hop: int
    energies: Energies


def integrated_lufs(placed: Iterable[PlacedHops], frames: int, rate_hz: int) -> float:
    """Integrated loudness of a time line of `frames` frames, silent but for what is placed on it in order.

    -inf where nothing is louder than the absolute gate. A time line shorter than the meter's first block of
    400 ms is measured as if silence followed it.
    """
    step = (rate_hz + 5) // 10
    grid = np.arange(max(frames // step, 4) + 1) * step
    at, energy = _cumulative(placed)
    hops = np.diff(np.interp(grid, at, energy))
    sums = np.concatenate(([0.0], np.cumsum(hops)))
    return _gated_lufs((sums[4:] - sums[:-4]) / (4 * step))


def _cumulative(placed: Iterable[PlacedHops]) -> tuple[npt.NDArray[np.int64], Energies]:
    """The energy up to each of the ascending frames `at`."""
    at: list[npt.NDArray[np.int64]] = [np.zeros(1, np.int64)]
    energy: list[Energies] = [np.zeros(1)]
    total = 0.0
    for part in placed:
        edges = part.offset + np.arange(len(part.energies) + 1, dtype=np.int64) * part.hop
        at.append(np.clip(edges, part.start, part.end))
        energy.append(total + np.concatenate(([0.0], np.cumsum(part.energies))))
        total = float(energy[-1][-1])
    return np.concatenate(at), np.concatenate(energy)


def _gated_lufs(powers: Energies) -> float:
    """The two gates of BS.1770-4 over the mean squares of 400 ms blocks that overlap by 75 %."""
    powers = powers[powers > 10.0 ** ((ABSOLUTE_GATE_LUFS - _OFFSET_LU) / 10.0)]
    if not len(powers):
        return -math.inf
    powers = powers[powers > powers.mean() * 0.1]
    return _OFFSET_LU + 10.0 * math.log10(powers.mean())


@lru_cache(maxsize=16)
def _k_weighting(rate_hz: int) -> npt.NDArray[np.float64]:
    """BS.1770-4's shelf and high-pass as second-order sections at any rate.

    The standard prints coefficients for 48 kHz alone; these are its analogue prototypes, as libebur128 has
    them, through the bilinear transform.
    """
    shelf_hz, shelf_db, shelf_q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * shelf_hz / rate_hz)
    high = 10.0 ** (shelf_db / 20.0)
    middle = high**0.4996667741545416
    a0 = 1.0 + k / shelf_q + k * k
    shelf = [
        (high + middle * k / shelf_q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - middle * k / shelf_q + k * k) / a0,
        1.0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / shelf_q + k * k) / a0,
    ]
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * pass_hz / rate_hz)
    a0 = 1.0 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / pass_q + k * k) / a0]
    return np.array([shelf, high_pass])
