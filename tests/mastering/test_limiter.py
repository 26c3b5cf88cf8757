from __future__ import annotations

import math

import numpy as np
import pytest

from narrator.audio.loudness import k_weighted
from narrator.mastering.limiter import limit, rows_near
from tests.audio.signals import Sound, babble, chirp, ebur128_dbtp

RATE, HOP = 24_000, 600
CEILING = 10 ** (-4 / 20)


def rows(sound: np.ndarray) -> Sound:
    return np.pad(sound, (0, -len(sound) % HOP)).astype(np.float32).reshape(-1, HOP)


def limited(sound: np.ndarray) -> Sound:
    hops = rows(sound)
    result = limit(hops, RATE, CEILING)
    if result:
        hops[result.rows] = result.after
    return hops.ravel()


def bursts(seed: int) -> Sound:
    rng = np.random.default_rng(seed)
    sound = babble(2, RATE, seed=seed)
    for _ in range(8):
        at, length = int(rng.integers(0, 40_000)), int(rng.integers(1, 3_000))
        sound[at : at + length] += rng.uniform(-1.5, 1.5, min(length, len(sound) - at)).astype(np.float32)
    return sound


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("gain", [0.5, 1.0, 8.0])
def test_bursts_of_noise_pass_the_ceiling_by_less_than_the_headroom(seed: int, gain: float) -> None:
    assert ebur128_dbtp(limited(bursts(seed) * gain), RATE) <= -4 + 0.7


@pytest.mark.parametrize("hz", [60, 440, 3_000, 6_000, 8_000, 10_000])
def test_a_tone_between_the_samples_is_held_too(hz: float) -> None:
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * hz * t + 0.785) * np.hanning(RATE)
    assert ebur128_dbtp(limited(tone), RATE) == pytest.approx(
        -4, abs=0.3
    )  # between the points of 4 times the rate


def test_what_is_below_the_ceiling_is_untouched() -> None:
    assert limit(rows(chirp(1, RATE, level=0.6)), RATE, CEILING) is None
    assert limit(np.zeros((0, HOP), np.float32), RATE, CEILING) is None
    sound = babble(2, RATE, level=0.3)
    sound[20_000] = 0.99
    after = limited(sound)
    touched = np.flatnonzero(after != sound)
    assert 20_000 - 240 <= touched.min() <= 20_000 <= touched.max() <= 20_000 + 240


def test_the_change_of_energy_is_that_of_the_whole_sound() -> None:
    sound = bursts(5)
    hops = rows(sound)
    result = limit(hops, RATE, CEILING)
    assert result
    predicted = float(result.energy_changes().sum())
    before = np.square(k_weighted(hops.ravel(), RATE)).sum()
    after = np.square(k_weighted(limited(sound), RATE)).sum()
    assert before + predicted == pytest.approx(after, rel=2e-3)


def test_the_rows_near_peaks_are_all_that_the_limiter_needs() -> None:
    hops = rows(bursts(7))
    near = rows_near(np.abs(hops).max(axis=1), CEILING)
    whole, part = limit(hops, RATE, CEILING), limit(hops[near], RATE, CEILING)
    assert whole
    assert part
    assert near[part.rows].tolist() == whole.rows.tolist()
    assert part.after == pytest.approx(whole.after, abs=1e-6)
    assert math.isclose(part.energy_changes().sum(), whole.energy_changes().sum(), rel_tol=1e-6)
