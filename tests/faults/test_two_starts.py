"""Two processes started on one project at one moment: one renders, the other says who does."""

from __future__ import annotations

import time

import pytest

from narrator.testing.faults import FAULTS
from tests.end_to_end.command import COMMAND, Running, kill_group, started
from tests.faults.ferry import Ferry
from tests.faults.starting import watch_until


@pytest.mark.parametrize("starts", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_of_two_starts_one_renders_and_the_other_names_it(ferry: Ferry, starts: int) -> None:
    ferry.server.fail(FAULTS["mute"])
    for _ in range(starts):
        asked = len(ferry.server.requests)
        began_s = time.monotonic()
        with started(*ferry.command) as one, started(*ferry.command) as other:
            watch_until(lambda: not (_runs(one) and _runs(other)))
            took_s = time.monotonic() - began_s
            loser, holder = (other, one) if _runs(one) else (one, other)
            turned_away = loser.finish()
            assert turned_away.exit_code == 6, turned_away
            assert f"process {holder.process.pid} " in turned_away.err
            assert took_s < 2 or took_s < 2 + _start_s(ferry), "beside what it takes the program to start"
            watch_until(lambda: len(ferry.server.requests) > asked)  # noqa: B023 - as above
            assert _runs(holder)
            kill_group(holder.process)
            holder.finish()
    ferry.server.recover()
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())


def _start_s(ferry: Ferry) -> float:
    """What it takes the program to start and find nothing, at this moment."""
    began_s = time.monotonic()
    with started(COMMAND, "status", ferry.folder / "nothing") as nothing:
        assert nothing.finish().exit_code == 2
    return time.monotonic() - began_s


def _runs(run: Running) -> bool:
    return run.process.poll() is None
