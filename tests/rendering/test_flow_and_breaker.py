from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.errors import RateLimited, StreamBroken, Unavailable, Unreachable
from narrator.rendering.breaker import MOST_PROBES, Breaker
from narrator.rendering.flow import RAISE_AFTER, Flow
from narrator.rendering.limits import AccountLimits


def test_a_refusal_halves_once_for_all_that_were_under_way() -> None:
    flow = Flow(8)
    under_way = [flow.begin() for _ in range(8)]
    for number in under_way:
        flow.limited(number)
    assert flow.allowed == 4
    flow.limited(flow.begin())
    assert flow.allowed == 2


def test_successes_bring_it_back_slowly_and_never_above_the_cap() -> None:
    flow = Flow(4)
    flow.limited(flow.begin())
    for allowed in (2, 3, 4, 4):
        assert flow.allowed == allowed
        for _ in range(RAISE_AFTER):
            flow.succeeded(flow.begin())


def test_another_cap_keeps_what_was_learned_from_refusals() -> None:
    flow = Flow(4)
    flow.resize(8)
    assert flow.allowed == 8
    flow.limited(flow.begin())
    flow.resize(6)
    assert flow.allowed == 4
    flow.resize(2)
    assert flow.allowed == 2


def test_each_refusal_of_a_crowd_takes_one_away() -> None:
    flow = Flow(10)
    for running in (10, 9, 8):
        flow.crowded(running)
    assert flow.allowed == 7
    flow.crowded(2)
    flow.crowded(1)
    assert flow.allowed == 1


@given(st.lists(st.booleans()), st.integers(1, 64))
def test_it_stays_between_one_and_the_cap(ends: list[bool], cap: int) -> None:
    flow = Flow(cap)
    for is_success in ends:
        (flow.succeeded if is_success else flow.limited)(flow.begin())
        assert 1 <= flow.allowed <= cap


def broken(tasks: tuple[str, ...] = ("a", "b"), *, answered: bool = True) -> Breaker:
    breaker = Breaker()
    if answered:
        breaker.succeeded()
    for number in range(5):
        breaker.failed(tasks[number % len(tasks)], 100.0, is_probe=False)
    return breaker


def test_it_opens_on_a_service_that_fails_several() -> None:
    assert broken().wait_s(100.0) == 1.0
    assert broken(tasks=("a",)).wait_s(100.0) == 0.0, "it may be the text"
    assert broken(answered=False).wait_s(100.0) == 0.0, "it may be set up wrongly"


def test_one_probe_decides() -> None:
    breaker = broken()
    assert breaker.wait_s(101.0) == 0.0
    assert breaker.begin()
    assert breaker.wait_s(101.0) == math.inf
    breaker.dropped(is_probe=True)
    assert breaker.wait_s(101.0) == 0.0, "a probe that tells nothing is followed by another"
    assert breaker.begin()
    breaker.failed("a", 101.0, is_probe=False)  # it began earlier
    assert breaker.wait_s(101.0) == math.inf
    breaker.failed("a", 101.0, is_probe=True)
    assert breaker.is_down
    assert breaker.wait_s(101.0) == 2.0
    breaker.succeeded()
    assert breaker.wait_s(101.0) == 0.0
    assert not breaker.begin()


def test_a_service_that_stays_down_is_given_up_after_a_minute() -> None:
    breaker, now = broken(), 100.0
    for _ in range(MOST_PROBES):
        assert not breaker.has_given_up
        now += breaker.wait_s(now)
        assert breaker.begin()
        breaker.failed("a", now, is_probe=True)
    assert breaker.has_given_up
    assert 60 < now - 100 < 75


async def test_a_busy_account_is_asked_less_at_once() -> None:
    limits = AccountLimits(4, stopping=asyncio.Event())
    with pytest.raises(RateLimited):
        await _one(limits, RateLimited("busy"))
    running = peak = 0

    async def count() -> None:
        nonlocal running, peak
        async with limits.attempt():
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(count() for _ in range(RAISE_AFTER)))
    assert peak == 2


async def test_a_service_that_fails_everyone_is_probed_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrator.rendering.breaker.SHORTEST_S", 0.02)
    monkeypatch.setattr("narrator.rendering.breaker.LONGEST_S", 0.02)
    monkeypatch.setattr("narrator.rendering.limits.LINGERS_S", 0.01)
    limits = AccountLimits(8, stopping=asyncio.Event())
    await _one(limits)
    await asyncio.gather(*(_one(limits, Unavailable("down")) for _ in range(8)), return_exceptions=True)
    ends = await asyncio.gather(
        *(_one(limits, StreamBroken("cut off")) for _ in range(20)), return_exceptions=True
    )
    kinds = [type(end) for end in ends]
    assert kinds == [StreamBroken] * MOST_PROBES + [Unreachable] * (20 - MOST_PROBES)
    assert limits.is_down


async def _one(limits: AccountLimits, error: Exception | None = None) -> None:
    async with limits.attempt():
        await asyncio.sleep(0)
        if error:
            raise error
