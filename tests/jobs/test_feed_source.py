from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web

from narrator.errors import DiskError, Unavailable, UsageError
from narrator.jobs import apart, apart_main
from narrator.jobs.entry_page import Inbox
from narrator.jobs.feed import look_at_feed
from narrator.jobs.feed_entries import feed_in
from narrator.jobs.feed_entry import stat_of, told_apart
from narrator.jobs.fetch import Fetched
from narrator.jobs.history import Found, Item, ItemRecord, ItemState
from narrator.jobs.job import Cron, Job, JobName, Source, SourceKind
from narrator.jobs.web_texts import Entry, Feed
from narrator.manuscript.html import read_html
from tests.jobs.feed_server import Site, answering, item, paragraphs, rss, serving

Text = Literal["auto", "feed", "page"]


read_apart = apart._read


async def read_here(fetched: Fetched, kind: Literal["feed", "page"]) -> Any:
    """What the program says that reads a feed or a page: to start it for each takes longer than all else."""
    found = apart_main._found(kind, fetched.data, fetched.url, fetched.charset)
    return json.loads(json.dumps(asdict(found) if found else None))


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """A site whose feeds and pages are read in this process."""
    monkeypatch.setattr(apart, "_read", read_here)
    async with serving() as served:
        yield served


@pytest.fixture
def in_a_process(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the site has is read in a process of its own, as ever."""
    monkeypatch.setattr(apart, "_read", read_apart)


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


@pytest.mark.usefixtures("in_a_process")
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
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    links = [*(f"{site.url}/{n}" for n in range(1, 9)), f"{elsewhere}/9"]
    site.pages["/feed"] = rss(
        *(item(f"N{n}", "Short.", day=n, link=link) for n, link in enumerate(links, 1)), item("Own", "Short.")
    )
    site.pages |= {f"/{n}": answering(503) for n in range(1, 9)} | {"/9": page("Nine")}
    found = await reader.look()
    assert site.paths == ["/feed", "/1", "/2", "/3", "/9"]
    assert {each.title for each in found.items} == {"N9", "Own"}
    assert "Of 5 entries the pages were not asked for" in found.notices[-1]
    assert found.left == "8 entries: 127.0.0.1 answered 503: not now"


async def test_a_page_that_can_never_be_had_is_given_up_in_the_end(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/feed": rss(item("A", "A summary.", link=f"{site.url}/a")), "/a": answering(503)}
    reader, pages = Reader(site, tmp_path / "auto"), Reader(site, tmp_path / "page", text="page")
    assert (await reader.look()).left
    assert (await reader.look()).left
    (record,) = reader.known.values()
    assert (record.state, record.attempts) == (ItemState.OPEN, 2)
    for each in (reader, pages):
        each.known = {record.identity: replace(record, attempts=20)}
    assert await reader.titles() == ["A"], "by its summary"
    found = await pages.look()
    assert (found.left, found.settled[0].state) == ("", ItemState.FAILED)
    assert "503: not now. It was so at each of 20 looks before." in found.settled[0].reason
    assert await pages.look() == Found()


async def test_what_will_not_be_had_fails_once_until_its_entry_changes(site: Site, tmp_path: Path) -> None:
    reader = Reader(site, tmp_path, text="page")
    feed = rss(
        item("Gone", paragraphs("gulls"), link=f"{site.url}/gone?key=canary"),
        item("Scanned", "Short.", link=f"{site.url}/pdf"),
    )
    site.pages |= {"/feed": answering(body=feed.encode(), ETag='"1"'), "/pdf": b"%PDF-1.7"}
    found = await reader.look()
    assert (found.items, found.left, reader.fetched) == ((), "", ('"1"', ""))
    assert sorted(record.reason for record in found.settled) == [
        "'Gone' cannot be had: 127.0.0.1 answered 404: there is nothing at this address.",
        "'Scanned' cannot be had: its page at 127.0.0.1 has no article.",
    ]
    assert {(record.state, record.settings) for record in found.settled} == {(ItemState.FAILED, "")}
    site.asked.clear()
    assert await reader.look() == Found()
    assert site.paths == ["/feed"], "nor are their pages asked for again"
    site.pages |= {"/feed": feed.replace(">Gone<", ">Gone?<"), "/gone": page("Gulls"), "/pdf": page("Scans")}
    site.types["/gone"] = "text/html"
    assert await reader.titles() == ["Gone?"]


@pytest.mark.slow
async def test_what_was_rendered_of_an_entry_stays_when_its_page_goes(site: Site, tmp_path: Path) -> None:
    reader = Reader(site, tmp_path, text="page")
    site.pages |= {"/feed": rss(item("A", "One.", link=f"{site.url}/a")), "/a": page("ants")}
    (rendered,) = (await reader.look()).items
    del site.pages["/a"]
    site.pages["/feed"] = rss(item("A", "Two.", link=f"{site.url}/a"))
    found = await reader.look()
    assert [(record.state, record.digest) for record in found.settled] == [(ItemState.DONE, rendered.digest)]
    assert "What was rendered of it stays." in found.notices[0]
    assert await reader.look() == Found()


@pytest.mark.usefixtures("in_a_process")
async def test_a_page_without_an_article_leaves_the_summary_and_says_so(site: Site, reader: Reader) -> None:
    site.pages |= {"/feed": rss(item("A", "<p>All there is.</p>", link=f"{site.url}/a")), "/a": b"%PDF-1.7"}
    found = await reader.look()
    assert [each.title for each in found.items] == ["A"]
    assert found.notices == ("Of 'A' its summary is read: its page at 127.0.0.1 has no article.",)


# --- one id for several --------------------------------------------------------------------------------------


def same_id(title: str, *, link: str = "", text: str = "text", day: int = 1) -> str:
    return item(title, text, link=link, day=day).replace(f"id-{title}", "id")


async def test_entries_with_one_id_are_rendered_each_once_in_any_order(site: Site, reader: Reader) -> None:
    first, second = (
        same_id("A", text=paragraphs("ants")),
        same_id("B", text=paragraphs("bees"), link="https://example.org/b"),
    )
    site.pages["/feed"] = rss(second, first)
    found = await reader.look()
    assert sorted(each.title for each in found.items) == ["A", "B"]
    (notice,) = found.notices
    assert "have the same id" in notice
    assert "'A', 'B'" in notice
    for feed in ((first, second), (second,), (first,)):
        site.pages["/feed"] = rss(*feed)
        assert await reader.titles() == []


def test_an_entry_keeps_its_identity_when_another_gets_its_id() -> None:
    alone = entries(same_id("A", link="https://example.org/a"))
    (own,) = told_apart(alone, {})
    assert own.identity == "id"
    known = {"id": record_of(own)}
    a, b = (same_id(name, link=f"https://example.org/{name.lower()}") for name in "AB")
    both = {each.title: each for each in told_apart(entries(a, b), known)}
    assert both == {each.title: each for each in told_apart(entries(b, a), known)}
    assert both["A"].identity == "id"
    known[both["B"].identity] = record_of(both["B"])
    (left,) = told_apart(entries(b), known)
    assert left == both["B"]
    c = same_id("C", link="https://example.org/c")
    new = next(each for each in told_apart(entries(c, b), known) if each.title == "C")
    assert new.identity not in known, "it is none that was edited"


def record_of(entry: Entry) -> ItemRecord:
    return ItemRecord(
        JobName("news"), entry.identity, "digest", "voice", stat_of(entry), ItemState.DONE, entry.title
    )


def test_entries_that_have_but_their_titles_for_themselves_are_all_read() -> None:
    """As where each leads to the first page of its site."""
    feed = [same_id(name, link="https://example.org/", text=name) for name in "ABC"]
    assert len({each.identity for each in told_apart(entries(*feed), {})}) == 3


def test_of_several_versions_of_an_entry_the_latest_is_read_in_any_order() -> None:
    link = "https://example.org/a"
    old = same_id("A", link=link, text="An old and long one.")
    new = same_id("A", link=link, text="A new one.", day=2)
    for feed in ((old, new, new), (new, old)):
        found = read(rss(*feed).encode())
        assert [each.text.plain for each in found.entries] == ["A new one."]
        assert found.versions == ("A",)
    assert read(rss(new, new).encode()).versions == ()


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
    site.pages["/feed"] = rss(item("Heard", more=sound), item("Seen"))
    emptied = await reader.look()
    assert emptied.notices == ("'Seen' has no text: it is left out.",)
    assert emptied.settled[0].digest == found.items[0].digest, "what was rendered of it is not forgotten"


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
    cut = whole[: whole.index("part 5", whole.index("id-C"))]
    site.pages["/feed"] = answering(body=cut.encode(), ETag='"1"')
    found = await reader.look()
    assert {each.title for each in found.items} == {"A", "B"}
    assert "broken XML (line" in found.notices[0]
    assert "breaks off in 'C', which is left for the next look" in found.notices[1]
    assert found.left == "1 entry: the feed breaks off in 'C'"
    assert reader.fetched == ("", "")
    site.pages["/feed"] = whole
    assert await reader.titles() == ["C"]
    site.pages["/feed"] = cut
    assert (await reader.look()).left == "", "it is known whole"


async def test_a_feed_that_breaks_off_does_not_say_which_entries_are_the_newest(
    site: Site, tmp_path: Path
) -> None:
    whole = rss(*(item(name, paragraphs(name)) for name in "ABC"))
    site.pages["/feed"] = whole[: whole.index("id-C")]
    with pytest.raises(Unavailable, match="newest 1 is not known"):
        await Reader(site, tmp_path, newest=1).look()
    site.pages["/feed"] = whole[: whole.index("<item>")]
    with pytest.raises(Unavailable, match=r"broken XML \(line 2\), and has no entry"):
        await Reader(site, tmp_path).look()


def test_a_feed_that_is_but_badly_written_is_read_to_its_end() -> None:
    bad = rss(item("A", paragraphs("ants")), item("B & C", paragraphs("bees")))
    for data in (bad, f"{bad}<script>track()</script>"):
        found = read(data.encode())
        assert found.break_at
        assert [(each.title, each.is_cut) for each in found.entries] == [("B & C", False), ("A", False)]


@pytest.mark.slow
@pytest.mark.usefixtures("in_a_process")
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


def test_an_entry_that_is_rendered_is_known_by_its_page(tmp_path: Path) -> None:
    text = f'<p>"Quoted" &amp; <b>bold</b></p>{paragraphs("gulls")}'
    (entry,) = entries(
        item('A "B" &amp;lt;c&gt; \N{OWL}', text, day=7, link="https://example.org/?a=1&amp;b=2")
    )
    put = Inbox(tmp_path).put(entry, stat="stat")
    record = ItemRecord(JobName("news"), put.identity, put.digest, "voice", "stat", ItemState.DONE, put.title)
    inbox = Inbox(tmp_path)
    assert inbox.kept(record) == put
    assert put.summary.startswith('"Quoted" & bold')
    assert put.link == "https://example.org/?a=1&b=2"
    assert put.published == datetime(2026, 3, 7, 8, tzinfo=UTC)
    put.source.unlink()
    assert inbox.kept(record) is None
    assert Inbox(tmp_path).kept(record) is None
    assert Inbox(tmp_path / "none").kept(record) is None


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
    assert next(each.text.plain for each in found if each.title == "C") == "second", "the longer"
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
