"""Whether a file is still being written, told by its times and by what it was at earlier looks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """A file, or a few that count as one, at the moment of a look.

    `stat` is another after every change, and `changed_s` when the last one was, in seconds since 1970 by the
    clock of the file system.
    """

    path: Path
    stat: str
    changed_s: float

    @classmethod
    def at(cls, path: Path, found: os.stat_result) -> WatchedFile:
        # The time of the last change of the inode, too: a copy may keep the time of its original, and what was
        # not readable and now is has no other sign.
        stat = f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
        return cls(path, stat, max(found.st_mtime, found.st_ctime))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file was when it was first seen as it is, and whether it was seen otherwise before."""

    stat: str
    since_s: float
    has_changed: bool


class Looks:
    """What earlier looks at the files of one job saw. `clock` is a monotonic one, in seconds.

    The times of a file tell how long it has been as it is, until the system's clock is set, or the clock of a
    server that keeps the file is not ours. So what was seen to change under our eyes is quiet once it has been
    seen unchanged for long enough, and so is what is of the future.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[Path, _Seen] = {}

    def left_s(self, file: WatchedFile, quiet_s: float, now_s: float) -> float:
        """In how many seconds a file will have been quiet for `quiet_s`; 0 for now. `now_s` is since 1970."""
        seen = self._seen.get(file.path)
        if seen is None or seen.stat != file.stat:
            seen = self._seen[file.path] = _Seen(file.stat, self._clock(), seen is not None)
        left_s = seen.since_s + quiet_s - self._clock()
        if not seen.has_changed and file.changed_s <= now_s:
            left_s = min(left_s, file.changed_s + quiet_s - now_s)
        return max(0.0, left_s)

    def forget(self, path: Path) -> None:
        """Nothing more is to be known of a file: it is gone, or what it is now was read."""
        self._seen.pop(path, None)
