"""The embedded voice: hibari-tts, English, on this machine's cores, with nothing to set up.

The adapter itself imports nothing heavy: the synthesis is in `hibari_engine`, in worker processes.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from narrator.config import Rendering, Speech
from narrator.errors import Rejected, RunError, Unavailable, UnknownVoice
from narrator.model import (
    AudioChunk,
    AudioFormat,
    Capabilities,
    Container,
    SpeechEvent,
    SpeechReceipt,
    SpeechRequest,
    Voice,
    WordTime,
)
from narrator.providers.hibari_text import mostly_latin
from narrator.providers.settings import nearest, option_problems, refuse_problems
from narrator.providers.workers import WorkerPool, cores

DEFAULT_VOICE = "heart"
RATE_HZ = 24_000
_FORMAT = AudioFormat(Container.PCM, RATE_HZ)
_ENGINE = "narrator.providers.hibari_engine:HibariEngine"


class HibariVoice:
    """hibari as one project uses it.

    Raises:
        ConfigError: settings that it does not have, or a speed that it cannot do.
        UnknownVoice: that voice is not in the package; others would be downloaded, and we never download.
    """

    name = "hibari"
    model = ""
    account = "hibari"
    revision = 2
    sound_options: Mapping[str, str] = MappingProxyType({})

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        problems = option_problems(speech.options, {})
        if speech.base_url:
            problems.append("speech.base_url: hibari runs on this machine and has no address")
        if speech.model:
            problems.append(f"speech.model: hibari has no models, so there is no {speech.model!r}")
        if not 0.5 <= speech.speed <= 2.0:
            problems.append(
                f"speech.speed: hibari speaks at 0.5 to 2.0 times its pace, not at {speech.speed:g}"
            )
        refuse_problems(speech, problems)
        self.voice = speech.voice or DEFAULT_VOICE
        _ensure_known(self.voice)
        self._concurrency = rendering.concurrency or cores()
        self._pool = WorkerPool(
            _ENGINE, {"voice": self.voice}, size=self._concurrency, patience_s=rendering.timeout_s
        )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_characters=2000,
            formats=(Container.PCM,),
            rate_hz=RATE_HZ,
            concurrency=self._concurrency,
            languages=("en",),
            usd_per_million_characters=0.0,
            is_local=True,
        )

    def digest_of(self, voice: str) -> str:
        return _digest(voice)

    async def voices(self) -> Sequence[Voice]:
        return _bundled_voices()

    async def check(self, voices: Collection[str] = ()) -> None:
        """Wait until the voice is loaded in one worker.

        Raises:
            RunError: it cannot be loaded, or there is no such voice.
        """
        for voice in voices:
            _ensure_known(voice)
        try:
            await self._pool.ready()
        except Unavailable as exc:
            raise RunError(exc.what, advice="Is there memory left? Each worker needs about 0.4 GB.") from exc

    async def speak(
        self,
        request: SpeechRequest,
        transport: str = "",  # noqa: ARG002 - there is one
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. Each chunk is a sentence."""
        if not mostly_latin(request.text):
            raise Rejected(
                "hibari speaks English, and most letters of this text are not Latin.",
                advice="Choose a provider that speaks its language with --provider.",
            )
        wish = {"text": request.text, "speed": request.speed}
        async with contextlib.aclosing(self._pool.speak(wish)) as sound:
            async for said in sound:
                yield said if isinstance(said, WordTime) else AudioChunk(said, _FORMAT)
        yield SpeechReceipt(characters_billed=0)

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._pool.__aexit__(kind, error, trace)


def _ensure_known(voice: str) -> None:
    """Raises UnknownVoice."""
    names = [bundled.id for bundled in _bundled_voices()]
    if voice not in names:
        raise UnknownVoice(
            f"hibari has no voice {voice!r} without a download; {nearest(voice, names)}",
            advice=f"Use --voice {DEFAULT_VOICE}, or leave the voice out.",
        )


def _bundled_voices() -> list[Voice]:
    return [
        Voice(name, f"{name} ({facts['accent']}, {facts['gender']})", languages=(facts["language"],))
        for name, facts in _registry().items()
        if facts.get("bundled")
    ]


@functools.cache
def _registry() -> dict[str, dict[str, str]]:
    """The voices that hibari knows, read from its package without importing it: that would import numpy."""
    registry: dict[str, dict[str, str]] = json.loads((_assets() / "voices.json").read_text(encoding="utf-8"))
    return registry


@functools.cache
def _assets() -> Path:
    found = importlib.util.find_spec("hibari")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("hibari is not installed", name="hibari-tts")
    return Path(found.origin).parent / "assets"


@functools.cache
def _digest(voice: str) -> str:
    """SHA-256 of a voice's model file. Raises UnknownVoice."""
    _ensure_known(voice)
    return hashlib.sha256((_assets() / _registry()[voice]["file"]).read_bytes()).hexdigest()
