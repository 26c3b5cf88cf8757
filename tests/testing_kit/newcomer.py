"""Parrot, a speech server that was made up for CONTRIBUTING.md: what an adapter is at least.

`POST /say` {"words", "bird", "pace", "mood"?} with the key in X-Parrot-Key; the answer is s16le mono PCM at
24 kHz, with its id in X-Squawk. `GET /birds` lists the voices: {"birds": ["polly", ...]}.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import StreamBroken, Unavailable, UnknownVoice, Unreachable
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
from narrator.providers.complaints import refusal
from narrator.providers.keys import find_key
from narrator.providers.settings import nearest, one_of, option_problems, refuse_problems
from narrator.providers.wire import exchange, most_bytes, open_session, service_name
from narrator.providers.wire_json import json_object

KEY_VARIABLE = "PARROT_API_KEY"
USUAL_URL = URL("http://127.0.0.1:7474")

_OPTIONS: Mapping[str, Callable[[str], object]] = {"mood": one_of("calm", "cheeky")}
_judge = functools.partial(refusal, fields={"words": "text", "bird": "voice"})
_FORMAT = AudioFormat(Container.PCM, 24_000)
_LIST_S = 30.0


class Parrot:
    """A Parrot server, as one project uses it.

    Raises:
        ConfigError: options or the base URL are wrong: all of it at once.
        BadKey: the key found cannot be one.
    """

    name = "parrot"
    model = ""
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        root, problems = server_root(speech.base_url, USUAL_URL, KEY_VARIABLE)
        refuse_problems(speech, problems + option_problems(speech.options, _OPTIONS))
        self.voice = speech.voice or "polly"
        self.sound_options = speech.options
        self._root = root
        self._service = service_name(root)
        self._key = find_key(speech.key_variable or KEY_VARIABLE)
        self._timeout_s = rendering.timeout_s
        self._open_session: aiohttp.ClientSession | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_characters=1000,
            formats=(_FORMAT.container,),
            rate_hz=_FORMAT.rate_hz,
            concurrency=2,
            usd_per_million_characters=0.0,
        )

    @property
    def account(self) -> str:
        return account_name(self.name, self._service, self._key)

    def digest_of(self, voice: str) -> str:
        return ""

    async def voices(self) -> Sequence[Voice]:
        """The server's birds.

        Raises:
            RunError: it refuses the key or cannot be reached.
        """
        try:
            url = self._root / "birds"
            async with exchange(self._session, "GET", url, key=self._key, timeout_s=_LIST_S) as answer:
                listed = json_object(await answer.whole(), self._service)
                return [Voice(str(name)) for name in listed.get("birds", ())]
        except Unavailable as exc:
            raise Unreachable(exc.what, advice=exc.advice) from exc

    async def check(self, voices: Collection[str] = ()) -> None:
        """Ask whether there is a server that takes the key and has the voices.

        Raises:
            RunError: no.
        """
        known = [voice.id for voice in await self.voices()]
        for voice in (self.voice, *voices):
            if voice not in known:
                raise UnknownVoice(f"{self._service} has no bird {voice!r}; {nearest(voice, known)}")

    async def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider."""
        wish = {"words": request.text, "bird": request.voice, "pace": request.speed, **self.sound_options}
        url = self._root / "say"
        async with (
            exchange(
                self._session, "POST", url, json=wish, text=request.text, key=self._key, judge=_judge
            ) as answer,
            contextlib.aclosing(answer.sound(max_bytes=most_bytes(request))) as sound,
        ):
            async for data in sound:
                yield AudioChunk(data, _FORMAT)
            if not answer.ends_by_itself:
                raise StreamBroken(f"{self._service} does not say where an answer ends: this one may be cut.")
            ids = {"x-squawk": answer.headers.get("X-Squawk", "")}
        yield SpeechReceipt(ids=ids, characters_billed=len(request.text))

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            raise RuntimeError("this provider is used before it is entered")
        return self._open_session

    async def __aenter__(self) -> Self:
        headers = {"X-Parrot-Key": self._key} if self._key else {}
        self._open_session = open_session(self._timeout_s, headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._session.close()
        self._open_session = None
