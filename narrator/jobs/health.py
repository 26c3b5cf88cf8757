"""Whether all is well with jobs: how their last runs ended, and whether one is late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from narrator.jobs.due import next_time
from narrator.jobs.history import History, JobHistory, Outcome, Run
from narrator.jobs.job import Job

RUNNING = "running"
NEVER = "never"

OVERDUE = timedelta(minutes=15)
"""A run that could begin so long ago, and did not, is overdue: nobody runs the jobs, or it stands in line."""

_UNWELL = {Outcome.FAILED, Outcome.INCOMPLETE, Outcome.ABANDONED}


@dataclass(frozen=True, slots=True)
class Health:
    """How a job is. `outcome` is that of its last run, 'running' while it goes on, 'never' before the first.

    `next` is when a run can begin next, None where no time is set.
    """

    job: Job
    last: Run | None
    outcome: str
    next: datetime | None
    is_overdue: bool

    @property
    def is_well(self) -> bool:
        """A job that a person paused is theirs to look after."""
        return self.job.is_paused or not (self.is_overdue or self.outcome in _UNWELL)


def outcome_of(run: Run, *, is_running: bool) -> str:
    """How a run ended; 'abandoned', too, while nobody has noted yet that its process is gone."""
    return RUNNING if is_running else run.outcome or Outcome.ABANDONED


def health_of(jobs: Iterable[Job], history: History, now: datetime) -> list[Health]:
    """How these jobs are at an aware time."""
    return [_health(job, history.get(job.name), now) for job in jobs]


def _health(job: Job, known: JobHistory | None, now: datetime) -> Health:
    is_running = known is not None and known.is_running
    last = known.last if known else None
    return Health(
        job=job,
        last=last,
        outcome=outcome_of(last, is_running=is_running) if last else NEVER,
        next=next_time(job, known, now),
        is_overdue=not is_running and _is_overdue(job, known, now),
    )


def _is_overdue(job: Job, known: JobHistory | None, now: datetime) -> bool:
    then, last = now - OVERDUE, known.last if known else None
    if last and last.ended and then < last.ended <= now:
        return False
    return _could_begin(job, known, then) and _could_begin(job, known, now)


def _could_begin(job: Job, known: JobHistory | None, at: datetime) -> bool:
    begins = next_time(job, known, at)
    return begins is not None and begins <= at
