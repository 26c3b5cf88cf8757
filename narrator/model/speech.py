"""What is asked of a provider, what it can do, and what comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import NewType

TakeKey = NewType("TakeKey", str)
"""64 hexadecimal digits: the SHA-256 of a request's canonical form."""

KEY_REVISION = 1
"""Part of every key. Raising it renders every book again, and makes people pay again."""


class Container(StrEnum):
    """How a provider's audio bytes are wrapped."""

    PCM = "pcm"
    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"
    ULAW = "ulaw"
    ALAW = "alaw"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """The format that a provider declares for its bytes.

    PCM is signed 16-bit little-endian; ULAW and ALAW are G.711 without any header.
    """

    container: Container
    rate_hz: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """Bytes of a stream, cut anywhere, even inside a sample."""

    data: bytes
    format: AudioFormat


@dataclass(frozen=True, slots=True)
class WordTime:
    """When a word is heard, in milliseconds from the take's first frame."""

    word: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SpeechReceipt:
    """What a provider says of a finished answer: its ids for it, and the characters that it bills.

    `concurrency_limit` is how many requests at once it says that the account may run.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    characters_billed: int | None = None
    concurrency_limit: int | None = None


SpeechEvent = AudioChunk | WordTime | SpeechReceipt


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that a provider offers. `languages` are BCP 47 tags; () where the provider does not say."""

    id: str
    name: str = ""
    languages: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A model that a provider offers; () and None where the provider does not say."""

    id: str
    name: str = ""
    languages: tuple[str, ...] = ()
    max_characters: int | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an account has left. `resets_s` is when it is filled again: seconds since 1970, None if unknown."""

    characters_left: int
    plan: str = ""
    resets_s: float | None = None


class Normalization(StrEnum):
    """How much of a text is written out before it is sent.

    `light` is what voices with a reader of numbers of their own still misread: Roman numerals, abbreviations
    with a dot, addresses of the web, ranges, signs. `full` is for voices that have none: all numbers become
    words, too.
    """

    OFF = "off"
    LIGHT = "light"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider, as it is set up, can do.

    `max_characters` is the longest text of one request, and `max_bytes` the most bytes of it in UTF-8 where the
    provider counts those. `normalization` is what its voices need. `concurrency` is how many requests to run
    at once where the user names no number; `knows_limit` says that the account bears no more, for the service
    or the user told its plan. `languages` () means any; `uses_language` says whether a request's language
    changes its sound. `usd_per_million_characters` is 0.0 for a free voice and None where the price is not
    known.

    `transports` are the ways to the service that stand open, the preferred one first: an attempt after one that
    failed on the way takes the next. () where there is only one. `context_characters` is how much of the text
    before and after its own a request may carry, so that the voice goes on as it was.
    """

    max_characters: int
    formats: tuple[Container, ...]
    rate_hz: int
    concurrency: int
    languages: tuple[str, ...] = ()
    uses_language: bool = False
    usd_per_million_characters: float | None = None
    is_local: bool = False
    max_bytes: int | None = None
    normalization: Normalization = Normalization.LIGHT
    transports: tuple[str, ...] = ()
    context_characters: int = 0
    knows_limit: bool = False

    def at_once(self, wanted: int) -> int:
        """How many requests to run at once where the user wants `wanted`; 0 is what suits the provider."""
        if not wanted:
            return self.concurrency
        return min(wanted, self.concurrency) if self.knows_limit else wanted


@dataclass(frozen=True)  # no slots: the key is asked for all along a segment's way, and is found once
class SpeechRequest:
    """All that can change the sound of a take, and nothing else.

    `voice_digest` is the SHA-256 of a local voice's model file, '' for a remote voice; `revision` is the
    adapter's own, raised when it changes what comes out of the same wishes. `rate_hz` is the project's.
    `language` is '' where the provider makes nothing of it. `previous_text` and `next_text` are what is said
    before and after; '' where the provider makes nothing of them. `options` are its `sound_options`.
    """

    provider: str
    model: str
    voice: str
    text: str
    language: str
    speed: float
    rate_hz: int
    revision: int
    voice_digest: str = ""
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    previous_text: str = ""
    next_text: str = ""

    def canonical(self) -> dict[str, object]:
        """The request as plain data: what is hashed, and what a sidecar keeps."""
        context = {"previous_text": self.previous_text, "next_text": self.next_text}
        return {
            "provider": self.provider,
            "model": self.model,
            "voice": self.voice,
            "voice_digest": self.voice_digest,
            "text": self.text,
            "language": self.language,
            "speed": round(float(self.speed), 4),
            "rate_hz": self.rate_hz,
            "revision": self.revision,
            "options": dict(sorted(self.options.items())),
            "key_revision": KEY_REVISION,
            **{name: text for name, text in context.items() if text},
        }

    @cached_property
    def key(self) -> TakeKey:
        """SHA-256 of the canonical form: equal sounds asked for have equal names, on every machine."""
        form = json.dumps(self.canonical(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return TakeKey(hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest())


class Outcome(StrEnum):
    """What a request came to, as the ledger has it."""

    TAKE = "take"
    """There is a durable take of it; what the provider bills is known."""

    WASTED = "wasted"
    """A whole answer came that is no take of the text: billed, as far as anyone knows."""

    UNPAID = "unpaid"
    """It was refused, or never reached the provider."""

    MAYBE = "maybe"
    """It broke off: nobody knows whether it was billed. A request without any outcome counts as this."""
