"""`narrator jobs run-due`: what is due is run, once, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from narrator.errors import ExitCode, UsageError
from narrator.job_runs.dispatch import Dispatcher, Ended, Say
from narrator.job_runs.verdict import BAD
from narrator.jobs.clock import Clock
from narrator.jobs.job import JobName, Jobs
from narrator.jobs.jobs_file import read_jobs
from narrator.stopping import Stop

_MEANWHILE_S = 30.0
"""How often it is looked, while something runs, whether something else has become due."""

_YEARS = range(1971, 2200)
"""Times that the rest of narrator can add to and take from."""


def clock_at(now: str | None, jobs_file: Path) -> Clock:
    """A clock that shows what a person wrote as the present; this machine's where he wrote nothing.

    Raises:
        UsageError: it is no time.
    """
    if now is None:
        return Clock()
    try:
        at = datetime.fromisoformat(now)
    except ValueError as exc:
        raise _no_time(now) from exc
    if at.year not in _YEARS:
        raise _no_time(now)
    return Clock.at(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(read_jobs(jobs_file).zone)))


def _no_time(written: str) -> UsageError:
    return UsageError(
        f"--now {written} is no time.", advice="Write it as 2026-03-29T02:30, or with an offset: …+01:00."
    )


def run_due(jobs_file: Path, clock: Clock, say: Say) -> int:
    """Run what is due now, once, and wait for it; the exit code.

    Raises:
        NarratorError: the jobs file or the history cannot be read.
    """
    return asyncio.run(_run_due(jobs_file, clock, say))


async def _run_due(jobs_file: Path, clock: Clock, say: Say) -> int:
    stop = Stop()
    dispatcher = Dispatcher(jobs_file, clock, say)
    try:
        with stop.on_signals(lambda: say("stopping: what is in flight is let finish")):
            await dispatcher.wait_for_others(stop)
            ended = await _run_all(dispatcher, stop)
            await asyncio.gather(*dispatcher.telling)
        dispatcher.write_metrics()
    except asyncio.CancelledError as exc:
        raise stop.error() from exc
    finally:
        dispatcher.close()
    if stop.was_asked:
        raise stop.error()
    if not ended:
        say("Nothing is due.")
    return exit_code_of(dispatcher.jobs, ended)


async def _run_all(dispatcher: Dispatcher, stop: Stop) -> list[Ended]:
    """Run what is due, and what becomes due meanwhile, until all of it has ended.

    A timer starts us no second time while we run, and a long book must not hold up the letters of the morning:
    so a job may run again while another one still does for the first time, but not longer, or we never ended.
    """
    first: dict[JobName, asyncio.Task[Ended]] = {}
    runs: list[asyncio.Task[Ended]] = []
    while True:
        if not stop.was_asked:
            is_waiting = any(not run.done() for run in first.values())
            for each in dispatcher.start_due(stop, but_not=() if is_waiting else tuple(first)):
                run = dispatcher.running[each.job.name]
                first.setdefault(each.job.name, run)
                runs.append(run)
        going = [run for run in runs if not run.done()]
        if not going:
            return [run.result() for run in runs]
        await asyncio.wait(going, timeout=_MEANWHILE_S, return_when=asyncio.FIRST_COMPLETED)


def exit_code_of(jobs: Jobs, ended: Sequence[Ended]) -> int:
    """Nothing wrong, a job that cannot be understood, or a run that did not do what it should."""
    if jobs.bad:
        return ExitCode.USAGE
    could_not_begin = any(
        each.run is None and each.exit_code not in (ExitCode.DONE, ExitCode.LOCKED) for each in ended
    )
    is_bad = could_not_begin or any(each.run and each.run.outcome in BAD for each in ended)
    return ExitCode.INCOMPLETE if is_bad else ExitCode.DONE
