"""What ElevenLabs tells of an account without being paid: its voices, models and subscription; and new voices.

https://elevenlabs.io/docs/api-reference/voices/search, .../models/list, .../user/subscription/get and
.../voices/ivc/create. A key may lack the permission for any of these and still speak.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from narrator.errors import BadKey, BadTake, SpeechError, Unavailable, Unreachable, UsageError
from narrator.model import SpeechModel, Voice
from narrator.providers.elevenlabs_errors import judge, judge_question
from narrator.providers.wire import exchange
from narrator.providers.wire_json import json_object

_ASK_S = 30.0
_CLONE_S = 300.0
_PAGE = 100
_MOST_PAGES = 100
_SAMPLE_TYPES: Mapping[str, str] = {
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/opus",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
}
_MOST_SAMPLE_BYTES = 50 << 20


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an account has paid for, in credits; `credits_left` is None where it may use as many as it likes."""

    tier: str
    credits_left: int | None
    resets_s: float | None


class Account:
    """Asks about one account over an open session."""

    def __init__(self, session: aiohttp.ClientSession, root: URL, key: str | None) -> None:
        self._session = session
        self._root = root
        self._key = key

    async def voices(self) -> Sequence[Voice]:
        """The voices of the account; [] where it is not told.

        Raises:
            RunError: the service refuses the key or cannot be reached.
        """
        found: list[Voice] = []
        page: str | None = ""
        for _ in range(_MOST_PAGES):
            query = {"page_size": str(_PAGE)} | ({"next_page_token": page} if page else {})
            told = await self._ask("v2/voices", query)
            if told is None:
                break
            found += map(_voice, _objects(told.get("voices"), "voice_id"))
            page = told.get("next_page_token")
            if not (told.get("has_more") and isinstance(page, str) and page):
                return found
        older = None if found else await self._ask("v1/voices")
        return found or [_voice(each) for each in _objects((older or {}).get("voices"), "voice_id")]

    async def has_voice(self, voice: str) -> bool:
        """Whether there is such a voice besides those of the account, as in the public library.

        Raises:
            RunError: as `voices`.
        """
        return await self._ask(f"v1/voices/{voice}") is not None

    async def models(self) -> Sequence[SpeechModel]:
        """The models that speak; [] where it is not told. Raises as `voices`."""
        told = await self._ask("v1/models")
        listed = told.get("models") if told else None
        return [
            _model(each)
            for each in _objects(listed, "model_id")
            if each.get("can_do_text_to_speech") is not False
        ]

    async def subscription(self) -> Subscription | None:
        """What the account has left; None where it is not told. Raises as `voices`."""
        told = await self._ask("v1/user/subscription")
        return _subscription(told) if told else None

    async def clone(self, name: str, sample: Path, language: str) -> Voice:
        """Have a voice made of a recording: see ports.VoiceCloner."""
        form = aiohttp.FormData()
        form.add_field("name", name)
        if language:
            form.add_field("labels", json.dumps({"language": language}))
        data = await asyncio.to_thread(_read_sample, sample)
        form.add_field("files", data, filename=sample.name, content_type=_SAMPLE_TYPES[sample.suffix.lower()])
        url = self._root / "v1/voices/add"
        async with exchange(
            self._session, "POST", url, form=form, key=self._key, timeout_s=_CLONE_S, judge=judge
        ) as answer:
            told = json_object(await answer.whole(), url.host or "")
        voice_id = told.get("voice_id")
        if not isinstance(voice_id, str) or not voice_id:
            raise BadTake(f"{url.host} did not say what the new voice is called.")
        must_wait = (
            "It has to be verified on the website before it speaks."
            if told.get("requires_verification")
            else ""
        )
        return Voice(voice_id, name, (language,) if language else (), must_wait)

    async def _ask(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """What is told at a path: an object, or a list under the path's last name; None where nothing is."""
        url = self._root / path
        try:
            async with exchange(
                self._session,
                "GET",
                url.with_query(query) if query else url,
                key=self._key,
                timeout_s=_ASK_S,
                judge=judge_question,
            ) as answer:
                told = json.loads(await answer.whole())
        except BadKey:
            raise
        except Unavailable as exc:
            if exc.connected:
                return None
            raise Unreachable(exc.what, advice=exc.advice) from exc
        except (SpeechError, ValueError, RecursionError):  # what it does not tell, a request will
            return None
        if isinstance(told, list):
            return {url.name: told}
        return told if isinstance(told, dict) else None


def _objects(listed: object, identity: str) -> Iterable[Mapping[str, Any]]:
    items = listed if isinstance(listed, list) else []
    return (each for each in items if isinstance(each, dict) and isinstance(each.get(identity), str))


def _voice(told: Mapping[str, Any]) -> Voice:
    labels = told.get("labels")
    labels = labels if isinstance(labels, dict) else {}
    verified = [each.get("language") for each in _dicts(told.get("verified_languages"))]
    languages = [each for each in (*verified, labels.get("language")) if isinstance(each, str) and each]
    said = [told.get("description"), *(labels.get(name) for name in ("gender", "age", "accent", "use_case"))]
    return Voice(
        told["voice_id"],
        _text(told.get("name")),
        tuple(dict.fromkeys(languages)),
        ", ".join(each.strip() for each in said if isinstance(each, str) and each.strip()),
    )


def _model(told: Mapping[str, Any]) -> SpeechModel:
    languages = [each.get("language_id") for each in _dicts(told.get("languages"))]
    limits = (
        told.get(name)
        for name in (
            "maximum_text_length_per_request",
            "max_characters_request_subscribed_user",
            "max_characters_request_free_user",
        )
    )
    return SpeechModel(
        told["model_id"],
        _text(told.get("name")),
        tuple(each for each in languages if isinstance(each, str)),
        next((each for each in limits if isinstance(each, int) and each > 0), None),
    )


def _subscription(told: Mapping[str, Any]) -> Subscription:
    used, limit = told.get("character_count"), told.get("character_limit")
    resets_s = told.get("next_character_count_reset_unix")
    more = told.get("max_credit_limit_extension", told.get("max_character_limit_extension"))
    left = None
    if isinstance(used, int) and isinstance(limit, int) and more != "unlimited":
        left = max(0, limit + (more if isinstance(more, int) else 0) - used)
    return Subscription(_text(told.get("tier")), left, resets_s if isinstance(resets_s, int | float) else None)


def _dicts(listed: object) -> list[Mapping[str, Any]]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _read_sample(sample: Path) -> bytes:
    """A recording that the service may take.

    Raises:
        UsageError: it cannot be read, is too large, or is no kind of recording that is known.
    """
    if sample.suffix.lower() not in _SAMPLE_TYPES:
        known = ", ".join(sorted(_SAMPLE_TYPES))
        raise UsageError(f"{sample} is no recording that ElevenLabs takes.", advice=f"It takes {known}.")
    try:
        if sample.stat().st_size > _MOST_SAMPLE_BYTES:
            raise UsageError(f"{sample} is larger than a sample may be.", advice="A minute or two are enough.")
        data = sample.read_bytes()
    except OSError as exc:
        raise UsageError(f"The sample {sample} cannot be read: {exc.strerror}.") from exc
    if not data:
        raise UsageError(f"The sample {sample} is empty.")
    return data
