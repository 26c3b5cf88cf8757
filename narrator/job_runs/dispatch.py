"""Starting what is due: a process for each run, which holds the job's lock, so that nobody does it twice.

Once, for cron and timers, see `narrator.job_runs.once`; again and again, see `narrator.job_runs.foreground`.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from narrator.durable import disk_errors
from narrator.errors import ExitCode, NarratorError, UsageError
from narrator.job_runs.abandoned import close_abandoned
from narrator.job_runs.afterwards import Afterwards, settings_of, told_of
from narrator.job_runs.arguments import problems_of
from narrator.job_runs.child import Child, start_child
from narrator.job_runs.sources import seen_with
from narrator.job_runs.verdict import BAD
from narrator.jobs.clock import Clock, local_words
from narrator.jobs.due import Due, due
from narrator.jobs.history import History, ItemState, Outcome, Run
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import Job, JobName, Jobs, OnChange
from narrator.jobs.jobs_file import read_jobs, state_folder
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

_REST_S = 60.0
"""For how long a job is left alone of whose start nothing came: what is in its way is not gone at once."""

_TOLD = 100
"""So much of what is wrong with a source tells it from what else may be."""

_DEVNULL = asyncio.subprocess.DEVNULL
_WORDS_BYTES = 65_536

_DAY_S = 86_400.0
_LEFT_OPEN_S = 3600.0
"""How soon what all tries left open counts as new, in a source that nothing but a change makes due."""

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
        """Raises NarratorError: the jobs file or the history cannot be read."""
        self.file = jobs_file
        self.state = state_folder(jobs_file)
        self.clock = clock
        self.jobs = Jobs()
        self.running: dict[JobName, asyncio.Task[Ended]] = {}
        self.telling: set[asyncio.Task[None]] = set()
        """What is told now of runs that could not tell themselves."""

        self._say = say
        self._looks: dict[JobName, Looks] = {}
        self._metrics = ""
        self._complaints: dict[str, str] = {}
        self._changes: dict[JobName, datetime] = {}
        self._rest_until: dict[JobName, float] = {}
        self.read()  # before a folder is made beside a file that is not there
        self._history = HistoryFile.open(self.state)

    def close(self) -> None:
        self._history.close()

    def read(self) -> None:
        """Read the jobs file.

        Raises:
            UsageError: there is none, or it is none.
        """
        self.jobs = read_jobs(self.file, check_render=problems_of)
        wrong = {bad.name: f"{bad.name}: {'; '.join(bad.problems)}" for bad in self.jobs.bad}
        for name, text in wrong.items():
            self._complain(name, text)
        self._complaints = wrong  # what was mended is told again should it come back

    def _complain(self, name: str, text: str) -> None:
        """Say what is wrong with a job, once and not each time that it is looked at."""
        if self._complaints.get(name) != text:
            self._complaints[name] = text
            self._say(text)

    def start_due(self, stop: Stop, *, but_not: Collection[JobName] = ()) -> list[Due]:
        """Start what is due now, as far as there is a place for it, and note what is too late.

        What waits for a place is asked for again later: its job, its hours and its budget may be others then.

        Raises:
            DiskError: the history cannot be read or written.
        """
        now = self.clock.now()
        self._close_abandoned()
        self._history.see(self.jobs.jobs, now)
        self._look_at_sources(now)
        # A run that has just been started is in history once its process works.
        dues = [each for each in due(self.jobs.jobs, self.known(now), now) if each.job.name not in self.running]
        for each in dues:
            if each.too_late:
                self._skip(each, now)
        ready = [
            each
            for each in dues
            if not (each.too_late or each.job.name in but_not or self._rests(each.job.name))
        ]
        started = ready[: max(0, self.jobs.at_once - len(self.running))]
        for each in started:
            self.running[each.job.name] = asyncio.create_task(self._run(each, stop))
        return started

    def _close_abandoned(self) -> None:
        """End the runs whose process is gone, and tell those who want to know of what went wrong."""
        for run in close_abandoned(self._history, self.clock):
            job = self._job(run.job)
            self._say(f"{run.job}: of the run that began {_local(run.started, job)}, {run.reason}")
            if job:
                self.telling.add(task := asyncio.create_task(self._tell_of_failure(job, run)))
                task.add_done_callback(self.telling.discard)

    async def _tell_of_failure(self, job: Job, run: Run) -> None:
        with tempfile.TemporaryFile() as output:
            after = Afterwards(job, self.file.absolute().parent)
            for problem in await after.tell_of_failure(told_of(run, ZoneInfo(job.zone)), output):
                self._say(f"{job.name}: {problem}")

    @property
    def startable(self) -> list[Job]:
        """The jobs that would be started, were they due."""
        if len(self.running) >= self.jobs.at_once:
            return []
        return [job for job in self.jobs.jobs if not (job.name in self.running or self._rests(job.name))]

    def _rests(self, name: JobName) -> bool:
        return time.monotonic() < self._rest_until.get(name, 0.0)

    async def wait_for_others(self, stop: Stop) -> None:
        """Wait a while for runs of jobs that would be due, were they not running: their starter may be gone.

        Such runs are ending themselves. Others go on, and then it is said.
        """
        now = self.clock.now()
        self._look_at_sources(now)
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
        """What history knows of the jobs, and which sources that are watched had changed at the last look."""
        return {
            name: replace(each, changed=self._changes.get(name))
            for name, each in self._history.history(self.jobs.jobs, now).items()
        }

    def _look_at_sources(self, now: datetime) -> None:
        watched = [job for job in self.jobs.jobs if isinstance(job.when, OnChange) and not job.is_paused]
        known = self._history.history(watched, now)
        self._changes = {
            job.name: now
            for job in watched
            if job.name not in self.running
            and self._has_changed(job, known[job.name].last if job.name in known else None, now)
        }

    def _has_changed(self, job: Job, last: Run | None, now: datetime) -> bool:
        """Whether a watched source has something new, or something is wrong with it that no run has told."""
        age_s = (now - last.ended).total_seconds() if last and last.ended else None
        if age_s is not None and 0 <= age_s < job.source.quiet_s:
            return False  # what it left as not quiet yet cannot be so before
        looks = self._looks.setdefault(job.name, Looks())
        try:
            settings = settings_of(job)
            known = seen_with(job, self._history.items(job.name), settings)
            if last and age_s is not None and _has_given_up(job, last, age_s):
                known = {name: each for name, each in known.items() if each.state is not ItemState.OPEN}
            changed = has_news(job, known, settings, is_manuscript, time.time(), looks)
        except UsageError as exc:
            # Once, as a run that fails, so that history, monitoring and whoever wants to know hear of it.
            return not (last and last.reason.startswith(exc.what[:_TOLD]))
        failed_long_ago = last is not None and age_s is not None and _failed_for_good(last) and age_s > _DAY_S
        return changed or failed_long_ago

    def _skip(self, each: Due, now: datetime) -> None:
        reason = f"it could not begin in time, and its grace of {each.job.grace_s:g} s is over"
        self._history.skip(each.job.name, due=each.at, coalesced=each.coalesced, now=now, reason=reason)
        self._say(f"{each.job.name}: skipped what was due {_local(each.at, each.job)}: {reason}")

    async def _run(self, each: Due, stop: Stop) -> Ended:
        """Start a run in a process of its own, and wait for its end."""
        name = each.job.name
        self._say(f"{name}: begins, due {_local(each.at, each.job)}")
        try:
            ended = await self._in_a_process(each, stop)
        except NarratorError as exc:
            self._say(f"{name}: {exc}")
            ended = Ended(each, None, exc.exit_code)
        finally:
            del self.running[name]
        if ended.run is None:
            self._rest_until[name] = time.monotonic() + _REST_S
        return ended

    async def _in_a_process(self, each: Due, stop: Stop) -> Ended:
        with disk_errors("Making a temporary file"):
            errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed below; the run's own errors are not the disk's
        with errors:
            child = await start_child(self._arguments(each), stdout=_DEVNULL, stderr=errors)
            code = await self._until_over(child, stop)
            errors.seek(0)
            told = errors.read(_WORDS_BYTES).decode("utf-8", "replace").strip()
        return self._ended(each, child.pid, code, told)

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
        except asyncio.CancelledError:
            await child.stop(0)
            raise
        finally:
            over.cancel()
            asked.cancel()

    def _ended(self, each: Due, pid: int, code: int, told: str) -> Ended:
        """What became of a run whose process has ended, and said this on its standard error."""
        self._close_abandoned()
        # By its number alone it may be taken for an earlier one: in each new container they begin anew.
        its_own = (each.at, each.attempt, pid)
        runs = self._history.runs(each.job.name, limit=5)
        run = next((run for run in runs if (run.due, run.attempt, run.pid) == its_own), None)
        if run is None:
            if code == ExitCode.LOCKED:
                self._say(f"{each.job.name}: is running already")
            elif code == ExitCode.DONE:
                self._say(f"{each.job.name}: was done by another process")
            elif code not in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
                self._say(f"{each.job.name}: could not begin: {told or f'exit code {code}'}")
        else:
            self._say(f"{each.job.name}: {_words(run)}")
            if told:  # it has a log, where it says what it foresees
                self._say(told)
        return Ended(each, run, code)

    def write_metrics(self) -> None:
        """Write the figures for monitoring where they have changed; a failure is told and no more."""
        if self.jobs.metrics:
            now = self.clock.now()
            known = self.known(now)
            try:
                text = metrics_text(self.jobs, known, self._history.succeeded(self.jobs.jobs), now)
                if text != self._metrics:
                    write_metrics(self.jobs.metrics, text)
                    self._metrics = text
            except NarratorError as exc:
                self._complain("metrics", exc.what)

    def _job(self, name: str) -> Job | None:
        return next((job for job in self.jobs.jobs if job.name == name), None)


def _has_given_up(job: Job, last: Run, age_s: float) -> bool:
    """Whether all tries have failed, of what may pass, and so long ago that it should have by now."""
    is_over = last.may_pass and last.attempt > job.retries and last.resume_at is None
    return is_over and age_s > max(_LEFT_OPEN_S, job.retry_s)


def _failed_for_good(last: Run) -> bool:
    """Whether a run failed for a reason that only a person can mend; nobody says when he has."""
    return last.outcome is Outcome.FAILED and not last.may_pass and last.resume_at is None


def _words(run: Run) -> str:
    reason = f": {run.reason}" if run.reason else ""
    log = f"; see {run.log}" if run.outcome in BAD else ""
    return f"{run.outcome or 'its process was gone'}{reason}{log}"


def _local(moment: datetime, job: Job | None) -> str:
    zone = ZoneInfo(job.zone) if job else None
    return local_words(moment, zone)
