"""The lists of voices and models of servers that speak OpenAI's protocol, in the shapes in use.

    GET /v1/models          {"data": [{"id", "task"?}]}; speaches says with `task` what a model is for
    GET /v1/audio/voices    {"voices": [name | {"id" | "voice_id" | "name", "language"?}]}, or the list alone

The first is OpenAI's (https://platform.openai.com/docs/api-reference/models/list), the second a habit of the
self-hosted ones: Kokoro-FastAPI, speaches, vLLM-Omni and others.
"""

from __future__ import annotations

import json
from typing import Any

import langcodes

from narrator.model import SpeechModel, Voice

_SPEECH_TASK = "text-to-speech"


def listed_voices(body: bytes) -> list[Voice]:
    """The voices; [] of what is no such list."""
    named = [
        (item.get("id") or item.get("voice_id") or item.get("name"), item) for item in _items(body, "voices")
    ]
    return [
        Voice(key, name if isinstance(name := item.get("name"), str) else "", _languages(item))
        for key, item in named
        if isinstance(key, str)
    ]


def listed_models(body: bytes) -> list[SpeechModel]:
    """The models that speak, as far as the server tells them from others; [] of what is no such list."""
    return [
        SpeechModel(item["id"], languages=_languages(item))
        for item in _items(body, "models")
        if isinstance(item.get("id"), str) and item.get("task", _SPEECH_TASK) == _SPEECH_TASK
    ]


def _items(body: bytes, name: str) -> list[dict[str, Any]]:
    """A list's items: names or objects, bare or under `name` or 'data'."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, dict):
        found = next((found[each] for each in (name, "data") if isinstance(found.get(each), list)), [])
    return (
        [item if isinstance(item, dict) else {"id": item} for item in found] if isinstance(found, list) else []
    )


def _languages(item: dict[str, Any]) -> tuple[str, ...]:
    said = item.get("language") or item.get("languages")
    tags = said if isinstance(said, list) else [said]
    return tuple(tag for tag in tags if isinstance(tag, str) and langcodes.tag_is_valid(tag))
