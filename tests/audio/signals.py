"""Sound for tests, with what can be told apart in it, and the meters of others to measure it."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyebur128

Sound = npt.NDArray[np.float32]


def chirp(seconds: float, rate_hz: int, *, level: float = 0.5) -> Sound:
    """A rising tone: unlike speech it matches itself at one place only."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    top = min(4000.0, 0.3 * rate_hz)
    return (level * np.sin(2 * np.pi * (100 * t + (top - 100) / (2 * seconds) * t * t))).astype(np.float32)


def babble(seconds: float, rate_hz: int, *, seed: int = 0, level: float = 0.2) -> Sound:
    """Noise with the spectrum of speech, roughly, in syllables that differ in loudness."""
    return _babble(seconds, rate_hz, seed, level).copy()


@functools.lru_cache(maxsize=32)
def _babble(seconds: float, rate_hz: int, seed: int, level: float) -> Sound:
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    noise = np.convolve(rng.standard_normal(frames), np.hanning(max(3, rate_hz // 2000)), "same")
    syllables = np.repeat(rng.uniform(0.3, 1.0, frames * 5 // rate_hz + 1), rate_hz // 5 + 1)[:frames]
    smooth = np.convolve(syllables, np.hanning(rate_hz // 50), "same")
    sound = noise * smooth
    babbled: Sound = (sound / np.abs(sound).max() * level).astype(np.float32)
    return babbled


def jumping(seed: int) -> Sound:
    """Dark noise, clipped where `seed` is odd, whose level jumps: codecs raise that. Up to 30,000 samples."""
    rng = np.random.default_rng(seed)
    frames, width, step = (int(rng.integers(*span)) for span in ((8_000, 30_000), (4, 26), (100, 4_000)))
    dark = np.convolve(rng.uniform(-1, 1, frames + width), np.hanning(width), "same")[:frames]
    if seed % 2:
        top = np.quantile(np.abs(dark), 0.7)
        dark = np.clip(dark, -top, top)
    levels = rng.choice((0.0, 0.65, 0.7, 0.8, 1.0), frames // step + 1)
    changing: Sound = (0.6 * dark / np.abs(dark).max() * np.repeat(levels, step)[:frames]).astype(np.float32)
    return changing


def pcm_of(sound: npt.NDArray[Any]) -> bytes:
    return np.clip(np.rint(np.asarray(sound, np.float64) * 32768), -32768, 32767).astype("<i2").tobytes()


def samples_of(pcm: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2") / 32768


def ebur128_lufs(sound: npt.NDArray[Any], rate_hz: int) -> float:
    return float(pyebur128.get_loudness_global(_state(sound, rate_hz, pyebur128.MeasurementMode.MODE_I)))


def ebur128_dbtp(sound: npt.NDArray[Any], rate_hz: int) -> float:
    state = _state(sound, rate_hz, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    return 20 * math.log10(max(pyebur128.get_true_peak(state, 0), 1e-9))


def _state(sound: npt.NDArray[Any], rate_hz: int, mode: Any) -> Any:
    state = pyebur128.R128State(1, rate_hz, mode)
    state.add_frames(np.ascontiguousarray(sound, np.float64), len(sound))
    return state
