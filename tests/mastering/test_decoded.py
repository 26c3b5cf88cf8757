from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyebur128
import pytest

from narrator.audio.decode import PcmDecoder
from narrator.audio.pcm import to_float
from narrator.errors import Interrupted
from narrator.mastering.decoded import decoded_true_peak_dbtp
from narrator.mastering.mp3 import Mp3Encoder
from narrator.model import AudioChunk, AudioFormat, Container

RATE_HZ = 24_000


def encoded(path: Path, seconds: float, seed: int) -> Path:
    """Bursts of dark noise: like a voice, most of it is far below half the rate, where meters agree."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(-1.0, 1.0, round(seconds * RATE_HZ) + 8)
    samples = np.convolve(noise, np.hanning(9)[:-1] / 3, mode="valid").astype(np.float32)[:-1]
    samples *= np.repeat(rng.random(len(samples) // 2400 + 1) > 0.5, 2400)[: len(samples)]
    encoder = Mp3Encoder(path, RATE_HZ, kbps=64)
    encoder.write(samples)
    encoder.close()
    return path


@pytest.mark.parametrize(("seconds", "seed"), [(0.5, 1), (3.0, 2), (40.0, 3)])
def test_the_decoded_peak_is_that_of_libebur128(tmp_path: Path, seconds: float, seed: int) -> None:
    path = encoded(tmp_path / "a.mp3", seconds, seed)
    decoder = PcmDecoder(RATE_HZ)
    pcm = decoder.feed(AudioChunk(path.read_bytes(), AudioFormat(Container.MP3, RATE_HZ))) + decoder.finish()
    samples = to_float(pcm)
    state = pyebur128.R128State(1, RATE_HZ, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    state.add_frames(samples, len(samples))
    expected = 20 * math.log10(pyebur128.get_true_peak(state, 0))
    assert decoded_true_peak_dbtp(path, RATE_HZ, lambda: False) == pytest.approx(expected, abs=0.15)


def test_listening_stops_when_asked(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        decoded_true_peak_dbtp(encoded(tmp_path / "a.mp3", 1.0, 4), RATE_HZ, lambda: True)
