"""Runs whose process is gone: they are ended by whoever finds them, with what they spent."""

from __future__ import annotations

from dataclasses import replace

from narrator.job_runs.spending import Meter
from narrator.jobs.clock import Clock
from narrator.jobs.history import Outcome, Run
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import Job

_REASON = "its process was gone: killed, crashed, or without power"


def close_abandoned(history: HistoryFile, clock: Clock, *, only: Job | None = None) -> list[Run]:
    """End the runs whose process is gone; those of `only`, whose lock the caller holds.

    Raises:
        DiskError: the history cannot be written.
    """
    ended = []
    for run in history.open_runs():
        if only and run.job != only.name:
            continue
        if not only:
            as_it_is, goes_on = history.followed(run)
            if goes_on or as_it_is.ended is not None:
                continue
        ended.append(_closed(history, run, clock))
    return ended


def _closed(history: HistoryFile, run: Run, clock: Clock) -> Run:
    bill = Meter(history, run.id).read()
    now = max(clock.now(), run.started)
    closed = replace(
        run,
        ended=now,
        outcome=Outcome.ABANDONED,
        reason=_REASON,
        may_pass=True,
        # One that got somewhere goes on; one that did not may be the reason of the crash, and is tried.
        resume_at=now if bill.characters else None,
        characters=bill.characters,
        cost_usd=bill.usd,
    )
    history.end(
        run.id,
        ended=now,
        outcome=Outcome.ABANDONED,
        reason=closed.reason,
        may_pass=True,
        resume_at=closed.resume_at,
        characters=bill.characters,
        cost_usd=bill.usd,
    )
    return closed
