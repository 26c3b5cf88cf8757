from __future__ import annotations

import json
from typing import Any

import pytest

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
)
from narrator.providers.complaints import FailedAnswer, refusal, refusal_within

HOST = "speech.example.org"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"error": {"code": "insufficient_quota", "message": "You have none left."}}, QuotaUsedUp),
        ({"error": {"code": "rate_limit_exceeded", "message": "Slow down."}}, RateLimited),
        ({"detail": {"status": "too_many_concurrent_requests", "message": "Slow down."}}, RateLimited),
        ({"error": {"code": "invalid_api_key", "message": "No."}}, BadKey),
        ({"error": {"code": 401, "message": "No."}}, BadKey),
        ({"error": {"type": "server_error", "message": "It fell over."}}, Unavailable),
        ({"code": "503", "message": "It fell over."}, Unavailable),
        ({"error": {"code": "voice_not_found", "message": "No."}}, UnknownVoice),
        ({"error": {"type": "invalid_request_error", "param": "input", "message": "Too long."}}, Rejected),
    ],
)
def test_words_instead_of_sound_mean_what_their_code_says(
    said: dict[str, Any], kind: type[SpeechError]
) -> None:
    words = json.dumps(said).encode()
    within = refusal_within(HOST, words)
    assert type(within) is kind
    assert within.what.startswith("speech.example.org said instead of speaking: ")
    assert type(refusal(FailedAnswer(HOST, 200, {}, words))) is kind


@pytest.mark.parametrize(
    "words", [b"<html>Welcome</html>", b'{"error": "oops"}', b'{"status": "200"}', b'{"code": 7}', b""]
)
def test_words_that_say_nothing_of_their_kind_are_just_no_sound(words: bytes) -> None:
    assert refusal_within(HOST, words) is None
    assert type(refusal(FailedAnswer(HOST, 200, {}, words))) is BadTake


def test_words_instead_of_sound_repeat_neither_text_nor_key() -> None:
    words = b'{"code": 500, "message": "sk-secret cannot say: It was a dark and stormy night"}'
    told = refusal_within(HOST, words, text="It was a dark and stormy night", key="sk-secret")
    assert told is not None
    assert told.what.endswith(": [key] cannot say: [text]")


@pytest.mark.parametrize(
    ("field", "kind"), [("words", Rejected), ("bird", UnknownVoice), ("pace", Refused), ("input", Rejected)]
)
def test_a_service_may_have_names_of_its_own_for_its_fields(field: str, kind: type[SpeechError]) -> None:
    body = json.dumps({"error": {"code": "wrong", "param": field, "message": "No."}}).encode()
    names = {"words": "text", "bird": "voice"}
    assert type(refusal(FailedAnswer(HOST, 400, {}, body), fields=names)) is kind
