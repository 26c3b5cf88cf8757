from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.audio.measure import measure
from narrator.errors import BadTake
from narrator.model import Measurement, SpeechRequest
from narrator.rendering.checks import LEARNED_AT_MOST, TakeChecks, _Paces

RATE_HZ = 24_000
HEADING = "The Rabbit Sends in a Little Bill"
TEXT = "It was a bright cold day in April, and the clocks of the whole town were striking thirteen."


def request(text: str = TEXT, **changes: object) -> SpeechRequest:
    return replace(SpeechRequest("p", "", "v", text, "en", 1.0, RATE_HZ, 1), **changes)  # type: ignore[arg-type] # a table


def learn(checks: TakeChecks, said: SpeechRequest, measurement: Measurement) -> None:
    checks.learn(said, measurement, said.key)


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
    ("seconds", "more", "words"),
    [
        (6.0, {"peak": 0.001}, "silence"),
        (6.0, {"tail_s": 8.0}, "dead air"),
        (2.9, {}, "too short"),
        (60.0, {}, "too long"),
    ],
)
def test_what_is_no_reading_of_the_text_is_refused(seconds: float, more: dict[str, float], words: str) -> None:
    measurement = sound(seconds, **more)
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


def test_sound_at_a_third_of_its_speed_stands_out_against_the_pace_of_the_voice() -> None:
    slow = 3 * 4.0  # three times this voice's time is still a pace that other voices have
    TakeChecks().check(request(), sound(slow))
    with pytest.raises(BadTake, match="too long"):
        taught(4.0).check(request(), sound(slow))


def test_a_third_of_the_speed_of_any_voice_is_too_slow_where_letters_are_sounds() -> None:
    said_wrongly = sound(3 * 6.2)  # 24 kHz, said to be 8 kHz
    for text in (TEXT, "Был холодный ясный апрельский день, и часы на всех башнях пробили тринадцать раз."):
        with pytest.raises(BadTake, match="too long"):
            TakeChecks().check(request(text), said_wrongly)
    TakeChecks().check(
        request("วันนั้นเป็นวันที่อากาศหนาวและสดใสในเดือนเมษายนและนาฬิกาทั้งเมืองตีบอกเวลาสิบสามครั้ง"), said_wrongly
    )


@pytest.mark.parametrize(("text", "seconds"), [("A Correction", 0.9), ("No.", 0.3), (HEADING, 2.0)])
def test_a_brief_answer_ten_times_too_long_is_refused(text: str, seconds: float) -> None:
    TakeChecks().check(request(text), sound(2 * seconds))
    taught(5.2).check(request(text), sound(2 * seconds))
    for checks in (TakeChecks(), taught(5.2)):
        with pytest.raises(BadTake, match="too long"):
            checks.check(request(text), sound(max(10 * seconds, 6.0)))


def test_bytes_that_are_no_samples_are_refused_and_a_loud_voice_is_not() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 12 * RATE_HZ, dtype=np.uint8)
    with pytest.raises(BadTake, match="noise"):
        TakeChecks().check(request(), measure(noise.tobytes(), RATE_HZ))
    TakeChecks().check(request(), sound(6.0, peak=0.9))
    tone = np.sin(2 * np.pi * 200 * np.arange(6 * RATE_HZ) / RATE_HZ)
    TakeChecks().check(request(), measure((0.99 * 32767 * tone).astype("<i2").tobytes(), RATE_HZ))


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


def test_texts_of_a_word_or_two_are_only_too_short_where_no_voice_is_so_fast() -> None:
    taught().check(request("Oh, no."), sound(0.1))
    for checks in (TakeChecks(), taught()):
        with pytest.raises(BadTake, match="too short"):
            checks.check(request("Stop it now."), sound(0.07))


def test_the_pace_is_learned_from_takes_that_exist_already() -> None:
    checks = TakeChecks()
    for number in range(6):
        learn(checks, request(f"{TEXT} {number}", speed=2.0), sound(4.0))
        learn(checks, request(f"No. {number}"), sound(0.2))
    for number in range(12):
        learn(checks, request(f"{TEXT} {number}."), sound(0.5))  # what is no reading teaches nothing
    with pytest.raises(BadTake, match="too short"):
        checks.check(request(), sound(4.0))
    checks.check(request(), sound(8.0))


def test_half_an_answer_that_a_killed_run_believed_is_doubted_in_the_next() -> None:
    half, hasty = request(f"{TEXT} The first."), request(f"{TEXT} At once.")
    checks = TakeChecks()
    learn(checks, half, sound(4.0))
    learn(checks, hasty, sound(5.2))  # that run may have known a faster pace
    assert checks.doubtful() == frozenset()
    for number in range(6):
        learn(checks, request(f"{TEXT} {number}"), sound(8.0))
    assert checks.doubtful() == {half.key}
    assert checks.doubtful() == frozenset()


def test_half_of_a_heading_that_a_broken_run_believed_is_doubted_in_the_next() -> None:
    checks, whole_s = TakeChecks(), sum(map(str.isalnum, HEADING)) / 14
    learn(checks, request(HEADING), sound(whole_s / 2))
    learn(checks, request(f"{HEADING}s"), sound(whole_s / 1.8))  # that run may have known a slower pace
    learn(checks, request("Down the Rabbit-Hole"), sound(14.0))
    for number in range(6):
        checks.check(request(f"{TEXT} {number}"), sound(5.2))
    assert checks.doubtful() == {request(HEADING).key, request("Down the Rabbit-Hole").key}


def test_each_voice_is_judged_by_a_pace_of_its_own() -> None:
    checks = taught(8.0)
    for number in range(6):
        checks.check(request(f"{TEXT} {number}", voice="a hasty one"), sound(4.0))
    assert checks.doubtful() == frozenset()
    with pytest.raises(BadTake, match="too short"):
        checks.check(request(), sound(4.0))


def test_a_voice_that_becomes_faster_is_followed() -> None:
    checks = TakeChecks()
    for seconds in (8.0, 6.0, 4.5):
        said = sound(seconds)
        for number in range(LEARNED_AT_MOST):
            checks.check(request(f"{TEXT} {number}"), said)


@given(st.lists(st.floats(0.1, 50.0), min_size=1, max_size=30))
def test_the_pace_of_a_voice_is_the_median_of_its_last_takes(paces: list[float]) -> None:
    learned = _Paces()
    spoken = [1.0] * (LEARNED_AT_MOST - 10) + paces
    for pace in spoken:
        learned.add(pace)
    assert learned.median == statistics.median(spoken[-LEARNED_AT_MOST:])


def test_answers_are_held_against_the_pace_one_after_the_other() -> None:
    alone = threading.Lock()

    class Watched(float):
        """A speed that notices when two answers are judged at once."""

        __slots__ = ()

        def __rtruediv__(self, other: float) -> float:
            assert alone.acquire(blocking=False)
            time.sleep(0.001)  # in which another thread comes where it can
            alone.release()
            return other / float(self)

    checks, said = TakeChecks(), sound(6.0)
    with ThreadPoolExecutor(4) as threads:
        wishes = [request(f"{TEXT} {number}", speed=Watched(1.0)) for number in range(40)]
        list(threads.map(lambda wish: checks.check(wish, said), wishes))


def test_an_engine_on_this_machine_is_trusted_with_its_pace() -> None:
    TakeChecks(is_local=True).check(request(), sound(2.9))
    local = TakeChecks(is_local=True)
    for number in range(6):
        learn(local, request(f"{TEXT} {number}"), sound(6.0))
    local.check(request(HEADING), sound(0.8))
