"""The one file that names concrete classes: which reader, provider, store, encoder stands behind each port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from narrator.config import Config
from narrator.manuscript.reading import is_manuscript, read_manuscript
from narrator.mastering.mp3 import Mp3Encoder, mp3_rate_hz
from narrator.mastering.wav import WavEncoder
from narrator.ports import Encoder, Provider
from narrator.project import Project
from narrator.providers.catalog import create_provider
from narrator.rendering.takes import TakeFolder

__all__ = [
    "EncoderFactory",
    "check_delivery",
    "encoder_factories",
    "is_manuscript",
    "open_provider",
    "open_takes",
    "read_manuscript",
]

EncoderFactory = Callable[[Path, int], Encoder]
"""(path, rate of the master in Hz) to an encoder that writes there."""


def open_provider(config: Config) -> Provider:
    """The provider that a configuration names, not yet connected.

    Raises:
        UsageError: no such provider, or a setting that it does not have.
    """
    return create_provider(config.speech, config.rendering)


def open_takes(project: Project) -> TakeFolder:
    return TakeFolder(project.takes_folder, project.quarantine_folder)


def check_delivery(config: Config, rate_hz: int) -> None:
    """Find out before any work whether the files that are wanted can be made of sound at `rate_hz`.

    Raises:
        ConfigError: a format does not have that bitrate at that rate.
    """
    if "mp3" in config.delivery.formats:
        mp3_rate_hz(rate_hz, config.delivery.mp3_kbps)


def encoder_factories(config: Config) -> dict[str, EncoderFactory]:
    """An encoder for each format that is wanted."""
    every: dict[str, EncoderFactory] = {
        "mp3": lambda path, rate_hz: Mp3Encoder(path, rate_hz, kbps=config.delivery.mp3_kbps),
        "wav": WavEncoder,
    }
    return {name: every[name] for name in dict.fromkeys(config.delivery.formats)}
