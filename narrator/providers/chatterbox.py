"""Chatterbox TTS API: a server of one's own that speaks with a voice from a short recording.

https://github.com/travisvn/chatterbox-tts-api, as of version 2.1.0. Three ways to one sound: `http`, a WAV file
once all is spoken (`POST /v1/audio/speech`); `stream`, a WAV file of unknown length that grows piece by piece
(`/v1/audio/speech/stream`); `sse`, OpenAI's events with PCM in base64. A recording goes along to
`/v1/audio/speech/upload` or `.../stream/upload`, as a multipart form. There are no keys.

The server ignores `speed`, `response_format` and `model`; the language is that of the voice in its library; and
a voice that it does not know it replaces, without a word, by its default one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import langcodes
from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import (
    AttemptError,
    Rejected,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    Unreachable,
    UsageError,
)
from narrator.model import (
    Capabilities,
    Container,
    Normalization,
    SpeechEvent,
    SpeechModel,
    SpeechReceipt,
    SpeechRequest,
    Voice,
)
from narrator.providers.address import account_name, server_root
from narrator.providers.chatterbox_host import DEFAULT_VOICE, MAX_CHARACTERS, Host, Library, form_with
from narrator.providers.chatterbox_sound import RATE_HZ, sse_sound, wav_sound
from narrator.providers.chatterbox_wishes import Sample, read_sample, read_wishes
from narrator.providers.prices import usd_per_million
from narrator.providers.settings import nearest
from narrator.providers.wire import Exchange, exchange, most_bytes, open_session, service_name

USUAL_URL = URL("http://127.0.0.1:4123")
SAMPLE_VOICE = "<voice_sample>"
"""The voice of an uploaded recording. No voice of a library can be called so."""

_ENGLISH = "en"
_ROUTES = {"sse": "v1/audio/speech", "stream": "v1/audio/speech/stream", "http": "v1/audio/speech"}
_NO_NAME = re.compile(r'[/\\:*?"<>|]')
_MOST_NAME_CHARACTERS = 100
_LOG = logging.getLogger("narrator")
_SAME_LANGUAGE = 9  # CLDR's distance of pt-BR and pt; as far apart as Norwegian nb and nn is another language


class Chatterbox:
    """A server as one project uses it: the one at `speech.base_url`, else on this machine, at port 4123.

    Raises:
        ConfigError: options, voice, speed or the base URL are wrong: all of it at once.
    """

    name = "chatterbox"
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        self._root, problems = server_root(speech.base_url, USUAL_URL)
        self._wishes = read_wishes(speech, problems)
        self._sample = self._wishes.sample
        self.sound_options = self._wishes.sound_options
        self.model = speech.model
        self.voice = SAMPLE_VOICE if self._sample else speech.voice or DEFAULT_VOICE
        self._service = service_name(self._root)
        self._usd_per_million = usd_per_million(speech, self.name, self.model, is_official=True)
        self._timeout_s = rendering.timeout_s
        self._at_once = rendering.concurrency
        self._languages: tuple[str, ...] = (_ENGLISH,) if self._sample else ()
        self._open_host: Host | None = None
        self._is_ready = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_characters=MAX_CHARACTERS,
            formats=(Container.WAV, Container.PCM),
            rate_hz=RATE_HZ,
            # The server has no queue: it runs as many at once as come, each as much slower, and requests in
            # two voices at once may come out in each other's.
            concurrency=1,
            languages=self._languages,
            usd_per_million_characters=self._usd_per_million,
            normalization=Normalization.FULL,  # it has no reader of numbers: digits come out garbled
            transports=self._wishes.transports,
        )

    @property
    def account(self) -> str:
        return account_name(self.name, self._service, None)

    def digest_of(self, voice: str) -> str:
        """The digest of the recording, where it is the voice; '' for a voice of the library."""
        sample = self._sample_for(voice)
        return sample.sha256 if sample else ""

    async def voices(self) -> Sequence[Voice]:
        """The voices of the library by their names and aliases, and the server's default one.

        Raises:
            RunError: it cannot be reached.
        """
        try:
            listed = await self._host.voices()
        except AttemptError as exc:
            raise Unreachable(exc.what, advice=exc.advice) from exc
        return [Voice(SAMPLE_VOICE, languages=(_ENGLISH,)), *listed] if self._sample else listed

    async def models(self) -> Sequence[SpeechModel]:
        """The models that the server names.

        Raises:
            SpeechError: it cannot be reached.
        """
        return await self._host.models()

    async def check(self, voices: Collection[str] = ()) -> None:
        """Wait for the model to be loaded, at most `rendering.timeout_s`, and look the voices up.

        Raises:
            RunError: the server cannot be reached or does not load it, or there is no such voice or model.
        """
        try:
            await self._get_ready()
            library, listed = await self._host.library(), await self._host.voices()
            models = {model.id for model in await self._host.models()} if self.model else set()
        except AttemptError as exc:
            raise Unreachable(exc.what, advice=exc.advice) from exc
        for voice in (self.voice, *voices):
            self._ensure_known(voice, library)
        if self.model and models and self.model not in models:
            raise UnknownVoice(
                f"{self._service} has no model {self.model!r}; {nearest(self.model, models)}",
                advice="The server speaks with the model that it was started with: leave speech.model out.",
            )
        if self._at_once > 1:
            # Our own voices take turns, and an account of one request at once keeps other programs apart.
            _LOG.warning(
                "With --concurrency over 1, let no other render use %s meanwhile: it would mix their voices.",
                self._service,
            )
        self._languages = next((voice.languages for voice in listed if voice.id == self.voice), (_ENGLISH,))

    async def clone(self, name: str, sample: Path, *, language: str = "") -> Voice:
        """Put a recording into the server's library, as a voice that speaks `language`, else English.

        Raises:
            UsageError: the recording cannot be read or is too large; the name cannot be one, or is taken; or
                the server's model does not speak the language.
            SpeechError: the server refuses it or cannot be reached.
        """
        name = name.strip()
        if not name or len(name) > _MOST_NAME_CHARACTERS or _NO_NAME.search(name):
            raise UsageError(
                f"{name!r} cannot be the name of a voice.",
                advice=f'Choose 1 to {_MOST_NAME_CHARACTERS} characters, none of / \\ : * ? " < > |',
            )
        try:
            recording = read_sample(sample)
        except ValueError as exc:
            raise UsageError(f"The recording {sample} {exc}.", advice="Choose another one.") from exc
        await self._get_ready()
        code = _code_of(language or _ENGLISH, await self._host.languages())
        if name in (await self._host.library()).names:
            raise UsageError(f"{self._service} has a voice {name!r} already.", advice="Choose another name.")
        return await self._host.add_voice(name, recording, code)

    async def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. The parameters are those that the adapter was made with.

        The voice is looked up each time: one that is deleted meanwhile would be replaced by another.
        """
        transport = transport or self._wishes.transports[0]
        try:
            await self._get_ready()
            self._ensure_short_enough(request)
            async with self._host.turns.of(request.voice):
                if not self._sample_for(request.voice):
                    self._ensure_known(request.voice, await self._host.library())
                async with (
                    self._asked(request, transport) as answer,
                    aclosing(self._sound(answer, request, transport)) as sound,
                ):
                    async for chunk in sound:
                        yield chunk
        except (Unavailable, StreamBroken):
            self._is_ready = False  # it may have been started anew, and be loading its model
            raise
        yield SpeechReceipt(characters_billed=0)

    def _asked(self, request: SpeechRequest, transport: str) -> AbstractAsyncContextManager[Exchange]:
        """The request on its way.

        Only its whole time is limited: a slow machine sends nothing for minutes between two pieces.
        """
        url = self._root / _ROUTES[transport]
        wish: dict[str, Any] = {"input": request.text, **self._wishes.parameters}
        if request.model:
            wish["model"] = request.model
        if transport == "sse":
            wish["stream_format"] = "sse"
        body: dict[str, Any]
        if sample := self._sample_for(request.voice):
            url /= "upload"
            body = {"form": form_with(sample, wish)}
        else:
            body = {"json": {**wish, "voice": request.voice}}
        return exchange(self._host.session, "POST", url, text=request.text, timeout_s=self._timeout_s, **body)

    def _sound(
        self, answer: Exchange, request: SpeechRequest, transport: str
    ) -> AsyncGenerator[SpeechEvent, None]:
        if transport == "sse":
            return sse_sound(answer, text=request.text, max_bytes=most_bytes(request))
        return wav_sound(answer, max_bytes=most_bytes(request))

    async def _get_ready(self) -> None:
        if not self._is_ready:
            await self._host.ready()
            self._is_ready = True

    def _sample_for(self, voice: str) -> Sample | None:
        """The recording that goes along with a text in this voice."""
        return self._sample if voice == SAMPLE_VOICE else None

    def _ensure_known(self, voice: str, library: Library) -> None:
        if not self._sample_for(voice) and not library.has(voice):
            raise UnknownVoice(
                f"{self._service} has no voice {voice!r}; {nearest(voice, library.names)}",
                advice="It would speak with its default voice instead. `narrator voices --provider chatterbox` "
                f"lists what it has; its default voice is called {DEFAULT_VOICE}.",
            )

    def _ensure_short_enough(self, request: SpeechRequest) -> None:
        # Over a stream the server would not say that this is the reason.
        longest = self._host.max_characters
        if len(request.text) > longest:
            raise Rejected(
                f"{self._service} takes {longest} characters at once, and this text has {len(request.text)}.",
                advice=f"Have the book cut shorter: --max-chars {longest}",
            )

    @property
    def _host(self) -> Host:
        if self._open_host is None:
            raise RuntimeError("this provider is used before it is entered")
        return self._open_host

    async def __aenter__(self) -> Self:
        session = open_session(self._timeout_s, {})
        self._open_host = Host(session, self._root, self._timeout_s)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._host.session.close()
        self._open_host = None
        self._is_ready = False


def _code_of(language: str, spoken: tuple[str, ...]) -> str:
    """The server's code of a language; `spoken` is empty where it does not say which ones it has.

    Raises:
        UsageError: it does not have it.
    """
    if not spoken:
        return language
    code = langcodes.closest_supported_match(language, list(spoken), _SAME_LANGUAGE)
    if code is None:
        raise UsageError(
            f"The server's model does not speak {language!r}.", advice=f"It speaks {', '.join(spoken)}."
        )
    return code
