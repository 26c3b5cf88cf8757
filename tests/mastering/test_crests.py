from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from narrator.audio.pcm import FULL_SCALE
from narrator.audio.peaks import peaks_above
from narrator.mastering import crests
from narrator.mastering.crests import Crests, Hops, KnownCrests, crests_of
from narrator.mastering.intact import hops_of
from narrator.model import Take
from tests.audio.signals import babble
from tests.mastering.takes import take_of

RATE, HOP = 24_000, 600
CEILING = 0.5


@pytest.fixture
def take(tmp_path: Path) -> Take:
    return take_of(tmp_path, babble(5, RATE, level=0.4))


def test_they_are_the_true_peaks_of_the_whole_sound(take: Take) -> None:
    hops = hops_of(take)
    found = crests_of(hops, np.frombuffer(take.measurement.hop_peaks, "<f4"), 0.2)
    at, heights = peaks_above((hops * np.float32(1 / FULL_SCALE)).ravel(), 0.2)
    assert (found.rows[found.at // HOP] * HOP + found.at % HOP).tolist() == at.tolist()
    assert found.heights == pytest.approx(heights)
    assert np.array_equal(found.sound, hops[found.rows])
    assert len(found.rows) < len(hops)


def test_a_take_is_read_again_only_for_a_much_higher_gain(take: Take) -> None:
    read: list[float] = []
    known = KnownCrests(CEILING)

    def of(gain: float) -> Crests:
        def hops() -> Hops:
            read.append(gain)
            return hops_of(take)

        return known.of(take, gain, hops)

    for gain in (2.0, 2.2, 1.5, 4.0, 4.1):
        found = of(gain)
        assert found.level <= CEILING / gain
    assert read == [2.0, 4.0]


def test_no_more_than_some_megabytes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crests, "_KEPT_BYTES", 100_000)
    takes = [take_of(tmp_path, babble(1, RATE, seed=seed, level=0.4)) for seed in range(20)]
    known = KnownCrests(CEILING)
    first, again = ([known.of(take, 4.0, partial(hops_of, take)) for take in takes] for _ in range(2))
    kept = [each for each, other in zip(first, again, strict=True) if each is other]
    assert kept
    assert sum(each.nbytes for each in kept) <= 100_000
    assert all(np.array_equal(each.at, other.at) for each, other in zip(first, again, strict=True))
