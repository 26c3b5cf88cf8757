"""The web as jobs use it: addresses that a person wrote, and connections to them.

An address may hold a key, in its user info, path or query: messages name its host alone.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import aiohttp
from yarl import URL

from narrator.addresses import InsideError, PublicAddresses, is_inside
from narrator.errors import NarratorError, Unavailable, UsageError
from narrator.version import __version__

USER_AGENT = f"narrator/{__version__}"
_ALLOW = "Where that is meant, set allow_private_addresses = true for this job."
_CHECK = "Check the address and the network."


def web_address(written: str) -> URL:
    """An address of the web as a person wrote it.

    Raises:
        UsageError: it is none.
    """
    try:
        url = URL(written.strip())
        host, _ = url.host, url.port
    except ValueError:
        url, host = URL(), None
    if url.scheme not in ("http", "https") or not host:
        raise UsageError("This is not an address of the web.", advice="Begin it with https:// or http://.")
    return url.with_fragment(None)


def may_pass(status: int) -> bool:
    """Whether a server that answers so may do otherwise later."""
    return status in {408, 425, 429} or status >= 500


def refuse_inside(at: URL) -> None:
    """See that an address is none of this network's; one with a name is seen when it is looked up.

    Raises:
        UsageError: it is.
    """
    if is_inside(at.host or ""):
        raise UsageError(f"{at.host} is an address inside this network: refused.", advice=_ALLOW)


def open_session(
    timeout: aiohttp.ClientTimeout, headers: Mapping[str, str], *, may_go_inside: bool
) -> aiohttp.ClientSession:
    """A session without cookies, which unless it `may_go_inside` finds names at public addresses alone."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=None if may_go_inside else PublicAddresses()),
        timeout=timeout,
        headers={"User-Agent": USER_AGENT, **headers},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


@contextmanager
def translated(at: URL) -> Iterator[None]:
    """Make aiohttp's errors ours: Unavailable for what may pass, UsageError for what will not."""
    try:
        yield
    except UnicodeError as exc:
        raise UsageError(f"{at.host} cannot be the name of a host.", advice="Check the address.") from exc
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise _ours(exc, at) from exc


def _ours(error: Exception, at: URL) -> NarratorError:
    if isinstance(error, TimeoutError):
        return Unavailable(f"{at.host} did not answer in time.")
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, InsideError):
            return UsageError(f"{at.host} leads to an address inside this network: refused.", advice=_ALLOW)
        secure = "safe connection" if isinstance(error, aiohttp.ClientSSLError) else "connection"
        reason = _reason(error.os_error)
        return Unavailable(f"No {secure} to {at.host}: {reason}.", connected=False, advice=_CHECK)
    return Unavailable(f"{at.host} broke off, or did not answer in HTTP.")


def _reason(error: OSError) -> str:
    """What the system says; asyncio puts words of its own over it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted here, {error.verify_message}"
    if isinstance(error, ssl.SSLError):  # its number is none of the system's
        return f"it speaks no TLS that we know ({(error.reason or 'unknown').replace('_', ' ').lower()})"
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error) or "it broke off"
    return os.strerror(error.errno)
