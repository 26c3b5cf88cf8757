"""One run of a job: what is new in its source is rendered, what comes after is done, and history knows of it.

Whoever runs it holds the job's lock from beginning to end. Every step can be the last: what is left open is
found at the next run, by the records of items, by takes, and by the marks of what was spent.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from narrator.book import locate
from narrator.errors import DiskError, ExitCode, NarratorError, UsageError
from narrator.job_runs.afterwards import Afterwards, settings_of
from narrator.job_runs.arguments import arguments_of
from narrator.job_runs.log import RunLog
from narrator.job_runs.render import Cut, Deadlines, RenderEnd, render
from narrator.job_runs.sources import Source
from narrator.job_runs.spending import Bill, Meter
from narrator.job_runs.verdict import Verdict, all_together, failed_by, in_one_line, stopped, verdict_on
from narrator.jobs.allowance import remaining
from narrator.jobs.clock import Clock
from narrator.jobs.history import Item, ItemRecord, ItemState, JobHistory, Outcome, Run, Trigger
from narrator.jobs.history_file import HistoryFile
from narrator.jobs.job import Job, Jobs, SourceKind
from narrator.jobs.locks import hold
from narrator.jobs.windows import closing, opening
from narrator.stopping import Stop
from narrator.wishes import Wishes

_LONGEST_WAIT_S = 120.0
"""How long a run waits for files that are still being written; later ones are the next run's."""

_SHORTEST_WAIT_S = 0.2

_LOCKED_S = 60.0
_LOCKED_AGAIN_S = 2.0


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
        owes_a_word = _was_abandoned(history, order.job)
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
        source = Source(jobs, order.job, state, history)
        after = Afterwards(order.job, state.parent)
        work = _JobRun(order, run, clock=clock, source=source, after=after, history=history, log=lines)
        return asyncio.run(work.done(owes_a_word=owes_a_word))


def close_abandoned(history: HistoryFile, clock: Clock, *, only: Job | None = None) -> list[Run]:
    """End the runs whose process is gone, with what they spent; those of `only`, whose lock the caller holds.

    Raises:
        DiskError: the history cannot be written.
    """
    ended = []
    for run in history.open_runs():
        if only and run.job != only.name:
            continue
        if not only:
            as_it_is, goes_on = history.followed(run)
            if goes_on or as_it_is.ended is not None:
                continue
        bill = Meter(history, run.id).read()
        reason = "its process was gone: killed, crashed, or without power"
        now = max(clock.now(), run.started)
        history.end(
            run.id,
            ended=now,
            outcome=Outcome.ABANDONED,
            reason=reason,
            may_pass=True,
            characters=bill.characters,
            cost_usd=bill.usd,
        )
        ended.append(replace(run, ended=now, outcome=Outcome.ABANDONED, reason=reason))
    return ended


def _was_abandoned(history: HistoryFile, job: Job) -> bool:
    """Whether the run before was: then what it rendered last may have been told to nobody."""
    last = next((run for run in history.runs(job.name) if run.outcome is not Outcome.SKIPPED), None)
    return last is not None and last.outcome is Outcome.ABANDONED


class _JobRun:
    """What a run knows while it goes on."""

    def __init__(
        self,
        order: Order,
        run: Run,
        *,
        clock: Clock,
        source: Source,
        after: Afterwards,
        history: HistoryFile,
        log: RunLog,
    ) -> None:
        self._job = order.job
        self._order = order
        self._clock = clock
        self._history = history
        self._run = run
        self._log = log
        self._zone = ZoneInfo(order.job.zone)
        self._meter = Meter(history, run.id)
        self._source = source
        self._after = after
        self._stop = Stop()
        self._verdicts: list[Verdict] = []
        self._files: list[Path] = []
        self._rendered = 0
        known = history.history([order.job], run.started)
        self._allowed = remaining(order.job, known[order.job.name], run.started)
        by_hand = order.trigger is Trigger.HAND
        self._deadlines = Deadlines(
            window=None if by_hand else closing(order.job.window, self._zone, run.started),
            timeout=run.started + timedelta(seconds=order.job.timeout_s) if order.job.timeout_s else None,
        )

    async def done(self, *, owes_a_word: bool) -> Run:
        """Do all of it, and note how it ended. If it `owes_a_word`, others are told even if nothing is new."""
        with self._stop.on_signals(lambda: None):
            self._log.write(f"{self._job.name}: {_why(self._order)}")
            try:
                await self._work()
            except asyncio.CancelledError:
                self._verdicts.append(stopped(self._clock.now()))
            except NarratorError as exc:
                self._verdicts.append(failed_by(exc))
            except Exception as exc:
                self._end(Verdict(Outcome.FAILED, ItemState.OPEN, f"a fault of narrator's own: {exc!r}"))
                raise
            return await self._ended(owes_a_word=owes_a_word)

    async def _work(self) -> None:
        settings = settings_of(self._job)
        patience = time.monotonic() + _LONGEST_WAIT_S
        tried: set[tuple[str, str]] = set()
        while True:
            found = await self._source.look(settings)
            for notice in found.notices:
                self._log.write(notice)
            while self._source.newly_failed:
                record = self._source.newly_failed.pop()
                self._verdicts.append(Verdict(Outcome.FAILED, record.state, record.reason))
            for record in self._source.to_publish(settings):
                await self._publish_again(record, settings)
            for item in found.items:
                # What was left open by this run has its time later.
                if (item.identity, item.digest) not in tried and not await self._render(item, settings):
                    return
                tried.add((item.identity, item.digest))
            wait_s = self._source.quiet_in_s(found)
            if wait_s is None or self._is_over():
                return
            if time.monotonic() + wait_s > patience:
                names = ", ".join(path.name for path in found.unquiet)
                self._log.write(f"Still being written, and left to the next run: {names}")
                return
            await self._pause(max(wait_s, _SHORTEST_WAIT_S))

    def _is_over(self) -> bool:
        """Whether no further item is begun; then it is noted why."""
        cut = Cut.STOP if self._stop.was_asked else self._deadlines.passed(self._clock.now())
        if cut:
            self._judge(RenderEnd(0, cut=cut))
        return cut is not None

    def _judge(self, ended: RenderEnd) -> Verdict:
        verdict = verdict_on(ended, now=self._clock.now(), zone=self._zone, budget_until=self._allowed.until)
        if verdict.outcome is Outcome.WINDOW:
            # The window is closed from this moment on, so its next opening lies after it.
            at = max(self._clock.now(), self._deadlines.window or self._clock.now())
            verdict = replace(verdict, resume_at=opening(self._job.window, self._zone, at))
        if ended.exit_code == ExitCode.BUDGET and self._allowed.is_of:
            verdict = self._at_its_budget(verdict)
        self._verdicts.append(verdict)
        return verdict

    def _at_its_budget(self, verdict: Verdict) -> Verdict:
        """A run that reached its budget; one that could buy nothing with all of it never will."""
        budget = f"its budget for a {self._allowed.is_of}"
        is_all = self._allowed == remaining(self._job, JobHistory(self._run.started), self._run.started)
        has_own_limit = self._job.render.keys() & {"max_cost", "max_characters"}
        if is_all and not has_own_limit and not self._meter.read().characters:
            reason = f"{budget} is less than the next request costs"
            return Verdict(Outcome.FAILED, ItemState.OPEN, reason, goes_on=False)
        return replace(verdict, reason=f"{budget} is spent")

    async def _render(self, item: Item, settings: str) -> bool:
        """Render one thing and do what comes after it; whether there is any use in going on."""
        if self._is_over():
            return False
        name = item.title or item.source.name
        before = self._source.known.get(item.identity)
        record = ItemRecord(
            self._job.name, item.identity, item.digest, settings, item.stat, ItemState.OPEN, title=item.title
        )
        if before and before.digest == item.digest:
            record = replace(record, attempts=before.attempts)
        try:
            arguments, project = self._arguments(item)
        except NarratorError as exc:
            self._log.write(f"{name}: {exc}")
            verdict = failed_by(exc)
            self._verdicts.append(replace(verdict, reason=f"{name}: {verdict.reason}"))
            self._source.keep(replace(record, state=verdict.state, reason=verdict.reason))
            return verdict.goes_on
        record = replace(record, project=project)
        self._source.keep(record)
        self._rendered += 1
        ended = await self._render_unlocked(arguments)
        verdict = self._judge(ended)
        if ended.project and ended.project != project:  # another book of that name was quicker
            project = ended.project
            record = replace(record, project=project)
        if verdict.outcome is Outcome.DONE:
            verdict = await self._publish(item, project, ended.files)
        if verdict.reason:
            self._log.write(f"{name}: {verdict.reason}")
            verdict = replace(verdict, reason=f"{name}: {verdict.reason}")
        self._verdicts[-1] = verdict
        self._source.keep(_settled(record, verdict, self._job.retries))
        return verdict.goes_on

    async def _render_unlocked(self, arguments: Sequence[str]) -> RenderEnd:
        """Render, once whoever holds the project lets go of it: a render whose starter was killed soon ends."""
        patience = time.monotonic() + _LOCKED_S
        while True:
            ended = await render(arguments, self._log, self._clock, self._deadlines, self._stop)
            if ended.exit_code != ExitCode.LOCKED or time.monotonic() > patience or self._stop.was_asked:
                return ended
            await self._pause(_LOCKED_AGAIN_S)

    def _arguments(self, item: Item) -> tuple[list[str], Path]:
        """The arguments of an item's render, within what may still be spent, and its project.

        With nothing left it is rendered as far as that costs nothing.

        Raises:
            UsageError: the source cannot be found.
        """
        options = self._options(item)
        wishes = Wishes(projects=self._source.projects)
        project = locate(item.source, wishes).project.folder
        sent = self._meter.mark(item.identity, project)
        bill = self._meter.read()
        if self._allowed.usd is not None:
            left = max(0.0, self._allowed.usd - (bill.usd or 0.0))
            options["max_cost"] = _least(options.get("max_cost"), sent.usd_micros / 1e6 + left)
        if self._allowed.characters is not None:
            left_characters = max(0, self._allowed.characters - bill.characters)
            options["max_characters"] = _least(options.get("max_characters"), sent.characters + left_characters)
        # For a project's folder this says nothing; else where to look for the book, and where to make it.
        return [str(item.source), f"--projects={self._source.projects}", *arguments_of(options)], project

    def _options(self, item: Item) -> dict[str, Any]:
        """What the job wishes for, over what is known of the item and what makes an episode."""
        job = self._job
        usual: dict[str, Any] = {}
        if job.after.podcast:
            usual["extras"] = ["vtt"]  # the episodes' transcripts
        if job.source.kind in (SourceKind.FEED, SourceKind.PAGE) and "formats" not in job.render:
            usual["one_file"] = True
        if job.template:
            usual["template"] = str(job.template)
        return {**usual, **item.options, **job.render}

    async def _publish(self, item: Item, project: Path, files: Sequence[Path]) -> Verdict:
        """Do what comes after a finished book: copies and podcast."""
        self._files += files
        try:
            await asyncio.to_thread(self._after.publish, item, project, self._clock.now())
        except (DiskError, UsageError) as exc:
            reason = f"rendered, but then: {in_one_line(exc)}"
            return Verdict(Outcome.FAILED, ItemState.OPEN, reason, may_pass=True)
        return Verdict(Outcome.DONE, ItemState.DONE)

    async def _publish_again(self, record: ItemRecord, settings: str) -> None:
        """What comes after is not what it was: a finished book gets it without being rendered."""
        item = Item(record.identity, record.digest, record.project or Path(), title=record.title)
        verdict = await self._publish(item, item.source, ())
        self._verdicts.append(verdict)
        if verdict.outcome is Outcome.DONE:  # else its settings remain as they were, and it is tried again
            self._source.keep(replace(record, settings=settings, reason=""))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.softly.wait(), seconds)
        except TimeoutError:
            return

    async def _ended(self, *, owes_a_word: bool) -> Run:
        verdict = all_together(self._verdicts)
        bill = self._meter.read()
        if self._rendered or owes_a_word or verdict.outcome is not Outcome.DONE:
            try:
                told = await self._after.tell(self._body(verdict, bill), verdict.outcome, self._log.file)
            except asyncio.CancelledError:
                told = ["It was told to stop at once before others were told."]
            for problem in told:
                self._log.write(problem)
            if told and verdict.outcome is Outcome.DONE:
                verdict = Verdict(Outcome.FAILED, ItemState.DONE, f"all is rendered, but then: {told[0]}")
        return self._end(verdict, bill)

    def _end(self, verdict: Verdict, bill: Bill | None = None) -> Run:
        bill = bill or self._meter.read()
        files = tuple(map(str, self._files))
        now = max(self._clock.now(), self._run.started)
        ended = replace(
            self._run,
            ended=now,
            outcome=verdict.outcome,
            reason=verdict.reason,
            may_pass=verdict.may_pass,
            resume_at=verdict.resume_at,
            characters=bill.characters,
            cost_usd=bill.usd,
            files=files,
        )
        self._history.end(
            ended.id,
            ended=now,
            outcome=verdict.outcome,
            reason=verdict.reason,
            may_pass=verdict.may_pass,
            resume_at=verdict.resume_at,
            characters=bill.characters,
            cost_usd=bill.usd,
            files=files,
        )
        self._log.write(f"{verdict.outcome}{': ' if verdict.reason else ''}{verdict.reason}")
        return ended

    def _body(self, verdict: Verdict, bill: Bill) -> dict[str, object]:
        """What others are told of the run."""
        return {
            "job": self._job.name,
            "due": self._order.due.astimezone(self._zone).isoformat(),
            "outcome": str(verdict.outcome),
            "reason": verdict.reason,
            "characters": bill.characters,
            "cost_usd": bill.usd,
            "files": [str(path) for path in self._files],
            "log": str(self._log.path),
        }


def _least(wish: float | None, limit: float) -> float:
    return limit if wish is None else min(wish, limit)


def _why(order: Order) -> str:
    again = f", attempt {order.attempt}" if order.attempt > 1 else ""
    more = f", for {order.coalesced} earlier times, too" if order.coalesced else ""
    return f"{order.trigger}, due {order.due.astimezone(ZoneInfo(order.job.zone)).isoformat()}{again}{more}"


def _settled(record: ItemRecord, verdict: Verdict, retries: int) -> ItemRecord:
    """What is known of a thing after its render. One that fails again and again waits until it changes."""
    attempts = record.attempts + verdict.blames_it if verdict.state is not ItemState.DONE else 0
    state = ItemState.FAILED if attempts > retries else verdict.state
    return replace(record, state=state, reason=verdict.reason, attempts=attempts)
