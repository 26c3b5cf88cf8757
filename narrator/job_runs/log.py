"""What a run says while it works, in a file of its own, and to a person who started it by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from zoneinfo import ZoneInfo

from narrator.durable import disk_errors
from narrator.jobs.clock import Clock

_KEPT = 1000
"""How many logs of a job are kept: a run each quarter of an hour fills ten days with them."""


class RunLog:
    """Lines with their time in the job's zone. `file` takes what child processes write themselves."""

    def __init__(self, path: Path, clock: Clock, zone: ZoneInfo, say: Callable[[str], None]) -> None:
        """Raises DiskError: the file cannot be made."""
        self.path = path
        self._clock = clock
        self._zone = zone
        self._say = say
        self._is_broken = False
        with disk_errors(f"Writing {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep_newest(path.parent)
            self.file: IO[bytes] = path.open("ab", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def write(self, text: str) -> None:
        """Say a line. A run goes on without its log: that it cannot be written is said, once."""
        self._say(text)
        now = self._clock.now().astimezone(self._zone)
        line = f"{now.isoformat(sep=' ', timespec='seconds')} {text}\n"
        try:
            self.file.write(line.encode("utf-8", "backslashreplace"))
        except OSError as exc:
            if not self._is_broken:
                self._say(f"The log {self.path} cannot be written: {exc.strerror}.")
            self._is_broken = True


def _keep_newest(folder: Path) -> None:
    """Remove the oldest logs; their names begin with their time."""
    for old in sorted(folder.glob("*.log"))[: 1 - _KEPT]:
        old.unlink(missing_ok=True)
