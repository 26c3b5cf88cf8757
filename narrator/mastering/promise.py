"""Files whose true peak, as they are decoded, is not above what was promised."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from narrator.config import Levels, Pauses
from narrator.mastering.chapter import assemble_chapter
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.timeline import Part
from narrator.model import ChapterAudio
from narrator.ports import Encoder

METERS_DIFFER_DB = 0.05
"""Two right meters of true peak need not agree to more than this."""

MOST_LOWERED_DB = 6.0
"""Sounds that are nothing but peaks are let be at some point: beyond it they would only get quieter."""

_SPARE_DB = 0.2  # a lower ceiling is another MP3, whose peaks are a little other


def encode_within_promise(
    parts: Sequence[Part],
    files: Sequence[tuple[Path, Callable[[Path, int], Encoder]]],
    *,
    pauses: Pauses,
    levels: Levels,
    should_stop: Callable[[], bool],
) -> ChapterAudio:
    """Write a chapter to each of `files`, by an encoder that is made of its path and the master's rate in Hz.

    How far an MP3 raises a peak cannot be known before: mostly 0.5 dB, but 1.3 dB in one chapter of fifty. So
    the master leaves room for what is usual, and is encoded again with a lower ceiling where it was too little.

    Raises:
        DiskError, DamagedTakes, Interrupted: as `assemble_chapter`; the files are not whole.
    """
    lower_by = 0.0
    while True:
        audio, heard_dbtp = _encode(
            parts,
            files,
            true_peak_dbtp=levels.true_peak_dbtp - lower_by,
            pauses=pauses,
            levels=levels,
            should_stop=should_stop,
        )
        excess = heard_dbtp - (levels.true_peak_dbtp - METERS_DIFFER_DB)
        if excess <= 0.0 or lower_by > MOST_LOWERED_DB:
            return audio
        lower_by += excess + _SPARE_DB


def _encode(
    parts: Sequence[Part],
    files: Sequence[tuple[Path, Callable[[Path, int], Encoder]]],
    *,
    true_peak_dbtp: float,
    pauses: Pauses,
    levels: Levels,
    should_stop: Callable[[], bool],
) -> tuple[ChapterAudio, float]:
    """The chapter, and the highest true peak of its MP3 in dBTP, -inf where there is none."""
    rate_hz = parts[0].take.rate_hz
    encoders: list[Encoder] = []
    try:
        for path, make in files:
            encoders.append(make(path, rate_hz))
        mp3s = [encoder for encoder in encoders if isinstance(encoder, Mp3Encoder)]
        for mp3 in mp3s:
            mp3.listen_above(levels.true_peak_dbtp - METERS_DIFFER_DB)
        audio = assemble_chapter(
            parts,
            head_ms=pauses.chapter_start,
            tail_ms=pauses.chapter_end,
            levels=levels,
            ceiling_dbfs=true_peak_dbtp - max(encoder.headroom_db for encoder in encoders),
            encoders=encoders,
            should_stop=should_stop,
        )
    finally:
        for encoder in encoders:
            encoder.close()
    return audio, max((mp3.true_peak_dbtp for mp3 in mp3s), default=-math.inf)
