"""The writer: makes answers into takes, and these and the ledger durable. The event loop waits for no disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from narrator.errors import DiskError
from narrator.model import Draft, Take
from narrator.ports import Ledger, TakeStore
from narrator.rendering.saving import SavingEnded, SavingProcess

SAVED_AT_ONCE = 4
"""Takes that wait for the disk side by side: a journal does for many at once what it does for one."""

APART_FROM = 50
"""Brief answers, after which a process writes them: to start it costs as much as it saves on so many."""

Result = TypeVar("Result")


class TakeWriter:
    """Makes and stores takes, and commits the ledger for all who wait for it at once.

    An asynchronous context manager.

    Leaving it finishes what was asked for, also by callers that were cancelled meanwhile, and commits the
    ledger a last time.
    """

    def __init__(self, takes: TakeStore, ledger: Ledger) -> None:
        self._takes = takes
        self._ledger = ledger
        self._threads = ThreadPoolExecutor(SAVED_AT_ONCE, "takes")
        self._measuring = threading.Lock()  # side by side it would take more memory, and hardly less time
        self._committing = ThreadPoolExecutor(1, "commit")
        self._brief = 0
        self._starting: asyncio.Task[SavingProcess | None] | None = None
        self._saving: set[asyncio.Task[Take]] = set()  # by the process; those who wait may be cancelled
        self._coming: asyncio.Future[None] | None = None  # the next commit, which has not begun
        self._is_committing = False

    async def measured(self, work: Callable[[], Result]) -> Result:
        """What `work` gives, which keeps a core busy and is called on a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._measure, work)

    async def keep(self, make: Callable[[], Draft], *, is_brief: bool = False) -> Take:
        """The take of what `make` gives, once it is durable. A take that was there already is given instead.

        `make` is work as in `measured`, or so little that it is done here and now.

        Raises:
            DiskError: nothing is left under its names. What `make` raises.
        """
        if is_brief:
            draft = make()
            if process := self._process_for(draft):
                saving = asyncio.create_task(self._save_apart(process, draft))
                self._saving.add(saving)
                saving.add_done_callback(self._saving.discard)
                return await asyncio.shield(saving)
            make = lambda: draft  # noqa: E731 - it takes the place of what was given
        keeping = asyncio.get_running_loop().run_in_executor(self._threads, self._keep, make)
        return await asyncio.shield(keeping)

    def _process_for(self, draft: Draft) -> SavingProcess | None:
        """The process that writes takes, where it is there and worth its while, and there is no such take."""
        self._brief += 1
        if self._brief == APART_FROM:
            self._starting = asyncio.create_task(_started())
        process = self._starting.result() if self._starting and self._starting.done() else None
        return process if process and not self._takes.has(draft.request.key) else None

    async def _save_apart(self, process: SavingProcess, draft: Draft) -> Take:
        path, sidecar = self._takes.files_of(draft)
        try:
            return self._takes.taken(draft, await process.write(path, draft.pcm, sidecar))
        except SavingEnded:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._takes.save, draft)

    def _keep(self, make: Callable[[], Draft]) -> Take:
        return self._takes.save(self._measure(make))

    def _measure(self, work: Callable[[], Result]) -> Result:
        with self._measuring:
            return work()

    async def committed(self) -> None:
        """Wait until all that the ledger was told before now is durable.

        Raises:
            DiskError: it is not.
        """
        await asyncio.shield(self._coming_commit())

    def commit_soon(self) -> None:
        """Have the ledger committed without waiting; what fails is tried again with the next commit."""
        self._coming_commit()

    def _coming_commit(self) -> asyncio.Future[None]:
        """The next commit to begin: one is enough for all who ask before it does."""
        if self._coming is None:
            loop = asyncio.get_running_loop()
            self._coming = loop.create_future()
            if not self._is_committing:
                self._is_committing = True
                loop.call_soon(self._begin_commit)  # a segment that ends is mostly followed by one that begins
        return self._coming

    def _begin_commit(self) -> None:
        coming, self._coming = self._coming, None
        self._is_committing = coming is not None
        if coming:
            commit = asyncio.get_running_loop().run_in_executor(self._committing, self._ledger.commit)
            commit.add_done_callback(lambda commit: self._end_commit(commit, coming))

    def _end_commit(self, commit: asyncio.Future[None], awaited: asyncio.Future[None]) -> None:
        if error := commit.exception():
            awaited.set_exception(error)
            awaited.exception()  # it is no fault if nobody waits for it
        else:
            awaited.set_result(None)
        self._begin_commit()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        try:
            await asyncio.gather(*self._saving, return_exceptions=True)
            await asyncio.to_thread(self._threads.shutdown)
            await self.committed()
        except DiskError:
            if error is None:
                raise
        finally:
            self._threads.shutdown()
            self._committing.shutdown()
            if self._starting and (process := await self._starting):
                await process.end()


async def _started() -> SavingProcess | None:
    """The process that writes takes; None where there cannot be one, and the threads do it all."""
    try:
        return await SavingProcess.start()
    except OSError:
        return None
