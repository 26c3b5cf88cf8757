"""What is wrong with a feed, in words."""

from __future__ import annotations

from collections import Counter

from narrator.errors import Unavailable, UsageError
from narrator.jobs.feed_entry import in_quotes, named
from narrator.jobs.web_texts import Feed

_MOST_NAMED = 5
_LOOK_AT_IT = "Where it stays so, look at the feed in a browser, and tell whoever makes it."


def refuse_broken(feed: Feed, host: str, *, newest: int | None) -> None:
    """See that a feed which breaks off says what is asked of it: `newest` where only so many entries count.

    Raises:
        Unavailable: it does not.
    """
    if feed.break_at and not feed.entries:
        raise Unavailable(
            f"The feed at {host} is broken XML ({feed.break_at}), and has no entry before that.",
            advice=_LOOK_AT_IT,
        )
    if newest and any(entry.is_cut for entry in feed.entries):
        # What is not seen now would be new at the next look, and be rendered.
        raise Unavailable(
            f"The feed at {host} breaks off, so which entries are its newest {newest} is not known.",
            advice=_LOOK_AT_IT,
        )


def what_is_odd(feed: Feed, host: str) -> list[str]:
    """What a person should know of a feed that can be read, a line each."""
    notices = []
    if feed.break_at:
        notices.append(f"The feed at {host} is broken XML ({feed.break_at}): what can be read of it is used.")
    if feed.left_out:
        notices.append(
            f"The feed at {host} has {len(feed.entries) + feed.left_out:,} entries: the newest "
            f"{len(feed.entries):,} are looked at."
        )
    if cut := [named(entry) for entry in feed.entries if entry.is_cut]:
        notices.append(f"The feed at {host} breaks off in {cut[0]}, which is left for the next look.")
    often = Counter(entry.identity for entry in feed.entries)
    if doubles := [named(entry) for entry in feed.entries if often[entry.identity] > 1]:
        notices.append(
            f"Entries of the feed at {host} have the same id, and are told apart by their links and titles: "
            f"{_listed(doubles)}."
        )
    if feed.versions:
        versions = _listed([in_quotes(title) for title in feed.versions])
        notices.append(f"The feed at {host} has several versions of {versions}: the latest is read.")
    return notices


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def no_feed(feed: Feed, host: str) -> UsageError:
    """What is to be said of something that is no feed."""
    if feed.feeds:
        return UsageError(
            f"What is at {host} is a page and no feed.",
            advice=f"It names its feeds: {', '.join(feed.feeds[:5])}",
        )
    return UsageError(
        f"What is at {host} is no RSS or Atom feed.",
        advice='Look for the address of its feed; the article of a page is read with source = { page = "…" }.',
    )
