"""Takes for tests, with the files behind them, and an encoder that keeps what it is given."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from narrator.audio.measure import measure
from narrator.mastering.chapter import assemble_chapter
from narrator.mastering.timeline import Part
from narrator.model import ChapterAudio, Take, TakeKey
from narrator.sections import Levels
from tests.audio.signals import Sound, pcm_of


def take_of(folder: Path, sound: npt.NDArray[Any], rate_hz: int = 24_000) -> Take:
    pcm = pcm_of(sound)
    digest = hashlib.sha256(pcm).hexdigest()
    path = folder / f"{digest}.pcm"
    path.write_bytes(pcm)
    return Take(TakeKey(digest), path, rate_hz, digest, measure(pcm, rate_hz))


class Kept:
    """The master itself."""

    headroom_db = 0.0

    def __init__(self, rate_hz: int = 24_000) -> None:
        self.rate_hz = rate_hz
        self._blocks: list[Sound] = []

    @property
    def frames(self) -> int:
        return len(self.sound)

    @property
    def true_peak_dbtp(self) -> float:
        return -math.inf

    def listen_above(self, peak_dbtp: float) -> None:
        """It is the master: it has no peaks of its own."""

    def write(self, block: Sound) -> None:
        self._blocks.append(block.copy())

    def close(self) -> None:
        """There is nothing to close."""

    @property
    def sound(self) -> Sound:
        return np.concatenate([np.zeros(0, np.float32), *self._blocks])


def mastered(
    parts: list[Part],
    *,
    head_ms: int = 500,
    tail_ms: int = 700,
    levels: Levels | None = None,
    ceiling: float = -4.0,
    gain_db: float | None = None,
) -> tuple[ChapterAudio, Sound]:
    kept = Kept()
    chapter = assemble_chapter(
        parts,
        head_ms=head_ms,
        tail_ms=tail_ms,
        levels=levels or Levels(),
        ceiling_dbfs=ceiling,
        encoders=[kept],
        gain_db=gain_db,
    )
    return chapter, kept.sound
