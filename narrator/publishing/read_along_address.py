"""Names of files in a container, and the addresses by which one leads to another."""

from __future__ import annotations

import posixpath
from urllib.parse import quote, unquote, urlsplit


def relative(name: str, base: str) -> str:
    """The quoted address of the file `name` in the file `base`."""
    return quote(posixpath.relpath(name, posixpath.dirname(base) or "."))


def named(address: str, base: str) -> str:
    """The file that an address in the file `base` leads to; '' where it leads to the web."""
    try:
        parts = urlsplit(address)
    except ValueError:  # no address at all, such as http://[x
        return ""
    if parts.scheme or parts.netloc or not parts.path:
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(parts.path)))
