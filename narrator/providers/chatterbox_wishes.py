"""What can be asked of a Chatterbox server, checked before anything is sent.

Parameters, their ranges and what the presets of `streaming_quality` stand for:
https://github.com/travisvn/chatterbox-tts-api, `TTSRequest` and `split_text_for_streaming`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from narrator.config import Speech
from narrator.providers.settings import (
    decimal_number,
    one_of,
    option_problems,
    refuse_problems,
    whole_number,
)

SAMPLE_SUFFIXES = (".flac", ".m4a", ".mp3", ".ogg", ".wav")
MOST_SAMPLE_BYTES = 10 << 20

_TRANSPORTS = ("sse", "stream", "http")
# The first sound comes after one piece of the text, not after all of it; and a slow machine is not taken for
# a dead one while it speaks a long text.
_DEFAULT_TRANSPORT = "stream"

_TUNING: Mapping[str, Callable[[str], float]] = MappingProxyType(
    {
        "exaggeration": decimal_number(0.25, 2.0),
        "cfg_weight": decimal_number(0.0, 1.0),
        "temperature": decimal_number(0.05, 5.0),
    }
)
_CUTTING: Mapping[str, Callable[[str], int | str]] = MappingProxyType(
    {
        "streaming_chunk_size": whole_number(50, 500),
        "streaming_strategy": one_of("sentence", "paragraph", "fixed", "word"),
        "streaming_buffer_size": whole_number(1, 10),
        "streaming_quality": one_of("fast", "balanced", "high"),
    }
)
_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {"transport": one_of(*_TRANSPORTS), "voice_sample": str, **_TUNING, **_CUTTING}
)
_CUTS = {"fast": (100, "word"), "balanced": (200, "sentence"), "high": (300, "paragraph")}
_USUAL_CUT = _CUTS["balanced"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording of a voice, as it was when it was read."""

    data: bytes
    suffix: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one project asks of its server, checked.

    `parameters` go with every request. `transports` are those that can carry all of it, the chosen one first.
    `sound_options` are the parameters that are heard, each sound written in one way.
    """

    parameters: Mapping[str, float | int | str]
    transports: tuple[str, ...]
    sound_options: Mapping[str, str]
    sample: Sample | None


def read_wishes(speech: Speech, problems: list[str]) -> Wishes:
    """The wishes of a project; `problems` are what is wrong with its other settings.

    Raises:
        ConfigError: with every mistake at once.
    """
    options, sample = speech.options, None
    problems = [*problems, *option_problems(options, _OPTIONS), *_contradictions(speech)]
    if "voice_sample" in options:
        try:
            sample = read_sample(Path(options["voice_sample"]))
        except ValueError as exc:
            problems.append(f"speech.options.voice_sample: {options['voice_sample']!r} {exc}")
    refuse_problems(speech, problems)
    parsers = {**_TUNING, **_CUTTING}
    parameters = {name: parse(options[name]) for name, parse in parsers.items() if name in options}
    return Wishes(
        parameters=MappingProxyType(parameters),
        transports=_transports(options),
        sound_options=MappingProxyType(_sound_options(options)),
        sample=sample,
    )


def read_sample(path: Path) -> Sample:
    """A recording that the server takes.

    Raises:
        ValueError: it does not, or it cannot be read; the words go after its name.
    """
    suffix = path.suffix.lower()
    if suffix not in SAMPLE_SUFFIXES:
        raise ValueError(f"is none of the recordings that the server takes: {', '.join(SAMPLE_SUFFIXES)}")
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(MOST_SAMPLE_BYTES + 1)
    except (OSError, RuntimeError) as exc:  # RuntimeError: nobody knows whose home is meant
        raise ValueError(f"cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc
    if len(data) > MOST_SAMPLE_BYTES:
        raise ValueError(f"is larger than the {MOST_SAMPLE_BYTES >> 20} MB that the server takes")
    if not data:
        raise ValueError("is empty")
    return Sample(data, suffix)


def _contradictions(speech: Speech) -> list[str]:
    """What the server would ignore, or fail at, without saying why."""
    options, problems = speech.options, []
    if speech.speed != 1.0:
        problems.append(
            f"speech.speed: a Chatterbox server ignores it, and {speech.speed:g} would sound like 1.0; "
            "the option cfg_weight changes the pace"
        )
    if options.get("transport") == "http":
        problems += [
            f"speech.options.{name}: the plain answer is not cut by it; choose transport=stream or sse"
            for name in _CUTTING
            if name in options
        ]
    if "voice_sample" not in options:
        return problems
    if speech.voice:
        problems.append(
            "speech.voice: the voice is that of voice_sample; leave it out, or empty it: --set speech.voice="
        )
    if options.get("transport") == "sse":
        # It deletes the uploaded file before the first event is made.
        problems.append(
            "speech.options.transport: the server fails at every voice_sample over sse; choose stream or http, "
            "or put the voice into the server's library"
        )
    return problems


def _transports(options: Mapping[str, str]) -> tuple[str, ...]:
    chosen = _TRANSPORTS.index(options.get("transport", _DEFAULT_TRANSPORT))
    is_cut = any(name in options for name in _CUTTING)
    return tuple(name for name in _TRANSPORTS[chosen:] if not (name == "http" and is_cut))


def _sound_options(options: Mapping[str, str]) -> dict[str, str]:
    """Where the text is cut is heard: each piece is spoken by itself. The size of the buffer is not."""
    sound = {name: str(parse(options[name])) for name, parse in _TUNING.items() if name in options}
    size, strategy = _CUTS[options.get("streaming_quality", "balanced")]
    cut = (
        int(options.get("streaming_chunk_size", size)),
        options.get("streaming_strategy", strategy),
    )
    if cut != _USUAL_CUT:
        sound["streaming_chunk_size"], sound["streaming_strategy"] = str(cut[0]), cut[1]
    return sound
