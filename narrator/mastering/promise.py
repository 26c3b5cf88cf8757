"""Files whose true peak, as they are decoded, is not above what was promised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from narrator.mastering.chapter import assemble_chapter
from narrator.mastering.resampled import Resampled
from narrator.mastering.timeline import Part
from narrator.model import ChapterAudio
from narrator.ports import Encoder
from narrator.sections import Levels, Pauses

METERS_DIFFER_DB = 0.05
"""Two right meters of true peak need not agree to more than this."""

MOST_LOWERED_DB = 6.0
"""Sounds that are nothing but peaks are let be at some point: beyond it they would only get quieter."""

_SPARE_DB = 0.2  # a lower ceiling is another MP3, whose peaks are a little other


EncoderFactory = Callable[[Path, int], Encoder]
"""Makes an encoder of its path and the master's rate in Hz; its own `rate_hz` may be another."""


def encode_within_promise(
    parts: Sequence[Part],
    files: Sequence[tuple[Path, EncoderFactory]],
    *,
    pauses: Pauses,
    levels: Levels,
    gain_db: float | None = None,
    should_stop: Callable[[], bool],
) -> tuple[ChapterAudio, tuple[int, ...]]:
    """Write a chapter to each of `files`; what was made, and how many frames a player makes of each file.

    `gain_db`, where it is given, is the chapter's; else it is found. Parts come with gains of their own. For
    all files of a rate that is not the master's, the master is resampled once.

    How far an encoder raises a peak cannot be known before: mostly 0.5 dB, but 1.3 dB in one chapter of fifty.
    So the master leaves room for what is usual, and is encoded again with a lower ceiling where it was too
    little.

    Raises:
        DiskError, DamagedTakes, Interrupted: as `assemble_chapter`; the files are not whole.
    """
    lower_by = 0.0
    while True:
        made = _encode(
            parts,
            files,
            lower_by=lower_by,
            pauses=pauses,
            levels=levels,
            gain_db=gain_db,
            should_stop=should_stop,
        )
        excess = made.true_peak_dbtp - (levels.true_peak_dbtp - METERS_DIFFER_DB)
        if excess <= 0.0 or lower_by > MOST_LOWERED_DB:
            return made.audio, made.frames
        lower_by += made.unused_db + excess + _SPARE_DB


@dataclass(frozen=True, slots=True)
class _Made:
    """The chapter, the frames of each file, and the highest true peak of all that was listened to in dBTP.

    `unused_db` is how far the master stays below the limiter's ceiling by itself.
    """

    audio: ChapterAudio
    frames: tuple[int, ...]
    true_peak_dbtp: float
    unused_db: float


def _encode(
    parts: Sequence[Part],
    files: Sequence[tuple[Path, EncoderFactory]],
    *,
    lower_by: float,
    pauses: Pauses,
    levels: Levels,
    gain_db: float | None,
    should_stop: Callable[[], bool],
) -> _Made:
    rate_hz = parts[0].take.rate_hz
    encoders: list[Encoder] = []
    with ExitStack() as closing:  # each is closed, whatever the others say
        for path, make in files:
            encoders.append(make(path, rate_hz))
            closing.callback(encoders[-1].close)
        resampled = _resampled(encoders, rate_hz)
        listening: list[Encoder | Resampled] = [*encoders, *resampled]
        for each in listening:
            each.listen_above(levels.true_peak_dbtp - METERS_DIFFER_DB)
        ceiling_dbfs = levels.true_peak_dbtp - lower_by - max(encoder.headroom_db for encoder in encoders)
        audio = assemble_chapter(
            parts,
            head_ms=pauses.chapter_start,
            tail_ms=pauses.chapter_end,
            levels=levels,
            ceiling_dbfs=ceiling_dbfs,
            encoders=[*(encoder for encoder in encoders if encoder.rate_hz == rate_hz), *resampled],
            gain_db=gain_db,
            should_stop=should_stop,
        )
        for group in resampled:
            group.close()
    return _Made(
        audio=audio,
        frames=tuple(encoder.frames for encoder in encoders),
        true_peak_dbtp=max(each.true_peak_dbtp for each in listening),
        unused_db=max(0.0, ceiling_dbfs - audio.true_peak_dbtp),
    )


def _resampled(encoders: Sequence[Encoder], rate_hz: int) -> list[Resampled]:
    """The encoders whose rate is not the master's, those of each rate together."""
    by_rate: dict[int, list[Encoder]] = {}
    for encoder in encoders:
        if encoder.rate_hz != rate_hz:
            by_rate.setdefault(encoder.rate_hz, []).append(encoder)
    return [Resampled(rate_hz, group) for group in by_rate.values()]
