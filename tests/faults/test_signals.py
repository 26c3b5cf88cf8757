"""A first signal, or a closed terminal, lets a render finish what runs; a second signal ends it at once."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from narrator.testing.faults import FAULTS
from tests.end_to_end.command import Running, started
from tests.faults.ferry import CONCURRENCY, Ferry
from tests.faults.starting import need, watch_until

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


@pytest.mark.parametrize("number", EXIT_CODES, ids=lambda number: number.name)
def test_after_one_signal_nothing_begins_and_what_runs_is_kept(ferry: Ferry, number: signal.Signals) -> None:
    ferry.server.latency_s = 0.3
    with started(*ferry.command) as run:
        run.wait_for("take_ready")
        asked_s = time.monotonic()
        run.process.send_signal(number)
        stopped = run.finish()
    assert stopped.exit_code == EXIT_CODES[number], stopped
    assert "narrator resume" in stopped.err
    assert "Traceback" not in stopped.err
    assert all(request.arrived_s <= asked_s + 0.1 for request in ferry.server.requests)
    assert run.spoken() == ferry.takes() == set(ferry.asked_since(0)), "what was in flight is kept"
    assert len(ferry.takes()) <= 3 * CONCURRENCY


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_second_signal_ends_a_render_at_once(ferry: Ferry, number: signal.Signals) -> None:
    ferry.server.fail(FAULTS["mute"])
    with started(*ferry.command) as run:
        _wait_for_requests(ferry)
        run.process.send_signal(number)
        run.wait_for("stopping")
        run.process.send_signal(number)
        asked_s = time.monotonic()
        stopped = run.finish()
    assert time.monotonic() - asked_s < 2
    assert stopped.exit_code == EXIT_CODES[number], stopped
    assert "Traceback" not in stopped.err


def test_a_closed_terminal_stops_a_render_that_goes_on_later(ferry: Ferry) -> None:
    need("setsid", "--version")
    ferry.server.latency_s = 0.2
    master, terminal = pty.openpty()
    command = ["setsid", "--ctty", *ferry.quiet_command]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        _wait_for_requests(ferry)
        os.close(master)
        closed_s = time.monotonic()
        assert process.wait(timeout=20) == 143
    assert all(request.arrived_s <= closed_s + 0.1 for request in ferry.server.requests)
    kept, asked = ferry.takes(), len(ferry.server.requests)
    assert kept == set(ferry.asked_since(0)), "what was in flight is kept"
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())
    assert len(ferry.server.requests) == ferry.undisturbed.texts
    assert not kept.intersection(ferry.asked_since(asked))


def test_a_render_stopped_for_longer_than_its_time_out_goes_on(ferry: Ferry) -> None:
    timeout_s = 1.0
    _set_timeout(ferry.project, timeout_s)
    with started(*ferry.command) as run:
        run.wait_for("take_ready", times=4)
        run.process.send_signal(signal.SIGSTOP)
        watch_until(lambda: _state(run) == "T")
        time.sleep(1.5 * timeout_s)  # the fault itself: a laptop asleep, in small
        run.process.send_signal(signal.SIGCONT)
        ended = run.finish()
    ferry.assert_finished(ended)
    assert len(ferry.server.requests) <= ferry.undisturbed.texts + CONCURRENCY


def _wait_for_requests(ferry: Ferry) -> None:
    watch_until(lambda: len(ferry.server.requests) >= CONCURRENCY)


def _state(run: Running) -> str:
    need("test", "-e", "/proc/self/stat")
    return Path(f"/proc/{run.process.pid}/stat").read_text().rpartition(") ")[2][0]


def _set_timeout(project: Path, timeout_s: float) -> None:
    project.mkdir(parents=True)
    (project / "project.toml").write_text(f"[rendering]\ntimeout_s = {timeout_s}\n", encoding="utf-8")
