"""Where a key must not go: nothing is sent there, over HTTP or over a WebSocket."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import ResolveResult
from yarl import URL

from narrator.addresses import PublicAddresses
from narrator.errors import Unavailable
from narrator.providers.wire import exchange, open_session
from narrator.providers.wire_ws import Sockets

KEY = "sk-canary-3f9a1c77e2"
HEADERS = {"Authorization": f"Bearer {KEY}"}

A_DAY_AGO = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)

Issue = Callable[[trustme.CA], trustme.LeafCert]
REFUSED: dict[str, Issue] = {
    "of nobody we know": lambda _: trustme.CA().issue_cert("127.0.0.1"),
    "of another host": lambda ca: ca.issue_cert("speech.example"),
    "expired": lambda ca: ca.issue_cert(
        "127.0.0.1", not_before=A_DAY_AGO - dt.timedelta(days=9), not_after=A_DAY_AGO
    ),
}


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that this machine trusts."""
    ca = trustme.CA()
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
    return ca


@asynccontextmanager
async def server(certificate: trustme.LeafCert) -> AsyncIterator[tuple[URL, list[str]]]:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization", ""))
        return web.Response(text="sound")

    app = web.Application()
    app.router.add_route("*", "/", answer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield URL(f"https://127.0.0.1:{runner.addresses[0][1]}/"), asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("name", REFUSED)
async def test_a_certificate_that_proves_nothing_ends_it_before_the_key_is_sent(
    name: str, authority: trustme.CA
) -> None:
    async with server(REFUSED[name](authority)) as (url, asked), open_session(5.0, HEADERS) as session:
        with pytest.raises(Unavailable, match="No safe connection") as over_http:
            async with exchange(session, "POST", url):
                pass
        sockets = Sockets(5.0, HEADERS)
        with pytest.raises(Unavailable, match="No safe connection") as over_socket:
            async with sockets.conversation(url.with_scheme("wss")):
                pass
        await sockets.close()
    assert asked == []
    for caught in (over_http.value, over_socket.value):
        assert not caught.connected
        assert "certificate" in caught.advice
        assert KEY not in str(caught)


class _Leading:
    """A name that leads to these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int, _family: socket.AddressFamily) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET6, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "224.0.0.251",
        "ff0e::fb",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a01:203",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "fec0::1",
        "fe80::1%lo",
    ],
)
async def test_an_address_inside_this_network_is_none_of_a_public_service(
    inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "2002:808:808::1"]
    monkeypatch.setattr(aiohttp, "DefaultResolver", lambda: _Leading(inside, *outside))
    found = await PublicAddresses().resolve("speech.example", 443)
    assert [each["host"] for each in found] == outside


async def test_a_right_certificate_is_taken(authority: trustme.CA) -> None:
    async with (
        server(authority.issue_cert("127.0.0.1")) as (url, asked),
        open_session(5.0, HEADERS) as session,
        exchange(session, "POST", url) as answer,
    ):
        assert await answer.whole() == b"sound"
    assert asked == [f"Bearer {KEY}"]


async def test_the_name_of_a_public_service_is_not_followed_into_this_network(authority: trustme.CA) -> None:
    async with server(authority.issue_cert("localhost")) as (url, asked):
        inside = url.with_host("localhost")
        async with open_session(5.0, HEADERS, anywhere=False) as session:
            with pytest.raises(Unavailable, match="inside this network") as caught:
                async with exchange(session, "POST", inside):
                    pass
        assert not caught.value.connected
        assert asked == []
        async with open_session(5.0, HEADERS) as session, exchange(session, "POST", inside) as answer:
            assert await answer.whole() == b"sound"
