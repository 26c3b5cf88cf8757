"""How a WebSocket is asked for, and what it means that none was opened."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from narrator.errors import Unavailable
from narrator.providers.complaints import FailedAnswer
from narrator.providers.wire import words_of

_WITHOUT_SOCKETS = {200, 400, 404, 405, 407, 426, 501}
"""What is answered to a handshake where WebSockets are not known or not let through."""


def no_sockets(answer: FailedAnswer) -> Unavailable | None:
    """The error where somebody on the way answers, as proxies do: services explain themselves in JSON."""
    if answer.status not in _WITHOUT_SOCKETS or answer.body.lstrip()[:1] in (b"{", b"["):
        return None
    return Unavailable(f"{answer.service} opens no WebSocket here: it answered {answer.status}.")


class NotUpgraded(Exception):
    """The answer to a handshake that is no socket."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


async def only_upgraded(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Refuse every other answer, with its words; aiohttp would follow a redirect, and take the key along."""
    response = await handler(request)
    if response.status != 101:
        body = await words_of(response)
        response.close()
        raise NotUpgraded(response.status, response.headers, body)
    return response
