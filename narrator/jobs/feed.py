"""What is new in an RSS or Atom feed: a manuscript for each entry that was not rendered yet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from narrator.errors import NarratorError, Unavailable, UsageError
from narrator.jobs.apart import article_of, feed_of
from narrator.jobs.entry_page import Inbox
from narrator.jobs.fetch import MOST_BYTES, fetch, host_of
from narrator.jobs.history import Found, Item, ItemRecord, ItemState
from narrator.jobs.job import Job
from narrator.jobs.web_texts import Entry, Feed, Text, digest_of, shortened

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
"""After so many pages that cannot be had, one after the other, the others are left for the next look."""

_NOTICED_TITLE = 80
_NO_CONDITIONS = ("", "")


async def look_at_feed(
    job: Job, inbox: Path, known: Mapping[str, ItemRecord], fetched: tuple[str, str]
) -> tuple[Found, tuple[str, str]]:
    """What a feed has that is not rendered yet, the oldest first, each as a page in `inbox`.

    `known` are the job's records by identity, and `fetched` what the last look gave back: the ETag and the
    Last-Modified of the feed. An entry is its text: it is rendered again where that, or its title, has changed.
    What is open is found again though the feed does not have it any more.

    Raises:
        UsageError: it is no feed, or cannot be had as things are.
        Unavailable: it cannot be had now.
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
        raise _no_feed(feed, host)
    look = _Look(job, Inbox(inbox), known)
    look.notices += _what_is_wrong(feed, host)
    await look.at(feed.entries)
    found = Found(tuple(look.items), notices=tuple(look.notices), settled=tuple(look.settled))
    return found, _NO_CONDITIONS if look.left else (answer.etag, answer.last_modified)


class _Look:
    """One look at the entries of a feed: what is found, and how many are `left` for the next."""

    def __init__(self, job: Job, inbox: Inbox, known: Mapping[str, ItemRecord]) -> None:
        self.items: list[Item] = []
        self.notices: list[str] = []
        self.settled: list[ItemRecord] = []
        self.left = 0
        self._job, self._inbox, self._known = job, inbox, known
        self._failures = 0

    async def at(self, entries: tuple[Entry, ...]) -> None:
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
        self.settled += [self._record(entry, digest="", stat="") for entry in entries[:passed]]
        for entry in entries[passed:]:
            await self._at_one(entry)
        if self._failures >= _MOST_FAILURES:
            self.notices.append(f"{self.left} entries are left for the next look, since pages cannot be had.")

    def _give_up(self, record: ItemRecord) -> None:
        """Keep that nothing can be had of an entry, and say so once; it is new when the feed has it again."""
        title = shortened(record.title, _NOTICED_TITLE)
        reason = f"{title!r} is neither in the feed nor in the inbox any more: it is left out."
        self.notices.append(reason)
        self.settled.append(replace(record, state=ItemState.FAILED, digest="", stat="", reason=reason))

    async def _at_one(self, entry: Entry) -> None:
        record = self._known.get(entry.identity)
        stat = _stat(entry)
        is_open = record is None or record.state is ItemState.OPEN
        was_passed = record is not None and record.state is ItemState.DONE and not record.digest
        if record and not is_open and (was_passed or record.stat == stat):
            return
        if record and is_open and record.stat == stat and (item := self._inbox.kept(record)):
            self.items.append(item)
            return
        text = await self._text_of(entry)
        if text is None:
            self.left += 1
            return
        entry = replace(entry, text=text, summary=entry.summary or shortened(text.plain, _SHORTEST_TEXT))
        digest = digest_of(entry.title, text)
        if not text.plain:
            self.settled.append(self._record(entry, digest=digest, stat=stat))
            self.notices.append(f"{_named(entry)} has no text: it is left out.")
        elif record and not is_open and record.digest == digest:
            self.settled.append(replace(record, stat=stat))
        else:
            self.items.append(self._inbox.put(entry, stat=stat))
            if record and not is_open:
                self.settled.append(replace(record, state=ItemState.OPEN, stat=stat))

    def _record(self, entry: Entry, *, digest: str, stat: str) -> ItemRecord:
        """An entry of which nothing is to be done; without a digest, whatever becomes of it."""
        return ItemRecord(self._job.name, entry.identity, digest, "", stat, ItemState.DONE, entry.title)

    async def _text_of(self, entry: Entry) -> Text | None:
        """What is spoken of an entry: its own text or that of its page; None where that is to be had later."""
        wanted = self._job.source.text
        if not entry.link or wanted == "feed" or (wanted == "auto" and not _may_be_summary(entry)):
            return entry.text
        if self._failures >= _MOST_FAILURES:
            return None
        try:
            page = await fetch(entry.link, may_go_inside=self._job.may_go_inside, max_bytes=MOST_BYTES)
            article = await article_of(page) if page else None
        except (Unavailable, UsageError) as exc:
            return self._without_page(entry, exc)
        self._failures = 0
        text = article.text if article else Text()
        return max(entry.text, text, key=lambda each: len(each.plain)) if wanted == "auto" else text

    def _without_page(self, entry: Entry, error: NarratorError) -> Text | None:
        """What is spoken where the page cannot be had. What will not pass must not silence its summary."""
        if isinstance(error, UsageError) and self._job.source.text == "auto" and entry.text.plain:
            self.notices.append(
                f"The page of {_named(entry)} cannot be had, so its summary is read: {error.what}"
            )
            return entry.text
        self._failures += isinstance(error, Unavailable)
        self.notices.append(f"The page of {_named(entry)} cannot be had, it is left for later: {error.what}")
        return None


def _stat(entry: Entry) -> str:
    """What the feed has of an entry, in short: while that stays, its page is not fetched again."""
    return hashlib.sha256(f"{entry.link}\n{entry.title}\n{entry.text.plain}".encode()).hexdigest()[:32]


def _may_be_summary(entry: Entry) -> bool:
    text = entry.text.plain
    if not text and entry.has_sound:
        return False
    return len(text) < _SHORTEST_TEXT or _GOES_ON.search(text[-80:]) is not None


def _named(entry: Entry) -> str:
    return f"{shortened(entry.title or entry.text.plain or 'An entry', _NOTICED_TITLE)!r}"


def _what_is_wrong(feed: Feed, host: str) -> list[str]:
    notices = []
    if feed.break_at:
        notices.append(f"The feed at {host} is broken XML ({feed.break_at}): what can be read of it is used.")
    if feed.left_out:
        notices.append(
            f"The feed at {host} has {len(feed.entries) + feed.left_out:,} entries: the newest "
            f"{len(feed.entries):,} are looked at."
        )
    return notices


def _no_feed(feed: Feed, host: str) -> UsageError:
    if feed.feeds:
        return UsageError(
            f"What is at {host} is a page and no feed.",
            advice=f"It names its feeds: {', '.join(feed.feeds[:5])}",
        )
    return UsageError(
        f"What is at {host} is no RSS or Atom feed.",
        advice='Look for the address of its feed; the article of a page is read with source = { page = "…" }.',
    )
