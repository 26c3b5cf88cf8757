"""What a listener's player makes of a delivered file, by libraries that narrator does not measure with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pyebur128
from mutagen.mp3 import MP3


@dataclass(frozen=True, slots=True)
class Sound:
    """A decoded mono file; full scale is 1.0."""

    samples: npt.NDArray[np.float32]
    rate_hz: int

    @property
    def loudness_lufs(self) -> float:
        return float(pyebur128.get_loudness_global(self._measured(pyebur128.MeasurementMode.MODE_I)))

    @property
    def true_peak_dbtp(self) -> float:
        state = self._measured(pyebur128.MeasurementMode.MODE_TRUE_PEAK)
        return 20 * math.log10(pyebur128.get_true_peak(state, 0))

    def longest_silence_s(self, threshold_db: float = -50.0) -> float:
        """The longest run of 10 ms blocks whose peaks are all under the threshold."""
        block = self.rate_hz // 100
        whole = self.samples[: len(self.samples) // block * block].reshape(-1, block)
        loud = np.flatnonzero(np.abs(whole).max(axis=1) > 10 ** (threshold_db / 20))
        edges = np.concatenate(([-1], loud, [len(whole)]))
        return float(np.diff(edges).max() - 1) / 100

    def _measured(self, mode: object) -> pyebur128.R128State:
        state = pyebur128.R128State(1, self.rate_hz, mode)
        state.add_frames(self.samples.astype(np.float64), len(self.samples))
        return state


def decode(path: Path) -> Sound:
    """Decode a mono file with FFmpeg's libraries, which honour the encoder's delay and padding."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        blocks = [frame.to_ndarray().reshape(-1) for frame in container.decode(stream)]
        assert stream.codec_context.channels == 1
        rate_hz = int(stream.codec_context.sample_rate)
    samples = np.concatenate(blocks)
    scale = 32768 if samples.dtype == np.int16 else 1
    return Sound(samples.astype(np.float32) / np.float32(scale), rate_hz)


def read_mp3(path: Path) -> Any:
    """The tags and the stream's properties, as mutagen reads them; it is typed in part only."""
    return MP3(path)  # type: ignore[no-untyped-call]  # as above
