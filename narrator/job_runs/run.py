"""One run of a job: what is new in its source is rendered, what comes after is done, and history knows of it.

Whoever runs it holds the job's lock from beginning to end. Every step can be the last: what is left open is
found at the next run, by the records of items, by takes, and by the marks of what was spent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from narrator.errors import DiskError, NarratorError
from narrator.job_runs.abandoned import close_abandoned
from narrator.job_runs.afterwards import Afterwards, told_of
from narrator.job_runs.log import RunLog
from narrator.job_runs.purse import Purse
from narrator.job_runs.render import Deadlines
from narrator.job_runs.sources import Source
from narrator.job_runs.spending import Meter
from narrator.job_runs.verdict import BAD, Verdict, all_together, failed_by, in_one_line, stopped
from narrator.job_runs.work import Work
from narrator.jobs.clock import Clock
from narrator.jobs.history import ItemState, Outcome, Run, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import Job, Jobs
from narrator.jobs.locks import hold
from narrator.jobs.windows import closing
from narrator.stopping import Stop, is_parent_gone

_UNTOLD = "all is rendered, but then: "
"""How the reason of a run begins whose work was done, and of which those who want to know were not told."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which run is to be done. `due` and `attempt` tell it from every other run of its job."""

    job: Job
    due: datetime
    trigger: Trigger
    attempt: int = 1
    coalesced: int = 0


def run_job(
    jobs: Jobs, state: Path, order: Order, clock: Clock, say: Callable[[str], None] = lambda _: None
) -> Run | None:
    """Do one run; how it ended. None where somebody else did it.

    Raises:
        ProjectLocked: a run of this job goes on.
        DiskError: the history or the log cannot be written.
    """
    with ExitStack() as stack:
        stack.enter_context(hold(state, order.job.name))
        history = stack.enter_context(HistoryFile.open(state))
        close_abandoned(history, clock, only=order.job)
        before = _last_run(history, order.job)
        now = clock.now()
        zone = ZoneInfo(order.job.zone)
        log = state / "logs" / order.job.name / f"{now.astimezone(zone):%Y-%m-%dT%H-%M-%S}-{os.getpid()}.log"
        run = history.begin(
            order.job.name,
            due=order.due,
            trigger=order.trigger,
            attempt=order.attempt,
            coalesced=order.coalesced,
            started=now,
            pid=os.getpid(),
            log=str(log),
        )
        if run is None:
            return None
        try:
            lines = stack.enter_context(RunLog(log, clock, zone, say))
        except DiskError as exc:
            history.end(run.id, ended=now, outcome=Outcome.FAILED, reason=in_one_line(exc), may_pass=True)
            raise
        work = Work(
            order.job,
            source=Source(jobs, order.job, state, history),
            purse=_purse(order.job, history, run),
            after=Afterwards(order.job, state.parent),
            deadlines=_deadlines(order, now),
            clock=clock,
            stop=Stop(),
            log=lines,
        )
        return asyncio.run(_JobRun(order, run, before, work, history).done())


def _last_run(history: HistoryFile, job: Job) -> Run | None:
    return next((run for run in history.runs(job.name, limit=50) if run.outcome is not Outcome.SKIPPED), None)


def _purse(job: Job, history: HistoryFile, run: Run) -> Purse:
    return Purse(job, history.history([job], run.started)[job.name], run.started, Meter(history, run.id))


def _deadlines(order: Order, now: datetime) -> Deadlines:
    job = order.job
    is_by_hand = order.trigger is Trigger.HAND
    return Deadlines(
        window=None if is_by_hand else closing(job.window, ZoneInfo(job.zone), now),
        timeout=now + timedelta(seconds=job.timeout_s) if job.timeout_s else None,
    )


class _JobRun:
    """A run that was begun: it is worked on, told and ended. `before` is the run before it."""

    def __init__(self, order: Order, run: Run, before: Run | None, work: Work, history: HistoryFile) -> None:
        self._order = order
        self._run = run
        self._before = before
        self._work = work
        self._history = history
        self._meter = Meter(history, run.id)

    async def done(self) -> Run:
        """Do all of it, and note how it ended."""
        work = self._work
        with work.stop.on_signals(lambda: None):
            work.log.write(f"{self._order.job.name}: {_why(self._order)}")
            try:
                await work.do()
            except asyncio.CancelledError:
                work.verdicts.append(stopped(work.clock.now()))
            except NarratorError as exc:
                work.verdicts.append(failed_by(exc))
            except Exception as exc:
                self._end(Verdict(Outcome.FAILED, ItemState.OPEN, f"a fault of narrator's own: {exc!r}"))
                raise
            verdict = all_together(work.verdicts)
            is_by_hand = self._order.trigger is Trigger.HAND
            if is_by_hand and verdict.outcome is Outcome.ABANDONED and not is_parent_gone():
                verdict = replace(verdict, may_pass=False, resume_at=None)  # who began it has ended it
            if work.has_news or self._owes_a_word or verdict.outcome is not Outcome.DONE:
                verdict = await self._told(verdict)
            return self._end(verdict)

    @property
    def _owes_a_word(self) -> bool:
        """Whether the run before may have told nobody: it was killed, or could not."""
        return self._before is not None and self._before.outcome in BAD

    async def _told(self, verdict: Verdict) -> Verdict:
        """Tell those who want to know; how the run ends then, which they may have made a failure."""
        work, zone = self._work, ZoneInfo(self._order.job.zone)
        try:
            problems = await work.after.tell(told_of(self._as(verdict), zone), work.log.file)
            if problems and verdict.outcome is Outcome.DONE:
                verdict = Verdict(Outcome.FAILED, ItemState.DONE, f"{_UNTOLD}{problems[0]}", may_pass=True)
            is_planned = verdict.outcome is Outcome.ABANDONED and not is_parent_gone()
            if verdict.outcome in BAD and not is_planned:
                problems += await work.after.tell_of_failure(told_of(self._as(verdict), zone), work.log.file)
        except asyncio.CancelledError:
            problems = ["It was told to stop at once before others were told."]
            if verdict.outcome is Outcome.DONE:
                verdict = Verdict(Outcome.FAILED, ItemState.DONE, f"{_UNTOLD}{problems[0]}", may_pass=True)
        for problem in problems:
            work.log.write(problem)
        return verdict

    def _end(self, verdict: Verdict) -> Run:
        ended = self._as(verdict)
        self._history.end(
            ended.id,
            ended=ended.ended or ended.started,
            outcome=verdict.outcome,
            reason=ended.reason,
            may_pass=ended.may_pass,
            resume_at=ended.resume_at,
            characters=ended.characters,
            cost_usd=ended.cost_usd,
            files=ended.files,
        )
        self._work.log.write(f"{verdict.outcome}{': ' if verdict.reason else ''}{verdict.reason}")
        return ended

    def _as(self, verdict: Verdict) -> Run:
        """The run as it is, were it to end so now."""
        bill = self._meter.read()
        before = self._before
        untold = before.files if before and before.reason.startswith(_UNTOLD) else ()
        return replace(
            self._run,
            ended=max(self._work.clock.now(), self._run.started),
            outcome=verdict.outcome,
            reason=verdict.reason,
            may_pass=verdict.may_pass,
            resume_at=verdict.resume_at,
            characters=bill.characters,
            cost_usd=bill.usd,
            files=tuple(dict.fromkeys([*untold, *map(str, self._work.files)])),
        )


def _why(order: Order) -> str:
    again = f", attempt {order.attempt}" if order.attempt > 1 else ""
    more = f", for {order.coalesced} earlier times, too" if order.coalesced else ""
    return f"{order.trigger}, due {order.due.astimezone(ZoneInfo(order.job.zone)).isoformat()}{again}{more}"
