"""What comes after a render: copies, a podcast, and those who are told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from narrator.durable import reading
from narrator.errors import UsageError
from narrator.jobs.after import copy_files
from narrator.jobs.call import tell
from narrator.jobs.history import Item, Run
from narrator.jobs.job import Call, Job
from narrator.project import Project
from narrator.publishing.record import load_record

_NO_COPIES = ("report.html",)
"""What is for whoever made the book, and of no use to those who hear it."""


def settings_of(job: Job) -> str:
    """Digests of how a job renders, and of where it puts what it made ('' for nowhere), with a ':' between.

    Raises:
        UsageError: its template cannot be read.
    """
    template = ""
    if job.template:
        with reading(job.template), suppress(FileNotFoundError):  # its renders tell that there is none
            template = job.template.read_bytes().hex()
    after = {"copy_to": job.after.copy_to, "podcast": job.after.podcast and asdict(job.after.podcast)}
    return f"{_digest([dict(job.render), template])}:{_digest(after) if any(after.values()) else ''}"


def render_of(settings: str) -> str:
    """The part of `settings_of` that is of the render."""
    return settings.partition(":")[0]


def after_of(settings: str) -> str:
    """The part of `settings_of` that is of what comes after."""
    return settings.partition(":")[2]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Afterwards:
    """What one job wants done with finished books. Commands are run in `folder`, where its jobs file is."""

    def __init__(self, job: Job, folder: Path) -> None:
        self._job = job
        self._folder = folder

    def publish(self, item: Item, project: Path, now: datetime) -> None:
        """Copy a finished book, and put it into the podcast. All of it can be done again.

        Raises:
            DiskError: it cannot be written.
            UsageError: the feed that is there is none, or the book is not finished.
        """
        after = self._job.after
        if not (after.copy_to or after.podcast):
            return
        record = load_record(Project(project).record_file)
        if record is None:
            raise UsageError(f"{project} has no finished book.", advice="Render it again.")
        if after.copy_to:
            delivered = [file.path for _, file in record.files]
            beside = [path for path in record.beside if Path(path).name not in _NO_COPIES]
            # By its project, which no other book has: two of them, or two files of one, may have one title.
            copy_files([project / path for path in (*delivered, *beside)], after.copy_to / project.name)
        if after.podcast:
            from narrator.job_runs.episodes import episodes_of, show_of  # noqa: PLC0415 - not of every job
            from narrator.publishing.podcast import publish_podcast  # noqa: PLC0415 - imports lxml and Pillow

            show = show_of(self._job, after.podcast)
            publish_podcast(after.podcast.folder, show, episodes_of(self._job, item, project, record), now)

    async def tell(self, body: Mapping[str, Any], output: IO[bytes]) -> list[str]:
        """Tell those who want to know of each run; what went wrong, a line each.

        What programs say goes to `output`.
        """
        return await self._tell(self._job.after.call, body, output)

    async def tell_of_failure(self, body: Mapping[str, Any], output: IO[bytes]) -> list[str]:
        """Tell those who want to know of what went wrong. As `tell`."""
        return await self._tell(self._job.on_failure, body, output)

    async def _tell(self, call: Call, body: Mapping[str, Any], output: IO[bytes]) -> list[str]:
        if call == Call():
            return []
        may_go_inside = self._job.may_go_inside
        return await tell(call, body, may_go_inside=may_go_inside, cwd=self._folder, output=output)


def told_of(run: Run, zone: ZoneInfo) -> dict[str, Any]:
    """What others are told of a run; its time is that of the job's zone."""
    return {
        "job": run.job,
        "due": run.due.astimezone(zone).isoformat(),
        "outcome": str(run.outcome),
        "reason": run.reason,
        "characters": run.characters,
        "cost_usd": run.cost_usd,
        "files": list(run.files),
        "log": run.log,
    }
