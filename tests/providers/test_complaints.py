from __future__ import annotations

import email.utils
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from narrator.providers.complaints import FailedAnswer, quotable, refusal, retry_after_s

VALIDATION = [{"loc": ["body", "voice"], "msg": "Input should be 'a'", "type": "enum", "input": "the text"}]


def error_for(status: int, body: object = "", **headers: str) -> SpeechError:
    raw = body if isinstance(body, str) else json.dumps(body)
    return refusal(FailedAnswer("speech.example", status, headers, raw.encode()))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, BadKey),
        (
            401,
            {"detail": {"status": "quota_exceeded", "message": "This request exceeds your quota."}},
            QuotaUsedUp,
        ),
        (402, "", QuotaUsedUp),
        (403, {"error": "Forbidden"}, BadKey),
        (403, {"error": {"message": "usage limit reached"}}, QuotaUsedUp),
        (400, {"error": "Please upgrade to a higher plan."}, QuotaUsedUp),
        (
            429,
            {"error": {"message": "Slow down; see your plan and billing.", "code": "rate_limit"}},
            RateLimited,
        ),
        (429, {"error": {"message": "You exceeded ...", "code": "insufficient_quota"}}, QuotaUsedUp),
        (429, "<html>Too many requests</html>", RateLimited),
        (
            400,
            {"error": [{"code": "custom", "path": ["voice_id"], "message": "Invalid Voice ID"}]},
            UnknownVoice,
        ),
        (400, {"detail": {"error": "invalid_model", "message": "Unsupported model: x"}}, UnknownVoice),
        (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, UnknownVoice),
        (404, {"detail": "Voice 'x' not found"}, UnknownVoice),
        (422, {"detail": VALIDATION}, UnknownVoice),
        (422, {"detail": [{"loc": ["body", "input"], "msg": "too long"}]}, Rejected),
        (400, {"error": {"message": "It offends our model.", "code": "content_policy_violation"}}, Rejected),
        (413, "", Rejected),
        (400, {"error": {"message": "Not made here.", "param": "response_format"}}, Refused),
        (404, {"detail": "Not Found"}, Unreachable),
        (404, "<html>nginx</html>", Unreachable),
        (405, {"detail": "Method Not Allowed"}, Refused),
        (410, {"error_code": "MODEL_DEPRECATED", "message": "Use another."}, Refused),
        (301, "", Unreachable),
        (206, "", BadTake),
        (408, "", Unavailable),
        (409, "", Unavailable),
        (425, "", Unavailable),
        (500, {"error": {"message": "Model not loaded", "type": "model_error"}}, Unavailable),
        (529, "overloaded", Unavailable),
    ],
)
def test_an_answer_becomes_the_error_it_means(status: int, body: object, kind: type[SpeechError]) -> None:
    error = error_for(status, body)
    assert type(error) is kind
    assert error.what.startswith(f"speech.example answered {status}")


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", "null", "3", '{"error": []}', "\x00\xff", "[" * 9000, "[" * 900]
)
def test_bodies_that_say_nothing_do_no_harm(body: str) -> None:
    assert type(error_for(400, body)) is Rejected


def test_a_service_is_quoted_shortly_and_on_one_line() -> None:
    error = error_for(500, {"error": {"message": "one\n two\t" + "x" * 5000}})
    assert "one two xxx" in error.what
    assert "\n" not in error.what
    assert len(error.what) < 250


def test_a_web_page_is_not_quoted() -> None:
    assert error_for(502, "<html><body>Bad gateway</body></html>").what.endswith("502: a web page")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("1000000000", 1e9), (" 4 ", 4.0)]
    + [(value, None) for value in ("soon", "", "nan", "inf", "Wed, 99 Foo 2026 99:99:99 GMT", "9" * 400)],
)
def test_retry_after_is_read_or_let_be(value: str, seconds: float | None) -> None:
    assert retry_after_s(value) == seconds


def test_retry_after_may_be_a_date() -> None:
    ahead = retry_after_s(email.utils.formatdate(time.time() + 90, usegmt=True))
    assert ahead is not None
    assert 80 < ahead <= 90
    assert retry_after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after_s("Wed, 21 Oct 2015 07:28:00 -0000") == 0.0


def test_a_date_is_counted_from_the_answer_s_own_clock() -> None:
    answer = {"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    limited = error_for(429, **answer)
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s == 30
    ahead = retry_after_s(email.utils.formatdate(time.time() + 90, usegmt=True), answered="yesterday")
    assert ahead is not None
    assert 80 < ahead <= 90


@given(st.text())
def test_no_retry_after_breaks_us_or_lies_in_the_past(value: str) -> None:
    seconds = retry_after_s(value)
    assert seconds is None or seconds >= 0


def test_errors_keep_the_wait() -> None:
    limited, busy = error_for(429, **{"Retry-After": "9"}), error_for(503, **{"Retry-After": "8"})
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s == 9
    assert isinstance(busy, Unavailable)
    assert busy.retry_after_s == 8


@given(text=st.text(min_size=12), before=st.text(), after=st.text())
def test_the_text_of_the_book_is_never_quoted(text: str, before: str, after: str) -> None:
    spoken = " ".join(text.split())
    said = quotable(f"{before} {text} {after}", text=text)
    assert len(spoken) < 12 or spoken not in said


def test_neither_is_a_part_of_it() -> None:
    text = "It was a bright cold day in April, and the clocks were striking thirteen."
    said = quotable("Cannot say 'a bright cold day in April' nor 'the clocks were striking'", text=text)
    assert said == "Cannot say '[text]' nor '[text]'"


def test_a_key_is_never_quoted() -> None:
    assert "sk-secret" not in quotable("Incorrect key: sk-secret.", key="sk-secret")
