"""What was read in a feed or a page, as plain data: it is read in one process and used in another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Text:
    """Something that can be spoken: `markup` is the inside of an HTML body, `plain` its words, on one line."""

    markup: str = ""
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed. `identity` is its own in the feed, and `published` ISO 8601 in UTC; '' for none.

    `apart` is what tells it from others that have its identity, too. One that `is_cut` has no end: the feed
    breaks off in it.
    """

    identity: str
    title: str
    text: Text
    summary: str = ""
    author: str = ""
    language: str = ""
    link: str = ""
    published: str = ""
    has_sound: bool = False
    apart: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: `entries` from the oldest to the newest.

    `is_feed` is whether it is one at all; where not, `feeds` are the addresses of those that the page names.
    `break_at` is what is wrong with its XML, '' for nothing, and `left_out` how many older entries it has.
    `versions` are the titles of entries of which it has others, too, with another text.
    """

    is_feed: bool
    entries: tuple[Entry, ...] = ()
    feeds: tuple[str, ...] = ()
    break_at: str = ""
    left_out: int = 0
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """The article of a page: `link` is the address that it gives itself, `published` a date, '' for none."""

    title: str
    text: Text
    author: str = ""
    language: str = ""
    link: str = ""
    published: str = ""


def digest_of(title: str, text: Text) -> str:
    """The SHA-256 of what is spoken, however it is marked up."""
    return hashlib.sha256(f"{title}\n{text.plain}".encode()).hexdigest()


def shortened(text: str, most: int) -> str:
    """A text of no more characters than `most`, cut after a word."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
