"""Who starts what is due: once, for cron and timers, or again and again in the foreground.

Both ask `due` and start a process for each run; that holds the job's lock, so that nobody does it twice.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from narrator.errors import ConfigError, ExitCode, NarratorError, UsageError
from narrator.job_runs.afterwards import settings_of
from narrator.job_runs.arguments import problems_of
from narrator.job_runs.child import Child, start_child
from narrator.job_runs.run import Order, close_abandoned, run_job
from narrator.job_runs.sources import seen_with
from narrator.jobs.clock import Clock, local_words
from narrator.jobs.due import Due, due
from narrator.jobs.history import History, ItemState, Outcome, Run, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import Job, JobName, Jobs, OnChange
from narrator.jobs.jobs_file import no_such_job, read_jobs, state_folder
from narrator.jobs.locks import is_locked
from narrator.jobs.metrics import metrics_text, write_metrics
from narrator.jobs.quiet import Looks
from narrator.jobs.watched import has_news
from narrator.stopping import Stop
from narrator.wiring import is_manuscript

_TO_FINISH_S = 120.0
"""How long a run may take to stop, its render included."""

_OTHERS_S = 30.0
_LOOK_S = 0.25
_MEANWHILE_S = 30.0

_DEVNULL = asyncio.subprocess.DEVNULL
_WORDS_BYTES = 65_536

_LEFT_OPEN = timedelta(hours=1)
"""When what no try could finish is tried once more, in a source that nothing but a change makes due."""

_BAD = (Outcome.FAILED, Outcome.INCOMPLETE, Outcome.ABANDONED)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that was started, and what history has of it: None where nothing came of it, or others did it."""

    due: Due
    run: Run | None
    exit_code: int


class Dispatcher:
    """The jobs of one file, as they are now, and the runs of them that this process started."""

    def __init__(self, jobs_file: Path, clock: Clock, say: Say) -> None:
        self.file = jobs_file
        self.state = state_folder(jobs_file)
        self.clock = clock
        self.jobs = Jobs()
        self.running: dict[JobName, asyncio.Task[Ended]] = {}
        self._say = say
        self._looks: dict[JobName, Looks] = {}
        self._complaints: dict[str, str] = {}
        self._history = HistoryFile.open(self.state)
        self._places = asyncio.Semaphore(1)

    def close(self) -> None:
        self._history.close()

    def read(self) -> None:
        """Read the jobs file.

        Raises:
            UsageError: there is none, or it is none.
        """
        before = self.jobs.at_once if self.running else None
        self.jobs = read_jobs(self.file, check_render=problems_of)
        if before != self.jobs.at_once:
            self._places = asyncio.Semaphore(self.jobs.at_once)
        for bad in self.jobs.bad:
            self._complain(bad.name, f"{bad.name}: " + "; ".join(bad.problems))
        for name in (
            {*self._complaints} - {bad.name for bad in self.jobs.bad} - {job.name for job in self.jobs.jobs}
        ):
            del self._complaints[name]

    def _complain(self, name: str, text: str) -> None:
        """Say what is wrong with a job, once and not each time that it is looked at."""
        if self._complaints.get(name) != text:
            self._complaints[name] = text
            self._say(text)

    def start_due(self, stop: Stop) -> list[Due]:
        """Start what is due now, and note what is too late.

        Raises:
            DiskError: the history cannot be read or written.
        """
        now = self.clock.now()
        for run in close_abandoned(self._history, self.state, self.clock):
            self._say(f"{run.job}: a run that began {_local(run.started, self._job(run.job))} was {run.reason}")
        self._history.see(self.jobs.jobs, now)
        dues = due(self.jobs.jobs, self.known(now), now)
        for each in dues:
            if each.too_late:
                self._skip(each, now)
        started = [each for each in dues if not each.too_late and each.job.name not in self.running]
        for each in started:
            self.running[each.job.name] = asyncio.create_task(self._run(each, stop))
        return started

    async def wait_for_others(self, stop: Stop) -> None:
        """Wait a while for runs of jobs that would be due, were they not running: their starter may be gone.

        Such runs are ending themselves. Others go on, and then it is said.
        """
        now = self.clock.now()
        known = self.known(now)
        free = {name: replace(each, is_running=False) for name, each in known.items()}
        wanted = [each.job.name for each in due(self.jobs.jobs, free, now) if not each.too_late]
        wanted = [name for name in wanted if name in known and known[name].is_running]
        patience = time.monotonic() + _OTHERS_S
        while (held := [name for name in wanted if is_locked(self.state, name)]) and not stop.was_asked:
            if time.monotonic() > patience:
                for name in held:
                    self._say(f"{name}: is still running")
                return
            await asyncio.sleep(_LOOK_S)

    def known(self, now: datetime) -> History:
        """What history knows of the jobs, and whether the sources that are watched have changed."""
        changes = {job.name: now for job in self.jobs.jobs if self._has_changed(job)}
        return {
            name: replace(each, changed=changes.get(name))
            for name, each in self._history.history(self.jobs.jobs, now).items()
        }

    def _has_changed(self, job: Job) -> bool:
        """Whether a watched source has something new; what is wrong with it is told, and is no change."""
        if not isinstance(job.when, OnChange) or job.is_paused or job.name in self.running:
            return False
        looks = self._looks.setdefault(job.name, Looks())
        settings = settings_of(job)
        known = seen_with(job, self._history.items(job.name), settings)
        if not self._is_long_ago(job):  # what was left open has its own time: another try, or the rest
            known = {name: replace(each, state=_taken(each.state)) for name, each in known.items()}
        try:
            changed = has_news(job, known, settings, is_manuscript, time.time(), looks)
        except UsageError as exc:
            self._complain(job.name, f"{job.name}: {exc.what}")
            return False
        self._complaints.pop(job.name, None)
        return changed

    def _is_long_ago(self, job: Job) -> bool:
        """Whether the last run is over, with nothing to come, for so long that what it left is new again."""
        known = self._history.history([job], self.clock.now()).get(job.name)
        last = known.last if known else None
        if last is None or last.ended is None or last.resume_at:
            return False
        return self.clock.now() - last.ended > _LEFT_OPEN

    def _skip(self, each: Due, now: datetime) -> None:
        reason = f"it could not begin in time, and its grace of {each.job.grace_s:g} s is over"
        self._history.skip(each.job.name, due=each.at, coalesced=each.coalesced, now=now, reason=reason)
        self._say(f"{each.job.name}: skipped what was due {_local(each.at, each.job)}: {reason}")

    async def _run(self, each: Due, stop: Stop) -> Ended:
        """Start a run in a process of its own, and wait for its end."""
        job = each.job
        try:
            async with self._places:
                if stop.was_asked:
                    return Ended(each, None, ExitCode.DONE)
                self._say(f"{job.name}: begins, due {_local(each.at, job)}")
                with tempfile.TemporaryFile() as errors:
                    child = await start_child(self._arguments(each), stdout=_DEVNULL, stderr=errors)
                    code = await self._until_over(child, stop)
                    errors.seek(0)
                    told = errors.read(_WORDS_BYTES).decode("utf-8", "replace").strip()
            return self._ended(each, child.pid, code, told)
        finally:
            del self.running[job.name]

    def _arguments(self, each: Due) -> list[str]:
        shift = self.clock.shift.total_seconds()
        return [
            *("jobs", "start", each.job.name, f"--jobs={self.file}", f"--due={each.at.isoformat()}"),
            *(f"--trigger={each.trigger}", f"--attempt={each.attempt}", f"--coalesced={each.coalesced}"),
            *([f"--clock-shift={shift!r}"] if shift else ()),
        ]

    async def _until_over(self, child: Child, stop: Stop) -> int:
        over, asked = asyncio.create_task(child.wait()), asyncio.create_task(stop.softly.wait())
        try:
            await asyncio.wait({over, asked}, return_when=asyncio.FIRST_COMPLETED)
            return over.result() if over.done() else await child.stop(_TO_FINISH_S)
        finally:
            over.cancel()
            asked.cancel()

    def _ended(self, each: Due, pid: int, code: int, told: str) -> Ended:
        """What became of a run whose process has ended, and said this on its standard error."""
        close_abandoned(self._history, self.state, self.clock)
        run = next((run for run in self._history.runs(each.job.name, limit=5) if run.pid == pid), None)
        if run is None:
            if code == ExitCode.LOCKED:
                self._say(f"{each.job.name}: is running already")
            elif code not in (ExitCode.DONE, ExitCode.INTERRUPTED, ExitCode.TERMINATED):
                self._say(f"{each.job.name}: could not begin: {told or f'exit code {code}'}")
        else:
            self._say(f"{each.job.name}: {_words(run)}")
            if told:  # it has a log, where it says what it foresees
                self._say(told)
        return Ended(each, run, code)

    def write_metrics(self) -> None:
        """Write the figures for monitoring, where a place for them is named; a failure is told and no more."""
        if self.jobs.metrics:
            now = self.clock.now()
            try:
                write_metrics(
                    self.jobs.metrics,
                    metrics_text(self.jobs, self.known(now), self._history.succeeded(self.jobs.jobs), now),
                )
            except NarratorError as exc:
                self._complain("metrics", exc.what)

    def _job(self, name: str) -> Job | None:
        return next((job for job in self.jobs.jobs if job.name == name), None)


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
    jobs = read_jobs(jobs_file, check_render=problems_of)
    job = _job_named(jobs, name, jobs_file)
    state = state_folder(jobs_file)
    with HistoryFile.open(state) as history:
        history.see([job], clock.now())
    order = Order(job, wanted.at, wanted.trigger, wanted.attempt, wanted.coalesced)
    run = run_job(jobs, state, order, clock, say)
    return ExitCode.INCOMPLETE if run and run.outcome in _BAD else ExitCode.DONE


def _job_named(jobs: Jobs, name: str, jobs_file: Path) -> Job:
    for bad in jobs.bad:
        if bad.name == name:
            raise ConfigError(f"Job {name!r}", bad.problems, advice=f"Mend it in {jobs_file}.")
    for job in jobs.jobs:
        if job.name == name:
            return job
    raise no_such_job(name, [job.name for job in jobs.jobs], jobs_file)


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
        raise UsageError(
            f"--now {now} is no time.", advice="Write it as 2026-03-29T02:30, or with an offset: …+01:00."
        ) from exc
    return Clock.at(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(read_jobs(jobs_file).zone)))


def run_due(jobs_file: Path, clock: Clock, say: Say) -> int:
    """Run what is due now, once, and wait for it; the exit code.

    Raises:
        NarratorError: the jobs file or the history cannot be read.
    """
    return asyncio.run(_run_due(jobs_file, clock, say))


async def _run_due(jobs_file: Path, clock: Clock, say: Say) -> int:
    dispatcher = Dispatcher(jobs_file, clock, say)
    stop = Stop()
    try:
        dispatcher.read()
        with stop.on_signals(lambda: say("stopping: what is in flight is let finish")):
            await dispatcher.wait_for_others(stop)
            runs = await _run_all(dispatcher, stop)
        dispatcher.write_metrics()
        if not runs:
            say("Nothing is due.")
    finally:
        dispatcher.close()
    if stop.was_asked:
        raise stop.error()
    return exit_code_of(dispatcher.jobs, [run.result() for run in runs])


async def _run_all(dispatcher: Dispatcher, stop: Stop) -> list[asyncio.Task[Ended]]:
    """Run what is due, and what becomes due meanwhile; the runs, all of which have ended.

    A timer starts us no second time while we run: a long book must not hold up the letters of the morning.
    """
    runs: list[asyncio.Task[Ended]] = []
    while True:
        started = [] if stop.was_asked else dispatcher.start_due(stop)
        runs += [dispatcher.running[each.job.name] for each in started]
        going = [run for run in runs if not run.done()]
        if not going:
            return runs
        await asyncio.wait(going, timeout=_MEANWHILE_S)
        if all(run.done() for run in runs):
            return runs


def exit_code_of(jobs: Jobs, ended: Sequence[Ended]) -> int:
    """Nothing wrong, a job that cannot be understood, or a run that did not do what it should."""
    if jobs.bad:
        return ExitCode.USAGE
    failed = any(each.run is None and each.exit_code not in (ExitCode.DONE, ExitCode.LOCKED) for each in ended)
    return ExitCode.INCOMPLETE if failed or any(each.run and each.run.outcome in _BAD for each in ended) else 0


def _words(run: Run) -> str:
    reason = f": {run.reason}" if run.reason else ""
    log = f"; see {run.log}" if run.outcome in _BAD else ""
    return f"{run.outcome or 'its process was gone'}{reason}{log}"


def _taken(state: ItemState) -> ItemState:
    return ItemState.DONE if state is ItemState.OPEN else state


def _local(moment: datetime, job: Job | None) -> str:
    zone = ZoneInfo(job.zone) if job else None
    return local_words(moment, zone)
