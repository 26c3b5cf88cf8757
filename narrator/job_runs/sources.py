"""What a job's source has that is new, whatever kind of source it is, and what is known of it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from narrator.job_runs.afterwards import after_of, render_of
from narrator.jobs.history import Found, Item, ItemRecord, ItemState
from narrator.jobs.history_file import HistoryFile, shortened
from narrator.jobs.job import Job, Jobs, SourceKind
from narrator.jobs.quiet import Looks
from narrator.jobs.watched import look_at_files, next_quiet_s
from narrator.wiring import is_manuscript

_OF_ONE_BOOK = (SourceKind.MANUSCRIPT, SourceKind.PROJECT)
_OF_THE_WEB = (SourceKind.FEED, SourceKind.PAGE)


class Source:
    """The source of one job, with the records of what it has or had."""

    def __init__(self, jobs: Jobs, job: Job, state: Path, history: HistoryFile) -> None:
        self._job = job
        self._history = history
        self._inbox = state / "inbox" / job.name
        self._looks = Looks()
        is_of_the_web = job.source.kind in _OF_THE_WEB
        self.projects = jobs.projects / job.name if is_of_the_web else jobs.projects
        """Where the books of the source have their projects."""

        self.known: dict[str, ItemRecord] = history.items(job.name)
        self.newly_failed: list[ItemRecord] = []
        """What the looks of this run found that cannot even be read."""

    def keep(self, record: ItemRecord) -> None:
        """Note what is known of a thing now. Raises DiskError."""
        self._history.keep_items([record])
        self.known[record.identity] = record

    async def look(self, settings: str) -> Found:
        """What there is to be rendered with these settings; see `settings_of`.

        Raises:
            UsageError: the source is not there, or is not what it should be.
            Unavailable: it cannot be had now.
            DiskError: what is found cannot be kept.
        """
        job, known = self._job, seen_with(self._job, self.known, settings)
        if job.source.kind in _OF_THE_WEB:
            return await self._look_at_the_web(known)
        found = look_at_files(job, known, settings, is_manuscript, time.time(), self._looks)
        self._settle(found)
        # All at once: what the first of them keeps from its turn is news no more, and has its time later.
        opened = [self.opened(item, settings) for item in found.items if not self._is_done(item)]
        self._history.keep_items(opened)
        self.known |= {record.identity: record for record in opened}
        return found

    def opened(self, item: Item, settings: str) -> ItemRecord:
        """What is known of a thing that is about to be rendered with these settings."""
        record = ItemRecord(
            self._job.name, item.identity, item.digest, settings, item.stat, ItemState.OPEN, title=item.title
        )
        before = self.known.get(item.identity)
        if before is None:
            return record
        is_same = before.digest == item.digest
        return replace(record, project=before.project, attempts=before.attempts if is_same else 0)

    def _is_done(self, item: Item) -> bool:
        record = self.known.get(item.identity)
        return record is not None and record.state is ItemState.DONE and record.digest == item.digest

    def item_of(self, record: ItemRecord) -> Item:
        """What is known of a finished book, as it was when it was found."""
        if self._job.source.kind in _OF_THE_WEB:
            from narrator.jobs.entry_page import Inbox  # noqa: PLC0415 - as below

            if item := Inbox(self._inbox).kept(record):
                return replace(item, digest=record.digest)
        return Item(record.identity, record.digest, record.project or Path(), title=record.title)

    def _settle(self, found: Found) -> None:
        """Keep what a look found out without a render, and tell apart what nobody was told of yet."""
        before = {record.digest: record for record in self.known.values()} | self.known
        settled = []
        for record in found.settled:
            old = before.get(record.identity) or (before.get(record.digest) if record.digest else None)
            if record.state is ItemState.FAILED and (old is None or old.reason != shortened(record.reason)):
                self.newly_failed.append(record)
            # A book that was renamed is where it was put before.
            is_as_before = old is not None and record.state is ItemState.DONE is old.state
            settled.append(replace(record, settings=old.settings) if old and is_as_before else record)
        self._history.keep_items(settled)
        self.known |= {record.identity: record for record in settled}

    async def _look_at_the_web(self, known: dict[str, ItemRecord]) -> Found:
        job = self._job
        if job.source.kind is SourceKind.FEED:
            from narrator.jobs.feed import look_at_feed as look  # noqa: PLC0415 - heavy, and not of every job
        else:
            from narrator.jobs.article import look_at_page as look  # noqa: PLC0415 - as above
        found, fetched = await look(job, self._inbox, known, self._history.fetched(job))
        # What is found is noted as open before the source is told that we have it.
        self._settle(found)
        for item in found.items:
            if item.identity not in self.known:
                self.keep(
                    ItemRecord(job.name, item.identity, "", "", item.stat, ItemState.OPEN, title=item.title)
                )
        self._history.keep_fetched(job, *fetched)
        return found

    def to_publish(self, settings: str) -> list[ItemRecord]:
        """Finished books for which what comes after has changed since."""
        wanted = after_of(settings)
        return [
            record
            for record in self.known.values()
            if wanted
            and record.state is ItemState.DONE
            and record.project
            and record.project.is_dir()  # one that a person deleted is to be put nowhere
            and after_of(record.settings) != wanted
        ]

    def quiet_in_s(self, found: Found) -> float | None:
        """In how many seconds the first of the files that are being written could be whole; None for none."""
        return next_quiet_s(found.unquiet, self._job.source.quiet_s, time.time(), self._looks)


def seen_with(job: Job, known: dict[str, ItemRecord], settings: str) -> dict[str, ItemRecord]:
    """The records as a look should take them.

    Other settings have failed things tried again, and a book that has a job of its own made anew. Of a folder
    or feed, what is finished stays as it is: nobody wants to pay for all old episodes in a new voice.
    """

    def taken(record: ItemRecord) -> ItemRecord:
        if render_of(record.settings) == render_of(settings):
            return replace(record, settings=settings)
        if record.state is ItemState.FAILED and record.settings:  # else no setting had to do with it
            return replace(record, state=ItemState.OPEN)
        return record if job.source.kind in _OF_ONE_BOOK else replace(record, settings=settings)

    return {identity: taken(record) for identity, record in known.items()}
