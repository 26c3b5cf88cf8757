"""Anybody's words and addresses made into what a feed may hold."""

from __future__ import annotations

import hashlib
import re
from html import escape

from yarl import URL

from narrator.errors import UsageError
from narrator.publishing.tags import one_line

SYNTHETIC = "Read by a synthetic voice"
"""Apple asks that it be said: https://podcasters.apple.com/support/891-content-and-subscription-guidelines."""

# https://www.w3.org/TR/xml/#charsets; what is not a character of Unicode at all is gone before.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def line(text: str) -> str:
    """A text on one line, without what XML 1.0 has no way to write."""
    return one_line(_FORBIDDEN.sub("", one_line(text)))


def opaque(text: str) -> str:
    """A digest of what may be nobody's business, in 16 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def paragraphs(text: str) -> str:
    """The lines of a text as paragraphs of HTML, which is what apps take a description for."""
    return "".join(f"<p>{escape(each, quote=False)}</p>" for each in map(line, text.splitlines()) if each)


def base_address(base_url: str) -> str:
    """Where a folder is on the web, with '/' at its end.

    Raises:
        UsageError: it is no address of the web, or has what is no part of a folder's.
    """
    url = _url(base_url)
    if url is None:
        raise UsageError(
            "The podcast's base_url is no address of the web.",
            advice="It is where its folder is found, as in 'https://example.org/feed/'.",
        )
    if url.raw_user or url.raw_password or url.raw_query_string or url.raw_fragment:
        raise UsageError(
            f"The podcast's base_url ({url.host}) has a name, a password, '?' or '#', and all who read the feed"
            " would see it.",
            advice="Leave that out; apps that need a password ask for it.",
        )
    return str(url).rstrip("/") + "/"


def public_link(link: str) -> str:
    """A link without the name and password in it; '' where it leads nowhere on the web."""
    url = _url(link)
    return str(url.with_user(None)) if url is not None else ""


def _url(address: str) -> URL | None:
    try:
        url = URL(line(address))
    except ValueError:
        return None
    return url if url.scheme in {"http", "https"} and url.host else None
