"""What the end of a render means for the run of its job, and for the thing that was rendered."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from narrator.errors import DiskError, ExitCode, NarratorError, Unavailable
from narrator.job_runs.render import Cut, RenderEnd
from narrator.jobs.history import ItemState, Outcome
from narrator.stopping import is_parent_gone

BAD = (Outcome.FAILED, Outcome.INCOMPLETE, Outcome.ABANDONED)
"""How a run ends that did not do what it should."""


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
        return stopped(now) if ended.cut is Cut.STOP else _CUTS[ended.cut]
    if ended.exit_code < 0:
        return replace(_CRASHED, reason=f"its render was ended by {_name_of(-ended.exit_code)}")
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


def stopped(now: datetime) -> Verdict:
    """What a run comes to that a person or the system ended.

    It goes on as soon as somebody looks. That is no try of something that failed: a long book is not given up
    because its machine is switched off each evening.
    """
    why = "whoever started it was gone: killed, crashed, or without power"
    reason = why if is_parent_gone() else "it was told to stop"
    return Verdict(Outcome.ABANDONED, ItemState.OPEN, reason, may_pass=True, goes_on=False, resume_at=now)


_BY_EXIT_CODE: Mapping[int, Verdict] = {
    ExitCode.DONE: Verdict(Outcome.DONE, ItemState.DONE),
    # Settings and what is installed are mended without the book being another.
    ExitCode.USAGE: Verdict(Outcome.FAILED, ItemState.OPEN),
    ExitCode.INCOMPLETE: _LATER,  # nobody could be reached
    ExitCode.REFUSED: Verdict(Outcome.FAILED, ItemState.OPEN, goes_on=False),
    ExitCode.LOCKED: replace(_LATER, goes_on=True),
    ExitCode.DISK: _LATER,
    ExitCode.UNEXPECTED: _CRASHED,
    ExitCode.INTERRUPTED: _CRASHED,
    ExitCode.TERMINATED: _CRASHED,
}
"""All others are mistakes of the book, which stay until it is another."""


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has none
        return f"signal {number}"


def next_month(now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of the next month there."""
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (first + timedelta(days=32)).replace(day=1)


def failed_by(error: NarratorError) -> Verdict:
    """A run that an error ended before anything could be rendered, or between two things."""
    may_pass = isinstance(error, Unavailable | DiskError)
    return Verdict(Outcome.FAILED, ItemState.OPEN, in_one_line(error), may_pass=may_pass)


def in_one_line(error: NarratorError) -> str:
    """What happened and what to do about it, for a list."""
    return " ".join(str(error).split())


_WORST_FIRST = (
    Outcome.ABANDONED,
    Outcome.FAILED,
    Outcome.INCOMPLETE,
    Outcome.BUDGET,
    Outcome.WINDOW,
    Outcome.DONE,
)


def all_together(verdicts: Sequence[Verdict]) -> Verdict:
    """How a run ended that came to these: as badly as the worst, and to go on when the first of them can."""
    if not verdicts:
        return Verdict(Outcome.DONE, ItemState.DONE, "nothing new")
    worst = min((each.outcome for each in verdicts), key=_WORST_FIRST.index)
    told = [each for each in verdicts if each.outcome is worst and each.reason]
    reason = told[0].reason if told else ""
    if len(verdicts) > 1 and worst is not Outcome.DONE:
        done = sum(each.outcome is Outcome.DONE for each in verdicts)
        more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
        reason = f"{done} of {len(verdicts)} done; {reason}{more}"
    resumes = [each.resume_at for each in verdicts if each.resume_at]
    return Verdict(
        worst,
        ItemState.OPEN,
        reason,
        may_pass=any(each.may_pass for each in verdicts),
        resume_at=min(resumes) if resumes else None,
    )
