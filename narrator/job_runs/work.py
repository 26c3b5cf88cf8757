"""What a run does with the things that its source has: each is rendered, and then copied and published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from narrator.book import locate
from narrator.errors import DiskError, ExitCode, NarratorError, ProjectLocked, UsageError
from narrator.job_runs.afterwards import Afterwards, settings_of
from narrator.job_runs.arguments import arguments_of
from narrator.job_runs.log import RunLog
from narrator.job_runs.purse import Purse
from narrator.job_runs.render import Cut, Deadlines, RenderEnd, render
from narrator.job_runs.sources import Source
from narrator.job_runs.verdict import Verdict, failed_by, in_one_line, verdict_on
from narrator.jobs.clock import Clock
from narrator.jobs.history import Item, ItemRecord, ItemState, Outcome
from narrator.jobs.job import Job, SourceKind
from narrator.jobs.windows import opening
from narrator.stopping import Stop
from narrator.wishes import Wishes

_LONGEST_WAIT_S = 120.0
"""How long a run waits for files that are still being written, at least as long as one has to be quiet."""

_SHORTEST_WAIT_S = 0.5
_LOCKED_S = 60.0
_LOCKED_AGAIN_S = 2.0
_JOINED = frozenset({"mp3", "m4b", "wav"})
"""The formats of which one file can be a whole book."""


@dataclass(slots=True)
class Work:
    """The work of one run, and what it came to: a verdict for each thing, and the files.

    `has_news` is whether anything was done of which others should hear.
    """

    job: Job
    source: Source
    purse: Purse
    after: Afterwards
    deadlines: Deadlines
    clock: Clock
    stop: Stop
    log: RunLog
    verdicts: list[Verdict] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    has_news: bool = False

    async def do(self) -> None:
        """Look at the source until nothing is left in it that is new and whole, and render each thing once.

        Raises:
            NarratorError: the source cannot be looked at, or what is found not be noted.
        """
        settings = settings_of(self.job)
        patience = time.monotonic() + max(_LONGEST_WAIT_S, 2 * self.job.source.quiet_s)
        tried: set[tuple[str, str]] = set()
        while True:
            found = await self.source.look(settings)
            for notice in found.notices:
                self.log.write(notice)
            self._tell_what_is_wrong()
            if found.left:
                self.verdicts.append(Verdict(Outcome.INCOMPLETE, ItemState.OPEN, found.left, may_pass=True))
            for record in self.source.to_publish(settings):
                await self._publish_again(record, settings)
            for item in found.items:
                # What was left open by this run has its time later.
                if (item.identity, item.digest) not in tried and not await self._render(item, settings):
                    return
                tried.add((item.identity, item.digest))
            wait_s = self.source.quiet_in_s(found)
            if wait_s is None or self._is_over():
                return
            if time.monotonic() + wait_s > patience:
                names = ", ".join(path.name for path in found.unquiet)
                self.log.write(f"Still being written, and left to the next run: {names}")
                return
            await self._pause(max(wait_s, _SHORTEST_WAIT_S))

    def _tell_what_is_wrong(self) -> None:
        """Note what of the source cannot be read, and nobody was told of yet."""
        for record in self.source.newly_failed:
            self.verdicts.append(Verdict(Outcome.FAILED, record.state, record.reason))
        self.source.newly_failed.clear()

    def _is_over(self) -> bool:
        """Whether no further item is begun; then it is noted why."""
        cut = Cut.STOP if self.stop.was_asked else self.deadlines.passed(self.clock.now())
        if cut:
            self.verdicts.append(self._judged(RenderEnd(0, cut=cut)))
        return cut is not None

    def _judged(self, ended: RenderEnd) -> Verdict:
        now, zone = self.clock.now(), ZoneInfo(self.job.zone)
        verdict = verdict_on(ended, now=now, zone=zone, budget_until=self.purse.filled_at)
        if verdict.outcome is Outcome.WINDOW:
            # The window is closed from this moment on, so its next opening lies after it.
            at = max(now, self.deadlines.window or now)
            return replace(verdict, resume_at=opening(self.job.window, zone, at))
        return self.purse.in_its_words(verdict) if ended.exit_code == ExitCode.BUDGET else verdict

    async def _render(self, item: Item, settings: str) -> bool:
        """Render one thing and do what comes after it; whether there is any use in going on."""
        if self._is_over():
            return False
        before = self.source.known.get(item.identity)
        is_done = bool(before and before.state is ItemState.DONE and before.digest == item.digest)
        record = self.source.opened(item, settings)
        verdict = await self._rendered(item, record)
        if verdict.reason:
            name = item.title or item.source.name
            self.log.write(f"{name}: {verdict.reason}")
            verdict = replace(verdict, reason=f"{name}: {verdict.reason}")
        self.verdicts.append(verdict)
        self.source.keep(_settled(self.source.known[item.identity], verdict, self.job.retries))
        self.has_news = self.has_news or verdict.outcome is not Outcome.DONE or not is_done
        return verdict.goes_on

    async def _rendered(self, item: Item, record: ItemRecord) -> Verdict:
        try:
            project = locate(item.source, Wishes(projects=self.source.projects)).project.folder
            options = self.purse.limited(self._options(item), item.identity, project)
            self.source.keep(replace(record, project=project))
        except NarratorError as exc:
            self.source.keep(record)
            return failed_by(exc)
        # For a project's folder this says nothing; else where to look for the book, and where to make it.
        arguments = [str(item.source), f"--projects={self.source.projects}", *arguments_of(options)]
        ended = await self._render_unlocked(arguments)
        if ended.project and ended.project != project:  # another book of that name was quicker
            project = ended.project
            self.source.keep(replace(record, project=project))
        self.has_news = self.has_news or ended.spoken > 0
        verdict = self._judged(ended)
        return await self._publish(item, project, ended.files) if verdict.outcome is Outcome.DONE else verdict

    async def _render_unlocked(self, arguments: Sequence[str]) -> RenderEnd:
        """Render, once whoever holds the project lets go of it: a render whose starter was killed soon ends."""
        patience = time.monotonic() + _LOCKED_S
        while True:
            ended = await render(arguments, self.log, self.clock, self.deadlines, self.stop)
            if ended.exit_code != ExitCode.LOCKED or time.monotonic() > patience or self.stop.was_asked:
                return ended
            await self._pause(_LOCKED_AGAIN_S)

    def _options(self, item: Item) -> dict[str, Any]:
        """What the job wishes for, over what is known of the item and what makes an episode."""
        job = self.job
        usual: dict[str, Any] = {}
        if job.after.podcast:
            usual["extras"] = ["vtt"]  # the episodes' transcripts
        formats = job.render.get("formats", ())
        named = formats.replace(" ", "").split(",") if isinstance(formats, str) else formats
        if job.source.kind in (SourceKind.FEED, SourceKind.PAGE) and _JOINED.issuperset(named):
            usual["one_file"] = True
        if job.template:
            usual["template"] = str(job.template)
        return {**usual, **item.options, **job.render}

    async def _publish(self, item: Item, project: Path, files: Sequence[Path]) -> Verdict:
        """Do what comes after a finished book: copies and podcast."""
        self.files += files
        try:
            await asyncio.to_thread(self.after.publish, item, project, self.clock.now())
        except (DiskError, ProjectLocked, UsageError) as exc:
            reason = f"rendered, but then: {in_one_line(exc)}"
            return Verdict(Outcome.FAILED, ItemState.OPEN, reason, may_pass=True)
        return Verdict(Outcome.DONE, ItemState.DONE)

    async def _publish_again(self, record: ItemRecord, settings: str) -> None:
        """What comes after is not what it was: a finished book gets it without being rendered."""
        verdict = await self._publish(self.source.item_of(record), record.project or Path(), ())
        self.verdicts.append(verdict)
        self.has_news = True
        if verdict.outcome is Outcome.DONE:  # else its settings remain as they were, and it is tried again
            self.source.keep(replace(record, settings=settings, reason=""))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stop.softly.wait(), seconds)
        except TimeoutError:
            return


def _settled(record: ItemRecord, verdict: Verdict, retries: int) -> ItemRecord:
    """What is known of a thing after its render. One that fails again and again waits until it changes."""
    attempts = record.attempts + verdict.blames_it if verdict.state is not ItemState.DONE else 0
    state = ItemState.FAILED if attempts > retries else verdict.state
    return replace(record, state=state, reason=verdict.reason, attempts=attempts)
