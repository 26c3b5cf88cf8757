"""Whether an answer is the text spoken. An answer that fails never becomes a take.

Durations are judged by the letters and digits said per second. Measured on books in English, German and
French, voices of every kind say 11 to 20 of them (voices in Chinese and Japanese 3 to 9), so an answer
outside wide bounds is wrong whatever the voice; once a voice's own pace is known, an answer of half the
length stands out against it, which the wide bounds may not catch.
"""

from __future__ import annotations

import math
import re
import threading
from bisect import bisect_left, insort
from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

from narrator.errors import BadTake
from narrator.model import Measurement, SpeechRequest, TakeKey
from narrator.rendering.source_rates import SourceRates

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

LEARNED_AT_MOST = 200
"""The last takes that count for it: a voice may become slower with what it reads."""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


class _Paces:
    """The last paces of a voice, and their median: kept at hand, for each answer is held against it."""

    def __init__(self) -> None:
        self._last: deque[float] = deque()
        self._ascending: list[float] = []

    @property
    def are_known(self) -> bool:
        return len(self._last) >= LEARNED_FROM

    @property
    def median(self) -> float:
        middle = len(self._last) // 2
        return (self._ascending[middle] + self._ascending[~middle]) / 2

    def add(self, pace: float) -> None:
        self._last.append(pace)
        insort(self._ascending, pace)
        if len(self._last) > LEARNED_AT_MOST:
            del self._ascending[bisect_left(self._ascending, self._last.popleft())]


@dataclass(frozen=True, slots=True)
class _Belief:
    """A take that was believed before the pace of its voice was known.

    `paces` are those of its voice; whatever its length, `is_brief` says that it is judged like a brief one.
    """

    pace: float
    paces: _Paces
    is_brief: bool


class TakeChecks:
    """The checks of one run; answers may be checked on several threads.

    Each voice's pace is learned from the takes that pass, unless `is_local`: an engine on this machine cannot
    lose half of an answer on the way, and would give the same one again.
    """

    def __init__(self, *, is_local: bool = False) -> None:
        self._is_local = is_local
        self._paces: defaultdict[tuple[str, str, str], _Paces] = defaultdict(_Paces)
        self._believed: dict[TakeKey, _Belief] = {}
        self._rates = SourceRates()
        self._checking = threading.Lock()

    def check(
        self,
        request: SpeechRequest,
        measurement: Measurement,
        *,
        transport: str = "",
        source_rate_hz: int | None = None,
    ) -> None:
        """Judge an answer, which came by `transport`; `source_rate_hz` is its rate before it was converted.

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
            if source_rate_hz is not None:
                self._rates.check(request, transport, source_rate_hz)
            self._check_pace(request, measurement)
            if source_rate_hz is not None:
                self._rates.believe(request, transport, source_rate_hz)

    def learn(self, request: SpeechRequest, measurement: Measurement, key: TakeKey) -> None:
        """Learn the voice's pace from a take, of the name `key`, that it spoke in an earlier run.

        That run may have been killed before it knew the pace: so a take that seems to lack its half is doubted.
        It may also have passed by a pace that was a little different: so it is judged by `BRIEF_HASTE` alone.
        """
        if _said(request.text) < JUDGED_CHARACTERS:
            return
        pace, paces = _pace(request, measurement), self._paces_for(request)
        slowest, fastest = WIDE_BOUNDS
        if slowest <= pace <= fastest:
            paces.add(pace)
        self._believed[key] = _Belief(pace, paces, is_brief=True)

    def doubtful(self) -> frozenset[TakeKey]:
        """Takes that were believed before their voice was known and do not hold against the others."""
        judged = {key: belief for key, belief in self._believed.items() if belief.paces.are_known}
        for key in judged:
            del self._believed[key]
        hasty = frozenset(key for key, belief in judged.items() if not self._holds(belief))
        return hasty | self._rates.doubtful()

    def _check_pace(self, request: SpeechRequest, measurement: Measurement) -> None:
        seconds, said = _seconds(request, measurement), _said(request.text)
        length = f"{seconds:.1f} s for {len(request.text)} characters"
        is_brief = said < JUDGED_CHARACTERS
        if is_brief and seconds > 6 + 1.5 * said:
            raise BadTake(f"the answer is too long: {length}")
        if said < BRIEF_CHARACTERS:
            return
        pace, paces = _pace(request, measurement), self._paces_for(request)
        low, high = self._bounds(paces, is_brief=is_brief)
        if pace > high:
            raise BadTake(f"the answer is too short: {length}")
        # A number's digits stand for many more letters than themselves.
        if pace < low and sum(map(str.isdigit, request.text)) < said / 5:
            raise BadTake(f"the answer is too long: {length}")
        if not paces.are_known:
            self._believed[request.key] = _Belief(pace, paces, is_brief)
        if not is_brief:
            paces.add(pace)

    def _holds(self, belief: _Belief) -> bool:
        low, high = self._bounds(belief.paces, is_brief=belief.is_brief)
        return low <= belief.pace <= high

    def _paces_for(self, request: SpeechRequest) -> _Paces:
        return self._paces[request.model, request.voice, request.language]

    def _bounds(self, paces: _Paces, *, is_brief: bool) -> tuple[float, float]:
        """The slowest and the fastest pace that is believed, in letters and digits a second."""
        if is_brief:
            judged = paces.are_known and not self._is_local
            return 0.0, paces.median * BRIEF_HASTE if judged else math.inf
        if self._is_local:
            return 1.0, 45.0
        if not paces.are_known:
            return WIDE_BOUNDS
        return paces.median / 2.5, paces.median * 1.6


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
