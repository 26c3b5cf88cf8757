from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from narrator.config import Rendering
from narrator.errors import Interrupted
from narrator.rendering.limits import AccountLimits


def limits_of(concurrency: int, rate: str = "") -> AccountLimits:
    return AccountLimits(concurrency, rate, stopping=asyncio.Event())


async def test_no_more_than_the_allowed_number_at_once() -> None:
    limits = limits_of(3)
    running = peak = 0

    async def one() -> None:
        nonlocal running, peak
        async with limits.attempt():
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert peak == 3


async def test_a_pause_holds_back_every_attempt() -> None:
    limits = limits_of(2)
    began = asyncio.get_running_loop().time()
    limits.pause(0.3)
    limits.pause(0.1)  # a shorter one takes nothing back
    async with limits.attempt():
        assert asyncio.get_running_loop().time() - began >= 0.29


@pytest.mark.parametrize("rate", ["5/s", "5/1s", "300/m"])
async def test_a_rate_spreads_attempts_over_time(rate: str) -> None:
    limits = limits_of(10, "5/0.2s" if rate == "300/m" else rate)
    began = asyncio.get_running_loop().time()
    for _ in range(6):
        async with limits.attempt():
            pass
    assert asyncio.get_running_loop().time() - began >= (0.19 if rate == "300/m" else 0.99)


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


async def _begin(limits: AccountLimits) -> None:
    async with limits.attempt():
        pass
