"""Budgets: what a run may spend, and when what is used up is filled again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import fsum, inf
from typing import Literal
from zoneinfo import ZoneInfo

from narrator.jobs.history import JobHistory
from narrator.jobs.job import Job
from narrator.jobs.wall_clock import midnight, reached, shown

Period = Literal["run", "day", "month", ""]
_Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a run may spend, in dollars and in characters; None for no limit.

    `is_of` is whose limit that is: where money and characters have different ones, the one that is filled again
    first; '' for nobody's. `until` is when that is, in UTC: the beginning of the next month or, also for what a
    run may spend, of the next day.
    """

    usd: float | None
    characters: int | None
    is_of: Period
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of a budget, infinity where it has no limit; `until` it is filled again."""

    is_of: Period
    until: datetime
    usd: float
    characters: float
    is_used_up: bool = False


def remaining(job: Job, history: JobHistory, now: datetime) -> Allowed:
    """What a run that begins now may spend, never less than nothing."""
    month, day = _kept(job, history, now)
    run = _Left("run", day.until, _limit(job.budget.run_usd), _limit(job.budget.run_characters))
    # Of equal limits the longest period's counts: what is left of a month is not more tomorrow.
    lefts = (month, day, run)
    usd = min(lefts, key=lambda left: left.usd)
    characters = min(lefts, key=lambda left: left.characters)
    limits = ([usd] if usd.usd < inf else []) + ([characters] if characters.characters < inf else [])
    first = min(limits, key=lambda left: left.until, default=None)
    return Allowed(
        usd=usd.usd if usd.usd < inf else None,
        characters=int(characters.characters) if characters.characters < inf else None,
        is_of=first.is_of if first else "",
        until=first.until if first else None,
    )


def filled(job: Job, history: JobHistory, at: datetime) -> datetime:
    """`at` itself where the budgets of its day and month are not used up, otherwise when they are filled."""
    return max((left.until for left in _kept(job, history, at) if left.is_used_up), default=at)


def spent_in_month(job: Job, history: JobHistory, at: datetime) -> tuple[float, int]:
    """Dollars and characters of the month in which `at` is on the clock of the job's zone."""
    zone = ZoneInfo(job.zone)
    month, _ = _month_and_day(at, zone)
    return _used(history, month, zone)


def _kept(job: Job, history: JobHistory, at: datetime) -> tuple[_Left, _Left]:
    """What is left of the month and the day in which `at` is on the clock of the job's zone."""
    zone, budget = ZoneInfo(job.zone), job.budget
    month, day = _month_and_day(at, zone)
    return (
        _left("month", month, zone, history, (budget.month_usd, budget.month_characters)),
        _left("day", day, zone, history, (budget.day_usd, budget.day_characters)),
    )


def _month_and_day(at: datetime, zone: ZoneInfo) -> tuple[_Days, _Days]:
    today = shown(at, zone).date()
    first = today.replace(day=1)
    return (first, (first + timedelta(days=31)).replace(day=1)), (today, today + timedelta(days=1))


def _left(
    is_of: Period,
    days: _Days,
    zone: ZoneInfo,
    history: JobHistory,
    limits: tuple[float | None, int | None],
) -> _Left:
    used, until = _used(history, days, zone), reached(midnight(days[1]), zone)
    usd, characters = (max(0, _limit(limit) - of) for limit, of in zip(limits, used, strict=True))
    # A budget of nothing is not used up by what cost nothing.
    is_used_up = any(0 < of >= _limit(limit) for limit, of in zip(limits, used, strict=True))
    return _Left(is_of, until, round(usd, 6), characters, is_used_up)


def _used(history: JobHistory, days: _Days, zone: ZoneInfo) -> tuple[float, int]:
    """Dollars and characters that were spent from the first of these days until the second begins."""
    begins, until = (reached(midnight(day), zone) for day in days)
    spent = [each for each in history.spent if begins <= each.at < until]
    # Money is counted in millionths, so that sums of cents come out even.
    return round(fsum(each.usd for each in spent), 6), sum(each.characters for each in spent)


def _limit(limit: float | None) -> float:
    return inf if limit is None else limit
