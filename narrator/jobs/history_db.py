"""The file `history.db`: how it is opened, and SQLite's errors in our words."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from narrator.durable import disk_errors, sync_folder
from narrator.errors import DiskError, UsageError
from narrator.jobs.history_rows import REVISION, TABLES
from narrator.sqlite_files import transaction

NAME = "history.db"

BUSY_S = 5.0
"""How long another process may hold the file before that is an error."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""The last of them is what a file without one of our tables or columns ends in."""

_LOST = (
    "Put back a copy of it, or delete it together with the -wal and -shm files beside it. Then only the "
    "history is lost: takes are kept and nothing is paid twice. But what this day and month have cost is "
    "forgotten, so that budgets begin anew, and entries of feeds and files may be looked at again."
)
_FULL = "Free some space and run the same command again; nothing that is finished was lost."
_FORBIDDEN = "Make the file and its folder readable and writable, and run the same command again."
_BUSY = "Close the other program that has the file open, and run the same command again."
_ADVICE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_BUSY: _BUSY,
}
_LOOK = "Look at the disk and the space on it, then run the same command again; nothing finished was lost."


@contextmanager
def history_errors(doing: str, path: Path) -> Iterator[None]:
    """Turn an error of SQLite into a DiskError that says what was being done, and what to do about it."""
    try:
        yield
    except sqlite3.Error as exc:
        # The primary code is the low byte (https://sqlite.org/rescode.html).
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise DiskError(f"{path} is damaged: {exc}.", advice=_LOST) from exc
        cause = os.strerror(errno.ENOSPC) if code == sqlite3.SQLITE_FULL else exc
        raise DiskError(f"{doing} {path} failed: {cause}.", advice=_ADVICE.get(code, _LOOK)) from exc


@contextmanager
def sensible(path: Path) -> Iterator[None]:
    """Turn what comes of values that narrator never writes into a DiskError with what to do about it."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as exc:
        raise DiskError(f"{path} is damaged: it holds what makes no sense ({exc}).", advice=_LOST) from exc


def open_for_writing(folder: Path) -> sqlite3.Connection:
    """The file in a folder, with its tables; both are made where they are missing.

    The connection may be used on any thread, one at a time.

    Raises:
        UsageError: a newer narrator wrote it.
        DiskError: it is damaged, or cannot be read or written.
    """
    path = folder / NAME
    with disk_errors(f"Opening {folder}"):
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
    with history_errors("Opening", path):
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            if not _is_set_up(connection, path):
                _set_up(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _is_set_up(connection: sqlite3.Connection, path: Path) -> bool:
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return _revision_of(connection, path) > 0 and mode == "wal"


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    # One process at a time: SQLite does not wait for another that changes the journal's mode.
    lock = FileLock(path.with_name(f"{NAME}.lock"), fallback_to_soft=False)
    with disk_errors(f"Opening {path}"):
        try:
            lock.acquire(timeout=BUSY_S)
        except Timeout as exc:
            raise DiskError(f"{path} is being made by another process.", advice=_BUSY) from exc
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        if not _revision_of(connection, path):
            with transaction(connection):
                _make_tables(connection)
    finally:
        lock.release()


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {REVISION}")


def _revision_of(connection: sqlite3.Connection, path: Path) -> int:
    (revision,) = connection.execute("PRAGMA user_version").fetchone()
    if revision > REVISION:
        raise UsageError(f"{path} was written by a newer narrator.", advice="Install that version here, too.")
    return int(revision)


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read inside is from one moment, whatever others write meanwhile. Raises sqlite3.Error."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        with suppress(sqlite3.Error):  # what failed first is what counts
            connection.execute("ROLLBACK")


def open_for_reading(folder: Path) -> sqlite3.Connection:
    """The file in a folder, whether or not somebody writes it; empty tables where there is none.

    Leaves nothing behind, and works where nothing can be written. It should not stay open for long.

    Raises:
        UsageError: a newer narrator wrote it.
        DiskError: it is damaged, or cannot be read.
    """
    path = folder / NAME
    with disk_errors(f"Reading {path}"), history_errors("Reading", path):
        connection = _reader(path) if path.exists() else None
        if connection is None:
            connection = sqlite3.connect(":memory:", isolation_level=None)
            _make_tables(connection)
        return connection


def _reader(path: Path) -> sqlite3.Connection | None:
    """A connection to a file that is there; None where nobody has written to it yet."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        # SQLite needs files beside it to read while others write; whoever closes it last removes them.
        with suppress(sqlite3.OperationalError):  # on a full disk they cannot be made
            return _connected(path, "mode=rw")
    # They are another user's; where there are none nobody has it open, and it is read as it lies there.
    is_at_rest = not path.with_name(f"{path.name}-wal").exists()
    return _connected(path, "mode=ro&immutable=1" if is_at_rest else "mode=ro")


def _connected(path: Path, mode: str) -> sqlite3.Connection | None:
    address = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)
    try:
        is_written = _revision_of(connection, path) > 0
    except BaseException:
        connection.close()
        raise
    if is_written:
        return connection
    connection.close()
    return None
