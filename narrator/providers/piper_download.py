"""Fetching a voice of Piper: its two files, whole and proven by their checksums, or nothing.

A repository has a `voices.json` at its root: {name: {"aliases": [...], "files": {path: {"size_bytes",
"md5_digest"}}}}, as https://huggingface.co/rhasspy/piper-voices has it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Any

from yarl import URL

from narrator.durable import disk_errors, part_of, publish
from narrator.errors import UnknownVoice, Unreachable, UsageError
from narrator.providers.piper_fetch import Web, shown, web_address
from narrator.providers.settings import nearest
from narrator.providers.voice_files import (
    CONFIG_SUFFIX,
    MODEL_SUFFIX,
    MOST_CONFIG_BYTES,
    VoiceFile,
    config_of,
    facts_of,
    read_voice,
)

REPOSITORY = "https://huggingface.co/rhasspy/piper-voices/resolve/main"
MOST_MODEL_BYTES = 1 << 30
MOST_INDEX_BYTES = 32 << 20
_HASHED_BYTES = 1 << 20
_FILE_NAME = re.compile(r"\w[\w.+-]{0,120}")
_DIGEST = re.compile(r"[0-9a-f]+")
_INDEX = "voices.json"

Watch = Callable[[str, int, int | None], None]
"""Told of a file's name, how many of its bytes have come, and how many there are, where that is known."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file to be fetched. `digests` are names of algorithms and hexadecimal digits."""

    url: URL
    name: str
    most_bytes: int
    digests: tuple[tuple[str, str], ...] = ()


async def download_voice(
    voice: str, folder: Path, *, repository: str = "", sha256: str = "", watch: Watch = lambda *_: None
) -> VoiceFile:
    """Fetch a voice by its name in a repository, '' for Piper's own, or by the address of its model.

    The address of a model has its checksum beside it: `sha256`. What is there already, by its checksum, is not
    fetched again; another voice of that name is replaced.

    Raises:
        UsageError: the address or the checksum is none, there is no such file, or there is no checksum.
        UnknownVoice: the repository has no such voice.
        SpeechError: the repository cannot be reached, or does not send what the checksums say.
        DiskError: the files cannot be written.
    """
    digest = _checked_digest(sha256)
    by_address = "://" in voice
    if by_address and repository:
        raise UsageError(
            "The voice is named by an address of its own.", advice="Leave out --from, or name a voice."
        )
    root = web_address(voice if by_address else repository or REPOSITORY)
    async with Web(named=(root.host or "") if by_address or repository else "") as web:
        found = _by_address(root, digest) if by_address else await _by_name(web, root, voice, digest)
        model, config = found
        missing = [each for each in (config, model) if not _is_there(folder / each.name, each)]
        with contextlib.ExitStack() as parts:
            fetched = [(await _fetch(web, each, folder, parts, watch), folder / each.name) for each in missing]
            with disk_errors(f"Writing {folder / model.name}"):
                for part, path in fetched:
                    publish(part, path)
    return read_voice(folder / model.name)


def _checked_digest(sha256: str) -> str:
    digest = sha256.strip().lower().removeprefix("sha256:")
    if digest and not (len(digest) == 64 and _DIGEST.fullmatch(digest)):
        raise UsageError("A SHA-256 is 64 hexadecimal digits.", advice="Copy it again: --sha256 HEX")
    return digest


def _by_address(url: URL, sha256: str) -> tuple[_Wanted, _Wanted]:
    """Raises UsageError."""
    name = url.name
    if not name.endswith(MODEL_SUFFIX) or not _FILE_NAME.fullmatch(name):
        raise UsageError(
            f"{shown(url)} is not the address of a model.",
            advice="It ends in .onnx; its .onnx.json is found beside it.",
        )
    if not sha256:
        raise UsageError(
            f"What comes from {url.host} is to be proven by its checksum.",
            advice="Give it: --sha256 HEX. Or name a voice of a repository that lists them: --from URL",
        )
    beside = url.with_path(f"{url.raw_path}.json", encoded=True).with_query(url.query)
    config = _Wanted(beside, name.removesuffix(MODEL_SUFFIX) + CONFIG_SUFFIX, MOST_CONFIG_BYTES)
    return _Wanted(url, name, MOST_MODEL_BYTES, (("sha256", sha256),)), config


async def _by_name(web: Web, root: URL, voice: str, sha256: str) -> tuple[_Wanted, _Wanted]:
    """Raises UnknownVoice, SpeechError."""
    root = root.parent if root.name == _INDEX else root
    index = _index_in(await web.whole(root / _INDEX, most_bytes=MOST_INDEX_BYTES), root)
    entry = index.get(voice) or next((each for each in index.values() if voice in _list(each, "aliases")), None)
    if entry is None:
        raise UnknownVoice(
            f"{shown(root)} has no voice {voice!r}; {nearest(voice, index)}",
            advice=f"{root / _INDEX} lists them all.",
        )
    files = entry.get("files")
    paths = files if isinstance(files, dict) else {}
    model = _listed(root, paths, MODEL_SUFFIX, MOST_MODEL_BYTES)
    config = _listed(root, paths, CONFIG_SUFFIX, MOST_CONFIG_BYTES)
    if model is None or config is None or config.name != model.name.removesuffix(MODEL_SUFFIX) + CONFIG_SUFFIX:
        raise Unreachable(f"{shown(root)} lists no files with checksums for the voice {voice!r}.")
    if sha256:
        model = _Wanted(model.url, model.name, model.most_bytes, (*model.digests, ("sha256", sha256)))
    return model, config


def _index_in(data: bytes, root: URL) -> Mapping[str, Mapping[str, Any]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreachable(
            f"{root / _INDEX} is no list of voices.", advice="Name a repository of Piper: --from URL"
        )
    return {name: entry for name, entry in found.items() if isinstance(entry, dict)}


def _listed(root: URL, paths: Mapping[str, Any], suffix: str, most_bytes: int) -> _Wanted | None:
    """The one file of an entry whose name ends so; None where there is not one, or it is not to be trusted."""
    found = [(path, said) for path, said in paths.items() if path.endswith(suffix) and isinstance(said, dict)]
    if len(found) != 1:
        return None
    path, said = found[0]
    steps = PurePosixPath(path).parts
    md5, size = str(said.get("md5_digest", "")).lower(), said.get("size_bytes")
    if path.startswith("/") or "\\" in path or ".." in steps or not _FILE_NAME.fullmatch(steps[-1]):
        return None
    if len(md5) != 32 or not _DIGEST.fullmatch(md5):
        return None
    most = min(size, most_bytes) if isinstance(size, int) and size > 0 else most_bytes
    return _Wanted(root.joinpath(*steps), steps[-1], most, (("md5", md5),))


def _list(entry: Mapping[str, Any], name: str) -> list[Any]:
    found = entry.get(name)
    return found if isinstance(found, list) else []


def _is_there(path: Path, wanted: _Wanted) -> bool:
    """Whether a file holds already what is wanted, as far as its checksum is known."""
    if not wanted.digests:
        return False
    try:
        with path.open("rb") as file:
            digests = _Digests(wanted)
            while data := file.read(_HASHED_BYTES):
                digests.update(data)
    except OSError:
        return False
    return digests.agree


async def _fetch(web: Web, wanted: _Wanted, folder: Path, parts: contextlib.ExitStack, watch: Watch) -> Path:
    """A synced file beside its final name, with what its checksums say; it is removed as `parts` are left."""
    part = part_of(folder / wanted.name)
    digests, received = _Digests(wanted), 0
    with disk_errors(f"Writing to {folder}"), _new_file(part, parts) as file:
        async with contextlib.aclosing(web.pieces(wanted.url, most_bytes=wanted.most_bytes)) as pieces:
            async for data, length in pieces:
                digests.update(data)
                _write(file.fileno(), data)
                received += len(data)
                watch(wanted.name, received, length)
        os.fsync(file.fileno())
    if not digests.agree:
        raise Unreachable(
            f"{shown(wanted.url)} is not what its checksum says: {digests.found}. Nothing of it was kept.",
            advice="Try again; if it stays so, the file or the checksum was changed: do not use it.",
        )
    if wanted.name.endswith(CONFIG_SUFFIX):
        _ensure_it_describes_a_voice(part, wanted)
    return part


def _new_file(path: Path, parts: contextlib.ExitStack) -> FileIO:
    """A file that is removed as `parts` are left, unless it has another name by then. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts.callback(_remove, path)
    return path.open("xb", buffering=0)


class _Digests:
    """The checksums of a file as it comes, and whether they are those that are wanted."""

    def __init__(self, wanted: _Wanted) -> None:
        self._running = [
            (name, digest, hashlib.new(name, usedforsecurity=False)) for name, digest in wanted.digests
        ]

    def update(self, data: bytes) -> None:
        for _, _, running in self._running:
            running.update(data)

    @property
    def agree(self) -> bool:
        return all(running.hexdigest() == digest for _, digest, running in self._running)

    @property
    def found(self) -> str:
        return ", ".join(f"its {name} is {running.hexdigest()}" for name, _, running in self._running)


def _ensure_it_describes_a_voice(part: Path, wanted: _Wanted) -> None:
    with disk_errors(f"Reading {part}"):
        config = config_of(part.read_bytes())
    if config is None or facts_of(wanted.name, config) is None:
        raise Unreachable(
            f"{shown(wanted.url)} does not describe a voice of Piper.", advice="Check the address."
        )


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
