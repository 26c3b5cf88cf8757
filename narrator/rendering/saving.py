"""A process beside this one that writes takes.

A thread that writes a take makes some fifteen system calls, and after each it waits for the interpreter behind
the event loop, which waits for it in turn. Where answers come fast, that takes longer than the disk does. A
process of its own has an interpreter of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self, cast

from narrator.errors import DiskError
from narrator.rendering.saving_main import ASKED, TOLD

_BUFFER_BYTES = 1 << 20
"""What the system holds between the two: some brief takes, each of which is then handed over in one go."""

_END_S = 5.0


class SavingEnded(Exception):
    """The process is gone, and with it what it was asked and has not told of. What is there is whole."""


class SavingProcess(asyncio.Protocol):
    """One child that runs `saving_main`, in a session of its own: Ctrl-C is for the parent to handle."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._last = 0
        self._told = bytearray()
        self._transport: asyncio.WriteTransport | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def start(cls) -> Self:
        """Start a child, and wait until takes can be given to it: some tenth of a second.

        Raises:
            OSError: there cannot be one.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "narrator.rendering.saving_main"),
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=asyncio.subprocess.DEVNULL,
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            raise
        _, started = await asyncio.get_running_loop().create_connection(lambda: cls(process), sock=ours)
        try:
            await started._ready  # noqa: SLF001 - one of its own
        except BaseException:
            await started.end()
            raise
        return started

    async def write(self, path: Path, pcm: bytes, sidecar: bytes) -> str:
        """Write a take, as `take_files.write_take` does; the SHA-256 of its PCM.

        Raises:
            DiskError: nothing is left under its names.
            SavingEnded: it may be there or not.
        """
        if self._transport is None or self._transport.is_closing():
            raise SavingEnded
        self._last += 1
        name = os.fsencode(path)
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[self._last] = told
        head = ASKED.pack(self._last, len(name), len(sidecar), len(pcm))
        self._transport.write(head + name + sidecar)
        self._transport.write(pcm)
        return await told

    async def end(self) -> None:
        """End the child and see it gone. What it was asked and has not told of is lost."""
        if self._transport:
            self._transport.abort()
        with suppress(ProcessLookupError):
            self._process.kill()
        with suppress(TimeoutError):  # in the kernel it may wait for a disk
            async with asyncio.timeout(_END_S):
                await self._process.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._told += data
        while len(self._told) >= TOLD.size:
            number, is_durable, length = TOLD.unpack_from(self._told)
            if len(self._told) < TOLD.size + length:
                return
            self._hear(number, self._told[TOLD.size : TOLD.size + length].decode(), is_durable=is_durable)
            del self._told[: TOLD.size + length]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it was lost
        if not self._ready.done():
            self._ready.set_exception(ConnectionError("It ended before it was ready."))
        for told in self._asked.values():
            if not told.done():
                told.set_exception(SavingEnded())
        self._asked.clear()

    def _hear(self, number: int, said: str, *, is_durable: bool) -> None:
        if not number:
            self._ready.set_result(None)
            return
        told = self._asked.pop(number)
        if told.done():
            return
        if is_durable:
            told.set_result(said)
        else:
            what, advice = json.loads(said)
            told.set_exception(DiskError(what, advice=advice))
