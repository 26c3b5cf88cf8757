from __future__ import annotations

import math
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from narrator.audio.peaks import true_peak
from narrator.errors import Interrupted
from narrator.mastering.figures import figures_of
from narrator.mastering.figures_meter import Meter
from narrator.model import AudioFigures
from tests.audio.signals import Sound, babble, chirp
from tests.mastering.sound_files import acx_noise_floor_db, heard, noise, sine, write_sound, write_wav

TONES_HZ = 16_000


@pytest.fixture(scope="module")
def stereo() -> Sound:
    return np.stack([babble(8, 44_100, seed=1), babble(8, 44_100, seed=2, level=0.6)])


def measured(sound: Sound, rate_hz: int, folder: Path) -> AudioFigures:
    return figures_of(write_wav(folder / "sound.wav", sound, rate_hz))


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz", "channels"),
    [
        ("a.wav", "pcm_s16le", 24_000, 1),
        ("a.wav", "pcm_s24le", 44_100, 2),
        ("a.wav", "pcm_f32le", 96_000, 1),
        ("a.wav", "pcm_f64le", 48_000, 1),
        ("a.wav", "pcm_u8", 22_050, 1),
        ("a.wav", "pcm_mulaw", 8_000, 1),
        ("a.wav", "pcm_s16le", 11_025, 2),
        ("a.wav", "pcm_s16le", 48_000, 6),
        ("a.w64", "pcm_s16le", 44_100, 1),
        ("a.aiff", "pcm_s16be", 44_100, 2),
        ("a.flac", "flac", 44_100, 2),
        ("a.mp3", "libmp3lame", 44_100, 2),
        ("a.mp3", "libmp3lame", 24_000, 1),
        ("a.m4b", "aac", 44_100, 1),
        ("a.mka", "ac3", 48_000, 6),
        ("a.opus", "libopus", 48_000, 1),
        ("a.ogg", "flac", 44_100, 1),
    ],
)
def test_a_file_of_any_kind_measures_what_libebur128_measures(
    name: str, codec: str, rate_hz: int, channels: int, tmp_path: Path
) -> None:
    sound = np.stack([babble(4.2, rate_hz, seed=seed, level=0.1 + 0.1 * seed) for seed in range(channels)])
    path = write_sound(tmp_path / name, sound, rate_hz, codec)
    figures, other = figures_of(path), heard(path)
    assert figures.loudness_lufs == pytest.approx(other.lufs, abs=0.005)
    assert figures.range_lu == pytest.approx(other.range_lu, abs=0.01)
    assert figures.true_peak_dbtp == pytest.approx(other.true_peak_db, abs=0.1)
    assert figures.sample_peak_db == pytest.approx(other.sample_peak_db, abs=0.0001)
    assert figures.rms_db == pytest.approx(other.rms_db, abs=0.001)
    assert (figures.frames, figures.rate_hz, figures.channels) == (
        other.sound.shape[1],
        other.rate_hz,
        channels,
    )
    assert figures.damage == ""


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg program")
def test_an_mp3_measures_what_the_filters_of_ffmpeg_measure(stereo: Sound, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp3", stereo, 44_100, "libmp3lame", kbps=192)
    filters = "ebur128=peak=true,astats=measure_perchannel=none"
    ended = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-i", path, "-af", filters, "-f", "null", "-"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    told = dict(
        line.rpartition("]")[2].strip().split(":", 1)
        for line in ended.stderr.splitlines()
        if line.count(":") == 1
    )
    figures = figures_of(path)
    assert figures.loudness_lufs == pytest.approx(float(told["I"].split()[0]), abs=0.06)
    assert figures.range_lu == pytest.approx(float(told["LRA"].split()[0]), abs=0.3)  # by windows 0.1 s apart
    assert figures.true_peak_dbtp == pytest.approx(float(told["Peak"].split()[0]), abs=0.1)
    assert figures.sample_peak_db == pytest.approx(float(told["Peak level dB"]), abs=0.001)
    assert figures.rms_db == pytest.approx(float(told["RMS level dB"]), abs=0.001)


def tones(*parts: tuple[float, float]) -> Sound:
    """Levels and seconds of 1 kHz, the same in both channels, as EBU Tech 3341 and 3342 have them."""
    tone = np.concatenate([sine(level_db, seconds, TONES_HZ) for level_db, seconds in parts])
    return np.stack([tone, tone])


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_the_signals_of_tech_3341_have_their_loudness(
    parts: list[tuple[float, float]], lufs: float, tmp_path: Path
) -> None:
    assert measured(tones(*parts), TONES_HZ, tmp_path).loudness_lufs == pytest.approx(lufs, abs=0.1)


def test_the_surround_signal_of_tech_3341_has_its_loudness(tmp_path: Path) -> None:
    sound = np.stack([sine(level_db, 20, TONES_HZ) for level_db in (-28, -28, -24, -30, -30)])
    assert measured(sound, TONES_HZ, tmp_path).loudness_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("levels_db", "range_lu"),
    [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20), ((-50, -35, -20, -35, -50), 15)],
)
def test_the_signals_of_tech_3342_have_their_range(
    levels_db: tuple[float, ...], range_lu: float, tmp_path: Path
) -> None:
    sound = tones(*((level_db, 20) for level_db in levels_db))
    assert measured(sound, TONES_HZ, tmp_path).range_lu == pytest.approx(range_lu, abs=1.0)


def test_the_noise_floor_is_that_of_the_acx_check(tmp_path: Path) -> None:
    room = noise(-62, 0.9, 44_100)
    sound = np.concatenate([room, babble(2.37, 44_100), room * 1.4, babble(1.1, 44_100), room])
    floor = measured(sound, 44_100, tmp_path).noise_floor_db
    assert floor == pytest.approx(acx_noise_floor_db(sound, 44_100), abs=0.01)


def test_digital_silence_has_no_level(tmp_path: Path) -> None:
    speech, silence = babble(2, 24_000), np.zeros(12_000, np.float32)
    assert measured(np.concatenate([silence, speech]), 24_000, tmp_path).noise_floor_db is None
    figures = measured(np.zeros(24_000, np.float32), 24_000, tmp_path)
    assert (figures.loudness_lufs, figures.range_lu, figures.rms_db) == (None, None, None)
    assert (figures.sample_peak_db, figures.true_peak_dbtp, figures.noise_floor_db) == (None, None, None)
    assert (figures.head_s, figures.tail_s) == (1.0, 0.0)


@pytest.mark.parametrize("rate_hz", [22_050, 24_000, 44_100])
@pytest.mark.parametrize("room_db", [-62.0, -75.0, -math.inf])
def test_head_and_tail_end_where_the_voice_is(room_db: float, rate_hz: int, tmp_path: Path) -> None:
    speech = chirp(4, rate_hz, level=0.25)
    sound = np.concatenate([np.zeros(round(0.75 * rate_hz)), speech, np.zeros(round(2.1 * rate_hz))])
    if room_db > -math.inf:
        sound = sound + noise(room_db, len(sound) / rate_hz, rate_hz)
    figures = measured(sound.astype(np.float32), rate_hz, tmp_path)
    assert figures.head_s == pytest.approx(0.75, abs=0.011)
    assert figures.tail_s == pytest.approx(2.1, abs=0.011)


def test_head_and_tail_are_found_in_a_quiet_file_and_in_a_noisy_room(tmp_path: Path) -> None:
    sound = np.concatenate(
        [np.zeros(24_000, np.float32), chirp(3, 24_000, level=0.25), np.zeros(48_000, np.float32)]
    )
    for level, room_db in ((0.01, -90.0), (1.0, -45.0)):
        figures = measured(np.float32(level) * sound + noise(room_db, 6, 24_000), 24_000, tmp_path)
        assert (figures.head_s, figures.tail_s) == pytest.approx((1.0, 2.0), abs=0.011)


def test_a_sound_without_pauses_has_neither_head_nor_tail(tmp_path: Path) -> None:
    figures = measured(sine(-20, 3), 48_000, tmp_path)
    assert (figures.head_s, figures.tail_s) == (0.0, 0.0)


def test_it_makes_no_difference_how_a_sound_is_cut_into_blocks(stereo: Sound) -> None:
    rng = random.Random(1)
    whole, cut = Meter(44_100, ("FL", "FR")), Meter(44_100, ("FL", "FR"))
    whole.write(stereo)
    at = 0
    while at < stereo.shape[1]:
        size = rng.choice([1, 100, 4_411, 30_000])
        cut.write(stereo[:, at : at + size])
        at += size
    for meter in (whole, cut):
        meter.close()
    # Products of other sizes are summed up in another order.
    assert cut.true_peak == pytest.approx(whole.true_peak, rel=1e-6)
    assert whole.true_peak == pytest.approx(max(map(true_peak, stereo)), rel=1e-5)
    assert cut.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=1e-4)
    assert cut.range_lu == pytest.approx(whole.range_lu, abs=1e-4)
    assert np.abs(cut.hops - whole.hops).max() < 1e-3


def test_a_peak_between_samples_is_found_wherever_blocks_end() -> None:
    # A quarter of the rate, at the phase at which every sample is 3 dB below the crests.
    tone = np.sin(np.pi / 2 * np.arange(80) + np.pi / 4).astype(np.float32) * np.hanning(80).astype(np.float32)
    for place in range(4_330, 4_430, 7):
        sound = np.zeros((1, 9_000), np.float32)
        sound[0, place : place + 80] = 0.5 * tone
        meter = Meter(44_100, ("FC",))
        meter.write(sound[:, :4_410])
        meter.write(sound[:, 4_410:])
        meter.close()
        assert meter.true_peak == pytest.approx(true_peak(sound[0]), rel=1e-6)


def test_a_sound_shorter_than_the_meters_block_is_measured(tmp_path: Path) -> None:
    figures = measured(sine(-20, 0.2), 48_000, tmp_path)
    assert figures.loudness_lufs == pytest.approx(-23.0 - 3.0, abs=0.1)  # half of 400 ms, and one channel
    assert figures.range_lu is None
    assert figures.noise_floor_db == pytest.approx(-23.0, abs=0.02)


def test_the_bitrate_is_that_of_the_sound_and_constant_by_its_frames(tmp_path: Path) -> None:
    sound = babble(5, 44_100)
    constant = write_sound(tmp_path / "constant.mp3", sound, 44_100, "libmp3lame", kbps=192)
    quality = {"flags": "+qscale", "global_quality": str(118 * 4)}
    varied = write_sound(tmp_path / "varied.mp3", sound, 44_100, "libmp3lame", options=quality)
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(b"ID3\x03\x00\x00\x00\x0f\x00\x00" + bytes(15 << 14) + constant.read_bytes())
    assert figures_of(tagged).kbps == figures_of(constant).kbps == 192.0
    assert figures_of(tagged).bytes > figures_of(constant).bytes
    assert figures_of(tagged).frames == len(sound)
    assert figures_of(constant).is_constant_bitrate
    assert figures_of(varied).is_constant_bitrate is False
    aac = figures_of(write_sound(tmp_path / "a.m4a", sound, 44_100, "aac", kbps=96))
    assert aac.is_constant_bitrate is None
    assert aac.kbps == pytest.approx(96, rel=0.15)


@pytest.mark.parametrize(
    ("name", "codec", "kind", "of_codec"),
    [
        ("a.mp3", "libmp3lame", "mp3", "mp3"),
        ("a.m4a", "aac", "m4a", "aac"),
        ("a.m4b", "aac", "m4b", "aac"),
        ("a.mp4", "aac", "mp4", "aac"),
        ("a.opus", "libopus", "opus", "opus"),
        ("a.oga", "flac", "ogg", "flac"),
        ("a.flac", "flac", "flac", "flac"),
        ("a.wav", "pcm_s16le", "wav", "pcm_s16le"),
        ("a.mp2", "mp2", "mp2", "mp2"),
    ],
)
def test_a_kind_has_the_name_by_which_people_know_it(
    name: str, codec: str, kind: str, of_codec: str, tmp_path: Path
) -> None:
    figures = figures_of(write_sound(tmp_path / name, babble(1, 48_000), 48_000, codec))
    assert (figures.format, figures.codec) == (kind, of_codec)


def test_measuring_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", babble(20, 44_100), 44_100, "flac")
    shares: list[float] = []
    figures_of(path, watch=shares.append)
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert 0.8 < shares[-1] <= 1.0
    with pytest.raises(Interrupted):
        figures_of(path, lambda: True)


MEASURED_IN = """
import resource, sys
from pathlib import Path
from narrator.mastering.figures import figures_of
print(figures_of(Path(sys.argv[1])).duration_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_twelve_hours_take_hardly_more_memory_than_a_minute(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", babble(60, 12_000), 12_000)
    needed = []
    for hours in (1 / 60, 12):
        with path.open("r+b") as file:
            file.truncate(44 + round(hours * 3600) * 12_000 * 4)  # silence, of which no disk knows
            for at in (4, 40):
                file.seek(at)
                file.write(b"\xff\xff\xff\xff")  # "until the end"
        done = subprocess.run(
            [sys.executable, "-c", MEASURED_IN, path], check=True, capture_output=True, encoding="utf-8"
        )
        seconds, kilobytes = map(float, done.stdout.split())
        assert seconds == hours * 3600
        needed.append(kilobytes)
    assert needed[1] - needed[0] < 40_000
