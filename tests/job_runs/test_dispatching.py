"""What is started, and what is not, when a run comes to nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from narrator.errors import ExitCode, UsageError
from narrator.job_runs import once
from narrator.job_runs.afterwards import settings_of
from narrator.job_runs.dispatch import Dispatcher, Ended
from narrator.job_runs.foreground import Foreground, run_jobs
from narrator.jobs.clock import Clock
from narrator.jobs.history import ItemRecord, ItemState, Outcome, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import JobName
from narrator.jobs.quiet import WatchedFile
from narrator.stopping import Stop

_DUE = datetime(2026, 3, 2, 2, tzinfo=UTC)
_JOB = JobName("one")


class _Desk:
    """A jobs file, a dispatcher of it, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "jobs.toml"
        self.told: list[str] = []
        self.write("0 2 * * *")

    def write(self, when: str, *names: str, more: str = "") -> None:
        book = self.file.parent / "inbox" / "book.md"
        book.parent.mkdir(exist_ok=True)
        book.write_text("# One\n\nWords.\n", encoding="utf-8")
        jobs = "".join(
            f'[jobs.{name}]\nsource = {{ folder = "inbox", quiet = "0s" }}\nwhen = "{when}"\n'
            for name in names or (_JOB,)
        )
        self.file.write_text(f'[settings]\ntimezone = "UTC"\n{more}\n{jobs}', encoding="utf-8")

    def dispatcher(self, now: datetime = _DUE) -> Dispatcher:
        return Dispatcher(self.file, Clock.at(now), self.told.append)

    def history(self) -> HistoryFile:
        return HistoryFile.open(self.file.with_name(".jobs"))


@pytest.fixture
def desk(tmp_path: Path) -> _Desk:
    return _Desk(tmp_path)


def _started(dispatcher: Dispatcher) -> list[Ended]:
    """Start what is due, and wait for its end."""

    async def run() -> list[Ended]:
        started = [dispatcher.running[each.job.name] for each in dispatcher.start_due(Stop())]
        return [await each for each in started]

    return asyncio.run(run())


@pytest.fixture
def children_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of ours end at once, with exit code 1, before they can note anything."""
    monkeypatch.setattr(sys, "executable", shutil.which("false"))


@pytest.mark.usefixtures("children_fail")
def test_a_job_that_cannot_begin_is_told_and_not_started_again_at_once(desk: _Desk) -> None:
    dispatcher = desk.dispatcher()
    (ended,) = _started(dispatcher)
    assert (ended.run, ended.exit_code) == (None, 1)
    assert desk.told[-1] == "one: could not begin: exit code 1"
    assert not _started(dispatcher)
    assert not dispatcher.startable
    dispatcher.close()


def test_no_process_to_be_had_is_a_line_and_no_fault(desk: _Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(desk.file.with_name("gone")))
    dispatcher = desk.dispatcher()
    (ended,) = _started(dispatcher)
    assert ended.exit_code == ExitCode.DISK
    assert "one: Starting a process failed: No such file or directory" in desk.told[-1]
    assert not _started(dispatcher)
    dispatcher.close()


@pytest.mark.usefixtures("children_fail")
def test_an_earlier_run_with_the_same_process_id_is_not_taken_for_this_one(
    desk: _Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container that is started for each run, all have the same."""
    with desk.history() as history:
        yesterday = _DUE - timedelta(days=1)
        for pid in (77, 78):
            due = yesterday - timedelta(days=78 - pid)
            run = history.begin(
                _JOB, due=due, trigger=Trigger.TIME, attempt=1, coalesced=0, started=due, pid=pid
            )
            assert run is not None
            history.end(run.id, ended=due, outcome=Outcome.DONE)
    monkeypatch.setattr("narrator.job_runs.child.Child.pid", 78)
    dispatcher = desk.dispatcher()
    (ended,) = _started(dispatcher)
    assert ended.run is None
    dispatcher.close()
    assert once.exit_code_of(dispatcher.jobs, [ended]) == ExitCode.INCOMPLETE


@pytest.mark.usefixtures("children_fail")
def test_what_has_no_place_waits_and_is_asked_for_again(desk: _Desk) -> None:
    desk.write("0 2 * * *", "a", "b", "c", more="at_once = 2")
    dispatcher = desk.dispatcher()
    assert [each.due.job.name for each in _started(dispatcher)] == ["a", "b"]
    assert [each.due.job.name for each in _started(dispatcher)] == ["c"]
    dispatcher.close()


@pytest.mark.usefixtures("children_fail")
def test_run_due_starts_each_job_once_however_often_it_is_due(desk: _Desk) -> None:
    desk.write("every 1s", "a", "b", "c", more="at_once = 1")
    code = once.run_due(desk.file, Clock.at(_DUE), desk.told.append)
    assert code == ExitCode.INCOMPLETE
    assert [line.partition(":")[0] for line in desk.told if "begins" in line] == ["a", "b", "c"]


@pytest.mark.usefixtures("children_fail")
@pytest.mark.parametrize(
    ("state", "may_pass", "attempt", "hours", "is_due"),
    [
        (ItemState.OPEN, True, 4, 2, True),
        (ItemState.OPEN, True, 4, 0.5, False),  # not yet
        (ItemState.OPEN, False, 1, 2, False),  # a person has to mend it
        (ItemState.FAILED, True, 4, 2, False),  # it is the book's own fault
    ],
)
def test_what_all_tries_left_open_is_tried_later_although_no_file_changed(
    desk: _Desk, *, state: ItemState, may_pass: bool, attempt: int, hours: float, is_due: bool
) -> None:
    desk.write("on change")
    book = desk.file.parent / "inbox" / "book.md"
    dispatcher = desk.dispatcher(_DUE + timedelta(hours=hours))
    settings = settings_of(dispatcher.jobs.jobs[0])
    stat = WatchedFile.at(book, book.stat()).stat
    with desk.history() as history:
        history.keep_items([ItemRecord(_JOB, str(book), "digest", settings, stat, state)])
        run = history.begin(
            _JOB, due=_DUE, trigger=Trigger.RETRY, attempt=attempt, coalesced=0, started=_DUE, pid=1
        )
        assert run is not None
        history.end(run.id, ended=_DUE, outcome=Outcome.FAILED, may_pass=may_pass)
    triggers = [each.due.trigger for each in _started(dispatcher)]
    assert triggers == ([Trigger.CHANGE] if is_due else [])
    dispatcher.close()


@pytest.mark.usefixtures("children_fail")
def test_what_a_run_left_as_being_written_is_not_looked_at_again_at_once(desk: _Desk) -> None:
    desk.write("on change")
    desk.file.write_text(desk.file.read_text().replace("0s", "5s"))
    book = desk.file.parent / "inbox" / "book.md"
    os.utime(book, (2**33, 2**33))  # a clock that was ahead wrote it
    with desk.history() as history:
        run = history.begin(_JOB, due=_DUE, trigger=Trigger.CHANGE, attempt=1, coalesced=0, started=_DUE, pid=1)
        assert run is not None
        history.end(run.id, ended=_DUE, outcome=Outcome.DONE)
    for seconds, is_due in ((1, False), (6, True)):
        dispatcher = desk.dispatcher(_DUE + timedelta(seconds=seconds))
        assert bool(_started(dispatcher)) is is_due
        dispatcher.close()


def test_the_foreground_outlives_a_damaged_history(desk: _Desk) -> None:
    desk.write("once 2999-01-01 02:00")
    foreground = Foreground(desk.file, desk.told.append)
    for path in desk.file.with_name(".jobs").glob("history.db*"):
        path.unlink()
    desk.file.with_name(".jobs").joinpath("history.db").write_bytes(b"no database" * 100)
    for _ in range(2):
        until_s = (foreground.look() - datetime.now(UTC)).total_seconds()
        assert 25 < until_s < 35
    assert ["is damaged" in line for line in desk.told] == [True]


def test_an_edited_jobs_file_counts_once_it_can_be_read(desk: _Desk) -> None:
    desk.write("once 2999-01-01 02:00")
    foreground = Foreground(desk.file, desk.told.append)
    desk.file.write_text("[[[")
    for _ in range(2):
        foreground.look()
    assert ["is not TOML" in line for line in desk.told] == [True]
    desk.write("once 2999-01-01 02:00", "other")
    foreground.look()
    assert desk.told[1:] == ["other: next 2999-01-01 02:00 +00:00"]


def test_a_mistake_is_told_once_and_again_when_it_comes_back(desk: _Desk) -> None:
    dispatcher = desk.dispatcher()
    for when in ("61 2 * * *", "61 2 * * *", "0 2 * * *", "61 2 * * *"):
        desk.write(when)
        dispatcher.read()
    dispatcher.close()
    assert [line.partition(" ")[0] for line in desk.told] == ["one:", "one:"]


def test_nothing_is_made_beside_a_jobs_file_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "gone" / "jobs.toml"
    for run in (lambda: run_jobs(file, print), lambda: once.run_due(file, Clock(), print)):
        with pytest.raises(UsageError, match="no jobs file"):
            run()
    assert not file.parent.exists()


@pytest.mark.parametrize("now", ["soon", "0001-01-01", "9999-12-31T23:59"])
def test_a_time_that_cannot_be_meant_is_told(now: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no time"):
        once.clock_at(now, tmp_path / "jobs.toml")
