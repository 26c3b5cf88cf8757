"""Where a service is, and who pays there."""

from __future__ import annotations

import hashlib
import re

from yarl import URL

_THIS_MACHINE = re.compile(r"(?:localhost\.?|127\.0\.0\.1|0\.0\.0\.0|::1?)(:[0-9]+)?")


def server_root(base_url: str, official: URL, key_variable: str = "") -> tuple[URL, list[str]]:
    """The root of the server that a person named, `/v1` at its end taken off, else the official one.

    With it what is wrong with the address, as problems of the setting. `key_variable` is where a key belongs.
    """
    if not base_url:
        return official, []
    try:
        url = URL(base_url.strip().rstrip("/"))
        host, _ = url.host, url.port
    except ValueError:
        host = None
        url = URL()
    if url.scheme not in ("http", "https") or not host:
        return URL(), [f"speech.base_url: {base_url!r} is not an address such as http://127.0.0.1:8880"]
    if url.user or url.password or url.query_string or url.fragment:
        belongs = f"; a key belongs in {key_variable}" if key_variable else ""
        return URL(), [f"speech.base_url: only the server's root goes here{belongs}"]
    return (url.parent if url.name == "v1" else url), []


def account_name(provider: str, service: str, key: str | None) -> str:
    """Names an account by its provider, its server and a digest of its key: nothing secret.

    A server of this machine is the same one by all names of the machine, so that its limits hold for it.
    """
    payer = hashlib.sha256(key.encode()).hexdigest()[:8] if key else "no key"
    here = _THIS_MACHINE.fullmatch(service)
    server = f"127.0.0.1{here[1] or ''}" if here else service
    return f"{provider}:{server}:{payer}"
