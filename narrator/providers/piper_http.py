"""A server of Piper's voices, as `python -m piper.http_server` runs one.

`POST /synthesize` {"text", "voice"?, "speaker"?, "speaker_id"?, "length_scale"?, "noise_scale"?,
"noise_w_scale"?} answers with a whole WAV, which calls itself text/html; before version 1.8 the route was `/`.
`GET /voices` is an object of voices' names and their configurations, and `GET /info` names the voice that
speaks where none is named. https://github.com/OHF-Voice/piper1-gpl/blob/main/docs/API_HTTP.md

A voice or a speaker that the server has not is spoken by another, with status 200: so both are looked up first.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import SpeechError, StreamBroken, Unavailable, UnknownVoice, Unreachable
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
from narrator.providers.piper_settings import (
    SCALE_OPTIONS,
    SERVER_S_VOICE,
    SPEAKER_OPTIONS,
    speaker_problems,
    written_out,
)
from narrator.providers.piper_text import ensure_it_can_be_said, without_phoneme_marks
from narrator.providers.prices import usd_per_million
from narrator.providers.settings import nearest, option_problems, refuse_problems
from narrator.providers.voice_files import VoiceFacts, facts_of, language_in
from narrator.providers.wire import exchange, most_bytes, open_session, service_name
from narrator.providers.wire_riff import RIFF_BYTES, declared_size

USUAL_URL = URL("http://127.0.0.1:5000")
_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType({**SPEAKER_OPTIONS, **SCALE_OPTIONS})
_FORMAT = AudioFormat(Container.WAV, 22_050)
_LIST_S = 30.0
_LIST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class _Server:
    """What a server says of itself: where it speaks, its voices by name, and which of them is its own.

    `voices` is empty where it does not say, and `own` is None where that is not known.
    """

    speech_url: URL
    voices: Mapping[str, VoiceFacts] = field(default_factory=dict)
    own: VoiceFacts | None = None

    def facts(self, voice: str) -> VoiceFacts | None:
        """What is known of a voice; None for the server's own where that is not known, or if nothing is."""
        if voice == SERVER_S_VOICE:
            return self.own
        return self.voices.get(voice) or self.voices.get(_as_listed(voice))


class PiperHttp:
    """A Piper server, as one project uses it.

    Raises:
        ConfigError: options or the base URL are wrong: all of it at once.
    """

    name = "piper-http"
    model = ""
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        root, problems = server_root(speech.base_url, USUAL_URL)
        problems += option_problems(speech.options, _OPTIONS) + speaker_problems(speech.options)
        if speech.model:
            problems.append(f"speech.model: Piper's models are its voices: --voice {speech.model}")
        refuse_problems(speech, problems)
        self.voice = speech.voice or SERVER_S_VOICE
        self.sound_options: Mapping[str, str] = MappingProxyType(written_out(speech.options))
        self._root = root
        self._service = service_name(root)
        self._usd_per_million = usd_per_million(speech, self.name, "", is_official=True)
        self._timeout_s = rendering.timeout_s
        self._server: _Server | None = None
        self._learning = asyncio.Lock()
        self._open_session: aiohttp.ClientSession | None = None

    @property
    def capabilities(self) -> Capabilities:
        language = language_in(self.voice)
        return Capabilities(
            max_characters=2000,
            formats=(Container.WAV,),
            rate_hz=_FORMAT.rate_hz,
            concurrency=2,
            languages=(language,) if language else (),
            usd_per_million_characters=self._usd_per_million,
        )

    @property
    def account(self) -> str:
        return account_name(self.name, self._service, None)

    def digest_of(self, voice: str) -> str:  # noqa: ARG002 - a remote voice has no file
        return ""

    async def voices(self) -> Sequence[Voice]:
        """The server's own list, and before it the voice that speaks where none is named.

        Raises:
            Unreachable: there is no server.
        """
        try:
            server = await self._learned()
        except Unavailable as exc:
            raise Unreachable(exc.what, advice=exc.advice) from exc
        which = f": {server.own.name}" if server.own else ""
        usual = Voice(SERVER_S_VOICE, description=f"the one that the server was started with{which}")
        return [usual, *(facts.as_voice for _, facts in sorted(server.voices.items()))]

    async def check(self, voices: Collection[str] = ()) -> None:
        """Ask whether there is a server, and whether it has the voices and the speaker.

        Raises:
            RunError: no.
        """
        for voice in (self.voice, *voices):
            try:
                self._facts(await self._server_for(voice), voice)
            except Unavailable as exc:
                raise Unreachable(exc.what, advice=exc.advice) from exc

    async def speak(
        self,
        request: SpeechRequest,
        transport: str = "",  # noqa: ARG002 - there is one
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. The options are those that the adapter was made with."""
        ensure_it_can_be_said(request.text)
        server = await self._server_for(request.voice)
        wish = self._wish(request, self._facts(server, request.voice))
        async with (
            exchange(self._session, "POST", server.speech_url, json=wish, text=request.text) as answer,
            contextlib.aclosing(answer.sound(max_bytes=most_bytes(request))) as sound,
        ):
            received, head = 0, b""
            async for data in sound:
                head = (head + data[:RIFF_BYTES])[:RIFF_BYTES]
                received += len(data)
                yield AudioChunk(data, _FORMAT)
            if not answer.ends_by_itself and received < (declared_size(head) or math.inf):
                raise StreamBroken(f"{self._service} broke off in the middle of its answer.")
        yield SpeechReceipt(characters_billed=0)

    def _wish(self, request: SpeechRequest, facts: VoiceFacts | None) -> dict[str, Any]:
        wish: dict[str, Any] = {"text": without_phoneme_marks(request.text)}
        if request.voice != SERVER_S_VOICE:
            wish["voice"] = request.voice
        numbers = {
            name: float(self.sound_options[name]) for name in SCALE_OPTIONS if name in self.sound_options
        }
        if request.speed != 1.0:
            usual = facts.length_scale if facts else 1.0
            numbers["length_scale"] = numbers.get("length_scale", usual) / request.speed
        speaker = {name: self.sound_options[name] for name in SPEAKER_OPTIONS if name in self.sound_options}
        if "speaker_id" in speaker:
            return {**wish, **numbers, "speaker_id": int(speaker["speaker_id"])}
        return {**wish, **numbers, **speaker}

    def _facts(self, server: _Server, voice: str) -> VoiceFacts | None:
        """What is known of a voice that the server is to speak with. Raises UnknownVoice."""
        facts = server.facts(voice)
        if facts:
            facts.speaker_number(*(self.sound_options.get(name, "") for name in ("speaker", "speaker_id")))
        elif server.voices and voice != SERVER_S_VOICE:
            raise UnknownVoice(
                f"{self._service} has no voice {voice!r}; {nearest(voice, server.voices)}",
                advice="`narrator voices --provider piper-http --base-url ...` lists what it has.",
            )
        return facts

    async def _server_for(self, voice: str) -> _Server:
        """What has to be known of the server before a voice of it is asked for.

        Raises:
            Unavailable: there is none; or it fails to say whether it has that voice, which is never guessed.
        """
        try:
            return await self._learned()
        except Unavailable as exc:
            is_certain = voice == SERVER_S_VOICE and not SPEAKER_OPTIONS.keys() & self.sound_options.keys()
            if exc.connected and is_certain:
                return _Server(self._root / "synthesize")
            raise

    async def _learned(self) -> _Server:
        """What the server says of itself, kept once it is known.

        Raises:
            Unavailable: there is none, or it fails to say.
        """
        async with self._learning:
            if self._server is None:
                told = await self._told("voices")
                listed = {name: facts_of(name, said) for name, said in told.items() if isinstance(said, dict)}
                voices = {name: facts for name, facts in listed.items() if facts}
                own = (await self._told("info")).get("voice")
                name = own.get("name") if isinstance(own, dict) else None
                known = voices.get(name) or voices.get(_as_listed(name)) if isinstance(name, str) else None
                self._server = _Server(await self._speech_url(), voices, known)
            return self._server

    async def _told(self, what: str) -> dict[str, Any]:
        """A page of the server's that is a JSON object; {} where it has none. Raises Unavailable."""
        try:
            async with exchange(self._session, "GET", self._root / what, timeout_s=_LIST_S) as answer:
                said = json.loads(await answer.whole(max_bytes=_LIST_BYTES))
        except Unavailable:
            raise
        except StreamBroken as exc:
            raise Unavailable(exc.what) from exc
        except (SpeechError, ValueError, RecursionError):  # a server without such a page answers as it likes
            return {}
        return said if isinstance(said, dict) else {}

    async def _speech_url(self) -> URL:
        """Where it speaks: asked without a text, it complains of the method where it has that route."""
        url = self._root / "synthesize"
        try:
            async with exchange(self._session, "GET", url, timeout_s=_LIST_S):
                return url
        except Unreachable:
            return self._root / ""
        except SpeechError:
            return url

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            raise RuntimeError("this provider is used before it is entered")
        return self._open_session

    async def __aenter__(self) -> Self:
        self._open_session = open_session(self._timeout_s, {})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._session.close()
        self._open_session = None


def _as_listed(voice: str) -> str:
    """A voice's name as the server's list has it, which loses every n, o, x, j and s at its end (1.8.0)."""
    return f"{voice}.onnx.json".rstrip(".onnx.json")  # noqa: B005 - as the server does it
