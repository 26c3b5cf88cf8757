"""OpenAI's `POST /v1/audio/speech`, and the many servers that speak it too.

Request: {"model", "input", "voice", "response_format", "speed"?, "instructions"?, "stream_format"?}; what comes
of it is told in `openai_answer`. https://platform.openai.com/docs/api-reference/audio/createSpeech. Fields that
only some servers know (`lang_code` of Kokoro-FastAPI, `language` of LocalAI and others) go into `extra_body`,
as OpenAI's own client calls it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import BadKey, SpeechError, Unavailable, UnknownVoice, Unreachable
from narrator.model import (
    AudioFormat,
    Capabilities,
    Container,
    SpeechEvent,
    SpeechModel,
    SpeechReceipt,
    SpeechRequest,
    Voice,
)
from narrator.providers.address import account_name, server_root
from narrator.providers.keys import find_key, no_key
from narrator.providers.openai_answer import SpokenAnswer
from narrator.providers.openai_lists import listed_models, listed_voices
from narrator.providers.prices import usd_per_million
from narrator.providers.settings import nearest, one_of, option_problems, refuse_problems, whole_number
from narrator.providers.wire import exchange, most_bytes, open_session, service_name

KEY_VARIABLE = "OPENAI_API_KEY"
OFFICIAL_URL = URL("https://api.openai.com")
DEFAULT_RATE_HZ = 24_000

_OFFICIAL_VOICES = (
    *("alloy", "ash", "ballad", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"),
    "cedar",
)
_NO_EVENTS = {"tts-1", "tts-1-hd"}
"""OpenAI's models that do not send events."""

_OUR_FIELDS = ("model", "input", "voice", "response_format", "speed", "instructions", "stream_format")
_TRANSPORTS = ("sse", "http")
_LIST_S = 30.0
_LOG = logging.getLogger("narrator")


def _extra_body(value: str) -> dict[str, Any]:
    """Fields of the request that only this server knows, as JSON."""
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ValueError('is not a JSON object such as {"lang_code": "a"}')  # noqa: TRY004 - a parser's error
    ours = [name for name in fields if name in _OUR_FIELDS]
    if ours:
        raise ValueError(f"has the field {ours[0]!r}, for which there is a setting")
    return fields


_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "response_format": one_of(Container.PCM, Container.WAV, Container.MP3, Container.FLAC),
        "pcm_rate": whole_number(8_000, 48_000),
        "instructions": str,
        "extra_body": _extra_body,
        "transport": one_of(*_TRANSPORTS),
    }
)


class OpenAI:
    """A server that speaks OpenAI's protocol, as one project uses it.

    Raises:
        ConfigError: options or the base URL are wrong: all of it at once.
        BadKey: the key found cannot be one.
    """

    name = "openai"
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        root, problems = server_root(speech.base_url, OFFICIAL_URL, KEY_VARIABLE)
        self.model = speech.model or "tts-1"
        self.voice = speech.voice or "alloy"
        self._is_official = root.host == OFFICIAL_URL.host
        self._transport = speech.options.get("transport", "http")
        problems += option_problems(speech.options, _OPTIONS)
        if self._is_official and self._transport == "sse" and self.model in _NO_EVENTS:
            problems.append(f"speech.options.transport: OpenAI's model {self.model!r} sends no events (sse)")
        refuse_problems(speech, problems)
        self._root = root / "v1"
        self._service = service_name(root)
        self._is_named = bool(speech.base_url)
        self._names_model = bool(speech.model)
        self._usd_per_million = usd_per_million(speech, self.name, self.model, is_official=self._is_official)
        self._key_variable = speech.key_variable or KEY_VARIABLE
        self._key = find_key(self._key_variable)
        self._timeout_s = rendering.timeout_s
        self._container = Container(speech.options.get("response_format", Container.WAV))
        is_pcm = self._container is Container.PCM
        self._bare_rate_hz = int(speech.options.get("pcm_rate", DEFAULT_RATE_HZ))
        self._format = AudioFormat(self._container, self._bare_rate_hz if is_pcm else DEFAULT_RATE_HZ)
        self._has_warned = False
        self._shows_ends = False
        self._instructions = speech.options.get("instructions", "")
        self._extra_body = _extra_body(speech.options.get("extra_body", "{}"))
        self._options = {name: value for name, value in speech.options.items() if name != "transport"}
        if "extra_body" in self._options:
            self._options["extra_body"] = json.dumps(self._extra_body, sort_keys=True)
        self._open_session: aiohttp.ClientSession | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_characters=4096,
            formats=(self._container,),
            rate_hz=self._format.rate_hz,
            concurrency=4 if self._is_official else 2,
            usd_per_million_characters=self._usd_per_million,
            transports=_TRANSPORTS[_TRANSPORTS.index(self._transport) :],
        )

    @property
    def account(self) -> str:
        return account_name(self.name, self._service, self._key)

    @property
    def sound_options(self) -> Mapping[str, str]:
        return self._options

    def digest_of(self, voice: str) -> str:  # noqa: ARG002 - a remote voice has no file
        return ""

    async def voices(self) -> Sequence[Voice]:
        """The server's own list; OpenAI itself has none, so its documented voices.

        Raises:
            RunError: it refuses the key or cannot be reached.
        """
        if self._is_official:
            return [Voice(name) for name in sorted(_OFFICIAL_VOICES)]
        return listed_voices(await self._listed("audio/voices"))

    async def models(self) -> Sequence[SpeechModel]:
        """The server's own list; of OpenAI's, those that speak, by their names.

        Raises:
            RunError: it refuses the key or cannot be reached.
        """
        found = listed_models(await self._listed("models"))
        return [model for model in found if "tts" in model.id] if self._is_official else found

    async def _listed(self, path: str) -> bytes:
        """A list as the server answers with it; nothing where it has none.

        Raises:
            RunError: it refuses the key or cannot be reached.
        """
        try:
            async with exchange(
                self._session, "GET", self._root / path, key=self._key, timeout_s=_LIST_S
            ) as answer:
                return await answer.whole()
        except BadKey:
            raise
        except Unavailable as exc:
            if exc.connected:
                return b""
            raise Unreachable(exc.what, advice=exc.advice) from exc
        except SpeechError:  # a server without such a list answers as it likes
            return b""

    async def check(self, voices: Collection[str] = ()) -> None:
        """Ask for what costs nothing: whether there is a server that takes the key and has voice and model.

        OpenAI itself is not asked: it says to the first request, unbilled, what is wrong, and a key that may do
        nothing but speak could not ask for more.

        Raises:
            RunError: no.
        """
        if self._is_official:
            if self._key is None:
                raise no_key(self._service, self._key_variable)
            _LOG.warning("OpenAI ends its speech models on 2027-01-06; a book that takes longer needs another.")
            return
        known = {voice.id for voice in await self.voices()}
        missing = [voice for voice in (self.voice, *voices) if known and not _is_among(voice, known)]
        if missing:
            raise UnknownVoice(
                f"{self._service} has no voice {missing[0]!r}; {nearest(missing[0], known)}",
                advice="`narrator voices --provider openai --base-url ...` lists what it has.",
            )
        await self._check_model()

    async def _check_model(self) -> None:
        """Refuse a model that a person named and the server does not list, unless it knows it all the same.

        A model's other names are in no list, but some servers tell of it by any of them.
        """
        known = [model.id for model in await self.models()]
        if not self._names_model or not known or self.model in known:
            return
        if not await self._listed(f"models/{self.model}"):
            raise UnknownVoice(
                f"{self._service} has no model {self.model!r}; {nearest(self.model, known)}",
                advice="Choose one of them with --model.",
            )

    async def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. The options are those that the adapter was made with."""
        is_events = (transport or self._transport) == "sse"
        wish = self._wish(request) | ({"stream_format": "sse"} if is_events else {})
        url = self._root / "audio/speech"
        async with exchange(self._session, "POST", url, json=wish, text=request.text, key=self._key) as answer:
            spoken = SpokenAnswer(
                answer,
                self._service,
                self._format,
                bare_rate_hz=self._bare_rate_hz,
                others_end=self._shows_ends,
                text=request.text,
                key=self._key,
            )
            max_bytes = most_bytes(request) * 3 // 2  # sound in base64 takes 4/3, in events somewhat more
            async with contextlib.aclosing(spoken.chunks(max_bytes=max_bytes)) as chunks:
                async for chunk in chunks:
                    yield chunk
            self._shows_ends |= answer.ends_by_itself
            if spoken.came_bare:
                self._warn_of_bare_samples()
            ids = {"x-request-id": answer.headers["x-request-id"]} if "x-request-id" in answer.headers else {}
            yield SpeechReceipt(ids=ids, characters_billed=len(request.text))

    def _warn_of_bare_samples(self) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        _LOG.warning(
            "%s sends samples that do not tell their rate, and they are taken to have %d Hz; "
            "if they have another, say so: --option pcm_rate=...",
            self._service,
            self._bare_rate_hz,
        )

    def _wish(self, request: SpeechRequest) -> dict[str, Any]:
        is_made = self._is_official and request.voice.startswith("voice_")  # by its owner, from a recording
        wish: dict[str, Any] = {
            **self._extra_body,
            "model": request.model,
            "input": request.text,
            "voice": {"id": request.voice} if is_made else request.voice,
            "response_format": str(self._container),
        }
        if request.speed != 1.0:  # some models refuse the field, whatever it says
            wish["speed"] = request.speed
        if self._instructions:
            wish["instructions"] = self._instructions
        return wish

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            raise RuntimeError("this provider is used before it is entered")
        return self._open_session

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._open_session = open_session(self._timeout_s, headers, anywhere=self._is_named)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._session.close()
        self._open_session = None


def _is_among(voice: str, known: Collection[str]) -> bool:
    """Whether a server that lists these knows a voice: by its name, as a mix of them, or as one of OpenAI's.

    A mix is 'af_sky+af_bella(0.3)-am_adam', as Kokoro has it. Many servers map OpenAI's names to their own
    voices without listing them.
    """
    known = {*known, *_OFFICIAL_VOICES}
    added = re.sub(r"\([^)]*\)|\s", "", voice).split("+")  # without their weights
    names = [name for part in added for name in ([part] if part in known else part.split("-"))]
    return voice in known or all(name in known for name in names)
