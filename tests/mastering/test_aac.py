from __future__ import annotations

import errno
import math
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrator.audio.peaks import true_peak
from narrator.errors import ConfigError, DiskError
from narrator.mastering.aac import AacEncoder
from narrator.mastering.aac_rates import aac_rate_hz
from narrator.mastering.heard import PatchPeak
from tests.audio.signals import Sound, babble, chirp, ebur128_dbtp, ebur128_lufs, jumping
from tests.end_to_end.sound import decode

RATE_HZ = 24_000
RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def encoded(
    path: Path, sound: Sound, rate_hz: int = RATE_HZ, kbps: int = 64, *, block: int = 7_777, best: bool = False
) -> AacEncoder:
    encoder = AacEncoder(path, rate_hz, kbps, quality="best" if best else "balanced")
    for at in range(0, len(sound), block):
        encoder.write(sound[at : at + block])
    encoder.close()
    return encoder


def decoded_dbtp(path: Path) -> float:
    return 20 * math.log10(max(true_peak(decode(path).samples), 1 / 32768))


def at_levels(sound: Sound, frames: int = 3_000) -> Sound:
    levels = np.random.default_rng(1).choice((0.0, 0.3, 0.7, 1.0), len(sound) // frames + 1)
    changing: Sound = (sound * np.repeat(levels, frames)[: len(sound)]).astype(np.float32)
    return changing


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_decoded_file_is_the_sound_at_the_same_samples(tmp_path: Path, rate_hz: int) -> None:
    sound = np.pad(chirp(1.3, rate_hz), (rate_hz // 10 + 1, rate_hz // 10))
    path = tmp_path / "chirp.m4a"
    encoder = encoded(path, sound, rate_hz, kbps=aac_kbps(rate_hz))
    heard = decode(path)
    assert heard.rate_hz == encoder.rate_hz == rate_hz
    assert len(heard.samples) == encoder.frames == -(-len(sound) // 1024) * 1024
    assert np.abs(heard.samples[: len(sound)] - sound).max() < 0.06
    assert np.abs(heard.samples[len(sound) :]).max() < 0.01


def aac_kbps(rate_hz: int) -> int:
    return min(64, 6 * rate_hz // 1000)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.integers(0, 5_000), block=st.integers(1, 5_000))
def test_every_length_comes_back_up_to_a_whole_packet(tmp_path: Path, frames: int, block: int) -> None:
    path = tmp_path / "any.m4a"
    encoder = encoded(path, chirp(1, RATE_HZ)[:frames], block=block)
    assert len(decode(path).samples) == encoder.frames == max(1, -(-frames // 1024)) * 1024


@pytest.mark.parametrize("kbps", [32, 64, 128])
@pytest.mark.parametrize("best", [False, True])
def test_no_peak_is_missed(tmp_path: Path, *, kbps: int, best: bool) -> None:
    noise = np.random.default_rng(7).uniform(-0.6, 0.6, 2 * RATE_HZ).astype(np.float32)
    for name, sound in {"noise": noise, "levels": at_levels(noise), "babble": babble(4, RATE_HZ)}.items():
        path = tmp_path / f"{name}.m4a"
        encoder = encoded(path, sound, kbps=kbps, best=best)
        assert encoder.true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-3), name


@pytest.mark.parametrize("seed", [8_481, 3_691, 8_835, 2_279])
def test_no_peak_that_coding_raises_above_the_rest_is_missed(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.m4a"
    encoder = encoded(path, jumping(seed), 44_100)
    assert encoder.true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-3)


def test_no_peak_of_the_embedded_voice_is_missed(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    encoder = encoded(path, np.concatenate(speech))
    assert encoder.true_peak_dbtp == pytest.approx(decoded_dbtp(path), abs=1e-4)
    assert encoder.true_peak_dbtp == pytest.approx(ebur128_dbtp(decode(path).samples, RATE_HZ), abs=0.15)


@pytest.mark.parametrize("peak_dbtp", [-3.0, -5.0, -12.0])
def test_no_peak_above_the_one_that_is_listened_for_is_missed(tmp_path: Path, peak_dbtp: float) -> None:
    path = tmp_path / "a.m4a"
    with closing(AacEncoder(path, RATE_HZ, 64)) as encoder:
        encoder.listen_above(peak_dbtp)
        encoder.write(at_levels(chirp(3, RATE_HZ, level=0.65)))
    assert max(encoder.true_peak_dbtp, peak_dbtp) == pytest.approx(max(decoded_dbtp(path), peak_dbtp), abs=1e-4)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many frames were decoded and listened to, as often as some were."""
    counts: list[int] = []

    class Counted(PatchPeak):
        def add(self, frames: Iterable[bytes | memoryview]) -> None:
            every = list(frames)
            counts.append(len(every))
            super().add(every)

    monkeypatch.setattr("narrator.mastering.heard.PatchPeak", Counted)
    return counts


def test_much_of_a_voice_is_not_decoded(speech: tuple[Sound, ...], tmp_path: Path, heard: list[int]) -> None:
    sound = np.concatenate(speech)
    encoded(tmp_path / "a.m4a", sound)
    assert 0 < sum(heard) < 0.6 * len(sound) / 1024


def test_what_cannot_come_out_above_the_peak_that_is_listened_for_is_not_decoded(
    tmp_path: Path, heard: list[int]
) -> None:
    with closing(AacEncoder(tmp_path / "a.m4a", RATE_HZ, 64)) as encoder:
        encoder.listen_above(-3.0)
        encoder.write(0.25 * np.sin(0.1 * np.arange(100_000, dtype=np.float32)))
    assert not heard


def test_the_level_of_a_voice_is_kept(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    sound, path = np.concatenate(speech), tmp_path / "a.m4a"
    encoded(path, sound)
    assert decode(path).loudness_lufs == pytest.approx(ebur128_lufs(sound, RATE_HZ), abs=0.1)


def test_equal_sound_is_equal_bytes_however_it_is_cut(tmp_path: Path) -> None:
    sound = babble(9, RATE_HZ)
    files = [tmp_path / f"{block}.m4a" for block in (100, 70_000, len(sound))]
    for path, block in zip(files, (100, 70_000, len(sound)), strict=True):
        encoded(path, sound, block=block).close()
    assert len({path.read_bytes() for path in files}) == 1


def test_rates_that_aac_lacks_become_the_next(tmp_path: Path) -> None:
    assert [aac_rate_hz(rate, 48) for rate in (7_000, 9_000, 24_000, 28_000, 47_000, 96_000)] == [
        8_000,
        11_025,
        24_000,
        32_000,
        48_000,
        48_000,
    ]
    with pytest.raises(ValueError, match="28000"):
        AacEncoder(tmp_path / "odd.m4a", 28_000, 64)


@pytest.mark.parametrize(
    ("rate_hz", "kbps", "known"),
    [(24_000, 160, "12 to 144"), (8_000, 64, "4 to 48"), (48_000, 16, "24 to 288")],
)
def test_a_bitrate_that_the_rate_cannot_have_is_a_mistake_of_configuration(
    tmp_path: Path, rate_hz: int, kbps: int, known: str
) -> None:
    with pytest.raises(ConfigError, match=f"m4b_kbps.* {rate_hz} Hz.* {kbps} kbit/s.* {known}"):
        AacEncoder(tmp_path / "no.m4a", rate_hz, kbps)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_bounds_of_each_rate_can_be_made(tmp_path: Path, rate_hz: int) -> None:
    for kbps in (-(-rate_hz // 2000), 6 * rate_hz // 1000):
        assert encoded(tmp_path / "a.m4a", chirp(0.3, rate_hz), rate_hz, kbps).frames


def test_a_file_that_cannot_be_made_is_a_disk_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"gone.*chapter"):
        AacEncoder(tmp_path / "gone" / "chapter.m4a", RATE_HZ, 64)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_a_disk_error() -> None:
    with pytest.raises(DiskError) as caught, closing(AacEncoder(Path("/dev/full"), RATE_HZ, 64)) as encoder:
        encoder.write(chirp(10, RATE_HZ))
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
