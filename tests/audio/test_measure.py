from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.audio.loudness import PlacedHops, hop_frames, integrated_lufs, k_sections, k_weighted
from narrator.audio.measure import measure
from narrator.audio.peaks import peaks_above, true_peak
from tests.audio.signals import Sound, babble, chirp, ebur128_dbtp, ebur128_lufs, pcm_of, samples_of

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def placed(pcm: bytes, rate_hz: int, start: int = 0) -> PlacedHops:
    taken = measure(pcm, rate_hz)
    energies = np.frombuffer(taken.hop_energies, "<f4").astype(np.float64)
    return PlacedHops(start, start, start + taken.frames, hop_frames(rate_hz), energies)


@pytest.mark.parametrize("rate_hz", RATES)
def test_loudness_is_that_of_libebur128_at_every_rate(rate_hz: int) -> None:
    pcm = pcm_of(babble(12, rate_hz))
    ours = integrated_lufs([placed(pcm, rate_hz)], len(pcm) // 2, rate_hz)
    assert ours == pytest.approx(ebur128_lufs(samples_of(pcm), rate_hz), abs=0.02)


@pytest.mark.parametrize("seed", range(30))
def test_the_true_peak_of_sines_and_noise_is_the_highest_of_all_crests(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.arange(4_800)
    sound = np.cumsum(rng.standard_normal(len(at))) * 0.1 + rng.uniform(0, 1) * rng.standard_normal(len(at))
    for _ in range(seed % 4):
        sound += rng.uniform(1, 9) * np.sin(at * rng.uniform(0, np.pi) + rng.uniform(0, 7))
    samples = (0.5 * sound / np.abs(sound).max()).astype(np.float32)
    _, heights = peaks_above(samples, 0.5)
    assert 20 * np.log10(heights.max() / true_peak(samples)) == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("frames", [1, 39, 5121, 200_000])
def test_k_weighting_is_that_of_the_recursion_sample_by_sample(rate_hz: int, frames: int) -> None:
    sound = babble(frames / rate_hz + 1, rate_hz)[:frames] + np.float32(
        0.1
    )  # an offset is what the high-pass is there for
    hop = hop_frames(rate_hz)
    weighted, filtered = k_weighted(sound, rate_hz), recursion(sound, rate_hz)
    starts = np.arange(0, len(sound), hop)
    ours, theirs = (np.add.reduceat(np.square(each), starts) for each in (weighted, filtered))
    assert 10 * np.log10(ours / theirs) == pytest.approx(0.0, abs=0.005)


def recursion(sound: Sound, rate_hz: int) -> npt.NDArray[np.float64]:
    """The two filters one after the other, in double precision."""
    signal = sound.astype(float).tolist()
    for b0, b1, b2, _, a1, a2 in k_sections(rate_hz).tolist():
        x1 = x2 = y1 = y2 = 0.0
        for n, x0 in enumerate(signal):
            y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x0, x1, y0, y1
            signal[n] = y0
    return np.array(signal)


def test_loudness_of_placed_takes_is_that_of_their_sum() -> None:
    rng = np.random.default_rng(0)
    errors = [_error_of_placed(rng) for _ in range(30)]
    assert np.median(errors) < 0.001
    assert max(errors) < 0.15, "where a block of a few seconds' sound falls on the other side of the gate"


def _error_of_placed(rng: np.random.Generator, rate_hz: int = 24_000) -> float:
    """How far the loudness of takes of any length, anywhere, is from that of the sound that they make."""
    at = int(rng.integers(0, 12_000))
    timeline, hops = [np.zeros(at)], []
    for frames in rng.integers(20_000, 90_000, rng.integers(1, 7)).tolist():
        # Edges as takes have them after fading: the hops know nothing of a neighbour's ringing.
        sound = babble(frames / rate_hz, rate_hz, seed=frames) * np.hanning(frames) ** 0.25
        pcm = pcm_of(sound)
        pause = int(rng.integers(0, 40_000))
        hops.append(placed(pcm, rate_hz, at))
        timeline += [samples_of(pcm), np.zeros(pause)]
        at += frames + pause
    whole = np.concatenate(timeline)
    return abs(integrated_lufs(hops, len(whole), rate_hz) - ebur128_lufs(whole, rate_hz))


def test_silence_has_no_loudness_and_does_not_fail() -> None:
    assert integrated_lufs([placed(bytes(48_000), 24_000)], 24_000, 24_000) == -math.inf
    assert integrated_lufs([], 0, 24_000) == -math.inf


def test_a_sound_shorter_than_the_meters_block_is_measured_as_if_silence_followed() -> None:
    short = chirp(0.2, 24_000)
    alone = integrated_lufs([placed(pcm_of(short), 24_000)], len(short), 24_000)
    padded = np.concatenate([short, np.zeros(4_800, np.float32)])
    assert alone == pytest.approx(ebur128_lufs(padded, 24_000), abs=0.1)


@pytest.mark.parametrize("hz", [100, 1_000, 5_000, 6_000, 8_000, 9_500])
@pytest.mark.parametrize("phase", [0.0, 0.4, 0.785])
def test_true_peak_of_a_tone_is_its_amplitude(hz: float, phase: float) -> None:
    t = np.arange(24_000) / 24_000
    tone = (0.5 * np.sin(2 * np.pi * hz * t + phase) * np.hanning(24_000) ** 0.1).astype(np.float32)
    between = 20 * math.log10(math.cos(math.pi * hz / (4 * 24_000)))  # what four times the rate cannot see
    assert between - 0.02 <= 20 * math.log10(true_peak(tone) / 0.5) <= 0.02


@given(st.integers(0, 50))
@settings(max_examples=15)
def test_true_peak_agrees_with_libebur128(seed: int) -> None:
    sound = babble(1, 24_000, seed=seed) * np.hanning(24_000).astype(np.float32)
    ours = 20 * math.log10(true_peak(sound))
    assert ours == pytest.approx(ebur128_dbtp(sound, 24_000), abs=0.25)
    assert ours >= 20 * math.log10(np.abs(sound).max()) - 1e-5


def test_a_measurement_says_what_the_sound_is() -> None:
    sound = np.concatenate([np.zeros(4_800), chirp(1, 24_000), np.zeros(2_400)])
    taken = measure(pcm_of(sound), 24_000)
    peaks = np.frombuffer(taken.hop_peaks, "<f4")
    assert taken.frames == len(sound)
    assert len(peaks) == len(taken.hop_energies) // 4 == math.ceil(len(sound) / 600)
    assert taken.sample_peak == peaks.max() == pytest.approx(0.5, abs=1e-3)
    assert taken.true_peak >= taken.sample_peak
    assert taken.sum_squares == pytest.approx(np.square(sound).sum(), rel=1e-3)
    assert taken.lead_frames == pytest.approx(4_800, abs=5)
    assert taken.tail_frames == pytest.approx(2_400, abs=5)


def test_a_quiet_voice_is_not_taken_for_silence() -> None:
    usual, quiet = babble(2, 24_000, level=0.5), babble(2, 24_000, level=0.003)
    assert measure(pcm_of(quiet), 24_000).tail_frames < measure(pcm_of(usual), 24_000).tail_frames + 500


@pytest.mark.parametrize("pcm", [b"", bytes(2), bytes(1_000)])
def test_silence_and_nothing_are_measured_too(pcm: bytes) -> None:
    taken = measure(pcm, 24_000)
    assert (taken.frames, taken.lead_frames, taken.tail_frames) == (len(pcm) // 2, len(pcm) // 2, 0)
    assert taken.sample_peak == taken.true_peak == taken.sum_squares == 0
