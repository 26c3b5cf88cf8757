from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import ResolveResult
from yarl import URL

from narrator.addresses import is_inside
from narrator.errors import NarratorError, Unavailable, UsageError
from narrator.jobs import fetch as fetching
from narrator.jobs.fetch import Fetched, fetch
from narrator.version import __version__
from tests.jobs.feed_server import Site, answering, serving

CANARY = "canary-77e2"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as served:
        served.pages["/feed"] = answering(
            body=b"text",
            Content_Type="Text/XML; charset=latin-1",
            ETag='"one"',
            Last_Modified="Sun, 01 Mar 2026",
        )
        yield served


async def got(url: str, *, max_bytes: int = 1_000_000, etag: str = "", inside: bool = True) -> Fetched:
    found = await fetch(url, may_go_inside=inside, max_bytes=max_bytes, etag=etag)
    assert found is not None
    return found


async def refused(kind: type[NarratorError], match: str, url: str, *, inside: bool = True) -> NarratorError:
    with pytest.raises(kind, match=match) as caught:
        await got(url, inside=inside)
    assert CANARY not in str(caught.value)
    return caught.value


async def test_what_is_there_comes_with_what_the_server_says_of_it(site: Site) -> None:
    found = await got(f"{site.url}/feed?key={CANARY}#top")
    assert found == Fetched(f"{site.url}/feed?key={CANARY}", b"text", "latin-1", '"one"', "Sun, 01 Mar 2026")
    (asked,) = site.asked
    assert asked.query_string == f"key={CANARY}"
    assert asked.headers["User-Agent"] == f"narrator/{__version__} (+feed)"


async def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    site.pages["/feed"] = answering(304)
    assert await fetch(f"{site.url}/feed", may_go_inside=True, max_bytes=9, etag='"one"') is None
    assert site.asked[0].headers["If-None-Match"] == '"one"'
    await refused(UsageError, "answered 304", f"{site.url}/feed")


async def test_what_a_server_wants_to_hear_again_is_text(site: Site) -> None:
    site.pages["/feed"] = answering(body=b"text", ETag='"🦉"')
    assert (await got(f"{site.url}/feed")).etag == ""


async def test_a_name_and_a_password_are_for_their_own_server_alone(site: Site) -> None:
    async with serving() as other:
        other.pages["/there"] = b"text"
        site.pages["/near"] = answering(302, Location="/far")
        site.pages["/far"] = answering(301, Location=f"{other.url}/there")
        url = URL(f"{site.url}/near").with_user("ann").with_password(CANARY)
        assert (await got(str(url))).url == f"{other.url}/there"
        assert all("Authorization" in request.headers for request in site.asked)
        assert "Authorization" not in other.asked[0].headers
        site.pages["/near"] = b"text"
        assert CANARY not in (await got(str(url))).url


async def test_redirects_are_followed_up_to_five(site: Site) -> None:
    for hop in range(6):
        site.pages[f"/{hop}"] = answering((301, 302, 303, 307, 308, 302)[hop], Location=f"/{hop + 1}")
    site.pages["/6"] = b"text"
    assert (await got(f"{site.url}/1")).url == f"{site.url}/6"
    await refused(UsageError, "more than 5 redirects", f"{site.url}/0?{CANARY}")


@pytest.mark.parametrize(
    "location", ["", "ftp://example.org/", "file:///etc/passwd", "http://[", "javascript:x"]
)
async def test_a_redirect_to_nothing_of_the_web_is_refused(location: str, site: Site) -> None:
    site.pages["/feed"] = answering(302, Location=location)
    await refused(UsageError, "no address of the web", f"{site.url}/feed?{CANARY}")


async def test_what_is_larger_when_unpacked_is_not_read_to_its_end(site: Site) -> None:
    bomb = zlib.compress(bytes(50_000_000), wbits=31)
    site.pages["/bomb"] = answering(body=bomb, Content_Encoding="gzip")
    with pytest.raises(UsageError, match="too large: over 1,000,000 bytes"):
        await got(f"{site.url}/bomb")
    site.pages["/fits"] = answering(body=zlib.compress(bytes(1_000_000), wbits=31), Content_Encoding="gzip")
    assert len((await got(f"{site.url}/fits")).data) == 1_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_is_packed_in_another_way_than_it_says_is_unavailable(encoding: str, site: Site) -> None:
    site.pages["/feed"] = answering(body=b"no such thing", Content_Encoding=encoding)
    await refused(Unavailable, "broke off", f"{site.url}/feed")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, UsageError), (401, UsageError), (403, UsageError), (404, UsageError), (410, UsageError),
        (204, UsageError), (408, Unavailable), (429, Unavailable), (500, Unavailable), (503, Unavailable),
    ],
)  # fmt: skip
async def test_what_may_pass_is_told_from_what_will_not(
    status: int, kind: type[NarratorError], site: Site
) -> None:
    site.pages["/feed"] = answering(status)
    error = await refused(kind, f"127.0.0.1 answered {status}", f"{site.url}/feed?key={CANARY}")
    assert error.advice or kind is Unavailable


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("120", 120.0), ("9" * 30, 86_400.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("", None)],
)
async def test_a_server_may_say_when_to_come_again(written: str, seconds: float | None, site: Site) -> None:
    site.pages["/feed"] = answering(503, Retry_After=written)
    error = await refused(Unavailable, "503", f"{site.url}/feed")
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == seconds


async def test_nobody_there_and_a_server_that_hangs_up_or_hangs_are_unavailable(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    await refused(Unavailable, "No connection to 127.0.0.1", f"http://127.0.0.1:{port}/?{CANARY}")

    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    forever = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    site.pages |= {"/up": hang_up, "/on": hang}
    await refused(Unavailable, "broke off", f"{site.url}/up?{CANARY}")
    with monkeypatch.context() as patch:
        patch.setattr(fetching, "_TIMES", aiohttp.ClientTimeout(sock_read=0.05))
        await refused(Unavailable, "did not answer in time", f"{site.url}/on?{CANARY}")
    monkeypatch.setattr(fetching, "_WHOLE_S", 0.05)
    await refused(Unavailable, "did not answer in time", f"{site.url}/on?{CANARY}")
    forever.set()


@pytest.mark.parametrize(
    ("said", "words"),
    [(b"", "No connection to 127.0.0.1: it broke off."), (b"HTTP/1.1 200 OK\r\n\r\n", "it speaks no TLS that")],
)
async def test_a_safe_connection_that_fails_says_why(said: bytes, words: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)
        await writer.drain()
        writer.transport.abort() if not said else writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await refused(Unavailable, words, f"https://127.0.0.1:{port}/?{CANARY}")


@pytest.mark.parametrize(
    "url",
    ["", "feed.xml", "file:///etc/passwd", f"ftp://x/{CANARY}", "http://", "http://x:99999/", "http://[/"],
)
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    await refused(UsageError, "not an address of the web", url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433",
        "0x7f000001", "0177.0.0.1",
    ],
)  # fmt: skip
async def test_an_address_inside_this_network_is_refused_unless_allowed(host: str) -> None:
    error = await refused(UsageError, "inside this network", f"http://{host}/{CANARY}", inside=False)
    assert "allow_private_addresses" in error.advice


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888", "example.org", "1e100.net"])
def test_names_and_public_addresses_are_not_inside(host: str) -> None:
    assert not is_inside(host)


async def test_a_name_that_leads_inside_is_refused_unless_allowed(site: Site) -> None:
    url = site.url.replace("127.0.0.1", "localhost") + "/feed"
    await refused(UsageError, "localhost leads to an address inside this network", url, inside=False)
    assert site.asked == []
    assert (await got(url)).data == b"text"


class _Public:
    """All names lead to this machine, as if it were a server of the internet."""

    async def resolve(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("to", ["http://127.0.0.1/x", "http://[::1]/x", "http://127.1/x"])
async def test_a_public_server_cannot_lead_inside(to: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrator.jobs.web.PublicAddresses", _Public)
    site.pages["/feed"] = answering(302, Location=to)
    url = site.url.replace("127.0.0.1", "public.example") + "/feed"
    await refused(UsageError, "inside this network", url, inside=False)
    assert site.paths == ["/feed"]


async def test_https_is_verified_and_not_left_again(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with serving(context) as safe:
        safe.pages["/"] = answering(302, Location="http://127.0.0.1/")
        await refused(Unavailable, "No safe connection to 127.0.0.1: its certif", f"{safe.url}/?{CANARY}")
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
        await refused(UsageError, "from https to http", f"{safe.url}/?{CANARY}")
