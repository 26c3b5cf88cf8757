"""One run of a job, in this process: what a dispatcher starts, and a person may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from narrator.errors import ExitCode
from narrator.job_runs.arguments import problems_of
from narrator.job_runs.dispatch import Say
from narrator.job_runs.run import Order, run_job
from narrator.job_runs.verdict import BAD
from narrator.jobs.clock import Clock
from narrator.jobs.history import Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.jobs_file import job_named, read_jobs, state_folder


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which run of a job is wanted; see `narrator.jobs.due.Due`."""

    at: datetime
    trigger: Trigger
    attempt: int
    coalesced: int


def start_job(jobs_file: Path, name: str, clock: Clock, say: Say, wanted: Wanted) -> int:
    """Do one run of a job in this process; the exit code.

    Raises:
        UsageError: there is no such job, or it cannot be understood.
        ProjectLocked: a run of it goes on.
        DiskError: the history or the log cannot be written.
    """
    jobs_file = jobs_file.absolute()  # what history keeps of logs is read from other folders, too
    jobs = read_jobs(jobs_file, check_render=problems_of)
    job = job_named(jobs, name, jobs_file)
    state = state_folder(jobs_file)
    with HistoryFile.open(state) as history:
        history.see([job], clock.now())
    order = Order(job, wanted.at, wanted.trigger, wanted.attempt, wanted.coalesced)
    run = run_job(jobs, state, order, clock, say)
    return ExitCode.INCOMPLETE if run and run.outcome in BAD else ExitCode.DONE
