"""One gain for a chapter, or a book: found from the hops of its takes, and from what the limiter takes away."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from narrator.audio.loudness import (
    ABSOLUTE_GATE_LUFS,
    Energies,
    PlacedHops,
    block_powers,
    gated_lufs,
    hop_frames,
)
from narrator.audio.pcm import FULL_SCALE
from narrator.mastering.crests import KnownCrests
from narrator.mastering.intact import check_stop, hops_of
from narrator.mastering.limiter import limit
from narrator.mastering.timeline import Clip, Part, Timeline, lay_out
from narrator.model import Take
from narrator.sections import Levels, Pauses

TOLERANCE_LU = 0.02
MAKE_UP_DB = 9.0
"""Added at most to make up for the limiter: beyond it, little but peaks would be left of the sound."""

RMS_MARGIN_DB = 0.3
"""How far inside its window a chapter's RMS is brought: encoders move it by less than 0.1 dB."""

LEAST_DB = -20.0 * math.log10(FULL_SCALE)
"""A step of 16 bits: what is lower than this is said to be as high."""

_SHORT_DB = 0.1  # less is no miss
_ROUNDS = 6
_FIRST_SLOPE, _LEAST_SLOPE = 0.8, 0.25  # LU that a dB of gain brings while a limiter takes some of it


@dataclass(frozen=True, slots=True)
class Level:
    """A gain, and the integrated loudness after this gain and the limiter.

    What has no sound has the gain 0 dB and the loudness of the meter's absolute gate. `short_db` is by how much
    it is still lower than what was asked for (below 0: higher), 0 where that was reached.
    """

    gain_db: float
    loudness_lufs: float
    short_db: float = 0.0

    @property
    def gain(self) -> float:
        return float(10.0 ** (self.gain_db / 20.0))


@dataclass(frozen=True, slots=True)
class _Reached:
    """What chapters measure at some gain: their loudness together, and the lowest and the highest RMS."""

    loudness_lufs: float
    rms_db: tuple[float, float]

    def short_db(self, levels: Levels) -> float:
        """How much higher they would have to be: to be as loud as asked for, and, above all, of the RMS."""
        short = levels.loudness_lufs - self.loudness_lufs
        if not levels.rms_db:
            return short
        low, high = levels.rms_db
        margin = min(RMS_MARGIN_DB, (high - low) / 2.0)
        least, most = low + margin - self.rms_db[0], high - margin - self.rms_db[1]
        return (least + most) / 2.0 if least > most else min(max(short, least), most)


class _Meter:
    """Measures chapters at gains that are tried, the limiter at `ceiling` (linear) included."""

    def __init__(
        self,
        timelines: Callable[[], Iterable[Timeline]],
        crests: KnownCrests,
        ceiling: float,
        should_stop: Callable[[], bool],
    ) -> None:
        self._timelines = timelines
        self._crests = crests
        self._ceiling = ceiling
        self._should_stop = should_stop

    def unlimited(self) -> _Reached:
        """Without any gain of the whole, and without the limiter. Reads no take."""
        return self._measured(_scaled)

    def at(self, gain_db: float) -> _Reached:
        gain = 10.0 ** (gain_db / 20.0)
        reached = self._measured(partial(self._limited, gain=gain))
        # What is left of a few loud samples may be nothing that the gates let through.
        return _Reached(max(reached.loudness_lufs, ABSOLUTE_GATE_LUFS), reached.rms_db)

    def _measured(self, heard: Callable[[Clip], tuple[Energies, float]]) -> _Reached:
        powers: list[Energies] = []
        rms_db: list[float] = []
        squares = 0.0

        def placed(timeline: Timeline) -> Iterator[PlacedHops]:
            nonlocal squares
            hop, squares = hop_frames(timeline.rate_hz), 0.0
            for clip in timeline.clips:
                energies, added = heard(clip)
                squares += added
                yield PlacedHops(clip.start - clip.first, clip.start, clip.end, hop, energies)

        for timeline in self._timelines():
            powers.append(block_powers(placed(timeline), timeline.frames, timeline.rate_hz))
            if not math.isinf(gated_lufs(powers[-1])):  # no gain brings a silent chapter anywhere
                rms_db.append(rms_db_of(squares, timeline.frames))
        bounds = (min(rms_db, default=LEAST_DB), max(rms_db, default=LEAST_DB))
        return _Reached(gated_lufs(np.concatenate(powers)), bounds)

    def _limited(self, clip: Clip, *, gain: float) -> tuple[Energies, float]:
        """The energies of a clip's hops after the gain and the limiter, and its sum of squares."""
        check_stop(self._should_stop, "the gain of a chapter or of the book was looked for")
        take, gain = clip.take, gain * clip.gain
        energies, squares = _energies(take) * gain**2, _sum_squares(clip) * gain**2
        if take.measurement.true_peak * gain > self._ceiling:
            found = self._crests.of(take, gain, partial(hops_of, take))
            limited = limit(found, found.sound, take.rate_hz, gain=gain, ceiling=self._ceiling)
            if limited:
                energies[limited.rows] += limited.energy_changes()
                squares += limited.change_of_squares()
        return energies, squares


def find_level(
    timeline: Timeline,
    crests: KnownCrests,
    *,
    levels: Levels,
    ceiling: float,
    should_stop: Callable[[], bool],
) -> Level:
    """The gain that brings a chapter to what `levels` asks for, behind a limiter at `ceiling` (linear).

    Where the limiter does not act, the hops alone say it. Where it does, the hops around peaks, and no others,
    are limited on trial, and the gain is corrected until the loudness is right within 0.02 LU; or as near to it
    as the window of the RMS lets it come.

    Raises:
        DamagedTakes: a take is shorter or longer than it was.
        DiskError: a take cannot be read.
        Interrupted: `should_stop()` said so.
    """
    return _found(_Meter(lambda: (timeline,), crests, ceiling, should_stop), levels)


def given_level(
    timeline: Timeline,
    crests: KnownCrests,
    gain_db: float,
    *,
    levels: Levels,
    ceiling: float,
    should_stop: Callable[[], bool],
) -> Level:
    """What a chapter comes to at a gain that was found for more than it: only its RMS can fall short.

    Raises:
        DamagedTakes, DiskError, Interrupted: as `find_level`.
    """
    reached = _Meter(lambda: (timeline,), crests, ceiling, should_stop).at(gain_db)
    if not levels.rms_db or reached.loudness_lufs <= ABSOLUTE_GATE_LUFS:
        return Level(gain_db, reached.loudness_lufs)
    low, high = levels.rms_db
    short = min(max(0.0, low - reached.rms_db[0]), high - reached.rms_db[1])
    return Level(gain_db, reached.loudness_lufs, short)


def book_level(
    chapters: Callable[[], Iterable[Iterable[Part]]],
    *,
    pauses: Pauses,
    levels: Levels,
    headroom_db: float = 1.0,
    should_stop: Callable[[], bool] = lambda: False,
) -> Level:
    """The one gain that brings all chapters together to what `levels` asks for, behind the limiter.

    `chapters` is called again for each gain that is tried, four times at most in nearly all books, so it gives
    the chapters one after another and holds none: what is kept of them are 8 bytes for each 100 ms, 9 MB for 30
    hours, and the crests of some takes. Each chapter needs a sound at least of one take; silence between
    chapters is that of their heads and tails. `headroom_db` is what the limiter leaves to the encoders.
    With an RMS window the quietest and the loudest chapter are inside, or as far outside as each other.

    Raises:
        DamagedTakes, DiskError, Interrupted: as `find_level`.
        ValueError: a chapter has no parts, or takes of different rates.
    """

    def timelines() -> Iterable[Timeline]:
        for parts in chapters():
            yield lay_out(tuple(parts), head_ms=pauses.chapter_start, tail_ms=pauses.chapter_end)

    ceiling = 10.0 ** ((levels.true_peak_dbtp - headroom_db) / 20.0)
    return _found(_Meter(timelines, KnownCrests(ceiling), ceiling, should_stop), levels)


def _found(meter: _Meter, levels: Levels) -> Level:
    unlimited = meter.unlimited()
    if math.isinf(unlimited.loudness_lufs):
        return Level(0.0, ABSOLUTE_GATE_LUFS)
    gain_db = unlimited.short_db(levels)
    most_db = gain_db + MAKE_UP_DB
    reached = meter.at(gain_db)
    short = reached.short_db(levels)
    # The more the limiter takes, the less a dB more brings: of ten voices this is near the first step's slope.
    slope = _FIRST_SLOPE / (1.0 + max(0.0, short) / 3.0)
    for _ in range(_ROUNDS):
        next_db = min(gain_db + short / slope, most_db)
        if abs(short) <= TOLERANCE_LU or next_db == gain_db:
            break
        before_db, before = gain_db, short
        gain_db, reached = next_db, meter.at(next_db)
        short = reached.short_db(levels)
        slope = min(max((before - short) / (gain_db - before_db), _LEAST_SLOPE), 1.0)
    return Level(gain_db, reached.loudness_lufs, short if abs(short) > _SHORT_DB else 0.0)


def rms_db_of(sum_squares: float, frames: int) -> float:
    """The plain RMS of so many frames in dB of full scale, no lower than a step of 16 bits."""
    power = sum_squares / frames if frames else 0.0
    return max(10.0 * math.log10(power), LEAST_DB) if power > 0.0 else LEAST_DB


def _scaled(clip: Clip) -> tuple[Energies, float]:
    return _energies(clip.take) * clip.gain**2, _sum_squares(clip) * clip.gain**2


def _energies(take: Take) -> Energies:
    return np.frombuffer(take.measurement.hop_energies, "<f4").astype(np.float64)


def _sum_squares(clip: Clip) -> float:
    """Of a whole take: what is cut off at its edges is too quiet to count, but not a take that is not heard."""
    return clip.take.measurement.sum_squares if clip.end > clip.start else 0.0
