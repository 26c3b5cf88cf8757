"""A chapter's master: takes and pauses as one stream, at one gain, through the limiter, to every encoder."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np

from narrator.audio.loudness import lufs_of
from narrator.audio.measure import sum_squares_of
from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.peaks import peaks_above
from narrator.mastering.crests import KnownCrests, Rows, with_neighbours
from narrator.mastering.intact import DamagedTakes, check_stop, damaged, hops_of, intact_pcm_of
from narrator.mastering.level import LEAST_DB, Level, find_level, given_level, rms_db_of
from narrator.mastering.limiter import limit
from narrator.mastering.room_tone import no_room_tone, room_tone_of
from narrator.mastering.timeline import Clip, Part, Timeline, lay_out
from narrator.model import ChapterAudio
from narrator.sections import Levels

SHORT_S = 60
"""Seconds of a chapter whose loudness is found from the very sound, not only from the hops of its takes."""

_LEAST_OFF_LU, _MOST_OFF_LU = 0.05, 3.0  # a miss that is worth a second try, and what is no miss but silence


class Listener(Protocol):
    """Takes a chapter's master as float32 mono blocks (full scale 1.0) in order, as an encoder does."""

    def write(self, block: Samples) -> None: ...


def assemble_chapter(
    parts: Sequence[Part],
    *,
    head_ms: int,
    tail_ms: int,
    levels: Levels,
    ceiling_dbfs: float,
    encoders: Sequence[Listener],
    gain_db: float | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ChapterAudio:
    """Make a chapter of its parts and write it to all encoders in one pass; a take is in memory at a time.

    The chapter begins with `head_ms` of silence and ends with `tail_ms`; silence is room tone where `levels`
    wants it and the takes have a floor. `ceiling_dbfs` is the true peak of the master, lower than what `levels`
    promises by what the encoders need. `gain_db`, where it is given, is the chapter's; else it is found. The
    parts' own gains come before it. The encoders are written, not closed: who opened them closes them.

    Raises:
        DamagedTakes: with all takes of the chapter that are not what was stored; what was written is of no use.
        DiskError: a take cannot be read, or a file not be written.
        Interrupted: `should_stop()` said so; it is asked before each take.
        ValueError: no parts, or takes of different rates.
    """
    timeline = lay_out(parts, head_ms=head_ms, tail_ms=tail_ms)
    try:
        return _assemble(
            _Master(timeline, levels, 10.0 ** (ceiling_dbfs / 20.0), should_stop), gain_db, encoders
        )
    except DamagedTakes as exc:
        # One is known, and that the chapter cannot be made: look at all, so that all are spoken again at once.
        raise DamagedTakes(exc.keys | damaged((part.take for part in parts), should_stop)) from exc


class _Master:
    """A chapter at gains that are tried, and at last at one."""

    def __init__(
        self, timeline: Timeline, levels: Levels, ceiling: float, should_stop: Callable[[], bool]
    ) -> None:
        self.timeline = timeline
        self._levels = levels
        self._ceiling = ceiling
        self._should_stop = should_stop
        self._crests = KnownCrests(ceiling)

    def level(self, gain_db: float | None) -> Level:
        """What a gain brings, or, without one, the gain that is needed and what it brings."""
        seek = find_level if gain_db is None else partial(given_level, gain_db=gain_db)
        find = partial(seek, self.timeline, self._crests, ceiling=self._ceiling, should_stop=self._should_stop)
        level = find(levels=self._levels)
        if gain_db is not None or self.timeline.frames > SHORT_S * self.timeline.rate_hz:
            return level
        # A sudden sound at the edge of a hop can be a block of the meter more or less, which counts in so few.
        off = self._loudness(level) - level.loudness_lufs
        if not _LEAST_OFF_LU < abs(off) < _MOST_OFF_LU:
            return level
        shifted = self._levels.model_copy(update={"loudness_lufs": self._levels.loudness_lufs - off})
        level = find(levels=shifted)
        return replace(level, loudness_lufs=level.loudness_lufs + off)

    def blocks(self, level: Level) -> Iterator[tuple[Samples, float]]:
        """All that is heard, and the true peak in it (linear)."""
        has_tone = self._levels.room_tone == "auto"
        tone = room_tone_of(self.timeline, level.gain) if has_tone else no_room_tone(self.timeline)
        for number, clip in enumerate(self.timeline.clips):
            check_stop(self._should_stop)
            for block in tone.before(number):
                yield block, 0.0
            sound, peak = _mastered(clip, self._crests, level.gain * clip.gain, self._ceiling)
            yield tone.joined(number, sound), peak
        for block in tone.before(len(self.timeline.clips)):
            yield block, 0.0

    def _loudness(self, level: Level) -> float:
        """That of the very sound, not of its hops."""
        return lufs_of(np.concatenate([block for block, _ in self.blocks(level)]), self.timeline.rate_hz)


def _assemble(master: _Master, gain_db: float | None, encoders: Sequence[Listener]) -> ChapterAudio:
    timeline, level = master.timeline, master.level(gain_db)
    true_peak = squares = 0.0
    for block, peak in master.blocks(level):
        true_peak = max(true_peak, peak)
        squares += sum_squares_of(block)
        for encoder in encoders if len(block) else ():
            encoder.write(block)
    return ChapterAudio(
        rate_hz=timeline.rate_hz,
        frames=timeline.frames,
        placements=tuple(clip.placement for clip in timeline.clips),
        gain_db=level.gain_db,
        loudness_lufs=level.loudness_lufs,
        true_peak_dbtp=max(20.0 * math.log10(true_peak), LEAST_DB) if true_peak else LEAST_DB,
        rms_db=rms_db_of(squares, timeline.frames),
        short_db=level.short_db,
    )


def _mastered(clip: Clip, crests: KnownCrests, gain: float, ceiling: float) -> tuple[Samples, float]:
    """What is heard of a take at a gain (linear), its edges not faded yet, and its true peak (linear)."""
    take = clip.take
    hops = hops_of(take, intact_pcm_of(take))
    sound = hops * np.float32(gain / FULL_SCALE)
    peak = take.measurement.true_peak * gain
    if peak > ceiling:
        found = crests.of(take, gain, lambda: hops)
        limited = limit(found, hops[found.rows], take.rate_hz, gain=gain, ceiling=ceiling)
        if limited:
            sound[limited.rows] = limited.after
            untouched = found.heights[found.heights * gain <= ceiling] * gain
            peak = max(_peak_in(sound, limited.rows), float(untouched.max(initial=0.0)))
    return sound.ravel()[clip.first : clip.last], peak


def _peak_in(sound: Samples, rows: Rows) -> float:
    """The true peak in some rows of a sound; their neighbours are looked at too, for what is across an edge."""
    highest = float(np.abs(sound[rows]).max())
    around = with_neighbours(rows, len(sound))
    at, heights = peaks_above(sound[around].ravel(), highest)
    inside = np.isin(around[at // sound.shape[1]], rows)
    return max(highest, float(heights[inside].max(initial=0.0)))
