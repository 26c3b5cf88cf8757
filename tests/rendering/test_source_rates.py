from __future__ import annotations

from dataclasses import replace

import pytest

from narrator.errors import BadTake
from narrator.model import SpeechRequest
from narrator.rendering.source_rates import SourceRates


def request(number: int, voice: str = "v") -> SpeechRequest:
    return SpeechRequest("p", "", voice, f"Text {number}.", "en", 1.0, 24_000, 1)


def taught(*rates_hz: int) -> SourceRates:
    rates = SourceRates()
    for number, rate_hz in enumerate(rates_hz):
        rates.check(request(number), "http", rate_hz)
        rates.believe(request(number), "http", rate_hz)
    return rates


def test_a_rate_that_no_other_answer_had_is_refused() -> None:
    with pytest.raises(BadTake, match="8000 Hz, where the others have 24000 Hz"):
        taught(24_000, 24_000).check(request(9), "http", 8_000)


def test_other_voices_and_other_ways_have_rates_of_their_own() -> None:
    rates = taught(24_000, 24_000)
    rates.check(request(9, voice="other"), "http", 16_000)
    rates.check(request(9), "ws", 16_000)


@pytest.mark.parametrize("rates_hz", [(8_000, 24_000, 24_000), (24_000, 8_000, 24_000)])
def test_one_that_was_believed_before_the_others_came_is_doubted_once(rates_hz: tuple[int, ...]) -> None:
    rates = taught(*rates_hz)
    assert rates.doubtful() == {request(rates_hz.index(8_000)).key}
    assert rates.doubtful() == frozenset()


def test_one_that_was_spoken_again_meanwhile_is_not_doubted() -> None:
    rates = taught(8_000, 24_000, 24_000)
    rates.believe(request(0), "http", 24_000)
    assert rates.doubtful() == frozenset()


def test_as_long_as_answers_disagree_nothing_is_doubted() -> None:
    rates = taught(8_000, 24_000)
    assert rates.doubtful() == frozenset()
    rates.check(replace(request(9)), "http", 48_000)
