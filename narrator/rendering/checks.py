"""Whether an answer is the text spoken. An answer that fails never becomes a take.

Durations are judged by the letters and digits said per second. Measured on books in English, German and
French, voices of every kind say 11 to 20 of them (voices in Chinese and Japanese 3 to 9), so an answer
outside wide bounds is wrong whatever the voice; once a voice's own pace is known, an answer of half the
length stands out against it, which the wide bounds may not catch.
"""

from __future__ import annotations

import re
import statistics
from collections import deque

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

JUDGED_CHARACTERS = 40
"""Shorter texts vary too much in length to be judged by it: 'No.' may take a second."""

LEARNED_FROM = 5
"""Takes after which the voice's own pace is trusted over the wide bounds."""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


class TakeChecks:
    """The checks of one run.

    The voice's pace is learned from the takes that pass, unless `is_local`: an engine on this machine cannot
    lose half of an answer on the way, and would give the same one again.
    """

    def __init__(self, *, is_local: bool = False) -> None:
        self._is_local = is_local
        self._paces: deque[float] = deque(maxlen=200)
        self._believed: dict[TakeKey, float] = {}

    def check(self, request: SpeechRequest, measurement: Measurement) -> None:
        """Judge an answer.

        Raises:
            BadTake: saying what is wrong with it.
        """
        if measurement.sample_peak < SILENCE_PEAK:
            raise BadTake("the answer is silence")
        peaks = np.frombuffer(measurement.hop_peaks, "<f4")
        if (peaks >= CLIPPED_PEAK).mean() > CLIPPED_SHARE:
            raise BadTake("the answer is clipped nearly everywhere")
        if measurement.tail_frames > DEAD_AIR_S * request.rate_hz:
            raise BadTake(f"the answer ends in {measurement.tail_frames / request.rate_hz:.0f} s of dead air")
        self._check_pace(request, measurement)

    def doubtful(self) -> frozenset[TakeKey]:
        """Takes that passed before the pace of the voice was known and would not pass now."""
        if len(self._paces) < LEARNED_FROM:
            return frozenset()
        low, high = self._bounds()
        doubted = frozenset(key for key, pace in self._believed.items() if not low <= pace <= high)
        self._believed.clear()
        return doubted

    def _check_pace(self, request: SpeechRequest, measurement: Measurement) -> None:
        frames = measurement.frames - measurement.lead_frames - measurement.tail_frames
        seconds = max(frames, 1) / request.rate_hz
        said = sum(map(str.isalnum, _DRAWN_OUT.sub(r"\1\1", request.text)))
        length = f"{seconds:.1f} s for {len(request.text)} characters"
        if said < JUDGED_CHARACTERS:
            if seconds > 6 + 1.5 * said:
                raise BadTake(f"the answer is too long: {length}")
            return
        # Speed changes the pace in proportion; an ideogram is said in the time of about three letters.
        weight = 1 + 2 * len(_UNSPACED.findall(request.text)) / said
        pace = said * weight / seconds / request.speed
        low, high = self._bounds()
        if pace > high:
            raise BadTake(f"the answer is too short: {length}")
        # A number's digits stand for many more letters than themselves.
        if pace < low and sum(map(str.isdigit, request.text)) < said / 5:
            raise BadTake(f"the answer is too long: {length}")
        if len(self._paces) < LEARNED_FROM:
            self._believed[request.key] = pace
        self._paces.append(pace)

    def _bounds(self) -> tuple[float, float]:
        """The slowest and the fastest pace that is believed, in letters and digits a second."""
        if self._is_local:
            return 1.0, 45.0
        if len(self._paces) < LEARNED_FROM:
            return 2.5, 22.5
        usual = statistics.median(self._paces)
        return usual / 3, usual * 1.6
