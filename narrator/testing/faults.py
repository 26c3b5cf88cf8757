"""The ways in which a speech server goes wrong, as data, and when each of them happens."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Back in a moment.</body></html>"
QUARTER_HOUR_S = 900.0


About = Literal["", "text", "voice", "model", "format"]
"""The part of a request that a complaint is about; each protocol has its own names for them."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a server says instead of speaking; the server gives it the shape of its protocol."""

    code: str
    message: str
    about: About = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way of answering a request wrongly. The default is no fault at all.

    Before the answer: `latency_s`. Instead of sound: `status` and `headers`, with a `complaint` or a `body`.
    Another sound: `sound`, `share` (how much of it is made, and rightly declared), `claimed_rate_hz` (what the
    WAV header says), `sizes_known`. On the wire: `chunked` or with a Content-Length; `cut_after` bytes the
    connection ends, by FIN or by `reset`; `stall_after` bytes nothing more comes; `bytes_per_s` drips;
    `piece_bytes` of sound come at a time. Where an answer is `open_ended`, only the connection's end says where
    it ends, so that a cut looks the same. All the sound comes and the connection ends well, but not the
    protocol's own terminator, unless it `ends`. Where sound travels in messages: `garbled` is one that is no
    base64, and with `midway` the `complaint` comes behind the sound, in a message of its own. For `lingers_s`
    the server works on when all of its answer has been sent, and only then ends it.
    """

    latency_s: float = 0.0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    complaint: Complaint | None = None
    sound: Literal["speech", "silence", "endless noise"] = "speech"
    share: float = 1.0
    claimed_rate_hz: int | None = None
    sizes_known: bool = True
    chunked: bool = False
    cut_after: int | None = None
    reset: bool = False
    stall_after: int | None = None
    bytes_per_s: int | None = None
    piece_bytes: int | None = None
    open_ended: bool = False
    ends: bool = True
    garbled: bool = False
    midway: bool = False
    lingers_s: float = 0.0

    @property
    def speaks(self) -> bool:
        """Whether the answer has sound in it, and so is billed."""
        return self.status == 200 and self.body is None and (self.complaint is None or self.midway)


def refusal(status: int, code: str, message: str, *, about: About = "", **headers: str) -> Fault:
    """An error answer; a header's underscores become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=status, headers=named, complaint=Complaint(code, message, about))


FAULTS: Mapping[str, Fault] = {
    "400": refusal(400, "content_policy", "This text cannot be spoken.", about="text"),
    "401": refusal(401, "invalid_api_key", "Incorrect API key provided."),
    "402": refusal(402, "billing", "Payment required."),
    "429": refusal(429, "rate_limit_exceeded", "Slow down.", Retry_After="1"),
    "500": refusal(500, "server_error", "The model fell over."),
    "503": refusal(503, "overloaded", "Come back later.", Retry_After="1"),
    "quota": refusal(429, "insufficient_quota", "You exceeded your current quota."),
    "html": Fault(headers={"Content-Type": "text/html"}, body=HTML_PAGE),
    "json": Fault(complaint=Complaint("oops", "It did not work.")),
    "empty": Fault(body=b""),
    "cut": Fault(cut_after=2000),
    "cut-chunked": Fault(cut_after=2000, chunked=True),
    "cut-at-once": Fault(cut_after=0, chunked=True),
    "cut-open": Fault(cut_after=2000, open_ended=True),
    "reset": Fault(cut_after=2000, reset=True),
    "half": Fault(share=0.5),
    "silence": Fault(sound="silence"),
    "endless": Fault(sound="endless noise", sizes_known=False, chunked=True),
    "stall": Fault(stall_after=2000),
    "mute": Fault(latency_s=QUARTER_HOUR_S),
    "drip": Fault(bytes_per_s=2000),
    "unended": Fault(ends=False, chunked=True),
    "garbled": Fault(garbled=True),
    "error-midway": Fault(
        complaint=Complaint("server_error", "The model fell over."), midway=True, share=0.5, ends=False
    ),
    "odd": Fault(piece_bytes=1001, chunked=True),
    "wrong-rate": Fault(claimed_rate_hz=8000),
    "unknown-sizes": Fault(sizes_known=False, chunked=True),
}
"""The usual faults by name."""


@dataclass(slots=True)
class Rule:
    """When a fault happens: to requests by number (from 1), by their text, by chance; at most `times`."""

    fault: Fault
    requests: Collection[int] | None = None
    text: Callable[[str], bool] | None = None
    probability: float = 1.0
    times: int | None = None

    def applies(self, number: int, text: str, chance: random.Random) -> bool:
        """Decide for one request, and count it where it is hit."""
        if self.times == 0 or (self.requests is not None and number not in self.requests):
            return False
        if (self.text is not None and not self.text(text)) or chance.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True
