"""Which jobs are due: a pure function of the jobs, what became of them, and now.

A job is due for a time of its schedule, a change of its source, the rest of its last run or another try of it,
in this order; what is due begins when the window is open and something is left of the budgets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from narrator.jobs.allowance import filled
from narrator.jobs.history import History, JobHistory, Outcome, Run, Trigger
from narrator.jobs.job import Job, OnChange
from narrator.jobs.timetable import coming, passed
from narrator.jobs.windows import opening

_MAY_BE_TRIED_AGAIN = frozenset({Outcome.FAILED, Outcome.INCOMPLETE, Outcome.ABANDONED})

_LONGEST_WAIT_S = 86_400.0
"""Waits before another try are doubled no further than to a day."""

_LONGEST_REST = timedelta(days=366)
"""Hours and budgets come back within a year; who names a later time for a quota is not believed."""

_DAY = timedelta(days=1)
_ASKED_AGAIN = timedelta(hours=20)
"""An account without credit for days is asked again once a day, however often a job is due."""

_CLOCKS_DIFFER = timedelta(minutes=1)
"""What ended later than this from now ended by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Due:
    """A run that should begin now.

    `at` is the time that it is the run of: together with `attempt` it tells it from every other run of its job.
    `coalesced` is how many times of the schedule before it pass with it, of which no more than
    `timetable.MOST_COUNTED` are counted. One that is `too_late` is only to be recorded, as skipped.
    """

    job: Job
    at: datetime
    trigger: Trigger
    attempt: int
    coalesced: int
    too_late: bool = False


def due(jobs: Iterable[Job], history: History, now: datetime) -> list[Due]:
    """What should begin now, at most one run of each job, by its time and then by name."""
    found = [_due(job, history.get(job.name), now) for job in jobs]
    return sorted((each for each in found if each), key=lambda each: (each.at, each.job.name))


def next_time(job: Job, history: JobHistory | None, now: datetime) -> datetime | None:
    """When a run of the job can begin next, in UTC: `now` where one is due.

    None for a job that is paused, and where no time is known: only a change of its source or a person makes it
    due. While it runs, that is the next time of its schedule.
    """
    if job.is_paused:
        return None
    past = history or JobHistory(since=now)
    if not past.is_running and (waiting := _waiting(job, past, now)):
        return now.astimezone(UTC) if waiting.too_late else _ready(job, past, now)
    follow_up = _follow_up(job, past, now)
    later = [at for at in (coming(job, past, now), follow_up and follow_up[0]) if at]
    return _ready(job, past, min(later)) if later else None


def _due(job: Job, history: JobHistory | None, now: datetime) -> Due | None:
    past = history or JobHistory(since=now)
    if job.is_paused or past.is_running:
        return None
    waiting = _waiting(job, past, now)
    return waiting if waiting and (waiting.too_late or _ready(job, past, now) <= now) else None


def _waiting(job: Job, past: JobHistory, now: datetime) -> Due | None:
    """What would begin now if the window and the budgets let it."""
    if times := passed(job, past, now):
        return Due(job, times.at, Trigger.TIME, 1, times.earlier, _is_too_late(job, past, times.at, now))
    follow_up = _follow_up(job, past, now)
    has_rest = follow_up is not None and follow_up[1].trigger is Trigger.REST  # which looks at what is new, too
    if isinstance(job.when, OnChange) and not has_rest and (changed := _change(past, now)):
        return Due(job, changed, Trigger.CHANGE, 1, 0)
    return follow_up[1] if follow_up and follow_up[0] <= now else None


def _follow_up(job: Job, past: JobHistory, now: datetime) -> tuple[datetime, Due] | None:
    """The rest of the last run, or another try of it, and when its time has come."""
    last = past.last
    if past.is_running or last is None or last.ended is None:
        return None
    is_clock_wrong = last.ended > now + _CLOCKS_DIFFER
    if last.resume_at is not None:
        begins = min(max(last.resume_at, last.ended), last.ended + _LONGEST_REST)
        begins = now if is_clock_wrong else begins
        return begins, Due(job, _own_time(past, begins), Trigger.REST, 1, 0)
    # A book is never given up because of power cuts, however many.
    has_tries = last.attempt <= job.retries or last.outcome is Outcome.ABANDONED
    if last.may_pass and last.outcome in _MAY_BE_TRIED_AGAIN and has_tries:
        begins = now if is_clock_wrong else last.ended + _wait(job, last)
        return begins, Due(job, last.due, Trigger.RETRY, last.attempt + 1, 0)
    return None


def _own_time(past: JobHistory, at: datetime) -> datetime:
    # A time of the schedule may have been skipped at the moment at which the rest could be done: another run.
    return at if past.handled is None or past.handled < at else past.handled + timedelta(microseconds=1)


def _wait(job: Job, last: Run) -> timedelta:
    tries = last.attempt
    if last.outcome is Outcome.ABANDONED:  # the first time it may have been the power, later it may be the book
        tries -= 1
    if not tries:
        return timedelta()
    doubled = job.retry_s * 2.0 ** min(tries - 1, 40)
    return timedelta(seconds=max(job.retry_s, min(doubled, _LONGEST_WAIT_S)))


def _is_too_late(job: Job, past: JobHistory, at: datetime, now: datetime) -> bool:
    """Whether more than the grace has passed since it could have begun: after the last run, in the window."""
    if job.grace_s is None:
        return False
    last, earliest = past.last, at
    if last and last.ended and last.outcome is not Outcome.ABANDONED:  # when that ended nobody knows
        earliest = max(at, last.ended)
    could_begin = _ready(job, past, earliest)
    return now - could_begin > timedelta(seconds=job.grace_s)


def _change(past: JobHistory, now: datetime) -> datetime | None:
    """When a source changed that no run has looked at since."""
    if past.changed is None:
        return None
    if past.last and past.changed <= past.last.started <= now + _CLOCKS_DIFFER:
        return None
    return past.changed


def _ready(job: Job, past: JobHistory, at: datetime) -> datetime:
    """The first moment, not before `at`, at which the window is open and something is left to spend; in UTC."""
    zone = ZoneInfo(job.zone)
    at = max(at, _asked_again(past, at))
    while True:
        opened = opening(job.window, zone, at)
        at = filled(job, past, opened)
        if at == opened:
            return at


def _asked_again(past: JobHistory, at: datetime) -> datetime:
    """When an account may be asked again that had nothing left for days; `at` where it is not known so."""
    last = past.last
    if last is None or last.ended is None or last.resume_at is None or last.outcome is not Outcome.BUDGET:
        return at
    if last.resume_at - last.ended <= _DAY or at < last.ended - _CLOCKS_DIFFER:
        return at
    return min(last.resume_at, last.ended + _ASKED_AGAIN)
