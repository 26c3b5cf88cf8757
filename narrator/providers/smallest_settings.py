"""What Smallest AI is asked for beside the text: the options, checked against the model and the transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from narrator.config import Speech
from narrator.model import AudioFormat, Container, SpeechRequest
from narrator.providers.settings import option_problems
from narrator.providers.smallest_models import (
    DEFAULT_MODEL,
    DEFAULT_RATE_HZ,
    MODELS,
    SPEEDS,
    TRANSPORTS,
    WS,
    Model,
    Setting,
    model_named,
    settings_of,
)

WHOLE_TEXT_BACKOFF_MS = 200
"""How long the service holds back "complete" after its last chunk, by default 4 s, for there might be further
text. Where the text is whole that is lost time with every request; but if this is how it knows that it has
nothing more to say, then 0 might cut an answer short."""

_SAME_LANGUAGE = MappingProxyType({"nb": "no", "nn": "no"})


@dataclass(frozen=True, slots=True)
class SmallestSettings:
    """The wishes, valid. `fields` are those that go into a request as they are, by the service's names."""

    model: Model
    is_known: bool
    voice: str
    transports: tuple[str, ...]
    format: AudioFormat
    language: str
    max_characters: int
    fields: Mapping[str, object]
    socket_fields: Mapping[str, object]
    sound_options: Mapping[str, str]

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags of the languages that the model speaks, as books write them."""
        spoken = self.model.languages
        return (*spoken, *(tag for tag, code in _SAME_LANGUAGE.items() if code in spoken))

    def wish(self, request: SpeechRequest, transport: str) -> dict[str, Any]:
        """The body of a request, all but how its text goes on."""
        wish: dict[str, Any] = {
            "text": request.text,
            "voice_id": request.voice,
            "sample_rate": self.format.rate_hz,
            "output_format": str(self.format.container),
            **self.fields,
        }
        if not self.model.is_legacy:  # the path names an old one
            wish["model"] = request.model
        if request.speed != 1.0:
            wish["speed"] = request.speed
        if language := self.language or self._language_of(request):
            wish["language"] = language
        if transport == WS:
            wish |= {"complete_backoff_ms": WHOLE_TEXT_BACKOFF_MS, **self.socket_fields}
        return wish

    def _language_of(self, request: SpeechRequest) -> str:
        """The service's code for the language of a text, '' where it has none: then it judges by itself."""
        primary = request.language.lower().partition("-")[0]
        code = _SAME_LANGUAGE.get(primary, primary)
        return code if code in self.model.languages else ""


def settings_problems(speech: Speech) -> list[str]:
    """All that is wrong with the settings, for this model and transport."""
    model, _ = _model_of(speech)
    known, wished = settings_of(model), _wished(speech)
    problems = option_problems(wished, {name: setting.parse for name, setting in known.items()})
    problems += _speed_problems(speech.speed)
    problems += [_not_of(model, name) for name in wished if name in known and not _takes(model, known[name])]
    if wished.get("transport", WS) != WS:
        problems += [
            f"speech.options.{name}: goes over a WebSocket alone: choose transport={WS}"
            for name in _socket_wishes(wished, known)
        ]
    return problems


def read_settings(speech: Speech) -> SmallestSettings:
    """The settings, in which nothing is wrong."""
    model, is_known = _model_of(speech)
    known, wished = settings_of(model), _wished(speech)
    values = {name: known[name].parse(value) for name, value in wished.items()}
    on_sockets = _socket_wishes(wished, known)
    chosen = wished.get("transport", "") or (WS if on_sockets else model.transport)
    must_stay = any(known[name].is_vital for name in on_sockets)
    return SmallestSettings(
        model=model,
        is_known=is_known,
        voice=speech.voice or model.voice,
        transports=(WS,) if must_stay else TRANSPORTS[TRANSPORTS.index(chosen) :],
        format=AudioFormat(
            Container(wished.get("output_format", Container.PCM)),
            int(wished.get("sample_rate", DEFAULT_RATE_HZ)),
        ),
        language=wished.get("language", ""),
        max_characters=int(wished.get("max_characters", model.max_characters)),
        fields=_fields(values, known, on_sockets=False),
        socket_fields=_fields(values, known, on_sockets=True),
        sound_options=_sound_options(values, known),
    )


def _model_of(speech: Speech) -> tuple[Model, bool]:
    return model_named(speech.model) if speech.model else (DEFAULT_MODEL, True)


def _wished(speech: Speech) -> dict[str, str]:
    return {name: value.strip() for name, value in speech.options.items()}


def _socket_wishes(wished: Mapping[str, str], known: Mapping[str, Setting]) -> list[str]:
    """The options whose wish is lost where it does not go over a WebSocket."""
    return [
        name
        for name, value in wished.items()
        if name in known and known[name].on_sockets and value != known[name].default
    ]


def _speed_problems(speed: float) -> list[str]:
    slowest, fastest = SPEEDS
    if slowest <= speed <= fastest:
        return []
    return [f"speech.speed: {speed:g} is not between {slowest:g} and {fastest:g}, which this service speaks"]


def _takes(model: Model, setting: Setting) -> bool:
    return setting.legacy if model.is_legacy else setting.live


def _not_of(model: Model, name: str) -> str:
    others = [other.id for other in MODELS if _takes(other, settings_of(other)[name])]
    return f"speech.options.{name}: the model {model.id} does not have it, but {', '.join(others)}"


def _fields(
    values: Mapping[str, object], known: Mapping[str, Setting], *, on_sockets: bool
) -> Mapping[str, object]:
    return MappingProxyType(
        {
            name: value
            for name, value in values.items()
            if known[name].is_sent and known[name].on_sockets is on_sockets
        }
    )


def _sound_options(values: Mapping[str, object], known: Mapping[str, Setting]) -> Mapping[str, str]:
    """The options that change the sound, each written in one way, without those that are as they are anyway.

    WAV is PCM with a header: the same sound.
    """
    return MappingProxyType(
        {
            name: _written(value)
            for name, value in sorted(values.items())
            if known[name].sounds and not _is_default(value, known[name]) and value != Container.WAV
        }
    )


def _is_default(value: object, setting: Setting) -> bool:
    return setting.default is not None and value == setting.parse(setting.default)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
