from __future__ import annotations

import asyncio

import pytest

from narrator.rendering.limits import AccountLimits


async def test_no_more_than_the_allowed_number_at_once() -> None:
    limits = AccountLimits(3)
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
    limits = AccountLimits(2)
    began = asyncio.get_running_loop().time()
    limits.pause(0.3)
    limits.pause(0.1)  # a shorter one takes nothing back
    async with limits.attempt():
        assert asyncio.get_running_loop().time() - began >= 0.29


@pytest.mark.parametrize("rate", ["5/s", "5/1s", "300/m"])
async def test_a_rate_spreads_attempts_over_time(rate: str) -> None:
    limits = AccountLimits(10, "5/0.2s" if rate == "300/m" else rate)
    began = asyncio.get_running_loop().time()
    for _ in range(6):
        async with limits.attempt():
            pass
    assert asyncio.get_running_loop().time() - began >= (0.19 if rate == "300/m" else 0.99)
