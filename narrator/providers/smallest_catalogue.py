"""The voices that Smallest AI lists, and those that people have made there from a recording.

`GET /waves/v1/{model}/get_voices`, of old the voices of both pools and now of one:
    {"voices": [{"voiceId", "displayName", "tags": {"language": [...], "accent", "gender", "age", ...}}]}
`GET /waves/v1/voice/get-all-models`: the same for all models.
`GET /waves/v1/voice-cloning`: {"data": [{"voiceId", "displayName", "language", "status", "modelIds"}]}
`POST /waves/v1/voice-cloning`, a form of displayName, file, language, model: {"message", "data": {"voiceId"}}
https://docs.smallest.ai/waves
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from narrator.errors import Refused, UsageError
from narrator.model import Voice

MOST_SAMPLE_BYTES = 5 << 20
_MEDIA_TYPES = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".webm": "audio/webm",
    ".mp4": "audio/mp4",
    ".m4a": "audio/mp4",
}
_LANGUAGE_CODES = {
    "arabic": "ar", "bengali": "bn", "chinese": "zh", "dutch": "nl", "english": "en", "finnish": "fi",
    "french": "fr", "german": "de", "greek": "el", "gujarati": "gu", "hindi": "hi", "indonesian": "id",
    "italian": "it", "japanese": "ja", "kannada": "kn", "korean": "ko", "malay": "ms", "malayalam": "ml",
    "marathi": "mr", "norwegian": "no", "odia": "or", "polish": "pl", "portuguese": "pt", "punjabi": "pa",
    "russian": "ru", "spanish": "es", "swedish": "sv", "tamil": "ta", "telugu": "te", "turkish": "tr",
    "vietnamese": "vi",
}  # fmt: skip


def listed_voices(body: bytes) -> list[Voice]:
    """The voices of either catalogue; [] of what is none."""
    return [_listed(item) for item in _items(body, "voices") if isinstance(item.get("voiceId"), str)]


def cloned_voices(body: bytes) -> list[Voice]:
    """The finished voices among those that were made from recordings."""
    return [
        _cloned(item)
        for item in _items(body, "data")
        if isinstance(item.get("voiceId"), str) and item.get("status", "completed") == "completed"
    ]


def new_voice(body: bytes, name: str, service: str) -> Voice:
    """The voice that the answer to a recording names.

    Raises:
        Refused: it names none, or the service says that it failed.
    """
    found = _object(body).get("data")
    item = found if isinstance(found, dict) else {}
    if not isinstance(item.get("voiceId"), str) or item.get("status") == "failed":
        raise Refused(
            f"{service} took the recording and made no voice of it.",
            advice="Try another recording: 5 to 15 seconds of one clear voice.",
        )
    return _cloned({"displayName": name, **item})


def clone_form(name: str, sample: Path, language: str, model: str) -> aiohttp.FormData:
    """A recording as the form in which it is sent.

    Raises:
        UsageError: the file cannot be read, is too large, or is of a kind that the service does not take.
    """
    media_type = _MEDIA_TYPES.get(sample.suffix.lower())
    if media_type is None:
        raise UsageError(
            f"{sample}: a voice is made of {', '.join(sorted(_MEDIA_TYPES))}.",
            advice="Convert it, for example to .wav.",
        )
    try:
        size = sample.stat().st_size
        data = sample.read_bytes() if size <= MOST_SAMPLE_BYTES else b""
    except OSError as exc:
        raise UsageError(f"{sample}: it cannot be read: {exc.strerror}.") from exc
    if not data:
        what = "there is nothing in it" if not size else f"it is larger than {MOST_SAMPLE_BYTES >> 20} MB"
        raise UsageError(f"{sample}: {what}.", advice="5 to 15 seconds of one clear voice are enough.")
    form = aiohttp.FormData()
    form.add_field("displayName", name)
    if language:
        form.add_field("language", language)
    form.add_field("model", model)
    form.add_field("file", data, filename=f"sample{sample.suffix.lower()}", content_type=media_type)
    return form


def _listed(item: Mapping[str, Any]) -> Voice:
    found = item.get("tags")
    tags = found if isinstance(found, dict) else {}
    spoken = tags.get("language")
    said = (tags.get(name) for name in ("accent", "gender", "age"))
    return Voice(
        item["voiceId"],
        _text(item.get("displayName")),
        tuple(_codes(spoken if isinstance(spoken, list) else [spoken])),
        ", ".join(filter(None, map(_text, said))),
    )


def _cloned(item: Mapping[str, Any]) -> Voice:
    return Voice(
        item["voiceId"],
        _text(item.get("displayName")),
        tuple(_codes([item.get("language")])),
        "made from a sample",
    )


def _codes(spoken: list[Any]) -> Iterator[str]:
    """The service writes 'english' of its voices, and 'en' of the clones."""
    for name in spoken:
        if isinstance(name, str) and name:
            known = _LANGUAGE_CODES.get(name.lower(), name.lower())
            if known in _LANGUAGE_CODES.values():
                yield known


def _text(found: object) -> str:
    return found if isinstance(found, str) else ""


def _items(body: bytes, name: str) -> list[dict[str, Any]]:
    found = _object(body).get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
