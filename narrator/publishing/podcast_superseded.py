"""Files that a feed has named and names no more.

An app plays what the feed of an hour ago told it of, so that they stay for a while. The feed itself says which
they are, and since when: it is replaced as one, and so the time is known whatever copies a folder and whoever
touches its files; and a file is removed only if it still is what the feed once said of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from narrator.durable import disk_errors
from narrator.publishing.podcast_feed import Feed, NamedFile, Superseded
from narrator.publishing.podcast_files import COVER, is_ours, mark_of

_KEPT_FOR = timedelta(days=2)
"""Apps that are in use look for a new feed once a day at least."""


def supersede(feed: Feed, before: Mapping[str, NamedFile], folder: Path, now: datetime) -> None:
    """Let a changed feed say which of our files it named `before` and names no more; remove those of long ago.

    Raises:
        DiskError: the folder is read-only.
    """
    named = feed.files
    # Where a clock was set back, the time begins anew.
    known = {each.name: Superseded(each.name, each.length, min(each.at, now)) for each in feed.superseded}
    with disk_errors(f"Cleaning {folder}"):
        for name in before.keys() - named.keys():
            mark = mark_of(before[name].guid) if before[name].guid else COVER
            if is_ours(folder, name, before[name].length, {mark}):
                known[name] = Superseded(name, (folder / name).stat().st_size, now)
        kept = []
        for each in sorted(known.values(), key=lambda each: (each.at, each.name)):
            if each.name in named:
                continue
            if now - each.at < _KEPT_FOR:
                kept.append(each)
            elif is_ours(folder, each.name, each.length):
                (folder / each.name).unlink(missing_ok=True)
    feed.remember(kept)
