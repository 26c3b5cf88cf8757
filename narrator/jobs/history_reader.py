"""What `history.db` tells, to whoever may or may not write it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from narrator.jobs.history import History, ItemRecord, JobHistory, Outcome, Run, Trigger
from narrator.jobs.history_db import NAME, history_errors, one_moment, open_for_reading, sensible
from narrator.jobs.history_rows import (
    ITEMS,
    RUNS,
    SpentMark,
    item_of,
    moment_of,
    place_of,
    run_of,
    schedule_of,
    spent_of,
    us_of,
    words_of,
)
from narrator.jobs.job import Job, JobName
from narrator.jobs.locks import is_locked

SPENT = timedelta(days=35)
"""For so long what was spent is told: the longest month, and what a zone can add to it."""

AHEAD = timedelta(days=1)
"""A job that was first seen further ahead than this was seen by a clock that was wrong."""

SUCCESSES = (Outcome.DONE, Outcome.BUDGET, Outcome.WINDOW)
"""What a run ends with that did all that it should, be it as far as money and hours went."""

_NEWEST = "SELECT max(run) FROM runs WHERE job = ? AND outcome IS NOT 'skipped'"

_PAGE = 500
"""Runs that are read at once."""


class HistoryReader:
    """The history of a jobs file, for one who only reads it: nothing is made, and a missing one is empty.

    `folder` is the state folder. Every method may raise DiskError: the file is damaged or cannot be read; and
    UsageError: a newer narrator wrote it. All times that it tells are in UTC.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME

    def close(self) -> None:
        """End with it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def history(self, jobs: Iterable[Job], now: datetime) -> History:
        """What is known of these jobs at `now`, which bounds `handled`; `changed` is not known here.

        A job whose schedule is not as it was when it was seen is told as being seen now for the first time.
        """
        wanted = tuple(jobs)
        with self._reading() as rows:
            known = {job.name: _known(rows, job, now) for job in wanted}
        return {
            job.name: self._at_work(job, each, now) for job in wanted if (each := known[job.name]) is not None
        }

    def _at_work(self, job: Job, known: JobHistory, now: datetime) -> JobHistory:
        """The same, with whether its last run goes on."""
        while known.last is not None and known.last.ended is None:
            last, is_running = self.followed(known.last)
            if last == known.last:
                return replace(known, is_running=is_running)
            with self._reading() as rows:  # it ended while we looked, and what it spent must not be missed
                known = _known(rows, job, now) or known
        return known

    def followed(self, run: Run) -> tuple[Run, bool]:
        """A run that had not ended, as it is now, and whether it goes on.

        One that neither has ended nor goes on was abandoned.
        """
        # Who works for a job has its lock until the run is ended: so the lock is looked at first.
        is_held = is_locked(self._folder, run.job)
        with self._reading() as rows:
            now = run_of(rows.execute(f"{RUNS} WHERE run = ?", (run.id,)).fetchone())
            (newest,) = rows.execute(_NEWEST, (run.job,)).fetchone()
        return now, is_held and now.ended is None and now.id == newest

    def succeeded(self, jobs: Iterable[Job]) -> dict[JobName, datetime]:
        """When the last run of each job ended that did all it should, be it as far as money and hours went."""
        query = """
            SELECT ended_us FROM runs WHERE job = ? AND outcome IN (?, ?, ?) AND outcome IS NOT 'skipped'
            ORDER BY run DESC LIMIT 1
        """
        with self._reading() as rows:
            found = {job.name: rows.execute(query, (job.name, *SUCCESSES)).fetchone() for job in jobs}
            return {name: moment_of(row[0]) for name, row in found.items() if row}

    def names(self) -> set[str]:
        """The jobs that there is a run of, whether or not they are still in the jobs file."""
        with self._reading() as rows:
            return {job for (job,) in rows.execute("SELECT DISTINCT job FROM runs")}

    def open_runs(self) -> list[Run]:
        """The runs that have not ended, oldest first; `followed` tells which of them go on."""
        with self._reading() as rows:
            return [run_of(row) for row in rows.execute(f"{RUNS} WHERE ended_us IS NULL ORDER BY run")]

    def runs(self, job: JobName | None = None, limit: int | None = None) -> Iterator[Run]:
        """The runs of a job, or of all, newest first, those that were skipped among them."""
        one = "" if job is None else "AND job = :job"
        query = f"{RUNS} WHERE run < :before {one} ORDER BY run DESC LIMIT :size"
        before, left = 2**63 - 1, limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            with self._reading() as rows:
                page = [
                    run_of(row) for row in rows.execute(query, {"before": before, "job": job, "size": size})
                ]
            yield from page
            if len(page) < size:
                return
            before, left = page[-1].id, None if left is None else left - size

    def spent_marks(self, run: int) -> list[SpentMark]:
        """What was noted of each project before this run paid for it; nothing once the run has ended."""
        query = "SELECT identity, project, usd_micros, characters FROM marks WHERE run = ? ORDER BY rowid"
        with self._reading() as rows:
            return [
                SpentMark(words_of(identity), words_of(project), usd_micros, characters)
                for identity, project, usd_micros, characters in rows.execute(query, (run,))
            ]

    def items(self, job: JobName) -> dict[str, ItemRecord]:
        """All that is known of what a job's source has or had, by identity."""
        with self._reading() as rows:
            found = map(item_of, rows.execute(f"{ITEMS} WHERE job = ? ORDER BY rowid", (job,)))
            return {item.identity: item for item in found}

    def fetched(self, job: Job) -> tuple[str, str]:
        """The ETag and Last-Modified of what was last fetched from a job's address; '' for none.

        Nothing of another address is told: what had not changed since then may never have been read.
        """
        query = "SELECT etag, last_modified FROM fetched WHERE job = ? AND place = ?"
        with self._reading() as rows:
            row = rows.execute(query, (job.name, place_of(job))).fetchone()
            return (words_of(row[0]), words_of(row[1])) if row else ("", "")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for what is to be read at one moment."""
        # Opened for each question: another user's file, at rest, is read as one that does not change.
        with closing(open_for_reading(self._folder)) as connection, self._read_by(connection):
            yield connection

    @contextmanager
    def _read_by(self, connection: sqlite3.Connection) -> Iterator[None]:
        with history_errors("Reading", self._path), sensible(self._path), one_moment(connection):
            yield


def since_of(rows: sqlite3.Connection, job: Job, now: datetime) -> datetime | None:
    """When a job was first seen as it is now; None where it was not. Raises sqlite3.Error, OverflowError."""
    query = "SELECT since_us FROM seen WHERE job = ? AND schedule = ?"
    row = rows.execute(query, (job.name, schedule_of(job))).fetchone()
    since = moment_of(row[0]) if row else None
    return None if since is None or since > now + AHEAD else since


def _known(rows: sqlite3.Connection, job: Job, now: datetime) -> JobHistory | None:
    name, until_us = job.name, us_of(now)
    since = since_of(rows, job, now)
    # A skipped run is none, and what a person begins is not of the schedule.
    last = rows.execute(
        f"{RUNS} WHERE job = ? AND outcome IS NOT 'skipped' ORDER BY run DESC LIMIT 1",
        (name,),
    ).fetchone()
    handled = rows.execute(
        "SELECT due_us FROM runs WHERE job = ? AND due_us <= ? AND cause <> ? ORDER BY due_us DESC LIMIT 1",
        (name, until_us, Trigger.HAND),
    ).fetchone()
    if since is None and last is None and handled is None:
        return None
    spent = rows.execute(
        """
        SELECT started_us, usd_micros, characters FROM runs
        WHERE job = ? AND started_us > ? AND (characters > 0 OR usd_micros > 0) ORDER BY started_us
        """,
        (name, us_of(now - SPENT)),
    )
    return JobHistory(
        since=since or now,
        handled=moment_of(handled[0]) if handled else None,
        last=run_of(last) if last else None,
        spent=tuple(map(spent_of, spent)),
    )
