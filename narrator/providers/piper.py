"""Piper's voices in our own processes: many languages, on this machine's cores (extra `piper`).

https://github.com/OHF-Voice/piper1-gpl. The adapter itself imports nothing heavy: the synthesis is in
`piper_engine`, in worker processes. `piper_http` and `wyoming` speak to servers of the same voices.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from narrator.config import Rendering, Speech
from narrator.errors import RunError, Unavailable, UnknownVoice
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
from narrator.providers.piper_settings import SCALE_OPTIONS, SPEAKER_OPTIONS, speaker_problems, written_out
from narrator.providers.piper_text import ensure_it_can_be_said
from narrator.providers.settings import decimal_number, option_problems, refuse_problems
from narrator.providers.voice_files import VoiceFile, find_voice, voices_folder, voices_in
from narrator.providers.workers import WorkerPool, cores

SENTENCE_SILENCE_S = 0.15
"""Between two sentences, beside the fifth of a second that the voices themselves leave."""

_ENGINE = "narrator.providers.piper_engine:PiperEngine"
_USUAL_RATE_HZ = 22_050
_DOWNLOADS = "pinyin"
"""Phonemes of this kind are made by a model that Piper would download; we never download unasked."""

_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {**SPEAKER_OPTIONS, **SCALE_OPTIONS, "sentence_silence": decimal_number(0.0, 10.0), "voices": str}
)


class Piper:
    """Piper as one project uses it. A voice is a name in the folder of voices, or the path of a .onnx file.

    Where none is named, the only one in the folder speaks.

    Raises:
        ConfigError: settings that it does not have.
        UnknownVoice: that voice is not here.
        ModuleNotFoundError: the package is not installed.
    """

    name = "piper"
    model = ""
    account = "piper"
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        refuse_problems(speech, _problems(speech))
        if importlib.util.find_spec("piper") is None:
            raise ModuleNotFoundError("piper-tts is not installed", name="piper-tts")
        self._options = speech.options
        named_folder = speech.options.get("voices", "")
        self._folder = Path(named_folder).expanduser() if named_folder else voices_folder()
        self._files: dict[str, VoiceFile] = {}
        self._own = self._chosen(speech.voice)
        self.voice = self._own.name if self._own else ""
        self.sound_options = _sound_options(speech.options)
        names = (*SCALE_OPTIONS, "sentence_silence")
        self._numbers = {name: float(speech.options[name]) for name in names if name in speech.options}
        self._concurrency = rendering.concurrency or cores()
        self._pool = self._new_pool(rendering.timeout_s)

    @property
    def capabilities(self) -> Capabilities:
        facts = self._own.facts if self._own else None
        return Capabilities(
            max_characters=2000,
            formats=(Container.PCM,),
            rate_hz=facts.rate_hz if facts else _USUAL_RATE_HZ,
            concurrency=self._concurrency,
            languages=(facts.language,) if facts and facts.language else (),
            usd_per_million_characters=0.0,
            is_local=True,
        )

    def digest_of(self, voice: str) -> str:
        return self._file_of(voice).sha256

    async def voices(self) -> Sequence[Voice]:
        found = {file.name: file for file in voices_in(self._folder)}
        if self._own:
            found[self._own.name] = self._own
        return [file.facts.as_voice for _, file in sorted(found.items())]

    async def check(self, voices: Collection[str] = ()) -> None:
        """Wait until the voice is loaded in one worker.

        Raises:
            RunError: it cannot be loaded, or there is no such voice or speaker.
        """
        for voice in (self.voice, *voices):
            self._speaker_in(self._file_of(voice))
        assert self._pool is not None  # noqa: S101 - there is a voice
        try:
            await self._pool.ready()
        except Unavailable as exc:
            raise RunError(exc.what, advice="Is there memory left? Each worker needs about 0.3 GB.") from exc

    async def speak(
        self,
        request: SpeechRequest,
        transport: str = "",  # noqa: ARG002 - there is one
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. Each chunk is a sentence, or the silence before one."""
        file = self._file_of(request.voice)
        ensure_it_can_be_said(request.text)
        assert self._pool is not None  # noqa: S101 - there is a voice
        wish = {
            "model": str(file.model),
            "text": request.text,
            "speaker_id": self._speaker_in(file),
            "length_scale": self._numbers.get("length_scale", file.facts.length_scale) / request.speed,
            "noise_scale": self._numbers.get("noise_scale"),
            "noise_w_scale": self._numbers.get("noise_w_scale"),
            "sentence_silence": self._numbers.get("sentence_silence", SENTENCE_SILENCE_S),
        }
        sound_format = AudioFormat(Container.PCM, file.facts.rate_hz)
        async with contextlib.aclosing(self._pool.speak(wish)) as sound:
            async for said in sound:
                yield said if isinstance(said, WordTime) else AudioChunk(said, sound_format)
        yield SpeechReceipt(characters_billed=0)

    def _chosen(self, voice: str) -> VoiceFile | None:
        """Raises UnknownVoice."""
        if voice:
            own = self._file_of(voice)
        else:
            found = voices_in(self._folder)
            if len(found) != 1:
                return None
            own = found[0]
            _ensure_usable(own)
        self._files[own.name] = own
        return own

    def _file_of(self, voice: str) -> VoiceFile:
        """Raises UnknownVoice."""
        if not voice:
            raise self._unnamed()
        if voice not in self._files:  # asked for with every segment of a book
            file = find_voice(voice, self._folder)
            _ensure_usable(file)
            self._files[voice] = file
        return self._files[voice]

    def _unnamed(self) -> UnknownVoice:
        names = ", ".join(file.name for file in voices_in(self._folder))
        if names:
            return UnknownVoice(
                f"No voice is named, and {self._folder} has several: {names}.", advice="Name one with --voice."
            )
        return UnknownVoice(
            f"There is no voice of Piper in {self._folder}.",
            advice="Fetch one: narrator voices download en_US-joe-medium. Or name a file: --voice FILE.onnx",
        )

    def _speaker_in(self, file: VoiceFile) -> int | None:
        """Raises UnknownVoice."""
        return file.facts.speaker_number(self._options.get("speaker", ""), self._options.get("speaker_id", ""))

    def _new_pool(self, patience_s: float) -> WorkerPool | None:
        if self._own is None:
            return None
        model = {"model": str(self._own.model)}
        return WorkerPool(_ENGINE, model, size=self._concurrency, patience_s=patience_s)

    async def __aenter__(self) -> Self:
        if self._pool:
            await self._pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._pool:
            await self._pool.__aexit__(kind, error, trace)


def _problems(speech: Speech) -> list[str]:
    problems = option_problems(speech.options, _OPTIONS)
    if speech.base_url:
        problems.append(
            "speech.base_url: piper runs on this machine; a server's provider is piper-http or wyoming"
        )
    if speech.model:
        problems.append(f"speech.model: piper's models are its voices: --voice {speech.model}")
    return problems + speaker_problems(speech.options)


def _sound_options(options: Mapping[str, str]) -> Mapping[str, str]:
    """The options that change the sound; the usual silence between sentences is left out."""
    sound = written_out({name: value for name, value in options.items() if name != "voices"})
    if sound.get("sentence_silence") == f"{SENTENCE_SILENCE_S:g}":
        del sound["sentence_silence"]
    return MappingProxyType(sound)


def _ensure_usable(file: VoiceFile) -> None:
    """Raises UnknownVoice."""
    if file.facts.phoneme_type == _DOWNLOADS:
        raise UnknownVoice(
            f"The voice {file.name!r} needs a second model, which Piper would download while it speaks.",
            advice="Choose another voice; or run Piper's own server with it, and use the provider piper-http.",
        )
