"""What a Chatterbox server says of itself: its health, its models and languages, and its library of voices.

https://github.com/travisvn/chatterbox-tts-api (`/health`, `/languages`, `/models`, `/voices`). Nothing of it is
asked for under `/v1`, where not all of it is.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from narrator.errors import AttemptError, BadTake, SegmentError, StreamBroken, Unavailable, Unreachable
from narrator.model import SpeechModel, Voice
from narrator.providers.chatterbox_turns import VoiceTurns
from narrator.providers.chatterbox_wishes import Sample
from narrator.providers.complaints import quotable
from narrator.providers.wire import exchange, service_name
from narrator.providers.wire_json import json_object

MAX_CHARACTERS = 3000
DEFAULT_VOICE = "alloy"

_ENGLISH = "en"
_OPENAI_VOICES = frozenset({"alloy", "echo", "fable", "nova", "onyx", "shimmer"})
_ASK_S = 30.0
_HEALTH_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_LOG_ADVICE = "Its own log says more; it must be started again."
_LOG = logging.getLogger("narrator")


@dataclass(frozen=True, slots=True)
class LibraryVoice:
    """A voice of the server's library; its language is the one that it makes the model speak."""

    name: str
    language: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """The voices that a server has, as it looks them up: by the very name, or an alias."""

    voices: tuple[LibraryVoice, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for voice in self.voices for name in (voice.name, *voice.aliases))

    def has(self, name: str) -> bool:
        """Whether a request for this voice is spoken with the voice that is meant.

        A name of OpenAI's that is not in the library is the server's default voice, in English. So is any
        other unknown name there; not with us.
        """
        return name in self.names or name.lower() in _OPENAI_VOICES


class Host:
    """A server, while a session to it is open. Nothing is asked for longer than `patience_s`."""

    def __init__(self, session: aiohttp.ClientSession, root: URL, patience_s: float) -> None:
        self.session = session
        self._root = root
        self._service = service_name(root)
        self._patience_s = patience_s
        self.max_characters = MAX_CHARACTERS
        self.turns = VoiceTurns()

    async def ready(self) -> None:
        """Wait until the model is loaded, which takes minutes where it must be downloaded first.

        Raises:
            Unreachable: there is no such server, or it cannot load its model.
            AttemptError: it does not answer, or has not loaded it in time.
        """
        pause_s, told = _FIRST_PAUSE_S, ""
        try:
            async with asyncio.timeout(self._patience_s):
                while not (health := await self._health())["model_loaded"]:
                    if (progress := _progress_in(health)) != told:
                        _LOG.debug("%s is not ready yet: %s", self._service, progress)
                        told = progress
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        except TimeoutError as exc:
            raise Unavailable(
                f"{self._service} has not loaded its model within {self._patience_s:g} s: {told}",
                advice="Run the same command again once it has, or raise rendering.timeout_s.",
            ) from exc
        if told:
            _LOG.debug("%s is ready", self._service)
        limits = health.get("config")
        longest = limits.get("max_total_length") if isinstance(limits, dict) else None
        self.max_characters = min(longest, MAX_CHARACTERS) if isinstance(longest, int) else MAX_CHARACTERS
        with suppress(AttemptError):  # whether requests fail is theirs to tell
            # A default voice that was deleted makes them fail until somebody asks which one it is.
            await self.default_voice()

    async def library(self) -> Library:
        """The library as it is now; an older server has none.

        Raises:
            SpeechError: it does not answer.
        """
        listed = await self._ask_newer("voices", "voices")
        return Library(tuple(voice for item in listed if (voice := _library_voice(item))))

    async def voices(self) -> list[Voice]:
        """Every name that can be asked for, with the languages that it speaks on the model that is loaded.

        Raises:
            SpeechError: it does not answer.
        """
        library, languages = await self.library(), await self.languages()
        found = []
        for voice in library.voices:
            spoken = voice.language if not languages or voice.language in languages else languages[0]
            found.append(Voice(voice.name, languages=(spoken,)))
            found += [Voice(alias, voice.name, (spoken,), f"alias of {voice.name}") for alias in voice.aliases]
        if DEFAULT_VOICE not in library.names:
            named = await self.default_voice()
            description = "the server's default voice" + (f": {named}, in English" if named else "")
            found.append(Voice(DEFAULT_VOICE, languages=(_ENGLISH,), description=description))
        return found

    async def default_voice(self) -> str:
        """The name of the library's voice that is the default one; '' where it is none of these.

        Raises:
            SpeechError: it does not answer.
        """
        try:
            found = await self._ask("voices/default")
        except Unreachable:  # an older server
            return ""
        return str(found.get("default_voice") or "")

    async def languages(self) -> tuple[str, ...]:
        """The codes of the languages that the loaded model speaks; () where the server does not say.

        Raises:
            RunError: it refuses to.
        """
        try:
            listed = await self._ask_newer("languages", "languages")
        except AttemptError:  # it can speak without telling
            return ()
        codes = (item.get("code") for item in listed)
        return tuple(code for code in codes if isinstance(code, str))

    async def models(self) -> list[SpeechModel]:
        """The models that it names; which of them is loaded is decided where it was started.

        Raises:
            SpeechError: it does not answer.
        """
        languages = await self.languages()
        names = [item.get("id") for item in await self._ask_newer("models", "data")]
        return [
            SpeechModel(name, languages=languages, max_characters=self.max_characters)
            for name in names
            if isinstance(name, str)
        ]

    async def add_voice(self, name: str, sample: Sample, language: str) -> Voice:
        """Put a voice into the library.

        Raises:
            SpeechError: the server refuses it or does not answer.
        """
        form = form_with(sample, {"voice_name": name, "language": language})
        async with exchange(self.session, "POST", self._root / "voices", form=form) as answer:
            json_object(await answer.whole(), self._service)
        return Voice(name, languages=(language,))

    async def _health(self) -> dict[str, Any]:
        # Half of the time, so that a server that is silent is not taken for one that loads its model.
        health = await self._ask("health", min(_HEALTH_S, self._patience_s / 2))
        if "model_loaded" not in health:
            raise Unreachable(
                f"What answers at {self._service} is no Chatterbox TTS API: it tells of no model.",
                advice="Check the base URL. Other servers may speak OpenAI's protocol: --provider openai",
            )
        if health.get("initialization_state") == "error":
            why = quotable(str(health.get("initialization_error") or "it does not say why"))
            raise Unreachable(f"{self._service} cannot load its model: {why}", advice=_LOG_ADVICE)
        return health

    async def _ask_newer(self, path: str, name: str) -> Sequence[dict[str, Any]]:
        """The objects that a list of an answer has; none where an older server has no such route."""
        try:
            listed = (await self._ask(path)).get(name)
        except Unreachable:
            return ()
        return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else ()

    async def _ask(self, path: str, timeout_s: float = _ASK_S) -> dict[str, Any]:
        timeout_s = min(timeout_s, self._patience_s)
        try:
            async with exchange(self.session, "GET", self._root / path, timeout_s=timeout_s) as answer:
                return json_object(await answer.whole(), self._service)
        except (BadTake, StreamBroken, SegmentError) as exc:  # no text was sent, and nothing spoken
            raise Unavailable(f"{exc.what} (asked for /{path})") from exc


def form_with(sample: Sample, fields: Mapping[str, object]) -> aiohttp.FormData:
    """A form with a recording in it, which goes without the name that it has here."""
    form = aiohttp.FormData({name: str(value) for name, value in fields.items()})
    # As a file, and not as bytes, it does not keep the event loop from all else.
    form.add_field("voice_file", io.BytesIO(sample.data), filename=f"voice_sample{sample.suffix}")
    return form


def _progress_in(health: Mapping[str, Any]) -> str:
    return quotable(str(health.get("initialization_progress") or health.get("status") or ""))


def _library_voice(item: dict[str, Any]) -> LibraryVoice | None:
    name, aliases = item.get("name"), item.get("aliases")
    if not isinstance(name, str):
        return None
    return LibraryVoice(
        name,
        str(item.get("language") or _ENGLISH),
        tuple(map(str, aliases)) if isinstance(aliases, list) else (),
    )
