"""`narrator jobs run`: a process that stays, sleeps until something can be due, and starts it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from narrator.durable import reading
from narrator.errors import NarratorError, ProjectLocked
from narrator.job_runs.dispatch import Dispatcher, Ended, Say
from narrator.jobs.clock import Clock, local_words
from narrator.jobs.due import next_time
from narrator.jobs.job import JobName, OnChange
from narrator.jobs.jobs_file import read_jobs, state_folder
from narrator.jobs.locks import hold
from narrator.stopping import Stop

_SCHEDULER = JobName(".scheduler")
"""No job can be called so."""

_LONGEST_SLEEP = timedelta(seconds=30)
"""A clock that was set, a machine that was asleep and an edited jobs file are noticed so soon."""

_CHANGES = timedelta(seconds=5)
"""How often files that are watched are looked at."""

_SHORTEST_SLEEP = timedelta(seconds=1)


def run_jobs(jobs_file: Path, say: Say) -> None:
    """Run jobs as they become due, until a signal ends it.

    Raises:
        ProjectLocked: another process does so for this jobs file.
        NarratorError: the jobs file or the history cannot be read.
    """
    read_jobs(jobs_file)  # before a folder is made beside a file that is not there
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(state_folder(jobs_file), _SCHEDULER))
        except ProjectLocked as exc:
            holder = exc.what.partition(": ")[2]
            raise ProjectLocked(
                f"Another `narrator jobs run` is at work for {jobs_file}: {holder}", advice=exc.advice
            ) from exc
        asyncio.run(Foreground(jobs_file, say).run())


class Foreground:
    """What stays in the foreground, and wakes when something can be due."""

    def __init__(self, jobs_file: Path, say: Say) -> None:
        self._file = jobs_file
        self._say = say
        self._stop = Stop()
        self._woken = asyncio.Event()
        self._ended: list[asyncio.Task[Ended]] = []
        self._trouble = ""
        self._read_as = self._state_of_file()
        self._dispatcher = Dispatcher(jobs_file, Clock(), say)
        self._scheduler: Any = AsyncIOScheduler(timezone=UTC)

    async def run(self) -> None:
        """Wake up and start what is due, until a signal comes; then let what runs come to its end."""
        running = self._dispatcher.running
        try:
            with self._stop.on_signals(lambda: self._say("stopping: what is in flight is let finish")):
                self._tell_what_is_next()
                self._scheduler.start()
                while not self._stop.was_asked:
                    self._woken.clear()
                    while self._ended:
                        self._ended.pop().result()  # what nobody foresaw ends us, and does not go unseen
                    await self._sleep(until=self.look())
                self._scheduler.shutdown(wait=False)
                while running:
                    await asyncio.wait(running.values())
        except asyncio.CancelledError as exc:
            raise self._stop.error() from exc
        finally:
            self._dispatcher.close()

    async def _sleep(self, until: datetime) -> None:
        """Sleep until then, until a run ends, or we are to stop.

        APScheduler waits for a time of the system's clock. Where that was set back it would wait for long, so
        we wait no longer than we would have, by a clock that nobody sets.
        """
        self._scheduler.add_job(
            self._wake, "date", run_date=until, id="look", replace_existing=True, misfire_grace_time=None
        )
        waits = {asyncio.create_task(each.wait()) for each in (self._woken, self._stop.softly)}
        try:
            patience_s = _LONGEST_SLEEP.total_seconds()
            await asyncio.wait(waits, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _wake(self) -> None:
        self._woken.set()

    def _on_end(self, run: asyncio.Task[Ended]) -> None:
        self._ended.append(run)
        self._woken.set()

    def look(self) -> datetime:
        """Start what is due; when to look again."""
        try:
            self._read_if_edited()
            for each in self._dispatcher.start_due(self._stop):
                self._dispatcher.running[each.job.name].add_done_callback(self._on_end)
            self._dispatcher.write_metrics()
            at = self._next_look()
        except NarratorError as exc:  # a full disk, say: it is told once, and tried again
            if str(exc) != self._trouble:
                self._say(str(exc))
            self._trouble = str(exc)
            return self._dispatcher.clock.now() + _LONGEST_SLEEP
        self._trouble = ""
        return at

    def _next_look(self) -> datetime:
        now = self._dispatcher.clock.now()
        jobs = self._dispatcher.startable
        known = self._dispatcher.known(now)
        times = [now + _LONGEST_SLEEP]
        if any(isinstance(job.when, OnChange) and not job.is_paused for job in jobs):
            times.append(now + _CHANGES)
        times += [at for job in jobs if (at := next_time(job, known.get(job.name), now))]
        return max(min(times), now + _SHORTEST_SLEEP)

    def _read_if_edited(self) -> None:
        state = self._state_of_file()
        if state != self._read_as:
            self._dispatcher.read()
            self._read_as = state
            self._tell_what_is_next()

    def _state_of_file(self) -> tuple[int, int, int] | None:
        try:
            with reading(self._file):
                found = self._file.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _tell_what_is_next(self) -> None:
        now = self._dispatcher.clock.now()
        known = self._dispatcher.known(now)
        for job in self._dispatcher.jobs.jobs:
            at = next_time(job, known.get(job.name), now)
            if job.is_paused:
                when = "is paused"
            elif at:
                when = f"next {local_words(at, ZoneInfo(job.zone))}"
            else:
                when = "waits for a change" if isinstance(job.when, OnChange) else "has no further time"
            self._say(f"{job.name}: {when}")
