"""A first signal, or a closed terminal, lets a render finish what runs; a second signal ends it at once."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from narrator.testing.faults import FAULTS, refusal
from narrator.testing.openai_server import served
from tests.end_to_end.books import markdown
from tests.end_to_end.command import Running, started
from tests.faults.ferry import CONCURRENCY, Ferry, render_command
from tests.faults.starting import need, watch_until

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGHUP,
        *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGINT, signal.SIGTERM)),
    ],
    ids=lambda number: number.name,
)
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


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
    ids=lambda number: number.name,
)
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


def test_a_second_signal_ends_an_assembly_at_once(tmp_path: Path) -> None:
    # Equal texts are one take, so hours of sound cost one request; the other chapter is waited for meanwhile.
    chapters = {"One": ["The ferry lay in the ice. " * 30] * 100, "Two": ["Nobody answers."]}
    book, project = markdown(tmp_path / "ferry.md", chapters), tmp_path / "ferry"
    with served() as server, started(*render_command(book, project, server)) as run:
        server.fail(FAULTS["mute"], text=lambda text: text == "Nobody answers.")
        watch_until(lambda: any(_size(part) > 100_000 for part in (project / "out").glob(".*.mp3.*.part")))
        run.process.send_signal(signal.SIGTERM)
        run.wait_for("stopping")
        run.process.send_signal(signal.SIGTERM)
        asked_s = time.monotonic()
        stopped = run.finish()
    assert time.monotonic() - asked_s < 2
    assert stopped.exit_code == 143, stopped
    assert "Traceback" not in stopped.err
    assert not list((project / "out").iterdir()), "what was half made is gone"


@pytest.mark.parametrize(
    "number",
    [signal.SIGHUP, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
    ids=lambda number: number.name,
)
def test_a_signal_ends_the_wait_that_a_server_asked_for(ferry: Ferry, number: signal.Signals) -> None:
    # One text is to be asked for again in 100 s; those that come after it wait at the door.
    ferry.server.fail(refusal(429, "rate_limit_exceeded", "Slow down.", Retry_After="100"), requests={6})
    with started(*ferry.command) as run:
        run.wait_for("segment_retried")
        watch_until(lambda: len(ferry.takes()) == len(ferry.server.requests) - 1)
        asked_s, asked = time.monotonic(), len(ferry.server.requests)
        run.process.send_signal(number)
        stopped = run.finish()
    assert time.monotonic() - asked_s < 2
    assert stopped.exit_code == EXIT_CODES[number], stopped
    assert len(ferry.server.requests) == asked


def test_a_closed_terminal_stops_a_render_that_goes_on_later(ferry: Ferry) -> None:
    ferry.server.latency_s = 0.2
    with _on_a_terminal(ferry.quiet_command) as (process, terminal):
        _wait_for_requests(ferry)
        os.close(terminal)
        closed_s = time.monotonic()
        assert process.wait(timeout=20) == 143
    assert all(request.arrived_s <= closed_s + 0.1 for request in ferry.server.requests)
    kept, asked = ferry.takes(), len(ferry.server.requests)
    assert kept == set(ferry.asked_since(0)), "what was in flight is kept"
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())
    assert len(ferry.server.requests) == ferry.undisturbed.texts
    assert not kept.intersection(ferry.asked_since(asked))


@pytest.mark.slow
def test_a_closed_terminal_stops_nothing_where_its_signal_is_ignored(ferry: Ferry) -> None:
    command = ["sh", "-c", 'trap "" HUP; exec "$@" >/dev/null', "sh", *ferry.quiet_command]
    with _on_a_terminal(command) as (process, terminal):
        _wait_for_requests(ferry)
        os.close(terminal)
        assert process.wait(timeout=20) == 0
    ferry.assert_finished(ferry.render())
    assert len(ferry.server.requests) == ferry.undisturbed.texts


@contextmanager
def _on_a_terminal(command: Sequence[str | Path]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command with a terminal of its own, and the end of it that whoever closes it holds."""
    need("setsid", "--version")
    held, terminal = pty.openpty()
    with subprocess.Popen(
        ["setsid", "--ctty", *command], stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        try:
            yield process, held
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("deadline_s", "stopped_s"),
    [
        pytest.param(3600.0, 1.5, id="time-out"),
        pytest.param(3.0, 4.0, id="deadline", marks=pytest.mark.slow),
    ],
)
def test_a_render_stopped_for_longer_than_its_limits_of_time_goes_on(
    ferry: Ferry, deadline_s: float, stopped_s: float
) -> None:
    _set_times(ferry.project, timeout_s=1.0, deadline_s=deadline_s)
    with started(*ferry.command) as run:
        run.wait_for("take_ready", times=4)
        ferry.server.fail(FAULTS["mute"])  # the other side does not wait for those who sleep
        asked = len(ferry.server.requests)
        watch_until(lambda: len(ferry.server.requests) == asked + CONCURRENCY)
        run.process.send_signal(signal.SIGSTOP)
        watch_until(lambda: _state(run) == "T")
        time.sleep(stopped_s)  # the fault itself: a laptop asleep, in small
        ferry.server.recover()
        ferry.server.latency_s = 0
        run.process.send_signal(signal.SIGCONT)
        ended = run.finish()
    assert sum(event["event"] == "segment_retried" for event in run.events) == CONCURRENCY
    ferry.assert_finished(ended)
    assert len(ferry.server.requests) <= ferry.undisturbed.texts + CONCURRENCY


def _wait_for_requests(ferry: Ferry) -> None:
    watch_until(lambda: len(ferry.server.requests) >= CONCURRENCY)


def _state(run: Running) -> str:
    need("test", "-e", "/proc/self/stat")
    return Path(f"/proc/{run.process.pid}/stat").read_text().rpartition(") ")[2][0]


def _set_times(project: Path, **times_s: float) -> None:
    project.mkdir(parents=True)
    lines = ["[rendering]", *(f"{name} = {time_s}" for name, time_s in times_s.items())]
    (project / "project.toml").write_text("\n".join(lines), encoding="utf-8")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
