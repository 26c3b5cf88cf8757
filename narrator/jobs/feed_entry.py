"""Entries of a feed, beside one another and beside what is known of them: which is which, and its name."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from narrator.jobs.history import ItemRecord
from narrator.jobs.web_texts import Entry, shortened

_NAMED = 80


def told_apart(entries: Iterable[Entry], known: Mapping[str, ItemRecord]) -> list[Entry]:
    """Entries, each with an identity that no other has, whatever their order in the feed.

    Ids should differ, but in some feeds they do not. What is known by its id alone, from when no other had it,
    and what is known apart, from when another had it, too, stays known so.
    """
    entries = list(entries)
    often = Counter(entry.identity for entry in entries)

    def is_apart(entry: Entry) -> bool:
        if often[entry.identity] == 1:
            return entry.apart in known
        # Only what it was made of: a new entry in the place of an old one would be taken for that, edited.
        record = known.get(entry.identity)
        return record is None or record.stat != stat_of(entry)

    return [replace(entry, identity=entry.apart) if is_apart(entry) else entry for entry in entries]


def stat_of(entry: Entry, *more: str) -> str:
    """What the feed has of an entry, in short: while that stays, its page is not fetched again."""
    said = "\n".join((entry.link, entry.title, entry.text.plain, *more))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def named(entry: Entry) -> str:
    """An entry as it is shown in a line: by its title, else by its beginning."""
    return in_quotes(entry.title or entry.text.plain)


def in_quotes(title: str) -> str:
    """A title as it is shown in a line."""
    return repr(shortened(title or "An entry", _NAMED))
