from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.errors import DiskError, UsageError
from narrator.jobs import history_db, history_reader
from narrator.jobs.history import ItemRecord, ItemState, JobHistory, Outcome, Run, Spent, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.history_reader import HistoryReader
from narrator.jobs.history_rows import moment_of, us_of
from narrator.jobs.job import Cron, Every, Job, JobName, Source, SourceKind
from narrator.jobs.locks import hold

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEWS = JobName("news")
JOB_ZONE = ZoneInfo("Europe/Berlin")
JOB = Job(NEWS, Source(SourceKind.FEED, "https://example.org/feed.xml"), Cron("0 7 * * *"), "Europe/Berlin")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".jobs"


@pytest.fixture
def file(state: Path) -> Iterator[HistoryFile]:
    with HistoryFile.open(state) as opened:
        yield opened


def begin(
    file: HistoryFile,
    due: datetime = NOW,
    *,
    job: JobName = NEWS,
    trigger: Trigger = Trigger.TIME,
    attempt: int = 1,
    started: datetime | None = None,
) -> Run:
    run = file.begin(
        job, due=due, trigger=trigger, attempt=attempt, coalesced=0, started=started or due, pid=os.getpid()
    )
    assert run is not None
    return run


def done(file: HistoryFile, due: datetime, *, characters: int = 0, cost_usd: float | None = 0.0) -> None:
    run = begin(file, due)
    file.end(run.id, ended=due, outcome=Outcome.DONE, characters=characters, cost_usd=cost_usd)


def known(file: HistoryReader, now: datetime = NOW, job: Job = JOB) -> JobHistory:
    return file.history([job], now)[job.name]


def known_runs(state: Path) -> list[Run]:
    """What another process knows."""
    return [*HistoryReader(state).runs()]


def record(identity: str, **facts: object) -> ItemRecord:
    return replace(ItemRecord(NEWS, identity, "d1g357", "s3771n65", "12:34:56", ItemState.DONE), **facts)  # type: ignore[arg-type] # fields by name


# --- first sight ------------------------------------------------------------------------------------


def test_a_reader_finds_nothing_and_makes_nothing_where_there_is_no_history(state: Path) -> None:
    with HistoryReader(state) as file:
        assert file.history([JOB], NOW) == {}
        assert list(file.runs()) == file.open_runs() == []
        assert file.items(NEWS) == file.succeeded([JOB]) == {}
        assert file.fetched(JOB) == ("", "")
    assert not state.exists()


def test_a_job_is_known_since_it_was_first_seen(file: HistoryFile) -> None:
    assert file.history([JOB], NOW) == {}
    file.see([JOB], NOW)
    file.see([JOB], NOW + HOUR)
    assert known(file, NOW + 2 * HOUR) == JobHistory(since=NOW)


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, when=Cron("0 8 * * *")),
        replace(JOB, when=Every(86_400.0)),
        replace(JOB, zone="Europe/London"),
        replace(JOB, is_paused=True),
    ],
)
def test_a_job_with_another_schedule_is_seen_anew_and_keeps_its_past(file: HistoryFile, other: Job) -> None:
    file.see([JOB], NOW)
    done(file, NOW)
    later = NOW + 3 * HOUR
    assert known(file, later, other).since == later
    file.see([other], later)
    assert known(file, later + HOUR, other).since == later
    assert known(file, later + HOUR, other).handled == NOW


def test_what_else_changes_in_a_job_does_not_make_it_new(file: HistoryFile) -> None:
    file.see([JOB], NOW)
    file.see(
        [replace(JOB, retries=7, source=Source(SourceKind.FEED, "https://example.org/other.xml"))], NOW + HOUR
    )
    assert known(file).since == NOW


def test_a_job_that_is_forgotten_is_seen_anew(file: HistoryFile) -> None:
    file.see([JOB], NOW)
    done(file, NOW)
    file.forget(NEWS)
    assert known(file, NOW + HOUR).since == NOW + HOUR
    file.see([JOB], NOW + 2 * HOUR)
    assert known(file, NOW + 3 * HOUR).since == NOW + 2 * HOUR


def test_a_clock_that_was_a_year_ahead_at_first_sight_does_not_hold_a_job_back(file: HistoryFile) -> None:
    file.see([JOB], NOW + timedelta(days=365))
    file.see([JOB], NOW)
    assert known(file).since == NOW


def test_a_clock_that_was_an_hour_ahead_does_not_make_a_job_new(file: HistoryFile) -> None:
    file.see([JOB], NOW)
    file.see([JOB], NOW - HOUR)
    assert known(file).since == NOW


# --- runs -------------------------------------------------------------------------------------------


def test_a_run_is_told_as_it_was_noted(file: HistoryFile, state: Path) -> None:
    due = NOW + timedelta(microseconds=123_457)
    run = file.begin(
        NEWS,
        due=due.astimezone(JOB_ZONE),
        trigger=Trigger.RETRY,
        attempt=2,
        coalesced=5,
        started=NOW + HOUR,
        pid=4711,
        log="logs/1.log",
    )
    assert run == Run(1, NEWS, due, Trigger.RETRY, 2, 5, NOW + HOUR, log="logs/1.log", pid=4711)
    assert [*file.runs()] == [run]
    ending = {
        "outcome": Outcome.BUDGET,
        "reason": "the day's budget is used up",
        "may_pass": True,
        "resume_at": NOW + 17 * HOUR,
        "characters": 12_345,
        "cost_usd": 0.185175,
        "files": ("out/1 \udcff.mp3", "out/2 “x”.mp3"),
    }
    file.end(run.id, ended=NOW + 2 * HOUR, **ending)  # type: ignore[arg-type] # named above
    assert [*HistoryReader(state).runs()] == [replace(run, ended=NOW + 2 * HOUR, **ending)]  # type: ignore[arg-type] # as above


def test_an_attempt_begins_once(file: HistoryFile) -> None:
    first = begin(file)
    again = {"trigger": Trigger.TIME, "coalesced": 0, "started": NOW, "pid": 1}
    assert file.begin(NEWS, due=NOW, attempt=1, **again) is None  # type: ignore[arg-type] # named above
    assert begin(file, attempt=2).id != first.id
    assert begin(file, job=JobName("other")).id != first.id


def test_of_many_that_begin_a_run_in_a_new_folder_at_once_one_does(state: Path) -> None:
    def one(pid: int) -> bool:
        with HistoryFile.open(state) as file:
            return bool(
                file.begin(NEWS, due=NOW, trigger=Trigger.TIME, attempt=1, coalesced=0, started=NOW, pid=pid)
            )

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [False] * 7 + [True]


def test_the_first_end_of_a_run_is_its_end(file: HistoryFile) -> None:
    run = begin(file)
    file.end(run.id, ended=NOW + HOUR, outcome=Outcome.DONE)
    file.end(run.id, ended=NOW + 2 * HOUR, outcome=Outcome.ABANDONED)
    (told,) = file.runs()
    assert (told.ended, told.outcome) == (NOW + HOUR, Outcome.DONE)


def test_runs_are_told_newest_first_and_no_more_than_wanted(
    file: HistoryFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_reader, "_PAGE", 3)
    for hour in range(9):
        begin(file, NOW + hour * HOUR)
    begin(file, NOW - HOUR, job=JobName("other"))
    assert [run.id for run in file.runs()] == list(range(10, 0, -1))
    assert [run.due for run in file.runs(NEWS, limit=2)] == [NOW + 8 * HOUR, NOW + 7 * HOUR]
    assert len([*file.runs(limit=6)]) == 6
    assert file.names() == {"news", "other"}


def test_only_open_runs_are_open(file: HistoryFile) -> None:
    done(file, NOW)
    late = begin(file, NOW + HOUR)
    file.skip(NEWS, due=NOW - HOUR, coalesced=2, now=NOW, reason="too late")
    assert file.open_runs() == [late]


def test_the_last_run_is_the_one_that_began_last_whatever_the_clock_says(file: HistoryFile) -> None:
    done(file, NOW + timedelta(days=365))
    done(file, NOW)
    file.skip(NEWS, due=NOW + HOUR, coalesced=0, now=NOW + HOUR, reason="too late")
    last = known(file, NOW + 2 * HOUR).last
    assert last is not None
    assert last.due == NOW


# --- what is handled --------------------------------------------------------------------------------


def test_what_a_run_or_a_skip_stands_for_is_handled(file: HistoryFile) -> None:
    file.see([JOB], NOW)
    assert known(file).handled is None
    begin(file, NOW - HOUR)
    assert known(file).handled == NOW - HOUR
    file.skip(NEWS, due=NOW, coalesced=3, now=NOW, reason="too late")
    assert known(file).handled == NOW
    file.skip(NEWS, due=NOW, coalesced=3, now=NOW, reason="too late")
    (skipped, _) = file.runs()
    assert (skipped.outcome, skipped.coalesced, skipped.ended) == (Outcome.SKIPPED, 3, NOW)


def test_what_lies_ahead_is_not_handled_when_the_clock_was_set_back(file: HistoryFile) -> None:
    done(file, NOW)
    done(file, NOW + 5 * HOUR)
    assert known(file, NOW + HOUR).handled == NOW
    assert known(file, NOW + 5 * HOUR).handled == NOW + 5 * HOUR


def test_a_run_that_a_person_began_handles_nothing(file: HistoryFile) -> None:
    done(file, NOW - HOUR)
    begin(file, NOW, trigger=Trigger.HAND)
    assert known(file).handled == NOW - HOUR


# --- money ------------------------------------------------------------------------------------------


def test_what_runs_of_the_last_35_days_spent_is_told_by_time(file: HistoryFile) -> None:
    done(file, NOW - timedelta(days=36), characters=1, cost_usd=1.0)
    done(file, NOW - timedelta(days=2))
    done(file, NOW - timedelta(days=1), characters=1_000, cost_usd=0.015)
    done(file, NOW - timedelta(days=34), characters=500, cost_usd=None)
    assert known(file).spent == (
        Spent(NOW - timedelta(days=34), 0.0, 500),
        Spent(NOW - timedelta(days=1), 0.015, 1_000),
    )


def test_the_first_mark_of_a_project_counts_until_the_run_ends(file: HistoryFile, state: Path) -> None:
    run = begin(file)
    for identity, usd_micros in (("a", 100), ("b", 900)):
        file.spending(
            run.id, identity=identity, project="books/p", usd_micros=usd_micros, characters=usd_micros
        )
    file.spending(run.id, identity="c", project="books/\udcff", usd_micros=0, characters=0)
    marks = HistoryReader(state).spent_marks(run.id)
    assert [(each.identity, each.project, each.usd_micros) for each in marks] == [
        ("a", "books/p", 100),
        ("c", "books/\udcff", 0),
    ]
    file.end(run.id, ended=NOW, outcome=Outcome.DONE)
    assert file.spent_marks(run.id) == []


def test_when_a_job_last_did_what_it_should_is_told(file: HistoryFile) -> None:
    assert file.succeeded([JOB]) == {}
    for hour, outcome in enumerate([Outcome.DONE, Outcome.WINDOW, Outcome.FAILED, Outcome.ABANDONED]):
        run = begin(file, NOW + hour * HOUR)
        file.end(run.id, ended=NOW + hour * HOUR, outcome=outcome)
    begin(file, NOW + 9 * HOUR)
    assert file.succeeded([JOB]) == {NEWS: NOW + HOUR}


# --- is it running ----------------------------------------------------------------------------------


def test_an_open_run_goes_on_while_its_lock_is_held(file: HistoryFile, state: Path) -> None:
    with hold(state, NEWS):
        run = begin(file)
        assert known(file).is_running
        assert HistoryReader(state).followed(run) == (run, True)
    assert not known(file).is_running
    assert file.followed(run) == (run, False)
    with hold(state, NEWS):
        file.end(run.id, ended=NOW, outcome=Outcome.DONE)
        assert not known(file).is_running
    assert file.followed(run)[0].outcome is Outcome.DONE


def test_a_run_does_not_go_on_because_a_later_one_of_its_job_does(file: HistoryFile, state: Path) -> None:
    gone = begin(file)
    with hold(state, NEWS):
        late = begin(file, NOW + HOUR)
        assert file.followed(gone) == (gone, False)
        assert file.followed(late) == (late, True)


# --- things of sources ------------------------------------------------------------------------------


def test_items_are_kept_by_job_and_identity(file: HistoryFile, state: Path) -> None:
    first = record("a", project=Path("/books/a"), title="A \0 title", reason="“no”", attempts=2)
    file.keep_items([first, record("b", state=ItemState.FAILED)])
    file.keep_items([replace(first, digest="other")])
    file.keep_items([replace(first, job=JobName("other"))])
    assert HistoryReader(state).items(NEWS) == {
        "a": replace(first, digest="other"),
        "b": record("b", state=ItemState.FAILED),
    }


def test_names_that_are_no_text_are_kept_as_they_are(file: HistoryFile) -> None:
    odd = record("/in/caf\udce9.epub", title="\udce9\0", project=Path("/books/caf\udce9"), reason="\ud800")
    plain = record("/in/caf\\udce9.epub")
    file.keep_items([odd, plain])
    assert [*file.items(NEWS).values()] == [odd, plain]


def test_what_was_fetched_is_kept_by_job_and_address(file: HistoryFile) -> None:
    file.keep_fetched(JOB, '"abc"', "")
    file.keep_fetched(JOB, '"def"', "Sun, 22 Nov 2026 07:00:00 GMT")
    assert file.fetched(JOB) == ('"def"', "Sun, 22 Nov 2026 07:00:00 GMT")
    assert file.fetched(replace(JOB, name=JobName("other"))) == ("", "")
    moved = replace(JOB, source=replace(JOB.source, place="https://example.org/all.xml"))
    assert file.fetched(moved) == ("", ""), "it would be taken for unchanged, and never be read"


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_are_kept_exactly(moment: datetime) -> None:
    assert moment_of(us_of(moment)) == moment


# --- what goes wrong --------------------------------------------------------------------------------


def write_nonsense(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9_000])


def overwrite_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4_096:] = b"\xff" * (len(data) - 4_096)
    path.write_bytes(data)


def lose_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE runs")


def write_senseless_outcome(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET outcome = 'splendid'")


def write_senseless_time(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET started_us = 9e18")


@pytest.mark.parametrize(
    "damage",
    [write_nonsense, cut_short, overwrite_pages, lose_a_table, write_senseless_outcome, write_senseless_time],
)
def test_a_damaged_file_says_what_is_lost_without_it(state: Path, damage: Callable[[Path], None]) -> None:
    with HistoryFile.open(state) as file:
        done(file, NOW)
    damage(state / "history.db")
    with pytest.raises(DiskError, match=r"history\.db is damaged") as told:
        HistoryReader(state).history([JOB], NOW)
    assert "nothing is paid twice" in told.value.advice
    assert "budgets begin anew" in told.value.advice
    with pytest.raises(DiskError, match="is damaged"), HistoryFile.open(state) as file:
        file.history([JOB], NOW)


def test_the_history_of_a_newer_narrator_is_left_alone(state: Path) -> None:
    HistoryFile.open(state).close()
    with closing(sqlite3.connect(state / "history.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    for use in (HistoryFile.open, lambda folder: HistoryReader(folder).open_runs()):
        with pytest.raises(UsageError, match="newer narrator"):
            use(state)


def test_a_full_disk_is_told_and_leaves_the_history_whole(file: HistoryFile, state: Path) -> None:
    run = begin(file)
    (pages,) = file._connection.execute("PRAGMA page_count").fetchone()
    file._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskError, match="No space left") as told:
        file.end(run.id, ended=NOW, outcome=Outcome.FAILED, files=["x" * 100_000])
    assert "Free some space" in told.value.advice
    with pytest.raises(DiskError, match="No space left"):
        file.keep_items([record("a"), record("b", title="x" * 100_000)])
    assert file.items(NEWS) == {}
    file._connection.execute("PRAGMA max_page_count = 1000000")
    file.end(run.id, ended=NOW, outcome=Outcome.DONE)
    assert [each.outcome for each in HistoryReader(state).runs()] == [Outcome.DONE]


def test_a_file_that_another_program_keeps_is_told(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_db, "BUSY_S", 0)
    with HistoryFile.open(state) as file, closing(sqlite3.connect(state / "history.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DiskError, match="locked") as told:
            begin(file)
    assert "Close the other program" in told.value.advice


def test_a_folder_that_cannot_be_made_is_told(state: Path) -> None:
    state.write_text("in the way", encoding="utf-8")
    with pytest.raises(DiskError, match=r"Opening .*\.jobs"):
        HistoryFile.open(state)


def test_a_file_that_somebody_removed_is_begun_anew_by_who_has_it_open(file: HistoryFile, state: Path) -> None:
    done(file, NOW)
    for path in state.glob("history.db*"):
        path.unlink()
    assert known_runs(state) == [*file.runs()] == []
    run = begin(file)
    assert known_runs(state) == [*file.runs()] == [run]


def test_reading_leaves_nothing_behind(state: Path) -> None:
    with HistoryFile.open(state) as file:
        done(file, NOW)
    before = {path: path.read_bytes() for path in state.iterdir()}
    assert len([*HistoryReader(state).runs()]) == 1
    assert {path: path.read_bytes() for path in state.iterdir()} == before


def test_the_past_of_other_jobs_and_of_long_ago_costs_a_look_nothing(file: HistoryFile) -> None:
    jobs = [replace(JOB, name=JobName(f"job{number}")) for number in range(10)]
    file.see(jobs, NOW)

    def effort(runs: int) -> int:
        rows = [(job.name, us_of(NOW) - each, us_of(NOW) - each) for job in jobs for each in range(runs)]
        with file._writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO runs "
                "(job, due_us, cause, attempt, coalesced, started_us, ended_us, outcome) "
                "VALUES (?, ?, 'time', 1, 0, ?, 0, 'done')",
                rows,
            )
        steps = []
        file._connection.set_progress_handler(lambda: steps.append(1), 10)
        file.history(jobs, NOW)
        file._connection.set_progress_handler(None, 10)
        return len(steps)

    assert effort(1_000) < 2 * effort(10)


def test_long_ago_is_forgotten_and_what_is_known_of_a_job_is_not(file: HistoryFile) -> None:
    file.see([JOB], NOW)
    other = begin(file, NOW, job=JobName("other"))
    file.end(other.id, ended=NOW, outcome=Outcome.DONE)
    day = timedelta(days=1)
    done(file, NOW)
    done(file, NOW + day, characters=5, cost_usd=0.1)
    done(file, NOW + 2 * day)
    done(file, NOW + 3 * day)
    done(file, NOW + 80 * day)
    later = NOW + 100 * day
    begin(file, later, trigger=Trigger.HAND)
    dues = [run.due for run in file.runs(NEWS)]
    assert dues == [later, NOW + 80 * day, NOW + day]
    assert known(file, later).handled == NOW + 80 * day
    assert [run.job for run in file.runs(JobName("other"))] == ["other"]

    much_later = NOW + 1000 * day
    begin(file, much_later, trigger=Trigger.HAND)
    assert NOW + day not in [run.due for run in file.runs(NEWS)]
    past = known(file, much_later)
    assert past.handled == NOW + 80 * day
    assert past.last
    assert past.last.due == much_later
    assert file.succeeded([JOB]) == {NEWS: NOW + 80 * day}


def test_a_reason_is_kept_as_far_as_a_person_reads_it(file: HistoryFile) -> None:
    run = begin(file)
    file.end(run.id, ended=NOW, outcome=Outcome.FAILED, reason="x" * 5000)
    file.skip(NEWS, due=NOW + HOUR, coalesced=0, now=NOW + HOUR, reason="x" * 5000)
    file.keep_items([record("one", reason="x" * 5000)])
    told = [*(each.reason for each in file.runs()), file.items(NEWS)["one"].reason]
    assert told == [f"{'x' * 499}…"] * 3
