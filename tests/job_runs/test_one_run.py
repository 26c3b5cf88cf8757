"""One run of a job, whose renders end as a test says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from narrator.errors import DiskError, ExitCode
from narrator.job_runs.log import RunLog
from narrator.job_runs.run import Order, run_job
from narrator.jobs.clock import Clock
from narrator.jobs.history import ItemState, Outcome, Run, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import Job
from narrator.jobs.jobs_file import read_jobs, state_folder

_DUE = datetime(2026, 3, 2, 2, tzinfo=UTC)

Renders = Callable[..., None]
"""How renders end: an exit code, and what else their last line says."""


@pytest.fixture
def renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Renders:
    """Have each render end as it is told here."""
    program = tmp_path / "render"
    monkeypatch.setattr(sys, "executable", str(program))

    def end_with(code: int, **more: str) -> None:
        told = json.dumps({"event": "result", "exit_code": code, **more})
        program.write_text(f"#!/bin/sh\necho '{told}'\nexit {code}\n", encoding="utf-8")
        program.chmod(0o755)

    return end_with


class _Desk:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "jobs.toml"
        self.state = state_folder(self.file)
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        (self.inbox / "book.md").write_text("# One\n\nWords.\n", encoding="utf-8")

    def job(self, more: str = "") -> Job:
        self.file.write_text(
            '[jobs.one]\nsource = { folder = "inbox", quiet = "0s" }\nwhen = "0 2 * * *"\ntimezone = "UTC"\n'
            + more,
            encoding="utf-8",
        )
        (job,) = read_jobs(self.file).jobs
        return job

    def run(self, job: Job, attempt: int = 1) -> Run:
        order = Order(job, _DUE, Trigger.TIME, attempt)
        run = run_job(read_jobs(self.file), self.state, order, Clock.at(_DUE))
        assert run is not None
        return run

    def states(self, job: Job) -> list[ItemState]:
        with HistoryFile.open(self.state) as history:
            return [record.state for record in history.items(job.name).values()]


@pytest.fixture
def desk(tmp_path: Path) -> _Desk:
    return _Desk(tmp_path)


def test_a_budget_that_buys_nothing_is_a_failure_and_not_waited_for(desk: _Desk, renders: Renders) -> None:
    renders(ExitCode.BUDGET, kind="BudgetReached", error="the next request would pass the limit")
    run = desk.run(desk.job("budget = { day_characters = 3 }"))
    assert run.outcome is Outcome.FAILED
    assert run.reason == "book.md: its budget for a day is less than the next request costs"
    assert run.resume_at is None


def test_with_nothing_left_to_spend_what_costs_nothing_is_done(desk: _Desk, renders: Renders) -> None:
    renders(ExitCode.DONE)
    run = desk.run(desk.job("budget = { day_usd = 0.0 }"))
    assert run.outcome is Outcome.DONE


def test_mistakes_of_settings_are_tried_again_although_the_book_is_the_same(
    desk: _Desk, renders: Renders
) -> None:
    renders(ExitCode.USAGE, kind="UsageError", error="a package is not installed")
    job = desk.job()
    assert desk.run(job).outcome is Outcome.FAILED
    assert desk.states(job) == [ItemState.OPEN]
    renders(ExitCode.DONE)
    assert desk.run(job, attempt=2).outcome is Outcome.DONE
    assert desk.states(job) == [ItemState.DONE]


def test_after_a_crash_others_are_told_although_nothing_is_left_to_render(
    desk: _Desk, renders: Renders
) -> None:
    """The crash may have come after the last book was finished and before anybody was told of it."""
    renders(ExitCode.DONE)
    job = desk.job('[jobs.one.after]\ncommand = ["sh", "-c", "echo $NARRATOR_OUTCOME >> told"]\n')
    told = desk.file.with_name("told")
    desk.run(job)
    desk.run(job, attempt=2)
    assert told.read_text().split() == ["done"]  # there was nothing new the second time
    with HistoryFile.open(desk.state) as history:
        history.begin(
            job.name, due=_DUE, trigger=Trigger.TIME, attempt=3, coalesced=0, started=_DUE, pid=2**22 + 1
        )
    desk.run(job, attempt=4)
    assert told.read_text().split() == ["done", "done"]
    with HistoryFile.open(desk.state) as history:
        outcomes = [run.outcome for run in history.runs(job.name)]
    assert outcomes == [Outcome.DONE, Outcome.ABANDONED, Outcome.DONE, Outcome.DONE]


def test_a_book_is_kept_where_its_render_put_it(desk: _Desk, renders: Renders) -> None:
    """Two jobs may begin books of one name at the same time, and both would be the first."""
    elsewhere = desk.file.with_name("book-2")
    renders(ExitCode.DONE, project=str(elsewhere))
    job = desk.job()
    desk.run(job)
    with HistoryFile.open(desk.state) as history:
        (record,) = history.items(job.name).values()
    assert record.project == elsewhere


def test_what_cannot_be_put_where_it_should_now_be_is_tried_again(desk: _Desk, renders: Renders) -> None:
    project = desk.file.with_name("book")
    project.mkdir()
    renders(ExitCode.DONE, project=str(project))
    desk.run(desk.job())
    job = desk.job('[jobs.one.after]\ncopy_to = "copies"\n')
    for attempt in (2, 3):
        run = desk.run(job, attempt)
        assert run.outcome is Outcome.FAILED
        assert "has no finished book" in run.reason
        assert desk.states(job) == [ItemState.DONE]
    project.rmdir()
    assert desk.run(job, 4).outcome is Outcome.DONE  # a person deleted it


def test_a_log_that_cannot_be_made_is_why_a_run_failed(desk: _Desk) -> None:
    job = desk.job()
    (desk.state / "logs").mkdir(parents=True)
    (desk.state / "logs" / "one").write_text("a file where a folder should be")
    with pytest.raises(DiskError):
        desk.run(job)
    with HistoryFile.open(desk.state) as history:
        (run,) = history.runs(job.name)
    assert run.outcome is Outcome.FAILED
    assert run.may_pass
    assert "logs/one" in run.reason


def test_a_full_disk_takes_the_log_and_not_the_run(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "a.log").symlink_to("/dev/full")
    with RunLog(tmp_path / "a.log", Clock(), ZoneInfo("UTC"), told.append) as log:
        log.write("first")
        log.write("second")
    assert told == [
        "first",
        f"The log {tmp_path / 'a.log'} cannot be written: No space left on device.",
        "second",
    ]


def test_logs_are_kept_until_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrator.job_runs.log._KEPT", 3)
    for day in range(1, 6):
        with RunLog(tmp_path / f"2026-03-0{day}T02-00-00-1.log", Clock(), ZoneInfo("UTC"), lambda _: None):
            pass
    assert sorted(path.name[9] for path in tmp_path.glob("*.log")) == ["3", "4", "5"]
