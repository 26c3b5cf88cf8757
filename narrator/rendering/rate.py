"""So many requests a period, counted across all processes of an account."""

from __future__ import annotations

import re
import sqlite3
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

LONGEST_KEPT_S = 3600.0
"""Starts are kept for an hour at least: another process may count over a longer period than this one."""

_BUSY_S = 0.005
_SET_UP_TRIES = 100
_RATE = re.compile(r"(?P<count>[0-9]+)/(?P<number>[0-9]+(?:\.[0-9]+)?)?(?P<unit>[smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests in any `period_s` seconds."""

    count: int
    period_s: float

    @classmethod
    def parse(cls, text: str) -> Rate | None:
        """'5/s', '100/m', '20/10s'; None where there is no such rate."""
        match = _RATE.fullmatch(text)
        if match is None:
            return None
        return cls(int(match["count"]), float(match["number"] or 1) * _SECONDS[match["unit"]])


class SharedRate:
    """The starts of an account's requests, in SQLite.

    Nothing in it need outlive a power cut, so nothing waits for the disk; a process that is killed leaves it
    whole (WAL). Times are the wall clock's: the one clock that goes on over a restart of the machine.
    """

    def __init__(self, path: Path, rate: Rate) -> None:
        """Raises sqlite3.Error."""
        self._rate = rate
        self._kept_s = max(rate.period_s, LONGEST_KEPT_S)
        self._db = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        for left in reversed(range(_SET_UP_TRIES)):
            try:
                self._set_up()
                break
            except sqlite3.OperationalError as exc:
                if not (left and _is_busy(exc)):
                    raise
                # Two processes that begin a file at once: here SQLite does not wait by itself.
                time.sleep(_BUSY_S)
        self._db.execute("PRAGMA busy_timeout = 0")

    def _set_up(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS starts (at REAL NOT NULL)")
        self._db.execute("CREATE INDEX IF NOT EXISTS starts_at ON starts (at)")

    def close(self) -> None:
        """Use the file no longer; also one that nobody closed is closed in the end."""
        self._db.close()

    def take(self) -> float:
        """Take the right to begin one request: 0.0, or the seconds after which to ask again. Never blocks.

        Raises:
            sqlite3.Error: the file cannot be used.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as exc:
            if not _is_busy(exc):
                raise
            return _BUSY_S
        with self._db:
            return self._take(time.time())

    def _take(self, now: float) -> float:
        # A start ahead of now was written before the clock was set back: it says nothing any more.
        self._db.execute("DELETE FROM starts WHERE at < ? OR at > ?", (now - self._kept_s, now))
        last_but = "SELECT at FROM starts ORDER BY at DESC LIMIT 1 OFFSET ?"
        row = self._db.execute(last_but, (self._rate.count - 1,)).fetchone()
        wait_s: float = row[0] + self._rate.period_s - now if row else 0.0
        if wait_s > 0:
            return wait_s
        self._db.execute("INSERT INTO starts VALUES (?)", (now,))
        return 0.0


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # its kinds differ in the higher bits
