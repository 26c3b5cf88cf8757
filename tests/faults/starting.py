"""The command started under a tool of the system that puts a fault in its way."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

PATIENCE_S = 60.0
LOOK_EVERY_S = 0.001


def watch_until(holds: Callable[[], bool], *, within_s: float = PATIENCE_S) -> None:
    """Look until something holds: what another process does to files tells nobody."""
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends, f"not seen within {within_s:g} s"
        time.sleep(LOOK_EVERY_S)


@functools.cache
def _why_not(*trial: str) -> str:
    if shutil.which(trial[0]) is None:
        return f"{trial[0]} is not installed"
    ended = subprocess.run(trial, check=False, capture_output=True, encoding="utf-8")
    return "" if ended.returncode == 0 else f"{trial[0]} does not work here: {ended.stderr.strip()}"


def need(*trial: str) -> None:
    """Skip the test where a command that shows whether a tool works fails."""
    if reason := _why_not(*trial):
        pytest.skip(reason)


def need_strace() -> None:
    need("strace", "-f", "-qq", "-e", "trace=fsync", "true")


def traced(log: Path, calls: str, tampering: str, *, only: Path | None = None) -> Sequence[str]:
    """What goes before a command so that strace tampers with its system calls, and logs them with paths.

    The N of `when=N` is counted for each thread by itself. With `only`, no calls count but those on that path.
    """
    # With a BPF filter strace would be quick, and would not deliver the signals it is told to inject.
    filtering = () if "signal=" in tampering else ("--seccomp-bpf",)
    tracing = ("-e", f"trace={calls}", "-e", f"inject={calls}:{tampering}")
    place = ("-P", str(only)) if only else ()
    return ("strace", "-f", *filtering, "-qq", "-y", "-o", str(log), *place, *tracing)


def injected(log: Path) -> list[str]:
    """The system calls that strace made fail."""
    failed = []
    begun: dict[str, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        thread = line.partition(" ")[0]
        if line.endswith("<unfinished ...>"):  # another thread's call came between; the rest has no path
            begun[thread] = line
        elif line.endswith("(INJECTED)"):
            failed.append(begun[thread] + line if " resumed>" in line else line)
    return failed


def children_of(pid: int) -> dict[int, str]:
    """The processes that a process started, with the state of each ('S', 'T', 'Z' …)."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("this system has no /proc to look processes up in")
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            number, rest = stat.read_text().split(" (", 1)
            state, parent = re.match(r".*\) (\S) (\d+)", rest, re.DOTALL).groups()  # type: ignore[union-attr]  # proc(5)
            if int(parent) == pid:
                found[int(number)] = state
    return found


def is_running(pid: int) -> bool:
    """Whether a process is there and does anything: one that only waits to be reaped does not."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
