"""The tables of `history.db`, and what history knows as their rows and back.

Times are microseconds since 1970 in UTC, so that what is due is due at the same moment after it was written.
Money is in whole micro-dollars, NULL where no price is known.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from narrator.jobs.history import ItemRecord, ItemState, Outcome, Run, Spent, Trigger
from narrator.jobs.job import Job, JobName

REVISION = 1
"""Kept as SQLite's `user_version`; 0 is a file that nobody has written to."""

TABLES = (
    """
    CREATE TABLE runs (
        run INTEGER PRIMARY KEY,
        job TEXT NOT NULL,
        due_us INTEGER NOT NULL,
        cause TEXT NOT NULL,          -- history.Trigger
        attempt INTEGER NOT NULL,
        coalesced INTEGER NOT NULL,
        started_us INTEGER NOT NULL,
        ended_us INTEGER,
        outcome TEXT,                 -- history.Outcome; NULL until it is ended
        reason TEXT NOT NULL DEFAULT '',
        may_pass INTEGER NOT NULL DEFAULT 0,
        resume_us INTEGER,
        characters INTEGER NOT NULL DEFAULT 0,
        usd_micros INTEGER DEFAULT 0,
        files TEXT NOT NULL DEFAULT '[]', -- JSON
        log TEXT NOT NULL DEFAULT '',
        pid INTEGER NOT NULL DEFAULT 0,
        UNIQUE (job, due_us, attempt)
    )
    """,
    "CREATE INDEX runs_by_job ON runs (job)",
    "CREATE INDEX runs_begun ON runs (job) WHERE outcome IS NOT 'skipped'",
    "CREATE INDEX runs_open ON runs (run) WHERE ended_us IS NULL",
    "CREATE INDEX runs_spending ON runs (job, started_us) WHERE characters > 0 OR usd_micros > 0",
    """
    CREATE TABLE seen (
        job TEXT PRIMARY KEY,
        schedule TEXT NOT NULL,
        since_us INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE marks (
        run INTEGER NOT NULL REFERENCES runs,
        project TEXT NOT NULL,
        identity TEXT NOT NULL,
        usd_micros INTEGER NOT NULL,
        characters INTEGER NOT NULL,
        PRIMARY KEY (run, project)
    )
    """,
    """
    CREATE TABLE items (
        job TEXT NOT NULL,
        identity TEXT NOT NULL,
        digest TEXT NOT NULL,
        settings TEXT NOT NULL,
        stat TEXT NOT NULL,
        state TEXT NOT NULL,          -- history.ItemState
        title TEXT NOT NULL,
        project TEXT,
        reason TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        PRIMARY KEY (job, identity)
    )
    """,
    """
    CREATE TABLE fetched (
        job TEXT PRIMARY KEY,
        place TEXT NOT NULL,          -- place_of
        etag TEXT NOT NULL,
        last_modified TEXT NOT NULL
    )
    """,
)

RUNS = """
    SELECT run, job, due_us, cause, attempt, coalesced, started_us, ended_us, outcome, reason, may_pass,
           resume_us, characters, usd_micros, files, log, pid
    FROM runs
"""
"""Rows for `run_of`."""

ITEMS = "SELECT job, identity, digest, settings, stat, state, title, project, reason, attempts FROM items"
"""Rows for `item_of`."""

KEEP_ITEM = """
    INSERT OR REPLACE INTO items
           (job, identity, digest, settings, stat, state, title, project, reason, attempts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
"""For what `row_of` gives."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROS = 1_000_000
"""Micro-dollars in a dollar."""

Text = str | bytes
"""SQLite takes no text with lone surrogates, which names of files may have; such a one is kept as bytes."""


@dataclass(frozen=True, slots=True)
class SpentMark:
    """What a project's ledger came to, over all its runs, before a run of a job first worked on it.

    `identity` is the item that it was for.
    """

    identity: str
    project: str
    usd_micros: int
    characters: int


def us_of(moment: datetime) -> int:
    """Microseconds since 1970; exact."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(us: int) -> datetime:
    """The time in UTC."""
    return _EPOCH + us * _MICROSECOND


def micros_of(usd: float | None) -> int | None:
    return None if usd is None else round(usd * _MICROS)


def text_of(words: str) -> Text:
    try:
        words.encode()
    except UnicodeEncodeError:
        return words.encode(errors="surrogatepass")
    return words


def words_of(text: Text) -> str:
    return text if isinstance(text, str) else text.decode(errors="surrogatepass")


def schedule_of(job: Job) -> str:
    """What a job's times depend on; when it changes, the job is seen anew."""
    return repr((job.when, job.zone, job.is_paused))


def place_of(job: Job) -> str:
    """Which source a job has, in a form that gives away no key in its address."""
    return hashlib.sha256(job.source.place.encode(errors="surrogatepass")).hexdigest()[:16]


def run_of(row: tuple[Any, ...]) -> Run:
    """The run of a row of `RUNS`. Raises ValueError, TypeError or OverflowError where it makes no sense."""
    (
        number, job, due_us, cause, attempt, coalesced, started_us, ended_us, outcome, reason, may_pass,
        resume_us, characters, usd_micros, files, log, pid,
    ) = row  # fmt: skip
    return Run(
        id=number,
        job=JobName(job),
        due=moment_of(due_us),
        trigger=Trigger(cause),
        attempt=attempt,
        coalesced=coalesced,
        started=moment_of(started_us),
        ended=None if ended_us is None else moment_of(ended_us),
        outcome=None if outcome is None else Outcome(outcome),
        reason=words_of(reason),
        may_pass=bool(may_pass),
        resume_at=None if resume_us is None else moment_of(resume_us),
        characters=characters,
        cost_usd=None if usd_micros is None else usd_micros / _MICROS,
        files=tuple(json.loads(files)),
        log=words_of(log),
        pid=pid,
    )


def spent_of(row: tuple[int, int | None, int]) -> Spent:
    """What a run spent: when it began, micro-dollars (an unknown price counts nothing) and characters."""
    started_us, usd_micros, characters = row
    return Spent(moment_of(started_us), (usd_micros or 0) / _MICROS, characters)


def item_of(row: tuple[Any, ...]) -> ItemRecord:
    """The item of a row of `ITEMS`. Raises ValueError or TypeError where it makes no sense."""
    job, identity, digest, settings, stat, state, title, project, reason, attempts = row
    return ItemRecord(
        job=JobName(job),
        identity=words_of(identity),
        digest=digest,
        settings=settings,
        stat=stat,
        state=ItemState(state),
        title=words_of(title),
        project=None if project is None else Path(words_of(project)),
        reason=words_of(reason),
        attempts=attempts,
    )


def row_of(item: ItemRecord) -> tuple[Text | int | None, ...]:
    """The values of `KEEP_ITEM`."""
    return (
        item.job,
        text_of(item.identity),
        item.digest,
        item.settings,
        item.stat,
        item.state,
        text_of(item.title),
        None if item.project is None else text_of(str(item.project)),
        text_of(item.reason),
        item.attempts,
    )
