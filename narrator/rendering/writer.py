"""The writer: makes answers into takes, and these and the ledger durable. The event loop waits for no disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from narrator.errors import DiskError
from narrator.model import Draft, Take
from narrator.ports import Ledger, TakeStore
from narrator.rendering.rush import Rush
from narrator.rendering.saving import ApartSaving

SAVED_AT_ONCE = 4
"""Takes that wait for the disk side by side: a journal does for many at once what it does for one."""

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
        self._apart = ApartSaving(takes, self._save)
        self.rush = Rush()
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
            self.rush.heard(draft.measurement.frames / draft.request.rate_hz)
            return await asyncio.shield(self._apart.begin(draft))
        keeping = asyncio.get_running_loop().run_in_executor(self._threads, self._keep, make)
        return await asyncio.shield(keeping)

    async def _save(self, draft: Draft) -> Take:
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
        leaving = asyncio.create_task(self._leave())
        try:
            await asyncio.shield(leaving)
        except asyncio.CancelledError:
            while not leaving.done():  # what may be paid for is stored, however often somebody asks to hurry
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([leaving])
            raise
        except DiskError:
            if error is None:
                raise

    async def _leave(self) -> None:
        try:
            await self._apart.end()
            await asyncio.to_thread(self._threads.shutdown)
            await self.committed()
        finally:
            self._committing.shutdown()
