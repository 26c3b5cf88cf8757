"""Files that are either wholly there or not there at all, and stay there when the power goes."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from narrator.errors import DiskError, UsageError

PART_SUFFIX = ".part"
"""What a file is called until it is whole."""

_PART_NAME = 60
"""So many characters of a file's name are in that of its part, which is longer."""

_PROBE_BYTES = 65_536


@contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Turn an OSError into a DiskError that says what was being done, and what to do about it."""
    try:
        yield
    except OSError as exc:
        where = f" ({exc.filename})" if exc.filename else ""
        raise DiskError(f"{doing} failed: {exc.strerror or exc}{where}.", advice=_advice(exc)) from exc


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an OSError into a UsageError that names the file; that there is none is the caller's to answer."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise UsageError(
            f"{exc.filename or path} cannot be read: {exc.strerror or exc}.",
            advice="Check the path and its permissions, and run the same command again.",
        ) from exc


def _advice(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "Free some space and run the same command again; nothing that is finished was lost."
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return "Make the folder readable and writable, or name another, and run the same command again."
    return "Look at the disk, then run the same command again; nothing that is finished was lost."


def write_durably(path: Path, data: bytes | memoryview) -> None:
    """Write a file beside its name, sync it, give it its name, sync the folder.

    Raises:
        DiskError: `path` is as it was before.
    """
    with disk_errors(f"Writing {path}"), synced_part(path, data) as beside:
        publish(beside, path)


@contextmanager
def synced_part(path: Path, data: bytes | memoryview) -> Iterator[Path]:
    """A synced file of these bytes beside `path`, to be given that name inside; removed where that fails.

    Raises OSError.
    """
    beside = part_of(path)
    try:
        with _new(beside) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        yield beside
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


@contextmanager
def made_whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write a file to; what is there at the end is synced and takes the name of `path`.

    Where writing fails nothing is left of it, and `path` is as it was. Raises OSError.
    """
    beside = part_of(path)
    try:
        yield beside
        sync_file(beside)
        publish(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def probe(path: Path) -> None:
    """Find out whether a file can be put at `path`, by one that is written beside it and removed.

    Raises:
        DiskError: no: the folder is read-only, or its disk is full.
    """
    with disk_errors(f"Writing to {path.parent}"), synced_part(path, bytes(_PROBE_BYTES)) as beside:
        beside.unlink()


def _new(path: Path) -> FileIO:
    # Most folders are there: to ask first would take as long as to write a small file.
    try:
        return path.open("xb", buffering=0)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
        return path.open("xb", buffering=0)


def part_of(path: Path) -> Path:
    """A new name in the same folder, hidden, for the time until the file is whole."""
    return path.with_name(f".{path.name[:_PART_NAME]}.{secrets.token_hex(4)}{PART_SUFFIX}")


def parts_of(paths: Iterable[Path]) -> list[Path]:
    """What was left of earlier files of these names that were never whole, by whoever wrote them.

    Each folder is looked into once. Raises OSError.
    """
    starts: dict[Path, set[str]] = {}
    for path in paths:
        starts.setdefault(path.parent, set()).add(f".{path.name[:_PART_NAME]}")
    found = []
    for folder, names in starts.items():
        with suppress(FileNotFoundError, NotADirectoryError):
            found += [part for part in folder.glob(f".*{PART_SUFFIX}") if part.stem.rpartition(".")[0] in names]
    return found


def publish(beside: Path, path: Path) -> None:
    """Give a synced file its final name, and make the name durable. Raises OSError."""
    beside.replace(path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Make what was written to a file durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
