"""An account's slots across processes: a lock file each, which the system frees when its holder dies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from filelock import lock_descriptor

POLL_S = 0.015
"""How often a process that waits looks again; there is no way to be told."""

PATIENCE_S = 1.0
"""How long the gate is waited for: its holder may be a process that was suspended."""

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
        self._gate_path = folder / f"{stem}.gate"
        self._paths = [folder / f"{stem}.{number}.slot" for number in range(count)]
        self._held: set[int] = set()
        self._gate: int | None = None
        self._came_s: float | None = None
        self._had_to_wait = False
        self._stays_away_until_s = 0.0

    def look(self) -> Release | None:
        """Take a slot, and hand over what frees it; None where none is free for us now.

        The caller looks again after `POLL_S`, and calls `leave` once it looks no more.

        Raises:
            OSError: the lock files cannot be used.
        """
        now = time.monotonic()
        if now < self._stays_away_until_s or not self._may_look(now):
            return None
        for number in reversed(range(len(self._paths))):
            if number not in self._held and (descriptor := _locked(self._paths[number])) is not None:
                self._held.add(number)
                return partial(self._release, number, descriptor)
        self._had_to_wait = True
        return None

    def leave(self) -> None:
        """Look no more: let others to the gate."""
        if self._gate is not None:
            os.close(self._gate)
        if self._had_to_wait:
            self._stays_away_until_s = time.monotonic() + 1.5 * POLL_S
        self._gate = self._came_s = None
        self._had_to_wait = False

    def _may_look(self, now: float) -> bool:
        if self._gate is None:
            self._gate = _locked(self._gate_path)
        if self._came_s is None:
            self._came_s = now
        return self._gate is not None or now - self._came_s > PATIENCE_S

    def _release(self, number: int, descriptor: int) -> None:
        self._held.discard(number)
        os.close(descriptor)


def _locked(path: Path) -> int | None:
    """A descriptor that holds the file's lock, until it is closed or its process ends; None where it is held.

    The files stay: to remove one would split those who wait for it (flock(2) locks the file, not its name).
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        is_ours = lock_descriptor(descriptor, blocking=False)
    except BaseException:
        os.close(descriptor)
        raise
    if is_ours:
        return descriptor
    os.close(descriptor)
    return None
