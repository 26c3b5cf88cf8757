from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from narrator.mastering.level import book_level
from narrator.mastering.timeline import Part
from narrator.model import ChapterAudio
from narrator.sections import Levels, Pauses
from tests.audio.signals import Sound, babble, ebur128_lufs
from tests.mastering.takes import mastered, take_of

RATE = 24_000
ACX = Levels(rms_db=(-23.0, -18.0))
PAUSES = Pauses(chapter_start=500, chapter_end=700)


def rms_db(sound: Sound) -> float:
    return 10 * math.log10(np.square(sound, dtype=np.float64).mean())


def spoken(speech: tuple[Sound, ...], folder: Path, gain: float = 1.0, pause_ms: int = 600) -> list[Part]:
    return [Part(take_of(folder, sound * gain), pause_ms) for sound in speech]


def in_one_book(chapters: Sequence[Sequence[Part]], levels: Levels) -> list[tuple[ChapterAudio, Sound]]:
    level = book_level(lambda: chapters, pauses=PAUSES, levels=levels)
    return [mastered([*parts], levels=levels, gain_db=level.gain_db) for parts in chapters]


def test_the_rms_that_is_reported_is_that_of_the_whole_master(
    speech: tuple[Sound, ...], tmp_path: Path
) -> None:
    chapter, master = mastered(spoken(speech, tmp_path))
    assert chapter.rms_db == pytest.approx(rms_db(master), abs=0.001)
    assert chapter.short_db == 0


@pytest.mark.parametrize("pause_ms", [100, 3_000, 8_000])
def test_the_rms_is_inside_its_window_whatever_the_pauses_are(
    speech: tuple[Sound, ...], tmp_path: Path, pause_ms: int
) -> None:
    chapter, master = mastered(spoken(speech, tmp_path, pause_ms=pause_ms), levels=ACX)
    assert -23 + 0.25 <= rms_db(master) <= -18 - 0.25
    assert chapter.loudness_lufs == pytest.approx(ebur128_lufs(master, RATE), abs=0.05)
    assert chapter.short_db == 0


def test_where_the_rms_is_inside_anyway_the_loudness_decides(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    parts = spoken(speech, tmp_path)
    assert mastered(parts, levels=ACX)[0] == mastered(parts)[0]


def test_a_window_below_the_loudness_makes_it_softer(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    _, master = mastered(spoken(speech, tmp_path), levels=Levels(rms_db=(-30, -26)))
    assert rms_db(master) == pytest.approx(-26.3, abs=0.05)


def test_what_gain_and_limiter_cannot_reach_is_said(tmp_path: Path) -> None:
    clicks = np.zeros(RATE * 4)
    clicks[::9_000] = 0.9
    chapter, master = mastered([Part(take_of(tmp_path, clicks), 0)], levels=ACX)
    assert rms_db(master) < -23
    assert chapter.short_db == pytest.approx(-22.7 - rms_db(master), abs=0.5)  # one click is in a fade


@pytest.mark.parametrize("sound", [np.zeros(9_000), np.zeros(0)])
def test_silence_is_not_short_of_anything(tmp_path: Path, sound: Sound) -> None:
    chapter, _ = mastered([Part(take_of(tmp_path, sound), 300)], levels=ACX)
    assert (chapter.gain_db, chapter.short_db) == (0, 0)
    assert math.isfinite(chapter.rms_db)


def test_a_given_gain_is_used_as_it_is(tmp_path: Path) -> None:
    parts = [Part(take_of(tmp_path, babble(2, RATE, level=0.2)), 500)]
    chapter, master = mastered(parts, gain_db=-3.0)
    found, _ = mastered(parts)
    assert chapter.gain_db == -3
    assert chapter.short_db == 0
    assert found.loudness_lufs == pytest.approx(-20, abs=0.05)
    assert chapter.loudness_lufs == pytest.approx(ebur128_lufs(master, RATE), abs=0.05)
    assert mastered(parts, gain_db=-3.0, levels=ACX)[0].short_db == pytest.approx(
        -23 - chapter.rms_db, abs=0.05
    )


def test_one_gain_for_the_book_keeps_the_differences_between_chapters(
    speech: tuple[Sound, ...], tmp_path: Path
) -> None:
    chapters = [spoken(speech, tmp_path, gain) for gain in (1.0, 0.6, 0.3)]
    masters = in_one_book(chapters, Levels())
    gains = {chapter.gain_db for chapter, _ in masters}
    whole = np.concatenate([master for _, master in masters])
    assert len(gains) == 1
    assert ebur128_lufs(whole, RATE) == pytest.approx(-20, abs=0.1)
    loudness = [chapter.loudness_lufs for chapter, _ in masters]
    assert loudness == sorted(loudness, reverse=True)
    assert loudness[0] - loudness[-1] > 6


def test_a_book_too_uneven_for_the_window_is_as_far_above_it_as_below(
    speech: tuple[Sound, ...], tmp_path: Path
) -> None:
    chapters = [spoken(speech, tmp_path, gain) for gain in (0.4, 0.1)]
    (loud, _), (soft, _) = in_one_book(chapters, Levels(rms_db=(-23, -18)))
    assert loud.rms_db > -18
    assert loud.rms_db + 18 == pytest.approx(-23 - soft.rms_db, abs=0.1)
    assert loud.short_db == pytest.approx(-18 - loud.rms_db, abs=0.05)
    assert soft.short_db == pytest.approx(-23 - soft.rms_db, abs=0.05)


def test_a_silent_chapter_has_no_say_in_a_book(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    silent = [Part(take_of(tmp_path, np.zeros(9_000)), 300)]
    chapters = [silent, spoken(speech, tmp_path)]
    (nothing, _), (chapter, master) = in_one_book(chapters, ACX)
    assert -23 <= rms_db(master) <= -18
    assert chapter.short_db == nothing.short_db == 0
    assert book_level(lambda: [silent], pauses=PAUSES, levels=ACX).gain_db == 0


def test_the_chapters_of_a_book_are_asked_for_one_by_one(speech: tuple[Sound, ...], tmp_path: Path) -> None:
    parts = spoken(speech[:1], tmp_path)
    held: list[int] = []

    def chapters() -> Iterator[list[Part]]:
        held.append(0)
        for _ in range(5):
            held[-1] += 1
            yield parts

    alone = mastered(parts, head_ms=PAUSES.chapter_start, tail_ms=PAUSES.chapter_end)[0]
    level = book_level(chapters, pauses=PAUSES, levels=Levels(), headroom_db=1.0)
    assert set(held) == {5}
    assert len(held) <= 4
    assert level.gain_db == pytest.approx(alone.gain_db, abs=0.3)  # from hops alone
