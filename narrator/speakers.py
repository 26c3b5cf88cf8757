"""Who speaks a book: its provider, and the one that goes on where that one fails for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from narrator.config import Config, Speech
from narrator.errors import ConfigError, UnknownVoice
from narrator.model import Segment, SpeechRequest
from narrator.ports import Provider
from narrator.providers.catalog import create_provider


@dataclass(frozen=True, slots=True)
class Speaker:
    """A provider, and how it is asked to speak one book.

    `language` is the book's and `rate_hz` the project's. `voices` are what it has in the place of voices that
    the script names; those without a place there it has itself where `has_cast`, else its own voice speaks.
    `server` tells its takes from those that the same provider makes elsewhere; '' where there is nobody else.
    """

    provider: Provider
    speed: float
    language: str
    rate_hz: int
    voices: Mapping[str, str] = field(default_factory=dict)
    has_cast: bool = True
    server: str = ""

    def takes(self, text: str) -> bool:
        """Whether a text is short enough for it."""
        capabilities = self.provider.capabilities
        is_short = len(text) <= capabilities.max_characters
        return is_short and (not capabilities.max_bytes or len(text.encode()) <= capabilities.max_bytes)

    def voice_of(self, segment: Segment) -> str:
        """The voice that speaks a segment."""
        own = segment.voice if self.has_cast else ""
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
            options={**self.provider.sound_options, **({"server": self.server} if self.server else {})},
            previous_text=_end_of(previous_text, context),
            next_text=_beginning_of(next_text, context),
        )

    def _voice_digest(self, voice: str) -> str:
        try:
            return self.provider.digest_of(voice)
        except UnknownVoice:  # what is said about it is said once, and not by whoever only wants to look
            return ""


def speakers_of(
    config: Config, provider: Provider, failover: Provider | None, language: str
) -> tuple[Speaker, ...]:
    """The provider, and behind it the one that goes on where it fails, if there is one."""
    speed, rate_hz = config.speech.speed, provider.capabilities.rate_hz
    first = Speaker(provider, speed, language, rate_hz)
    if failover is None:
        return (first,)
    is_same = failover.name == provider.name
    return (
        first,
        Speaker(
            failover,
            speed,
            language,
            rate_hz,
            voices=config.failover.voices,
            has_cast=is_same,
            server=config.failover.base_url if is_same else "",
        ),
    )


def failover_speech(config: Config) -> Speech | None:
    """The settings of who goes on where the provider fails, None where nobody is named.

    Another account, named by its key alone, speaks as the first one does; whoever else is named has nothing
    of the first one's settings but the speed.
    """
    named = config.failover
    wishes = named.model_dump(exclude={"voices"}, exclude_defaults=True)
    if named.provider or named.base_url:
        return Speech(**{"provider": config.speech.provider, **wishes}, speed=config.speech.speed)
    return config.speech.model_copy(update=wishes) if named.key_variable else None


def open_failover(config: Config) -> Provider | None:
    """Who goes on where the provider fails, not yet connected; None where nobody is named.

    Raises:
        UsageError, RunError: as for the provider itself.
    """
    speech = failover_speech(config)
    try:
        return create_provider(speech, config.rendering) if speech else None
    except ConfigError as exc:
        problems = tuple(problem.replace("speech.", "failover.", 1) for problem in exc.problems)
        raise ConfigError("The settings of [failover]", problems, advice=exc.advice) from exc


def _end_of(text: str, characters: int) -> str:
    """The end of a text, from the beginning of a word on."""
    if len(text) <= characters:
        return text
    end = text[len(text) - characters :] if characters else ""
    _, space, words = end.partition(" ")
    return words if space else end


def _beginning_of(text: str, characters: int) -> str:
    """The beginning of a text, to the end of a word."""
    if len(text) <= characters:
        return text
    words, space, _ = text[:characters].rpartition(" ")
    return words if space else text[:characters]
