"""What providers charge, as far as they publish a price for characters: each with its date and its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from narrator.config import Speech


@dataclass(frozen=True, slots=True)
class Price:
    """A list price in USD per million characters sent, when it was last seen, and where.

    `model` is '' where it holds for all models of the provider.
    """

    provider: str
    model: str
    usd_per_million_characters: float
    as_of: date
    source: str


_SMALLEST = "https://docs.smallest.ai/waves/model-cards/text-to-speech/lightning-v-3-1-pro"
_OPENAI = "https://developers.openai.com/api/docs/models"

_ELEVENLABS = "https://developer.puter.com/tutorials/elevenlabs-api-pricing/"

PRICES = (
    Price("chatterbox", "", 0.0, date(2026, 11, 21), "https://github.com/travisvn/chatterbox-tts-api"),
    Price("hibari", "", 0.0, date(2026, 11, 21), "https://pypi.org/project/hibari-tts"),
    Price("piper", "", 0.0, date(2026, 11, 21), "https://pypi.org/project/piper-tts"),
    Price("piper-http", "", 0.0, date(2026, 11, 21), "https://pypi.org/project/piper-tts"),
    Price("wyoming", "", 0.0, date(2026, 11, 21), "https://pypi.org/project/wyoming-piper"),
    Price("elevenlabs", "eleven_multilingual_v2", 100.0, date(2026, 6, 30), _ELEVENLABS),
    Price("elevenlabs", "eleven_v3", 100.0, date(2026, 6, 30), _ELEVENLABS),
    Price("elevenlabs", "eleven_flash_v2_5", 50.0, date(2026, 6, 30), _ELEVENLABS),
    Price("elevenlabs", "eleven_turbo_v2_5", 50.0, date(2026, 6, 30), _ELEVENLABS),
    Price("elevenlabs", "eleven_flash_v2", 50.0, date(2026, 6, 30), _ELEVENLABS),
    Price("elevenlabs", "eleven_turbo_v2", 50.0, date(2026, 6, 30), _ELEVENLABS),
    Price("openai", "tts-1", 15.0, date(2026, 4, 20), f"{_OPENAI}/tts-1"),
    Price("openai", "tts-1-hd", 30.0, date(2026, 4, 20), f"{_OPENAI}/tts-1-hd"),
    Price("smallest", "lightning_v3.1_pro", 19.5, date(2026, 8, 21), _SMALLEST),
)


def list_price(provider: str, model: str) -> Price | None:
    """The published price of a provider's own service, None where there is none known."""
    return next((price for price in PRICES if price.provider == provider and price.model in {"", model}), None)


def usd_per_million(speech: Speech, provider: str, model: str, *, is_official: bool) -> float | None:
    """What the model that speaks costs: what a person says it does, else the official service's list price.

    None where neither is known, as of another server that speaks the same protocol.
    """
    if speech.usd_per_million_characters is not None:
        return speech.usd_per_million_characters
    price = list_price(provider, model) if is_official else None
    return price.usd_per_million_characters if price else None


def price_words(provider: str) -> str:
    """A provider's prices for people, each with its date and source; models of one price are told together."""
    models: dict[tuple[float, date, str], list[str]] = {}
    for price in PRICES:
        if price.provider == provider:
            said = (price.usd_per_million_characters, price.as_of, price.source)
            models.setdefault(said, []).append(price.model)
    if not any(usd for usd, _, _ in models):
        return "free"
    return "; ".join(
        f"{', '.join(names)}: {usd:g} USD per million characters (seen {as_of:%Y-%m-%d}, {source})"
        for (usd, as_of, source), names in models.items()
    )
