from __future__ import annotations

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrator.errors import DiskError, Interrupted
from narrator.mastering.chapter import assemble_chapter
from narrator.mastering.timeline import Part
from narrator.sections import Levels
from tests.audio.signals import Sound, babble, chirp, ebur128_dbtp, ebur128_lufs
from tests.mastering.takes import Kept, mastered, take_of

RATE = 24_000


def spoken(speech: tuple[Sound, ...], folder: Path, gain: float = 1.0) -> list[Part]:
    return [Part(take_of(folder, np.clip(sound * gain, -1, 1)), 600) for sound in speech]


@pytest.mark.parametrize("target", [-23.0, -20.0, -16.0])
def test_the_embedded_voice_comes_out_at_the_loudness_asked_for(
    speech: tuple[Sound, ...], tmp_path: Path, target: float
) -> None:
    chapter, master = mastered(spoken(speech, tmp_path), levels=Levels(loudness_lufs=target))
    assert ebur128_lufs(master, RATE) == pytest.approx(target, abs=0.05)
    assert chapter.loudness_lufs == pytest.approx(ebur128_lufs(master, RATE), abs=0.05)
    assert ebur128_dbtp(master, RATE) <= -4 + 0.15
    assert chapter.true_peak_dbtp == pytest.approx(ebur128_dbtp(master, RATE), abs=0.15)


@pytest.mark.parametrize("gain", [0.01, 0.03, 8.0])
def test_quiet_and_clipped_voices_come_out_like_any_other(
    speech: tuple[Sound, ...], tmp_path: Path, gain: float
) -> None:
    _, master = mastered(spoken(speech, tmp_path, gain))
    assert ebur128_lufs(master, RATE) == pytest.approx(-20, abs=0.1)
    assert ebur128_dbtp(master, RATE) <= -4 + 0.1


def test_one_gain_keeps_the_differences_between_takes(tmp_path: Path) -> None:
    loud, soft = babble(3, RATE, level=0.2), babble(3, RATE, level=0.1)
    parts = [Part(take_of(tmp_path, loud), 500), Part(take_of(tmp_path, soft), 500)]
    chapter, master = mastered(parts)
    first, second = (master[placed.start : placed.end] for placed in chapter.placements)
    assert 20 * math.log10(first.std() / second.std()) == pytest.approx(20 * math.log10(2), abs=0.1)


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4, 1.0])
def test_a_very_short_chapter_has_a_sensible_level(tmp_path: Path, seconds: float) -> None:
    take = take_of(tmp_path, chirp(seconds, RATE, level=0.1) * np.hanning(round(seconds * RATE)))
    chapter, master = mastered([Part(take, 0)], head_ms=0, tail_ms=0)
    block = np.concatenate([master, np.zeros(max(0, 9_600 - len(master)))])
    assert math.isfinite(chapter.gain_db)
    assert ebur128_lufs(block, RATE) == pytest.approx(-20, abs=0.3)


def test_a_silent_chapter_stays_silent(tmp_path: Path) -> None:
    parts = [Part(take_of(tmp_path, np.zeros(5_000)), 300), Part(take_of(tmp_path, np.zeros(0)), 300)]
    chapter, master = mastered(parts)
    assert chapter.gain_db == 0
    assert chapter.loudness_lufs == -70
    assert math.isfinite(chapter.true_peak_dbtp)
    assert not master.any()


@pytest.mark.parametrize("frames", [1, 2, 40])
def test_a_few_loud_samples_have_a_level_too(tmp_path: Path, frames: int) -> None:
    chapter, master = mastered([Part(take_of(tmp_path, np.full(frames, 0.9)), 0)])
    assert math.isfinite(chapter.gain_db)
    assert math.isfinite(chapter.loudness_lufs)
    assert np.abs(master).max() <= 10 ** (-3.9 / 20)


def test_rare_clicks_do_not_drive_the_gain_to_infinity(tmp_path: Path) -> None:
    sound = np.zeros(RATE * 4)
    sound[::9_000] = 0.9
    chapter, master = mastered([Part(take_of(tmp_path, sound), 0)])
    assert chapter.gain_db < 40
    assert np.abs(master).max() <= 10 ** (-3.9 / 20)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1_000, 20_000), st.integers(0, 700)), min_size=1, max_size=5),
    st.integers(0, 900),
    st.integers(0, 900),
)
def test_the_master_is_as_long_as_the_chapter_says(
    tmp_path: Path, shapes: list[tuple[int, int]], head_ms: int, tail_ms: int
) -> None:
    parts = [Part(take_of(tmp_path, babble(n / RATE, RATE)), pause) for n, pause in shapes]
    chapter, master = mastered(parts, head_ms=head_ms, tail_ms=tail_ms)
    assert len(master) == chapter.frames
    assert len(chapter.placements) == len(parts)
    ends = [0]
    for placed in chapter.placements:
        assert not master[ends[-1] : placed.start].any()
        ends.append(placed.end)
    assert not master[ends[-1] :].any()


def test_each_take_lies_where_its_placement_says(tmp_path: Path) -> None:
    silence = np.zeros(3_000)
    sounds = [chirp(seconds, RATE, level=0.1) for seconds in (0.7, 1.1)]
    parts = [Part(take_of(tmp_path, np.concatenate([silence, sound, silence])), 400) for sound in sounds]
    chapter, master = mastered(parts)
    gain = 10 ** (chapter.gain_db / 20)
    for sound, placed in zip(sounds, chapter.placements, strict=True):
        heard = master[placed.start : placed.end]
        assert len(heard) - len(sound) == pytest.approx(2 * 480, abs=4)
        at = int(np.correlate(heard, sound, "valid").argmax())
        assert at == pytest.approx(480, abs=2)
        assert heard[at + 200 : at + 5_000] == pytest.approx(sound[200:5_000] * gain, abs=2e-4)


def test_every_encoder_gets_the_same_master(tmp_path: Path) -> None:
    first, second = Kept(), Kept()
    part = Part(take_of(tmp_path, babble(1, RATE)), 0)
    assemble_chapter([part], head_ms=9, tail_ms=9, levels=Levels(), ceiling_dbfs=-4, encoders=[first, second])
    assert np.array_equal(first.sound, second.sound)


def test_it_stops_before_the_next_take_when_asked_to(tmp_path: Path) -> None:
    asked: list[int] = []

    def soon() -> bool:
        asked.append(1)
        return len(asked) > 3

    kept = Kept()
    with pytest.raises(Interrupted):
        assemble_chapter(
            [Part(take_of(tmp_path, babble(1, RATE)), 0)] * 3,
            head_ms=0,
            tail_ms=0,
            levels=Levels(),
            ceiling_dbfs=-4,
            encoders=[kept],
            should_stop=soon,
        )
    assert len(kept.sound) == 0


def test_a_take_that_went_missing_is_a_disk_error_that_names_it(tmp_path: Path) -> None:
    take = take_of(tmp_path, babble(1, RATE))
    take.path.unlink()
    with pytest.raises(DiskError, match=take.path.name[:20]):
        mastered([Part(take, 0)])


def test_memory_does_not_grow_with_the_chapter(tmp_path: Path) -> None:
    class Nothing(Kept):
        def write(self, block: Sound) -> None:
            """Keeps nothing."""

    def peak_bytes(takes: int) -> int:
        tracemalloc.start()
        assemble_chapter(
            parts[:takes], head_ms=0, tail_ms=0, levels=Levels(), ceiling_dbfs=-4, encoders=[Nothing()]
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    take = take_of(tmp_path, babble(5, RATE))
    parts = [Part(take, 500)] * 200
    peak_bytes(2)
    assert peak_bytes(200) < peak_bytes(10) + 100 * len(parts) * 200 * 8


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(3), np.full(1, 0.5)])
def test_a_chapter_of_next_to_nothing_is_no_trouble(tmp_path: Path, sound: Sound) -> None:
    chapter, master = mastered([Part(take_of(tmp_path, sound), 0)], head_ms=0, tail_ms=0)
    assert len(master) == chapter.frames <= 1


@pytest.mark.parametrize("head_ms", range(500, 600, 25))
def test_a_short_chapter_is_right_wherever_it_begins(
    speech: tuple[Sound, ...], tmp_path: Path, head_ms: int
) -> None:
    chapter, master = mastered(spoken(speech[:1], tmp_path), head_ms=head_ms)
    assert ebur128_lufs(master, RATE) == pytest.approx(-20, abs=0.06)
    assert chapter.loudness_lufs == pytest.approx(-20, abs=0.06)


def test_a_chapter_of_a_single_take_is_whole(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    chapter, master = mastered(spoken(speech[:1], tmp_path))
    (placed,) = chapter.placements
    assert 0 < placed.start < placed.end < chapter.frames == len(master)
    assert ebur128_lufs(master, RATE) == pytest.approx(-20, abs=0.05)


def test_a_long_noise_too_quiet_to_be_heard_changes_nothing(tmp_path: Path) -> None:
    hiss = np.random.default_rng(0).standard_normal(RATE * 60) * 10 ** (-65 / 20)
    parts = [Part(take_of(tmp_path, babble(3, RATE)), 900), Part(take_of(tmp_path, hiss), 900)]
    assert mastered(parts)[0].gain_db == mastered(parts[:1], tail_ms=900)[0].gain_db


@pytest.mark.slow
def test_a_chapter_of_fourteen_hours_takes_no_more_memory_than_its_figures(tmp_path: Path) -> None:
    heard = 0

    class Counted(Kept):
        def write(self, block: Sound) -> None:
            nonlocal heard
            heard += len(block)

    sound = babble(30, RATE) + np.random.default_rng(0).standard_normal(30 * RATE) * 10 ** (-76 / 20)
    parts = [Part(take_of(tmp_path, sound), 600)] * round(14 * 3600 / 30.6)
    tracemalloc.start()
    chapter = assemble_chapter(
        parts, head_ms=600, tail_ms=1_500, levels=Levels(), ceiling_dbfs=-4, encoders=[Counted()]
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert heard == chapter.frames > 14 * 3599 * RATE
    assert chapter.placements[-1].end <= chapter.frames
    assert chapter.loudness_lufs == pytest.approx(-20, abs=0.05)
    assert peak < 60_000_000
