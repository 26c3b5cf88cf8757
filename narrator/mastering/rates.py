"""Takes of different rates, as a change of provider leaves them, brought to one so that they make a chapter."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr

from narrator.audio.measure import measure
from narrator.audio.pcm import to_float, to_pcm
from narrator.durable import disk_errors, write_durably
from narrator.mastering.intact import check_stop, intact_pcm_of
from narrator.model import Take


def common_rate_hz(takes: Iterable[Take]) -> int:
    """The rate in Hz at which there is most to hear, by time; the higher of two that are equal.

    Raises:
        ValueError: there are no takes.
    """
    heard: Counter[int] = Counter()
    for take in takes:
        heard[take.rate_hz] += round(take.frames * 1000 / take.rate_hz)
    return max(heard, key=lambda rate_hz: (heard[rate_hz], rate_hz))


def at_one_rate(
    takes: Sequence[Take],
    folder: Path,
    *,
    rate_hz: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[Take]:
    """The takes, those of another rate than `rate_hz` (None: the most common one) resampled, in the same order.

    A resampled take is a file in `folder`, and is written only where it is not there just so. It keeps its key
    and its words; its digest and its measurement are its own. Where all have the rate, nothing is done.

    Raises:
        DamagedTakes: a take to be resampled is not what was stored.
        DiskError: a take cannot be read, or a file not be written.
        Interrupted: `should_stop()` said so.
    """
    if not takes:
        return []
    rate_hz = rate_hz or common_rate_hz(takes)
    made: dict[str, Take] = {}
    for take in takes:
        if take.rate_hz != rate_hz and take.key not in made:
            check_stop(should_stop)
            made[take.key] = _resampled(take, rate_hz, folder)
    return [take if take.rate_hz == rate_hz else made[take.key] for take in takes]


def _resampled(take: Take, rate_hz: int, folder: Path) -> Take:
    samples = to_float(intact_pcm_of(take))
    frames = round(len(samples) * rate_hz / take.rate_hz)
    sound = soxr.resample(samples, take.rate_hz, rate_hz, quality="HQ")[:frames]
    pcm = to_pcm(np.pad(sound, (0, frames - len(sound))))
    path = folder / f"{take.key}-{rate_hz}.pcm"
    if not _holds(path, pcm):
        write_durably(path, pcm)
    digest = hashlib.sha256(pcm).hexdigest()
    return replace(take, path=path, rate_hz=rate_hz, sha256=digest, measurement=measure(pcm, rate_hz))


def _holds(path: Path, pcm: bytes) -> bool:
    with disk_errors(f"Reading {path}"):
        return path.is_file() and path.stat().st_size == len(pcm) and path.read_bytes() == pcm
