from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from narrator.errors import DiskError, Interrupted
from narrator.mastering.intact import DamagedTakes, intact_pcm_of
from narrator.mastering.rates import at_one_rate, common_rate_hz
from narrator.mastering.timeline import Part
from narrator.model import Take, WordTime
from tests.audio.signals import Sound, babble, ebur128_lufs, samples_of
from tests.mastering.takes import mastered, take_of


def tone(rate_hz: int, seconds: float = 1.0) -> Sound:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    sound: Sound = (0.3 * np.sin(2 * np.pi * (200 + 900 * t / seconds) * t)).astype(np.float32)
    return sound


def take(folder: Path, rate_hz: int, seconds: float = 1.0) -> Take:
    return take_of(folder, tone(rate_hz, seconds), rate_hz)


@pytest.fixture
def master(tmp_path: Path) -> Path:
    return tmp_path / "master"


def test_takes_of_one_rate_are_left_alone(tmp_path: Path, master: Path) -> None:
    takes = [take(tmp_path, 24_000), take(tmp_path, 24_000, 2)]
    assert at_one_rate(takes, master) == takes
    assert at_one_rate([], master) == []
    assert not master.exists()


def test_the_rate_of_most_of_the_sound_wins(tmp_path: Path) -> None:
    short, long, other = take(tmp_path, 48_000), take(tmp_path, 22_050, 3), take(tmp_path, 24_000, 3)
    assert common_rate_hz([short, short, long]) == 22_050
    assert common_rate_hz([long, other]) == 24_000


@pytest.mark.parametrize("odd_hz", [8_000, 22_050, 44_100])
def test_a_take_of_another_rate_is_resampled_to_the_frame(tmp_path: Path, master: Path, odd_hz: int) -> None:
    usual = take(tmp_path, 24_000, 3)
    odd = replace(take(tmp_path, odd_hz), words=(WordTime("chirp", 0, 900),))
    first, second = at_one_rate([usual, odd], master)
    assert first == usual
    assert (second.rate_hz, second.frames, second.key, second.words) == (24_000, 24_000, odd.key, odd.words)
    heard = samples_of(intact_pcm_of(second))
    top = min(odd_hz, 24_000) // 10
    assert np.abs(heard - tone(24_000))[top:-top].max() < 2e-3


def test_a_wanted_rate_wins_over_the_most_common(tmp_path: Path, master: Path) -> None:
    takes = at_one_rate([take(tmp_path, 24_000, 3), take(tmp_path, 22_050)], master, rate_hz=22_050)
    assert [each.rate_hz for each in takes] == [22_050, 22_050]


def test_a_file_that_is_there_is_used_and_a_bad_one_made_anew(tmp_path: Path, master: Path) -> None:
    takes = [take(tmp_path, 24_000, 3), take(tmp_path, 22_050)]
    made = at_one_rate(takes, master)[1]
    first = made.path.stat()
    assert at_one_rate(takes, master)[1] == made
    assert made.path.stat().st_ino == first.st_ino
    made.path.write_bytes(b"\1" * first.st_size)
    assert at_one_rate(takes, master)[1] == made
    assert intact_pcm_of(made)
    assert [path.name for path in master.iterdir()] == [made.path.name]


def test_equal_takes_are_resampled_once(tmp_path: Path, master: Path) -> None:
    odd = take(tmp_path, 22_050)
    _, first, second = at_one_rate([take(tmp_path, 24_000, 9), odd, odd], master)
    assert first is second


def test_a_chapter_of_many_rates_is_as_loud_as_any(tmp_path: Path, master: Path) -> None:
    takes = [take_of(tmp_path, babble(3, rate), rate) for rate in (24_000, 24_000, 16_000, 22_050, 48_000)]
    chapter, sound = mastered([Part(each, 500) for each in at_one_rate(takes, master)])
    assert chapter.rate_hz == 24_000
    assert ebur128_lufs(sound, 24_000) == pytest.approx(-20, abs=0.05)
    lengths = {round((each.end - each.start) / 2_400) for each in chapter.placements}
    assert lengths == {30}


def test_a_damaged_take_is_named(tmp_path: Path, master: Path) -> None:
    odd = take(tmp_path, 22_050)
    odd.path.write_bytes(bytes(odd.frames * 2))
    with pytest.raises(DamagedTakes) as caught:
        at_one_rate([take(tmp_path, 24_000, 3), odd], master)
    assert caught.value.keys == {odd.key}


def test_a_folder_that_cannot_be_is_a_disk_error(tmp_path: Path, master: Path) -> None:
    master.write_bytes(b"")
    with pytest.raises(DiskError):
        at_one_rate([take(tmp_path, 24_000, 3), take(tmp_path, 22_050)], master)


def test_it_stops_when_asked_to(tmp_path: Path, master: Path) -> None:
    takes = [take(tmp_path, 24_000, 3), take(tmp_path, 22_050)]
    with pytest.raises(Interrupted):
        at_one_rate(takes, master, should_stop=lambda: True)
    assert not master.exists()


def test_a_silent_take_of_another_rate_is_silent(tmp_path: Path, master: Path) -> None:
    silent = take_of(tmp_path, np.zeros(9_999), 22_050)
    made = at_one_rate([take(tmp_path, 24_000, 3), silent], master)[1]
    assert made.measurement.lead_frames == made.frames == round(9_999 * 24_000 / 22_050)
