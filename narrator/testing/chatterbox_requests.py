"""Speech requests to the fake Chatterbox server: read, and refused in the words of the application.

As of https://github.com/travisvn/chatterbox-tts-api 2.1.0 (`TTSRequest`). What a JSON body gets wrong is a 422
of the framework's, which repeats it; what a form gets wrong is partly a 400 of the application's own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from aiohttp import web

from narrator.testing.chatterbox_library import MOST_SAMPLE_BYTES, SAMPLE_SUFFIXES, complaint, unprocessable

MAX_CHARACTERS = 3000

_RANGES: Mapping[str, tuple[Callable[[Any], float], float, float]] = {
    "exaggeration": (float, 0.25, 2.0),
    "cfg_weight": (float, 0.0, 1.0),
    "temperature": (float, 0.05, 5.0),
    "streaming_chunk_size": (int, 50, 500),
    "streaming_buffer_size": (int, 1, 10),
}
_CHOICES = {
    "stream_format": ("audio", "sse"),
    "streaming_strategy": ("sentence", "paragraph", "fixed", "word"),
    "streaming_quality": ("fast", "balanced", "high"),
}


async def read_json(request: web.Request) -> dict[str, Any]:
    """The wish in a JSON body, without its nulls.

    Raises:
        HTTPException: it is refused.
    """
    body = await request.read()
    try:
        wish = json.loads(body)
    except ValueError:
        problem = {"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "input": {}}
        raise unprocessable([problem]) from None
    if not isinstance(wish, dict):
        problem = {"type": "model_attributes_type", "loc": ["body"], "msg": "Input should be an object"}
        raise unprocessable([{**problem, "input": wish}])
    wish = {name: value for name, value in wish.items() if value is not None}
    problems = _text_problems(wish) + _number_problems(wish)
    problems += [_problem("value_error", name, wish[name], words) for name, words in _choice_problems(wish)]
    if not problems and not wish["input"].strip():
        problems = [_problem("value_error", "input", wish["input"], "Input text cannot be empty")]
    if problems:
        raise unprocessable(problems)
    return wish


async def read_form(request: web.Request) -> dict[str, Any]:
    """The wish in a form; `voice_file` is the bytes of the recording, where one came along.

    Raises:
        HTTPException: it is refused.
    """
    wish: dict[str, Any] = dict(await request.post())
    if problems := _text_problems(wish) + _number_problems(wish):
        raise unprocessable(problems)
    if not wish["input"].strip():
        raise complaint(web.HTTPBadRequest, "invalid_request_error", "Input text cannot be empty")
    for _, words in _choice_problems(wish):
        raise complaint(web.HTTPBadRequest, "validation_error", words)
    sample = wish.pop("voice_file", None)
    if isinstance(sample, web.FileField):
        data = await asyncio.to_thread(sample.file.read)
        if PurePath(sample.filename.lower()).suffix not in SAMPLE_SUFFIXES:
            raise complaint(web.HTTPBadRequest, "invalid_request_error", "Unsupported audio format.")
        if len(data) > MOST_SAMPLE_BYTES:
            raise complaint(web.HTTPBadRequest, "invalid_request_error", "File too large. Maximum size: 10MB")
        wish["voice_file"] = data
    return wish


def _text_problems(wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = wish.get("input")
    if text is None:
        return [_problem("missing", "input", dict(wish), "Field required")]
    if not isinstance(text, str):
        return [_problem("string_type", "input", text, "Input should be a valid string")]
    if not text:
        return [_problem("string_too_short", "input", text, "String should have at least 1 character")]
    if len(text) > MAX_CHARACTERS:
        words = f"String should have at most {MAX_CHARACTERS} characters"
        return [_problem("string_too_long", "input", text, words)]
    return []


def _number_problems(wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    problems = []
    for name, (parse, lowest, highest) in _RANGES.items():
        if name not in wish:
            continue
        try:
            number = parse(wish[name])
        except (ValueError, TypeError):
            problems.append(_problem("number_parsing", name, wish[name], "Input should be a valid number"))
            continue
        if number < lowest:
            words = f"Input should be greater than or equal to {lowest:g}"
            problems.append(_problem("greater_than_equal", name, wish[name], words))
        elif number > highest:
            words = f"Input should be less than or equal to {highest:g}"
            problems.append(_problem("less_than_equal", name, wish[name], words))
    return problems


def _choice_problems(wish: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, f"{name} must be one of: {', '.join(choices)}")
        for name, choices in _CHOICES.items()
        if name in wish and wish[name] not in choices
    ]


def _problem(kind: str, name: str, value: object, words: str) -> dict[str, Any]:
    return {"type": kind, "loc": ["body", name], "msg": words, "input": value}
