"""Whether an answer is the text spoken. An answer that fails never becomes a take.

Durations are judged by the letters and digits said per second. Measured on books in English, German and
French, voices of every kind say 11 to 20 of them (voices in Chinese and Japanese 3 to 9), so an answer
outside wide bounds is wrong whatever the voice; once a voice's own pace is known, an answer of half the
length stands out against it, which the wide bounds may not catch.
"""

from __future__ import annotations

import math
import re
import statistics
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from narrator.errors import BadTake
from narrator.model import Measurement, SpeechRequest, TakeKey

SILENCE_PEAK = 10 ** (-50 / 20)
"""An answer whose loudest sample is under -50 dBFS says nothing that anyone hears."""

CLIPPED_PEAK = 32767 / 32768
CLIPPED_SHARE = 0.25
"""A quarter of all 25 ms hops at full scale is a fault, not a loud voice."""

DEAD_AIR_S = 5.0
"""Silence at the end longer than any reader's pause."""

WIDE_BOUNDS = 2.5, 22.5
"""The slowest and the fastest pace of any voice, in letters and digits a second."""

JUDGED_CHARACTERS = 40
"""Shorter texts vary too much in length to be judged by wide bounds: 'No.' may take a second."""

BRIEF_CHARACTERS = 8
"""From here up to `JUDGED_CHARACTERS`, answers are judged by the voice's own pace alone, once it is known."""

BRIEF_HASTE = 1.8
"""Measured on headings and lines of dialogue: said up to 1.4 times as fast as long texts, so that most halves
of one seem to be said over twice as fast."""

LEARNED_FROM = 5
"""Takes after which the voice's own pace is trusted over the wide bounds."""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True, slots=True)
class _Belief:
    """The pace of a take that passed before the voice's own was known."""

    pace: float
    is_brief: bool


class TakeChecks:
    """The checks of one run; answers may be checked on several threads.

    The voice's pace is learned from the takes that pass, unless `is_local`: an engine on this machine cannot
    lose half of an answer on the way, and would give the same one again.
    """

    def __init__(self, *, is_local: bool = False) -> None:
        self._is_local = is_local
        self._paces: deque[float] = deque(maxlen=200)
        self._believed: dict[TakeKey, _Belief] = {}
        self._checking = threading.Lock()

    def check(self, request: SpeechRequest, measurement: Measurement) -> None:
        """Judge an answer.

        Raises:
            BadTake: saying what is wrong with it.
        """
        if measurement.sample_peak < SILENCE_PEAK:
            raise BadTake("the answer is silence")
        peaks = np.frombuffer(measurement.hop_peaks, "<f4")
        if np.count_nonzero(peaks >= CLIPPED_PEAK) > CLIPPED_SHARE * len(peaks):
            raise BadTake("the answer is clipped nearly everywhere")
        if measurement.tail_frames > DEAD_AIR_S * request.rate_hz:
            raise BadTake(f"the answer ends in {measurement.tail_frames / request.rate_hz:.0f} s of dead air")
        with self._checking:
            self._check_pace(request, measurement)

    def learn(self, request: SpeechRequest, measurement: Measurement) -> None:
        """Learn the voice's pace from a take that it spoke in an earlier run; such a take is not judged."""
        pace = _pace(request, measurement)
        slowest, fastest = WIDE_BOUNDS
        if _said(request.text) >= JUDGED_CHARACTERS and slowest <= pace <= fastest:
            self._paces.append(pace)

    def doubtful(self) -> frozenset[TakeKey]:
        """Takes that passed before the pace of the voice was known and would not pass now."""
        if not self._is_known:
            return frozenset()
        doubted = set()
        for key, belief in self._believed.items():
            low, high = self._bounds(is_brief=belief.is_brief)
            if not low <= belief.pace <= high:
                doubted.add(key)
        self._believed.clear()
        return frozenset(doubted)

    def _check_pace(self, request: SpeechRequest, measurement: Measurement) -> None:
        seconds, said = _seconds(request, measurement), _said(request.text)
        length = f"{seconds:.1f} s for {len(request.text)} characters"
        is_brief = said < JUDGED_CHARACTERS
        if is_brief and seconds > 6 + 1.5 * said:
            raise BadTake(f"the answer is too long: {length}")
        if said < BRIEF_CHARACTERS:
            return
        pace = _pace(request, measurement)
        low, high = self._bounds(is_brief=is_brief)
        if pace > high:
            raise BadTake(f"the answer is too short: {length}")
        # A number's digits stand for many more letters than themselves.
        if pace < low and sum(map(str.isdigit, request.text)) < said / 5:
            raise BadTake(f"the answer is too long: {length}")
        if not self._is_known:
            self._believed[request.key] = _Belief(pace, is_brief)
        if not is_brief:
            self._paces.append(pace)

    @property
    def _is_known(self) -> bool:
        return len(self._paces) >= LEARNED_FROM

    def _bounds(self, *, is_brief: bool) -> tuple[float, float]:
        """The slowest and the fastest pace that is believed, in letters and digits a second."""
        if is_brief:
            judged = self._is_known and not self._is_local
            return 0.0, statistics.median(self._paces) * BRIEF_HASTE if judged else math.inf
        if self._is_local:
            return 1.0, 45.0
        if not self._is_known:
            return WIDE_BOUNDS
        usual = statistics.median(self._paces)
        return usual / 3, usual * 1.6


def _said(text: str) -> int:
    """The letters and digits that are said of a text."""
    return sum(map(str.isalnum, _DRAWN_OUT.sub(r"\1\1", text)))


def _seconds(request: SpeechRequest, measurement: Measurement) -> float:
    frames = measurement.frames - measurement.lead_frames - measurement.tail_frames
    return max(frames, 1) / request.rate_hz


def _pace(request: SpeechRequest, measurement: Measurement) -> float:
    """Letters and digits a second, as they would be at speed 1; an ideogram takes the time of about three."""
    said = _said(request.text) + 2 * len(_UNSPACED.findall(request.text))
    return said / _seconds(request, measurement) / request.speed
