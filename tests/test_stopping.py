from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from narrator.errors import Interrupted, Terminated
from narrator.stopping import PARENT_VARIABLE, SIGNALS, Stop, StopNow, signals_raise, stopped_by


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_nobody_listens_for_breaks_off_what_runs(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with signals_raise(), pytest.raises(StopNow) as caught:
        signal.raise_signal(number)
    assert signal.getsignal(number) is before
    assert type(stopped_by(caught.value)) is (Interrupted if number is signal.SIGINT else Terminated)


@pytest.mark.skipif(os.name != "posix", reason="loops hear signals on POSIX")
@pytest.mark.parametrize("number", SIGNALS)
async def test_while_it_is_listened_for_a_signal_asks_softly_and_afterwards_it_breaks_off_again(
    number: signal.Signals,
) -> None:
    with signals_raise():
        stop = Stop()
        with stop.on_signals(lambda: None):
            signal.raise_signal(number)
            await asyncio.wait_for(stop.softly.wait(), 10)
        assert type(stop.error()) is (Interrupted if number is signal.SIGINT else Terminated)
        with pytest.raises(StopNow):
            signal.raise_signal(number)


@pytest.mark.skipif(os.name != "posix", reason="loops hear signals on POSIX")
async def test_a_third_signal_does_not_break_off_what_the_second_one_left() -> None:
    stop = Stop()
    tidied = False

    async def work() -> None:
        nonlocal tidied
        with stop.on_signals(lambda: None):
            try:
                for _ in range(2):
                    signal.raise_signal(signal.SIGINT)
                    await asyncio.sleep(0.05)
            finally:
                signal.raise_signal(signal.SIGINT)
                await asyncio.sleep(0.05)
                tidied = True

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(work())
    assert tidied


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there are no terminals to hang up")
async def test_a_signal_that_is_to_be_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = Stop()
        with signals_raise(), stop.on_signals(lambda: None):
            signal.raise_signal(signal.SIGHUP)
            await asyncio.sleep(0)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert not stop.was_asked
    finally:
        signal.signal(signal.SIGHUP, before)


_CHILD = """
import signal, sys, time
from narrator.stopping import end_with_parent, is_parent_gone, signals_raise
try:
    with signals_raise():
        end_with_parent()
        print("ready", flush=True)
        time.sleep(60)
except BaseException:
    sys.exit(7 if is_parent_gone() else 8)
"""


@pytest.mark.skipif(os.name != "posix", reason="processes inherit pipes so on POSIX")
def test_a_process_ends_when_whoever_started_it_is_gone() -> None:
    theirs, ours = os.pipe()
    env = {**os.environ, PARENT_VARIABLE: str(theirs)}
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD], env=env, pass_fds=[theirs], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        os.close(theirs)
        os.close(ours)  # as the system does for one that is killed
        assert child.wait(20) == 7
