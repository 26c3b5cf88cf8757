from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from narrator.audio.mpeg import FrameHeader, InfoTag
from narrator.audio.peaks import true_peak
from narrator.errors import NarratorError
from narrator.mastering.heard import HeardPeak
from narrator.mastering.mp3 import Mp3Encoder
from tests.audio.signals import Sound, ebur128_dbtp

RATE_HZ = 24_000
LEVELS = (0.0, 0.3, 0.5, 0.65, 0.7, 0.75, 1.0)


def encoded(
    path: Path, sound: Sound, rate_hz: int = RATE_HZ, kbps: int = 64, block: int = 7_777, **settings: Any
) -> Mp3Encoder:
    encoder = Mp3Encoder(path, rate_hz, kbps, **settings)
    for at in range(0, len(sound), block):
        encoder.write(sound[at : at + block])
    encoder.close()
    return encoder


def decoded(path: Path) -> Sound:
    """Every frame of sound, from the first to the last; nothing is cut off, nothing is rounded."""
    data, at = path.read_bytes(), 0
    codec = cast("av.AudioCodecContext", av.CodecContext.create("mp3float", "r"))
    heard = [np.zeros(0, np.float32)]
    while at < len(data):
        header = FrameHeader.parse(data[at : at + 4])
        assert header
        frame = data[at : at + header.size]
        at += header.size
        if not InfoTag.parse(frame, header):
            heard += [each.to_ndarray()[0] for each in codec.decode(av.Packet(frame))]
    whole: Sound = np.concatenate(heard)
    return whole


def decoded_dbtp(path: Path) -> float:
    return 20 * math.log10(max(true_peak(decoded(path)), 1 / 32768))


def at_levels(sound: npt.NDArray[np.floating], seed: int, frames: int = 600) -> Sound:
    """The same sound, louder and softer every 25 ms."""
    levels = np.random.default_rng(seed).choice(LEVELS, len(sound) // frames + 1)
    changing: Sound = (sound * np.repeat(levels, frames)[: len(sound)]).astype(np.float32)
    return changing


@functools.cache
def nasty(seconds: float = 6.0) -> dict[str, Sound]:
    rng = np.random.default_rng(7)
    n = round(seconds * RATE_HZ)
    t = np.arange(n)
    white = rng.uniform(-0.6, 0.6, n)
    square = 0.6 * np.sign(np.sin(2 * np.pi * 220 / RATE_HZ * t))
    quarter_rate = 0.6 * np.sin(np.pi / 2 * t + np.pi / 4)
    every = {
        "white noise": white,
        "white noise at levels": at_levels(white, 1),
        "a square wave": square,
        "a square wave at levels": at_levels(square, 2),
        "clicks": np.where(rng.random(n) < 0.0005, 0.6, 0.0) * rng.choice([-1, 1], n),
        "one click": np.where(t == n // 2, 0.6, 0.0),
        "a peak between samples": quarter_rate,
        "a tone, and much higher peaks between the samples of softer noise": np.where(
            t < n // 2, 0.6 * np.sin(0.1 * t), 0.42 * rng.choice([-1, 1], n)
        ),
        "silence": np.zeros(n),
        "a blip": np.full(300, 0.5),
    }
    return {name: sound.astype(np.float32) for name, sound in every.items()}


VARIABLE = [{"mode": "vbr", "vbr_quality": quality} for quality in (0, 4, 9)]


@pytest.mark.parametrize("way", [{"kbps": 32}, {"kbps": 64}, {"kbps": 160}, {"mode": "vbr"}])
@pytest.mark.parametrize("name", nasty(0.1))
def test_no_peak_of_a_nasty_sound_is_missed(tmp_path: Path, name: str, way: dict[str, Any]) -> None:
    path = tmp_path / "a.mp3"
    assert encoded(path, nasty()[name], **way).true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-4)


@pytest.mark.parametrize(
    ("rate_hz", "kbps"),
    [
        (8_000, 32),
        (11_025, 64),
        (16_000, 32),
        (22_050, 64),
        (32_000, 64),
        (44_100, 64),
        (44_100, 128),
        (48_000, 160),
        (44_100, 192),
        (48_000, 320),
    ],
)
def test_no_peak_is_missed_at_any_rate(tmp_path: Path, rate_hz: int, kbps: int) -> None:
    path = tmp_path / "a.mp3"
    encoder = encoded(path, nasty()["white noise at levels"], rate_hz, kbps)
    assert encoder.true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-4)


@pytest.mark.parametrize("rate_hz", [8_000, 12_000, 16_000, 44_100, 48_000])
def test_no_peak_is_missed_at_any_rate_of_a_variable_bitrate(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "a.mp3"
    encoder = encoded(path, nasty()["white noise at levels"], rate_hz, mode="vbr")
    assert encoder.true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-4)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 40_000),
    st.integers(100, 9_000),
    st.integers(500, 50_000),
    st.sampled_from([{"kbps": 32}, {"kbps": 64}, {"kbps": 128}, *VARIABLE]),
)
@example(14_634, 149, 500, {"kbps": 32})  # coding raises what is 2.5 dB softer above the rest
@example(7_476, 671, 500, {"mode": "vbr", "vbr_quality": 9})
def test_no_peak_is_missed_wherever_it_is(
    tmp_path: Path, frames: int, level_frames: int, block: int, way: dict[str, Any]
) -> None:
    noise = np.random.default_rng(frames).uniform(-1, 1, frames + 8)
    dark = np.convolve(noise, np.hanning(9)[:-1] / 3, "valid")[:frames]
    path = tmp_path / "a.mp3"
    encoder = encoded(path, at_levels(dark, frames, level_frames), block=block, **way)
    assert encoder.true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-4)


@pytest.mark.parametrize("way", [{"kbps": 32}, {"kbps": 64}, {"kbps": 160}, *VARIABLE])
def test_no_peak_of_the_embedded_voice_is_missed(
    speech: tuple[Sound, ...], tmp_path: Path, way: dict[str, Any]
) -> None:
    path = tmp_path / "a.mp3"
    encoder = encoded(path, np.concatenate(speech), **way)
    assert encoder.true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-4)
    assert encoder.true_peak_dbtp == pytest.approx(ebur128_dbtp(decoded(path), RATE_HZ), abs=0.15)


@pytest.fixture
def packets(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is decoded."""
    every: list[bytes] = []

    def counted(data: bytes, make: Callable[[bytes], object] = av.Packet) -> object:
        every.append(data)
        return make(data)

    monkeypatch.setattr(av, "Packet", counted)
    return every


@pytest.mark.parametrize("mode", ["cbr", "vbr"])
def test_most_of_a_voice_is_not_decoded(
    speech: tuple[Sound, ...], tmp_path: Path, packets: list[bytes], mode: str
) -> None:
    path = tmp_path / "a.mp3"
    encoded(path, np.concatenate(speech), mode=mode)
    assert 0 < sum(map(len, packets)) < 0.4 * path.stat().st_size


@pytest.mark.parametrize("peak_dbtp", [-3.0, -5.0, -9.0])
@pytest.mark.parametrize("name", nasty(0.1))
def test_no_peak_above_the_one_that_is_listened_for_is_missed(
    tmp_path: Path, name: str, peak_dbtp: float
) -> None:
    path = tmp_path / "a.mp3"
    encoder = Mp3Encoder(path, RATE_HZ, 64)
    encoder.listen_above(peak_dbtp)
    encoder.write(nasty()[name])
    encoder.close()
    assert max(encoder.true_peak_dbtp, peak_dbtp) == pytest.approx(max(decoded_dbtp(path), peak_dbtp), abs=1e-4)


def test_what_cannot_come_out_above_the_peak_that_is_listened_for_is_not_decoded(
    tmp_path: Path, packets: list[bytes]
) -> None:
    encoder = Mp3Encoder(tmp_path / "a.mp3", RATE_HZ, 64)
    encoder.listen_above(-3.0)
    encoder.write(0.4 * np.sin(0.1 * np.arange(100_000, dtype=np.float32)))
    encoder.close()
    assert not packets


def test_how_the_sound_is_cut_into_blocks_changes_nothing(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    sound = np.concatenate(speech)[: 10 * RATE_HZ]
    peaks = {
        encoded(tmp_path / "a.mp3", sound, block=block).true_peak_dbtp for block in (100, 5_000, len(sound))
    }
    assert len(peaks) == 1


class Lossless:
    """Frames of 100 samples whose decoder gives the sound back, once it has decoded the three frames before."""

    name = "What is lossless"
    samples = 100

    def __init__(self, sound: Sound) -> None:
        self.came = 0
        self.decoded: list[tuple[int, int]] = []
        self.restarts = self.forgotten = 0
        self._sound = sound

    def needed_for(self, frame: int) -> int:
        return max(frame - 3, self.forgotten)

    def restart(self) -> None:
        self.restarts += 1

    def decode(self, first: int, end: int) -> list[memoryview]:
        assert self.forgotten <= first < end <= self.came
        self.decoded.append((first, end))
        return [memoryview(self._sound[at * 100 : (at + 1) * 100].tobytes()) for at in range(first, end)]

    def forget(self, frame: int) -> None:
        self.forgotten = frame


def loud_at(*frames: int, of: int = 1000) -> Sound:
    """So many frames, soft but for a click in the middle of some."""
    sound: Sound = 0.05 * np.cos(0.1 * np.arange(100 * of, dtype=np.float32))
    sound[[100 * frame + 50 for frame in frames]] = 0.5
    return sound


def heard(frames: Lossless, sound: Sound, block: int = 3_300) -> HeardPeak:
    peak = HeardPeak(frames, delay=0, most_raised_db=3.0)
    for at in range(0, len(sound), block):
        peak.master(sound[at : at + block])
        frames.came = min(at + block, len(sound)) // 100
        peak.listen()
    peak.finish()
    return peak


@pytest.mark.parametrize(
    ("loud", "decoded", "restarts"),
    [
        ([500], [(496, 502)], 1),
        ([500, 503], [(496, 505)], 1),
        ([500, 505], [(496, 502), (502, 507)], 1),
        ([500, 509], [(496, 502), (505, 511)], 2),
        ([999], [(995, 1000)], 1),
    ],
)
def test_only_what_is_loud_is_decoded_and_what_is_needed_before_it(
    loud: list[int], decoded: list[tuple[int, int]], restarts: int
) -> None:
    sound = loud_at(10, *loud)
    frames = Lossless(sound)
    peak = heard(frames, sound)
    assert frames.decoded[1:] == decoded
    assert frames.restarts == restarts + 1
    assert peak.highest == pytest.approx(true_peak(sound), abs=0.01)


def test_frames_are_forgotten_once_it_is_known_that_nobody_needs_them() -> None:
    sound = loud_at(of=1000)
    frames = Lossless(sound)
    heard(frames, sound)
    assert frames.forgotten == 997


def test_what_cannot_be_decoded_is_told_by_its_name() -> None:
    class Broken(Lossless):
        def decode(self, first: int, end: int) -> list[memoryview]:
            raise av.FFmpegError(1, "it is broken")

    with pytest.raises(NarratorError, match=r"What is lossless that was just made .*it is broken"):
        heard(Broken(loud_at(5)), loud_at(5))
