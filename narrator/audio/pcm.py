"""PCM bytes and floating-point samples: the project's takes are signed 16-bit little-endian mono."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono samples, full scale 1.0."""

FULL_SCALE = 32768
BYTES_PER_FRAME = 2


def to_float(pcm: bytes) -> Samples:
    """s16le to samples. The length must be even."""
    return np.frombuffer(pcm, "<i2") * np.float32(1.0 / FULL_SCALE)


def to_pcm(samples: Samples, *, gain: float = 1.0) -> bytes:
    """Samples to s16le, rounded to the nearest step, clipped at full scale; undoes `to_float` exactly."""
    scaled = samples * np.float32(gain * FULL_SCALE)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1, out=scaled)
    return scaled.astype("<i2").tobytes()
