from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from narrator.cli.jobs import jobs
from narrator.errors import DiskError, ExitCode, UsageError
from narrator.jobs.history import Outcome, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import JobName
from narrator.jobs.jobs_file import read_jobs, state_folder
from narrator.jobs.locks import hold
from tests.end_to_end.command import JSON, narrator

SEVEN = datetime(2026, 3, 28, 6, 0, tzinfo=UTC)  # 07:00 in Berlin; the next day it is 08:00
DAY = timedelta(days=1)

NEWS = """
[jobs.news]
source = { feed = "https://example.org/feed.xml" }
when = "0 7 * * *"
timezone = "Europe/Berlin"
"""
LATER = """
[jobs.later]
source = { page = "https://example.org/" }
when = "once 2099-01-01 00:00"
timezone = "Asia/Tokyo"
"""
BROKEN = """
[jobs.broken]
source = { page = "https://example.org/" }
when = "each tuesday"
"""


@pytest.fixture
def jobs_file(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.toml"
    path.write_text(NEWS + LATER, encoding="utf-8")
    return path


def told(*arguments: str | Path, jobs_file: Path) -> Result:
    return CliRunner().invoke(jobs, [f"--jobs={jobs_file}", *map(str, arguments)])


def lines(*arguments: str | Path, jobs_file: Path) -> list[JSON]:
    done = told(*arguments, "--json", jobs_file=jobs_file)
    assert not done.exception or isinstance(done.exception, SystemExit)
    return [json.loads(line) for line in done.output.splitlines()]


def ran(
    jobs_file: Path,
    name: str,
    due: datetime,
    outcome: Outcome | None = Outcome.DONE,
    *,
    reason: str = "",
    characters: int = 0,
    cost_usd: float | None = 0.0,
    files: tuple[str, ...] = (),
    attempt: int = 1,
    coalesced: int = 0,
) -> None:
    """Note a run that took three minutes, or, without an outcome, one that has not ended."""
    with HistoryFile.open(state_folder(jobs_file)) as file:
        run = file.begin(
            JobName(name),
            due=due,
            trigger=Trigger.RETRY if attempt > 1 else Trigger.TIME,
            attempt=attempt,
            coalesced=coalesced,
            started=due,
            pid=1,
            log="logs/1.log",
        )
        assert run is not None
        if outcome:
            file.end(
                run.id,
                ended=due + timedelta(minutes=3),
                outcome=outcome,
                reason=reason,
                characters=characters,
                cost_usd=cost_usd,
                files=files,
            )


# --- narrator jobs history --------------------------------------------------------------------------


def test_runs_are_told_in_words_on_the_clock_of_their_job(jobs_file: Path) -> None:
    ran(jobs_file, "news", SEVEN, files=("a.mp3", "b.mp3"), characters=12_345, cost_usd=0.185175)
    failed = "The feed at example.org\nanswers \x1b[31m404."
    ran(jobs_file, "news", SEVEN + DAY, Outcome.FAILED, reason=failed, attempt=2, coalesced=1, cost_usd=None)
    assert told("history", jobs_file=jobs_file).output.splitlines() == [
        "2026-03-29 08:00 +02:00      3:00  news  failed      price unknown, try 2, and 1 time before it",
        "    The feed at example.org answers [31m404.",
        "2026-03-28 07:00 +01:00      3:00  news  done        2 files, 12,345 characters, $0.19",
    ]


def test_runs_are_told_to_programs(jobs_file: Path) -> None:
    ran(jobs_file, "news", SEVEN, files=("caf\udce9.mp3",), characters=12_345, cost_usd=0.185175, coalesced=2)
    assert lines("history", jobs_file=jobs_file) == [
        {
            "event": "run",
            "job": "news",
            "due": "2026-03-28T07:00:00+01:00",
            "started": "2026-03-28T07:00:00+01:00",
            "ended": "2026-03-28T07:03:00+01:00",
            "seconds": 180.0,
            "outcome": "done",
            "reason": "",
            "resume_at": None,
            "trigger": "time",
            "attempt": 1,
            "coalesced": 2,
            "characters": 12_345,
            "cost_usd": 0.185175,
            "files": ["caf\udce9.mp3"],
            "log": "logs/1.log",
        }
    ]


def test_people_are_told_of_the_last_twenty_runs_and_programs_of_all(jobs_file: Path) -> None:
    for day in range(22):
        ran(jobs_file, "news", SEVEN + day * DAY)
    assert len(told("history", jobs_file=jobs_file).output.splitlines()) == 20
    assert len(told("history", "--limit=21", jobs_file=jobs_file).output.splitlines()) == 21
    assert len(lines("history", jobs_file=jobs_file)) == 22
    assert [each["due"][:10] for each in lines("history", "--limit=2", jobs_file=jobs_file)] == [
        "2026-04-18",
        "2026-04-17",
    ]


def test_the_runs_of_one_job_are_told(jobs_file: Path) -> None:
    ran(jobs_file, "news", SEVEN)
    ran(jobs_file, "later", SEVEN)
    assert [each["job"] for each in lines("history", "news", jobs_file=jobs_file)] == ["news"]


def test_a_job_that_is_no_longer_in_the_file_is_told_in_utc(jobs_file: Path) -> None:
    ran(jobs_file, "news", SEVEN)
    jobs_file.write_text(LATER, encoding="utf-8")
    assert "2026-03-28 06:00 +00:00" in told("history", "news", jobs_file=jobs_file).output
    jobs_file.write_text("no [ TOML", encoding="utf-8")
    assert lines("history", jobs_file=jobs_file)[0]["due"] == "2026-03-28T06:00:00+00:00"


def test_an_open_run_is_told_as_running_or_abandoned(jobs_file: Path) -> None:
    ran(jobs_file, "news", SEVEN, outcome=None)
    ran(jobs_file, "news", SEVEN + DAY, outcome=None)
    with hold(state_folder(jobs_file), JobName("news")):
        outcomes = [(each["outcome"], each["ended"]) for each in lines("history", jobs_file=jobs_file)]
    assert outcomes == [("running", None), ("abandoned", None)]
    assert [each["outcome"] for each in lines("history", jobs_file=jobs_file)] == ["abandoned", "abandoned"]


def test_a_skipped_time_is_told_when_it_was_due(jobs_file: Path) -> None:
    with HistoryFile.open(state_folder(jobs_file)) as file:
        file.skip(JobName("news"), due=SEVEN, coalesced=1, now=SEVEN + DAY, reason="too late")
    assert told("history", jobs_file=jobs_file).output.splitlines() == [
        "2026-03-28 07:00 +01:00            news  skipped     and 1 time before it",
        "    too late",
    ]


def test_no_history_yet_says_so_and_makes_nothing(jobs_file: Path) -> None:
    assert told("history", jobs_file=jobs_file).output == "Nothing has run yet.\n"
    assert lines("history", jobs_file=jobs_file) == []
    assert [*jobs_file.parent.iterdir()] == [jobs_file]


def test_an_unknown_job_names_the_nearest(jobs_file: Path) -> None:
    done = told("history", "nws", jobs_file=jobs_file)
    assert isinstance(done.exception, UsageError)
    assert "Did you mean 'news'?" in str(done.exception)


def test_no_jobs_file_and_no_history_is_a_usage_error(jobs_file: Path) -> None:
    done = told("history", jobs_file=jobs_file.with_name("other.toml"))
    assert isinstance(done.exception, UsageError)
    assert "other.toml" in str(done.exception)


def test_a_damaged_history_is_told_by_both_commands(jobs_file: Path) -> None:
    state_folder(jobs_file).mkdir()
    (state_folder(jobs_file) / "history.db").write_bytes(b"no database" * 100)
    for command in ("history", "status"):
        done = told(command, jobs_file=jobs_file)
        assert isinstance(done.exception, DiskError)
        assert "budgets begin anew" in done.exception.advice


def test_the_installed_command_tells_a_newer_history_in_a_line(jobs_file: Path) -> None:
    ran(jobs_file, "news", SEVEN)
    with closing(sqlite3.connect(state_folder(jobs_file) / "history.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    done = narrator("jobs", "history", f"--projects={jobs_file.parent}")
    assert done.exit_code == ExitCode.USAGE
    assert "newer narrator" in done.err
    assert "Traceback" not in done.err


# --- narrator jobs status ---------------------------------------------------------------------------


def seen(jobs_file: Path, since: datetime) -> None:
    with HistoryFile.open(state_folder(jobs_file)) as file:
        file.see(read_jobs(jobs_file).jobs, since)


def test_jobs_that_are_well_exit_with_0(jobs_file: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    seen(jobs_file, now)
    ran(jobs_file, "news", now)
    done = told("status", jobs_file=jobs_file)
    assert done.exit_code == ExitCode.DONE
    news, later = done.output.splitlines()
    assert news.startswith("news   done 20")
    assert news.endswith((" 07:00 +01:00", " 07:00 +02:00"))
    assert later == "later  never ran; next 2099-01-01 00:00 +09:00"


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCOMPLETE, Outcome.ABANDONED, None])
def test_a_last_run_that_did_not_do_what_it_should_exits_with_3(
    jobs_file: Path, outcome: Outcome | None
) -> None:
    now = datetime.now(UTC)
    seen(jobs_file, now)
    ran(jobs_file, "news", now, outcome, reason="one two")
    done = told("status", jobs_file=jobs_file)
    assert done.exit_code == ExitCode.INCOMPLETE
    assert done.output.startswith(f"news   {outcome or 'abandoned'} 20")


def test_an_overdue_job_exits_with_3(jobs_file: Path) -> None:
    seen(jobs_file, SEVEN)
    done = told("status", jobs_file=jobs_file)
    assert done.exit_code == ExitCode.INCOMPLETE
    assert "news   never ran; overdue" in done.output


def test_a_job_that_cannot_be_understood_exits_with_2(jobs_file: Path, tmp_path: Path) -> None:
    jobs_file.write_text(NEWS + BROKEN, encoding="utf-8")
    metrics = tmp_path / "narrator.prom"
    done = told("status", "--prometheus", metrics, jobs_file=jobs_file)
    assert done.exit_code == ExitCode.USAGE
    assert "broken  cannot be understood: when: " in done.output
    assert "\nnarrator_jobs_bad 1.0\n" in metrics.read_text(encoding="utf-8")


def test_the_installed_command_tells_programs_how_jobs_are(jobs_file: Path) -> None:
    seen(jobs_file, SEVEN)
    ran(jobs_file, "news", datetime.now(UTC), outcome=None)
    with hold(state_folder(jobs_file), JobName("news")):
        done = narrator("jobs", "status", "--json", "--jobs", jobs_file)
    news, later, result = done.events
    assert (news["job"], news["outcome"], news["is_running"], news["is_well"]) == (
        "news",
        "running",
        True,
        True,
    )
    assert (later["job"], later["next"]) == ("later", "2099-01-01T00:00:00+09:00")
    assert result == {"event": "result", "exit_code": 0}
    assert done.exit_code == 0
