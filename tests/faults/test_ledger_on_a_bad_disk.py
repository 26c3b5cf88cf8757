"""A ledger that can or cannot be written: what is not noted on the disk is not sent."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing

import pytest

from narrator.testing.faults import Fault
from tests.end_to_end.command import started
from tests.faults.ferry import Ferry
from tests.faults.starting import injected, need_strace, traced


@pytest.mark.parametrize(
    ("call", "error", "cause"),
    [
        pytest.param("pwrite64", "ENOSPC", os.strerror(errno.ENOSPC), id="full"),
        pytest.param("pwrite64", "EIO", "disk I/O error", id="write", marks=pytest.mark.slow),
        pytest.param("fdatasync", "EIO", "disk I/O error", id="sync", marks=pytest.mark.slow),
    ],
)
def test_what_cannot_be_noted_is_not_sent(ferry: Ferry, call: str, error: str, cause: str) -> None:
    need_strace()
    is_noted: list[bool] = []

    def look(_: str) -> bool:
        is_noted.append(_noted(ferry) >= len(ferry.server.requests))
        return False

    ferry.server.fail(Fault(), text=look)  # no fault, but a look at the ledger before each answer
    fault = traced(ferry.log, call, f"error={error}:when=30+", only=ferry.project / "ledger.db-wal")
    with started(*fault, *ferry.command) as run:
        ended = run.finish()
    assert injected(ferry.log)
    assert ended.exit_code == 8, ended
    assert len([line for line in ended.err.splitlines() if cause in line]) == 1, ended.err
    assert "Traceback" not in ended.err
    assert is_noted
    assert all(is_noted)
    assert len(ferry.server.requests) < ferry.undisturbed.texts

    kept, asked = ferry.takes(), len(ferry.server.requests)
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())
    assert not kept.intersection(ferry.asked_since(asked))


def _noted(ferry: Ferry) -> int:
    """How many calls the ledger has on the disk."""
    with closing(sqlite3.connect(ferry.project / "ledger.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM calls").fetchone()
        return int(count)
