"""The one gain of a chapter: found from the hops of its takes, and from what the limiter will take away."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from narrator.audio.loudness import ABSOLUTE_GATE_LUFS, Energies, PlacedHops, hop_frames, integrated_lufs
from narrator.mastering.crests import KnownCrests
from narrator.mastering.intact import check_stop, hops_of
from narrator.mastering.limiter import limit
from narrator.mastering.timeline import Timeline
from narrator.model import Take

TOLERANCE_LU = 0.02
MAKE_UP_DB = 9.0
"""Added at most to make up for the limiter: beyond it, little but peaks would be left of the sound."""

_ROUNDS = 6
_FIRST_SLOPE, _LEAST_SLOPE = 0.8, 0.25  # LU that a dB of gain brings while a limiter takes some of it


@dataclass(frozen=True, slots=True)
class Level:
    """A gain, and the integrated loudness of the chapter after this gain and the limiter.

    A chapter without sound has the gain 0 dB and the loudness of the meter's absolute gate.
    """

    gain_db: float
    loudness_lufs: float

    @property
    def gain(self) -> float:
        return float(10.0 ** (self.gain_db / 20.0))


def find_level(
    timeline: Timeline,
    crests: KnownCrests,
    *,
    target_lufs: float,
    ceiling: float,
    should_stop: Callable[[], bool],
) -> Level:
    """The gain that brings a chapter to `target_lufs` behind a limiter at `ceiling` (linear).

    Where the limiter does not act, the hops alone say it. Where it does, the hops around peaks, and no others,
    are limited on trial, and the gain is corrected until the loudness is right within 0.02 LU.

    Raises:
        DamagedTakes: a take is shorter or longer than it was.
        DiskError: a take cannot be read.
        Interrupted: `should_stop()` said so.
    """
    flat = _loudness(timeline, (_energies(clip.take) for clip in timeline.clips))
    if math.isinf(flat):
        return Level(0.0, ABSOLUTE_GATE_LUFS)

    def attempt(gain_db: float) -> Level:
        gain = 10.0 ** (gain_db / 20.0)
        energies = _limited_energies(timeline, crests, gain, ceiling, should_stop)
        # What is left of a few loud samples may be nothing that the gates let through.
        return Level(gain_db, max(_loudness(timeline, energies), ABSOLUTE_GATE_LUFS))

    most_db = target_lufs - flat + MAKE_UP_DB
    level = attempt(target_lufs - flat)
    # The more the limiter takes, the less a dB more brings: of ten voices this is near the first step's slope.
    slope = _FIRST_SLOPE / (1.0 + (target_lufs - level.loudness_lufs) / 3.0)
    for _ in range(_ROUNDS):
        error = target_lufs - level.loudness_lufs
        gain_db = min(level.gain_db + error / slope, most_db)
        if abs(error) <= TOLERANCE_LU or gain_db == level.gain_db:
            break
        before, level = level, attempt(gain_db)
        slope = (level.loudness_lufs - before.loudness_lufs) / (level.gain_db - before.gain_db)
        slope = min(max(slope, _LEAST_SLOPE), 1.0)
    return level


def _loudness(timeline: Timeline, energies: Iterable[Energies]) -> float:
    hop = hop_frames(timeline.rate_hz)
    placed = (
        PlacedHops(clip.start - clip.first, clip.start, clip.end, hop, heard)
        for clip, heard in zip(timeline.clips, energies, strict=True)
    )
    return integrated_lufs(placed, timeline.frames, timeline.rate_hz)


def _limited_energies(
    timeline: Timeline, crests: KnownCrests, gain: float, ceiling: float, should_stop: Callable[[], bool]
) -> Iterator[Energies]:
    """The hop energies of each clip's take after the gain and the limiter."""
    for clip in timeline.clips:
        check_stop(should_stop)
        take = clip.take
        energies = _energies(take) * gain**2
        if take.measurement.true_peak * gain > ceiling:
            found = crests.of(take, gain, partial(hops_of, take))
            limited = limit(found, found.sound, timeline.rate_hz, gain=gain, ceiling=ceiling)
            if limited:
                energies[limited.rows] += limited.energy_changes()
        yield energies


def _energies(take: Take) -> Energies:
    return np.frombuffer(take.measurement.hop_energies, "<f4").astype(np.float64)
