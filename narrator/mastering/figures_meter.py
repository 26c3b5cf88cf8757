"""Everything that is measured of a sound of any length, in one pass and in flat memory.

Loudness by ITU-R BS.1770-4, its range by EBU Tech 3342, true peak, RMS, and the noise floor as the ACX Check of
Audacity has it. Kept are a few numbers for each tenth of a second: 1.3 MB an hour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from narrator.audio.loudness import ABSOLUTE_GATE_LUFS, Energies, gated_lufs, k_weighted
from narrator.audio.pcm import Samples
from narrator.audio.peaks import peaks_above
from narrator.mastering.figures_decoding import Block

LEAST_RATE_HZ, MOST_RATE_HZ = 4000, 768_000
"""Below them there is no room for the filters of BS.1770-4; above them is no sound that anyone sells."""

HOPS_A_STEP = 10
"""The loudness meter's steps are 100 ms."""

_MEMORY_S = 0.2
"""After it nothing is left in single precision of what a filter of 38 Hz heard before."""

_SEAM = 32
"""Samples at the edges of a block whose neighbours are not there; more than the reach of the meter of peaks."""

_MOMENT = 4  # steps: 0.4 s
_SHORT_TERM = 30  # steps: 3 s
_SHORT_TERM_EVERY = 10  # steps
_ABSOLUTE_GATE = 10.0 ** ((ABSOLUTE_GATE_LUFS + 0.691) / 10.0)
_RANGE_GATE = 10.0**-2.0  # 20 LU below the mean
_RANGE = (0.10, 0.95)

_SURROUND = 1.41
_BESIDE, _BEHIND = {"SL", "SR"}, {"BL", "BR"}


class Meter:
    """Takes a sound block by block. What it measured holds once it is closed; full scale is 1.0."""

    def __init__(self, rate_hz: int, channels: Sequence[str]) -> None:
        """`channels` are FFmpeg's names for them, such as 'FL'."""
        self.frames = 0
        self.sample_peak = self.true_peak = 0.0
        self._rate_hz = rate_hz
        self._channel_weights = channel_weights(channels)
        self._step = (rate_hz + 5) // 10
        self._starts = np.arange(HOPS_A_STEP + 1) * self._step // HOPS_A_STEP
        self._memory = round(_MEMORY_S * rate_hz)
        self._held: Block = np.zeros((len(channels), self._memory), np.float32)
        self._weighted, self._plain = bytearray(), bytearray()  # float32: the energy of each step
        self._hops = bytearray()  # float16

    def write(self, block: Block) -> None:
        """Measure the whole steps of what came so far."""
        self.frames += block.shape[1]
        held = np.concatenate([self._held, block], axis=1)
        whole = (held.shape[1] - self._memory) // self._step * self._step
        if whole:
            self._measure(held[:, : self._memory + whole], is_last=False)
        self._held = held[:, whole:].copy()

    def close(self) -> None:
        """Measure the rest, as if silence followed it."""
        missing = -(self._held.shape[1] - self._memory) % self._step
        self._measure(np.pad(self._held, ((0, 0), (0, missing))), is_last=True)

    @property
    def hops(self) -> npt.NDArray[np.float16]:
        """The RMS of every 10 ms, all channels together, in half precision: right within 0.01 dB."""
        return np.frombuffer(self._hops, np.float16)

    @property
    def hop_s(self) -> float:
        return self._step / HOPS_A_STEP / self._rate_hz

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness; -inf where the gates let nothing through."""
        return gated_lufs(self._powers(self._weighted, _MOMENT))

    @property
    def range_lu(self) -> float | None:
        """From the 10th to the 95th percentile of what 3 s measure, gated; None where the gates leave nothing.

        They begin a second apart, as EBU Tech 3342 has it at the least.
        """
        powers = self._powers(self._weighted, _SHORT_TERM)[::_SHORT_TERM_EVERY]
        powers = powers[powers >= _ABSOLUTE_GATE]
        if self.frames < _SHORT_TERM * self._step or not len(powers):
            return None
        powers = np.sort(powers[powers >= powers.mean() * _RANGE_GATE])
        low, high = (powers[int((len(powers) - 1) * share + 0.5)] for share in _RANGE)
        return float(10.0 * np.log10(high / low))

    @property
    def rms(self) -> float:
        """Ungated, of the whole sound, the mean of its channels."""
        energy = np.frombuffer(self._plain, np.float32).sum(dtype=np.float64)
        return math.sqrt(energy / (self.frames * len(self._held)))

    @property
    def lowest_rms(self) -> float:
        """Of any 0.4 s, looked at ten times a second; of all where it is shorter."""
        return self._moments(np.min)

    @property
    def highest_rms(self) -> float:
        """The same, of the loudest."""
        return self._moments(np.max)

    def _moments(self, which: Callable[[Energies], np.float64]) -> float:
        if self.frames < _MOMENT * self._step:
            return self.rms
        return math.sqrt(which(self._powers(self._plain, _MOMENT)) / len(self._held))

    def _powers(self, energies: bytearray, steps: int) -> Energies:
        """The mean squares of so many steps from each on; silence follows what is shorter."""
        whole = np.frombuffer(energies, np.float32)[: max(self.frames // self._step, 1)]
        sums = np.zeros(max(len(whole), steps) + 1)
        np.cumsum(whole, dtype=np.float64, out=sums[1 : len(whole) + 1])
        sums[len(whole) + 1 :] = sums[len(whole)]
        powers: Energies = sums[steps:] - sums[:-steps]
        powers /= steps * self._step
        return powers

    def _measure(self, sound: Block, *, is_last: bool) -> None:
        """Measure whole steps; before them is what the filters and the meter of peaks remember."""
        steps = (sound.shape[1] - self._memory) // self._step
        weighted, hops = np.zeros(steps), np.zeros((steps, HOPS_A_STEP))
        for samples, weight in zip(sound, self._channel_weights, strict=True):
            fresh = samples[self._memory :].reshape(steps, self._step)
            hops += np.add.reduceat(np.square(fresh), self._starts[:-1], axis=1)
            if weight:
                heard = k_weighted(samples, self._rate_hz)[self._memory :].reshape(steps, self._step)
                weighted += weight * np.einsum("ij,ij->i", heard, heard)
            self._find_peak(samples, is_last=is_last)
        self._weighted += weighted.astype(np.float32).tobytes()
        self._plain += hops.sum(axis=1, dtype=np.float32).tobytes()
        self._hops += np.sqrt(hops / (len(sound) * np.diff(self._starts))).astype(np.float16).tobytes()

    def _find_peak(self, samples: Samples, *, is_last: bool) -> None:
        self.sample_peak = max(self.sample_peak, float(samples.max()), -float(samples.min()))
        highest = max(self.true_peak, self.sample_peak)
        if highest:
            at, heights = peaks_above(samples, highest)
            end = len(samples) if is_last else len(samples) - _SEAM
            known = (at >= _SEAM) & (at < end)
            self.true_peak = max(highest, float(heights[known].max(initial=0.0)))


def channel_weights(channels: Sequence[str]) -> tuple[float, ...]:
    """What each channel counts for loudness: BS.1770-4, tables 3 and 4. Low-frequency effects do not count."""
    surround = _BESIDE if _BESIDE & set(channels) else _BEHIND
    return tuple(0.0 if name.startswith("LFE") else _SURROUND if name in surround else 1.0 for name in channels)
