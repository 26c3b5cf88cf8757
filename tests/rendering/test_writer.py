"""The writer and the files of a group, on a real disk."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from narrator.audio.measure import measure
from narrator.errors import DiskError
from narrator.model import Draft, SpeechRequest, Take
from narrator.rendering.filing import write_all
from narrator.rendering.takes import TakeFolder
from narrator.rendering.writer import MOST_AT_ONCE, TakeWriter
from narrator.testing.memory_ledger import MemoryLedger

PCM = bytes(range(200)) * 24


def draft(store: TakeFolder, text: str, pcm: bytes = PCM) -> Draft:
    request = SpeechRequest("p", "m", "v", text, "en", 1.0, 24_000, 1)
    return store.prepare(request, pcm, measure(pcm, 24_000), (), {})


class Gated(TakeFolder):
    """A folder whose first batch waits for `gate`; `sizes` are the takes of each batch."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "takes", folder / "quarantine")
        self.gate = threading.Event()
        self.sizes: list[int] = []

    def save_all(self, drafts: Sequence[Draft]) -> list[Take | DiskError]:
        self.gate.wait(10)
        self.sizes.append(len(drafts))
        return super().save_all(drafts)


class Unwritable(MemoryLedger):
    """A ledger on a disk that is full."""

    def commit(self) -> None:
        raise DiskError("The ledger could not be written.")


async def test_what_waits_is_written_together(tmp_path: Path) -> None:
    store = Gated(tmp_path)
    async with TakeWriter(store, MemoryLedger()) as writer:
        drafts = [draft(store, str(number)) for number in range(MOST_AT_ONCE + 9)]
        keeping = [asyncio.ensure_future(writer.keep(each)) for each in drafts]
        await asyncio.sleep(0)
        store.gate.set()
        takes = await asyncio.gather(*keeping)
    assert takes == [each.take for each in drafts]
    assert store.keys() == {take.key for take in takes}
    assert all(sha256(take.path.read_bytes()).hexdigest() == take.sha256 for take in takes)
    assert store.sizes == [1, MOST_AT_ONCE, 8]


async def test_an_error_reaches_only_those_whom_it_concerns(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    good, bad = draft(store, "good"), draft(store, "bad")
    bad.take.path.parent.parent.mkdir()
    bad.take.path.parent.write_bytes(b"a file where a folder should be")
    assert good.take.path.parent != bad.take.path.parent
    async with TakeWriter(store, MemoryLedger()) as writer:
        first = writer.keep(draft(store, "first"))
        results = await asyncio.gather(first, writer.keep(good), writer.keep(bad), return_exceptions=True)
    assert [type(result) for result in results] == [Take, Take, DiskError]
    assert store.keys() >= {good.take.key}


async def test_one_key_twice_is_one_take(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    one, other = draft(store, "same"), draft(store, "same", PCM[:2400])
    assert store.save_all([one, other]) == [one.take, one.take]
    assert store.save_all([other]) == [one.take]
    assert one.take.path.read_bytes() == PCM


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
    kept = await writer.keep(draft(store, "a take"))
    with pytest.raises(DiskError, match="ledger"):
        await writer.committed()
    with pytest.raises(DiskError, match="ledger"):
        await writer.__aexit__(None, None, None)
    assert store.keys() == {kept.key}


async def test_what_was_asked_for_is_finished_though_nobody_waits(tmp_path: Path) -> None:
    store = Gated(tmp_path)
    ledger = MemoryLedger()
    async with TakeWriter(store, ledger) as writer:
        keeping = [asyncio.ensure_future(writer.keep(draft(store, str(number)))) for number in range(5)]
        await asyncio.sleep(0)
        for each in keeping:
            each.cancel()
        await asyncio.wait(keeping)
        store.gate.set()
    assert len(store.keys()) == 5
    assert ledger.committed, "leaving commits a last time"


def test_files_of_a_group_fail_one_by_one(tmp_path: Path) -> None:
    small, large = tmp_path / "a" / "small", tmp_path / "a" / "large"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        failed = write_all({small: b"x" * 900, large: b"x" * 5000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert set(failed) == {large}
    assert failed[large].advice
    assert [(path.name, path.stat().st_size) for path in small.parent.iterdir()] == [("small", 900)]


@pytest.mark.parametrize(("call", "which"), [("fsync", 3), ("replace", 2)])
def test_a_sidecar_that_fails_takes_its_pcm_with_it(
    tmp_path: Path, call: str, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    wanted = draft(store, "text")
    real, calls = getattr(os, call), iter(range(1, 100))

    def fails_once(*what: object) -> object:
        if next(calls) == which:
            raise OSError(5, "Input/output error")
        return real(*what)

    monkeypatch.setattr(os, call, fails_once)
    (result,) = store.save_all([wanted])
    assert isinstance(result, DiskError)
    assert [path for path in (tmp_path / "takes").rglob("*") if path.is_file()] == []
