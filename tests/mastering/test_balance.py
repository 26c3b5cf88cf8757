from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from narrator.mastering.balance import balance_of, balanced
from narrator.mastering.timeline import Part
from narrator.sections import Levels
from tests.audio.signals import babble, ebur128_lufs
from tests.mastering.takes import mastered, take_of

RATE = 24_000
APART = Levels(match_voices=False)


def part(folder: Path, level: float, *, voice: str = "", seconds: float = 2.0, seed: int = 0) -> Part:
    return Part(take_of(folder, babble(seconds, RATE, level=level, seed=seed)), 400, voice)


def gains_db(parts: tuple[Part, ...]) -> list[float]:
    return [part.gain_db for part in parts]


def test_one_voice_is_left_as_it_is(tmp_path: Path) -> None:
    parts = [part(tmp_path, level) for level in (0.1, 0.2)]
    assert balanced(parts, Levels()) == tuple(parts)


@pytest.mark.parametrize("levelling", [0.5, 1.0])
def test_takes_are_brought_part_of_the_way_to_the_median(tmp_path: Path, levelling: float) -> None:
    parts = [part(tmp_path, level) for level in (0.1, 0.14, 0.2)]
    found = gains_db(balanced(parts, Levels(levelling=levelling)))
    assert found == pytest.approx([levelling * 2.92, 0, levelling * -3.10], abs=0.05)


def test_a_whisper_stays_one(tmp_path: Path) -> None:
    parts = [part(tmp_path, level) for level in (0.2, 0.2, 0.02, 0.2, 0.9)]
    found = gains_db(balanced(parts, Levels(levelling=1.0)))
    assert found == pytest.approx([0, 0, 6, 0, -6], abs=0.05)


def test_voices_get_the_loudness_of_the_one_that_speaks_longest(tmp_path: Path) -> None:
    narrator = [part(tmp_path, 0.2, voice="narrator", seconds=3, seed=seed) for seed in range(3)]
    guest = [part(tmp_path, 0.08, voice="guest", seed=seed) for seed in (4, 5)]
    parts = balanced([narrator[0], guest[0], narrator[1], guest[1], narrator[2]], Levels())
    assert gains_db(parts)[0::2] == [0, 0, 0]
    chapter, master = mastered([*parts])
    heard = [master[placed.start : placed.end] for placed in chapter.placements]
    by_voice = [ebur128_lufs(np.concatenate(each), RATE) for each in (heard[0::2], heard[1::2])]
    assert by_voice[0] == pytest.approx(by_voice[1], abs=0.1)
    assert ebur128_lufs(master, RATE) == pytest.approx(-20, abs=0.1)


def test_a_voice_is_matched_as_it_is_once_its_takes_are_levelled(tmp_path: Path) -> None:
    narrator = [part(tmp_path, 0.2, voice="narrator", seconds=9)]
    guest = [part(tmp_path, level, voice="guest") for level in (0.05, 0.1, 0.1)]
    first, *others = balanced(narrator + guest, Levels(levelling=1.0))
    gains = gains_db(tuple(others))
    assert first.gain_db == 0
    assert gains[0] - gains[1] == pytest.approx(6, abs=0.05)
    assert gains[1] == gains[2] > 5


def test_a_voice_is_matched_by_twelve_decibels_at_most(tmp_path: Path) -> None:
    parts = [part(tmp_path, 0.5, voice="loud", seconds=4), part(tmp_path, 0.01, voice="far away")]
    assert gains_db(balanced(parts, Levels())) == [0, 12]
    assert gains_db(balanced(parts, APART)) == [0, 0]


def test_short_and_silent_takes_are_no_trouble(tmp_path: Path) -> None:
    short = part(tmp_path, 0.1, voice="other", seconds=0.1)
    hiss = np.full(9_001, 10 ** (-60 / 20))
    silent = [Part(take_of(tmp_path, sound), 400, voice) for sound in (hiss[:0], hiss) for voice in "ab"]
    found = gains_db(balanced([part(tmp_path, 0.2, voice="a"), short, *silent], Levels(levelling=1.0)))
    assert 2 < found[1] < 9
    assert found[:1] + found[2:] == [0] * 5
    assert gains_db(balanced(silent, Levels(levelling=1.0))) == [0] * 4


def test_over_a_book_a_voice_has_one_gain(tmp_path: Path) -> None:
    first = [part(tmp_path, 0.2, voice="a", seconds=4), part(tmp_path, 0.1, voice="b")]
    second = [part(tmp_path, 0.1, voice="b", seed=1), part(tmp_path, 0.02, voice="unheard of")]

    def chapters() -> Iterator[list[Part]]:
        yield first
        yield second[:1]

    balance = balance_of(chapters(), Levels())
    (_, here), (there, unknown) = gains_db(balance.of(first)), gains_db(balance.of(second))
    assert here == there > 4
    assert unknown == 0


def test_takes_of_their_own_gains_are_limited_and_loud_enough(tmp_path: Path) -> None:
    take = take_of(tmp_path, babble(4, RATE, level=0.9))
    parts = [Part(take, 300, gain_db=gain_db) for gain_db in (0.0, 6.0, -6.0)]
    chapter, master = mastered(parts, ceiling=-9.0)
    assert ebur128_lufs(master, RATE) == pytest.approx(-20, abs=0.1)
    assert np.abs(master).max() <= 10 ** (-8.9 / 20)
    heard = [master[placed.start : placed.end] for placed in chapter.placements]
    unlimited = 20 * np.log10(heard[0].std() / heard[2].std())
    assert unlimited == pytest.approx(6, abs=0.8)
