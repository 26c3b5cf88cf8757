"""What a feed says of its show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid5

from lxml import etree

from narrator.durable import reading
from narrator.errors import UsageError
from narrator.publishing.podcast_show import Episode, Show
from narrator.publishing.podcast_text import SYNTHETIC, line, paragraphs, public_link
from narrator.publishing.podcast_xml import ATOM, ITUNES, PODCAST, element, html, lay_out, renew

_PODCASTS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The name space of feeds' identifiers: https://podcasting2.org/podcast-namespace/tags/guid."""
_AUTHOR, _IMAGE = f"{ITUNES}author", f"{ITUNES}image"
_USUAL_CATEGORY = "Arts"

_Fact = TypeVar("_Fact")


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


def completed(show: Show, channel: etree._Element, episodes: Sequence[Episode]) -> Show:
    """The show, with what neither it nor its feed says of itself as the first episode that knows it does.

    Raises:
        UsageError: a cover cannot be looked at.
    """

    def found(tag: str, facts: Iterable[_Fact]) -> _Fact | None:
        return None if channel.find(tag) is not None else next(filter(None, facts), None)

    covers = (each.cover for each in episodes if each.cover and _is_there(each.cover))
    return replace(
        show,
        language=show.language or found("language", (line(each.language) for each in episodes)) or "",
        author=show.author or found(_AUTHOR, (line(each.author) for each in episodes)) or "",
        image=show.image or found(_IMAGE, covers),
    )


def _is_there(path: Path) -> bool:
    with reading(path):
        return path.is_file()


def update_channel(
    channel: etree._Element, show: Show, base: str, feed: str, picture: str, *, is_serial: bool
) -> None:
    """Say in a channel what is known of the show; what is not known stays as it is.

    `base` and `feed` are the addresses of the folder and of the feed, `picture` that of the image or ''. A
    serial is heard from its first episode on.
    """
    author = line(show.author) or line(channel.findtext(_AUTHOR) or "")
    for wanted in _known(show, feed, picture, owner=author or line(show.title)):
        old = _predecessor(channel, wanted)
        renew(channel, [] if old is None else [old], [wanted])
    for wanted in _first_said(show, base, feed, is_serial=is_serial):
        if _predecessor(channel, wanted) is None:
            renew(channel, [], [wanted])


def _known(show: Show, feed: str, picture: str, *, owner: str) -> Iterator[etree._Element]:
    yield element("title", line(show.title))
    yield element(f"{ATOM}link", href=feed, rel="self", type="application/rss+xml")
    if link := public_link(show.link):
        yield element("link", link)
    if show.description:
        yield html("description", _description(show))
    if language := line(show.language):
        yield element("language", language)
    if author := line(show.author):
        yield element(_AUTHOR, author)
    if email := line(show.email):
        told = element(f"{ITUNES}owner")
        told.append(element(f"{ITUNES}name", owner))
        told.append(element(f"{ITUNES}email", email))
        lay_out(told, 2)
        yield told
    if picture:
        yield element(_IMAGE, href=picture)
    if show.category:
        yield _category(show.category)
    yield element(f"{ITUNES}explicit", "true" if show.explicit else "false")


def _first_said(show: Show, base: str, feed: str, *, is_serial: bool) -> Iterator[etree._Element]:
    """What a feed must have and nobody gave, and what is decided once for its whole life."""
    yield element("link", base)
    yield html("description", _description(show))
    yield _category(_USUAL_CATEGORY)
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
