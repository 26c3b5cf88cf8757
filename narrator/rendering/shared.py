"""What the processes of an account tell one another: who holds a slot, until when to wait, what has begun."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from narrator.rendering.rate import Rate, SharedRate
from narrator.rendering.slots import POLL_S, Release, Slots

_LOG = logging.getLogger("narrator")


@dataclass(frozen=True, slots=True)
class SharedAccount:
    """An account whose limits hold across processes, and the folder that they share for it.

    `account` is any text that is the same for the same account; only a hash of it is written.
    """

    folder: Path
    account: str

    @property
    def stem(self) -> str:
        """What the names of its files begin with."""
        return hashlib.sha256(self.account.encode()).hexdigest()[:32]


class SharedLimits:
    """Slots, pause and rate of an account, by files.

    Files that cannot be used are no reason to fail a render: it is said once, and this process then keeps the
    limits alone. No method blocks or raises.
    """

    def __init__(
        self, shared: SharedAccount, concurrency: int, rate: Rate | None, longest_pause_s: float
    ) -> None:
        self._folder = shared.folder
        self._longest_pause_s = longest_pause_s
        self._works = True
        self._slots = Slots(shared.folder, shared.stem, concurrency)
        self._pause_path = shared.folder / f"{shared.stem}.pause"
        self._paused_until_s = 0.0  # the wall clock's, as all processes have it
        self._looked_s = -math.inf
        self._rate: SharedRate | None = None
        with self._or_alone():
            shared.folder.mkdir(parents=True, exist_ok=True)
            if rate:
                self._rate = SharedRate(shared.folder / f"{shared.stem}.rate", rate)

    def resize(self, concurrency: int) -> None:
        """See `Slots.resize`."""
        self._slots.resize(concurrency)

    def look_for_slot(self) -> Release | None:
        """See `Slots.look`."""
        if self._works:
            with self._or_alone():
                return self._slots.look()
        return _nothing

    def leave(self) -> None:
        """See `Slots.leave`."""
        self._slots.leave()

    def close(self) -> None:
        """Close the files, once all slots are free again."""
        self._slots.close()
        if self._rate:
            self._rate.close()

    def take_token(self) -> float:
        """See `SharedRate.take`."""
        if self._works and self._rate:
            with self._or_alone():
                return self._rate.take()
        return 0.0

    def paused_s(self) -> float:
        """How long the account is to be left alone yet, by what any process was told; negative when it is over.

        The time stands in a file's modification time: one system call to read, and never half written.
        """
        if self._works and time.monotonic() - self._looked_s >= POLL_S:
            with self._or_alone():
                self._look_for_pause()
        return self._told_s()

    def pause(self, seconds: float) -> None:
        """Tell every process to begin nothing for so long; a shorter time takes nothing back."""
        if self._works:
            with self._or_alone():
                self._look_for_pause()
                if seconds > self._told_s():
                    self._tell(time.time() + seconds)

    def _look_for_pause(self) -> None:
        self._looked_s = time.monotonic()
        try:
            self._paused_until_s = self._pause_path.stat().st_mtime
        except FileNotFoundError:
            self._paused_until_s = 0.0

    def _told_s(self) -> float:
        left_s = self._paused_until_s - time.time()
        # A longer pause than anyone sets was set before the clock was.
        return left_s if left_s <= self._longest_pause_s else 0.0

    def _tell(self, until_s: float) -> None:
        try:
            os.utime(self._pause_path, (until_s, until_s))
        except FileNotFoundError:
            self._pause_path.touch(0o600)
            os.utime(self._pause_path, (until_s, until_s))

    @contextmanager
    def _or_alone(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as exc:
            self._works = False
            _LOG.warning(
                "The limits of the account hold for this process alone: %s cannot be used (%s). "
                "If other renders use the same account now, they may come to too many requests together.",
                self._folder,
                exc,
            )


def _nothing() -> None:
    """Free a slot where there are none."""
