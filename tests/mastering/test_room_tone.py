from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from narrator.mastering.timeline import Part
from narrator.sections import Levels
from tests.audio.signals import Sound, babble
from tests.mastering.takes import mastered, take_of

RATE = 24_000
SILENT = RATE // 10  # frames of digital silence at the ends
OFF = Levels(room_tone="off")


def db(sound: Sound) -> float:
    return 10 * math.log10(np.square(sound, dtype=np.float64).mean() + 1e-30)


def noise(frames: int, level_db: float, *, width: int = 1, seed: int = 0) -> Sound:
    """Noise of an RMS; the wider its filter, the less of it is high."""
    sound = np.convolve(np.random.default_rng(seed).standard_normal(frames + width), np.hanning(width + 2))
    sound = sound[width : width + frames]
    scaled: Sound = (sound * 10 ** (level_db / 20) / sound.std()).astype(np.float32)
    return scaled


def take(seconds: float, floor_db: float, *, width: int = 1, seed: int = 0) -> Sound:
    """Speech between stretches of quiet, over noise."""
    quiet = np.zeros(RATE // 4, np.float32)
    sound = np.concatenate([quiet, babble(seconds, RATE, seed=seed), quiet])
    return sound + noise(len(sound), floor_db, width=width, seed=seed)


def parts(folder: Path, floors_db: list[float], *, width: int = 1, pause_ms: int = 1_500) -> list[Part]:
    return [
        Part(take_of(folder, take(2, floor_db, width=width, seed=seed)), pause_ms)
        for seed, floor_db in enumerate(floors_db)
    ]


def test_a_pause_has_the_floor_of_the_takes_around_it(tmp_path: Path) -> None:
    chapter, master = mastered(parts(tmp_path, [-78, -78]), head_ms=1_000, tail_ms=1_500)
    before, after = chapter.placements
    floor_db = -78 + chapter.gain_db
    assert -80 < floor_db < -66
    pause = master[before.end : after.start]
    for stretch in (pause[:2_400], pause[-2_400:], pause, master[3 * SILENT : before.start]):
        assert db(stretch) == pytest.approx(floor_db, abs=2)


def test_the_noise_sounds_like_the_floor(tmp_path: Path) -> None:
    def high_part(width: int) -> tuple[float, float]:
        takes = parts(tmp_path, [-76] * 9, width=width)
        chapter, master = mastered(takes)
        pause = master[chapter.placements[0].end : chapter.placements[1].start]
        stored = np.rint(noise(RATE, -76, width=width) * 32_768)  # the steps of 16 bits are noise, too
        return share(pause), share(stored)

    def share(sound: Sound) -> float:
        powers = np.abs(np.fft.rfft(sound)) ** 2
        return float(10 * np.log10(powers[len(powers) // 3 :].sum() / powers.sum()))

    hiss, hum = high_part(1), high_part(12)
    assert hiss[0] == pytest.approx(hiss[1], abs=1)
    assert hum[0] == pytest.approx(hum[1], abs=1.5)
    assert hum[0] < hiss[0] - 10


def test_the_noise_goes_from_one_floor_to_the_next(tmp_path: Path) -> None:
    chapter, master = mastered(parts(tmp_path, [-74, -82, -74]))
    first, second, _ = chapter.placements
    pause = master[first.end : second.start]
    levels = [db(stretch) for stretch in np.array_split(pause, 5)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] - levels[-1] > 4


def test_a_floor_that_is_not_heard_is_left_to_silence(tmp_path: Path) -> None:
    sounds = parts(tmp_path, [-93, -95])
    chapter, master = mastered(sounds)
    _, silent = mastered(sounds, levels=OFF)
    assert np.array_equal(master, silent)
    assert not master[chapter.placements[0].end : chapter.placements[1].start].any()


def test_takes_without_a_floor_sound_as_they_did(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    takes = [Part(take_of(tmp_path, sound), 600) for sound in speech]
    assert np.array_equal(mastered(takes)[1], mastered(takes, levels=OFF)[1])


def test_speech_without_a_pause_is_no_floor(tmp_path: Path) -> None:
    takes = [Part(take_of(tmp_path, babble(2, RATE, seed=seed)), 700) for seed in range(3)]
    assert np.array_equal(mastered(takes)[1], mastered(takes, levels=OFF)[1])


def test_a_short_take_without_quiet_has_the_floor_of_its_voice(tmp_path: Path) -> None:
    short = babble(0.15, RATE, level=0.01) + noise(3_600, -78)
    takes = parts(tmp_path, [-78, -78, -78])
    takes.insert(1, Part(take_of(tmp_path, short), 1_500))
    chapter, master = mastered(takes)
    pause = master[chapter.placements[1].end : chapter.placements[2].start]
    assert db(pause) < -78 + chapter.gain_db + 7


def test_a_noisy_voice_stays_below_the_floor_that_shops_allow(tmp_path: Path) -> None:
    chapter, master = mastered(parts(tmp_path, [-64, -64]))
    pause = master[chapter.placements[0].end : chapter.placements[1].start]
    assert db(pause) == pytest.approx(-66, abs=0.3)


def test_the_ends_of_a_chapter_are_digital_silence(tmp_path: Path) -> None:
    _, master = mastered(parts(tmp_path, [-76]), head_ms=750, tail_ms=2_000)
    assert not master[:SILENT].any()
    assert not master[-SILENT:].any()
    assert db(master[SILENT : SILENT + 480]) < db(master[2 * SILENT : 2 * SILENT + 2_400]) - 10
    assert master[2 * SILENT : 2 * SILENT + 2_400].any()


@pytest.mark.parametrize(("head_ms", "tail_ms"), [(0, 0), (50, 150), (199, 1)])
def test_short_heads_and_tails_are_no_trouble(tmp_path: Path, head_ms: int, tail_ms: int) -> None:
    chapter, master = mastered(parts(tmp_path, [-76, -76]), head_ms=head_ms, tail_ms=tail_ms)
    assert len(master) == chapter.frames
    assert np.isfinite(master).all()


def test_where_a_take_meets_the_noise_nothing_dips(tmp_path: Path) -> None:
    quiet = noise(RATE * 3, -74)
    quiet[RATE : 2 * RATE] += babble(1, RATE)
    takes = [Part(take_of(tmp_path, np.roll(quiet, 500 * number)), 1_000) for number in range(40)]
    chapter, master = mastered(takes)
    edges = [at for each in chapter.placements[1:-1] for at in (each.start, each.end - 120)]
    joins = np.mean([np.square(master[at : at + 120]) for at in edges])
    around = np.mean([np.square(master[at - 2_000 : at - 1_000]) for at in edges[::2]])
    assert 10 * math.log10(joins / around) == pytest.approx(0, abs=1)


def test_the_noise_is_the_same_each_time(tmp_path: Path) -> None:
    takes = parts(tmp_path, [-76, -74])
    assert np.array_equal(mastered(takes)[1], mastered(takes)[1])


def test_a_silent_take_is_passed_over(tmp_path: Path) -> None:
    takes = parts(tmp_path, [-76, -76])
    silent = Part(take_of(tmp_path, np.zeros(9_000)), 2_000)
    chapter, master = mastered([silent, takes[0], silent, takes[1], silent])
    pause = master[chapter.placements[1].end : chapter.placements[3].start]
    assert db(pause) == pytest.approx(-76 + chapter.gain_db, abs=2)
    assert db(master[2 * SILENT : chapter.placements[1].start]) == pytest.approx(-76 + chapter.gain_db, abs=2)
