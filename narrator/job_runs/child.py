"""A process of ours, in a session of its own, that hears of our end and stops.

A terminal's Ctrl-C reaches us alone; a child is stopped by us, or when the pipe that only we hold is closed, be
it because the system ended us.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import IO

from narrator.durable import disk_errors
from narrator.stopping import PARENT_VARIABLE

_LINE_BYTES = 64 << 20
"""The longest line that is read: what a render says of a book of many thousand files is one line."""

_AT_ONCE_S = 10.0

_HEARD_S = 0.2
"""Two signals of one kind that come at once are heard as one."""


class Child:
    """A running `python -m narrator …`. Make one with `start_child`."""

    def __init__(self, process: asyncio.subprocess.Process, pipe: int) -> None:
        self._process = process
        self._pipe = pipe

    @property
    def pid(self) -> int:
        return self._process.pid

    async def lines(self) -> AsyncIterator[bytes]:
        """What it writes on standard output, line by line, until it writes no more."""
        stream = self._process.stdout
        while stream is not None:
            try:
                line = await stream.readline()
            except ValueError:  # it is longer than any that we know of
                continue
            if not line:
                return
            yield line

    async def wait(self) -> int:
        """Its exit code; below zero, the signal that ended it."""
        try:
            return await self._process.wait()
        finally:
            if self._process.returncode is not None and self._pipe >= 0:
                os.close(self._pipe)
                self._pipe = -1

    async def stop(self, finish_s: float) -> int:
        """Ask it to stop, and wait until it has; after `finish_s` seconds what is in flight is cut off."""
        for patience_s, number in (
            (max(finish_s, _HEARD_S), signal.SIGTERM),
            (_AT_ONCE_S, signal.SIGTERM),
            (None, signal.SIGKILL),
        ):
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    return await self.wait()
        raise AssertionError("a wait without end ended")


async def start_child(
    arguments: Sequence[str], *, stdout: IO[bytes] | int | None, stderr: IO[bytes] | int | None
) -> Child:
    """Start narrator with these arguments.

    Raises:
        DiskError: it cannot be started, as when the system has no processes or memory left.
    """
    theirs, ours = os.pipe()
    try:
        with disk_errors("Starting a process"):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # what lies in the folder that we are run in is no module of ours
                "-m",
                "narrator",
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, PARENT_VARIABLE: str(theirs)},
                pass_fds=(theirs,),
                start_new_session=True,
                limit=_LINE_BYTES,
            )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Child(process, ours)
