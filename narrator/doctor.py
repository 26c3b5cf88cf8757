"""What a bug report needs to know of an installation: nothing secret, and nothing of any book."""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import numpy as np
import platformdirs
from filelock import FileLock, Timeout

from narrator.audio.decode import PcmDecoder
from narrator.audio.pcm import Samples, to_float
from narrator.config import Config
from narrator.errors import NarratorError
from narrator.mastering.mp3 import Mp3Encoder
from narrator.model import AudioChunk, AudioFormat, Container
from narrator.providers.catalog import listings
from narrator.providers.keys import find_key, key_source, keyring_for
from narrator.version import __version__
from narrator.wiring import open_provider

_INDIRECT = ("onnxruntime",)
"""Not asked for by name, and yet what a fault of the embedded voice may come from."""

_FFMPEG = ("libavcodec", "libavformat", "libavutil", "libswresample")
_SCARCE_BYTES = 2_000_000_000
_RATE_HZ = 24_000
_TONE_HZ = 440.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and whether that is well."""

    about: str
    found: str
    is_well: bool = True


def examine(projects: Path) -> Iterator[Finding]:
    """Look at versions, the embedded voice, the encoder, keys (whether they are there), and folders.

    `projects` is where projects live. Whatever is found, the person's home folder is written as ~.
    """
    for finding in _findings(projects):
        yield Finding(finding.about, _without_home(finding.found), finding.is_well)


def _findings(projects: Path) -> Iterator[Finding]:
    yield Finding("narrator", __version__)
    yield Finding("Python", f"{platform.python_implementation()} {platform.python_version()}")
    yield Finding("system", f"{platform.platform()}, {os.cpu_count()} cores")
    yield Finding("text", _text_settings())
    yield from _packages()
    yield _ffmpeg()
    yield _embedded_voice()
    yield _mp3()
    yield Finding("keyring", _keyring())
    for listing in listings():
        if variable := listing.key_variable:
            yield _key(listing.name, variable)
    yield _folder("projects", projects)
    yield _folder("state", platformdirs.user_state_path("narrator"))


def _text_settings() -> str:
    output = getattr(sys.stdout, "encoding", None) or "none"
    language, encoding = locale.getlocale()
    files = sys.getfilesystemencoding()
    return f"locale {language or 'C'} {encoding or ''}, file names {files}, output {output}".replace(" ,", ",")


def _packages() -> Iterator[Finding]:
    present = []
    for name, is_optional in _required():
        try:
            present.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            if not is_optional:
                mend = "not installed; pip install --force-reinstall narrator"
                yield Finding(name, mend, is_well=False)
    yield Finding("packages", ", ".join(present))


def _required() -> Iterator[tuple[str, bool]]:
    """The packages that narrator names, and whether it can do without, which one with a marker says."""
    for requirement in requires("narrator") or ():
        match = re.match(r"[\w.-]+", requirement)
        if match and not re.search(r"extra == '(dev|slow|test)'", requirement):
            yield match[0], ";" in requirement
    for name in _INDIRECT:
        yield name, False


def _ffmpeg() -> Finding:
    try:
        from av import library_versions  # noqa: PLC0415 - where it cannot be loaded, that is a finding
    except ImportError as exc:
        return Finding("FFmpeg", f"PyAV cannot be loaded: {exc}", is_well=False)
    parts = (f"{name} {'.'.join(map(str, library_versions[name]))}" for name in _FFMPEG)
    return Finding("FFmpeg", ", ".join(parts))


def _embedded_voice() -> Finding:
    try:
        provider = open_provider(Config())
        return Finding("embedded voice", f"{provider.voice}, model {provider.digest_of(provider.voice)[:12]}")
    except NarratorError as exc:
        return Finding("embedded voice", exc.what, is_well=False)


def _mp3() -> Finding:
    """Encode a quarter of a second as a render would, and listen to it as a player would."""
    tone = _tone()
    try:
        with tempfile.TemporaryDirectory(prefix="narrator-doctor-") as folder:
            path = Path(folder, "tone.mp3")
            encoder = Mp3Encoder(path, _RATE_HZ, kbps=64)
            encoder.write(tone)
            encoder.close()
            data = path.read_bytes()
        decoder = PcmDecoder(_RATE_HZ)
        chunk = AudioChunk(data, AudioFormat(Container.MP3, _RATE_HZ))
        heard = to_float(decoder.feed(chunk) + decoder.finish())
    except (NarratorError, OSError) as exc:
        return Finding("MP3", f"cannot be made: {exc}", is_well=False)
    error_db = _error_db(tone, heard)
    well = len(heard) == len(tone) and error_db < -20
    found = f"{len(tone)} frames encoded, {len(heard)} decoded, {error_db:.0f} dB off"
    return Finding("MP3", found, is_well=well)


def _tone() -> Samples:
    clock = np.arange(_RATE_HZ // 4, dtype=np.float32) / np.float32(_RATE_HZ)
    tone: Samples = np.float32(0.25) * np.sin(2 * np.pi * np.float32(_TONE_HZ) * clock, dtype=np.float32)
    return tone


def _error_db(sent: Samples, heard: Samples) -> float:
    """The energy of what differs, in dB of the energy of what was sent."""
    frames = min(len(sent), len(heard))
    error = np.square(heard[:frames] - sent[:frames]).sum() / np.square(sent).sum()
    return float(10 * np.log10(max(error, 1e-12)))


def _keyring() -> str:
    """Which keyring would be given keys. To have none is well: they can be in the environment."""
    try:
        return keyring_for("NAME")
    except NarratorError as exc:
        return exc.what


def _key(provider: str, variable: str) -> Finding:
    try:
        is_set = find_key(variable) is not None
    except NarratorError as exc:
        return Finding(f"key of {provider}", exc.what, is_well=False)
    found = f"set, in the {key_source(variable)}" if is_set else "not set"
    return Finding(f"key of {provider}", f"{variable} is {found}")


def _folder(about: str, path: Path) -> Finding:
    """Whether there is room in a folder, or where it will be made, and whether its disk can do what we need.

    Nothing is left there.
    """
    folder = path.absolute()
    try:
        while not folder.is_dir():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        with tempfile.TemporaryDirectory(prefix=".narrator-doctor-", dir=folder) as probe:
            can_lock = _can_lock(Path(probe, "lock"))
    except OSError as exc:
        return Finding(about, f"{path}: cannot be written: {exc.strerror}", is_well=False)
    locks = "file locks work" if can_lock else "file locks do not work: two renders could meet here"
    there = "" if folder == path.absolute() else " (not made yet)"
    found = f"{path}{there}: {free / 1e9:.1f} GB free, writable, {locks}"
    return Finding(about, found, is_well=can_lock and free > _SCARCE_BYTES)


def _can_lock(path: Path) -> bool:
    with FileLock(path):
        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True


def _without_home(text: str) -> str:
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text
