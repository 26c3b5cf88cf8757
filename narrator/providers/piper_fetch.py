"""Files from the web, as they arrive: redirects followed with care, sizes bounded, no key ever sent.

A person names a host by giving an address. Where else a server leads must be public: a redirect to an address
inside this network is an attack on what listens there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from narrator.addresses import is_inside
from narrator.errors import StreamBroken, Unreachable, UsageError
from narrator.providers.wire import CONNECT_S, Pace, open_session, service_name, translated

MOST_REDIRECTS = 5
_WHOLE_S = 4 * 3600.0
_IDLE_S = 60.0
_READ_BYTES = 1 << 17
_MOVED = {301, 302, 303, 307, 308}


class Web:
    """Connections for some files. `named` is the host that a person named, which may be anywhere, or ''."""

    def __init__(self, named: str = "") -> None:
        self._named = named
        self._timeout = aiohttp.ClientTimeout(total=_WHOLE_S, sock_connect=CONNECT_S, sock_read=_IDLE_S)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def pieces(self, url: URL, *, most_bytes: int) -> AsyncGenerator[tuple[bytes, int | None], None]:
        """A file in pieces; with each, how long it is in all, where the server says.

        Raises:
            UsageError: there is no such file.
            Unreachable: it cannot be had, or not from where it leads to; or it is larger than `most_bytes`.
            Unavailable: there is no connection.
            StreamBroken: it broke off, or comes so slowly that it would never end.
        """
        async with self._answer(url) as answer:
            received, pace, length = 0, Pace(), answer.content_length
            if length is not None and length > most_bytes:
                raise _too_large(url, most_bytes)
            with _broken_off(shown(url)):
                async for data in answer.content.iter_chunked(_READ_BYTES):
                    received += len(data)
                    if received > most_bytes:
                        raise _too_large(url, most_bytes)
                    if pace.is_too_slow(len(data), time.monotonic()):
                        raise StreamBroken(f"{shown(url)} comes too slowly: {received:,} bytes so far.")
                    yield data, length

    async def whole(self, url: URL, *, most_bytes: int) -> bytes:
        """A small file. Raises as `pieces` does."""
        return b"".join([data async for data, _ in self.pieces(url, most_bytes=most_bytes)])

    @contextlib.asynccontextmanager
    async def _answer(self, url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            self._refuse_inside(at)
            with translated(service_name(at)):
                answer = await self._session_for(at).get(at, allow_redirects=False, timeout=self._timeout)
            try:
                if answer.status not in _MOVED:
                    _refuse_status(answer, url)
                    yield answer
                    return
                at = _next(at, answer.headers.get("Location", ""))
            finally:
                answer.close()
        raise Unreachable(f"{shown(url)} leads on and on: more than {MOST_REDIRECTS} redirects.")

    def _refuse_inside(self, url: URL) -> None:
        # A host that is an address is never looked up, so the resolver cannot refuse it.
        if url.host != self._named and is_inside(url.host or ""):
            raise Unreachable(f"A redirect leads to {url.host}, an address inside this network: refused.")

    def _session_for(self, url: URL) -> aiohttp.ClientSession:
        anywhere = url.host == self._named
        if anywhere not in self._sessions:
            self._sessions[anywhere] = open_session(_WHOLE_S, {}, anywhere=anywhere)
        return self._sessions[anywhere]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


def web_address(written: str) -> URL:
    """An address as a person wrote it.

    Raises:
        UsageError: it is none, or has a name or a key in it.
    """
    try:
        url = URL(written.strip())
        host, _ = url.host, url.port
    except ValueError:
        url, host = URL(), None
    if url.scheme not in ("http", "https") or not host:
        raise UsageError(
            f"{written!r} is not an address on the web.", advice="Begin it with https:// or http://."
        )
    if url.user or url.password:
        raise UsageError(f"The address at {host} has a name or a key in it.", advice="Leave it out.")
    return url.with_fragment(None)


def shown(url: URL) -> str:
    """An address for people: without its query, in which there may be a key."""
    return str(url.with_query(None))


@contextlib.contextmanager
def _broken_off(name: str) -> Iterator[None]:
    """A file that came in part, told as a download; errors of aiohttp too."""
    try:
        with translated(name, lambda: True):
            yield
    except StreamBroken as exc:
        raise StreamBroken(exc.what, advice="Nothing of it was kept. Try again.") from exc


def _next(at: URL, location: str) -> URL:
    """Where a redirect leads. Raises Unreachable."""
    try:
        to = at.join(URL(location))
        host, _ = to.host, to.port
    except ValueError:
        host, to = None, URL()
    if not location or to.scheme not in ("http", "https") or not host or to.user or to.password:
        raise Unreachable(f"{service_name(at)} redirects to something that is no address on the web.")
    if at.scheme == "https" and to.scheme == "http":
        raise Unreachable(
            f"{service_name(at)} redirects from https to http, which anybody on the way may change."
        )
    return to


def _refuse_status(answer: aiohttp.ClientResponse, url: URL) -> None:
    if answer.status in (404, 410):
        raise UsageError(
            f"There is no file at {shown(url)}.", advice="Check the address, and the voice's name in it."
        )
    if answer.status != 200:
        raise Unreachable(f"{shown(url)} cannot be had: its server answered {answer.status}.")


def _too_large(url: URL, most_bytes: int) -> Unreachable:
    return Unreachable(f"{shown(url)} is larger than it can be: over {most_bytes:,} bytes.")
