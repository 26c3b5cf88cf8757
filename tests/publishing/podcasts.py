"""Podcasts of a few bytes, and what must be true of every feed."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import podcastparser
from lxml import etree

from narrator.publishing.podcast import publish_podcast
from narrator.publishing.podcast_show import Episode, Show

BASE = "https://example.org/pod/"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
ATOM = "{http://www.w3.org/2005/Atom}"
MONDAY = datetime(2026, 11, 2, 7, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)

SHOW = Show(
    title="The Morning",
    base_url=BASE,
    description="News.\nEach day.",
    author="Ann",
    email="ann@example.org",
    link="https://example.org/",
    language="en",
    category="Arts > Books",
)


def episode(folder: Path, number: int, *, sound: bytes = b"sound", **facts: Any) -> Episode:
    """The episode of a day, with its sound in `folder`."""
    audio = folder / f"{number}.mp3"
    audio.write_bytes(sound)
    made = Episode(
        guid=f"day-{number}",
        title=f"Day {number}",
        published=MONDAY + timedelta(days=number),
        audio=audio,
        media_type="audio/mpeg",
        duration_s=61.6,
    )
    return replace(made, **facts)


def published(folder: Path, *episodes: Episode, show: Show = SHOW, now: datetime = NOW) -> etree._Element:
    """The channel of a feed that was written or extended, and is as feeds must be."""
    return checked(publish_podcast(folder, show, episodes, now))


def checked(path: Path) -> etree._Element:
    """The channel of a feed that has all that RSS 2.0, Apple and Podcasting 2.0 ask for."""
    data = path.read_bytes()
    _two_parsers_agree(data)
    channel = etree.fromstring(data).find("channel")
    assert channel is not None
    base = (the(channel, f"{ATOM}link").get("href") or "").removesuffix("feed.xml")
    for tag in ("title", "link", "description", f"{ITUNES}explicit", f"{ITUNES}type", f"{PODCAST}guid"):
        assert len(channel.findall(tag)) == 1, tag
        assert channel.findtext(tag), tag
    items = channel.findall("item")
    for item in items:
        _check_item(item, path.parent, base)
    for tag in ("guid", "enclosure"):
        told = [etree.tostring(each, with_tail=False) for item in items for each in item.findall(tag)]
        assert len(set(told)) == len(items), tag
    times = [parsedate_to_datetime(text(item, "pubDate")) for item in items]
    assert times == sorted(times, reverse=True)
    assert parsedate_to_datetime(text(channel, "lastBuildDate")).tzinfo
    return channel


def _check_item(item: etree._Element, folder: Path, base: str) -> None:
    for tag in ("title", "description", "guid", "pubDate", "enclosure", f"{ITUNES}duration"):
        assert len(item.findall(tag)) == 1, tag
    sound = the(item, "enclosure")
    assert set(sound.attrib) == {"url", "length", "type"}
    assert local(sound, folder, base).stat().st_size == int(sound.get("length") or 0)
    for tag in (f"{PODCAST}chapters", f"{PODCAST}transcript"):
        for each in item.findall(tag):
            assert local(each, folder, base).is_file()
            assert each.get("type")


def _two_parsers_agree(data: bytes) -> None:
    one = feedparser.parse(data)
    assert not one.bozo, one.bozo_exception
    other = podcastparser.parse(f"{BASE}feed.xml", io.BytesIO(data))
    assert one.feed.title == other["title"]
    assert {each.id: each.enclosures[0].href for each in one.entries} == {
        each["guid"]: each["enclosures"][0]["url"] for each in other["episodes"]
    }


def the(parent: etree._Element, tag: str) -> etree._Element:
    found = parent.find(tag)
    assert found is not None, tag
    return found


def text(parent: etree._Element, tag: str) -> str:
    return the(parent, tag).text or ""


def texts(channel: etree._Element, tag: str) -> list[str | None]:
    """Of all items, from the first to the last."""
    return [item.findtext(tag) for item in channel.findall("item")]


def local(named: etree._Element, folder: Path, base: str = BASE) -> Path:
    """The file to whose address an element leads."""
    address = named.get("url") or ""
    assert address.isascii()
    assert address.startswith(base)
    return folder / address.removeprefix(base)


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What is in a folder: when each file was written, and what it holds."""
    return {each.name: (each.stat().st_mtime_ns, each.read_bytes()) for each in folder.iterdir()}
