"""The models of Smallest AI, and which of the service's settings each of them takes.

https://docs.smallest.ai/waves and the official client, smallestai 5.14 on PyPI, which has the same tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from narrator.model import Container, SpeechModel
from narrator.providers.settings import decimal_number, one_of, whole_number

HTTP, SSE, WS = "http", "sse", "ws"
TRANSPORTS = (WS, SSE, HTTP)
"""Each fails over to those after it."""

_EUROPEAN = ("en", "es", "fr", "de", "it", "nl", "sv", "pt", "pl", "ru")
_INDIC = ("hi", "mr", "gu", "pa", "bn", "or", "ta", "te", "kn", "ml")
_PRO_ALONE = ("el", "fi", "no", "zh", "ja", "ko", "id", "ms", "vi", "tr", "ar")
_V2 = (
    "en", "hi", "ta", "kn", "mr", "bn", "gu", "ar", "he", "fr", "de", "pl", "ru", "it", "nl", "es", "sv", "ml",
    "te",
)  # fmt: skip
_SAMPLE_RATES = ("8000", "16000", "24000", "44100")
_LEGACY_RATES = ("8000", "16000", "24000")

AUTO = "auto"
DEFAULT_RATE_HZ = 24_000
SPEEDS = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Model:
    """A model: its default voice and transport, the languages it speaks, and how long a text it takes.

    `max_characters` is what its card recommends at most; no hard limit is published. `is_legacy`: it has routes
    and settings of its own, which the vendor's service has answered with 410 since 2026-05-19.
    """

    id: str
    name: str
    voice: str
    transport: str
    languages: tuple[str, ...]
    max_characters: int
    sample_rates: tuple[str, ...] = _SAMPLE_RATES
    is_legacy: bool = False

    @property
    def in_paths(self) -> str:
        """The name that it has in addresses: 'lightning-v3.1-pro' for 'lightning_v3.1_pro'."""
        return self.id.replace("_", "-")

    def listed(self) -> SpeechModel:
        return SpeechModel(self.id, self.name, self.languages, self.max_characters)


# A book wants one whole answer a text, so the plainest way is the preferred one: sound as such, a third fewer
# bytes than in base64, its end told by HTTP, and no wait for further text as on a WebSocket. The published
# client of the old models knows only their event stream.
_STANDARD = Model("lightning_v3.1", "Lightning v3.1", "magnus", HTTP, (*_EUROPEAN, *_INDIC), 250)
_PRO = Model("lightning_v3.1_pro", "Lightning v3.1 Pro", "meher", HTTP, (*_EUROPEAN, *_INDIC, *_PRO_ALONE), 250)
_LARGE = Model(
    "lightning-large",
    "Lightning Large (retired)",
    "chirag",
    SSE,
    ("en", "hi"),
    140,
    _LEGACY_RATES,
    is_legacy=True,
)
_TWO = Model("lightning-v2", "Lightning v2 (retired)", "chirag", SSE, _V2, 140, _LEGACY_RATES, is_legacy=True)

MODELS = (_STANDARD, _PRO, _LARGE, _TWO)
DEFAULT_MODEL = _STANDARD


def model_named(name: str) -> tuple[Model, bool]:
    """The model of that name, as requests or as addresses write it, and whether it is one that is known here.

    One that is not may be newer than this program: it is taken to be like the newest known.
    """
    spelt = name.lower().replace("_", "-")
    for model in MODELS:
        if model.in_paths == spelt:
            return model, True
    return Model(name, name, _PRO.voice, HTTP, _PRO.languages, _PRO.max_characters), False


@dataclass(frozen=True, slots=True)
class Setting:
    """An option: its parser, its default as it is written, and what takes it.

    `default` is None where leaving it out is something else than any value. `legacy` and `live` are whether the
    old models and the present ones have it, `on_sockets` whether it goes over a WebSocket alone. `sounds` is
    whether it can change the sound, `is_vital` whether a take without it is not what was asked for, and
    `is_sent` whether the service knows it by this name, as what its parser makes of it.
    """

    parse: Callable[[str], object]
    default: str | None = None
    on_sockets: bool = False
    legacy: bool = True
    live: bool = True
    sounds: bool = True
    is_vital: bool = True
    is_sent: bool = True


def boolean(value: str) -> bool:
    """A parser of an option that is true or false."""
    if value not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return value == "true"


def identifiers(value: str) -> list[str]:
    """A parser of identifiers with commas between them."""
    names = [name.strip() for name in value.split(",")]
    if not all(name and name.isascii() and name.isprintable() and " " not in name for name in names):
        raise ValueError("is not a list of identifiers with commas between them")
    return names


def settings_of(model: Model) -> Mapping[str, Setting]:
    """The options by name; whether this model takes each, it says itself."""
    codes = model.languages if model.is_legacy else (AUTO, *model.languages)
    return {
        "transport": Setting(one_of(*TRANSPORTS), sounds=False, is_sent=False),
        "max_characters": Setting(whole_number(40, 10_000), sounds=False, is_sent=False),
        "sample_rate": Setting(_rate(model), str(DEFAULT_RATE_HZ), is_sent=False),
        "output_format": Setting(one_of(*_FORMATS), Container.PCM, is_sent=False),
        "language": Setting(one_of(*codes), is_sent=False),
        "pronunciation_dicts": Setting(identifiers),
        "number_pronunciation_language": Setting(one_of(*codes), legacy=False),
        "math_notation": Setting(boolean, "false", legacy=False),
        "word_timestamps": Setting(boolean, "false", on_sockets=True, legacy=False, sounds=False),
        "max_buffer_flush_ms": Setting(
            whole_number(0, 1000), "0", on_sockets=True, sounds=False, is_vital=False
        ),
        "complete_backoff_ms": Setting(whole_number(0, 10_000), on_sockets=True, sounds=False, is_vital=False),
        "consistency": Setting(decimal_number(0, 1), "0.5", live=False),
        "similarity": Setting(decimal_number(0, 1), "0", live=False),
        "enhancement": Setting(decimal_number(0, 1), "1", live=False),
    }


_FORMATS = (Container.PCM, Container.WAV, Container.MP3, Container.ULAW, Container.ALAW)


def _rate(model: Model) -> Callable[[str], int]:
    choice = one_of(*model.sample_rates)
    return lambda value: int(choice(value))
