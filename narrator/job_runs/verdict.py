"""What the end of a render means for the run of its job, and for the thing that was rendered."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from narrator.errors import ExitCode
from narrator.job_runs.render import Cut, RenderEnd
from narrator.jobs.history import ItemState, Outcome
from narrator.stopping import is_parent_gone


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one thing ended, what becomes of it, and whether there is any use in going on with the next.

    `blames_it` is whether the thing itself may be at fault, so that its tries are counted.
    """

    outcome: Outcome
    state: ItemState
    reason: str = ""
    may_pass: bool = False
    goes_on: bool = True
    blames_it: bool = False
    resume_at: datetime | None = None


def verdict_on(ended: RenderEnd, *, now: datetime, zone: ZoneInfo, budget_until: datetime | None) -> Verdict:
    """What a render's end means. `budget_until` is when what may be spent is filled again."""
    reason = " ".join(ended.error.split())
    if ended.cut:
        return stopped() if ended.cut is Cut.STOP else _CUTS[ended.cut]
    if ended.exit_code < 0:
        name = signal.Signals(-ended.exit_code).name
        return replace(_CRASHED, reason=f"its render was ended by {name}")
    is_quota = ended.kind == "QuotaUsedUp"
    if is_quota or ended.exit_code == ExitCode.BUDGET:
        return replace(_SPENT, reason=reason, resume_at=next_month(now, zone) if is_quota else budget_until)
    if ended.has_gaps and ended.exit_code == ExitCode.INCOMPLETE:
        return replace(_CRASHED, outcome=Outcome.INCOMPLETE, reason=reason)
    is_of_the_book = ended.kind == "LanguageUnspoken"
    verdict = _HOPELESS if is_of_the_book else _BY_EXIT_CODE.get(ended.exit_code, _HOPELESS)
    return replace(verdict, reason=reason or verdict.reason)


_CRASHED = Verdict(Outcome.FAILED, ItemState.OPEN, "its render was stopped", may_pass=True, blames_it=True)
_HOPELESS = Verdict(Outcome.FAILED, ItemState.FAILED)
_SPENT = Verdict(Outcome.BUDGET, ItemState.OPEN, goes_on=False)
_LATER = Verdict(Outcome.FAILED, ItemState.OPEN, may_pass=True, goes_on=False)

_CUTS = {
    Cut.WINDOW: Verdict(Outcome.WINDOW, ItemState.OPEN, "its hours are over", goes_on=False),
    Cut.TIMEOUT: replace(_LATER, reason="it took longer than its time-out; what was spoken is kept"),
}


def stopped() -> Verdict:
    """What a run comes to that a person or the system ended."""
    why = "whoever started it was gone: killed, crashed, or without power"
    reason = why if is_parent_gone() else "it was told to stop"
    return Verdict(Outcome.ABANDONED, ItemState.OPEN, reason, may_pass=True, goes_on=False)


_BY_EXIT_CODE: Mapping[int, Verdict] = {
    ExitCode.DONE: Verdict(Outcome.DONE, ItemState.DONE),
    ExitCode.INCOMPLETE: _LATER,  # nobody could be reached
    ExitCode.REFUSED: Verdict(Outcome.FAILED, ItemState.OPEN, goes_on=False),
    ExitCode.LOCKED: replace(_LATER, goes_on=True),
    ExitCode.DISK: _LATER,
    ExitCode.UNEXPECTED: _CRASHED,
    ExitCode.INTERRUPTED: _CRASHED,
    ExitCode.TERMINATED: _CRASHED,
}
"""All others are mistakes of the book or of its settings, which stay until they are mended."""


def next_month(now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of the next month there."""
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (first + timedelta(days=32)).replace(day=1)
