from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from narrator.config import Rendering
from narrator.errors import BadTake, Interrupted, RateLimited, Rejected, StreamBroken, Unavailable
from narrator.rendering.limits import LINGERS_S, AccountLimits
from narrator.rendering.rate import Rate


def limits_of(concurrency: int, rate: str = "") -> AccountLimits:
    return AccountLimits(concurrency, rate, stopping=asyncio.Event())


async def test_no_more_than_the_allowed_number_at_once() -> None:
    assert await peak_of(limits_of(3)) == 3


async def peak_of(limits: AccountLimits, attempts: int = 20) -> int:
    running = peak = 0

    async def one() -> None:
        nonlocal running, peak
        async with limits.attempt():
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(one() for _ in range(attempts)))
    return peak


@pytest.mark.parametrize(("most", "said", "allowed"), [(None, 9, 3), (8, 9, 8), (8, 5, 5), (8, 0, 1)])
async def test_what_the_service_says_of_the_account_is_heeded_up_to_what_a_person_named(
    most: int | None, said: int, allowed: int
) -> None:
    limits = AccountLimits(3, most=most, stopping=asyncio.Event())
    limits.allow(said)
    assert limits.concurrency == allowed
    assert await peak_of(limits) == allowed


async def test_a_cap_that_rises_lets_those_through_who_wait() -> None:
    limits = AccountLimits(1, most=4, stopping=asyncio.Event())
    async with limits.attempt():
        waiting = asyncio.create_task(_begin(limits))
        await asyncio.sleep(0)
        limits.allow(2)
        await asyncio.wait_for(waiting, 2)


async def test_a_cap_that_falls_holds_for_those_that_begin_after_it() -> None:
    limits = AccountLimits(2, stopping=asyncio.Event())
    async with limits.attempt():
        limits.allow(1)
        waiting = asyncio.create_task(_begin(limits))
        await asyncio.sleep(0.02)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 2)


async def test_too_many_at_once_shrinks_to_what_the_account_bears() -> None:
    limits, bears, running = limits_of(8), 3, 0

    async def one() -> None:
        nonlocal running
        async with limits.attempt():
            if running == bears:
                raise RateLimited("too many at once", is_concurrency=True)
            running += 1
            await asyncio.sleep(0.01)
            running -= 1

    ends = await asyncio.gather(*(one() for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(end, RateLimited) for end in ends) == 1, "the one that was too many"
    assert await peak_of(limits, 15) == bears


@pytest.mark.parametrize("error", [StreamBroken("cut"), Unavailable("no answer"), BadTake("a web page")])
async def test_what_broke_off_keeps_its_slot_until_the_service_has_seen_it(error: Exception) -> None:
    limits = limits_of(1)
    began = asyncio.get_running_loop().time()
    with pytest.raises(type(error)):
        await _begin(limits, error)
    assert asyncio.get_running_loop().time() - began < LINGERS_S, "only the slot waits"
    await _begin(limits)
    assert asyncio.get_running_loop().time() - began >= LINGERS_S


@pytest.mark.parametrize("error", [RateLimited("slow down"), Rejected("not this text")])
async def test_a_refusal_frees_its_slot_at_once(error: Exception) -> None:
    limits = limits_of(1)
    began = asyncio.get_running_loop().time()
    for _ in range(5):
        with pytest.raises(type(error)):
            await _begin(limits, error)
    assert asyncio.get_running_loop().time() - began < LINGERS_S


async def test_a_pause_holds_back_every_attempt() -> None:
    limits = limits_of(2)
    began = asyncio.get_running_loop().time()
    limits.pause(0.3)
    limits.pause(0.1)  # a shorter one takes nothing back
    async with limits.attempt():
        assert asyncio.get_running_loop().time() - began >= 0.29


async def test_a_rate_spreads_attempts_over_time() -> None:
    limits = limits_of(10, "5/0.2s")
    began = asyncio.get_running_loop().time()
    for _ in range(6):
        async with limits.attempt():
            pass
    assert asyncio.get_running_loop().time() - began >= 0.19


def test_a_rate_is_so_many_in_a_period_however_it_is_written() -> None:
    assert Rate.parse("5/0.2s") == Rate(5, 0.2)
    assert Rate.parse("5/1s") == Rate.parse("5/s") == Rate(5, 1.0)
    assert Rate.parse("300/m") == Rate(300, 60.0)


@pytest.mark.parametrize("how", ["a person's wish", "an error"])
@pytest.mark.parametrize("held_by", ["rate", "pause"])
async def test_what_waits_to_begin_ends_at_once_when_all_is_to_end(how: str, held_by: str) -> None:
    stopping = asyncio.Event()
    limits = AccountLimits(2, "1/h" if held_by == "rate" else "", stopping=stopping)
    async with limits.attempt():
        pass
    if held_by == "pause":
        limits.pause(60)
    waiting = asyncio.create_task(_begin(limits))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    stopping.set() if how == "a person's wish" else limits.close()
    with pytest.raises(Interrupted):
        await asyncio.wait_for(waiting, 2)
    assert limits.is_closed


async def test_what_runs_goes_on_when_the_rest_is_stopped() -> None:
    limits = limits_of(1)
    async with limits.attempt():
        limits.close()
        await asyncio.sleep(0)
    with pytest.raises(Interrupted):
        await _begin(limits)


@pytest.mark.parametrize("rate", ["", "5/s", "05/s", "5/1s", "20/1.5m", "1/0.5s", "1/h", "100/10s"])
def test_a_rate_that_lets_something_through_is_accepted(rate: str) -> None:
    assert Rendering(rate=rate).rate == rate


@pytest.mark.parametrize("rate", ["0/s", "00/s", "5/0s", "5/0.0s", "5/0.s", "-1/s", "5", "5/d", "5/s\n", "٣/s"])
def test_a_rate_that_lets_nothing_through_is_refused(rate: str) -> None:
    with pytest.raises(ValidationError):
        Rendering(rate=rate)


async def _begin(limits: AccountLimits, error: Exception | None = None) -> None:
    async with limits.attempt():
        if error:
            raise error
