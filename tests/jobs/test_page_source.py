from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from narrator.errors import Unavailable, UsageError
from narrator.jobs.article import look_at_page
from narrator.jobs.history import Found, ItemRecord, ItemState
from narrator.jobs.job import Cron, Job, JobName, Source, SourceKind
from narrator.jobs.page_article import article_in
from narrator.manuscript.html import read_html
from tests.jobs.feed_server import Site, answering, paragraphs, serving

NOTHING = ("", "")
CANARY = "canary-51c0"
HEAD = (
    '<html lang="de-AT"><head><meta charset="utf-8"><title>Ein Tag | Der Bote</title>'
    '<meta name="author" content="Ann Smith">'
    '<meta property="article:published_time" content="2026-03-04T10:00:00Z">'
    '<link rel="canonical" href="https://example.org/tag"></head><body><nav><a href="/">Start</a></nav>'
)
TABLE = "<table><tr><th>Ort</th><th>Höhe</th></tr><tr><td>Wien</td><td>171 m</td></tr></table>"


def page(body: str, head: str = HEAD) -> str:
    return (
        f"{head}<article><h1>Ein Tag</h1>{body}</article><section class=comments><p>First!</p></section>"
        "<footer>Imprint</footer></body></html>"
    )


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as served:
        served.types["/day"] = "text/html"
        served.pages["/day"] = page(f"{paragraphs('Wien')}<p>„Nein.“</p><p>Ja.</p><p>„Nein.“</p>{TABLE}")
        yield served


def job(place: str) -> Job:
    return Job(JobName("day"), Source(SourceKind.PAGE, place), Cron("@daily"), "UTC", may_go_inside=True)


def known(found: Found, state: ItemState) -> dict[str, ItemRecord]:
    return {
        each.identity: ItemRecord(JobName("day"), each.identity, each.digest, "", "", state, each.title)
        for each in found.items
    }


async def test_the_article_of_a_page_is_a_book(site: Site, tmp_path: Path) -> None:
    (found,) = (await look_at_page(job(f"{site.url}/day"), tmp_path, {}, NOTHING))[0].items
    assert found.title == "Ein Tag"
    assert found.source.name.startswith("2026-03-04-ein-tag-")
    book = read_html(found.source)
    assert (book.title, book.authors, book.language) == ("Ein Tag", ("Ann Smith",), "de-AT")
    assert book.date.startswith("2026-03-04")
    said = [block.text for chapter in book.chapters for block in chapter.blocks]
    assert said.count("„Nein.“") == 2
    assert any("171 m" in text for text in said)
    for around in ("Start", "First!", "Imprint"):
        assert not any(around in text for text in said)


async def test_a_page_is_rendered_again_only_when_its_article_changes(site: Site, tmp_path: Path) -> None:
    day = job(f"{site.url}/day")
    first, _ = await look_at_page(day, tmp_path, {}, NOTHING)
    site.pages["/day"] = str(site.pages["/day"]).replace("First!", "Second!").replace("<p>", "<p class=new>")
    assert await look_at_page(day, tmp_path, known(first, ItemState.DONE), NOTHING) == (Found(), NOTHING)
    site.pages["/day"] = str(site.pages["/day"]).replace("part 3", "part three")
    edited, _ = await look_at_page(day, tmp_path, known(first, ItemState.FAILED), NOTHING)
    assert edited.items[0].source == first.items[0].source
    assert edited.items[0].digest != first.items[0].digest
    assert [record.state for record in edited.settled] == [ItemState.OPEN]


async def test_a_page_that_has_not_changed_is_not_sent_again(site: Site, tmp_path: Path) -> None:
    site.pages["/day"] = answering(304)
    assert await look_at_page(job(f"{site.url}/day"), tmp_path, {}, ('"1"', "x")) == (Found(), ('"1"', "x"))
    assert site.asked[0].headers["If-Modified-Since"] == "x"


@pytest.mark.slow
async def test_where_an_address_leads_is_the_page(site: Site, tmp_path: Path) -> None:
    """As with an address of today's edition; what was left open of yesterday's is not forgotten."""
    site.pages["/today"] = answering(302, Location="/day#top")
    private = URL(f"{site.url}/today").with_user("ann").with_password(CANARY)
    first, _ = await look_at_page(job(str(private)), tmp_path, {}, NOTHING)
    assert first.items[0].identity == f"{site.url}/day"
    own = f"{site.url}/next?key={CANARY}"
    site.pages["/next"] = page(paragraphs("Linz"), HEAD.replace("https://example.org/tag", own)).replace(
        "Ein Tag", "Noch ein Tag"
    )
    site.types["/next"] = "text/html"
    site.pages["/today"] = answering(302, Location=f"/next?key={CANARY}")
    both, _ = await look_at_page(job(str(private)), tmp_path, known(first, ItemState.OPEN), NOTHING)
    assert [each.title for each in both.items] == ["Ein Tag", "Noch ein Tag"]
    assert both.items[0] == first.items[0]
    assert both.items[1].link == f"{site.url}/next"
    assert CANARY not in repr(both)
    assert CANARY not in "".join(each.source.read_text(encoding="utf-8") for each in both.items)


async def test_a_page_without_an_article_says_so(site: Site, tmp_path: Path) -> None:
    site.pages["/day"] = "<html><body><nav><a href=/a>A</a> <a href=/b>B</a></nav></body></html>"
    with pytest.raises(UsageError, match=r"127\.0\.0\.1 has no article") as caught:
        await look_at_page(job(f"{site.url}/day?{CANARY}"), tmp_path, {}, NOTHING)
    assert "feed" in caught.value.advice
    assert CANARY not in str(caught.value)
    site.pages["/day"] = answering(500)
    with pytest.raises(Unavailable):
        await look_at_page(job(f"{site.url}/day"), tmp_path, {}, NOTHING)


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0", b"%PDF-1.7", b"\xff\xfe\xff", b"<html>", b"{}", b"\x89PNG\r\n"]
)
def test_what_is_no_page_has_no_article(data: bytes) -> None:
    assert article_in(data, url="https://example.org/", charset="") is None


@pytest.mark.parametrize(
    ("encoding", "charset", "head"),
    [
        ("utf-8", "utf-8", HEAD),
        ("utf-8", "no-such", HEAD),
        ("utf-8", "iso-8859-1", HEAD),  # the server is wrong
        ("iso-8859-1", "iso-8859-1", HEAD.replace("utf-8", "iso-8859-1")),
        ("windows-1252", "", HEAD.replace("utf-8", "windows-1252")),
    ],
)
def test_letters_of_a_page_are_read_however_they_are_written(encoding: str, charset: str, head: str) -> None:
    found = article_in(
        page(paragraphs("Möwen"), head).encode(encoding), url="https://example.org/", charset=charset
    )
    assert found
    assert found.text.plain.count("Möwen") == 12


@pytest.mark.slow
async def test_a_page_made_to_do_harm_is_given_up(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrator.jobs.apart._MOST_CPU_S", 2)
    site.pages["/day"] = f"<html><body><article><p>{'<span>a</span>' * 500_000}</article></body></html>"
    with pytest.raises(UsageError, match="cannot be read") as caught:
        await look_at_page(job(f"{site.url}/day"), tmp_path, {}, NOTHING)
    assert "made to do harm" in caught.value.advice
