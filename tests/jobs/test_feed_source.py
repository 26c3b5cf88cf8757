from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web

from narrator.errors import DiskError, Unavailable, UsageError
from narrator.jobs.entry_page import Inbox
from narrator.jobs.feed import look_at_feed
from narrator.jobs.feed_entries import feed_in
from narrator.jobs.history import Found, Item, ItemRecord, ItemState
from narrator.jobs.job import Cron, Job, JobName, Source, SourceKind
from narrator.jobs.web_texts import Entry, Feed
from narrator.manuscript.html import read_html
from tests.jobs.feed_server import Site, answering, item, paragraphs, rss, serving

Text = Literal["auto", "feed", "page"]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as served:
        yield served


def job(place: str, **source: Any) -> Job:
    return Job(
        JobName("news"),
        Source(SourceKind.FEED, place, **source),
        Cron("@daily"),
        "UTC",
        may_go_inside=True,
    )


class Reader:
    """A job that is looked at again and again; what it found is rendered, and known then."""

    def __init__(self, site: Site, inbox: Path, **source: Any) -> None:
        self.job = job(f"{site.url}/feed", **source)
        self.inbox = inbox
        self.known: dict[str, ItemRecord] = {}
        self.fetched = ("", "")

    async def look(self, state: ItemState = ItemState.DONE) -> Found:
        found, self.fetched = await look_at_feed(self.job, self.inbox, self.known, self.fetched)
        self.known |= {record.identity: record for record in found.settled}
        for each in found.items:
            if state is not ItemState.OPEN:
                self.known[each.identity] = self.record(each, each.digest, state)
            elif each.identity not in self.known:  # it is noted before it is rendered, and then the power goes
                self.known[each.identity] = self.record(each, "", state)
        return found

    def record(self, found: Item, digest: str, state: ItemState) -> ItemRecord:
        return ItemRecord(self.job.name, found.identity, digest, "voice", found.stat, state, found.title)

    async def titles(self, state: ItemState = ItemState.DONE) -> list[str]:
        return [each.title for each in (await self.look(state)).items]


@pytest.fixture
def reader(site: Site, tmp_path: Path) -> Reader:
    return Reader(site, tmp_path / "inbox")


def entries(*items: str, head: str = "<title>News</title>") -> tuple[Entry, ...]:
    return read(rss(*items, head=head).encode()).entries


def read(data: bytes, charset: str = "") -> Feed:
    return feed_in(data, url="https://example.org/news/feed.xml", charset=charset)


# --- what is new ---------------------------------------------------------------------------------------------


async def test_each_entry_is_rendered_once_the_oldest_first(site: Site, reader: Reader) -> None:
    old = [item(name, paragraphs(name), day=day) for day, name in ((3, "C"), (2, "B"), (1, "A"))]
    site.pages["/feed"] = rss(*old)
    assert await reader.titles() == ["A", "B", "C"]
    assert await reader.titles() == []
    new = [item(name, paragraphs(name), day=day) for day, name in ((5, "E"), (4, "D"))]
    reordered = (old[1], new[0], old[0], new[1])  # and A is gone
    site.pages["/feed"] = rss(*reordered)
    assert await reader.titles() == ["D", "E"]
    assert len(list(reader.inbox.iterdir())) == 5


async def test_only_another_text_or_title_renders_an_entry_again_though_it_failed(
    site: Site, reader: Reader
) -> None:
    text = paragraphs("owls")
    site.pages["/feed"] = rss(item("A", f'<p class="x" id="y">{text}</p><img src="https://ads.example/1">'))
    first = (await reader.look(ItemState.FAILED)).items[0]
    same = text.replace("<p>", "<script>track(2)</script><!-- 14 --><p style=color:red>").replace(
        "was", "<b>was</b> "
    )
    site.pages["/feed"] = rss(item("A", f"<div>\n{same}</div>", more="<comments>https://x/#14</comments>"))
    assert await reader.titles() == []
    edited = text.replace("part 3", "part three")
    site.pages["/feed"] = rss(item("A", edited).replace("<title>A</title>", "<title>A, once more</title>"))
    again = (await reader.look(ItemState.OPEN)).items[0]
    assert (await reader.look()).items == (again,)
    assert (again.identity, again.source, again.title) == (first.identity, first.source, "A, once more")
    assert again.digest != first.digest
    assert "part three" in again.source.read_text(encoding="utf-8")
    assert [path.name for path in reader.inbox.iterdir()] == [first.source.name]


async def test_what_is_open_is_found_again_whatever_became_of_the_feed(site: Site, reader: Reader) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(text=feed, content_type="text/xml", headers={"ETag": '"1"'})

    site.pages["/feed"] = answer
    feed = rss(
        item("B", paragraphs("bees"), day=2, link="https://example.org/b"), item("A", paragraphs("ants"))
    )
    whole = (await reader.look(ItemState.OPEN)).items
    feed = rss(item("C", paragraphs("cats"), day=3))
    assert [each.title for each in (await reader.look(ItemState.OPEN)).items] == ["A", "B", "C"]
    (reader.inbox / whole[1].source.name).unlink()
    found = await reader.look()
    assert found.items[0] == whole[0]
    assert found.notices == ("'B' is neither in the feed nor in the inbox any more: it is left out.",)
    (given_up,) = found.settled
    assert (given_up.state, given_up.reason) == (ItemState.FAILED, found.notices[0])
    assert reader.fetched == ('"1"', "")
    assert await reader.look() == Found(), "it is told once, and the feed is not fetched for it again and again"
    assert site.asked[-1].headers["If-None-Match"] == '"1"'


async def test_what_was_given_up_is_rendered_when_the_feed_has_it_again(site: Site, reader: Reader) -> None:
    site.pages["/feed"] = rss(item("A", paragraphs("ants")))
    (lost,) = (await reader.look(ItemState.OPEN)).items
    lost.source.unlink()
    site.pages["/feed"] = rss(item("B", paragraphs("bees")))
    assert await reader.titles() == ["B"]
    site.pages["/feed"] = rss(item("B", paragraphs("bees")), item("A", paragraphs("ants")))
    assert await reader.titles() == ["A"]
    assert await reader.titles() == []


async def test_a_feed_seen_for_the_first_time_counts_with_its_newest_alone(site: Site, tmp_path: Path) -> None:
    feed = [item(name, paragraphs(name), day=day) for day, name in ((3, "C"), (2, "B"), (1, "A"))]
    site.pages["/feed"] = rss(*feed)
    reader = Reader(site, tmp_path, newest=1)
    assert await reader.titles() == ["C"]
    feed[1] = feed[1].replace("part 3", "part three")
    site.pages["/feed"] = rss(item("D", paragraphs("D"), day=4), *feed)
    assert await reader.titles() == ["D"]


# --- texts of pages ------------------------------------------------------------------------------------------


def page(about: str) -> str:
    return (
        f"<html lang=de><head><title>{about} | News</title></head><body><nav><a href=/>Home</a></nav>"
        f"<article><h1>{about}</h1>{paragraphs(about)}</article><footer>Imprint</footer></body></html>"
    )


async def test_a_summary_is_replaced_by_the_article_that_it_is_of(site: Site, reader: Reader) -> None:
    link = f"{site.url}/a"
    site.pages |= {"/feed": rss(item("A", "<p>Short.</p>", link=link)), "/a": page("Eagles " * 20)}
    site.types["/a"] = "text/html"
    (found,) = (await reader.look()).items
    said = found.source.read_text(encoding="utf-8")
    assert said.count("<p>Of Eagles") == 12
    assert "Imprint" not in said
    site.pages["/feed"] = rss(item("A", "<p class=x>Short.</p>", link=link))
    assert await reader.titles() == []
    assert site.paths.count("/a") == 1  # what the feed has of it did not change


async def test_pages_are_asked_for_where_the_feed_has_but_a_summary(site: Site, tmp_path: Path) -> None:
    long = paragraphs("owls")
    texts = {
        "whole": long,
        "short": "<p>Short.</p>",
        "cut": f"{long}<p>And so they went [&hellip;]</p>",
        "more": f"{long}<a href=x>Continue reading</a> →",
    }
    site.pages["/feed"] = rss(*(item(name, text, link=f"{site.url}/{name}") for name, text in texts.items()))
    wanted: dict[Text, set[str]] = {"auto": {"short", "cut", "more"}, "feed": set(), "page": set(texts)}
    for text, names in wanted.items():
        site.asked.clear()
        await Reader(site, tmp_path / text, text=text).look()
        assert set(site.paths) == {"/feed", *(f"/{name}" for name in names)}


@pytest.mark.slow
async def test_a_page_that_cannot_be_had_now_is_left_for_the_next_look(site: Site, reader: Reader) -> None:
    site.pages |= {
        "/feed": answering(
            body=rss(
                item("B", paragraphs("B"), day=2), item("A", "Short.", link=f"{site.url}/a?key=canary")
            ).encode(),
            ETag='"1"',
        ),
        "/a": answering(503),
    }
    found = await reader.look()
    assert [each.title for each in found.items] == ["B"]
    assert "'A'" in found.notices[0]
    assert "canary" not in found.notices[0]
    assert reader.fetched == ("", "")
    site.pages["/a"] = page("ants")
    site.types["/a"] = "text/html"
    assert await reader.titles() == ["A"]
    assert reader.fetched == ('"1"', "")


@pytest.mark.slow
async def test_a_page_that_is_not_there_leaves_the_summary(site: Site, reader: Reader) -> None:
    site.pages["/feed"] = rss(item("A", "<p>All that we know.</p>", link=f"{site.url}/gone"))
    found = await reader.look()
    assert "All that we know." in found.items[0].source.read_text(encoding="utf-8")
    assert "404" in found.notices[0]
    assert await reader.look() == Found()


async def test_a_server_that_is_away_is_not_asked_for_all_of_its_pages(site: Site, reader: Reader) -> None:
    site.pages["/feed"] = rss(*(item(f"N{n}", "Short.", day=n, link=f"{site.url}/{n}") for n in range(1, 9)))
    site.pages |= {f"/{n}": answering(503) for n in range(1, 9)}
    found = await reader.look()
    assert site.paths == ["/feed", "/1", "/2", "/3"]
    assert "8 entries are left" in found.notices[-1]


async def test_a_feed_does_not_lead_into_this_network(site: Site, tmp_path: Path) -> None:
    reader = Reader(site, tmp_path)
    reader.job = replace(reader.job, may_go_inside=False)
    with pytest.raises(UsageError, match="inside this network"):
        await reader.look()


# --- what is no entry ----------------------------------------------------------------------------------------


async def test_an_entry_without_text_is_named_once(site: Site, reader: Reader) -> None:
    sound = '<enclosure url="https://example.org/a.mp3" type="audio/mpeg" length="9"/>'
    site.pages["/feed"] = rss(item("Heard", more=sound), item("Seen", "<p>&nbsp;</p>"))
    found = await reader.look()
    assert found.items == ()
    assert sorted(found.notices) == [
        "'Heard' has no text: it is left out.",
        "'Seen' has no text: it is left out.",
    ]
    site.pages["/feed"] = rss(item("Heard", more=sound), item("Seen", paragraphs("sights")))
    found = await reader.look()
    assert ([each.title for each in found.items], found.notices) == (["Seen"], ())


async def test_a_page_is_no_feed_and_says_where_its_feeds_are(site: Site, reader: Reader) -> None:
    site.pages["/feed"] = (
        "<html><head><link rel=alternate type=application/rss+xml href=/rss.xml?key=canary>"
        "<link rel=alternate type=application/atom+xml href='javascript:x'></head><body>Hello</body></html>"
    )
    with pytest.raises(UsageError, match="a page and no feed") as caught:
        await reader.look()
    assert caught.value.advice == f"It names its feeds: {site.url}/rss.xml"
    for no_feed in ("<html>Hello</html>", "hello", '{"version": "https://jsonfeed.org/version/1"}', "\0" * 99):
        assert not read(no_feed.encode()).is_feed
    site.pages["/feed"] = answering(body=b"")
    with pytest.raises(UsageError, match="no RSS or Atom feed") as caught:
        await reader.look()
    assert "page =" in caught.value.advice


async def test_a_feed_that_breaks_off_is_read_as_far_as_it_goes(site: Site, reader: Reader) -> None:
    whole = rss(*(item(name, paragraphs(name)) for name in "ABC"))
    site.pages["/feed"] = whole[: whole.index("id-C")]
    found = await reader.look()
    assert {"A", "B"} <= {each.title for each in found.items}
    assert "broken XML (line" in found.notices[0]


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["_MOST_CPU_S", "_WHOLE_S"])
async def test_a_feed_made_to_do_harm_is_given_up(
    limit: str, site: Site, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"narrator.jobs.apart.{limit}", 2)
    site.pages["/feed"] = rss(item("A", more=f"<author>{'a' * 5_000_000}</author>"))
    with pytest.raises(UsageError, match="more than 20 seconds or 1 GB"):
        await reader.look()


def test_an_inbox_that_cannot_be_written_is_an_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DiskError):
        Inbox(tmp_path / "file" / "inbox").put(entries(item("A", "text"))[0])


async def test_a_feed_that_is_away_is_unavailable(site: Site, reader: Reader) -> None:
    site.pages["/feed"] = answering(503)
    with pytest.raises(Unavailable):
        await reader.look()


# --- pages for the reader ------------------------------------------------------------------------------------


def test_an_entry_is_a_book_with_title_author_date_and_language(tmp_path: Path) -> None:
    text = f"<h2>Möwen &amp; Co.</h2>{paragraphs('gulls')}<p>See<a href='#n'>1</a>.</p><script>no()</script>"
    more = "<author>Ann Smith</author>"
    head = "<title>News</title><language>de-at</language>"
    link = "https://example.org/gulls"
    (entry,) = entries(item("Möwen &amp;amp; Co.", text, day=7, more=more, link=link), head=head)
    found = Inbox(tmp_path).put(entry)
    assert found.title == "Möwen & Co."
    assert found.source.name.startswith("2026-03-07-möwen-co-")
    assert (found.published, found.link) == (datetime(2026, 3, 7, 8, tzinfo=UTC), link)
    book = read_html(found.source)
    assert (book.title, book.authors, book.language) == ("Möwen & Co.", ("Ann Smith",), "de-AT")
    assert book.date.startswith("2026-03-07")
    (chapter,) = book.chapters
    said = [block.text for block in chapter.blocks]
    assert said.count("Möwen & Co.") <= 1
    assert said[-1].startswith("See")


def test_titles_of_strangers_are_but_words(tmp_path: Path) -> None:
    hostile = "]]&gt;&lt;/title&gt;&lt;script&gt;x&lt;/script&gt; ../../etc/passwd \N{OWL} " + "long " * 2_000
    (entry,) = entries(item("A", paragraphs("owls")).replace("<title>A<", f"<title>{hostile}<"))
    found = Inbox(tmp_path).put(entry)
    assert len(found.title) <= 300
    assert found.source.parent == tmp_path
    assert len(found.source.name.encode()) < 100
    assert read_html(found.source).title == found.title


# --- entries of every kind -----------------------------------------------------------------------------------


def test_feeds_of_all_kinds_are_read() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>t</title><entry><id>urn:1</id>'
        '<title type="html">A &amp;lt; B</title><link href="/one"/>'
        "<updated>2026-03-01T10:00:00+02:00</updated>"
        '<author><name>Ann</name></author><summary>s</summary><content type="xhtml"><div '
        'xmlns="http://www.w3.org/1999/xhtml"><p>One <em>two</em></p></div></content></entry></feed>'
    )
    (entry,) = read(atom.encode()).entries
    assert (entry.identity, entry.title, entry.author, entry.language) == ("urn:1", "A < B", "Ann", "fr")
    assert (entry.text.plain, entry.summary) == ("One two", "s")
    assert (entry.link, entry.published) == ("https://example.org/one", "2026-03-01T08:00:00+00:00")
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel rdf:about="x"><title>t</title></channel><item rdf:about="https://x.example/1"><title>A</title>'
        "<description>Text.\n\nMore &amp;amp; more.</description></item></rdf:RDF>"
    )
    (entry,) = read(rdf.encode()).entries
    assert (entry.identity, entry.text.markup) == (
        "https://x.example/1",
        "<p>Text.</p>\n<p>More &amp; more.</p>",
    )
    old = b"<rss version='0.91'><channel><item><title>A</title><link>b</link></item></channel></rss>"
    assert read(old).entries[0].identity == "b"


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("utf-8", "utf-8", "iso-8859-1"),  # the server is wrong
        ("utf-8", "iso-8859-1", ""),  # the feed is wrong
        ("iso-8859-1", "iso-8859-1", ""),
        ("windows-1252", "utf-8", ""),
        ("utf-16", "utf-16", ""),
        ("utf-8", "no-such", "no-such"),
    ],
)
def test_letters_are_read_however_they_are_written(encoding: str, declared: str, charset: str) -> None:
    text = rss(item("Größe", "<p>Ein schöner Tag im Frühling</p>")).replace("utf-8", declared)
    (entry,) = read(text.encode(encoding), charset).entries
    assert (entry.title, entry.text.plain) == ("Größe", "Ein schöner Tag im Frühling")


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("ann@example.org (Ann Smith)", "Ann Smith"),
        ("ann@example.org", "Mail"),
        ("Ann Smith", "Ann Smith"),
        ("", "Mail"),
    ],
)
def test_an_author_is_a_name_and_no_address(author: str, name: str) -> None:
    head = "<title>News</title><managingEditor>news@example.org (Mail)</managingEditor>"
    assert entries(item("A", "text", more=f"<author>{author}</author>"), head=head)[0].author == name


def test_an_entry_has_an_identity_though_it_gives_itself_none() -> None:
    bare = "<item><title>{}</title><description>x</description></item>"
    linked = "<item><link>https://x.example/a?utm_source={}&amp;n=1#c</link></item>"
    found = entries(
        bare.format("A"), bare.format("B"), linked.format("rss"), item("C", "first"), item("C", "second")
    )
    again = entries(item("C", "first"), linked.format("mail"), bare.format("B"), bare.format("A"))
    assert len(found) == len(again) == 4
    assert {each.identity for each in found} == {each.identity for each in again}
    assert next(each.text.plain for each in found if each.title == "C") == "first"
    long = entries("<item><guid>" + "x" * 5_000 + "</guid></item>")
    assert len(long[0].identity) < 100


@pytest.mark.parametrize(
    "date", ["0000-00-00T00:00:00Z", "Mon, 01 Jan 99999 00:00:00 GMT", "soon", "\N{OWL}" * 99]
)
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    (entry,) = entries(f"<item><title>A</title><pubDate>{date}</pubDate></item>")
    assert entry.published == ""


def test_dates_at_the_ends_of_time_are_dates() -> None:
    (entry,) = entries("<item><title>A</title><pubDate>9999-12-31T23:59:59Z</pubDate></item>")
    assert entry.published.startswith("9999")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "file:///etc/passwd", "http://[", "mailto:a@x.example", "http://a:b@x.example/"],
)
def test_a_link_that_is_no_page_is_none(link: str) -> None:
    assert entries(item("A", "text", link=link))[0].link == ""


def test_entities_are_not_followed() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">\n' for n in range(1, 12))
    bomb = f'<!DOCTYPE rss [\n<!ENTITY l0 "ha">\n{laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    feed = rss(item("A", more="<description>&l11; &f;</description>")).split("?>")[1]
    (entry,) = read(f"{bomb}{feed}".encode()).entries
    assert len(entry.text.plain) < 100
    assert "root" not in entry.text.plain


@pytest.mark.parametrize(
    "text",
    [
        "<b>" * 1_000 + "word",
        "a\0b\x0b\x1b word",
        "</body></html>word",
        "<table><tr><td>word",
        "&#0;word",
    ],
)
def test_markup_that_is_broken_or_deep_says_what_it_says(text: str) -> None:
    (entry,) = entries(f"<item><title>A</title><description>{web_escaped(text)}</description></item>")
    assert "word" in entry.text.plain
    assert not set(entry.text.markup) & set(map(chr, [*range(9), *range(11, 32)]))


def web_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def test_of_an_endless_feed_the_newest_thousand_are_read() -> None:
    feed = read(rss(*(f"<item><title>{n}</title></item>" for n in range(1_050))).encode())
    assert (len(feed.entries), feed.left_out) == (1_000, 50)
    assert [feed.entries[0].title, feed.entries[-1].title] == ["999", "0"]


def test_links_inside_an_entry_stay_inside() -> None:
    link = "https://example.org/a"
    text = f'<p>See<sup><a href="{link}#fn1">1</a></sup></p><p id="fn1">A note.</p>'
    assert 'href="#fn1"' in entries(item("A", text, link=link))[0].text.markup
