from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from narrator.audio.measure import measure
from narrator.errors import BadTake
from narrator.model import Measurement, SpeechRequest
from narrator.rendering.checks import TakeChecks

RATE_HZ = 24_000
TEXT = "It was a bright cold day in April, and the clocks of the whole town were striking thirteen."


def request(text: str = TEXT, **changes: object) -> SpeechRequest:
    return replace(SpeechRequest("p", "", "v", text, "en", 1.0, RATE_HZ, 1), **changes)  # type: ignore[arg-type] # a table


def sound(seconds: float, peak: float = 0.3, tail_s: float = 0.0) -> Measurement:
    """Noise of a length: what the checks see of speech."""
    noise = np.random.default_rng(0).uniform(-peak, peak, round(seconds * RATE_HZ))
    samples = np.concatenate([noise, np.zeros(round(tail_s * RATE_HZ))])
    return measure((samples * 32767).astype("<i2").tobytes(), RATE_HZ)


def taught(seconds: float = 6.0) -> TakeChecks:
    checks = TakeChecks()
    for number in range(6):
        checks.check(request(f"{TEXT} {number}"), sound(seconds))
    return checks


def test_speech_of_a_usual_pace_passes() -> None:
    TakeChecks().check(request(), sound(6.0))


@pytest.mark.parametrize(
    ("measurement", "words"),
    [
        (sound(6.0, peak=0.001), "silence"),
        (sound(6.0, tail_s=8.0), "dead air"),
        (sound(2.9), "too short"),
        (sound(60.0), "too long"),
    ],
)
def test_what_is_no_reading_of_the_text_is_refused(measurement: Measurement, words: str) -> None:
    with pytest.raises(BadTake, match=words):
        TakeChecks().check(request(), measurement)


def test_a_wall_of_clipping_is_refused() -> None:
    square = np.tile(np.repeat([32767, -32768], 50), 1500).astype("<i2")
    with pytest.raises(BadTake, match="clipped"):
        TakeChecks().check(request(), measure(square.tobytes(), RATE_HZ))


def test_half_of_an_answer_stands_out_against_the_pace_of_the_voice() -> None:
    slow = 8.0  # half of this voice's time is still a pace that other voices have
    TakeChecks().check(request(), sound(slow / 2))
    with pytest.raises(BadTake, match="too short"):
        taught(slow).check(request(), sound(slow / 2))


def test_a_half_answer_before_the_pace_was_known_is_doubted_afterwards() -> None:
    checks = TakeChecks()
    half = request(f"{TEXT} The first.")
    checks.check(half, sound(4.0))
    for number in range(6):
        checks.check(request(f"{TEXT} {number}"), sound(8.0))
    assert checks.doubtful() == {half.key}
    assert checks.doubtful() == frozenset()


def test_no_take_of_a_steady_voice_is_doubted() -> None:
    assert taught().doubtful() == frozenset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("No.", 0.3),
        ("No.", 2.0),
        ("In 1865, 1,234,567 people paid 98,765,432 pounds for 10,000,000 books.", 16.0),
        ("Oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooh!", 1.5),
        (
            "吾輩は猫である。名前はまだ無い。どこで生れたか頓と見當がつかぬ。何でも薄暗いじめじめした所で泣いて居た。",
            8.0,
        ),
    ],
)
def test_texts_of_unusual_length_are_not_refused(text: str, seconds: float) -> None:
    TakeChecks().check(request(text), sound(seconds))


def test_a_faster_voice_is_judged_by_its_speed() -> None:
    TakeChecks().check(request(speed=2.0), sound(3.0))
    with pytest.raises(BadTake, match="too short"):
        TakeChecks().check(request(speed=0.5), sound(6.0))


HEADING = "The Rabbit Sends in a Little Bill"


@pytest.mark.parametrize("text", [HEADING, "Down the Rabbit-Hole", "Sixty-One Steps"])
def test_half_of_a_heading_stands_out_once_the_pace_of_the_voice_is_known(text: str) -> None:
    whole_s = sum(map(str.isalnum, text)) / 14
    TakeChecks().check(request(text), sound(whole_s / 2))
    checks = taught(5.2)  # 14 letters a second
    checks.check(request(text), sound(whole_s))
    checks.check(request(text), sound(whole_s / 1.5))  # headings are said faster than prose
    with pytest.raises(BadTake, match="too short"):
        checks.check(request(text), sound(whole_s / 2))


def test_half_of_a_heading_before_the_pace_was_known_is_doubted_afterwards() -> None:
    checks = TakeChecks()
    checks.check(request(HEADING), sound(1.0))
    checks.check(request("Contents of it"), sound(1.0))
    for number in range(6):
        checks.check(request(f"{TEXT} {number}"), sound(5.2))
    assert checks.doubtful() == {request(HEADING).key}


def test_texts_of_a_word_or_two_are_never_too_short() -> None:
    taught().check(request("Oh, no."), sound(0.1))


def test_the_pace_is_learned_from_takes_that_exist_already() -> None:
    checks = TakeChecks()
    for number in range(6):
        checks.learn(request(f"{TEXT} {number}", speed=2.0), sound(4.0))
        checks.learn(request(f"No. {number}"), sound(0.2))
        checks.learn(request(f"{TEXT} {number}."), sound(0.5))  # what is no reading teaches nothing
    with pytest.raises(BadTake, match="too short"):
        checks.check(request(), sound(4.0))
    assert checks.doubtful() == frozenset()


def test_an_engine_on_this_machine_is_trusted_with_its_pace() -> None:
    TakeChecks(is_local=True).check(request(), sound(2.9))
    local = TakeChecks(is_local=True)
    for number in range(6):
        local.learn(request(f"{TEXT} {number}"), sound(6.0))
    local.check(request(HEADING), sound(0.8))
