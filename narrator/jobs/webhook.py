"""Telling an address of the web how a run ended, by a POST."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from narrator.errors import Unavailable, UsageError
from narrator.jobs.web import may_pass, open_session, refuse_inside, translated, web_address

TIMEOUT_S = 15.0


async def tell_webhook(
    url: str, body: Mapping[str, Any], *, may_go_inside: bool, timeout_s: float = TIMEOUT_S
) -> None:
    """Send `body` as JSON. Any answer of 200 to 299 is success; what it says is not read.

    No redirect is followed.

    Raises:
        UsageError: the address is none of the web, is inside this network though `may_go_inside` is not set,
            redirects, or refuses what it is sent.
        Unavailable: it cannot be reached now, or does not answer in time.
    """
    at = web_address(url)
    if not may_go_inside:
        refuse_inside(at)
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    headers = {"Content-Type": "application/json"}
    async with open_session(timeout, headers, may_go_inside=may_go_inside) as session:
        with translated(at):
            answer = await session.post(at, data=json.dumps(body).encode(), allow_redirects=False)
        answer.close()
    _judge(answer.status, at)


def _judge(status: int, at: URL) -> None:
    """Raise what an answer means that is not success."""
    if 200 <= status < 300:
        return
    said = f"{at.host} answered {status}"
    if may_pass(status):
        raise Unavailable(f"{said}: not now.")
    if 300 <= status < 400:
        raise UsageError(f"{said}: it leads elsewhere.", advice="Write the address where it leads to instead.")
    raise UsageError(f"{said}: it does not take what it was sent.", advice="Check the address.")
