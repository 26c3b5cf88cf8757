"""The one file that names concrete classes: which reader, provider, store, encoder stands behind each port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from narrator.config import Config, Rendering, limits_of
from narrator.errors import ConfigError
from narrator.manuscript.reading import is_manuscript, read_manuscript
from narrator.mastering.aac_rates import aac_rate_hz
from narrator.mastering.mp3_rates import mp3_rate_hz
from narrator.mastering.other_rates import flac_rate_hz, opus_rate_hz, wav_rate_hz
from narrator.ports import Provider, TakeStore
from narrator.project import Project
from narrator.providers.catalog import create_provider
from narrator.providers.prices import list_price
from narrator.publishing.read_along_book import MEDIA_TYPES
from narrator.rendering.ledger import SqliteLedger
from narrator.rendering.shared import SharedAccount
from narrator.rendering.takes import TakeFolder

if TYPE_CHECKING:
    from narrator.mastering.joined import Joined
    from narrator.mastering.promise import EncoderFactory
    from narrator.publishing.tags import Tags

__all__ = [
    "check_delivery",
    "encoder_factories",
    "file_rates",
    "is_manuscript",
    "joiner_of",
    "open_ledger",
    "open_provider",
    "open_takes",
    "read_manuscript",
    "shared_account",
    "suffix_of",
    "tagger_of",
]

Joiner = Callable[[Sequence[Path], Path, Sequence[str], Callable[[], bool]], "Joined"]
"""(pieces, path, titles of the chapters, whether to stop) to what was written there."""

Tagger = Callable[[Path, "Tags"], None]


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
        ConfigError: a format does not have that bitrate at that rate, or cannot hold a whole book.
    """
    file_rates(config, rate_hz)
    delivery = config.delivery
    apart = [name for name in delivery.formats if name not in _JOINED]
    problems = []
    limits = limits_of(config)
    if limits and not any(map(limits.takes, delivery.formats)):
        problems.append(
            f"delivery.formats: the profile {delivery.profile!r} is of {', '.join(limits.formats)} and not of "
            f"{', '.join(delivery.formats)}, which --format named now or in an earlier run"
        )
    if delivery.one_file and apart:
        problems.append(
            f"delivery.one_file: {', '.join(apart)}: one file of a whole book is {', '.join(_JOINED)}"
        )
    if "read-along" in delivery.extras and delivery.formats and MEDIA_TYPES.keys().isdisjoint(delivery.formats):
        names = ", ".join(MEDIA_TYPES)
        problems.append(f"delivery.extras: a read-along book has its sound as {names}: make one of these, too")
    if problems:
        raise ConfigError(
            "The delivery cannot be made", tuple(problems), advice="Choose another of delivery.formats."
        )


_JOINED = ("mp3", "m4b", "wav")


def file_rates(config: Config, rate_hz: int) -> dict[str, int]:
    """The sample rate of the files of each format that is wanted, of a master at `rate_hz`.

    Raises:
        ConfigError: a format does not have that bitrate at that rate.
    """
    delivery = config.delivery
    wanted = delivery.rate_hz or rate_hz
    every: dict[str, Callable[[], int]] = {
        "mp3": lambda: mp3_rate_hz(wanted, delivery.mp3_kbps, mode=delivery.mp3_mode),
        "m4b": lambda: aac_rate_hz(wanted, delivery.m4b_kbps),
        "opus": lambda: opus_rate_hz(delivery.opus_kbps),
        "flac": lambda: flac_rate_hz(wanted),
        "wav": lambda: wav_rate_hz(wanted),
    }
    return {name: every[name]() for name in dict.fromkeys(delivery.formats)}


def encoder_factories(config: Config) -> dict[str, EncoderFactory]:
    """An encoder for each format that is wanted."""
    from narrator.mastering.aac import AacEncoder  # noqa: PLC0415 - brings numpy and libav, for renders alone
    from narrator.mastering.flac import FlacEncoder  # noqa: PLC0415 - as above
    from narrator.mastering.mp3 import Mp3Encoder  # noqa: PLC0415 - as above
    from narrator.mastering.opus import OpusEncoder  # noqa: PLC0415 - as above
    from narrator.mastering.wav import WavEncoder  # noqa: PLC0415 - as above

    wish = config.delivery
    every: dict[str, EncoderFactory] = {
        "mp3": lambda path, rate_hz: Mp3Encoder(
            path,
            rate_hz,
            wish.mp3_kbps,
            mode=wish.mp3_mode,
            vbr_quality=wish.mp3_vbr_quality,
            quality=wish.encoding,
        ),
        "m4b": lambda path, rate_hz: AacEncoder(path, rate_hz, wish.m4b_kbps, quality=wish.encoding),
        "opus": lambda path, rate_hz: OpusEncoder(path, rate_hz, wish.opus_kbps, quality=wish.encoding),
        "flac": FlacEncoder,
        "wav": WavEncoder,
    }

    def at_its_rate(name: str) -> EncoderFactory:
        return lambda path, rate_hz: every[name](path, file_rates(config, rate_hz)[name])

    return {name: at_its_rate(name) for name in dict.fromkeys(wish.formats)}


def joiner_of(name: str) -> Joiner:
    """How the pieces of chapters become one file of a format."""
    match name:
        case "m4b":
            from narrator.mastering.m4b import join_m4b  # noqa: PLC0415 - as above

            return join_m4b
        case "mp3":
            from narrator.mastering.mp3_join import join_mp3  # noqa: PLC0415 - as above

            return lambda pieces, path, _, should_stop: join_mp3(pieces, path, should_stop)
        case "wav":
            from narrator.mastering.wav_join import join_wav  # noqa: PLC0415 - as above

            return lambda pieces, path, _, should_stop: join_wav(pieces, path, should_stop)
    raise ValueError(f"there is no file of a whole book as {name}")


def tagger_of(name: str) -> Tagger | None:
    """What writes the tags of a format; None where it has none."""
    match name:
        case "mp3":
            from narrator.publishing.id3_tags import tag_mp3  # noqa: PLC0415 - as above

            return tag_mp3
        case "m4b":
            from narrator.publishing.mp4_tags import tag_m4b  # noqa: PLC0415 - as above

            return tag_m4b
        case "wav":
            from narrator.publishing.wav_tags import tag_wav  # noqa: PLC0415 - as above

            return tag_wav
        case "flac":
            from narrator.publishing.vorbis_tags import tag_flac  # noqa: PLC0415 - as above

            return tag_flac
        case "opus":
            from narrator.publishing.vorbis_tags import tag_opus  # noqa: PLC0415 - as above

            return tag_opus
    return None
