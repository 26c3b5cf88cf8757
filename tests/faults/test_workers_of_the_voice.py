"""The embedded voice's workers: one killed or hanging is replaced, and none outlives its narrator."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.end_to_end.books import markdown, paragraph
from tests.end_to_end.command import COMMAND, delivered, here, started
from tests.faults.starting import children_of, is_running, watch_until


def _book(folder: Path) -> Path:
    return markdown(folder / "ferry.md", {"One": [paragraph(number) for number in range(4)]})


def _command(book: Path) -> list[str | Path]:
    return [COMMAND, "render", book, "--project", book.parent / "ferry", "--json", "--concurrency", "1"]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGKILL, id="killed", marks=pytest.mark.slow),
        pytest.param(signal.SIGSTOP, id="hanging", marks=pytest.mark.slow),
    ],
)
def test_a_worker_that_dies_or_hangs_is_replaced_and_the_book_completed(
    tmp_path: Path, number: signal.Signals
) -> None:
    book = _book(tmp_path)
    (tmp_path / "ferry").mkdir()
    (tmp_path / "ferry" / "project.toml").write_text("[rendering]\ntimeout_s = 3.0\n", encoding="utf-8")
    with started(*_command(book)) as run:
        run.wait_for("take_ready")
        (worker,) = children_of(run.process.pid)
        os.kill(worker, number)
        ended = run.finish()
    assert ended.exit_code == 0, ended
    assert not is_running(worker)
    assert any(event["event"] == "segment_retried" for event in run.events)
    assert len(list((tmp_path / "ferry" / "out").glob("*.mp3"))) == 1


def test_a_killed_render_leaves_no_worker_and_no_lock(tmp_path: Path) -> None:
    long = " ".join(paragraph(number) for number in range(9))
    book = markdown(tmp_path / "ferry.md", {"One": [long]})
    with started(*_command(book), "--concurrency", "2") as run:
        run.wait_for("render_started")
        # One worker is idle then, the other deep in the long text.
        run.wait_for("take_ready", times=run.events[-1]["orders"] - 1)
        workers = children_of(run.process.pid)
        assert len(workers) == 2
        run.process.kill()
        watch_until(lambda: not any(map(is_running, workers)), within_s=2)
        run.finish()
    assert delivered(here(*_command(book)[1:]))
