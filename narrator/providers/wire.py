"""HTTP as our adapters need it: one session, our time-outs, and every foreign error made ours.

An answer is handed over only where its end can be told from a cut (RFC 9112, 6.3): by its Content-Length or
by the last chunk. No redirect is followed, so a key never reaches another host.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

import aiohttp
from yarl import URL

from narrator.addresses import PublicAddresses
from narrator.errors import AttemptError, BadTake, StreamBroken, Unavailable
from narrator.model import SpeechRequest
from narrator.providers.complaints import FailedAnswer, Judge, quotable, read_complaint, refusal
from narrator.providers.wire_sse import is_sign_of_life

CONNECT_S = 15.0
SLOWEST_BYTES_PER_S = 200.0
"""No sound is so small: speech in the smallest formats in use takes 1,000 bytes a second."""

SLOW_AFTER_S = 20.0
"""How long a body may be slower than that."""

LONGEST_GAP_S = 5.0
"""What counts of a time in which nothing comes: a service that thinks between two sentences is not slow, and
one that says nothing more is the idle time-out's business."""

ERROR_BODY_BYTES = 65_536
_WORDS_S = 5.0
_DONE = (200, 201)  # OK, and Created: the answer of some services to a new voice


def open_session(
    timeout_s: float,
    headers: Mapping[str, str],
    *,
    anywhere: bool = True,
    middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
) -> aiohttp.ClientSession:
    """A session whose requests end after `timeout_s` in all, and after half of it where nothing comes.

    `anywhere` is whether the host may be inside this network: only where a person named it. Compression is not
    asked for: sound does not shrink, and the length of the answer stays its own.
    """
    timeout = aiohttp.ClientTimeout(
        total=timeout_s, sock_connect=_connect_s(timeout_s), sock_read=timeout_s / 2
    )
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,  # the scheduler bounds what is in flight
            resolver=None if anywhere else PublicAddresses(),
        ),
        timeout=timeout,
        headers={"Accept-Encoding": "identity", "User-Agent": "narrator", **headers},
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=middlewares,
    )


def _connect_s(timeout_s: float) -> float:
    """How long a connection may take: less than the request, so that it is known which of them was too slow."""
    return min(CONNECT_S, timeout_s / 2)


def service_name(url: URL) -> str:
    """A server as people know it: its host, and the port where it is not the usual one."""
    return (url.host or "") if url.is_default_port() else url.authority


def most_bytes(request: SpeechRequest) -> int:
    """More than any voice makes of this text: half a second a character, at 48 kHz, 16-bit, stereo."""
    seconds = 30.0 + 0.5 * len(request.text) / min(1.0, request.speed)
    return math.ceil(seconds * 48_000 * 4)


class Pace:
    """How fast a body comes. Times are a monotonic clock's, in seconds."""

    def __init__(self) -> None:
        self.sending_s = 0.0
        self._received = 0
        self._last_s: float | None = None

    def is_too_slow(self, count: int, now_s: float) -> bool:
        """Whether it is, now that `count` bytes more have come."""
        if self._last_s is not None:
            self.sending_s += min(now_s - self._last_s, LONGEST_GAP_S)
        self._last_s = now_s
        self._received += count
        return self.sending_s >= SLOW_AFTER_S and self._received < SLOWEST_BYTES_PER_S * self.sending_s


class Exchange:
    """An answer that has begun with success: its headers and, once, its body."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        service: str,
        text: str,
        key: str | None,
        judge: Judge = refusal,
    ) -> None:
        self._response = response
        self._judge = judge
        self._service = service
        self._text = text
        self._key = key

    @property
    def service(self) -> str:
        """The server as people know it."""
        return self._service

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def ends_by_itself(self) -> bool:
        """Whether the protocol says where the body ends; if not, an end may as well be a cut."""
        chunked = "chunked" in self._response.headers.get("Transfer-Encoding", "").lower()
        return chunked or self._response.content_length is not None

    async def body(self, *, max_bytes: int) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, and all of it.

        Raises:
            BadTake: it is larger than `max_bytes`.
            Unavailable: the connection failed before the first byte.
            StreamBroken: it failed later, or sends so slowly that it would never end.
        """
        received = 0
        pace = Pace()
        with translated(self._service, lambda: received > 0):
            async for data in self._response.content.iter_any():
                received += len(data)
                if received > max_bytes:
                    raise BadTake(f"{self._service} sent more than this text can need: over {max_bytes} bytes.")
                if not is_sign_of_life(data) and pace.is_too_slow(len(data), time.monotonic()):
                    raise StreamBroken(
                        f"{self._service} sends too slowly: {received} bytes in {pace.sending_s:.0f} s."
                    )
                yield data

    async def whole(self, *, max_bytes: int = 4 << 20) -> bytes:
        """All of a small body. Raises as `body` does."""
        return b"".join([data async for data in self.body(max_bytes=max_bytes)])

    async def sound(self, *, max_bytes: int) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, where it can be sound.

        Raises:
            BadTake: it is empty, a web page or a complaint, or larger than `max_bytes`.
            SpeechError: see `body`; or the complaint has a code whose meaning is known.
        """
        empty = True
        async with contextlib.aclosing(self.body(max_bytes=max_bytes)) as body:
            async for data in body:
                if empty:
                    await self._refuse_words(data)
                empty = False
                yield data
        if empty:
            raise BadTake(f"{self._service} answered with nothing: status 200 and an empty body.")

    async def _refuse_words(self, first: bytes) -> None:
        """Refuse an answer that calls itself text and looks like it. The label alone proves nothing."""
        labelled = self._response.content_type.startswith("text/") or "json" in self._response.content_type
        if not labelled or first.lstrip()[:1] not in (b"<", b"{", b"["):
            return
        rest = await words_of(self._response)
        answer = FailedAnswer(self._service, self._response.status, self.headers, first + rest)
        meant = self._judge(answer, text=self._text, key=self._key)
        if not isinstance(meant, BadTake):
            raise meant
        said = quotable(read_complaint(first + rest).message, text=self._text, key=self._key)
        raise BadTake(f"{self._service} answered 200 with words instead of sound: {said}")


@contextlib.asynccontextmanager
async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    json: Mapping[str, Any] | None = None,
    form: aiohttp.FormData | None = None,
    headers: Mapping[str, str] | None = None,
    text: str = "",
    key: str | None = None,
    timeout_s: float | None = None,
    judge: Judge = refusal,
) -> AsyncIterator[Exchange]:
    """Send a request, with a body of JSON or a form, and hand over its answer.

    `text` and `key` are what no message may repeat. `timeout_s` replaces the session's, for what should be
    answered at once.

    Raises:
        SpeechError: no connection, a time-out, or an answer other than 200 and 201.
    """
    service = service_name(url)
    timeout = session.timeout
    if timeout_s is not None:
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=_connect_s(timeout_s))
    with translated(service):
        response = await session.request(
            method, url, json=json, data=form, headers=headers, allow_redirects=False, timeout=timeout
        )
    try:
        if response.status not in _DONE:
            answer = FailedAnswer(service, response.status, response.headers, await words_of(response))
            raise judge(answer, text=text, key=key)
        yield Exchange(response, service, text, key, judge)
    finally:
        # Closed, not released: what is left of the body of an aborted request must not keep the line busy.
        response.close()


async def words_of(response: aiohttp.ClientResponse) -> bytes:
    """What an answer says that is no sound, as far as it comes: its status counts however that ends."""
    said = bytearray()
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with asyncio.timeout(_WORDS_S):
            while data := await response.content.read(ERROR_BODY_BYTES - len(said)):
                said += data
    return bytes(said)


@contextlib.contextmanager
def translated(service: str, began: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Make aiohttp's errors ours; `began` tells whether sound has come already."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise _ours(exc, service, began=began()) from exc


def _ours(exc: Exception, service: str, *, began: bool) -> AttemptError:
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        return Unavailable(f"{service} did not accept a connection in time.", connected=False)
    if isinstance(exc, aiohttp.ClientSSLError):
        return Unavailable(
            f"No safe connection to {service}: {exc.os_error}.",
            connected=False,
            advice="Its certificate is not accepted here. Check the base URL and this machine's clock.",
        )
    if isinstance(exc, aiohttp.ClientConnectorError):
        return Unavailable(
            f"No connection to {service}: {reason_of(exc.os_error)}.",
            connected=False,
            advice="Check the base URL, that the server runs, and the network.",
        )
    slow = isinstance(exc, TimeoutError)
    if began:
        return StreamBroken(
            f"{service} {'stopped sending' if slow else 'broke off'} in the middle of its answer."
        )
    return Unavailable(f"{service} {'did not answer in time' if slow else 'closed the connection unanswered'}.")


def reason_of(error: OSError) -> str:
    """What the system says; asyncio puts words of its own over it."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)
