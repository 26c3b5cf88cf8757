"""What ElevenLabs means by its error codes.

A refusal is {"detail": {"type", "code", "message", "status", "request_id", "param"}}, of which older answers
have `status` and `message` alone; a WebSocket says {"message", "error", "code": 1008} and closes with that
number. https://elevenlabs.io/docs/eleven-api/resources/errors; codes of before are in
https://help.elevenlabs.io/hc/en-us/articles/19572237925521. Neither page is complete, and the status is not
always the one that they give, so it is the code that counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from narrator.errors import (
    BadKey,
    QuotaUsedUp,
    RateLimited,
    Refused,
    Rejected,
    SpeechError,
    StreamBroken,
    UnknownVoice,
)
from narrator.providers.complaints import (
    FailedAnswer,
    quotable,
    read_complaint,
    refusal,
    refusal_within,
    retry_after_s,
)

KEY_VARIABLE = "ELEVENLABS_API_KEY"
MISSING_PERMISSION = "missing_permissions"
POLICY_VIOLATION = 1008

_AT_ONCE = frozenset({"concurrent_limit_exceeded", "too_many_concurrent_requests"})
_TOO_FAST = frozenset({"rate_limit_exceeded", "too_many_requests", "system_busy", "heavy_traffic"})
_STALLED = frozenset({"input_timeout_exceeded", "input_timeout"})

_KEY = f"Check the key: narrator reads {KEY_VARIABLE}, unless `key_variable` names another."
_PLAN = "Take what the plan of this account includes, or another plan: https://elevenlabs.io/app/subscription"
_CREDIT = "Add credit to the account, then run the same command again: what is spoken is kept."
_VOICES = "`narrator voices --provider elevenlabs` lists the voices of this account, with their ids."

_FINAL: Mapping[str, tuple[type[SpeechError], str]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "invalid_api_key",
                "missing_api_key",
                "unauthorized",
                "authentication_required",
                "needs_authorization",
                "invalid_authorization_header",
                "api_key_expired",
                "api_key_disabled",
            ),
            (BadKey, _KEY),
        ),
        MISSING_PERMISSION: (
            BadKey,
            "Give the key that permission: https://elevenlabs.io/app/settings/api-keys",
        ),
        "detected_unusual_activity": (
            BadKey,
            "Free accounts are shut out behind a VPN or a proxy, or where there are several: take a paid plan.",
        ),
        **dict.fromkeys(
            ("quota_exceeded", "insufficient_credits", "payment_required", "payment_issue"),
            (QuotaUsedUp, _CREDIT),
        ),
        **dict.fromkeys(
            ("voice_not_found", "voice_id_does_not_exist", "voice_does_not_exist", "invalid_voice_id"),
            (UnknownVoice, _VOICES),
        ),
        **dict.fromkeys(
            ("model_not_found", "model_id_does_not_exist", "invalid_model_id"),
            (UnknownVoice, "`narrator models --provider elevenlabs` lists the models of this account."),
        ),
        **dict.fromkeys(
            (
                "subscription_required",
                "paid_plan_required",
                "free_users_not_allowed",
                "model_access_denied",
                "output_format_not_allowed",
                "can_not_use_instant_voice_cloning",
                "can_not_use_professional_voice_cloning",
                "voice_limit_reached",
            ),
            (Refused, _PLAN),
        ),
        **dict.fromkeys(
            ("max_character_limit_exceeded", "text_too_long"),
            (Rejected, "Set a smaller --max-chars."),
        ),
    }
)
_PLAN_PREFIX = "only_for_"  # only_for_creator+ and its like


def judge(answer: FailedAnswer, *, text: str = "", key: str | None = None) -> SpeechError:
    """The error that an answer means: by its code where that is known, else as any service's."""
    complaint = read_complaint(answer.body)
    said = quotable(complaint.message or complaint.code, text=text, key=key)
    what = f"{answer.service} answered {answer.status}" + (f": {said}" if said else ".")
    wait_s = retry_after_s(answer.headers.get("Retry-After"), answered=answer.headers.get("Date"))
    return _meant(complaint.code, what, wait_s) or refusal(answer, text=text, key=key)


def judge_question(answer: FailedAnswer, *, text: str = "", key: str | None = None) -> SpeechError:
    """The same of a question about the account: a key that may not ask it may speak all the same."""
    error = judge(answer, text=text, key=key)
    is_about_asking = answer.status == 403 or read_complaint(answer.body).code == MISSING_PERMISSION
    return Refused(error.what, advice=error.advice) if is_about_asking and isinstance(error, BadKey) else error


def told_instead(
    service: str,
    message: Mapping[str, object],
    otherwise: type[SpeechError],
    *,
    text: str = "",
    key: str | None = None,
) -> SpeechError:
    """The error that a message means that has words where sound should be: `otherwise` if they do not tell.

    That is StreamBroken where sound has come already: then the text itself was not what is wrong.
    """
    words = json.dumps(message).encode()
    complaint = read_complaint(words)
    said = quotable(complaint.message or complaint.code, text=text, key=key)
    what = f"{service} said instead of speaking: {said}"
    if known := _meant(complaint.code, what):
        return known
    guess = refusal_within(service, words, text=text, key=key)
    if otherwise is StreamBroken:
        return guess if isinstance(guess, BadKey | QuotaUsedUp | RateLimited) else StreamBroken(what)
    is_about_us = message.get("code") == POLICY_VIOLATION
    return guess or _guess_from_words(words, what, is_about_us=is_about_us) or otherwise(what)


def judge_close(service: str, code: int, words: str, *, key: str | None = None) -> SpeechError | None:
    """The error that a WebSocket is closed with; None where that says no more than that it broke off."""
    what = f"{service} closed the connection ({code}: {quotable(words, key=key)})."
    known = next((each for each in (*_AT_ONCE, *_TOO_FAST, *_STALLED, *_FINAL) if each in words), "")
    if known or code != POLICY_VIOLATION:
        return _meant(known, what)
    return _guess_from_words(json.dumps({"message": words}).encode(), what)


def _guess_from_words(words: bytes, what: str, *, is_about_us: bool = False) -> SpeechError | None:
    """What the words of a refusal mean; None where that is anybody's guess and not said to be `about_us`."""
    guess = refusal(FailedAnswer("", 400, {}, words))
    return type(guess)(what, advice=guess.advice) if is_about_us or not isinstance(guess, Rejected) else None


def _meant(code: str, what: str, wait_s: float | None = None) -> SpeechError | None:
    if code in _AT_ONCE:
        return RateLimited(what, retry_after_s=wait_s, is_concurrency=True)
    if code in _TOO_FAST:
        return RateLimited(what, retry_after_s=wait_s)
    if code in _STALLED:
        return StreamBroken(what)
    if code.startswith(_PLAN_PREFIX):
        return Refused(what, advice=_PLAN)
    kind, advice = _FINAL.get(code, (None, ""))
    return kind(what, advice=advice) if kind else None
