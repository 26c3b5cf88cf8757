"""The writer: the one thread that makes things durable, many at a time.

While it works the next batch gathers, so a slow disk means larger batches rather than more time a take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from narrator.errors import DiskError
from narrator.model import Draft, Take
from narrator.ports import Ledger, TakeStore

MOST_AT_ONCE = 32
"""Takes in a batch: so many files are open at once, and so long may a request wait for its commit."""

Item = TypeVar("Item")
Done = TypeVar("Done")


class TakeWriter:
    """Stores takes and commits the ledger, on a thread of its own. An asynchronous context manager.

    Leaving it finishes what was asked for, also by callers that were cancelled meanwhile, and commits the
    ledger a last time.
    """

    def __init__(self, takes: TakeStore, ledger: Ledger) -> None:
        self._thread = ThreadPoolExecutor(1, "writer")
        self._ledger = ledger
        self._saves = _Lane(self._thread, takes.save_all)
        self._commits = _Lane(self._thread, self._commit)

    async def keep(self, draft: Draft) -> Take:
        """The take, once it is durable. One that was there already is given instead.

        Raises:
            DiskError: nothing is left under its names.
        """
        return _or_raise(await self._saves.put(draft))

    async def committed(self) -> None:
        """Wait until all that the ledger was told before now is durable.

        Raises:
            DiskError: it is not.
        """
        _or_raise(await self._commits.put(None))

    def commit_soon(self) -> None:
        """Have the ledger committed without waiting; what fails is tried again with the next commit."""
        if not self._commits.is_waiting:
            self._commits.put(None)

    def _commit(self, callers: Sequence[None]) -> Sequence[DiskError | None]:
        try:
            self._ledger.commit()
        except DiskError as exc:
            return [exc] * len(callers)
        return callers

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        try:
            await self._saves.finish()
            failed = await self._commits.put(None)
        finally:
            self._thread.shutdown()
        if failed and error is None:
            raise failed


class _Lane(Generic[Item, Done]):
    """Work of one kind on a thread: what comes in while a batch is under way is the next batch.

    Used on one event loop; `work` gives a result for each item, in order.
    """

    def __init__(self, thread: Executor, work: Callable[[Sequence[Item]], Sequence[Done]]) -> None:
        self._thread = thread
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Done]]] = []
        self._job: asyncio.Future[Sequence[Done]] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something is there that no batch under way will do."""
        return bool(self._waiting)

    def put(self, item: Item) -> asyncio.Future[Done]:
        """The result to come; it is worked for even if nobody waits."""
        result = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._job is None:
            self._begin()
        return result

    async def finish(self) -> None:
        """Wait until there is nothing left to do."""
        while self._job is not None:
            await asyncio.wait([self._job])

    def _begin(self) -> None:
        batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        items = [item for item, _ in batch]
        self._job = asyncio.get_running_loop().run_in_executor(self._thread, self._work, items)
        self._job.add_done_callback(lambda job: self._end(job, [result for _, result in batch]))

    def _end(self, job: asyncio.Future[Sequence[Done]], results: list[asyncio.Future[Done]]) -> None:
        error = job.exception()
        for number, result in enumerate(results):
            if result.done():
                continue  # its caller was cancelled
            if error is None:
                result.set_result(job.result()[number])
            else:
                result.set_exception(error)
        self._job = None
        if self._waiting:
            self._begin()


def _or_raise(result: Done | DiskError) -> Done:
    if isinstance(result, DiskError):
        raise result
    return result
