"""What a bug report needs to know of an installation: nothing secret, and nothing of any book."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from narrator.config import Config
from narrator.errors import NarratorError
from narrator.providers.catalog import listings
from narrator.providers.keys import find_key
from narrator.version import __version__
from narrator.wiring import open_provider

_PACKAGES = (
    "hibari-tts",
    "onnxruntime",
    "numpy",
    "scipy",
    "soxr",
    "lameenc",
    "av",
    "mutagen",
    "lxml",
    "sentencex",
)
_SCARCE_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and whether that is well."""

    about: str
    found: str
    is_well: bool = True


def examine(projects: Path) -> Iterator[Finding]:
    """Look at versions, the embedded voice, keys (whether they are there) and the disk of `projects`."""
    yield Finding("narrator", __version__)
    yield Finding("Python", f"{sys.version.split()[0]} on {platform.platform()}")
    yield Finding("cores", str(os.cpu_count()))
    yield from map(_package, _PACKAGES)
    yield _embedded_voice()
    for listing in listings():
        if variable := listing.key_variable:
            yield _key(listing.name, variable)
    yield _disk(projects)


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "not installed; pip install --force-reinstall narrator", is_well=False)


def _key(provider: str, variable: str) -> Finding:
    try:
        found = f"{variable} is {'set' if find_key(variable) else 'not set'}"
    except NarratorError as exc:
        return Finding(f"key of {provider}", exc.what, is_well=False)
    return Finding(f"key of {provider}", found)


def _embedded_voice() -> Finding:
    try:
        provider = open_provider(Config())
        return Finding("embedded voice", f"{provider.voice}, model {provider.voice_digest[:12]}")
    except NarratorError as exc:
        return Finding("embedded voice", exc.what, is_well=False)


def _disk(projects: Path) -> Finding:
    folder = projects.absolute()
    try:
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        return Finding("projects", f"{projects}: {exc.strerror}", is_well=False)
    is_writable = os.access(folder, os.W_OK)
    found = f"{projects}: {free / 1e9:.1f} GB free{'' if is_writable else ', not writable'}"
    return Finding("projects", found, is_well=is_writable and free > _SCARCE_BYTES)
