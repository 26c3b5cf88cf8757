"""The writer, on a real disk."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
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


def made(text: str, pcm: bytes = PCM) -> Callable[[], Draft]:
    request = SpeechRequest("p", "m", "v", text, "en", 1.0, 24_000, 1)
    return lambda: Draft(request, pcm, measure(pcm, 24_000))


class Gated(TakeFolder):
    """A folder where each take waits for `gate` before it is stored."""

    def __init__(self, folder: Path, gate: Callable[[float], object]) -> None:
        super().__init__(folder / "takes", folder / "quarantine")
        self._gate = gate

    def save(self, draft: Draft) -> Take:
        self._gate(10.0)
        return super().save(draft)


class Unwritable(MemoryLedger):
    """A ledger on a disk that is full."""

    def commit(self) -> None:
        raise DiskError("The ledger could not be written.")


async def test_takes_wait_for_the_disk_side_by_side(tmp_path: Path) -> None:
    all_are_there = threading.Barrier(SAVED_AT_ONCE)
    store = Gated(tmp_path, all_are_there.wait)
    async with TakeWriter(store, MemoryLedger()) as writer:
        drafts = [made(str(number)) for number in range(3 * SAVED_AT_ONCE)]
        takes = await asyncio.gather(*map(writer.keep, drafts))
    assert [take.key for take in takes] == [make().request.key for make in drafts]
    assert store.keys() == {take.key for take in takes}
    assert all(sha256(take.path.read_bytes()).hexdigest() == take.sha256 for take in takes)


async def test_one_answer_is_measured_at_a_time(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    measuring: list[int] = []
    most = 0

    def make() -> Draft:
        nonlocal most
        number = len(measuring)
        measuring.append(number)
        most = max(most, len(measuring))
        draft = made(str(threading.get_ident()) + str(most))()
        measuring.pop()
        return draft

    async with TakeWriter(store, MemoryLedger()) as writer:
        await asyncio.gather(*(writer.keep(make) for _ in range(40)))
    assert most == 1


async def test_an_error_reaches_only_those_whom_it_concerns(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    good, bad = made("good"), made("bad")
    good_key, bad_key = good().request.key, bad().request.key
    in_the_way = tmp_path / "takes" / bad_key[:2]
    in_the_way.parent.mkdir()
    in_the_way.write_bytes(b"a file where a folder should be")
    assert good_key[:2] != bad_key[:2]
    async with TakeWriter(store, MemoryLedger()) as writer:
        results = await asyncio.gather(writer.keep(good), writer.keep(bad), return_exceptions=True)
    assert [type(result) for result in results] == [Take, DiskError]
    assert store.keys() == {good_key}


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


class Slow(MemoryLedger):
    """A ledger on a disk that takes its time."""

    def commit(self) -> None:
        super().commit()
        time.sleep(0.05)


async def test_what_is_noted_while_a_commit_runs_waits_for_the_next(tmp_path: Path) -> None:
    ledger = Slow()
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    wish = SpeechRequest("p", "m", "v", "text", "en", 1.0, 24_000, 1)

    async def send(writer: TakeWriter, number: int) -> None:
        await asyncio.sleep(0.01 * number)
        call = ledger.intend(wish)
        await writer.committed()
        assert max(ledger.committed, default=0) >= call

    async with TakeWriter(store, ledger) as writer:
        await asyncio.gather(*(send(writer, number) for number in range(20)))


async def test_a_ledger_that_cannot_be_written_holds_back_those_who_wait_for_it(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    writer = TakeWriter(store, Unwritable())
    await writer.__aenter__()
    writer.commit_soon()
    kept = await writer.keep(made("a take"))
    with pytest.raises(DiskError, match="ledger"):
        await writer.committed()
    with pytest.raises(DiskError, match="ledger"):
        await writer.__aexit__(None, None, None)
    assert store.keys() == {kept.key}


async def test_what_was_asked_for_is_finished_though_nobody_waits(tmp_path: Path) -> None:
    gate = threading.Event()
    store = Gated(tmp_path, gate.wait)
    ledger = MemoryLedger()
    async with TakeWriter(store, ledger) as writer:
        keeping = [asyncio.ensure_future(writer.keep(made(str(number)))) for number in range(5)]
        await asyncio.sleep(0)
        for each in keeping:
            each.cancel()
        await asyncio.wait(keeping)
        gate.set()
    assert len(store.keys()) == 5
    assert ledger.committed, "leaving commits a last time"
