"""What is known of ElevenLabs' models and plans without asking.

https://elevenlabs.io/docs/overview/models (characters a request, languages, requests at once by plan),
https://elevenlabs.io/docs/eleven-api/websockets (not for v3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_MULTILINGUAL = (
    *("en", "ja", "zh", "de", "hi", "fr", "ko", "pt", "it", "es", "id", "nl", "tr", "fil", "pl"),
    *("sv", "bg", "ro", "ar", "cs", "el", "fi", "hr", "ms", "sk", "da", "ta", "uk", "ru"),
)
_MULTILINGUAL_FAST = (*_MULTILINGUAL, "hu", "no", "vi")
_ENGLISH = ("en",)

_LIMITS: Mapping[str, tuple[int, tuple[str, ...]]] = MappingProxyType(
    {
        "eleven_v3": (5_000, ()),
        "eleven_multilingual_v2": (10_000, _MULTILINGUAL),
        "eleven_multilingual_v1": (10_000, ()),
        "eleven_monolingual_v1": (10_000, _ENGLISH),
        "eleven_flash_v2_5": (40_000, _MULTILINGUAL_FAST),
        "eleven_turbo_v2_5": (40_000, _MULTILINGUAL_FAST),
        "eleven_flash_v2": (30_000, _ENGLISH),
        "eleven_turbo_v2": (30_000, _ENGLISH),
    }
)
_UNKNOWN = (5_000, ())

PLANS: Mapping[str, int] = MappingProxyType(
    {"free": 2, "starter": 3, "creator": 5, "pro": 10, "scale": 15, "business": 15}
)
"""How many requests at once a plan allows with the multilingual models; the fast ones may run twice as many."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model can do. `languages` () is any, or not known.

    `is_fast` is of the Flash and Turbo families: half the price, twice the requests at once. `normalizes` is
    whether it reads numbers and dates well unasked, which the fastest do not:
    https://elevenlabs.io/docs/overview/capabilities/text-to-speech/best-practices.
    """

    max_characters: int
    languages: tuple[str, ...]
    is_fast: bool
    is_v3: bool
    normalizes: bool

    @property
    def takes_language(self) -> bool:
        """Whether it heeds a language code; the others tell the language from the text."""
        return self.is_v3 or (self.is_fast and self.languages != _ENGLISH)

    @property
    def takes_context(self) -> bool:
        """Whether it goes on from a text before, or from an earlier request."""
        return not self.is_v3

    @property
    def has_socket(self) -> bool:
        return not self.is_v3

    @property
    def credits_per_character(self) -> float:
        return 0.5 if self.is_fast else 1.0


def facts_of(model: str) -> ModelFacts:
    """What a model can do, as far as its name tells; a careful guess for a newer one."""
    max_characters, languages = _LIMITS.get(model, _UNKNOWN)
    is_fast = "flash" in model or "turbo" in model
    return ModelFacts(
        max_characters,
        languages,
        is_fast,
        is_v3=model.startswith("eleven_v3"),
        normalizes=not (is_fast and model.endswith("_v2_5")),
    )


def concurrency_of(plan: str, model: ModelFacts) -> int:
    """How many requests at once a plan allows; the least of all where it is not known."""
    return PLANS.get(plan, PLANS["free"]) * (2 if model.is_fast else 1)


def plan_named(tier: str) -> str:
    """The plan that a subscription's tier means, '' where it is none of ours: 'scale_2024_08_10' is 'scale'."""
    tier = tier.lower()
    return next((plan for plan in PLANS if tier == plan or tier.startswith(f"{plan}_")), "")
