"""A master at another rate than its own: resampled once, for all encoders that want it so."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import soxr

from narrator.audio.pcm import Samples
from narrator.audio.peaks import peaks_above
from narrator.ports import Encoder

_REACH = 32  # samples: more than a true peak between two of them depends on, to each side


class Resampled:
    """Feeds encoders of one rate with a master of another; the lengths agree to the nearest frame.

    It holds no more than some blocks. `frames` are those that the encoders got.
    """

    def __init__(self, rate_hz: int, encoders: Sequence[Encoder]) -> None:
        """`rate_hz` is the master's. There is at least one encoder."""
        self._from_hz, self._to_hz = rate_hz, encoders[0].rate_hz
        self._encoders = encoders
        self._stream = soxr.ResampleStream(self._from_hz, self._to_hz, 1, dtype="float32", quality="HQ")
        self._heard = 0
        self.frames = 0
        self._level = math.inf
        self._peak = 0.0
        self._last: Samples = np.zeros(2 * _REACH, np.float32)

    @property
    def true_peak_dbtp(self) -> float:
        """The true peak of what the encoders got, or one that is not above what is listened for."""
        return 20.0 * math.log10(self._peak) if self._peak else -math.inf

    def listen_above(self, peak_dbtp: float) -> None:
        """From now on find true peaks above this one: a filter can raise them, downwards above all."""
        self._level = 10.0 ** (peak_dbtp / 20.0)

    def write(self, block: Samples) -> None:
        self._heard += len(block)
        self._pass_on(self._stream.resample_chunk(np.ascontiguousarray(block, np.float32)))

    def close(self) -> None:
        """Pass on what the filter still holds. The encoders are closed by whoever opened them.

        Raises:
            DiskError: a file cannot be written.
        """
        rest = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        missing = round(self._heard * self._to_hz / self._from_hz) - self.frames
        self._pass_on(np.pad(rest, (0, max(0, missing - len(rest))))[:missing])
        self._listen(np.zeros(_REACH, np.float32))

    def _pass_on(self, block: Samples) -> None:
        if not len(block):
            return
        self.frames += len(block)
        self._listen(block)
        for encoder in self._encoders:
            encoder.write(block)

    def _listen(self, block: Samples) -> None:
        if math.isinf(self._level):
            return
        sound = np.concatenate([self._last, block])
        at, heights = peaks_above(sound, max(self._level, self._peak))
        inside = (at >= _REACH) & (at < len(sound) - _REACH)  # nearer to an edge, nothing is known of them yet
        self._peak = max(self._peak, float(heights[inside].max(initial=0.0)))
        self._last = sound[-2 * _REACH :].copy()
