from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hibari import Hibari

from narrator.errors import Rejected
from narrator.providers.hibari_engine import HibariEngine

RATE_HZ = 24_000


@pytest.fixture(scope="module")
def engine() -> HibariEngine:
    return HibariEngine("heart")


def samples_of(engine: HibariEngine, text: str, speed: float = 1.0) -> npt.NDArray[np.float64]:
    pcm = b"".join(engine.speak({"text": text, "speed": speed}))
    return np.frombuffer(pcm, "<i2") / 32768


def silences_ms(samples: npt.NDArray[np.float64], *, longer_than_ms: int = 100) -> list[int]:
    """The lengths of what is silent for long, between the first and the last sound."""
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-50 / 20))
    gaps = np.diff(loud) * 1000 // RATE_HZ
    return [int(gap) for gap in gaps if gap > longer_than_ms]


def band_db(samples: npt.NDArray[np.floating[Any]], low_hz: int, high_hz: int) -> float:
    """The energy between two frequencies."""
    power = np.abs(np.fft.rfft(samples)) ** 2 / len(samples) * RATE_HZ
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    return 10 * float(np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() / RATE_HZ))


def test_sentences_are_set_apart_by_our_pause_and_not_by_dead_air(engine: HibariEngine) -> None:
    samples = samples_of(engine, "The lamp is lit. The street is long. The owl is gone.")
    pauses = [gap for gap in silences_ms(samples) if gap > 250]
    assert len(pauses) == 2
    assert all(300 <= gap <= 450 for gap in pauses)


def test_a_take_begins_and_ends_with_its_sound(engine: HibariEngine) -> None:
    samples = samples_of(engine, "The lamp is lit.")
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-50 / 20))
    assert loud[0] < 0.1 * RATE_HZ
    assert len(samples) - loud[-1] < 0.15 * RATE_HZ
    assert samples[0] == samples[-1] == 0.0


def test_punctuation_alone_makes_no_noise(engine: HibariEngine) -> None:
    with_dots = samples_of(engine, "Yes. … — ! Yes.")
    without = samples_of(engine, "Yes. Yes.")
    assert abs(len(with_dots) - len(without)) < 0.2 * RATE_HZ


@pytest.mark.parametrize(
    "text",
    [
        *(
            pytest.param(text, id=name, marks=pytest.mark.slow)
            for name, text in {
                "one word": "a" * 2000,
                "hyphens": "a-" * 800,
                "dashes": "no—" * 200,
                "one number": "7" * 300,
                "capitals": "É" * 300,
            }.items()
        ),
        pytest.param("AbC" * 200, id="camel"),
        pytest.param("x\x00y", id="NUL"),
        pytest.param("a\ud800b", id="surrogate"),
    ],
)
def test_monstrous_texts_are_spoken_all_the_same(engine: HibariEngine, text: str) -> None:
    assert len(samples_of(engine, text)) > RATE_HZ // 8


def test_a_long_sentence_is_spoken_whole(engine: HibariEngine) -> None:
    once = len(samples_of(engine, "the owl and the lamp"))
    many = len(samples_of(engine, "the owl and the lamp " * 95))
    assert many > 60 * once * 0.8


@pytest.mark.parametrize("text", ["…", "* * *", "🦉", "", "—!"])
def test_a_text_without_words_is_refused(engine: HibariEngine, text: str) -> None:
    with pytest.raises(Rejected, match="nothing to say"):
        samples_of(engine, text)


def test_noise_depends_on_the_text_alone(engine: HibariEngine) -> None:
    def digest() -> str:
        return hashlib.sha256(samples_of(engine, "The owl is gone.").tobytes()).hexdigest()

    first = digest()
    samples_of(engine, "Something else.")
    assert digest() == first


def test_kept_noise_sounds_as_new_noise_does(engine: HibariEngine) -> None:
    text = "Six thick thistle sticks whisper, and she hushes the ship. A fish swishes past the physics faculty."
    ours = samples_of(engine, text)
    hibari = Hibari()
    theirs = np.concatenate([hibari(sentence, seed=1) for sentence in hibari.split_sentences(text)])
    for low_hz, high_hz in ((60, 1000), (1000, 4000), (4000, 8000), (8000, 11_500)):
        assert band_db(ours, low_hz, high_hz) == pytest.approx(band_db(theirs, low_hz, high_hz), abs=0.3)


def test_a_line_of_verse_is_followed_by_a_shorter_pause_than_a_sentence(engine: HibariEngine) -> None:
    verse = silences_ms(samples_of(engine, "The lamp is lit\nThe owl is gone"))
    prose = silences_ms(samples_of(engine, "The lamp is lit. The owl is gone."))
    assert 150 <= max(verse) < 250 < max(prose)
