"""The times of a job: which have passed since it was last attended to, and which comes next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from narrator.jobs.cron import next_occurrence, occurrences
from narrator.jobs.history import JobHistory
from narrator.jobs.job import Cron, Every, Job, Once

MOST_COUNTED = 10_000
"""Who asks how many times of each minute have passed in three years wants to know that they are many."""

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Passed:
    """The latest time that nothing was done about, in UTC, and how many are before it, at most MOST_COUNTED."""

    at: datetime
    earlier: int


def passed(job: Job, history: JobHistory, now: datetime) -> Passed | None:
    """What of a job's schedule has passed and is not handled; None for nothing."""
    now = now.astimezone(UTC)
    match job.when:
        case Cron(expression=expression):
            # First seen later than now: the clock was put back since, and what was before is not made up for.
            first = min(history.since.astimezone(UTC), now).replace(second=0, microsecond=0)
            return _of_cron(expression, ZoneInfo(job.zone), _unhandled(history, first), now)
        case Every(seconds=seconds):
            start = _whole_second(history.since)
            first = min(start, _whole_second(now))
            return _of_interval(timedelta(seconds=seconds), start, _unhandled(history, first), now)
        case Once(at=at) if at <= now and (history.handled is None or history.handled < at):
            return Passed(at.astimezone(UTC), 0)
    return None


def coming(job: Job, history: JobHistory, now: datetime) -> datetime | None:
    """The first time of a job's schedule after now, in UTC; None where there is none."""
    match job.when:
        case Cron(expression=expression):
            return next_occurrence(expression, ZoneInfo(job.zone), now)
        case Every(seconds=seconds):
            step = timedelta(seconds=seconds)
            return now.astimezone(UTC) + step - (now - _whole_second(history.since)) % step
        case Once(at=at) if at > now:
            return at.astimezone(UTC)
    return None


def _unhandled(history: JobHistory, first: datetime) -> datetime:
    """After which moment times are not handled, `first` being the first that may count."""
    before = first - _MOMENT
    return before if history.handled is None else max(before, history.handled.astimezone(UTC))


def _of_cron(expression: str, zone: ZoneInfo, after: datetime, now: datetime) -> Passed | None:
    # The latest is looked for backwards, so that years of minutes need not be gone through.
    back = timedelta(days=1)
    while True:
        begin = max(after, now - back)
        latest = deque(occurrences(expression, zone, begin, now), maxlen=1)
        if latest or begin == after:
            break
        back *= 8
    if not latest:
        return None
    earlier = occurrences(expression, zone, after, latest[0] - _MOMENT)
    return Passed(latest[0], sum(1 for _ in islice(earlier, MOST_COUNTED)))


def _of_interval(step: timedelta, start: datetime, after: datetime, now: datetime) -> Passed | None:
    latest = start + step * ((now - start) // step)
    if latest <= after:
        return None
    return Passed(latest, min((latest - after - _MOMENT) // step, MOST_COUNTED))


def _whole_second(moment: datetime) -> datetime:
    # So that a time is the same however finely a history keeps it.
    return moment.astimezone(UTC).replace(microsecond=0)
