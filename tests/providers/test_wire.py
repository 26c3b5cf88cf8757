from __future__ import annotations

import asyncio
import errno
import socket

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from narrator.errors import AttemptError, StreamBroken, Unavailable
from narrator.providers.wire import translated

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
