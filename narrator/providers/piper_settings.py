"""The options that a voice of Piper has, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from narrator.providers.settings import decimal_number, whole_number

SERVER_S_VOICE = "default"
"""The voice that a server was started with, by a name that is ours: it is asked for by naming none."""

SPEAKER_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {"speaker": str, "speaker_id": whole_number(0, 100_000)}
)
"""Who speaks, of the several speakers of one voice: by name, or by number."""

SCALE_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "length_scale": decimal_number(0.1, 10.0),
        "noise_scale": decimal_number(0.0, 2.0),
        "noise_w_scale": decimal_number(0.0, 2.0),
    }
)
"""How slowly it speaks, and how much chance is in its sound and in its rhythm."""


def speaker_problems(options: Mapping[str, str]) -> list[str]:
    """What is wrong with the options that name a speaker."""
    both = options.keys() >= SPEAKER_OPTIONS.keys()
    return ["speech.options.speaker_id: the speaker is named already, by speaker"] if both else []


def written_out(options: Mapping[str, str]) -> dict[str, str]:
    """Options, each number of them written in one way: '0.50' and '.5' are '0.5'."""
    return {name: value if name == "speaker" else f"{float(value):.12g}" for name, value in options.items()}
