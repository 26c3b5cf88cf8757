"""ElevenLabs, over each of its ways to speak a text.

POST /v1/text-to-speech/{voice}, .../stream, .../with-timestamps, .../stream/with-timestamps, and the WebSocket
.../stream-input: https://elevenlabs.io/docs/api-reference/text-to-speech. What its options are is in
`elevenlabs_options`, what its errors mean in `elevenlabs_errors`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import UnknownVoice
from narrator.model import (
    Allowance,
    Capabilities,
    Container,
    Normalization,
    SpeechEvent,
    SpeechModel,
    SpeechRequest,
    Voice,
)
from narrator.providers.address import account_name, server_root
from narrator.providers.elevenlabs_account import Account
from narrator.providers.elevenlabs_errors import KEY_VARIABLE
from narrator.providers.elevenlabs_models import ModelFacts, concurrency_of, facts_of, plan_named
from narrator.providers.elevenlabs_options import (
    CHAINS,
    FORMATS,
    PARSERS,
    Transport,
    Wishes,
    contradictions,
    read_wishes,
    sound_options,
)
from narrator.providers.elevenlabs_requests import Requests
from narrator.providers.elevenlabs_ways import Ways
from narrator.providers.keys import find_key, no_key
from narrator.providers.prices import usd_per_million
from narrator.providers.settings import nearest, option_problems, refuse_problems
from narrator.providers.wire import open_session, service_name
from narrator.providers.wire_ws import Sockets

OFFICIAL_URL = URL("https://api.elevenlabs.io")
DEFAULT_MODEL = "eleven_multilingual_v2"
DEFAULT_VOICE = "JBFqnCBsd6RMkjVDRZzb"  # George, a narrator: the service's own first example
CONTEXT_CHARACTERS = 300
"""A sentence or two, enough to carry the tone on; each change of it is another take."""


class ElevenLabs:
    """ElevenLabs, as one project uses it.

    Raises:
        ConfigError: options or the base URL are wrong: all of it at once.
        BadKey: the key found cannot be one.
    """

    name = "elevenlabs"
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        root, problems = server_root(speech.base_url, OFFICIAL_URL, KEY_VARIABLE)
        self.model = speech.model or DEFAULT_MODEL
        self.voice = speech.voice or DEFAULT_VOICE
        self._facts = facts_of(self.model)
        unread = option_problems(speech.options, PARSERS)
        problems += unread or contradictions(speech, rendering, self._facts)
        refuse_problems(speech, problems)
        self._root = root
        self._service = service_name(root)
        self._is_named = bool(speech.base_url)
        host = root.host or ""
        self._is_official = host == "elevenlabs.io" or host.endswith(".elevenlabs.io")
        self._key_variable = speech.key_variable or KEY_VARIABLE
        self._key = find_key(self._key_variable)
        self._timeout_s = rendering.timeout_s
        self._wishes = read_wishes(speech.options)
        self._kind = self._wishes.output_format
        self._sound_options = sound_options(speech.options)
        self._requests = Requests(root, self._wishes, self._facts)
        usd = usd_per_million(speech, self.name, self.model, is_official=self._is_official)
        self.capabilities = _capabilities(self._wishes, self._facts, usd)
        self._open_lines: _Lines | None = None

    @property
    def account(self) -> str:
        return account_name(self.name, self._service, self._key)

    @property
    def sound_options(self) -> Mapping[str, str]:
        return self._sound_options

    def digest_of(self, voice: str) -> str:  # noqa: ARG002 - a remote voice has no file
        return ""

    # --- what costs nothing -----------------------------------------------------------------------------

    async def voices(self) -> Sequence[Voice]:
        """The voices of the account; [] where the key may not list them.

        Raises:
            RunError: the service refuses the key or cannot be reached.
        """
        self._ensure_key()
        return await self._lines.account.voices()

    async def models(self) -> Sequence[SpeechModel]:
        """The models that speak, with the most characters of a request. Raises as `voices`."""
        self._ensure_key()
        return await self._lines.account.models()

    async def allowance(self) -> Allowance | None:
        """What the account has left, in characters of this model; None where that is not told or not bounded.

        Raises:
            RunError: as `voices`.
        """
        told = await self._lines.account.subscription()
        if told is None or told.credits_left is None:
            return None
        return Allowance(int(told.credits_left / self._facts.credits_per_character), told.tier, told.resets_s)

    async def clone(self, name: str, sample: Path, *, language: str = "") -> Voice:
        """Have a voice made of a recording at once; see ports.VoiceCloner."""
        self._ensure_key()
        return await self._lines.account.clone(name, sample, language)

    async def check(self, voices: Collection[str] = ()) -> None:
        """Ask whether the key is good, and for the model, the voices and the plan; none of it is billed.

        The plan decides how many requests may run at once. What the key may not ask is left to the first
        request to find out.

        Raises:
            RunError: the key is missing or refused, there is no such voice or model, or no connection.
        """
        self._ensure_key()
        account = self._lines.account
        told = await account.subscription()
        if told and (plan := plan_named(told.tier)) and not self._wishes.plan:
            at_once = concurrency_of(plan, self._facts)
            self.capabilities = replace(self.capabilities, concurrency=at_once, knows_limit=True)
        self._refuse_unknown_model([model.id for model in await account.models()])
        known = await account.voices()
        for voice in dict.fromkeys((self.voice, *voices)):
            if known and all(voice != each.id for each in known) and not await account.has_voice(voice):
                self._refuse_unknown_voice(voice, known)

    def _ensure_key(self) -> None:
        """Raises BadKey."""
        if self._is_official and self._key is None:
            raise no_key(self._service, self._key_variable)

    def _refuse_unknown_model(self, known: Collection[str]) -> None:
        if known and self.model not in known:
            raise UnknownVoice(
                f"{self._service} has no model {self.model!r} that speaks; {nearest(self.model, known)}",
                advice="`narrator models --provider elevenlabs` lists them.",
            )

    def _refuse_unknown_voice(self, voice: str, known: Sequence[Voice]) -> None:
        named = next((each for each in known if each.name.lower().startswith(voice.lower())), None)
        hint = f"{named.name!r} is {named.id}" if named else nearest(voice, [each.id for each in known])
        raise UnknownVoice(
            f"{self._service} has no voice {voice!r}; {hint}",
            advice="`narrator voices --provider elevenlabs` lists the voices of this account, with their ids.",
        )

    # --- speaking ---------------------------------------------------------------------------------------

    async def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. The options are those that the adapter was made with."""
        way = Transport(transport or self._wishes.transport)
        async with contextlib.aclosing(self._lines.ways.spoken(request, way, self._kind)) as events:
            async for event in events:
                yield event
        self._requests.note_spoken(request)

    async def speak_live(
        self, texts: AsyncIterable[str], request: SpeechRequest
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak a text while it is written; see ports.LiveProvider. The v3 models get it by the sentence."""
        kind = self._kind
        if kind.format.container is Container.WAV:  # whose header says how long it is, which nobody knows
            kind = FORMATS[f"pcm_{kind.format.rate_hz}"]
        speak = self._lines.ways.live if self._facts.has_socket else self._lines.ways.by_sentence
        async with contextlib.aclosing(speak(texts, request, kind)) as events:
            async for event in events:
                yield event

    # --- connection -------------------------------------------------------------------------------------

    @property
    def _lines(self) -> _Lines:
        if self._open_lines is None:
            raise RuntimeError("this provider is used before it is entered")
        return self._open_lines

    async def __aenter__(self) -> Self:
        headers = {"xi-api-key": self._key} if self._key else {}
        session = open_session(self._timeout_s, headers, anywhere=self._is_named)
        sockets = Sockets(self._timeout_s, headers, anywhere=self._is_named)
        self._open_lines = _Lines(
            session,
            sockets,
            Account(session, self._root, self._key),
            Ways(session, sockets, self._requests, self._wishes, key=self._key, timeout_s=self._timeout_s),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        lines, self._open_lines = self._lines, None
        await lines.sockets.close()
        await lines.session.close()


@dataclass(frozen=True, slots=True)
class _Lines:
    """What is open while the provider is entered."""

    session: aiohttp.ClientSession
    sockets: Sockets
    account: Account
    ways: Ways


def _capabilities(wishes: Wishes, model: ModelFacts, usd_per_million: float | None) -> Capabilities:
    takes_context = model.takes_context and wishes.transport is not Transport.WS and wishes.stitching != "off"
    reads_numbers = wishes.text_normalization != "off" and (
        model.normalizes or wishes.text_normalization == "on"
    )
    return Capabilities(
        max_characters=model.max_characters,
        formats=(wishes.output_format.format.container,),
        rate_hz=wishes.output_format.format.rate_hz,
        concurrency=concurrency_of(wishes.plan, model),
        knows_limit=bool(wishes.plan),
        languages=model.languages,
        uses_language=model.takes_language,
        usd_per_million_characters=usd_per_million,
        normalization=Normalization.LIGHT if reads_numbers else Normalization.FULL,
        transports=CHAINS[wishes.transport],
        context_characters=CONTEXT_CHARACTERS if takes_context else 0,
    )
