"""Where a decoder may raise a true peak, and how high it is in patches of what it makes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.peaks import peaks_above

# Between samples a signal is much higher than on them only where neighbours differ by 0.8 of that height.
# The least of such signals, an impulse between two samples, has 0.64, 0.64 and -0.21 of its height there.
_SLOPE = 1.25

_EDGE = 32  # samples at a seam whose neighbours are not there; more than the meter's reach


class LoudFrames:
    """Finds the frames of a master near its loudest, and those beside: coding raises nothing else above it."""

    def __init__(self, frame: int, *, near_db: float, most_raised_db: float) -> None:
        """Sound more than `near_db` below the loudest sample so far is not loud. A frame has `frame` samples.

        Coding raises no high peak by more than `most_raised_db`.
        """
        self._frame = frame
        self._near = 10.0 ** (-near_db / 20.0)
        self._most_raised = 10.0 ** (most_raised_db / 20.0)
        self._floor = 0.0
        self._loudest = 1.0 / FULL_SCALE
        self._samples = np.zeros(1, np.float32)  # the last of the frame before, and no whole frame
        self._heights = np.zeros(1)  # of the frame before the next to be told of, and on

    def above(self, peak: float) -> None:
        """From now on no frame is loud that cannot come out above `peak` (linear)."""
        self._floor = peak / self._most_raised

    def add(self, samples: Samples) -> None:
        samples = np.concatenate([self._samples, samples])
        whole = (len(samples) - 1) // self._frame * self._frame
        self._samples = samples[whole:].copy()
        peaks = self._highest_a_frame(samples[1 : whole + 1])
        slopes = self._highest_a_frame(np.diff(samples[: whole + 1]))
        self._heights = np.concatenate([self._heights, np.maximum(peaks, _SLOPE * slopes)])
        self._loudest = max(self._loudest, float(peaks.max(initial=0.0)))

    def next(self, count: int) -> npt.NDArray[np.intp]:
        """Which of the next `count` frames are loud; frames that were not added are silent."""
        missing = count + 2 - len(self._heights)
        heights = np.pad(self._heights, (0, max(missing, 0)))
        around = sliding_window_view(heights, 3)[:count].max(axis=1)
        self._heights = heights[count:]
        return np.flatnonzero(around >= max(self._near * self._loudest, self._floor))

    @property
    def known(self) -> int:
        """Of how many frames it is known, since the one after them was added."""
        return max(0, len(self._heights) - 2)

    def _highest_a_frame(self, samples: Samples) -> Samples:
        frames = samples.reshape(-1, self._frame)
        highest: Samples = np.maximum(frames.max(axis=1), -frames.min(axis=1))
        return highest


class PatchPeak:
    """The true peak of a sound of which patches are heard, in frames of `frame` samples.

    At the edges of patches nothing is found between samples: what is loud is inside them.
    """

    def __init__(self, frame: int) -> None:
        self._frame = frame
        self._heard: list[bytes | memoryview] = [bytes(4 * frame)]  # the first was measured before
        self._seams = [0]  # the numbers of those whose neighbour is not the one before
        self._sample = self._highest = 1.0 / FULL_SCALE

    @property
    def highest(self) -> float:
        """Linear; full scale is 1.0."""
        return self._highest

    @property
    def waiting(self) -> int:
        """The frames that were not measured yet."""
        return len(self._heard) - 1

    def begin(self) -> None:
        """What is added next does not follow what was added before."""
        self._seams.append(len(self._heard))

    def add(self, frames: Iterable[bytes | memoryview]) -> None:
        """Frames as native float32."""
        self._heard.extend(frames)

    def measure(self) -> None:
        samples = np.frombuffer(b"".join(self._heard), np.float32)
        begins = np.zeros(len(self._heard) + 1, np.bool_)
        begins[[*self._seams, -1]] = True
        self._heard, self._seams = self._heard[-1:], [0]
        self._sample = max(self._sample, float(samples.max()), -float(samples.min()))
        at, heights = peaks_above(samples, self._sample)
        frame, place = np.divmod(at, self._frame)
        at_seam = begins[frame] & (place < _EDGE) | begins[frame + 1] & (place >= self._frame - _EDGE)
        self._highest = max(self._highest, self._sample, float(heights[~at_seam].max(initial=0.0)))
