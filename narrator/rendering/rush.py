"""Whether sound comes so fast that chapters had better wait for the end of it."""

from __future__ import annotations

import time
from collections.abc import Callable

FAST = 200.0
"""Seconds of sound a second: about what two cores master and encode. Beside such a stream chapters are made no
sooner, and hold up the requests, which are what cannot be made again for nothing."""

_ANSWERS = 32  # over which the speed is taken
_LASTS_S = 1.0  # without so many; a server that has paused may be slow when it goes on


class Rush:
    """Told of each answer, in the order in which they come. The clock is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers = 0
        self._sound_s = 0.0
        self._looked_s = clock()
        self._until_s = 0.0

    @property
    def is_on(self) -> bool:
        return self._clock() < self._until_s

    def heard(self, sound_s: float) -> None:
        """Note an answer of so many seconds of sound."""
        self._answers += 1
        self._sound_s += sound_s
        if self._answers == _ANSWERS:
            now_s = self._clock()
            is_fast = self._sound_s >= FAST * (now_s - self._looked_s)
            self._until_s = now_s + _LASTS_S if is_fast else 0.0
            self._answers, self._sound_s, self._looked_s = 0, 0.0, now_s
