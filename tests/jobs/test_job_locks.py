from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from narrator.errors import DiskError, ProjectLocked
from narrator.jobs.history_reader import HistoryReader
from narrator.jobs.job import JobName
from narrator.jobs.locks import hold, is_locked

NEWS = JobName("news")

SOON_S = 0.1
"""What is waited for a lock that nobody frees."""

WORKER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from narrator.jobs.history import Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.locks import hold

state, now = Path(sys.argv[1]), datetime.now(UTC)
with hold(state, "news"), HistoryFile.open(state) as file:
    file.begin("news", due=now, trigger=Trigger.TIME, attempt=1, coalesced=0, started=now, pid=os.getpid())
    print("working", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_held_by_one_who_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrator.jobs.locks._PATIENCE_S", SOON_S)
    with (
        hold(tmp_path, NEWS),
        pytest.raises(ProjectLocked, match=f"Job news is running already: process {os.getpid()} on "),
        hold(tmp_path, NEWS),
    ):
        pytest.fail("two had it")
    with hold(tmp_path, NEWS):
        pass


def test_a_lock_is_of_its_job_alone(tmp_path: Path) -> None:
    with hold(tmp_path, NEWS), hold(tmp_path, JobName("other")):
        assert is_locked(tmp_path, NEWS)
        assert not is_locked(tmp_path, JobName("third"))


def test_whoever_asks_makes_nothing_and_disturbs_nobody(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / ".jobs", NEWS)
    assert not [*tmp_path.iterdir()]
    with hold(tmp_path, NEWS):
        assert [is_locked(tmp_path, NEWS) for _ in range(3)] == [True] * 3
    assert [is_locked(tmp_path, NEWS) for _ in range(3)] == [False] * 3


def test_a_job_whose_run_was_killed_is_free_and_its_run_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrator.jobs.locks._PATIENCE_S", SOON_S)
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "working\n"
        file = HistoryReader(tmp_path)
        (run,) = file.open_runs()
        assert file.followed(run) == (run, True)
        with pytest.raises(ProjectLocked, match=f"process {worker.pid} on "), hold(tmp_path, NEWS):
            pytest.fail("two had it")
        os.kill(worker.pid, signal.SIGKILL)
    assert not is_locked(tmp_path, NEWS)
    assert file.open_runs() == [run]
    assert file.followed(run) == (run, False)
    with hold(tmp_path, NEWS):
        assert is_locked(tmp_path, NEWS)


def test_locks_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("in the way", encoding="utf-8")
    with pytest.raises(DiskError, match=r"news\.lock"), hold(tmp_path, NEWS):
        pytest.fail("it has no lock")
    with pytest.raises(DiskError, match=r"news\.lock"):
        is_locked(tmp_path, NEWS)
