"""Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass

from narrator.errors import BadTake, SpeechError

MOST_EVENT_BYTES = 32 << 20
"""Two minutes of PCM in base64, and more: a service sends sound in far smaller pieces."""

FAREWELL_S = 0.5
"""How long a stream that has said that it is whole may take to end: only then does the account have the slot of
the request again."""

_WITHOUT_DATA = re.compile(rb"(?:(?:(?::|event|id|retry)[^\r\n]*)?[\r\n])+")
_LINE_END = re.compile(rb"\r\n|\n|\r(?=.)", re.DOTALL)  # a CR at the very end may be half of a CRLF


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """An event's type, 'message' where it names none, and its data lines, joined by newlines."""

    type: str
    data: str


async def server_sent_events(body: AsyncIterable[bytes], service: str) -> AsyncGenerator[ServerSentEvent, None]:
    """The events of a body, as they become whole; an event whose last line is cut short is left out.

    The last event needs no empty line after it, many servers close without one; and if its data is JSON, not
    even the end of its line, for JSON shows whether it is whole.

    Raises:
        BadTake: an event is larger than any that a speech service has a reason to send.
    """
    lines, unfinished = _Lines(), _Fields()
    async for piece in body:
        for line in lines.feed(piece):
            if line:
                unfinished.add(line)
                continue
            if unfinished.data:
                yield unfinished.event()
            unfinished = _Fields()
        if unfinished.size + lines.pending > MOST_EVENT_BYTES:
            raise BadTake(f"{service} sent an event of over {MOST_EVENT_BYTES} bytes.")
    if rest := lines.rest:
        unfinished.add(rest)
    if unfinished.data and (not rest or _is_json(unfinished.event().data)):
        yield unfinished.event()


def is_sign_of_life(piece: bytes) -> bool:
    """Whether a piece of a stream has no line of data: then it says that the service is there, and no more."""
    return _WITHOUT_DATA.fullmatch(piece) is not None


async def await_end(events: AsyncGenerator[ServerSentEvent, None]) -> None:
    """Wait for the end of a stream that has nothing more to say; however it ends, the answer is whole."""
    with contextlib.suppress(TimeoutError, SpeechError):
        async with asyncio.timeout(FAREWELL_S):
            async for _ in events:
                pass


class _Fields:
    """What has come of an event."""

    def __init__(self) -> None:
        self.type = ""
        self.data: list[str] = []
        self.size = 0

    def add(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self.data.append(value)
            self.size += len(value)
        elif name == "event":
            self.type = value

    def event(self) -> ServerSentEvent:
        return ServerSentEvent(self.type or "message", "\n".join(self.data))


def _is_json(said: str) -> bool:
    try:
        json.loads(said)
    except (ValueError, RecursionError):
        return False
    return True


class _Lines:
    """Cuts bytes into lines, whichever of the three ends they have."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._is_first = True

    @property
    def pending(self) -> int:
        """How many bytes of a line have come whose end has not."""
        return len(self._rest)

    @property
    def rest(self) -> str:
        """The line that came last, if it has no end."""
        return self._rest.rstrip(b"\r").decode("utf-8", "replace") if self.pending else ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes, without their ends."""
        self._rest += data
        if self._is_first and len(self._rest) >= 3:
            self._rest[:] = self._rest.removeprefix(b"\xef\xbb\xbf")
            self._is_first = False
        lines, start = [], 0
        for end in _LINE_END.finditer(self._rest, self._searched):
            lines.append(self._rest[start : end.start()].decode("utf-8", "replace"))
            start = end.end()
        del self._rest[:start]
        self._searched = max(0, len(self._rest) - 1)
        return lines
