from __future__ import annotations

from dataclasses import replace

import pytest

from narrator.mastering.conformance import Verdict, held_against, held_together
from narrator.model import AudioFigures
from narrator.profiles import BUILT_IN
from narrator.sections import Limits

FINE = AudioFigures(
    format="mp3",
    codec="mp3",
    rate_hz=44_100,
    channels=1,
    frames=44_100 * 600,
    bytes=14_400_000,
    kbps=192.0,
    is_constant_bitrate=True,
    loudness_lufs=-20.1,
    range_lu=6.2,
    rms_db=-20.9,
    sample_peak_db=-3.4,
    true_peak_dbtp=-3.2,
    noise_floor_db=-68.0,
    head_s=0.75,
    tail_s=2.0,
)
ACX = BUILT_IN["acx"].limits


def failing(figures: AudioFigures, limits: Limits) -> list[str]:
    return [verdict.name for verdict in held_against(figures, limits) if verdict.passed is False]


def verdict_on(name: str, figures: AudioFigures, limits: Limits) -> Verdict:
    (verdict,) = [verdict for verdict in held_against(figures, limits) if verdict.name == name]
    return verdict


def test_a_file_as_acx_wants_it_passes() -> None:
    assert failing(FINE, ACX) == []


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ({"rms_db": -23.01}, "RMS"),
        ({"rms_db": -17.9}, "RMS"),
        ({"rms_db": None}, "RMS"),
        ({"true_peak_dbtp": -2.99}, "true peak"),
        ({"noise_floor_db": -59.9}, "noise floor"),
        ({"head_s": 0.4}, "head"),
        ({"head_s": 1.2}, "head"),
        ({"tail_s": 0.5}, "tail"),
        ({"tail_s": 5.5}, "tail"),
        ({"frames": 44_100 * 7201}, "length"),
        ({"format": "m4b", "codec": "aac", "is_constant_bitrate": None}, "format"),
        ({"rate_hz": 48_000}, "sample rate"),
        ({"kbps": 160.0}, "bit rate"),
        ({"is_constant_bitrate": False}, "constant bit rate"),
        ({"channels": 6}, "channels"),
        ({"damage": "it breaks off"}, "damage"),
    ],
)
def test_each_demand_of_acx_fails_by_itself(change: dict[str, object], fails: str) -> None:
    assert failing(replace(FINE, **change), ACX) == [fails]  # type: ignore[arg-type]  # of fields of many types


@pytest.mark.parametrize(
    "change",
    [
        {"rms_db": -23.0049},  # shown as -23.00
        {"rms_db": -18.0},
        {"true_peak_dbtp": -2.996},
        {"true_peak_dbtp": None},
        {"noise_floor_db": None},
        {"head_s": 0.4999},
        {"tail_s": 5.0},
        {"channels": 2},
        {"kbps": 320.0},
    ],
)
def test_the_limits_themselves_and_silence_pass(change: dict[str, float | None]) -> None:
    assert failing(replace(FINE, **change), ACX) == []  # type: ignore[arg-type]  # as above


def test_figures_of_which_nothing_is_demanded_are_shown() -> None:
    verdicts = held_against(FINE, Limits())
    assert [verdict.name for verdict in verdicts] == [verdict.name for verdict in held_against(FINE, ACX)]
    assert {verdict.passed for verdict in verdicts if verdict.name != "damage"} == {None}
    assert {verdict.limit for verdict in verdicts if verdict.name != "damage"} == {""}


def test_figures_and_limits_are_words_for_people() -> None:
    assert verdict_on("RMS", FINE, ACX) == Verdict("RMS", "dB", "-20.90", "-23 to -18", passed=True)
    assert verdict_on("true peak", FINE, ACX) == Verdict(
        "true peak", "dBTP", "-3.20", "at most -3", passed=True
    )
    assert verdict_on("length", FINE, ACX) == Verdict("length", "", "0:10:00", "at most 2:00:00", passed=True)
    silent = replace(FINE, noise_floor_db=None)
    assert verdict_on("noise floor", silent, ACX) == Verdict(
        "noise floor", "", "digital silence", "at most -60", passed=True
    )
    rates = Limits(rates_hz=(44_100, 48_000))
    assert verdict_on("sample rate", FINE, rates) == Verdict(
        "sample rate", "Hz", "44100", "44100 or 48000", passed=True
    )


def test_the_size_and_the_shortest_length_are_held() -> None:
    assert failing(FINE, Limits(largest_mb=14.4, shortest_s=600.0)) == []
    assert failing(FINE, Limits(largest_mb=14.3, shortest_s=601.0)) == ["length", "size"]
    limit = verdict_on("length", FINE, Limits(shortest_s=60.0, longest_s=3600.0)).limit
    assert limit == "at least 0:01:00, at most 1:00:00"


def test_a_bitrate_is_demanded_of_lossy_files_alone() -> None:
    google = BUILT_IN["google"].limits
    assert failing(replace(FINE, kbps=96.0), google) == ["bit rate"]
    assert failing(replace(FINE, kbps=128.0), google) == []
    assert failing(replace(FINE, kbps=192.0, channels=2), google) == ["bit rate"]
    assert (
        failing(replace(FINE, format="flac", codec="flac", kbps=90.0, is_constant_bitrate=None), google) == []
    )
    assert (
        failing(replace(FINE, format="wav", codec="pcm_s16le", kbps=90.0, is_constant_bitrate=None), google)
        == []
    )


def test_a_bitrate_that_varies_may_stay_a_little_below_the_one_that_was_asked_for() -> None:
    aac = replace(FINE, format="m4b", codec="aac", is_constant_bitrate=None)
    google = BUILT_IN["google"].limits
    assert failing(replace(aac, kbps=125.5), google) == []
    assert failing(replace(aac, kbps=120.0), google) == ["bit rate"]


def test_stereo_has_a_loudness_of_its_own_where_a_shop_says_so() -> None:
    podcasts = BUILT_IN["apple-podcasts"].limits
    assert failing(replace(FINE, loudness_lufs=-19.2), podcasts) == []
    assert failing(replace(FINE, loudness_lufs=-16.1), podcasts) == ["loudness"]
    assert failing(replace(FINE, loudness_lufs=-16.1, channels=2), podcasts) == []
    assert failing(replace(FINE, loudness_lufs=-19.2, channels=2), podcasts) == ["loudness"]


def test_acx_wants_all_files_alike() -> None:
    (alike,) = held_together([FINE, FINE], ACX)
    assert alike.passed
    (mixed,) = held_together([FINE, replace(FINE, channels=2)], ACX)
    assert (mixed.value, mixed.passed) == ("44100 Hz, mono; 44100 Hz, stereo", False)
    assert held_together([FINE, FINE], Limits()) == ()


def test_the_length_of_a_whole_book_is_held() -> None:
    chapter = replace(FINE, frames=44_100 * 3600 * 51)
    google = BUILT_IN["google"].limits
    assert [verdict.passed for verdict in held_together([chapter], google)] == [True]
    assert [verdict.passed for verdict in held_together([chapter, chapter], google)] == [False]
