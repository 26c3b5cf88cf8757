"""The writer: what makes takes and the ledger durable, on threads of its own and never on the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from narrator.errors import DiskError
from narrator.model import Draft, Take
from narrator.ports import Ledger, TakeStore

SAVED_AT_ONCE = 8
"""Takes that wait for the disk side by side: a journal does for many at once what it does for one."""


class TakeWriter:
    """Stores takes, and commits the ledger for all who wait for it at once. An asynchronous context manager.

    Leaving it finishes what was asked for, also by callers that were cancelled meanwhile, and commits the
    ledger a last time.
    """

    def __init__(self, takes: TakeStore, ledger: Ledger) -> None:
        self._takes = takes
        self._ledger = ledger
        self._saving = ThreadPoolExecutor(SAVED_AT_ONCE, "save")
        self._committing = ThreadPoolExecutor(1, "commit")
        self._coming: asyncio.Future[None] | None = None  # the next commit, which has not begun
        self._is_committing = False

    async def keep(self, draft: Draft) -> Take:
        """The take, once it is durable. One that was there already is given instead.

        Raises:
            DiskError: nothing is left under its names.
        """
        saving = asyncio.get_running_loop().run_in_executor(self._saving, self._takes.save, draft)
        return await asyncio.shield(saving)

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
            await asyncio.to_thread(self._saving.shutdown)
            await self.committed()
        except DiskError:
            if error is None:
                raise
        finally:
            self._saving.shutdown()
            self._committing.shutdown()
