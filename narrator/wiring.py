"""The one file that names concrete classes: which reader, provider, store, encoder stands behind each port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from platformdirs import user_state_path

from narrator.config import Config, Rendering
from narrator.manuscript.reading import is_manuscript, read_manuscript
from narrator.mastering.mp3_rates import mp3_rate_hz
from narrator.ports import Encoder, Provider, TakeStore
from narrator.project import Project
from narrator.providers.catalog import create_provider
from narrator.providers.prices import list_price
from narrator.rendering.ledger import SqliteLedger
from narrator.rendering.shared import SharedAccount
from narrator.rendering.takes import TakeFolder

__all__ = [
    "EncoderFactory",
    "check_delivery",
    "encoder_factories",
    "is_manuscript",
    "open_ledger",
    "open_provider",
    "open_takes",
    "read_manuscript",
    "shared_account",
    "suffix_of",
]

EncoderFactory = Callable[[Path, int], Encoder]
"""(path, rate of the master in Hz) to an encoder that writes there."""


def suffix_of(data: bytes) -> str:
    """How the name of a file would end that holds these bytes of text; other formats tell by themselves."""
    from narrator.manuscript.encoding import decode  # noqa: PLC0415 - for standard input alone
    from narrator.manuscript.markdown import looks_like_markdown  # noqa: PLC0415 - as above

    return ".md" if looks_like_markdown(decode(data)) else ".txt"


def open_provider(config: Config) -> Provider:
    """The provider that a configuration names, not yet connected.

    Raises:
        UsageError: no such provider, or a setting that it does not have.
    """
    return create_provider(config.speech, config.rendering)


def open_takes(project: Project) -> TakeFolder:
    return TakeFolder(project.takes_folder, project.quarantine_folder)


def open_ledger(
    project: Project, provider: Provider, wishes: Rendering, takes: TakeStore, others: Sequence[Provider] = ()
) -> SqliteLedger:
    """The ledger of a project for one run. Call it under the project's lock.

    `others` are those whose takes may be in the project, too.

    Raises:
        UsageError: a limit on cost, and no price.
        DiskError: it cannot be read or written.
    """
    price = provider.capabilities.usd_per_million_characters

    prices = {
        (each.name, each.model): each.capabilities.usd_per_million_characters for each in (*others, provider)
    }

    def price_of(name: str, model: str) -> float | None:
        if (name, model) in prices:
            return prices[name, model]
        listed = list_price(name, model)
        return listed.usd_per_million_characters if listed else None

    return SqliteLedger.open(
        project.ledger_file,
        takes=project.takes_folder,
        account=provider.account,
        usd_per_million=price,
        price_of=price_of,
        has_take=takes.has,
        max_cost_usd=wishes.max_cost_usd,
        max_characters=wishes.max_characters,
    )


def shared_account(provider: Provider) -> SharedAccount | None:
    """Where the processes that use one account keep its limits; None for a voice of this machine."""
    if provider.capabilities.is_local:
        return None
    return SharedAccount(user_state_path("narrator") / "accounts", provider.account)


def check_delivery(config: Config, rate_hz: int) -> None:
    """Find out before any work whether the files that are wanted can be made of sound at `rate_hz`.

    Raises:
        ConfigError: a format does not have that bitrate at that rate.
    """
    if "mp3" in config.delivery.formats:
        mp3_rate_hz(rate_hz, config.delivery.mp3_kbps)


def encoder_factories(config: Config) -> dict[str, EncoderFactory]:
    """An encoder for each format that is wanted."""
    from narrator.mastering.mp3 import Mp3Encoder  # noqa: PLC0415 - brings numpy and libav, for renders alone
    from narrator.mastering.wav import WavEncoder  # noqa: PLC0415 - as above

    every: dict[str, EncoderFactory] = {
        "mp3": lambda path, rate_hz: Mp3Encoder(path, rate_hz, kbps=config.delivery.mp3_kbps),
        "wav": WavEncoder,
    }
    return {name: every[name] for name in dict.fromkeys(config.delivery.formats)}
