"""Engines that compute, in child processes: one text at a time each, replaced when they die.

A child is started afresh, never forked, in a session of its own (Ctrl-C is for the parent to handle), and
ends when the pipe to it closes. It does its work in `worker_main`; `frames` is what is said between the two.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Any, Self

from narrator.errors import RunError, Unavailable
from narrator.model import WordTime
from narrator.providers.frames import (
    DONE,
    ERROR,
    HEADER,
    READY,
    SAY,
    SOUND,
    WORD,
    unpack_error,
    unpack_word,
)

START_S = 120.0
_END_S = 5.0
_PIPE_BYTES = 1 << 20
_KEPT_LINES = 5
# A worker is one core's worth of work: math libraries must not start threads of their own.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# From 1.29 on, ONNX Runtime reports to its maker over the network; a voice of this machine tells nobody.
# https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
_NO_REPORTS = {"ORT_DISABLE_TELEMETRY": "1"}


class Worker:
    """One child process with its engine loaded."""

    def __init__(self, engine: str, process: asyncio.subprocess.Process) -> None:
        self._engine = engine
        self._process = process
        self._last_lines: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._keeping = asyncio.create_task(self._keep_last_lines())
        self.is_idle = False

    @classmethod
    async def start(cls, engine: str, settings: Mapping[str, str]) -> Self:
        """Start a child, and wait until its engine is loaded.

        Raises:
            RunError: the engine cannot be loaded, and would not be at a second try.
            Unavailable: the child was killed, or took too long.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *(
                    sys.executable,
                    "-P",
                    "-m",
                    "narrator.providers.worker_main",
                    engine,
                    json.dumps(dict(settings)),
                ),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_PIPE_BYTES,
                start_new_session=True,
                env={**os.environ, **_ONE_THREAD, **_NO_REPORTS},
            )
        except OSError as exc:
            raise RunError(
                f"No worker can be started: {exc.strerror}.",
                advice="Is this machine out of memory or processes? A lower --concurrency needs less.",
            ) from exc
        worker = cls(engine, process)
        try:
            kind, payload = await worker._receive(START_S)
            if kind == ERROR:
                raise unpack_error(payload)
            worker.is_idle = kind == READY
        except Unavailable as exc:
            if (process.returncode or 0) > 0:  # it ended by itself, on an error of its own
                raise RunError(exc.what, advice="`narrator doctor` may tell more.") from exc
            raise
        finally:
            if not worker.is_idle:
                await worker.end()
        return worker

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def speak(
        self, request: Mapping[str, Any], patience_s: float
    ) -> AsyncGenerator[bytes | WordTime, None]:
        """Speak one request, in pieces of PCM. A child that is left in the middle of one is killed.

        Raises:
            Unavailable: the child died, or nothing came for `patience_s`.
            SpeechError: what the engine says.
        """
        self.is_idle = False
        try:
            await self._send(SAY, json.dumps(dict(request)).encode())
            while (frame := await self._receive(patience_s))[0] in (SOUND, WORD):
                yield frame[1] if frame[0] == SOUND else unpack_word(frame[1])
            self.is_idle = frame[0] in (DONE, ERROR)
            if frame[0] == ERROR:
                raise unpack_error(frame[1])
        finally:
            if not self.is_idle:
                await self.end()

    async def end(self) -> None:
        """Kill the child and see it gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                # The pipe must be empty, or the end of the process is never noticed.
                while self._process.stdout and await self._process.stdout.read(_PIPE_BYTES):
                    pass
                await self._keeping
                await self._process.wait()

    async def _send(self, kind: bytes, payload: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was made with pipes
        try:
            self._process.stdin.write(HEADER.pack(kind, len(payload)) + payload)
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as exc:
            raise await self._death() from exc

    async def _receive(self, patience_s: float) -> tuple[bytes, bytes]:
        assert self._process.stdout is not None  # noqa: S101 - it was made with pipes
        try:
            async with asyncio.timeout(patience_s):
                kind, length = HEADER.unpack(await self._process.stdout.readexactly(HEADER.size))
                return kind, await self._process.stdout.readexactly(length)
        except TimeoutError as exc:
            raise Unavailable(
                f"A worker of {self._engine} was silent for {patience_s:g} s; it was ended."
            ) from exc
        except (asyncio.IncompleteReadError, ConnectionResetError) as exc:
            raise await self._death() from exc

    async def _death(self) -> Unavailable:
        with contextlib.suppress(TimeoutError):  # its own end says more than ours
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        await self.end()
        last = self._last_lines[-1] if self._last_lines else "it left no message"
        return Unavailable(f"A worker of {self._engine} ended with {self._process.returncode}: {last}")

    async def _keep_last_lines(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it was made with pipes
        pending = b""
        while data := await self._process.stderr.read(_PIPE_BYTES):
            *lines, pending = (pending + data).split(b"\n")
            pending = pending[-_PIPE_BYTES:]
            self._last_lines.extend(line.decode("utf-8", "replace").strip() for line in lines if line.strip())


def cores() -> int:
    """The cores that this process may use: as many workers are never too many."""
    if hasattr(os, "sched_getaffinity"):  # Linux; process_cpu_count() is of Python 3.13
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool:
    """Up to `size` workers of one engine, started in the background as soon as the pool is entered.

    `engine` is 'module:Class', made in each child with `settings` as keywords. `patience_s` is how long a
    worker may take between two pieces of sound.
    """

    def __init__(self, engine: str, settings: Mapping[str, str], *, size: int, patience_s: float) -> None:
        self._engine = engine
        self._settings = settings
        self._size = size
        self._patience_s = patience_s
        self._starts: set[asyncio.Task[Worker]] = set()
        # The one that spoke last is taken first: in a small job the others need not even be ready.
        self._free: asyncio.LifoQueue[asyncio.Task[Worker]] = asyncio.LifoQueue()

    async def __aenter__(self) -> Self:
        for _ in range(self._size):
            self._free.put_nowait(self._begin_start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        for start in self._starts:
            start.cancel()
        ends = await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in ends if isinstance(worker, Worker)))

    async def ready(self) -> None:
        """Wait until one worker can speak.

        Raises:
            RunError: the engine cannot be loaded.
            Unavailable: the child was killed.
        """
        async with self._worker():
            pass

    async def speak(self, request: Mapping[str, Any]) -> AsyncGenerator[bytes | WordTime, None]:
        """Speak one request on a free worker, waiting for one.

        Raises:
            RunError: the engine cannot be loaded.
            SpeechError: see Worker.speak.
        """
        async with (
            self._worker() as worker,
            contextlib.aclosing(worker.speak(request, self._patience_s)) as sound,
        ):
            async for said in sound:
                yield said

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncGenerator[Worker, None]:
        start = await self._free.get()
        try:
            if not _can_speak(start):
                start = self._begin_start()
            # Shielded: who waits may be cancelled, the start goes on for the next.
            worker = await asyncio.shield(start)
            yield worker
        finally:
            self._free.put_nowait(start)

    def _begin_start(self) -> asyncio.Task[Worker]:
        self._starts = {start for start in self._starts if _lives(start)}
        start = asyncio.create_task(Worker.start(self._engine, self._settings))
        self._starts.add(start)
        return start


def _lives(start: asyncio.Task[Worker]) -> bool:
    """Whether there is, or will be, a process to end."""
    return not start.done() or (not _failed(start) and start.result().is_alive)


def _can_speak(start: asyncio.Task[Worker]) -> bool:
    """Whether it is to be asked; an engine that cannot be loaded is, since a second try would be in vain."""
    if start.done() and _failed(start):
        return not start.cancelled() and not isinstance(start.exception(), Unavailable)
    return not start.done() or (start.result().is_alive and start.result().is_idle)


def _failed(start: asyncio.Task[Worker]) -> bool:
    return start.cancelled() or start.exception() is not None
