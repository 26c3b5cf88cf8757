"""How loud takes and voices are beside each other: a gain for each take, before the one that a chapter gets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from narrator.audio.loudness import Energies, gated_lufs, hop_frames
from narrator.mastering.timeline import Part
from narrator.model import Take
from narrator.sections import Levels

MOST_LEVELLED_DB = 6.0
"""A take is made louder or softer by no more than this: a whisper stays one."""

MOST_MATCHED_DB = 12.0
"""A voice is made louder or softer by no more than this."""

_BLOCK, _STEP = 16, 4  # hops: 400 ms and 100 ms, the meter's


@dataclass(frozen=True, slots=True)
class Balance:
    """What each take's own gain follows from: how loud its voice's takes are, and the gain of the voice.

    A voice that was not heard when the balance was found gets no gain, nor do its takes.
    """

    levelling: float
    medians_lufs: Mapping[str, float]
    voices_db: Mapping[str, float]

    def of(self, parts: Iterable[Part]) -> tuple[Part, ...]:
        """The same parts, each with its own gain."""
        return tuple(replace(part, gain_db=self._gain_db(part)) for part in parts)

    def _gain_db(self, part: Part) -> float:
        gain_db = self.voices_db.get(part.voice, 0.0)
        if self.levelling and part.voice in self.medians_lufs:
            loudness = gated_lufs(_powers(part.take))
            gain_db += _levelled_db(loudness, self.medians_lufs[part.voice], self.levelling)
        return gain_db


def balanced(parts: Sequence[Part], levels: Levels) -> tuple[Part, ...]:
    """The parts of a chapter, each with the gain that brings it into balance with the others there."""
    if not levels.levelling and len({part.voice for part in parts}) == 1:
        return tuple(parts)
    return balance_of([parts], levels).of(parts)


def balance_of(chapters: Iterable[Sequence[Part]], levels: Levels) -> Balance:
    """The balance over all of some chapters, which are gone through once.

    With `levelling`, each take is brought that share of the way to the median of its voice's takes, by 6 dB at
    most. With `match_voices`, each voice, its takes so levelled, gets the integrated loudness of the one that
    speaks longest, by 12 dB at most. Silent takes count nowhere. What is kept are 8 bytes for each 100 ms.
    """
    heard: dict[str, list[Energies]] = {}
    for parts in chapters:
        for part in parts:
            powers = _powers(part.take)
            if not math.isinf(gated_lufs(powers)):
                heard.setdefault(part.voice, []).append(powers)
    medians = {voice: median(map(gated_lufs, takes)) for voice, takes in heard.items()}
    if not levels.match_voices or len(heard) < 2:
        return Balance(levels.levelling, medians, {})
    loudness = {
        voice: gated_lufs(np.concatenate([_levelled(take, medians[voice], levels.levelling) for take in takes]))
        for voice, takes in heard.items()
    }
    longest = max(heard, key=lambda voice: sum(map(len, heard[voice])))
    voices_db = {voice: _within(loudness[longest] - lufs, MOST_MATCHED_DB) for voice, lufs in loudness.items()}
    return Balance(levels.levelling, medians, voices_db)


def _levelled(powers: Energies, median_lufs: float, levelling: float) -> Energies:
    if not levelling:
        return powers
    gain_db = _levelled_db(gated_lufs(powers), median_lufs, levelling)
    scaled: Energies = powers * 10.0 ** (gain_db / 10.0)
    return scaled


def _levelled_db(loudness: float, median_lufs: float, levelling: float) -> float:
    if math.isinf(loudness):
        return 0.0
    return _within(levelling * (median_lufs - loudness), MOST_LEVELLED_DB)


def _within(gain_db: float, most_db: float) -> float:
    return min(max(gain_db, -most_db), most_db)


def _powers(take: Take) -> Energies:
    """The mean squares of a take's blocks of 400 ms; one block of what sound there is, if that is less."""
    sound, hop = take.measurement, hop_frames(take.rate_hz)
    if sound.lead_frames >= sound.frames:
        return np.zeros(1)
    first, last = sound.lead_frames // hop, -(-(sound.frames - sound.tail_frames) // hop)
    energies = np.frombuffer(sound.hop_energies, "<f4")[first:last].astype(np.float64)
    sums = np.concatenate(([0.0], np.cumsum(energies)))
    if len(energies) <= _BLOCK:
        return sums[-1:] / (sound.frames - sound.tail_frames - sound.lead_frames)
    powers: Energies = (sums[_BLOCK:] - sums[:-_BLOCK])[::_STEP] / (_BLOCK * hop)
    return powers
