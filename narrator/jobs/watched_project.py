"""A project that a job renders: what a person changes in its folder, taken as one file."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from narrator.durable import reading
from narrator.errors import UsageError
from narrator.jobs.history import Item, ItemRecord
from narrator.jobs.quiet import WatchedFile

_SETTINGS = "project.toml"
_LEXICON = "lexicon.toml"
_SOURCE = "source"


def project_file(folder: Path) -> WatchedFile:
    """The settings, the lexicon and the kept manuscript of a project, which change as one.

    Raises:
        UsageError: it is not there, is no project, or cannot be read.
    """
    parts = list(_parts(folder).values())
    return WatchedFile(folder, " ".join(part.stat for part in parts), max(part.changed_s for part in parts))


def item_of(folder: Path, known: Mapping[str, ItemRecord]) -> Item:
    """A project, to be rendered; its digest is that of its settings, lexicon and manuscript together.

    Raises:
        UsageError: as `project_file`.
    """
    file = project_file(folder)
    record = known.get(str(folder))
    digest = record.digest if record and record.stat == file.stat else _digest_of(folder)
    return Item(str(folder), digest, folder, file.stat)


def _digest_of(folder: Path) -> str:
    whole = hashlib.sha256()
    for name, part in _parts(folder).items():
        with reading(part.path), suppress(FileNotFoundError), part.path.open("rb") as opened:
            whole.update(name.encode(errors="surrogateescape") + b"\0")
            whole.update(hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()


def _parts(folder: Path) -> dict[str, WatchedFile]:
    """The files that are there, by their names in the folder, in order."""
    with reading(folder):
        kept = [path for path in (folder / _SOURCE).glob("*") if not path.name.startswith(".")]
        parts = {}
        for path in (folder / _SETTINGS, folder / _LEXICON, *sorted(kept)):
            with suppress(FileNotFoundError, NotADirectoryError):
                found = path.stat()
                if stat.S_ISREG(found.st_mode):
                    parts[path.relative_to(folder).as_posix()] = WatchedFile.at(path, found)
    if _SETTINGS not in parts:
        raise UsageError(
            f"{folder} is no narrator project: it has no {_SETTINGS}.",
            advice="Check the path; if it is on a disk or a server of its own, connect that.",
        )
    return parts
