"""Where sound begins and ends, and edges that do not click."""

from __future__ import annotations

import numpy as np

from narrator.audio.pcm import Samples

THRESHOLD_DB = -50.0
"""Below this, in dB of full scale, a voice at a usual level is silent."""

_BLOCK = 4096


def edges(samples: Samples, *, threshold_db: float = THRESHOLD_DB) -> tuple[int, int]:
    """Frames of silence before the first and after the last sample louder than `threshold_db`.

    All of the frames are lead, and none tail, where nothing is that loud.
    """
    level = np.float32(10.0 ** (threshold_db / 20.0))
    lead = _quiet_frames(samples, level)
    return lead, 0 if lead == len(samples) else _quiet_frames(samples[::-1], level)


def _quiet_frames(samples: Samples, level: np.float32) -> int:
    """How many samples come before the first that is louder; looks no further than that."""
    for at in range(0, len(samples), _BLOCK):
        loud = np.abs(samples[at : at + _BLOCK]) > level
        if loud.any():
            return at + int(loud.argmax())
    return len(samples)


def trim_silence(
    samples: Samples, rate_hz: int, *, margin_ms: float, threshold_db: float = THRESHOLD_DB
) -> Samples:
    """The part of `samples` that is heard, with up to `margin_ms` of what surrounds it: a view, no copy.

    Nothing is left where nothing is louder than `threshold_db`.
    """
    lead, tail = edges(samples, threshold_db=threshold_db)
    if lead == len(samples):
        return samples[:0]
    margin = frames_in(margin_ms, rate_hz)
    return samples[max(0, lead - margin) : len(samples) - max(0, tail - margin)]


def fade_edges(samples: Samples, rate_hz: int, *, fade_ms: float = 5.0) -> Samples:
    """A copy with a linear fade at each end; the two share what is shorter than both."""
    faded = samples.copy()
    frames = min(frames_in(fade_ms, rate_hz), len(faded) // 2)
    if frames:
        ramp = np.linspace(0.0, 1.0, frames, endpoint=False, dtype=np.float32)
        faded[:frames] *= ramp
        faded[-frames:] *= ramp[::-1]
    return faded


def frames_in(duration_ms: float, rate_hz: int) -> int:
    """Milliseconds as whole frames, rounded to the nearest."""
    return round(duration_ms * rate_hz / 1000)
