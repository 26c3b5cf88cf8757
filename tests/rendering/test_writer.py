"""The writer, on a real disk."""

from __future__ import annotations

import asyncio
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from narrator.audio.measure import measure
from narrator.errors import DiskError
from narrator.model import Draft, SpeechRequest, Take
from narrator.rendering.takes import TakeFolder
from narrator.rendering.writer import SAVED_AT_ONCE, TakeWriter
from narrator.testing.memory_ledger import MemoryLedger

PCM = bytes(range(200)) * 24


def draft(text: str, pcm: bytes = PCM) -> Draft:
    return Draft(SpeechRequest("p", "m", "v", text, "en", 1.0, 24_000, 1), pcm, measure(pcm, 24_000))


class Gated(TakeFolder):
    """A folder that stores nothing until `gate` is opened; `most` takes came to it at once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "takes", folder / "quarantine")
        self.gate = threading.Event()
        self.most = 0
        self._inside = 0
        self._counting = threading.Lock()

    def save(self, draft: Draft) -> Take:
        with self._counting:
            self._inside += 1
            self.most = max(self.most, self._inside)
        self.gate.wait(10)
        with self._counting:
            self._inside -= 1
        return super().save(draft)


class Unwritable(MemoryLedger):
    """A ledger on a disk that is full."""

    def commit(self) -> None:
        raise DiskError("The ledger could not be written.")


async def test_takes_wait_for_the_disk_side_by_side(tmp_path: Path) -> None:
    store = Gated(tmp_path)
    async with TakeWriter(store, MemoryLedger()) as writer:
        drafts = [draft(str(number)) for number in range(3 * SAVED_AT_ONCE)]
        keeping = [asyncio.ensure_future(writer.keep(each)) for each in drafts]
        await asyncio.sleep(0)
        store.gate.set()
        takes = await asyncio.gather(*keeping)
    assert [take.key for take in takes] == [each.request.key for each in drafts]
    assert store.keys() == {take.key for take in takes}
    assert all(sha256(take.path.read_bytes()).hexdigest() == take.sha256 for take in takes)
    assert store.most == SAVED_AT_ONCE


async def test_an_error_reaches_only_those_whom_it_concerns(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    good, bad = draft("good"), draft("bad")
    in_the_way = tmp_path / "takes" / bad.request.key[:2]
    in_the_way.parent.mkdir()
    in_the_way.write_bytes(b"a file where a folder should be")
    assert good.request.key[:2] != bad.request.key[:2]
    async with TakeWriter(store, MemoryLedger()) as writer:
        results = await asyncio.gather(writer.keep(good), writer.keep(bad), return_exceptions=True)
    assert [type(result) for result in results] == [Take, DiskError]
    assert store.keys() == {good.request.key}


async def test_a_commit_covers_all_that_was_noted_before_it_was_asked_for(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    wish = SpeechRequest("p", "m", "v", "text", "en", 1.0, 24_000, 1)

    async def send(writer: TakeWriter) -> None:
        call = ledger.intend(wish)
        await writer.committed()
        assert max(ledger.committed) >= call

    async with TakeWriter(store, ledger) as writer:
        await asyncio.gather(*(send(writer) for _ in range(50)))
    assert len(ledger.committed) < 10, "they share their commits"


async def test_a_ledger_that_cannot_be_written_holds_back_those_who_wait_for_it(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    writer = TakeWriter(store, Unwritable())
    await writer.__aenter__()
    writer.commit_soon()
    kept = await writer.keep(draft("a take"))
    with pytest.raises(DiskError, match="ledger"):
        await writer.committed()
    with pytest.raises(DiskError, match="ledger"):
        await writer.__aexit__(None, None, None)
    assert store.keys() == {kept.key}


async def test_what_was_asked_for_is_finished_though_nobody_waits(tmp_path: Path) -> None:
    store = Gated(tmp_path)
    ledger = MemoryLedger()
    async with TakeWriter(store, ledger) as writer:
        keeping = [asyncio.ensure_future(writer.keep(draft(str(number)))) for number in range(5)]
        await asyncio.sleep(0)
        for each in keeping:
            each.cancel()
        await asyncio.wait(keeping)
        store.gate.set()
    assert len(store.keys()) == 5
    assert ledger.committed, "leaving commits a last time"
