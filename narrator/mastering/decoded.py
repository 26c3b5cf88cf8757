"""What a listener's decoder makes of an MP3: the promise is about that, not about the master."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from narrator.audio.decode import PcmDecoder
from narrator.audio.pcm import FULL_SCALE, to_float
from narrator.audio.peaks import true_peak
from narrator.durable import disk_errors
from narrator.mastering.level import check_stop
from narrator.model import AudioChunk, AudioFormat, Container

_READ_BYTES = 1 << 17
_CONTEXT_FRAMES = 256  # so that a peak between two blocks has its neighbours


def decoded_true_peak_dbtp(path: Path, rate_hz: int, should_stop: Callable[[], bool]) -> float:
    """The true peak of an MP3 as it is decoded, in dBTP. Reads the file in blocks.

    Raises:
        DiskError: it cannot be read.
        Interrupted: `should_stop()` said so.
    """
    highest = 1.0 / FULL_SCALE
    context = np.zeros(0, np.float32)
    for pcm in _decoded(path, rate_hz):
        check_stop(should_stop)
        samples = np.concatenate([context, to_float(pcm)])
        highest = max(highest, true_peak(samples))
        context = samples[-_CONTEXT_FRAMES:]
    return 20.0 * math.log10(highest)


def _decoded(path: Path, rate_hz: int) -> Iterator[bytes]:
    decoder = PcmDecoder(rate_hz)
    declared = AudioFormat(Container.MP3, rate_hz)
    with disk_errors(f"Reading {path}"), path.open("rb") as file:
        while data := file.read(_READ_BYTES):
            yield decoder.feed(AudioChunk(data, declared))
    yield decoder.finish()
