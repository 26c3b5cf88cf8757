"""What a feed says of its show."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

from lxml import etree

from narrator.errors import UsageError
from narrator.publishing.podcast_show import Show
from narrator.publishing.podcast_text import SYNTHETIC, line, paragraphs, public_link
from narrator.publishing.podcast_xml import ATOM, ITUNES, PODCAST, element, html, lay_out, renew

_PODCASTS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The name space of feeds' identifiers: https://podcasting2.org/podcast-namespace/tags/guid."""


def own_address(channel: etree._Element) -> str:
    """Where the feed says that it is, '' where it does not say."""
    link = _self_link(channel)
    return "" if link is None else link.get("href", "")


def check_show(show: Show) -> None:
    """Find out whether a feed can say what it must.

    Raises:
        UsageError: it cannot.
    """
    if not line(show.title):
        raise UsageError("The podcast has no title.", advice="Give it a 'title'.")
    if show.category and not all(_levels(show.category)):
        raise UsageError(
            f"The podcast's category {line(show.category)!r} is half empty.",
            advice="Write 'Arts', or 'Arts > Books' for one within another.",
        )


def update_channel(
    channel: etree._Element, show: Show, base: str, feed: str, picture: str, *, is_serial: bool
) -> None:
    """Say in a channel what is known of the show; what is not known stays as it is.

    `base` and `feed` are the addresses of the folder and of the feed, `picture` that of the image or ''. A
    serial is heard from its first episode on.
    """
    for wanted in _known(show, feed, picture):
        old = _predecessor(channel, wanted)
        renew(channel, [] if old is None else [old], [wanted])
    for wanted in _first_said(show, base, feed, is_serial=is_serial):
        if _predecessor(channel, wanted) is None:
            renew(channel, [], [wanted])


def _known(show: Show, feed: str, picture: str) -> Iterator[etree._Element]:
    yield element("title", line(show.title))
    yield element(f"{ATOM}link", href=feed, rel="self", type="application/rss+xml")
    if link := public_link(show.link):
        yield element("link", link)
    if show.description:
        yield html("description", _description(show))
    if language := line(show.language):
        yield element("language", language)
    author, email = line(show.author), line(show.email)
    if author:
        yield element(f"{ITUNES}author", author)
    if email:
        owner = element(f"{ITUNES}owner")
        owner.append(element(f"{ITUNES}name", author or line(show.title)))
        owner.append(element(f"{ITUNES}email", email))
        lay_out(owner, 2)
        yield owner
    if picture:
        yield element(f"{ITUNES}image", href=picture)
    if show.category:
        yield _category(show.category)
    yield element(f"{ITUNES}explicit", "true" if show.explicit else "false")


def _first_said(show: Show, base: str, feed: str, *, is_serial: bool) -> Iterator[etree._Element]:
    """What a feed must have and nobody gave, and what is decided once for its whole life."""
    yield element("link", base)
    yield html("description", _description(show))
    yield element(f"{ITUNES}type", "serial" if is_serial else "episodic")
    yield element(f"{PODCAST}guid", str(uuid5(_PODCASTS, feed.partition("://")[2].rstrip("/"))))
    owner = {"owner": email} if (email := line(show.email)) else {}
    yield element(f"{PODCAST}locked", "yes", **owner)


def _description(show: Show) -> str:
    return paragraphs(f"{show.description}\n{SYNTHETIC}.")


def _category(category: str) -> etree._Element:
    """One within another where there are two."""
    outer, *inner = (element(f"{ITUNES}category", text=level) for level in _levels(category))
    outer.extend(inner)
    lay_out(outer, 2)
    return outer


def _levels(category: str) -> tuple[str, ...]:
    outer, mark, inner = map(line, category.partition(">"))
    return (outer, inner) if mark else (outer,)


def _predecessor(channel: etree._Element, wanted: etree._Element) -> etree._Element | None:
    """What of a channel an element takes the place of. There may be more links, and more categories."""
    return _self_link(channel) if wanted.tag == f"{ATOM}link" else channel.find(wanted.tag)


def _self_link(channel: etree._Element) -> etree._Element | None:
    return next((each for each in channel.iterchildren(f"{ATOM}link") if each.get("rel") == "self"), None)
