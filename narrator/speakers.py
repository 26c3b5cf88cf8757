"""Who speaks a book: its provider, and the one that goes on where that one fails for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from narrator.config import Config, Speech
from narrator.errors import UnknownVoice
from narrator.model import Segment, SpeechRequest
from narrator.ports import Provider
from narrator.providers.catalog import create_provider


@dataclass(frozen=True, slots=True)
class Speaker:
    """A provider, and how it is asked to speak one book.

    `language` is the book's and `rate_hz` the project's. `voices` are what it has in the place of voices that
    the script names; in the place of others it speaks with its own, unless `knows_all`.
    """

    provider: Provider
    speed: float
    language: str
    rate_hz: int
    voices: Mapping[str, str]
    knows_all: bool

    def voice_of(self, segment: Segment) -> str:
        """The voice that speaks a segment."""
        own = segment.voice if self.knows_all else ""
        return self.voices.get(segment.voice, own) or self.provider.voice

    def request_for(self, segment: Segment, previous_text: str = "", next_text: str = "") -> SpeechRequest:
        """All that decides how a segment sounds. Whether there is its voice is found out elsewhere."""
        capabilities = self.provider.capabilities
        voice = self.voice_of(segment)
        context = capabilities.context_characters
        return SpeechRequest(
            provider=self.provider.name,
            model=self.provider.model,
            voice=voice,
            voice_digest=self._voice_digest(voice),
            text=segment.text,
            language=(segment.language or self.language) if capabilities.uses_language else "",
            speed=self.speed,
            rate_hz=self.rate_hz,
            revision=self.provider.revision,
            options=self.provider.sound_options,
            previous_text=_end_of(previous_text, context),
            next_text=_beginning_of(next_text, context),
        )

    def _voice_digest(self, voice: str) -> str:
        try:
            return self.provider.digest_of(voice)
        except UnknownVoice:  # what is said about it is said once, and not by whoever only wants to look
            return ""


def failover_speech(config: Config) -> Speech | None:
    """The settings of who goes on where the provider fails, None where nobody is named.

    Another account of the same provider speaks as the first does, unless something else is said.
    """
    named = config.failover
    if not (named.provider or named.key_variable):
        return None
    wishes = named.model_dump(exclude={"voices"}, exclude_defaults=True)
    if named.provider in ("", config.speech.provider):
        return config.speech.model_copy(update=wishes)
    return Speech(**wishes, speed=config.speech.speed)


def open_failover(config: Config) -> Provider | None:
    """Who goes on where the provider fails, not yet connected; None where nobody is named.

    Raises:
        UsageError, RunError: as for the provider itself.
    """
    speech = failover_speech(config)
    return create_provider(speech, config.rendering) if speech else None


def _end_of(text: str, characters: int) -> str:
    """The end of a text, from the beginning of a word on."""
    if len(text) <= characters:
        return text
    _, _, end = text[len(text) - characters :].partition(" ")
    return end if characters else ""


def _beginning_of(text: str, characters: int) -> str:
    """The beginning of a text, to the end of a word."""
    return text if len(text) <= characters else text[:characters].rpartition(" ")[0]
