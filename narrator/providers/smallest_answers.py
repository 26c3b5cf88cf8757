"""What Smallest AI says: frames of sound and of word times, its two ends of an answer, and its complaints.

Server-sent events (https://docs.smallest.ai/waves, `POST /waves/v1/tts/live`), with "done" on every frame or on
the last one alone, and at last no sound:
    {"audio": base64, "done": false, "status": "206"}    {"done": true, "status": "200"}
WebSocket messages, where older ones have "message" and "done" in the last:
    {"request_id", "session_id", "external_request_id", "status": "chunk", "data": {"audio": base64}}
    {..., "status": "word_timestamp", "data": {"id", "word", "start", "end"}}    in seconds
    {..., "status": "complete"}
    {"status": "error", "message"}    {"request_id", "status": "error", "error": {"message", "code"}}
"request_id" is the service's own, one for each answer; that of the request comes back as "external_request_id".
Older messages have neither.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from narrator.errors import RateLimited, Refused, SpeechError, StreamBroken, Unavailable
from narrator.model import WordTime
from narrator.providers.complaints import FailedAnswer, quotable, read_complaint, refusal, refusal_within
from narrator.providers.smallest_models import DEFAULT_MODEL
from narrator.providers.wire_json import sound_in_base64

_CONCURRENCY = re.compile("concurren", re.IGNORECASE)
_KINDS = (
    # Before the plan: of a limit on requests, too, it may be said that a higher plan has a higher one.
    (re.compile(r"rate.?limit|too.?many|concurren", re.IGNORECASE), 429),
    (re.compile(r"quota|credit|balance|usage.?limit|upgrade|higher plan", re.IGNORECASE), 402),
    (re.compile(r"unauthori|authenticat|api.?key|forbidden", re.IGNORECASE), 401),
    (re.compile(r"deprecated|retired", re.IGNORECASE), 410),
    (re.compile(r"timed? ?out|inactiv", re.IGNORECASE), 408),
    (re.compile(r"invalid|required|unsupported|not (supported|found|allowed)|must be", re.IGNORECASE), 400),
)
"""What the words of a complaint that comes without a code mean, as the status that it would have over HTTP."""

_RETIRED = "MODEL_DEPRECATED"
_CLOSED_WITH = 4000
"""Services number the closes of their own by adding this to a status of HTTP."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a frame brings. `is_last`: it says that the answer is whole."""

    sound: bytes = b""
    word: WordTime | None = None
    is_last: bool = False


@dataclass(slots=True)
class Listener:
    """Reads the frames of one answer; `text` and `key` are what no message may repeat.

    `own_id` is that of the request, if it has one, and `earlier_ids` are the service's for the answers before.
    """

    service: str
    text: str
    key: str | None
    own_id: str = ""
    earlier_ids: Collection[str] = ()
    ids: dict[str, str] = field(default_factory=dict)
    has_sound: bool = False
    counts_done: bool = False
    """Whether any event has said by "done" if there is more."""

    def event(self, data: str, frame: Mapping[str, Any]) -> Heard:
        """An event of a stream; `frame` is its data, read.

        Raises:
            SpeechError: it is a complaint, or its sound is no base64.
        """
        self.counts_done = self.counts_done or "done" in frame
        if _is_complaint(frame):
            raise self.complaint(data)
        self._note(frame)
        return self._heard(frame.get("audio"), is_last=frame.get("done") is True)

    def message(self, frame: Mapping[str, Any]) -> Heard:
        """A message of a WebSocket. Raises as `event` does."""
        if _is_complaint(frame):
            raise self.complaint(json.dumps(frame))
        self._note(frame)
        data = frame.get("data")
        found = data if isinstance(data, Mapping) else {}
        if frame.get("status") == "word_timestamp":
            return Heard(word=_word_time(found))
        return self._heard(found.get("audio"), is_last=frame.get("status") == "complete")

    def is_anothers(self, frame: Mapping[str, Any]) -> bool:
        """Whether a message of a WebSocket belongs to the answer to another request, as far as it says."""
        echoed, given = frame.get("external_request_id"), frame.get("request_id")
        if echoed and self.own_id:
            return bool(echoed != self.own_id)
        if not given or not isinstance(given, str):
            return False
        is_changed = not _is_complaint(frame) and given != self.ids.get("request_id", given)
        return is_changed or given in self.earlier_ids

    def complaint(self, words: str) -> SpeechError:
        """The error that a service means by words where sound should be."""
        told = read_complaint(words.encode())
        said = f"{told.code} {told.message}"
        # About a field: the list in which it says what is not valid.
        status = 400 if told.field else next((status for kind, status in _KINDS if kind.search(said)), 0)
        found = {"status": status, "code": told.code, "path": told.field, "message": told.message}
        error = (
            refusal_within(self.service, words.encode(), text=self.text, key=self.key)
            or refusal_within(self.service, json.dumps(found).encode(), text=self.text, key=self.key)
            or Unavailable(f"{self.service} failed: {quotable(said.strip(), text=self.text, key=self.key)}")
        )
        return self._after_sound(_with_what_it_is(error, words))

    def closed(self, code: int, words: str) -> SpeechError | None:
        """What it means by closing a WebSocket with this code and these words; None for the usual thing."""
        status = code - _CLOSED_WITH
        if 400 <= status < 600:
            return self.complaint(json.dumps({"status": status, "message": words}))
        if words and any(kind.search(words) for kind, _ in _KINDS):
            return self.complaint(json.dumps({"message": words}))
        return None

    def _heard(self, audio: object, *, is_last: bool) -> Heard:
        sound = sound_in_base64(audio, self.service)
        self.has_sound = self.has_sound or bool(sound)
        return Heard(sound, is_last=is_last)

    def _note(self, frame: Mapping[str, Any]) -> None:
        for name in ("request_id", "session_id"):
            if isinstance(found := frame.get(name), str):
                self.ids[name] = found

    def _after_sound(self, error: SpeechError) -> SpeechError:
        if isinstance(error, Unavailable) and self.has_sound:
            return StreamBroken(error.what, advice=error.advice)
        return error


def judged(answer: FailedAnswer, *, text: str = "", key: str | None = None) -> SpeechError:
    """What an answer that is no success means; see complaints.Judge."""
    error = refusal(answer, text=text, key=key)
    return _with_what_it_is(error, answer.body.decode("utf-8", "replace"), status=answer.status)


def _with_what_it_is(error: SpeechError, words: str, *, status: int = 0) -> SpeechError:
    """The error with what is known here: the limit of accounts, and what has taken the place of old models."""
    if isinstance(error, RateLimited) and _CONCURRENCY.search(words):
        return RateLimited(error.what, retry_after_s=error.retry_after_s, is_concurrency=True)
    if status == 410 or _RETIRED in words:
        return Refused(
            error.what,
            advice=f"The service has retired this model{_replacement(words)}. Choose a present one: "
            f"--model {DEFAULT_MODEL.id}, and a voice of it (`narrator voices --provider smallest`).",
        )
    return error


def _replacement(words: str) -> str:
    try:
        found = json.loads(words)
    except (ValueError, RecursionError):
        return ""
    instead = found.get("recommended_endpoint") if isinstance(found, dict) else None
    return f" and recommends {quotable(instead)}" if isinstance(instead, str) else ""


def _is_complaint(frame: Mapping[str, Any]) -> bool:
    status = str(frame.get("status", ""))
    return bool(frame.get("error")) or status == "error" or (status.isdigit() and int(status) >= 400)


def _word_time(data: Mapping[str, Any]) -> WordTime | None:
    """A word's time; None where it is no time, for the sound is whole without it."""
    word, start_s, end_s = data.get("word"), data.get("start"), data.get("end")
    if not isinstance(word, str) or not isinstance(start_s, int | float) or not isinstance(end_s, int | float):
        return None
    if not (math.isfinite(start_s) and math.isfinite(end_s) and 0 <= start_s <= end_s):
        return None
    return WordTime(word, round(1000 * start_s), round(1000 * end_s))
