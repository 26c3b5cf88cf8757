"""How long a file is quiet before its first sound and after its last: what shops call its head and its tail."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

WINDOW = 5
"""Hops of 10 ms in which a sound is looked for: what is shorter than 50 ms counts as much less of a sound."""

_SOUND_DB = -50.0
_BELOW_LOUDEST_DB = 30.0
_ABOVE_FLOOR_DB = 10.0
_LEAST_CONTRAST_DB = 20.0

_LOOK = 1 << 12  # hops that are looked at together


def sound_level(lowest_rms: float, highest_rms: float) -> float:
    """The RMS (linear) from which 50 ms of a file are a sound.

    -50 dBFS, and at least 10 dB above the noise of the room, which `lowest_rms` is taken for. In a file that is
    quiet as a whole it follows the loudest passage, `highest_rms`, 30 dB below it. Nothing 20 dB below that
    passage is the noise of a room.
    """
    usual = min(_linear(_SOUND_DB), highest_rms * _linear(-_BELOW_LOUDEST_DB))
    return min(max(usual, lowest_rms * _linear(_ABOVE_FLOOR_DB)), highest_rms * _linear(-_LEAST_CONTRAST_DB))


def quiet_hops(hops: npt.NDArray[np.float16], level: float) -> tuple[int, int]:
    """How many hops, by their RMS, come before the first sound and after the last.

    All are before where there is no sound, as in digital silence, whose `level` is 0.
    """
    before = _quiet(hops, level) if level else len(hops)
    return before, 0 if before == len(hops) else _quiet(hops[::-1], level)


def _quiet(hops: npt.NDArray[np.float16], level: float) -> int:
    for begin in range(0, len(hops), _LOOK):
        powers = hops[begin : begin + _LOOK + WINDOW - 1].astype(np.float32) ** 2
        windows = sliding_window_view(powers, min(WINDOW, len(powers))).mean(axis=1)
        loud = np.flatnonzero(windows >= level**2)
        if len(loud):
            # Of the hops in the window those before the sound are the softer ones.
            return begin + int(loud[0]) + int((powers[loud[0] : loud[0] + WINDOW] >= level**2).argmax())
    return len(hops)


def _linear(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))
