"""What becomes of jobs, written to `history.db` before and after each run, so that none is done twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from narrator.durable import disk_errors
from narrator.jobs.history import ItemRecord, Outcome, Run, Trigger
from narrator.jobs.history_db import history_errors, open_for_writing
from narrator.jobs.history_reader import HistoryReader, since_of
from narrator.jobs.history_rows import (
    KEEP_ITEM,
    micros_of,
    moment_of,
    place_of,
    row_of,
    schedule_of,
    text_of,
    us_of,
)
from narrator.jobs.job import Job, JobName
from narrator.sqlite_files import transaction

_BEGIN = """
    INSERT INTO runs (job, due_us, cause, attempt, coalesced, started_us, log, pid)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, due_us, attempt) DO NOTHING
"""
_END = """
    UPDATE runs SET ended_us = ?, outcome = ?, reason = ?, may_pass = ?, resume_us = ?, characters = ?,
                    usd_micros = ?, files = ?
    WHERE run = ? AND ended_us IS NULL
"""
_SKIP = """
    INSERT INTO runs (job, due_us, cause, attempt, coalesced, started_us, ended_us, outcome, reason)
    VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?) ON CONFLICT (job, due_us, attempt) DO NOTHING
"""
_PRUNE = """
    DELETE FROM runs
    WHERE job = :job AND due_us < :idle_us AND ended_us < :idle_us
      AND (
          outcome = 'done' AND files = '[]' AND characters = 0 AND usd_micros = 0
          OR started_us < :old_us AND ended_us < :old_us
      )
      AND run IS NOT (
          SELECT run FROM runs WHERE job = :job AND outcome IN ('done', 'budget', 'window')
              AND outcome IS NOT 'skipped' ORDER BY run DESC LIMIT 1
      )
      AND due_us IS NOT (
          SELECT due_us FROM runs WHERE job = :job AND due_us <= :now_us AND cause <> 'hand'
          ORDER BY due_us DESC LIMIT 1
      )
"""
"""All that is told of a job is the same without these: its last success and last time of its schedule stay.

By `due_us` first, which is in an index.
"""
_MARK = """
    INSERT INTO marks (run, project, identity, usd_micros, characters)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (run, project) DO NOTHING
"""

_IDLE = timedelta(days=90)
"""For so long a run is told that found nothing new."""

_OLD = timedelta(days=2 * 366)
"""For so long any run is told."""

_LONGEST_REASON = 500


class HistoryFile(HistoryReader):
    """The history of a jobs file, for one who writes it. Make one with `open`, and close it.

    What a method wrote is durable when it returns, and where it raises DiskError (the disk is full or failing)
    nothing of it is written. One file may be open in many processes.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        super().__init__(folder)
        self._connection = connection
        self._inode = self._inode_now()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The history in a state folder; both are made where they are missing.

        Raises:
            UsageError: a newer narrator wrote it.
            DiskError: it is damaged, or cannot be read or written.
        """
        return cls(folder, open_for_writing(folder))

    def close(self) -> None:
        """End with it; what was written is durable before."""
        self._connection.close()

    def see(self, jobs: Iterable[Job], now: datetime) -> None:
        """Note that these are jobs now. Writes nothing where all are as they were.

        `JobHistory.since` begins for new ones, and anew for one whose `when` or zone is another, whose pause
        begins or ends, or that was first seen by a clock that was wrong.
        """
        with self._reading() as rows:
            anew = [
                (job.name, schedule_of(job), us_of(now)) for job in jobs if since_of(rows, job, now) is None
            ]
        if anew:
            with self._writing() as connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO seen (job, schedule, since_us) VALUES (?, ?, ?)", anew
                )

    def forget(self, job: JobName) -> None:
        """Have a job be seen anew when it is seen the next time. Its runs and items stay."""
        with self._writing() as connection:
            connection.execute("DELETE FROM seen WHERE job = ?", (job,))

    def begin(
        self,
        job: JobName,
        *,
        due: datetime,
        trigger: Trigger,
        attempt: int,
        coalesced: int,
        started: datetime,
        pid: int,
        log: str = "",
    ) -> Run | None:
        """Note that a run begins; None where this attempt was begun before. The caller holds the job's lock.

        Runs of the job that ended long ago are forgotten then.
        """
        values = (job, us_of(due), trigger, attempt, coalesced, us_of(started), text_of(log), pid)
        with self._writing() as connection:
            inserted = connection.execute(_BEGIN, values)
            if not inserted.rowcount:
                return None
            number = int(inserted.lastrowid or 0)
            connection.execute(_PRUNE, _ages(job, started))
        due, started = moment_of(us_of(due)), moment_of(us_of(started))
        return Run(number, job, due, trigger, attempt, coalesced, started, log=log, pid=pid)

    def end(
        self,
        run: int,
        *,
        ended: datetime,
        outcome: Outcome,
        reason: str = "",
        may_pass: bool = False,
        resume_at: datetime | None = None,
        characters: int = 0,
        cost_usd: float | None = 0.0,
        files: Sequence[str] = (),
    ) -> None:
        """Note how a run ended, and drop its marks of spending. One that has ended stays as it is."""
        values = (
            us_of(ended), outcome, text_of(shortened(reason)), may_pass,
            None if resume_at is None else us_of(resume_at), characters,
            micros_of(cost_usd), json.dumps(list(files)), run,
        )  # fmt: skip
        with self._writing() as connection:
            connection.execute(_END, values)
            connection.execute("DELETE FROM marks WHERE run = ?", (run,))

    def skip(self, job: JobName, *, due: datetime, coalesced: int, now: datetime, reason: str) -> None:
        """Note that a time of a job's schedule passed without a run; nothing where there was one."""
        values = (
            job, us_of(due), Trigger.TIME, coalesced, us_of(now), us_of(now), Outcome.SKIPPED,
            text_of(shortened(reason)),
        )  # fmt: skip
        with self._writing() as connection:
            connection.execute(_SKIP, values)

    def spending(self, run: int, *, identity: str, project: str, usd_micros: int, characters: int) -> None:
        """Note what a project's ledger comes to before a run pays for it: so its costs can be told without it.

        Of a run and a project the first note counts.
        """
        values = (run, text_of(project), text_of(identity), usd_micros, characters)
        with self._writing() as connection:
            connection.execute(_MARK, values)

    def keep_items(self, records: Iterable[ItemRecord]) -> None:
        """Note how things are that sources have; all of them or none."""
        with self._writing() as connection:
            connection.executemany(
                KEEP_ITEM, (row_of(replace(each, reason=shortened(each.reason))) for each in records)
            )

    def keep_fetched(self, job: Job, etag: str, last_modified: str) -> None:
        """Note the ETag and Last-Modified of what was fetched from a job's address; '' for none."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO fetched (job, place, etag, last_modified) VALUES (?, ?, ?, ?)",
                (job.name, place_of(job), text_of(etag), text_of(last_modified)),
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        connection = self._connected()
        with self._read_by(connection):
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connected()
        with history_errors("Writing", self._path), transaction(connection):
            yield connection

    def _connected(self) -> sqlite3.Connection:
        """The connection, to the file that has the name now: other processes know no other."""
        if self._inode_now() != self._inode:
            self._connection.close()
            self._connection = open_for_writing(self._folder)
            self._inode = self._inode_now()
        return self._connection

    def _inode_now(self) -> int:
        """0 where there is no file."""
        with disk_errors(f"Looking at {self._path}"):
            try:
                return self._path.stat().st_ino
            except FileNotFoundError:
                return 0


def shortened(reason: str) -> str:
    """A reason as history keeps it."""
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"


def _ages(job: JobName, now: datetime) -> dict[str, Any]:
    """What `_PRUNE` asks for."""
    return {"job": job, "now_us": us_of(now), "idle_us": us_of(now - _IDLE), "old_us": us_of(now - _OLD)}
