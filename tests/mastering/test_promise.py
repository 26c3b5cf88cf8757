from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from narrator.errors import DiskError
from narrator.mastering.mp3 import Mp3Encoder
from narrator.mastering.promise import encode_within_promise
from narrator.mastering.timeline import Part
from narrator.mastering.wav import WavEncoder
from narrator.model import ChapterAudio
from narrator.ports import Encoder
from narrator.sections import Levels, Pauses
from tests.audio.signals import Sound, babble, ebur128_dbtp
from tests.end_to_end.sound import decode
from tests.mastering.takes import Kept, take_of

PAUSES = Pauses(chapter_start=500, chapter_end=700)


class Loud(Kept):
    """An encoder whose file comes out louder than what went in, but for digital silence."""

    def __init__(self, rate_hz: int = 24_000, by_db: float = 0.0) -> None:
        super().__init__(rate_hz)
        self._by_db = by_db
        self.listened_above = 0.0
        self.closed = 0

    @property
    def true_peak_dbtp(self) -> float:
        assert self.closed
        return ebur128_dbtp(self.sound, self.rate_hz) + self._by_db

    def listen_above(self, peak_dbtp: float) -> None:
        self.listened_above = peak_dbtp

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def parts(tmp_path: Path) -> list[Part]:
    return [Part(take_of(tmp_path, babble(2, 24_000, seed=seed, level=0.9)), 300) for seed in range(2)]


def encode(
    parts: list[Part], *makers: Callable[[Path, int], Encoder], folder: Path = Path()
) -> tuple[ChapterAudio, tuple[int, ...]]:
    files = [(folder / f"{number}", make) for number, make in enumerate(makers)]
    return encode_within_promise(parts, files, pauses=PAUSES, levels=Levels(), should_stop=lambda: False)


def test_files_of_other_rates_are_as_long_and_in_the_order_asked_for(parts: list[Part]) -> None:
    made: list[Loud] = []

    def at(rate_hz: int) -> Callable[[Path, int], Encoder]:
        def make(path: Path, master_hz: int) -> Encoder:
            assert master_hz == 24_000
            made.append(Loud(rate_hz))
            return made[-1]

        return make

    audio, frames = encode(parts, at(44_100), at(24_000), at(48_000), at(44_100))
    assert frames == tuple(round(audio.frames * rate / 24_000) for rate in (44_100, 24_000, 48_000, 44_100))
    assert np.array_equal(made[0].sound, made[3].sound)
    assert all(each.closed for each in made)


@pytest.mark.parametrize("raised_db", [0.0, 1.5, 3.0])
def test_the_worst_of_all_files_keeps_the_promise(parts: list[Part], raised_db: float) -> None:
    made: list[Loud] = []

    def raising(path: Path, rate_hz: int) -> Encoder:
        made.append(Loud(by_db=raised_db))
        return made[-1]

    encode(parts, lambda path, rate_hz: Loud(), raising)
    assert made[-1].true_peak_dbtp <= -3.0
    assert made[-1].true_peak_dbtp > -3.6 or raised_db < 3.0
    assert made[-1].listened_above == pytest.approx(-3.05)
    assert len(made) == (1 if raised_db < 3.0 else 2)


def test_sounds_that_are_nothing_but_peaks_are_let_be(parts: list[Part]) -> None:
    made: list[Loud] = []

    def raising(path: Path, rate_hz: int) -> Encoder:
        made.append(Loud(by_db=40.0))
        return made[-1]

    encode(parts, raising)
    assert len(made) <= 3


def test_every_encoder_is_closed_when_one_cannot_write(parts: list[Part]) -> None:
    class Full(Loud):
        def write(self, block: Sound) -> None:
            raise DiskError("full", advice="")

    made = [Loud(), Loud(44_100), Full()]
    with pytest.raises(DiskError):
        encode(parts, *(lambda path, rate_hz, each=each: each for each in made))
    assert all(each.closed for each in made)


def test_every_encoder_is_closed_though_one_cannot_finish_its_file(parts: list[Part]) -> None:
    class Unfinished(Loud):
        def close(self) -> None:
            super().close()
            raise DiskError("full", advice="")

    made = [Unfinished(), Loud(), Unfinished(44_100), Loud()]
    with pytest.raises(DiskError):
        encode(parts, *(lambda path, rate_hz, each=each: each for each in made))
    assert [each.closed for each in made] == [1, 1, 1, 1]


def test_real_files_of_two_rates_are_within_the_promise(parts: list[Part], tmp_path: Path) -> None:
    audio, frames = encode(
        parts,
        lambda path, rate_hz: Mp3Encoder(path, 44_100, 128),
        lambda path, rate_hz: WavEncoder(path, 48_000),
        lambda path, rate_hz: WavEncoder(path, 16_000),
        folder=tmp_path,
    )
    for number, rate_hz in enumerate((44_100, 48_000, 16_000)):
        heard = decode(tmp_path / f"{number}")
        assert (heard.rate_hz, len(heard.samples)) == (rate_hz, frames[number])
        assert frames[number] == round(audio.frames * rate_hz / 24_000)
        assert ebur128_dbtp(heard.samples, rate_hz) <= -3.0
        assert math.isfinite(audio.true_peak_dbtp)
