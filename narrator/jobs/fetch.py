"""Feeds and pages from the web: redirects followed with care, sizes and times bounded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from narrator.errors import NarratorError, Unavailable, UsageError
from narrator.jobs.web import USER_AGENT, may_pass, open_session, refuse_inside, translated, web_address

MOST_BYTES = 10_000_000
"""Of a feed, and of a page."""

MOST_REDIRECTS = 5
_WHOLE_S = 60.0
_TIMES = aiohttp.ClientTimeout(total=None, sock_connect=15.0, sock_read=20.0)
_READ_BYTES = 65_536
_LONGEST_WAIT_S = 86_400.0

_OK, _UNCHANGED = 200, 304
_MOVED = {301, 302, 303, 307, 308}
_GONE = {404, 410}

_HEADERS = {
    "User-Agent": f"{USER_AGENT} (+feed)",
    "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/html;q=0.9, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: `url` is where it was found, after redirects, without user info and fragment.

    `charset` is what the server says of its letters, `etag` and `last_modified` what it wants to hear when
    it is asked again; '' where it says nothing.
    """

    url: str
    data: bytes
    charset: str = ""
    etag: str = ""
    last_modified: str = ""


async def fetch(
    url: str, *, may_go_inside: bool, max_bytes: int, etag: str = "", last_modified: str = ""
) -> Fetched | None:
    """What is at an address; None where it has not changed since it gave `etag` and `last_modified`.

    Raises:
        UsageError: it cannot be had as things are: no such page, no permission, larger than `max_bytes` when
            unpacked, no address of the web, or one inside this network though `may_go_inside` is not set.
        Unavailable: it cannot be had now; another try may have it.
    """
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = _HEADERS | {name: value for name, value in conditions.items() if value}
    at = web_address(url)
    async with open_session(_TIMES, headers, may_go_inside=may_go_inside) as session:
        with translated(at):
            async with asyncio.timeout(_WHOLE_S):
                return await _followed(session, at, max_bytes=max_bytes, may_go_inside=may_go_inside)


async def _followed(
    session: aiohttp.ClientSession, at: URL, *, max_bytes: int, may_go_inside: bool
) -> Fetched | None:
    """What is where an address leads."""
    for _ in range(MOST_REDIRECTS + 1):
        if not may_go_inside:
            refuse_inside(at)
        async with _answer(session, at) as answer:
            if answer.status == _UNCHANGED and {"If-None-Match", "If-Modified-Since"} & session.headers.keys():
                return None
            if answer.status not in _MOVED:
                return await _read(answer, at, max_bytes)
            at = _next(at, answer.headers.get("Location", ""))
    raise UsageError(
        f"{at.host} leads on and on: more than {MOST_REDIRECTS} redirects.", advice="Check the address."
    )


def host_of(url: str) -> str:
    """The host of an address, which is all of it that may be shown; 'the address' where it has none."""
    with contextlib.suppress(ValueError):
        return URL(url).host or "the address"
    return "the address"


@contextlib.asynccontextmanager
async def _answer(session: aiohttp.ClientSession, url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
    with translated(url):
        answer = await session.get(url, allow_redirects=False)
    try:
        yield answer
    finally:
        answer.close()


async def _read(answer: aiohttp.ClientResponse, at: URL, max_bytes: int) -> Fetched:
    """The whole body of a last answer."""
    if answer.status != _OK:
        raise _refused(answer.status, at, answer.headers)
    received = bytearray()
    with translated(at):
        async for data in answer.content.iter_chunked(_READ_BYTES):
            received += data
            if len(received) > max_bytes:
                raise UsageError(
                    f"What {at.host} sends is too large: over {max_bytes:,} bytes.",
                    advice="Is it the right address? Feeds and articles are much smaller.",
                )
    return Fetched(
        str(at.with_user(None)),
        bytes(received),
        answer.charset or "",
        _written(answer.headers.get("ETag", "")),
        _written(answer.headers.get("Last-Modified", "")),
    )


def _written(header: str) -> str:
    """A header as it can be kept and sent back; '' where it is more than plain text."""
    return header if header.isascii() and header.isprintable() else ""


def _next(at: URL, location: str) -> URL:
    """Where a redirect leads."""
    try:
        to = at.join(URL(location))
        host, _ = to.host, to.port
    except ValueError:
        to, host = URL(), None
    if not location or to.scheme not in ("http", "https") or not host:
        raise UsageError(
            f"{at.host} redirects to something that is no address of the web.", advice="Check the address."
        )
    if at.scheme == "https" and to.scheme == "http":
        raise UsageError(
            f"{at.host} redirects from https to http, which anybody on the way may change: refused.",
            advice="Look for the address where it moved to, and give that.",
        )
    # The name and password of one server are none of another's.
    to = to.with_user(None).with_fragment(None)
    return to.with_user(at.user).with_password(at.password) if to.origin() == at.origin() else to


def _refused(status: int, at: URL, headers: Mapping[str, str]) -> NarratorError:
    """What an answer means that is neither what was asked for nor a redirect."""
    said = f"{at.host} answered {status}"
    if may_pass(status):
        return Unavailable(f"{said}: not now.", retry_after_s=_wait_s(headers.get("Retry-After", "")))
    if status in _GONE:
        return UsageError(f"{said}: there is nothing at this address.", advice="Check the address.")
    if status in (401, 403):
        return UsageError(
            f"{said}: it does not let us read this.",
            advice="Check the address; a private feed has its key in it. Some sites refuse all programs.",
        )
    return UsageError(f"{said}, which is no page.", advice="Check the address.")


def _wait_s(written: str) -> float | None:
    """A Retry-After, in seconds or as a date (RFC 9110, 10.2.3), and no more than a day."""
    if written.isascii() and written.isdigit():
        return min(float(written[:9]), _LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(written)
    except ValueError:
        return None
    left_s = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    return min(max(left_s, 0.0), _LONGEST_WAIT_S)
