"""A chapter's master: takes and pauses as one stream, at one gain, through the limiter, to every encoder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.peaks import peaks_above
from narrator.audio.silence import fade_edges
from narrator.config import Levels
from narrator.mastering.crests import KnownCrests, Rows, with_neighbours
from narrator.mastering.intact import DamagedTakes, check_stop, damaged, hops_of, intact_pcm_of
from narrator.mastering.level import find_level
from narrator.mastering.limiter import limit
from narrator.mastering.timeline import Clip, Part, Timeline, lay_out
from narrator.model import ChapterAudio
from narrator.ports import Encoder


def assemble_chapter(
    parts: Sequence[Part],
    *,
    head_ms: int,
    tail_ms: int,
    levels: Levels,
    ceiling_dbfs: float,
    encoders: Sequence[Encoder],
    should_stop: Callable[[], bool] = lambda: False,
) -> ChapterAudio:
    """Make a chapter of its parts and write it to all encoders in one pass; a take is in memory at a time.

    The chapter begins with `head_ms` of silence and ends with `tail_ms`. `ceiling_dbfs` is the true peak of
    the master, lower than what `levels` promises by what the encoders need. The encoders are written, not
    closed: who opened them closes them.

    Raises:
        DamagedTakes: with all takes of the chapter that are not what was stored; what was written is of no use.
        DiskError: a take cannot be read, or a file not be written.
        Interrupted: `should_stop()` said so; it is asked before each take.
        ValueError: no parts, or takes of different rates.
    """
    timeline = lay_out(parts, head_ms=head_ms, tail_ms=tail_ms)
    try:
        return _assemble(timeline, levels, 10.0 ** (ceiling_dbfs / 20.0), encoders, should_stop)
    except DamagedTakes as exc:
        # One is known, and that the chapter cannot be made: look at all, so that all are spoken again at once.
        raise DamagedTakes(exc.keys | damaged((part.take for part in parts), should_stop)) from exc


def _assemble(
    timeline: Timeline,
    levels: Levels,
    ceiling: float,
    encoders: Sequence[Encoder],
    should_stop: Callable[[], bool],
) -> ChapterAudio:
    crests = KnownCrests(ceiling)
    level = find_level(
        timeline, crests, target_lufs=levels.loudness_lufs, ceiling=ceiling, should_stop=should_stop
    )
    true_peak = 0.0
    written = 0

    def write(block: Samples) -> None:
        nonlocal written
        written += len(block)
        for encoder in encoders if len(block) else ():
            encoder.write(block)

    for clip in timeline.clips:
        check_stop(should_stop)
        write(np.zeros(clip.start - written, np.float32))
        sound, peak = _mastered(clip, crests, level.gain, ceiling)
        write(sound)
        true_peak = max(true_peak, peak)
    write(np.zeros(timeline.frames - written, np.float32))
    return ChapterAudio(
        rate_hz=timeline.rate_hz,
        frames=timeline.frames,
        placements=tuple(clip.placement for clip in timeline.clips),
        gain_db=level.gain_db,
        loudness_lufs=level.loudness_lufs,
        true_peak_dbtp=20.0 * math.log10(max(true_peak, 1.0 / FULL_SCALE)),
    )


def _mastered(clip: Clip, crests: KnownCrests, gain: float, ceiling: float) -> tuple[Samples, float]:
    """What is heard of a take, and its true peak (linear)."""
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
    return fade_edges(sound.ravel()[clip.first : clip.last], take.rate_hz), peak


def _peak_in(sound: Samples, rows: Rows) -> float:
    """The true peak in some rows of a sound; their neighbours are looked at too, for what is across an edge."""
    highest = float(np.abs(sound[rows]).max())
    around = with_neighbours(rows, len(sound))
    at, heights = peaks_above(sound[around].ravel(), highest)
    inside = np.isin(around[at // sound.shape[1]], rows)
    return max(highest, float(heights[inside].max(initial=0.0)))
