"""PCM bytes and floating-point samples: the project's takes are signed 16-bit little-endian mono."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from narrator.durable import disk_errors
from narrator.errors import DiskError

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


def read_hops(path: Path, frames: int, hop: int) -> npt.NDArray[np.int16]:
    """The frames of a take's file as rows of `hop`, the last filled up with zeros.

    Raises:
        DiskError: it cannot be read, or does not have `frames` frames.
    """
    with disk_errors(f"Reading the take {path}"):
        data = path.read_bytes()
    if len(data) != frames * BYTES_PER_FRAME:
        raise DiskError(
            f"The take {path} has {len(data)} bytes where {frames * BYTES_PER_FRAME} were written.",
            advice="Run the same command again: a damaged take is rendered anew.",
        )
    rows = np.zeros((-(-frames // hop), hop), np.int16)
    rows.ravel()[:frames] = np.frombuffer(data, "<i2")
    return rows
