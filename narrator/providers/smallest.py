"""Smallest AI (Waves): Lightning v3.1 and v3.1 Pro, and the retired Lightning models by the routes they had.

Routes and parameters: https://docs.smallest.ai/waves, and the official client, smallestai 5.14 on PyPI. Which
voices belong to which of the two pools is told only by newer answers, and a wrong pair is not refused but badly
spoken: name model and voice together.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Collection, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self

from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import (
    BadKey,
    QuotaUsedUp,
    Refused,
    Rejected,
    SpeechError,
    Unavailable,
    UnknownVoice,
    Unreachable,
)
from narrator.model import Capabilities, SpeechEvent, SpeechModel, SpeechRequest, Voice
from narrator.providers.address import account_name, server_root
from narrator.providers.keys import find_key, no_key
from narrator.providers.prices import usd_per_million
from narrator.providers.settings import nearest, refuse_problems
from narrator.providers.smallest_answers import judged
from narrator.providers.smallest_catalogue import clone_form, cloned_voices, listed_voices, new_voice
from narrator.providers.smallest_live import speak_live
from narrator.providers.smallest_models import DEFAULT_MODEL, MODELS
from narrator.providers.smallest_settings import read_settings, settings_problems
from narrator.providers.smallest_speech import Line, routes_from
from narrator.providers.wire import exchange, open_session, service_name
from narrator.providers.wire_ws import Sockets

KEY_VARIABLE = "SMALLEST_API_KEY"
OFFICIAL_URL = URL("https://api.smallest.ai")
_LIST_S = 30.0


class Smallest:
    """The service, or a server that speaks its protocol, as one project uses it.

    Raises:
        ConfigError: options, speed or the base URL are wrong: all of it at once.
        BadKey: the key found cannot be one.
    """

    name = "smallest"
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        self._key_variable = speech.key_variable or KEY_VARIABLE
        root, problems = server_root(speech.base_url, OFFICIAL_URL, self._key_variable)
        refuse_problems(speech, problems + settings_problems(speech))
        settings = read_settings(speech)
        self._settings = settings
        self._routes = routes_from(root, settings.model)
        self._service = service_name(root)
        self._is_named = bool(speech.base_url)
        self._is_official = root.host == OFFICIAL_URL.host
        self._usd_per_million = usd_per_million(speech, self.name, self.model, is_official=self._is_official)
        self._key = find_key(self._key_variable)
        self._timeout_s = rendering.timeout_s
        self._open_line: Line | None = None

    @property
    def model(self) -> str:
        return self._settings.model.id

    @property
    def voice(self) -> str:
        return self._settings.voice

    @property
    def capabilities(self) -> Capabilities:
        settings = self._settings
        return Capabilities(
            max_characters=settings.max_characters,
            formats=(settings.format.container,),
            rate_hz=settings.format.rate_hz,
            concurrency=1,  # what every account has, over all its models and ways; some plans have more
            languages=() if settings.language else settings.languages,
            uses_language=not settings.language,
            usd_per_million_characters=self._usd_per_million,
            transports=settings.transports,
        )

    @property
    def account(self) -> str:
        return account_name(self.name, self._service, self._key)

    @property
    def sound_options(self) -> Mapping[str, str]:
        return self._settings.sound_options

    def digest_of(self, voice: str) -> str:  # noqa: ARG002 - a remote voice has no file
        return ""

    async def voices(self) -> Sequence[Voice]:
        """The voices of the model, and those that the account has made from recordings.

        Raises:
            RunError: the service refuses the key, has retired the model, or cannot be reached.
        """
        listed = await self._listed()
        known = {voice.id for voice in listed}
        return listed + [voice for voice in await self._clones() if voice.id not in known]

    async def models(self) -> Sequence[SpeechModel]:
        """The models that are known here: the service has no list of them."""
        return [model.listed() for model in MODELS]

    async def check(self, voices: Collection[str] = ()) -> None:
        """Ask for what costs nothing: whether the key is taken, and the voices and the model are there.

        Raises:
            RunError: no.
        """
        if self._key is None and self._is_official:
            raise no_key(self._service, self._key_variable)
        wanted = dict.fromkeys([self.voice, *voices])
        listed = await self._listed()
        if not self._settings.is_known and not listed:
            raise UnknownVoice(
                f"{self._service} has no model {self.model!r}; "
                f"{nearest(self.model, [model.id for model in MODELS])}",
                advice="`narrator models --provider smallest` lists them.",
            )
        known = {voice.id for voice in listed}
        if known and not known.issuperset(wanted):
            known |= {voice.id for voice in await self._clones()}
        missing = [voice for voice in wanted if known and voice not in known]
        if missing:
            raise UnknownVoice(
                f"{self._service} has no voice {missing[0]!r} for the model {self.model}; "
                f"{nearest(missing[0], known)}",
                advice="`narrator voices --provider smallest --model ...` lists those of a model.",
            )

    async def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. The options are those that the adapter was made with."""
        async with aclosing(self._line.speak(request, transport or self._settings.transports[0])) as events:
            async for event in events:
                yield event

    async def speak_live(
        self, texts: AsyncIterable[str], request: SpeechRequest
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak a text as it comes, over a WebSocket; see ports.LiveProvider."""
        async with aclosing(speak_live(self._line, texts, request)) as events:
            async for event in events:
                yield event

    async def clone(self, name: str, sample: Path, *, language: str = "") -> Voice:
        """Have a voice made of a recording; see ports.VoiceCloner."""
        model = DEFAULT_MODEL if self._settings.model.is_legacy else self._settings.model
        form = clone_form(name, sample, language.lower().partition("-")[0], model.in_paths)
        try:
            async with exchange(
                self._line.session, "POST", self._routes.clones, form=form, key=self._key, judge=judged
            ) as answer:
                return new_voice(await answer.whole(), name, self._service)
        except Rejected as exc:  # it is no text that it refuses
            raise Refused(exc.what, advice="Change the recording or its name, or the plan.") from exc

    async def _listed(self) -> list[Voice]:
        """What the catalogue has for the model; [] where the server has no catalogue."""
        own = self._routes.voices_of(self._settings.model)
        # Servers have listed the voices of both pools under the name of the first one alone.
        others = () if self._settings.model.is_legacy else (self._routes.voices_of(DEFAULT_MODEL),)
        candidates = (own, *others, self._routes.all_voices) if self._settings.is_known else (own,)
        for url in dict.fromkeys(candidates):
            if found := listed_voices(await self._fetched(url)):
                return found
        return []

    async def _clones(self) -> list[Voice]:
        """One's own voices; [] also for an account that may have none."""
        try:
            return cloned_voices(await self._fetched(self._routes.clones))
        except Refused:
            return []

    async def _fetched(self, url: URL) -> bytes:
        """A list of the service; b"" where it has none or does not give it now.

        Raises:
            RunError: what makes all requests fail.
        """
        try:
            async with exchange(
                self._line.session, "GET", url, key=self._key, timeout_s=_LIST_S, judge=judged
            ) as answer:
                return await answer.whole()
        except (BadKey, QuotaUsedUp):
            raise
        except Unavailable as exc:
            if exc.connected:
                return b""
            raise Unreachable(exc.what, advice=exc.advice) from exc
        except SpeechError as exc:
            if self._settings.model.is_legacy and type(exc) is Refused:
                raise
            return b""

    @property
    def _line(self) -> Line:
        if self._open_line is None:
            raise RuntimeError("this provider is used before it is entered")
        return self._open_line

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._open_line = Line(
            session=open_session(self._timeout_s, headers, anywhere=self._is_named),
            sockets=Sockets(self._timeout_s, headers, anywhere=self._is_named, takes_turns=True),
            routes=self._routes,
            settings=self._settings,
            service=self._service,
            key=self._key,
            idle_s=self._timeout_s / 2,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        line, self._open_line = self._line, None
        await line.sockets.close()
        await line.session.close()
