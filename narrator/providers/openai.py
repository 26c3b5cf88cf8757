"""OpenAI's `POST /v1/audio/speech`, and the many servers that speak it too.

Request: {"model", "input", "voice", "response_format", "speed"?, "instructions"?}; answer: the audio bytes.
https://platform.openai.com/docs/api-reference/audio/createSpeech. A server's own list of voices,
`GET /v1/audio/voices`, is a habit of the self-hosted ones (Kokoro-FastAPI and others), not of OpenAI.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import BadKey, Refused, SpeechError, StreamBroken, Unavailable, UnknownVoice, Unreachable
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
from narrator.providers.address import account_name, server_root
from narrator.providers.keys import find_key
from narrator.providers.prices import usd_per_million
from narrator.providers.settings import nearest, one_of, option_problems, refuse_problems, whole_number
from narrator.providers.wire import exchange, most_bytes, open_session, service_name

KEY_VARIABLE = "OPENAI_API_KEY"
OFFICIAL_URL = URL("https://api.openai.com")
DEFAULT_RATE_HZ = 24_000

_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "response_format": one_of(*Container),
        "pcm_rate": whole_number(8_000, 48_000),
        "instructions": str,
    }
)
_OFFICIAL_VOICES = ("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")
_LIST_S = 30.0
_HEAD_BYTES = 8


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
        refuse_problems(speech, problems + option_problems(speech.options, _OPTIONS))
        self.model = speech.model or "tts-1"
        self.voice = speech.voice or "alloy"
        self._speech_url = root / "v1/audio/speech"
        self._voices_url = root / "v1/audio/voices"
        self._service = service_name(root)
        self._is_named = bool(speech.base_url)
        self._is_official = root.host == OFFICIAL_URL.host
        self._usd_per_million = usd_per_million(speech, self.name, self.model, is_official=self._is_official)
        self._key = find_key(KEY_VARIABLE)
        self._timeout_s = rendering.timeout_s
        self._options = speech.options
        self._container = Container(speech.options.get("response_format", Container.WAV))
        is_pcm = self._container is Container.PCM
        rate_hz = int(speech.options.get("pcm_rate", DEFAULT_RATE_HZ)) if is_pcm else DEFAULT_RATE_HZ
        self._format = AudioFormat(self._container, rate_hz)
        self._instructions = speech.options.get("instructions", "")
        self._open_session: aiohttp.ClientSession | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_characters=4096,
            formats=(self._container,),
            rate_hz=self._format.rate_hz,
            concurrency=4 if self._is_official else 2,
            usd_per_million_characters=self._usd_per_million,
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
            return [Voice(name) for name in _OFFICIAL_VOICES]
        try:
            async with exchange(
                self._session, "GET", self._voices_url, key=self._key, timeout_s=_LIST_S
            ) as answer:
                return _listed_voices(await answer.whole())
        except BadKey:
            raise
        except Unavailable as exc:
            if exc.connected:
                return []
            raise Unreachable(exc.what, advice=exc.advice) from exc
        except SpeechError:  # a server without such a list answers as it likes
            return []

    async def check(self, voices: Collection[str] = ()) -> None:
        """Ask for what costs nothing: whether there is a server that takes the key and has the voice.

        OpenAI itself is not asked: it says to the first request, unbilled, what is wrong.

        Raises:
            RunError: no.
        """
        if self._is_official:
            if self._key is None:
                raise BadKey(
                    f"{self._service} needs a key, and there is none.",
                    advice=f"Set it: export {KEY_VARIABLE}=...   (or name your own server with --base-url)",
                )
            return
        known = {voice.id for voice in await self.voices()}
        parts = [part for voice in (self.voice, *voices) for part in voice.split("+")]
        missing = [part for part in parts if known and _bare(part) not in known]
        if missing:
            raise UnknownVoice(
                f"{self._service} has no voice {missing[0]!r}; {nearest(missing[0], known)}",
                advice="`narrator voices --provider openai --base-url ...` lists what it has.",
            )

    async def speak(
        self,
        request: SpeechRequest,
        transport: str = "",  # noqa: ARG002 - there is one
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. The options are those that the adapter was made with."""
        wish = self._wish(request)
        async with (
            exchange(
                self._session, "POST", self._speech_url, json=wish, text=request.text, key=self._key
            ) as answer,
            contextlib.aclosing(answer.sound(max_bytes=most_bytes(request))) as sound,
        ):
            self._refuse_other_rate(answer.headers)
            received, head = 0, b""
            async for data in sound:
                head = (head + data[:_HEAD_BYTES])[:_HEAD_BYTES]
                received += len(data)
                yield AudioChunk(data, self._format)
            if not answer.ends_by_itself:
                self._check_whole(head, received)
            ids = {"x-request-id": answer.headers["x-request-id"]} if "x-request-id" in answer.headers else {}
            yield SpeechReceipt(ids=ids, characters_billed=len(request.text))

    def _wish(self, request: SpeechRequest) -> dict[str, Any]:
        wish: dict[str, Any] = {
            "model": request.model,
            "input": request.text,
            "voice": request.voice,
            "response_format": str(self._container),
        }
        if request.speed != 1.0:  # some models refuse the field, whatever it says
            wish["speed"] = request.speed
        if self._instructions:
            wish["instructions"] = self._instructions
        return wish

    def _check_whole(self, head: bytes, received: int) -> None:
        """Judge an answer that ended by closing, which may as well be a cut: only its WAV header can tell."""
        size = _size_in_header(head)
        if len(head) < _HEAD_BYTES or (size is not None and received < size):
            raise StreamBroken(f"{self._service} broke off in the middle of its answer.")
        if size is None:  # so is every answer of this server, and each of them is paid for
            raise Refused(
                f"{self._service} does not say where an answer ends: this one may be cut.",
                advice="Use --option response_format=wav, or a proxy before it that sends a length.",
            )

    def _refuse_other_rate(self, headers: Mapping[str, str]) -> None:
        said = headers.get("x-sample-rate", "")
        if self._container is Container.PCM and said.isdigit() and int(said) != self._format.rate_hz:
            raise Refused(
                f"{self._service} sends PCM at {said} Hz, not at {self._format.rate_hz} Hz.",
                advice=f"Say so: --option pcm_rate={said}, or ask for --option response_format=wav.",
            )

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


def _bare(voice: str) -> str:
    """A part of a voice mix without its weight: 'af_sky(0.3)' is 'af_sky'."""
    return voice.strip().partition("(")[0]


def _size_in_header(head: bytes) -> int | None:
    """How many bytes a RIFF header, by its first 8, says there are; a size that means "unknown" is none."""
    size = int.from_bytes(head[4:], "little")
    return size + 8 if head[:4] == b"RIFF" and 0 < size < 0x7FFFFF00 else None


def _listed_voices(body: bytes) -> list[Voice]:
    """A list of voices in the shapes in use: names or objects, bare or under 'voices' or 'data'."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, dict):
        found = next((found[name] for name in ("voices", "data") if isinstance(found.get(name), list)), [])
    named = (
        [item if isinstance(item, dict) else {"id": item} for item in found] if isinstance(found, list) else []
    )
    pairs = [(item.get("id") or item.get("voice_id") or item.get("name"), item.get("name")) for item in named]
    return [Voice(key, name if isinstance(name, str) else "") for key, name in pairs if isinstance(key, str)]
