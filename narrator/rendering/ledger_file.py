"""The file `ledger.db`: its tables, how it is opened and mended, and SQLite's errors in our words.

Money is in whole micro-dollars (NULL where no price is known), times are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from narrator.durable import disk_errors
from narrator.errors import DiskError, UsageError
from narrator.sqlite_files import transaction

REVISION = 1
"""Kept as SQLite's `user_version`; 0 is a file that nobody has written to."""

BUSY_S = 5.0
"""How long another program may hold the file before that is an error."""

_TABLES = (
    """
    CREATE TABLE runs (
        run INTEGER PRIMARY KEY,
        began_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        outcome TEXT,          -- NULL while it goes on; 'abandoned' where it was killed
        version TEXT NOT NULL,
        process TEXT NOT NULL, -- its number and its host
        account TEXT NOT NULL,
        limits TEXT NOT NULL   -- JSON
    )
    """,
    """
    CREATE TABLE calls (
        call INTEGER PRIMARY KEY,
        run INTEGER REFERENCES runs, -- NULL where it was rebuilt from its take
        key TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        voice TEXT NOT NULL,
        account TEXT,
        characters INTEGER NOT NULL,
        intended_ms INTEGER NOT NULL,
        settled_ms INTEGER,
        outcome TEXT,                -- model.Outcome; NULL counts as 'maybe'
        characters_billed INTEGER NOT NULL,
        usd_micros INTEGER,          -- what was billed; with 'maybe' what that would be
        usd_per_million REAL
    )
    """,
)

_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_SPACE = os.strerror(errno.ENOSPC)
"""What a file that cannot be written says of it; SQLite's other words say what the system's would not."""

_FULL = "Free some space and run the same command again; nothing that is finished was lost."
_FORBIDDEN = "Make the file and its folder readable and writable, and run the same command again."
_ADVICE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_BUSY: "Close the other program that has the file open, and run the same command again.",
}
_LOOK = "Look at the disk and the space on it, then run the same command again; nothing finished was lost."


@contextmanager
def ledger_errors(doing: str) -> Iterator[None]:
    """Turn an error of SQLite into a DiskError that says what was being done, and what to do about it."""
    try:
        yield
    except sqlite3.Error as exc:
        code = _code(exc)
        cause = _NO_SPACE if code == sqlite3.SQLITE_FULL else exc
        raise DiskError(f"{doing} failed: {cause}.", advice=_ADVICE.get(code, _LOOK)) from exc


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary code of an error: the low byte (https://sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class _Damaged(Exception):
    """The file is no whole database."""


def open_for_writing(
    path: Path, fill: Callable[[sqlite3.Connection], int]
) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """The file with its tables; a damaged one is put aside first. Also what a person should know of that.

    `fill` puts into new tables what is known from elsewhere and says how many calls that was; a file is new
    until both are durable. The connection may be used on any thread, one at a time.

    Raises:
        UsageError: a newer narrator wrote it.
        DiskError: it cannot be read or written.
    """
    notices = []
    with ledger_errors(f"Opening {path}"):
        try:
            connection = _connect(path)
        except _Damaged as exc:
            aside = _put_aside(path)
            notices.append(f"{path} was damaged ({exc}); it is kept as {aside.name}, and a new one is begun.")
            connection = _connect(path)
        try:
            known = _set_up(connection, path, fill)
        except BaseException:
            connection.close()
            raise
    if known:
        notices.append(
            f"{path.name} was rebuilt from {known} takes; what other answers cost before is not known to it."
        )
    return connection, tuple(notices)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _refuse_damaged(connection)
    except BaseException as exc:
        connection.close()
        if isinstance(exc, sqlite3.Error) and _code(exc) in _BROKEN:
            raise _Damaged(str(exc)) from exc
        raise
    return connection


def _refuse_damaged(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _Damaged(" ".join(str(found).split()))


def _set_up(connection: sqlite3.Connection, path: Path, fill: Callable[[sqlite3.Connection], int]) -> int:
    if revision_of(connection, path):
        return 0
    with transaction(connection):
        for table in _TABLES:
            connection.execute(table)
        known = fill(connection)
        connection.execute(f"PRAGMA user_version = {REVISION}")
    return known


def revision_of(connection: sqlite3.Connection, path: Path) -> int:
    """Which narrator's tables these are; 0 for none yet.

    Raises:
        UsageError: those of a newer one.
    """
    (revision,) = connection.execute("PRAGMA user_version").fetchone()
    if revision > REVISION:
        raise UsageError(f"{path} was written by a newer narrator.", advice="Install that version here, too.")
    return int(revision)


def _put_aside(path: Path) -> Path:
    """Give a damaged file another name, and the files that belong to it; the new name of the first."""
    aside, number = path.with_name(f"{path.name}.damaged"), 1
    with disk_errors(f"Putting {path} aside"):
        while aside.exists():
            number += 1
            aside = path.with_name(f"{path.name}.damaged-{number}")
        # The file first: without its -wal it may look whole and be old.
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
    return aside


def read_rows(path: Path, *queries: str) -> list[list[tuple[Any, ...]]] | None:
    """The answers to some queries, all from one moment, whether or not a render is writing; None for no tables.

    Writes nothing, and works where nothing can be written.

    Raises:
        DiskError: the file is damaged or cannot be read.
        UsageError: a newer narrator wrote it.
    """
    if not path.exists():
        return None
    # Without a -wal file nobody has it open; SQLite would still leave one behind in the folder of a reader.
    is_at_rest = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_at_rest else ''}"
    with (
        ledger_errors(f"Reading {path}"),
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)) as connection,
    ):
        connection.execute("BEGIN")
        if not revision_of(connection, path):
            return None
        return [connection.execute(query).fetchall() for query in queries]
