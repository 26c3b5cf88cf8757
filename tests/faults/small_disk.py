"""A disk of a few megabytes that can be filled, made larger and made read-only, seen by its test only."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.starting import need

_BALLAST = "ballast"


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A tmpfs on `folder` in a mount namespace of its own, which the process `holder` keeps open."""

    folder: Path
    holder: int

    @property
    def inside(self) -> tuple[str, ...]:
        """What goes before a command that is to see the disk."""
        user = () if os.geteuid() == 0 else ("-U", "--preserve-credentials")
        return ("nsenter", "-t", str(self.holder), *user, "-m")

    def through(self, path: Path) -> Path:
        """What the command sees at a path, as it is reached from outside."""
        return Path(f"/proc/{self.holder}/root{path}")

    @property
    def seen(self) -> Path:
        """The folder as it is reached from outside."""
        return self.through(self.folder)

    def remount(self, options: str) -> None:
        subprocess.run([*self.inside, "mount", "-o", f"remount,{options}", self.folder], check=True)

    def fill(self) -> None:
        """Leave no room, whatever others write meanwhile."""
        with (self.seen / _BALLAST).open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                while _fits(file.fileno(), size):
                    pass

    def free(self) -> None:
        (self.seen / _BALLAST).unlink()


def _fits(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, bytes(size)) == size
    except OSError as exc:
        if exc.errno != errno.ENOSPC:
            raise
        return False


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a small disk on a new folder; skips where this user may not."""
    flags = "-m" if os.geteuid() == 0 else "-Urm"
    need("unshare", flags, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt")
    need("nsenter", "--version")
    folder.mkdir()
    mount = f'mount -t tmpfs -o size={megabytes}m none "$0" && echo mounted && exec cat'
    with subprocess.Popen(
        ["unshare", flags, "sh", "-c", mount, folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mounted\n"
        try:
            yield SmallDisk(folder, holder.pid)
        finally:
            holder.kill()
