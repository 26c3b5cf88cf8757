"""Waiting that takes no time: where nothing but a timer can go on, the clock is put forward to that timer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

GRACE_S = 0.05
"""For what is on its way over this machine's own network: it is there at once, however slow the machine."""


@contextmanager
def waits_skipped(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have limits of time and pauses of code on `loop` pass without being waited for.

    Only where client and server are both on that loop: once nothing has come for `GRACE_S`, nothing will come
    before the next timer. `time.monotonic` tells what it would tell after the wait. Work that the loop gives to
    threads is waited for; that of processes is not, so that a limit of time would strike at once.
    """
    waiting: Any = loop  # the selector of an event loop is nobody's business but ours
    monotonic, select, in_thread = time.monotonic, waiting._selector.select, loop.run_in_executor
    skipped_s, threads = 0.0, 0

    def come_back(_: object) -> None:
        nonlocal threads
        threads -= 1

    def run_in_executor(*work: Any) -> asyncio.Future[Any]:
        nonlocal threads
        future = in_thread(*work)
        threads += 1
        future.add_done_callback(come_back)
        return future

    def select_or_skip(timeout_s: float | None = None) -> list[Any]:
        nonlocal skipped_s
        if timeout_s is None or timeout_s <= GRACE_S or threads:
            return list(select(timeout_s))
        events = list(select(GRACE_S))
        if not events:
            skipped_s += timeout_s - GRACE_S
        return events

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: monotonic() + skipped_s)
        patch.setattr(waiting._selector, "select", select_or_skip)
        patch.setattr(loop, "run_in_executor", run_in_executor)
        yield
