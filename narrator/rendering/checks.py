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
from typing import TYPE_CHECKING

import numpy as np

from narrator.errors import BadTake
from narrator.model import Measurement, SpeechRequest, TakeKey
from narrator.rendering.source_rates import SourceRates

if TYPE_CHECKING:  # slow to import, and only annotations need it here
    import numpy.typing as npt

SILENCE_PEAK = 10 ** (-50 / 20)
"""An answer whose loudest sample is under -50 dBFS says nothing that anyone hears."""

CLIPPED_PEAK = 32767 / 32768
CLIPPED_SHARE = 0.25
"""A quarter of all 25 ms hops at full scale is a fault, not a loud voice."""

DEAD_AIR_S = 5.0
"""Silence at the end longer than any reader's pause."""

NOISE_PEAK = 0.97
NOISE_SHARE = 0.95
NOISE_POWER = 0.28, 0.38
"""Bytes that are no samples, heard as such, are noise as loud as can be: nearly every hop comes close to full
scale, and the mean square is that of numbers of which each is as likely, 1/3. No voice is near to it."""

WIDE_BOUNDS = 2.5, 22.5
"""The slowest and the fastest pace of any voice, in letters and digits a second."""

SLOWEST_ALPHABETIC = 5.0
"""The slowest where each letter is a sound, as in Latin, Greek and Cyrillic: half the pace of the slowest
voice. One that is slower is most likely said to have a third of the rate that it has."""

JUDGED_CHARACTERS = 40
"""Shorter texts vary too much in length to be judged by wide bounds: 'No.' may take a second."""

BRIEF_CHARACTERS = 8
"""From here up to `JUDGED_CHARACTERS`, answers are judged by the voice's own pace alone, once it is known."""

BRIEF_HASTE = 1.8
"""Measured on headings and lines of dialogue: said up to 1.4 times as fast as long texts, so that most halves
of one seem to be said over twice as fast."""

BRIEF_GRACE_S = 3.0
BRIEF_DELAY = 3.0
"""A brief text may take so many times as long as the voice's own pace has it, and so many seconds more."""

SLOW_VOICES = 11.0, 5.5
"""What counts as a voice's pace for that before it is known: in letters of such an alphabet, and in others."""

FASTEST_BRIEF = 60.0
"""No voice says a word so fast, in letters and digits a second, whatever its pace."""

EARLIER_SLACK = 1.05
"""How far a take of an earlier run may pass the bounds: that run knew the voice's pace a little differently."""

LEARNED_FROM = 5
"""Takes after which the voice's own pace is trusted over the wide bounds."""

LEARNED_AT_MOST = 200
"""The last takes that count for it: a voice may become slower with what it reads."""

_ALPHABETIC = re.compile(r"[^\W\d_\u0530-\U0010ffff]")
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
class _Reading:
    """How long a text was read: in letters and digits, an ideogram taking the time of about three.

    `pace` is theirs a second, as it would be at speed 1; `said` are the letters and digits as they are written.
    """

    letters: int
    pace: float
    said: int
    is_alphabetic: bool
    is_figures: bool

    @property
    def is_brief(self) -> bool:
        return self.said < JUDGED_CHARACTERS

    @classmethod
    def of(cls, request: SpeechRequest, measurement: Measurement) -> _Reading:
        said = _said(request.text)
        letters = said + 2 * len(_UNSPACED.findall(request.text))
        return cls(
            letters=letters,
            pace=letters / _seconds(request, measurement) / request.speed,
            said=said,
            is_alphabetic=2 * len(_ALPHABETIC.findall(request.text)) > said,
            # A number's digits stand for many more letters than themselves.
            is_figures=sum(map(str.isdigit, request.text)) >= said / 5,
        )


@dataclass(frozen=True, slots=True)
class _Belief:
    """A take that was believed before the pace of its voice was known.

    `paces` are those of its voice; whatever its length, `is_brief` says that it is judged like a brief one.
    """

    reading: _Reading
    paces: _Paces
    is_brief: bool
    slack: float = 1.0


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
        if _is_noise(measurement, peaks):
            raise BadTake("the answer is noise: bytes that are no samples sound like this")
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
        reading, paces = _Reading.of(request, measurement), self._paces_for(request)
        slowest, fastest = WIDE_BOUNDS
        if not reading.is_brief and slowest <= reading.pace <= fastest:
            paces.add(reading.pace)
        self._believed[key] = _Belief(reading, paces, is_brief=True, slack=EARLIER_SLACK)

    def doubtful(self) -> frozenset[TakeKey]:
        """Takes that were believed before their voice was known and do not hold against the others."""
        judged = {key: belief for key, belief in self._believed.items() if belief.paces.are_known}
        for key in judged:
            del self._believed[key]
        hasty = frozenset(key for key, belief in judged.items() if not self._holds(belief))
        return hasty | self._rates.doubtful()

    def _check_pace(self, request: SpeechRequest, measurement: Measurement) -> None:
        seconds, reading = _seconds(request, measurement), _Reading.of(request, measurement)
        length = f"{seconds:.1f} s for {len(request.text)} characters"
        if reading.is_brief and seconds > 6 + 1.5 * reading.said:
            raise BadTake(f"the answer is too long: {length}")
        paces = self._paces_for(request)
        low, high = self._bounds(reading, paces, is_brief=reading.is_brief)
        if reading.pace > high:
            raise BadTake(f"the answer is too short: {length}")
        if reading.pace < low:
            raise BadTake(f"the answer is too long: {length}")
        if not paces.are_known:
            self._believed[request.key] = _Belief(reading, paces, reading.is_brief)
        if not reading.is_brief:
            paces.add(reading.pace)

    def _holds(self, belief: _Belief) -> bool:
        low, high = self._bounds(belief.reading, belief.paces, is_brief=belief.is_brief)
        return low / belief.slack <= belief.reading.pace <= high * belief.slack

    def _paces_for(self, request: SpeechRequest) -> _Paces:
        return self._paces[request.model, request.voice, request.language]

    def _bounds(self, reading: _Reading, paces: _Paces, *, is_brief: bool) -> tuple[float, float]:
        """The slowest and the fastest pace that is believed, in letters and digits a second."""
        if self._is_local:
            slowest, fastest = (0.0, math.inf) if is_brief else (1.0, 45.0)
        elif is_brief:
            slowest, fastest = _brief_bounds(reading, paces)
        elif paces.are_known:
            slowest, fastest = paces.median / 2.5, paces.median * 1.6
        else:
            slowest, fastest = WIDE_BOUNDS
            slowest = SLOWEST_ALPHABETIC if reading.is_alphabetic else slowest
        return 0.0 if reading.is_figures else slowest, fastest


def _brief_bounds(reading: _Reading, paces: _Paces) -> tuple[float, float]:
    usual = paces.median if paces.are_known else SLOW_VOICES[not reading.is_alphabetic]
    slowest = reading.letters / (BRIEF_GRACE_S + BRIEF_DELAY * reading.letters / usual)
    is_judged = paces.are_known and reading.said >= BRIEF_CHARACTERS
    return slowest, usual * BRIEF_HASTE if is_judged else FASTEST_BRIEF


def _is_noise(measurement: Measurement, peaks: npt.NDArray[np.float32]) -> bool:
    low, high = NOISE_POWER
    is_as_loud = low <= measurement.sum_squares / max(measurement.frames, 1) <= high
    return is_as_loud and int(np.count_nonzero(peaks >= NOISE_PEAK)) > NOISE_SHARE * len(peaks)


def _said(text: str) -> int:
    """The letters and digits that are said of a text."""
    return sum(map(str.isalnum, _DRAWN_OUT.sub(r"\1\1", text)))


def _seconds(request: SpeechRequest, measurement: Measurement) -> float:
    frames = measurement.frames - measurement.lead_frames - measurement.tail_frames
    return max(frames, 1) / request.rate_hz
