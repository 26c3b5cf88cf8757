"""What is new in an RSS or Atom feed: a manuscript for each entry that was not rendered yet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from narrator.errors import Unavailable, UsageError
from narrator.jobs.apart import article_of, feed_of
from narrator.jobs.entry_page import Inbox
from narrator.jobs.feed_entry import in_quotes, named, stat_of, told_apart
from narrator.jobs.feed_faults import no_feed, refuse_broken, what_is_odd
from narrator.jobs.fetch import MOST_BYTES, fetch, host_of
from narrator.jobs.history import Found, Item, ItemRecord, ItemState
from narrator.jobs.job import Job
from narrator.jobs.web_texts import Entry, Text, digest_of, shortened

_SHORTEST_TEXT = 600
"""What has fewer characters may be but a summary."""

_GOES_ON = re.compile(
    r"(?:…|\.\.\.|[\[(](?:…|\.\.\.|more)[\])]|\b(?:read (?:more|on)|continue reading|weiterlesen|mehr lesen"
    r"|lire la suite|leer más|seguir leyendo|leggi tutto|continua a leggere|lees verder|ler mais|читать далее"
    r"|続きを読む))[\s\W]*$",
    re.IGNORECASE,
)
"""How a summary ends that leads to the rest."""

_MOST_FAILURES = 3
"""After so many pages of a server that cannot be had, one after the other, its others are left for later."""

_MOST_AWAY = 12
"""Of all servers together: then the fault is nearer."""

_MOST_TRIES = 20
"""A page that could not be had at so many looks is taken for gone: a dead link must not be news for ever."""

_NO_CONDITIONS = ("", "")


async def look_at_feed(
    job: Job, inbox: Path, known: Mapping[str, ItemRecord], fetched: tuple[str, str]
) -> tuple[Found, tuple[str, str]]:
    """What a feed has that is not rendered yet, the oldest first, each as a page in `inbox`.

    `known` are the job's records by identity, and `fetched` what the last look gave back: the ETag and the
    Last-Modified of the feed. An entry is its text: it is rendered again where that, or its title, has changed.
    What is open is found again though the feed does not have it any more. What cannot be had now is `left` for
    the next look; what will not be had is settled as failed, and asked for again when its entry changes.

    Raises:
        UsageError: it is no feed, or cannot be had as things are.
        Unavailable: it cannot be had now, or nothing of it can be read.
        DiskError: the inbox cannot be written.
    """
    is_open = any(record.state is ItemState.OPEN for record in known.values())
    etag, last_modified = _NO_CONDITIONS if is_open else fetched
    answer = await fetch(
        job.source.place,
        may_go_inside=job.may_go_inside,
        max_bytes=MOST_BYTES,
        etag=etag,
        last_modified=last_modified,
    )
    if answer is None:
        return Found(), fetched
    feed = await feed_of(answer)
    host = host_of(answer.url)
    if not feed.is_feed:
        raise no_feed(feed, host)
    refuse_broken(feed, host, newest=None if known else job.source.newest)
    look = _Look(job, Inbox(inbox), known)
    look.notices += what_is_odd(feed, host)
    await look.at(told_apart(feed.entries, known))
    found = Found(tuple(look.items), notices=tuple(look.notices), settled=tuple(look.settled), left=look.left)
    is_whole = not look.left and not feed.break_at
    return found, (answer.etag, answer.last_modified) if is_whole else _NO_CONDITIONS


class _Look:
    """One look at the entries of a feed, and what is found."""

    def __init__(self, job: Job, inbox: Inbox, known: Mapping[str, ItemRecord]) -> None:
        self.items: list[Item] = []
        self.notices: list[str] = []
        self.settled: list[ItemRecord] = []
        self._job, self._inbox, self._known = job, inbox, known
        self._left: list[str] = []
        self._failures: Counter[str] = Counter()

    @property
    def left(self) -> str:
        """What is left for the next look, and why, in one line; '' for nothing."""
        reasons = list(dict.fromkeys(filter(None, self._left)))[:_MOST_FAILURES]
        return f"{_entries(len(self._left))}: {'; '.join(reasons)}" if self._left else ""

    async def at(self, entries: list[Entry]) -> None:
        there = {entry.identity for entry in entries}
        for identity, record in self._known.items():
            if record.state is not ItemState.OPEN or identity in there:
                continue
            if item := self._inbox.kept(record):
                self.items.append(item)
            else:
                self._give_up(record)
        newest = self._job.source.newest
        passed = max(0, len(entries) - newest) if newest is not None and not self._known else 0
        self.settled += [self._record(entry, digest="") for entry in entries[:passed]]
        for entry in entries[passed:]:
            await self._at_one(entry)
        if self._left.count(""):
            self.notices.append(
                f"Of {_entries(self._left.count(''))} the pages were not asked for, since others cannot be had."
            )

    def _give_up(self, record: ItemRecord) -> None:
        """Keep that nothing can be had of an entry, and say so once; it is new when the feed has it again."""
        reason = f"{in_quotes(record.title)} is neither in the feed nor in the inbox any more: it is left out."
        self.notices.append(reason)
        self.settled.append(_failed(record, "", reason))

    async def _at_one(self, entry: Entry) -> None:
        record = self._known.get(entry.identity)
        stat = stat_of(entry)
        is_open = record is None or record.state is ItemState.OPEN
        was_passed = record is not None and record.state is ItemState.DONE and not record.digest
        if record and not is_open and (was_passed or record.stat in (stat, self._tried(entry))):
            return
        if record and is_open and record.stat == stat and (item := self._inbox.kept(record)):
            self.items.append(item)
            return
        if entry.is_cut:
            if is_open:
                self._left.append(f"the feed breaks off in {named(entry)}")
            return
        try:
            text = await self._text_of(entry, tries=record.attempts if record else 0)
        except Unavailable as exc:
            self._leave(entry, record, exc)
        except UsageError as exc:
            self._do_without(entry, record, exc)
        else:
            self._take(entry, text, record)

    def _take(self, entry: Entry, text: Text, record: ItemRecord | None) -> None:
        """Have an entry rendered, if it does not say what it did."""
        stat = stat_of(entry)
        is_open = record is None or record.state is ItemState.OPEN
        entry = replace(entry, text=text, summary=entry.summary or shortened(text.plain, _SHORTEST_TEXT))
        digest = digest_of(entry.title, text)
        if not text.plain:
            # What was rendered when it had one stays.
            is_done = record is not None and record.state is ItemState.DONE
            settled = record if record and is_done else self._record(entry, digest=digest)
            self.settled.append(replace(settled, stat=stat))
            self.notices.append(f"{named(entry)} has no text: it is left out.")
        elif record and not is_open and record.digest == digest:
            self.settled.append(replace(record, stat=stat, attempts=0))
        else:
            self.items.append(self._inbox.put(entry, stat=stat))
            if record and not is_open:
                self.settled.append(replace(record, state=ItemState.OPEN, stat=stat))

    def _leave(self, entry: Entry, record: ItemRecord | None, error: Unavailable) -> None:
        """Leave for the next look what cannot be had now, and count how often it was asked for."""
        self._left.append(error.what.rstrip("."))
        if error.what:
            self._failures[host_of(entry.link)] += 1
            self.notices.append(f"The page of {named(entry)} cannot be had, it is left for later: {error.what}")
            record = record or replace(self._record(entry, digest=""), state=ItemState.OPEN)
            self.settled.append(replace(record, attempts=record.attempts + 1))

    def _do_without(self, entry: Entry, record: ItemRecord | None, error: UsageError) -> None:
        """Keep, and say once, that nothing can be had of an entry as it is. What is rendered of it stays."""
        reason = f"{named(entry)} cannot be had: {error.what}"
        tried = self._tried(entry)
        if record and record.state is ItemState.DONE:
            self.notices.append(f"{reason} What was rendered of it stays.")
            self.settled.append(replace(record, stat=tried))
        else:
            self.notices.append(reason)
            self.settled.append(_failed(record or self._record(entry, digest=""), tried, reason))

    def _tried(self, entry: Entry) -> str:
        """What the feed has of an entry, and how its page was asked for."""
        return stat_of(entry, self._job.source.text, str(self._job.may_go_inside))

    def _record(self, entry: Entry, *, digest: str) -> ItemRecord:
        """An entry of which nothing is to be done; without a digest, whatever becomes of it."""
        return ItemRecord(
            self._job.name, entry.identity, digest, "", stat_of(entry), ItemState.DONE, entry.title
        )

    async def _text_of(self, entry: Entry, *, tries: int) -> Text:
        """What is spoken of an entry: its own text or that of its page, which could not be had `tries` times.

        Raises:
            Unavailable: that is to be had later; without a word where it was not even asked for.
            UsageError: there is none to be had.
        """
        wanted = self._job.source.text
        if not entry.link or wanted == "feed" or (wanted == "auto" and not _may_be_summary(entry)):
            return entry.text
        host = host_of(entry.link)
        if self._failures[host] >= _MOST_FAILURES or self._failures.total() >= _MOST_AWAY:
            raise Unavailable("")
        try:
            text = await self._text_of_page(entry.link, tries)
        except UsageError as exc:
            # What will not pass must not silence the summary.
            if wanted == "page" or not entry.text.plain:
                raise
            self.notices.append(f"Of {named(entry)} its summary is read: {exc.what}")
            return entry.text
        del self._failures[host]
        return max(entry.text, text, key=lambda each: len(each.plain)) if wanted == "auto" else text

    async def _text_of_page(self, link: str, tries: int) -> Text:
        try:
            page = await fetch(link, may_go_inside=self._job.may_go_inside, max_bytes=MOST_BYTES)
        except Unavailable as exc:
            if tries < _MOST_TRIES:
                raise
            raise UsageError(f"{exc.what} It was so at each of {tries} looks before.") from exc
        article = await article_of(page) if page else None
        if article is None:
            raise UsageError(f"its page at {host_of(link)} has no article.")
        return article.text


def _may_be_summary(entry: Entry) -> bool:
    text = entry.text.plain
    if not text and entry.has_sound:
        return False
    return len(text) < _SHORTEST_TEXT or _GOES_ON.search(text[-80:]) is not None


def _failed(record: ItemRecord, stat: str, reason: str) -> ItemRecord:
    """A record of what cannot be had. It has no settings: other ones would make nothing better."""
    return replace(record, state=ItemState.FAILED, digest="", settings="", stat=stat, reason=reason, attempts=0)


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
