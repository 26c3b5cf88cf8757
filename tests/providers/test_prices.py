from __future__ import annotations

from datetime import date

import pytest

from narrator.config import Rendering, Speech
from narrator.providers.catalog import create_provider, listings
from narrator.providers.prices import PRICES, list_price


def price_in_force(**wishes: object) -> float | None:
    speech = Speech.model_validate({"provider": "openai", **wishes})
    return create_provider(speech, Rendering()).capabilities.usd_per_million_characters


def test_every_price_has_a_date_and_a_source() -> None:
    for price in PRICES:
        assert price.usd_per_million_characters >= 0
        assert date(2026, 1, 1) <= price.as_of
        assert price.source.startswith("https://")


def test_a_model_has_one_price() -> None:
    assert len({(price.provider, price.model) for price in PRICES}) == len(PRICES)


def test_a_price_is_found_by_provider_and_model() -> None:
    found = list_price("openai", "tts-1-hd")
    assert found is not None
    assert found.usd_per_million_characters == 30.0
    assert list_price("openai", "newer") is None
    assert list_price("nobody", "") is None


def test_what_a_person_says_a_character_costs_wins() -> None:
    assert price_in_force(model="tts-1", usd_per_million_characters=3.5) == 3.5
    assert price_in_force(base_url="http://127.0.0.1:9", usd_per_million_characters=0) == 0.0


def test_another_server_has_no_list_price() -> None:
    assert price_in_force(base_url="http://127.0.0.1:9", model="tts-1") is None


@pytest.mark.parametrize(
    ("provider", "words"),
    [("hibari", ("free",)), ("openai", ("15 USD", "30 USD", "2026-04-20", "https://developers.openai.com"))],
)
def test_the_list_of_providers_tells_prices_with_date_and_source(provider: str, words: tuple[str, ...]) -> None:
    told = next(listing.price for listing in listings() if listing.name == provider)
    assert all(word in told for word in words)


def test_models_of_one_price_are_told_together() -> None:
    told = next(listing.price for listing in listings() if listing.name == "elevenlabs").split("; ")
    assert len(told) == 2
    assert told[0].startswith("eleven_multilingual_v2, eleven_v3: 100 USD per million characters (seen ")
    assert sum(price.model in "".join(told) for price in PRICES if price.provider == "elevenlabs") == 6
