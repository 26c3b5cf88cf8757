"""What providers offer: which there are, their voices and models, and how to have another voice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import TypeVar

from narrator.config import Config, Speech
from narrator.durable import disk_errors
from narrator.errors import UsageError
from narrator.model import SpeechModel, Voice
from narrator.ports import ModelLister, Provider, VoiceCloner
from narrator.providers.catalog import Listing, listings
from narrator.wiring import open_provider

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose voices or models are asked for; '' and nothing mean what is usual for the provider."""

    provider: str
    base_url: str = ""
    model: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A voice that lies in a folder now. `sha256` is its model's, by which the same one is fetched again."""

    voice: Voice
    model: Path
    sha256: str


def providers() -> Sequence[Listing]:
    """The providers that are installed, narrator's own first."""
    return listings()


def voices(asked: Asked) -> Sequence[Voice]:
    """The voices of a provider, () where it cannot tell.

    Raises:
        UsageError: no such provider, or a setting that it does not have.
        SpeechError: it refuses the key or cannot be reached.
    """
    return _answer(asked, lambda provider: provider.voices())


def models(asked: Asked) -> Sequence[SpeechModel]:
    """The models of a provider.

    Raises:
        UsageError: as for `voices`; or the provider has none to choose from.
        SpeechError: it refuses the key or cannot be reached.
    """

    async def ask(provider: Provider) -> Sequence[SpeechModel]:
        if not isinstance(provider, ModelLister):
            raise UsageError(
                f"The provider {asked.provider!r} does not say which models it has.",
                advice="`narrator voices --provider ...` lists its voices.",
            )
        return await provider.models()

    return _answer(asked, ask)


def clone(asked: Asked, name: str, sample: Path, language: str = "") -> Voice:
    """Have a provider make a voice of a recording.

    Raises:
        UsageError: as for `voices`; or the provider clones no voices, or the sample is nothing that it takes.
        SpeechError: it refuses, or cannot be reached.
    """

    async def ask(provider: Provider) -> Voice:
        if not isinstance(provider, VoiceCloner):
            raise UsageError(
                f"The provider {asked.provider!r} makes no voices of recordings.",
                advice="`narrator providers` tells which ones clone voices.",
            )
        return await provider.clone(name, sample, language=language)

    return _answer(asked, ask)


def download(
    voice: str,
    folder: Path | None = None,
    *,
    repository: str = "",
    sha256: str = "",
    watch: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Downloaded:
    """Fetch a voice of Piper by name or by address; `piper_download.download_voice` says how.

    Raises:
        UsageError: the address or the checksum is none, or there is no such file.
        SpeechError: there is no such voice, or it cannot be had whole.
        DiskError: it cannot be written.
    """
    from narrator.providers.piper_download import download_voice  # noqa: PLC0415 - brings aiohttp
    from narrator.providers.voice_files import voices_folder  # noqa: PLC0415 - as above

    into = (folder or voices_folder()).expanduser()
    found = asyncio.run(download_voice(voice, into, repository=repository, sha256=sha256, watch=watch))
    with disk_errors(f"Reading {found.model}"), found.model.open("rb") as model:
        return Downloaded(found.facts.as_voice, found.model, file_digest(model, "sha256").hexdigest())


def _answer(asked: Asked, question: Callable[[Provider], Awaitable[_Answer]]) -> _Answer:
    speech = Speech(
        provider=asked.provider, base_url=asked.base_url, model=asked.model, options=dict(asked.options)
    )

    async def ask() -> _Answer:
        async with open_provider(Config(speech=speech)) as provider:
            return await question(provider)

    return asyncio.run(ask())
