"""A voice that takes a text as it arrives, and speaks each word as soon as it has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Collection, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import ClassVar, Self

from narrator.config import Rendering, Speech
from narrator.errors import SpeechError
from narrator.model import (
    AudioChunk,
    AudioFormat,
    Capabilities,
    Container,
    SpeechEvent,
    SpeechReceipt,
    SpeechRequest,
    Voice,
)
from narrator.testing.speechlike import frames_for, speech_pcm

RATE_HZ = 24_000


def word_pcm(word: str) -> bytes:
    return speech_pcm(word, RATE_HZ, frames_for(word, RATE_HZ))


class LiveVoice:
    """`heard` is what each request came to: ('live' or 'whole', its text). `failing` breaks live ones off,
    as often as `failures` says.

    All are of the class: tests know the voice only by its name.
    """

    name = "live"
    model = ""
    voice = "someone"
    account = "live"
    revision = 1
    sound_options: Mapping[str, str] = MappingProxyType({})
    heard: ClassVar[list[tuple[str, str]]]
    failing: SpeechError | None = None
    failures = 1000
    fails_after_words = 0

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        """Anything goes."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_characters=1000,
            formats=(Container.PCM,),
            rate_hz=RATE_HZ,
            concurrency=2,
            is_local=True,
        )

    def digest_of(self, voice: str) -> str:
        return ""

    async def voices(self) -> Sequence[Voice]:
        return []

    async def check(self, voices: Collection[str] = ()) -> None:
        """All is well."""

    async def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        self.heard.append(("whole", request.text))
        for word in request.text.split():
            yield _chunk(word)

    async def speak_live(
        self, texts: AsyncIterable[str], request: SpeechRequest
    ) -> AsyncGenerator[SpeechEvent, None]:
        number = len(self.heard)
        self.heard.append(("live", ""))
        spoken, rest = 0, ""
        async for text in texts:
            self.heard[number] = ("live", self.heard[number][1] + text)
            *words, rest = (rest + text).split(" ")
            for word in filter(None, words):
                self._fail(spoken)
                spoken += 1
                yield _chunk(word)
        self._fail(spoken)
        if rest.strip():
            yield _chunk(rest.strip())
        yield SpeechReceipt(characters_billed=7)

    def _fail(self, spoken: int) -> None:
        if self.failing and spoken >= self.fails_after_words and self.failures:
            type(self).failures -= 1
            raise self.failing

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Nothing is open."""


def _chunk(word: str) -> AudioChunk:
    return AudioChunk(word_pcm(word), AudioFormat(Container.PCM, RATE_HZ))
