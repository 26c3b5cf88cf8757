"""A lock a job, held while a run of it works; the system frees it when its holder is gone, however it went."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout, lock_descriptor

from narrator.durable import disk_errors
from narrator.errors import ProjectLocked
from narrator.jobs.job import JobName

_PATIENCE_S = 0.5
"""Whoever asks whether a lock is held has it for a moment: to take it, one must look more than once."""

_HOLDER_CHARACTERS = 200


@contextmanager
def hold(folder: Path, job: JobName) -> Iterator[None]:
    """Be the only process that works for this job. `folder` is the state folder of the jobs file.

    Raises:
        ProjectLocked: another process does; it is named.
        DiskError: the folder cannot be written.
    """
    path = _lock_file(folder, job)
    holder = path.with_suffix(".holder")
    # A file system without locks must not be given one that outlives its holder.
    lock = FileLock(path, fallback_to_soft=False)
    with disk_errors(f"Locking {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=_PATIENCE_S, poll_interval=0.05)
        except Timeout as exc:
            raise ProjectLocked(
                f"Job {job} is running already: {_first_line(holder)}.",
                advice="Wait for it, or stop it with Ctrl-C where it runs.",
            ) from exc
    try:
        since = datetime.now(tz=UTC).astimezone().isoformat(timespec="seconds")
        with suppress(OSError):  # the lock holds without it
            holder.write_text(
                f"process {os.getpid()} on {socket.gethostname()}, since {since}\n", encoding="utf-8"
            )
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def is_locked(folder: Path, job: JobName) -> bool:
    """Whether a process works for this job now. Makes no file, and does not disturb who holds the lock.

    Raises:
        DiskError: the lock cannot be looked at.
    """
    path = _lock_file(folder, job)
    # A monitor may only read; a network file system locks only what is open for writing.
    mode = os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY
    with disk_errors(f"Looking at {path}"):
        try:
            descriptor = os.open(path, mode)
        except FileNotFoundError:
            return False
        try:
            return not lock_descriptor(descriptor, blocking=False)
        finally:
            os.close(descriptor)


def _lock_file(folder: Path, job: JobName) -> Path:
    return folder / "locks" / f"{job}.lock"


def _first_line(holder: Path) -> str:
    try:
        told = holder.read_text(encoding="utf-8", errors="replace")[:_HOLDER_CHARACTERS].partition("\n")[0]
    except OSError:
        told = ""
    return told or "it did not say which process it is"
