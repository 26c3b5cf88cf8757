"""What a service says when it refuses: error bodies of every shape, made into our errors.

Shapes read here, as services really send them:
    {"error": {"message", "type", "param", "code"}}      OpenAI and those that copy it
    {"error": "text"}  {"error": [{"code", "path", "message"}]}
    {"detail": "text"}  {"detail": {"code"|"status"|"error", "message"}}  {"detail": [{"loc", "msg", "type"}]}
    {"message", "error_code"}                            at the top
The words of a service are shortened, and what they repeat of the book's text or of a key is left out.
"""

from __future__ import annotations

import datetime as dt
import difflib
import email.utils
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from narrator.errors import (
    BadKey,
    BadTake,
    QuotaUsedUp,
    RateLimited,
    Refused,
    Rejected,
    SpeechError,
    Unavailable,
    UnknownVoice,
    Unreachable,
)

_QUOTED_CHARACTERS = 200
_ECHO_CHARACTERS = 12
"""A run of this many characters that is also in the request is an echo of the book."""
_SHORTEST_TEXT = 4
"""What is shorter tells nothing of the book."""

_QUOTA = re.compile(
    r"quota|billing|credit|insufficient.?(fund|balance)|payment|usage.?limit|upgrade to|higher plan",
    re.IGNORECASE,
)
_VOICE = re.compile(
    r"(voice|model|speaker)\b.{0,80}(not (be )?(found|supported|available|exist)|unknown|invalid|unsupported)"
    r"|(unknown|invalid|unsupported|no such|find) (voice|model|speaker)",
    re.IGNORECASE,
)
_STATUSES = (
    (re.compile(r"quota|rate.?limit|too.?many|concurren", re.IGNORECASE), 429),
    (re.compile(r"api.?key|unauthori|authenticat", re.IGNORECASE), 401),
    (re.compile(r"overloaded|unavailable|server.?error|internal|time.?out", re.IGNORECASE), 503),
    (re.compile(r"invalid|not.?found|validation|unsupported", re.IGNORECASE), 400),
)
"""The status that a code would have come with, had the answer not begun."""
_FAILURE = re.compile("[45][0-9]{2}")

_PASSING = {408, 409, 425}
_ABOUT_THE_REQUEST = {400, 404, 413, 422}
_TEXT_FIELDS = {"input", "text", "transcript"}
_VOICE_FIELDS = {"voice", "voice_id", "model", "model_id", "speaker"}


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error body, boiled down: a machine's code, the field it is about, and words; each may be ''.

    `status` is that of HTTP where the body itself names one, else 0.
    """

    code: str = ""
    field: str = ""
    message: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class FailedAnswer:
    """An HTTP answer that is no success. `service` is the host as people know it."""

    service: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Judge(Protocol):
    """Makes the error of an answer that it means; `refusal` does, where a service has no codes of its own."""

    def __call__(self, answer: FailedAnswer, *, text: str = "", key: str | None = None) -> SpeechError: ...


def refusal(
    answer: FailedAnswer,
    *,
    text: str = "",
    key: str | None = None,
    fields: Mapping[str, str] = MappingProxyType({}),
) -> SpeechError:
    """The error that an answer means. `text` and `key` are what its message must not repeat.

    `fields` are the service's own names of fields, each with the usual one: 'text', 'voice' or 'model'.
    """
    within = refusal_within(answer.service, answer.body, text=text, key=key) if answer.status < 300 else None
    if within:
        return within
    complaint = read_complaint(answer.body)
    complaint = replace(complaint, field=fields.get(complaint.field, complaint.field))
    said = quotable(complaint.message, text=text, key=key)
    what = f"{answer.service} answered {answer.status}" + (f": {said}" if said else ".")
    wait_s = retry_after_s(answer.headers.get("Retry-After"), answered=answer.headers.get("Date"))
    return _meaning(answer.status, complaint, said, what, wait_s)


def refusal_within(service: str, words: bytes, *, text: str = "", key: str | None = None) -> SpeechError | None:
    """The error that a service means by words in the middle of a successful answer, where sound should be.

    None where they do not say of what kind it is: no status, and no code that is known.
    """
    complaint = read_complaint(words)
    status = complaint.status or next(
        (status for codes, status in _STATUSES if codes.search(complaint.code)), 0
    )
    said = quotable(complaint.message, text=text, key=key)
    what = f"{service} said instead of speaking: {said or complaint.code}"
    return _meaning(status, complaint, said, what, None) if status else None


def _meaning(status: int, complaint: Complaint, said: str, what: str, wait_s: float | None) -> SpeechError:
    # A 429's words often speak of plans and billing where only its code says that the credit is gone.
    out_of_credit = _QUOTA.search(complaint.code) or (status != 429 and _QUOTA.search(said))
    if status == 402 or (400 <= status < 500 and out_of_credit):
        return QuotaUsedUp(what, advice="Add credit to the account, then run the same command again.")
    if status == 429:
        return RateLimited(what, retry_after_s=wait_s)
    if status in _PASSING or status >= 500:
        return Unavailable(what, retry_after_s=wait_s)
    if status in _ABOUT_THE_REQUEST:
        return _about_the_request(status, complaint, said, what)
    kind, advice = _final(status)
    return kind(what, advice=advice)


def _about_the_request(status: int, complaint: Complaint, said: str, what: str) -> SpeechError:
    if complaint.field in _TEXT_FIELDS or status == 413:
        return Rejected(what)
    if (
        complaint.field in _VOICE_FIELDS
        or _VOICE.search(complaint.code.replace("_", " "))
        or _VOICE.search(said)
    ):
        return UnknownVoice(what, advice="`narrator voices` lists what there is, where the service tells.")
    if complaint.field:
        return Refused(what, advice=f"The service does not accept our {complaint.field!r}: change that option.")
    if status == 404:
        return Unreachable(what, advice="There is no speech service at this address: check the base URL.")
    return Rejected(what)


def _final(status: int) -> tuple[type[SpeechError], str]:
    if status in (401, 403):
        return BadKey, "Check the key, and that its account may use this service."
    if status == 410:
        return Refused, "The service has withdrawn this. Choose another model or provider."
    if status >= 400:
        return Refused, "Check the base URL, the model and the options."
    if status >= 300:
        return Unreachable, "It has moved: give its new address with --base-url. A key is never sent on to it."
    return BadTake, ""


def read_complaint(body: bytes) -> Complaint:
    """An error body of any of the shapes above; of a web page only that it is one."""
    text = body.decode("utf-8", "replace").strip()
    try:
        return _boiled_down(json.loads(text))
    except (ValueError, RecursionError):
        return Complaint(message="a web page" if text.startswith("<") else text)


def _boiled_down(found: object) -> Complaint:
    if isinstance(found, str):
        return Complaint(message=found)
    if isinstance(found, list):
        return _boiled_down(found[0]) if found else Complaint()
    if not isinstance(found, dict):
        return Complaint()
    for nest in ("error", "detail"):
        if isinstance(found.get(nest), dict | list):
            return _boiled_down(found[nest])
    path = found.get("loc") or found.get("path") or found.get("param")
    steps = path if isinstance(path, list) else [path]
    codes = (found.get(name) for name in ("code", "error_code", "status", "type", "error"))
    words = (found.get(name) for name in ("message", "msg", "detail", "error"))
    numbers = (str(found.get(name)) for name in ("code", "status", "status_code"))
    return Complaint(
        code=next((code for code in codes if isinstance(code, str)), ""),
        field=next((step for step in reversed(steps) if isinstance(step, str)), ""),
        message=next((word for word in words if isinstance(word, str)), ""),
        status=next((int(number) for number in numbers if _FAILURE.fullmatch(number)), 0),
    )


def quotable(message: str, *, text: str = "", key: str | None = None) -> str:
    """A service's words, on one line and short, without the book's text and the key."""
    words = " ".join(message.split())[: 4 * _QUOTED_CHARACTERS]
    if key:
        words = words.replace(key, "[key]")
    spoken = " ".join(text.split())
    if len(spoken) >= _SHORTEST_TEXT:
        words = _without_echoes(words, spoken)
    return words if len(words) <= _QUOTED_CHARACTERS else words[: _QUOTED_CHARACTERS - 1] + "…"


def _without_echoes(words: str, spoken: str) -> str:
    echo = difflib.SequenceMatcher(None, words, spoken, autojunk=False).find_longest_match()
    if echo.size < min(_ECHO_CHARACTERS, len(spoken)):
        return words
    before, after = words[: echo.a], words[echo.a + echo.size :]
    return f"{_without_echoes(before, spoken)}[text]{_without_echoes(after, spoken)}"


def retry_after_s(value: str | None, *, answered: str | None = None) -> float | None:
    """`Retry-After` as seconds from now (RFC 9110, 10.2.3: seconds or an HTTP date); None where it is neither.

    `answered` is the answer's own Date: where there is one, it does not matter what this machine's clock says.
    A time that has passed is 0. How long to obey is the caller's decision.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, answered)
    return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None  # noqa: PLR0124 - NaN


def _seconds_until(date: str, answered: str | None) -> float | None:
    when = _moment(date)
    since = (_moment(answered) if answered else None) or dt.datetime.now(dt.UTC)
    return max(0.0, (when - since).total_seconds()) if when else None


def _moment(date: str) -> dt.datetime | None:
    try:
        when = email.utils.parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # "-0000" is read as a time without a zone: UTC of an unknown place
    return when if when.tzinfo else when.replace(tzinfo=dt.UTC)
