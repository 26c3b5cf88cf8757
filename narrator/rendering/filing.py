"""Files made durable as a group: each step is done for all of them before the next one begins.

A journal that is asked to sync once has often made the other files of the group durable on the way, and a
folder is synced once for all the names that are new in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from narrator.durable import disk_errors, part_of, sync_folder
from narrator.errors import DiskError


def write_all(files: Mapping[Path, bytes]) -> dict[Path, DiskError]:
    """Write new files beside their names, sync them, give them their names, sync the folders.

    What fails is told for each file that it concerns: nothing is left of these, the others are durable.
    """
    parts = [_Part(path, data) for path, data in files.items()]
    for step in (_Part.write, _Part.sync, _Part.publish):
        for part in parts:
            part.take(step)
    folders: dict[Path, list[_Part]] = {}
    for part in parts:
        folders.setdefault(part.path.parent, []).append(part)
    for folder, its_parts in folders.items():
        _sync_names(folder, [part for part in its_parts if part.error is None])
    return {part.path: part.error for part in parts if part.error}


def _sync_names(folder: Path, parts: list[_Part]) -> None:
    if not parts:
        return
    try:
        with disk_errors(f"Writing into {folder}"):
            sync_folder(folder)
    except DiskError as exc:
        for part in parts:
            part.fail(exc)


class _Part:
    """A file on its way to its name; once it has failed, no further step is taken."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.error: DiskError | None = None
        self._data = data
        self._beside = part_of(path)
        self._file: BinaryIO | None = None

    def take(self, step: Callable[[_Part], None]) -> None:
        if self.error is None:
            try:
                with disk_errors(f"Writing {self.path}"):
                    step(self)
            except DiskError as exc:
                self.fail(exc)

    def write(self) -> None:
        try:
            self._file = self._beside.open("xb", buffering=0)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._beside.open("xb", buffering=0)
        rest = memoryview(self._data)
        while rest:  # a disk that fills up, or a limit on the size of a file, may take a part first
            rest = rest[self._file.write(rest) :]

    def sync(self) -> None:
        if self._file is not None:
            with self._file as file:
                os.fsync(file.fileno())

    def publish(self) -> None:
        self._beside.replace(self.path)

    def fail(self, error: DiskError) -> None:
        """Leave nothing under either name."""
        self.error = error
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
        for path in (self._beside, self.path):
            with suppress(OSError):
                path.unlink(missing_ok=True)
