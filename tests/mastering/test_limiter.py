from __future__ import annotations

import numpy as np
import pytest

from narrator.audio.loudness import k_weighted
from narrator.audio.pcm import FULL_SCALE
from narrator.mastering.crests import Hops, crests_of
from narrator.mastering.limiter import Limited, limit
from tests.audio.signals import Sound, babble, chirp, ebur128_dbtp

RATE, HOP = 24_000, 600
CEILING = 10 ** (-4 / 20)


def hops(sound: Sound) -> Hops:
    """Rows of 25 ms as they are stored."""
    stored: Hops = np.rint(np.pad(sound, (0, -len(sound) % HOP)) * FULL_SCALE).astype(np.int16).reshape(-1, HOP)
    return stored


def weighted_energy(sound: Sound) -> float:
    return float(np.square(k_weighted(sound, RATE), dtype=np.float64).sum())


def changes(stored: Hops, gain: float = 1.0, lower_by: float = 1.0) -> Limited | None:
    """What the limiter does, by crests that were looked for some way below the ceiling."""
    peaks = np.abs(stored.astype(np.float32)).max(axis=1, initial=0.0) / FULL_SCALE
    crests = crests_of(stored, peaks, CEILING / gain / lower_by)
    return limit(crests, crests.sound, RATE, gain=gain, ceiling=CEILING)


def limited(sound: Sound, gain: float = 1.0) -> Sound:
    stored = hops(sound)
    after: Sound = stored * np.float32(gain / FULL_SCALE)
    result = changes(stored, gain)
    if result:
        after[result.rows] = result.after
    heard: Sound = after.ravel()
    return heard


def bursts(seed: int) -> Sound:
    rng = np.random.default_rng(seed)
    sound = babble(2, RATE, seed=seed, level=0.1)
    for _ in range(8):
        at, length = int(rng.integers(0, 40_000)), int(rng.integers(1, 3_000))
        sound[at : at + length] += rng.uniform(-0.75, 0.75, min(length, len(sound) - at)).astype(np.float32)
    return sound


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("gain", [1.0, 2.0, 16.0])
def test_bursts_of_noise_pass_the_ceiling_by_less_than_the_headroom(seed: int, gain: float) -> None:
    assert ebur128_dbtp(limited(bursts(seed), gain), RATE) <= -4 + 0.7


@pytest.mark.parametrize("hz", [60, 440, 3_000, 6_000, 8_000, 10_000])
def test_a_tone_between_the_samples_is_held_too(hz: float) -> None:
    t = np.arange(RATE) / RATE
    tone = (0.99 * np.sin(2 * np.pi * hz * t + 0.785) * np.hanning(RATE)).astype(np.float32)
    between = 0.3  # what is between the points of 4 times the rate
    assert ebur128_dbtp(limited(tone), RATE) == pytest.approx(-4, abs=between)


def test_what_is_below_the_ceiling_is_untouched() -> None:
    assert changes(hops(chirp(1, RATE, level=0.6))) is None
    assert changes(np.zeros((0, HOP), np.int16)) is None
    sound = babble(2, RATE, level=0.3)
    sound[20_000] = 0.99
    touched = np.flatnonzero(limited(sound) != hops(sound).ravel() / np.float32(FULL_SCALE))
    assert 20_000 - 240 <= touched.min() <= 20_000 <= touched.max() <= 20_000 + 240


@pytest.mark.parametrize("edge", [0, 1, 239, 47_760, 47_999])
def test_a_peak_at_the_edge_of_a_take_is_held_too(edge: int) -> None:
    sound = babble(2, RATE, level=0.3)
    sound[edge] = 0.99
    assert np.abs(limited(sound)).max() <= CEILING * 1.0001


@pytest.mark.parametrize("seed", range(4))
def test_the_change_of_energy_is_that_of_the_whole_sound(seed: int) -> None:
    sound = bursts(seed)
    result = changes(hops(sound), gain=2.0)
    assert result
    before = weighted_energy(hops(sound).ravel() * np.float32(2.0 / FULL_SCALE))
    after = weighted_energy(limited(sound, 2.0))
    assert result.energy_changes().sum() == pytest.approx(after - before, rel=0.02)


@pytest.mark.parametrize("lower_by", [1.02, 1.2, 2.0])
def test_crests_that_stay_below_the_ceiling_change_nothing(lower_by: float) -> None:
    stored = hops(bursts(7))
    exact, more = changes(stored, 2.0), changes(stored, 2.0, lower_by)
    assert exact
    assert more
    assert more.rows.tolist() == exact.rows.tolist()
    assert more.after == pytest.approx(exact.after, abs=1e-6)
