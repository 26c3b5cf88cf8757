"""Feeds that others wrote, and texts that nobody should write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from narrator.errors import UsageError
from narrator.publishing.podcast import publish_podcast
from narrator.publishing.podcast_channel import update_channel
from narrator.publishing.podcast_feed import Feed
from narrator.publishing.podcast_show import Episode
from tests.publishing.podcasts import (
    BASE,
    ITUNES,
    NOW,
    PODCAST,
    SHOW,
    episode,
    files,
    published,
    text,
    texts,
    the,
)

HEAD = """\
<?xml version="1.0" encoding="ISO-8859-1"?>
<?xml-stylesheet href="look.xsl" type="text/xsl"?><!-- made by hand -->
<rss version="2.0" xmlns:it="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:own="urn:own" own:mark="1">
"""
THING = '<own:thing at="1"><own:part>a <own:b>b</own:b> <own:c/></own:part></own:thing>'
DATED = """\
<item>
<title>Café &amp; more</title><description><![CDATA[<p>x</p> <b>y</b>]]></description>
<guid>https://old.example/1</guid><pubDate>Tue, 03 Nov 2026 09:00:00 +0200</pubDate>
<enclosure url="https://old.example/1.mp3" length="5" type="audio/mpeg"/><it:duration>1:02</it:duration>
</item>"""
UNDATED = f"""<item><enclosure url="https://[bad"/><enclosure url="{BASE}{"x" * 300}"/></item>
<item><title>Undated</title><guid>https://old.example/0</guid><pubDate>then</pubDate></item>"""
GUID = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
THEIRS = f"""{HEAD}<channel>
<title>Old</title>
<link>https://old.example/</link>
<description>Of old.</description>
<it:category text="Fiction"/>
<it:category text="Comedy"><it:category text="Improv"/></it:category>
<podcast:guid xmlns:podcast="https://podcastindex.org/namespace/1.0">{GUID}</podcast:guid>
{THING}
{UNDATED}
<!-- between -->
{DATED}
<copyright>Ann</copyright>
</channel>
</rss>
<!-- the end -->
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder with a feed of somebody else's."""
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "feed.xml").write_bytes(THEIRS.encode("iso-8859-1"))
    return folder


def extended(folder: Path, *episodes: Episode) -> tuple[etree._Element, str]:
    """The channel of a feed that has items of others, and its source."""
    data = publish_podcast(folder, SHOW, episodes, NOW).read_bytes()
    channel = etree.fromstring(data).find("channel")
    assert channel is not None
    return channel, data.decode("utf-8")


def test_a_feed_of_others_is_extended_and_what_is_theirs_stays(tmp_path: Path, theirs: Path) -> None:
    channel, source = extended(theirs, episode(tmp_path, 0), episode(tmp_path, 2))
    assert texts(channel, "guid") == ["day-2", "https://old.example/1", "day-0", None, "https://old.example/0"]
    for kept in (
        THING,
        DATED,
        UNDATED.splitlines()[1],
        "<!-- between -->",
        "<copyright>Ann</copyright>",
        "<!-- made by hand -->",
        "<!-- the end -->",
    ):
        assert kept in source
    assert source.index("xml-stylesheet") < source.index("<rss ")
    assert 'own:mark="1"' in source
    assert text(channel, f"{PODCAST}guid") == GUID
    assert (text(channel, "title"), text(channel, "link")) == ("The Morning", "https://example.org/")
    assert [each.get("text") for each in channel.findall(f"{ITUNES}category")] == ["Arts", "Comedy"]


def test_a_feed_of_others_is_rewritten_once(tmp_path: Path, theirs: Path) -> None:
    made = episode(tmp_path, 1)
    extended(theirs, made)
    before = files(theirs)
    extended(theirs, made)
    assert files(theirs) == before


def test_what_is_not_known_of_the_show_stays_as_they_wrote_it(theirs: Path) -> None:
    silent = replace(SHOW, link="", description="", category="")
    publish_podcast(theirs, silent, [], NOW)
    channel = the(etree.fromstring((theirs / "feed.xml").read_bytes()), "channel")
    assert (text(channel, "link"), text(channel, "description")) == ("https://old.example/", "Of old.")
    assert [each.get("text") for each in channel.findall(f"{ITUNES}category")] == ["Fiction", "Comedy"]


def test_what_was_added_to_an_episode_by_hand_stays(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    published(folder, episode(tmp_path, 1))
    added = '<podcast:soundbite startTime="7" duration="9">Best</podcast:soundbite>'
    path = folder / "feed.xml"
    path.write_text(path.read_text("utf-8").replace("</item>", f"{added}</item>"), encoding="utf-8")
    channel = published(folder, episode(tmp_path, 1, title="Another title"))
    assert texts(channel, f"{PODCAST}soundbite") == ["Best"]
    assert texts(channel, "title") == ["Another title"]


def test_prefixes_of_others_are_left_to_them(tmp_path: Path, theirs: Path) -> None:
    path = theirs / "feed.xml"
    path.write_bytes(path.read_bytes().replace(b"own:", b"podcast:").replace(b":own=", b":podcast="))
    channel, source = extended(theirs, episode(tmp_path, 2))
    assert THING.replace("own:", "podcast:") in source
    assert text(channel, f"{PODCAST}guid") == GUID
    assert text(channel, f"{ITUNES}explicit") == "false"


BOMB = """<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<rss version="2.0"><channel><title>&b;&c;</title></channel></rss>"""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is broken"),
        (b"<rss><channel>", "is broken"),
        (b"\x00\xff\xfe nonsense", "is broken"),
        (b"<html><body>404</body></html>", "is no RSS feed"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "is no RSS feed"),
        (b"<rss version='2.0'/>", "is no RSS feed"),
        (
            b"<rss version='2.0'><channel>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</channel></rss>",
            "is broken",
        ),
        (BOMB.encode(), "has a document type"),
    ],
    ids=["empty", "cut off", "bytes", "page", "Atom", "no channel", "deep", "bomb"],
)
def test_what_is_no_feed_is_told_and_left_alone(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "feed" / "feed.xml"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as told:
        publish_podcast(path.parent, SHOW, [episode(tmp_path, 1)], NOW)
    assert str(path) in str(told.value)
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.glob("[!.]*")] == ["feed.xml"]


def test_a_folder_in_the_place_of_the_feed_is_told(tmp_path: Path) -> None:
    (tmp_path / "feed/feed.xml").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"feed\.xml cannot be read"):
        publish_podcast(tmp_path / "feed", SHOW, [], NOW)


@pytest.mark.parametrize(
    "title",
    [
        "]]>",
        "<b>&amp;</b>",
        "\"'",
        "\u200fשלום\u202e",
        "😀 \U0001f468\u200d\U0001f469",
        "x" * 500,
        "café\u0301",
    ],
)
def test_titles_are_read_back_as_they_were_written(tmp_path: Path, title: str) -> None:
    hostile = episode(tmp_path, 1, title=title, description=title, chapters=((0.0, title),))
    channel = published(tmp_path / "feed", hostile, show=replace(SHOW, title=title, author=title))
    assert texts(channel, "title") == [title]
    assert (text(channel, "title"), text(channel, f"{ITUNES}author")) == (title, title)


def test_a_guid_may_be_anything(tmp_path: Path) -> None:
    guids = ["a\0b ]]>", "../../etc/passwd", "\ud800", "x" * 5000, "tag:example.org,2026:1?a=b&c"]
    made = [episode(tmp_path, number, guid=guid) for number, guid in enumerate(guids)]
    published(tmp_path / "feed", *made)
    channel = published(tmp_path / "feed", *made)
    assert len(channel.findall("item")) == len(guids)


@pytest.mark.parametrize(
    "date", ["", "now", "Mon, 01 Jan 0001 00:00:00 +2300", "Fri, 31 Dec 9999 23:59:59 -2300", "0" * 99]
)
def test_odd_times_of_others_are_the_oldest(tmp_path: Path, theirs: Path, date: str) -> None:
    path = theirs / "feed.xml"
    path.write_bytes(path.read_bytes().replace(b"Tue, 03 Nov 2026 09:00:00 +0200", date.encode()))
    channel, _ = extended(theirs, episode(tmp_path, 0))
    assert texts(channel, "guid")[0] == "day-0"
    assert text(channel, "lastBuildDate") == "Fri, 20 Nov 2026 07:00:00 GMT"


def _is_writable(character: str) -> bool:
    """The Char of XML 1.0, and no white space, which is one space on a line."""
    code = ord(character)
    return not character.isspace() and (
        0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFC or 0x10000 <= code <= 0x10FFFF
    )


@given(st.text(st.characters()))
@example("\0\x1b]]>&amp;<!--\ud83d\ude00\ufffe")
def test_any_text_makes_a_feed_and_loses_only_what_xml_forbids(words: str) -> None:
    show = replace(SHOW, title=f"T {words}", author=words, email=words, description=words, category=f"C{words}")
    feed = Feed(None, Path("feed.xml"))
    update_channel(feed.channel, show, BASE, f"{BASE}feed.xml", "", is_serial=False)
    channel = the(etree.fromstring(bytes(feed)), "channel")
    whole = f"T {words}".encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    read = text(channel, "title")
    assert list(filter(_is_writable, whole)) == [each for each in read if _is_writable(each)]


@given(st.text(st.characters(), max_size=60))
def test_no_time_of_others_is_stumbled_over(words: str) -> None:
    feed = Feed(THEIRS.replace("then", "").encode("iso-8859-1"), Path("feed.xml"))
    cleaned = "".join(filter(_is_writable, words))
    the(feed.channel, "item/pubDate").text = f"Mon, {cleaned}"
    feed.settle()
    assert bytes(feed)
