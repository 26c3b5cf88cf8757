"""An account's slots across processes: a lock file each, which the system frees when its holder dies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

POLL_S = 0.015
"""How often a process that waits looks again; there is no way to be told."""

PATIENCE_S = 1.0
"""How long the gate is waited for: its holder may be a process that was suspended."""

OPEN_S = 1.0
"""How long a lock file stays open: for so long others may lock a new file of its name, if it was removed."""

Release = Callable[[], None]


class Slots:
    """Up to `count` requests at once, over all processes that use the same folder and stem.

    Whoever wants a slot looks for one while it holds the gate, and keeps the gate until it has one: so a slot
    that becomes free goes to the process that has waited, not back to the one that has just used it. A process
    that had to wait lets others to the gate before it comes again. Where processes name different counts, the
    account has the largest; slots are taken from the top, so that those with a smaller count find theirs.

    One caller at a time; `look` never blocks.
    """

    def __init__(self, folder: Path, stem: str, count: int) -> None:
        self._gate = _LockFile(folder / f"{stem}.gate")
        self._slots: list[_LockFile] = []
        self._stem = folder / stem
        self.resize(count)
        self._came_s: float | None = None
        self._had_to_wait = False
        self._stays_away_until_s = 0.0

    def resize(self, count: int) -> None:
        """Have another number of slots; those above it that are held are held until they are freed."""
        self._count = count
        for number in range(len(self._slots), count):
            self._slots.append(_LockFile(Path(f"{self._stem}.{number}.slot")))

    def look(self) -> Release | None:
        """Take a slot, and hand over what frees it; None where none is free for us now.

        The caller looks again after `POLL_S`, and calls `leave` once it looks no more.

        Raises:
            OSError: the lock files cannot be used.
        """
        now = time.monotonic()
        if now < self._stays_away_until_s or not self._may_look(now):
            return None
        for slot in reversed(self._slots[: self._count]):
            if not slot.is_held and slot.lock(now):
                return slot.unlock
        self._had_to_wait = True
        return None

    def leave(self) -> None:
        """Look no more: let others to the gate."""
        self._gate.unlock()
        if self._had_to_wait:
            self._stays_away_until_s = time.monotonic() + 1.5 * POLL_S
        self._came_s = None
        self._had_to_wait = False

    def close(self) -> None:
        """Free what is held, and close the files."""
        for each in (self._gate, *self._slots):
            each.close()

    def _may_look(self, now: float) -> bool:
        if self._came_s is None:
            self._came_s = now
        return self._gate.is_held or self._gate.lock(now) or now - self._came_s > PATIENCE_S


class _LockFile:
    """A file, and its lock, which is held until it is freed, the file is closed or the process ends.

    It is opened for its first lock and stays open for the next ones: to open and close it takes longer than
    to lock it. It is never removed: that would split those who wait for it (flock(2) locks the file, not its
    name). Somebody else may remove it, so that after `OPEN_S` it is opened anew.
    """

    def __init__(self, path: Path) -> None:
        self.is_held = False
        self._path = path
        self._descriptor: int | None = None
        self._opened_s = 0.0

    def lock(self, now: float) -> bool:
        """Take the lock, unless somebody else holds it; whether it was taken. Ours must not be held already.

        Raises OSError.
        """
        if now - self._opened_s > OPEN_S:
            self.close()
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            self._opened_s = now
        self.is_held = lock_descriptor(self._descriptor, blocking=False)
        return self.is_held

    def unlock(self) -> None:
        """Free the lock, if it is ours."""
        if self.is_held and self._descriptor is not None:
            try:
                unlock_descriptor(self._descriptor)
            except OSError:
                self.close()
        self.is_held = False

    def close(self) -> None:
        """Free the lock, if it is ours, and close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None
        self.is_held = False
