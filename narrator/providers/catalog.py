"""The providers by name: ours in one dict, other people's by the entry-point group `narrator.providers`.

Nothing heavy is imported until a provider is created.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from narrator.config import Rendering, Speech
from narrator.errors import UsageError
from narrator.ports import Provider
from narrator.providers.prices import price_words
from narrator.providers.settings import nearest

ENTRY_POINTS = "narrator.providers"


@dataclass(frozen=True, slots=True)
class Listing:
    """A line of `narrator providers`: name, where it runs, price, the variable of its key ('' for none).

    `adapter` is 'module:Class', called with the Speech and Rendering sections. `extra` is the extra of narrator
    that it needs, '' for none.
    """

    name: str
    adapter: str
    runs: str
    price: str
    key_variable: str = ""
    extra: str = ""


PROVIDERS = {
    listing.name: listing
    for listing in (
        Listing(
            "hibari",
            "narrator.providers.hibari:HibariVoice",
            "on this machine, English, nothing to set up",
            price=price_words("hibari"),
        ),
        Listing(
            "piper",
            "narrator.providers.piper:Piper",
            "on this machine, voices of Piper in many languages (narrator voices download)",
            price=price_words("piper"),
            extra="piper",
        ),
        Listing(
            "piper-http",
            "narrator.providers.piper_http:PiperHttp",
            "a server of Piper's voices, on this machine or anywhere (--base-url)",
            price=price_words("piper-http"),
        ),
        Listing(
            "wyoming",
            "narrator.providers.wyoming:Wyoming",
            "a server that speaks Wyoming, such as wyoming-piper, anywhere (--base-url tcp://...)",
            price=price_words("wyoming"),
        ),
        Listing(
            "chatterbox",
            "narrator.providers.chatterbox:Chatterbox",
            "a Chatterbox TTS API server, on this machine or anywhere (--base-url); clones voices",
            price=price_words("chatterbox"),
        ),
        Listing(
            "openai",
            "narrator.providers.openai:OpenAI",
            "any server that speaks OpenAI's protocol (--base-url), and OpenAI until 2027-01-06",
            price=price_words("openai"),
            key_variable="OPENAI_API_KEY",
        ),
        Listing(
            "elevenlabs",
            "narrator.providers.elevenlabs:ElevenLabs",
            "ElevenLabs: multilingual v2, v3 and Flash; clones voices",
            price=price_words("elevenlabs"),
            key_variable="ELEVENLABS_API_KEY",
        ),
        Listing(
            "smallest",
            "narrator.providers.smallest:Smallest",
            "Smallest AI (Waves): Lightning v3.1 and v3.1 Pro, 31 languages; clones voices",
            price=price_words("smallest"),
            key_variable="SMALLEST_API_KEY",
        ),
    )
}


def listings() -> tuple[Listing, ...]:
    """All providers that can be named, ours first. A foreign one cannot take the name of one of ours."""
    foreign = (
        Listing(
            point.name,
            point.value,
            runs=f"from the package {point.dist.name}" if point.dist else "from another package",
            price="see its own documentation",
        )
        for point in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
        if point.name not in PROVIDERS
    )
    return (*PROVIDERS.values(), *foreign)


def create_provider(speech: Speech, rendering: Rendering) -> Provider:
    """The provider that is named, with its settings checked.

    Raises:
        UsageError: there is no such provider, or a package that it needs is not installed.
        ConfigError: its options are wrong.
        RunError: it has no such voice, or the key found cannot be one.
    """
    by_name = {listing.name: listing for listing in listings()}
    listing = by_name.get(speech.provider)
    if listing is None:
        raise UsageError(
            f"There is no provider {speech.provider!r}; {nearest(speech.provider, by_name)}",
            advice=f"There are: {', '.join(by_name)}. `narrator providers` tells about each.",
        )
    module_name, _, class_name = listing.adapter.partition(":")
    try:
        adapter: Callable[[Speech, Rendering], Provider] = getattr(
            importlib.import_module(module_name), class_name
        )
        return adapter(speech, rendering)
    except ModuleNotFoundError as exc:
        missing = (exc.name or str(exc)).partition(".")[0]
        wanted = f"'narrator[{listing.extra}]'" if listing.extra else missing
        raise UsageError(
            f"The provider {listing.name!r} needs the package {missing!r}, which is not installed.",
            advice=f"Install it: pip install {wanted}",
        ) from exc
