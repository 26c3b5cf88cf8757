"""A process beside this one that writes takes.

A thread that writes a take makes some fifteen system calls, and after each it waits for the interpreter behind
the event loop, which waits for it in turn. Where answers come fast, that takes longer than the disk does. A
process of its own has an interpreter of its own.

All can be done without it: a take that it does not tell of is written by a thread.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Self, cast

from narrator.errors import DiskError
from narrator.model import Draft, Take
from narrator.ports import TakeStore
from narrator.rendering.saving_main import ASKED, TOLD, Outcome
from narrator.version import __version__

APART_FROM = 50
"""To start a process costs what it spares in a hundred takes; where there were so many, more will come."""

_START_S = 20.0
_PATIENCE_S = 15.0
"""How long a take may take: a process that was suspended tells of none."""

_END_S = 2.0
_BUFFER_BYTES = 1 << 20
"""What the system is asked to hold between the two: some brief takes, each then handed over in one go."""

_LOG = logging.getLogger("narrator")


class NotSaved(Exception):
    """The process did not write this take, or did not tell of it: it may be there, and is whole if it is."""


class SavingProcess(asyncio.Protocol):
    """One child that runs `saving_main`, in a session of its own: Ctrl-C is for the parent to handle."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[str]] = {0: asyncio.get_running_loop().create_future()}
        self._last = 0
        self._received = bytearray()
        self.has_ended = False
        self._transport: asyncio.WriteTransport | None = None

    @classmethod
    async def start(cls) -> Self | None:
        """Start a child, and wait until takes can be given to it, a tenth of a second; None: there is none."""
        if sys.platform == "win32":
            return None  # no socket can be its standard input there
        ours, theirs = socket.socketpair()
        started: Self | None = None
        try:
            async with asyncio.timeout(_START_S):
                with theirs:
                    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
                    process = await asyncio.create_subprocess_exec(
                        *(sys.executable, "-P", "-m", "narrator.rendering.saving_main"),
                        stdin=theirs.fileno(),
                        stdout=asyncio.subprocess.DEVNULL,
                        stderr=asyncio.subprocess.DEVNULL,
                        start_new_session=True,
                    )
                started = cls(process)
                ready = started._waiting[0]
                await asyncio.get_running_loop().create_connection(lambda: started, sock=ours)
                _ensure_is_ours(await ready)
        except BaseException as exc:
            ours.close()
            if started:
                await started.end()
            if not isinstance(exc, Exception):
                raise
            _LOG.debug("Takes are written without a process of their own: %r", exc)
            return None
        return started

    async def write(self, path: Path, pcm: bytes, sidecar: bytes) -> str:
        """Write a take, as `take_files.write_take` does, unless there is one; the SHA-256 of its PCM.

        Raises:
            DiskError: nothing of it is left.
            NotSaved: there is one already; or the process has ended, or was ended since it was not heard of.
        """
        if self.has_ended or self._transport is None:
            raise NotSaved
        self._last += 1
        number, name = self._last, os.fsencode(path)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._transport.write(ASKED.pack(number, len(name), len(sidecar), len(pcm)) + name + sidecar)
        self._transport.write(pcm)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._waiting[number]
        except TimeoutError as exc:
            await self.end()
            raise NotSaved from exc

    async def end(self) -> None:
        """End the child, and see it gone."""
        if self._transport:
            self._transport.abort()
        try:
            await self._until_gone()
        finally:  # nobody may wait that long: it is suspended, or waits for a disk
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()
                await self._until_gone()

    async def _until_gone(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._process.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= TOLD.size:
            number, outcome, length = TOLD.unpack_from(self._received)
            end = TOLD.size + length
            if len(self._received) < end:
                return
            self._hear(number, Outcome(outcome), self._received[TOLD.size : end].decode())
            del self._received[:end]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it was lost
        self.has_ended = True
        for number in list(self._waiting):
            self._fail(number, NotSaved())

    def _hear(self, number: int, outcome: Outcome, said: str) -> None:
        match outcome:
            case Outcome.READY | Outcome.DURABLE:
                waiting = self._waiting.pop(number)
                if not waiting.done():
                    waiting.set_result(said)
            case Outcome.FAILED:
                what, advice = json.loads(said)
                self._fail(number, DiskError(what, advice=advice))
            case Outcome.WAS_THERE:
                self._fail(number, NotSaved())

    def _fail(self, number: int, error: Exception) -> None:
        waiting = self._waiting.pop(number)
        if not waiting.done():
            waiting.set_exception(error)
            waiting.exception()  # it is no fault if nobody waits for it any more


def _ensure_is_ours(version: str) -> None:
    if version != __version__:
        raise NotSaved(f"the process is of version {version}")


class ApartSaving:
    """Saves takes by such a process from the `APART_FROM`th on, and by `save` until then and whatever fails.

    `save` stores a draft on a thread of this process. To be ended by `end`.
    """

    def __init__(self, takes: TakeStore, save: Callable[[Draft], Awaitable[Take]]) -> None:
        self._takes = takes
        self._save = save
        self._drafts = 0
        self._starting: asyncio.Task[SavingProcess | None] | None = None
        self._saving: set[asyncio.Task[Take]] = set()

    def begin(self, draft: Draft) -> asyncio.Task[Take]:
        """Save a draft, whoever waits for it."""
        self._drafts += 1
        if self._drafts == APART_FROM:
            self._starting = asyncio.create_task(SavingProcess.start())
        saving = asyncio.create_task(self._saved(draft))
        self._saving.add(saving)
        saving.add_done_callback(self._saving.discard)
        return saving

    async def end(self) -> None:
        """Have all that was begun saved, and end the process."""
        if self._saving:
            await asyncio.wait(self._saving, timeout=_PATIENCE_S)
        if self._starting and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if process := self._process:
            await process.end()
        if self._saving:
            await asyncio.wait(self._saving)

    @property
    def _process(self) -> SavingProcess | None:
        is_there = self._starting and self._starting.done() and not self._starting.cancelled()
        return self._starting.result() if self._starting and is_there else None

    async def _saved(self, draft: Draft) -> Take:
        process = self._process
        if process and not process.has_ended:
            path, sidecar = self._takes.unsealed(draft)
            with suppress(NotSaved):
                return self._takes.sealed(draft, await process.write(path, draft.pcm, sidecar))
        return await self._save(draft)
