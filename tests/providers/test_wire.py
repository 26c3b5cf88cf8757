from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from narrator.errors import AttemptError, BadTake, StreamBroken, Unavailable
from narrator.providers import wire
from narrator.providers.wire import Pace, exchange, open_session, translated
from tests.providers.swallowing import swallowing

pytestmark = pytest.mark.usefixtures("skipped_waits")

RESET = ConnectionResetError(errno.ECONNRESET, "reset")


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientPayloadError("short"),
        aiohttp.ServerDisconnectedError(),
        aiohttp.SocketTimeoutError(),
        aiohttp.ClientOSError(errno.ECONNRESET, "reset"),
        aiohttp.ClientConnectionResetError("closing"),
        aiohttp.InvalidURL("http://"),
        TimeoutError(),
        RESET,
    ],
    ids=lambda error: type(error).__name__,
)
def test_foreign_errors_become_ours_by_when_they_came(error: Exception) -> None:
    with pytest.raises(Unavailable) as before, translated("speech.example"):
        raise error
    with pytest.raises(StreamBroken) as after, translated("speech.example", lambda: True):
        raise error
    assert before.value.connected
    assert before.value.__cause__ is after.value.__cause__ is error


def test_a_connection_that_is_not_accepted_in_time_is_none() -> None:
    with pytest.raises(Unavailable) as caught, translated("speech.example"):
        raise aiohttp.ConnectionTimeoutError
    assert not caught.value.connected


def test_a_name_that_is_not_known_is_no_connection() -> None:
    key = ConnectionKey(
        "nowhere.invalid", 80, is_ssl=False, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
    )
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.raises(Unavailable, match="Name or service not known") as caught, translated("nowhere.invalid"):
        raise aiohttp.ClientConnectorDNSError(key, unknown)
    assert not caught.value.connected


def test_a_cancellation_stays_one() -> None:
    with pytest.raises(asyncio.CancelledError), translated("speech.example"):
        raise asyncio.CancelledError


def test_our_own_errors_pass() -> None:
    ours = AttemptError("ours")
    with pytest.raises(AttemptError) as caught, translated("speech.example"):
        raise ours
    assert caught.value is ours


@asynccontextmanager
async def dripping(every_s: float, data: bytes = b"x") -> AsyncIterator[URL]:
    """A server whose answer never ends: `data` every so often."""

    over = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not over.is_set():
            await response.write(data)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), every_s)
        return response

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield URL(f"http://{host}:{port}/")
    finally:
        over.set()
        await runner.cleanup()


async def heard(url: URL, *, timeout_s: float = 20.0, max_bytes: int = 1_000_000) -> int:
    received = 0
    async with (
        open_session(timeout_s, {}) as session,
        exchange(session, "GET", url) as answer,
    ):
        async for data in answer.body(max_bytes=max_bytes):
            received += len(data)
    return received


async def test_a_body_that_only_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SLOW_AFTER_S", 0.2)
    async with dripping(0.02) as url:
        with pytest.raises(StreamBroken, match=r"^127\.0\.0\.1:\d+ sends too slowly: \d+ bytes in 0 s\.$"):
            await asyncio.wait_for(heard(url), 10)


@pytest.mark.parametrize("sign", [b": wait\n\n", b":\n", b"event: ping\nid: 7\n\n", b"\r\n"])
async def test_signs_of_life_are_no_slow_sound(sign: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SLOW_AFTER_S", 2.0)
    async with dripping(1.0, sign) as url:
        with pytest.raises(BadTake, match="more than this text can need"):
            await asyncio.wait_for(heard(url, max_bytes=5 * len(sign)), 10)


async def test_a_body_that_never_ends_is_given_up() -> None:
    async with dripping(0.001, bytes(50_000)) as url:
        with pytest.raises(BadTake, match="more than this text can need"):
            await asyncio.wait_for(heard(url), 10)


@pytest.mark.parametrize(("session_s", "timeout_s"), [(0.4, None), (60.0, 0.4)])
async def test_a_host_that_swallows_connections_is_told_from_one_that_does_not_answer(
    session_s: float, timeout_s: float | None
) -> None:
    with swallowing() as url:
        async with open_session(session_s, {}) as session:
            with pytest.raises(Unavailable, match="did not accept a connection in time") as caught:
                async with exchange(session, "GET", url, timeout_s=timeout_s):
                    pass
    assert not caught.value.connected


async def test_a_body_that_falls_silent_is_given_up() -> None:
    async with dripping(3600) as url:
        with pytest.raises(StreamBroken, match="stopped sending"):
            await asyncio.wait_for(heard(url, timeout_s=0.4), 10)


@pytest.mark.parametrize(
    ("every_s", "count", "given_up_after_s"),
    [
        (1.0, 1, 20.0),
        (1.0, 150, 20.0),
        (1.0, 220, None),
        (10.0, 1, 40.0),
        (30.0, 2_000, None),
        (0.1, 2_000, None),
    ],
)
def test_a_pace_is_an_average_over_the_time_of_sending(
    every_s: float, count: int, given_up_after_s: float | None
) -> None:
    pace = Pace()
    beats = range(int(600 / every_s))
    slow = (beat * every_s for beat in beats if pace.is_too_slow(count, beat * every_s))
    assert next(slow, None) == given_up_after_s


def test_a_header_that_comes_long_before_the_sound_is_no_slow_body() -> None:
    pace = Pace()
    assert not pace.is_too_slow(44, 0.0)
    assert not pace.is_too_slow(1_400, 100.0)
    assert not pace.is_too_slow(65_536, 100.1)
