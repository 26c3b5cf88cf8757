from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from narrator.audio.peaks import true_peak
from narrator.mastering.resampled import Resampled
from tests.audio.signals import Sound, babble, chirp, ebur128_dbtp
from tests.mastering.takes import Kept

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000)


def resampled(
    sound: Sound, from_hz: int, to_hz: int, *, block: int = 7_000, above_db: float | None = None
) -> tuple[Resampled, Kept]:
    kept = Kept(to_hz)
    group = Resampled(from_hz, [kept])
    if above_db is not None:
        group.listen_above(above_db)
    for at in range(0, len(sound), block):
        group.write(sound[at : at + block])
    group.close()
    return group, kept


@pytest.mark.parametrize(("from_hz", "to_hz"), list(itertools.permutations(RATES, 2)))
def test_the_length_is_that_of_the_master_to_the_frame(from_hz: int, to_hz: int) -> None:
    for frames in (1, 999, 23_456):
        group, kept = resampled(chirp(1, from_hz)[:frames], from_hz, to_hz)
        heard = min(frames, from_hz)
        assert group.frames == len(kept.sound) == round(heard * to_hz / from_hz)


def test_nothing_becomes_nothing() -> None:
    group, kept = resampled(np.zeros(0, np.float32), 24_000, 44_100)
    assert (group.frames, len(kept.sound)) == (0, 0)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(24_000, 44_100), (22_050, 48_000), (44_100, 24_000)])
def test_each_sound_stays_where_it_was(from_hz: int, to_hz: int) -> None:
    at_s, mark = 0.5, chirp(0.3, from_hz)
    sound = np.zeros(from_hz * 2, np.float32)
    sound[round(at_s * from_hz) :][: len(mark)] = mark
    _, kept = resampled(sound, from_hz, to_hz)
    at = int(np.correlate(kept.sound, chirp(0.3, to_hz), "valid").argmax())
    assert at == pytest.approx(at_s * to_hz, abs=1)


def test_blocks_make_no_difference() -> None:
    sound = babble(2, 24_000)
    whole, cut = (resampled(sound, 24_000, 44_100, block=block)[1].sound for block in (90_000, 313))
    assert cut == pytest.approx(whole, abs=1e-6)


def test_all_encoders_of_a_group_get_the_same() -> None:
    first, second = Kept(48_000), Kept(48_000)
    group = Resampled(24_000, [first, second])
    group.write(babble(1, 24_000))
    group.close()
    assert len(first.sound) == 48_000
    assert np.array_equal(first.sound, second.sound)


@pytest.mark.parametrize("to_hz", [16_000, 44_100])
def test_the_true_peak_is_that_of_what_the_encoders_got(to_hz: int) -> None:
    sound = np.clip(babble(3, 24_000, level=2.0), -0.5, 0.5)
    group, kept = resampled(sound, 24_000, to_hz, above_db=-6.0)
    assert group.true_peak_dbtp == pytest.approx(20 * math.log10(true_peak(kept.sound)), abs=1e-4)
    assert group.true_peak_dbtp == pytest.approx(ebur128_dbtp(kept.sound, to_hz), abs=0.15)


def test_without_anything_above_what_is_listened_for_there_is_no_peak() -> None:
    assert resampled(babble(1, 24_000, level=0.1), 24_000, 44_100, above_db=-6)[0].true_peak_dbtp == -math.inf
    assert resampled(babble(1, 24_000, level=0.9), 24_000, 44_100)[0].true_peak_dbtp == -math.inf
