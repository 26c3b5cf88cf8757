"""`narrator jobs run`: a process that stays, sleeps until something can be due, and starts it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from narrator.durable import reading
from narrator.errors import NarratorError
from narrator.job_runs.dispatch import Dispatcher, Say
from narrator.jobs.clock import Clock, local_words
from narrator.jobs.due import next_time
from narrator.jobs.job import JobName, OnChange
from narrator.jobs.jobs_file import state_folder
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
    with hold(state_folder(jobs_file), _SCHEDULER):
        asyncio.run(_Foreground(jobs_file, say).run())


class _Foreground:
    def __init__(self, jobs_file: Path, say: Say) -> None:
        self._dispatcher = Dispatcher(jobs_file, Clock(), say)
        self._say = say
        self._stop = Stop()
        self._read_as: object = None
        self._trouble = ""
        # The system's clock is asked by `Clock`; this one only wakes us, at moments of its own.
        self._scheduler: Any = AsyncIOScheduler(timezone=UTC)

    async def run(self) -> None:
        """Wake up and start what is due, until a signal comes; then let what runs come to its end."""
        dispatcher = self._dispatcher
        try:
            self._read()
            with self._stop.on_signals(lambda: self._say("stopping: what is in flight is let finish")):
                self._tell_what_is_next()
                self._scheduler.start()
                self._wake(datetime.now(UTC))
                await self._stop.softly.wait()
                self._scheduler.shutdown(wait=False)
                while dispatcher.running:
                    await asyncio.wait(dispatcher.running.values())
        finally:
            dispatcher.close()

    def _wake(self, at: datetime) -> None:
        self._scheduler.add_job(
            self._look, "date", run_date=at, id="look", replace_existing=True, misfire_grace_time=None
        )

    async def _look(self) -> None:
        """Start what is due, and sleep until something else can be."""
        try:
            self._read_if_edited()
            for each in self._dispatcher.start_due(self._stop):
                task = self._dispatcher.running[each.job.name]
                task.add_done_callback(lambda _: self._on_end())
            self._dispatcher.write_metrics()
            self._trouble = ""
        except NarratorError as exc:  # a full disk, say: it is told once, and tried again
            if str(exc) != self._trouble:
                self._say(str(exc))
            self._trouble = str(exc)
        if not self._stop.was_asked:
            self._wake(self._next_look())

    def _on_end(self) -> None:
        if not self._stop.was_asked:
            self._wake(datetime.now(UTC))

    def _next_look(self) -> datetime:
        now = self._dispatcher.clock.now()
        jobs = [job for job in self._dispatcher.jobs.jobs if job.name not in self._dispatcher.running]
        times = [now + _LONGEST_SLEEP]
        if any(isinstance(job.when, OnChange) and not job.is_paused for job in jobs):
            times.append(now + _CHANGES)
        if not self._trouble:
            known = self._dispatcher.known(now)
            times += [at for job in jobs if (at := next_time(job, known.get(job.name), now))]
        return max(min(times), now + _SHORTEST_SLEEP)

    def _read(self) -> None:
        self._read_as = self._state_of_file()
        self._dispatcher.read()

    def _read_if_edited(self) -> None:
        if self._state_of_file() != self._read_as:
            self._read()
            self._tell_what_is_next()

    def _state_of_file(self) -> object:
        try:
            with reading(self._dispatcher.file):
                found = self._dispatcher.file.stat()
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
