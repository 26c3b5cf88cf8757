"""The process that writes takes, on a real disk."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from narrator.audio.measure import measure
from narrator.errors import DiskError
from narrator.model import Draft, SpeechRequest, Take
from narrator.rendering import saving
from narrator.rendering.saving import APART_FROM, NotSaved, SavingProcess
from narrator.rendering.saving_main import ASKED, read_asked
from narrator.rendering.takes import TakeFolder
from narrator.rendering.writer import TakeWriter
from narrator.testing.memory_ledger import MemoryLedger
from tests.faults.starting import PATIENCE_S, children_of, is_running, watch_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there takes are written by threads alone")

PCM = bytes(range(200)) * 24
MEASURED = measure(PCM, 24_000)


def draft_of(text: str) -> Draft:
    return Draft(SpeechRequest("p", "m", "v", text, "en", 1.0, 24_000, 1), PCM, MEASURED, (), {"ids": {}})


async def keep(writer: TakeWriter, text: str) -> Take:
    return await writer.keep(lambda: draft_of(text), is_brief=True)


class Counting(TakeFolder):
    """A folder that knows what was written to it by threads of this process."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "takes", folder / "quarantine")
        self.by_threads: list[str] = []

    def save(self, draft: Draft) -> Take:
        self.by_threads.append(draft.request.text)
        return super().save(draft)


async def _until_there_is_a_process(writer: TakeWriter, store: Counting) -> int:
    """Have takes kept until one is not written by a thread; the process that wrote it."""
    ends = asyncio.get_running_loop().time() + PATIENCE_S
    before = set(children_of(os.getpid()))
    number = 0
    while len(store.by_threads) == number:
        assert asyncio.get_running_loop().time() < ends
        await keep(writer, f"early {number}")
        number += 1
    (child,) = set(children_of(os.getpid())) - before
    assert os.getsid(child) == child, "Ctrl-C is not for it"
    return child


async def started() -> SavingProcess:
    process = await SavingProcess.start()
    assert process
    return process


def assert_all_are_there(store: TakeFolder, takes: list[Take], texts: list[str]) -> None:
    assert [take.key for take in takes] == [draft_of(text).request.key for text in texts]
    assert [store.load(take.key) for take in takes] == takes
    assert all(sha256(take.path.read_bytes()).hexdigest() == take.sha256 for take in takes)


async def test_a_take_is_the_same_whoever_writes_it(tmp_path: Path) -> None:
    here, apart = (TakeFolder(tmp_path / name, tmp_path / "quarantine") for name in ("here", "apart"))
    draft = draft_of('A "text" of two\nlines.')
    taken = here.save(draft)
    process = await started()
    path, sidecar = apart.unsealed(draft)
    told = await process.write(path, draft.pcm, sidecar)
    await process.end()
    assert told == taken.sha256
    for suffix in (".pcm", ".json"):
        assert path.with_suffix(suffix).read_bytes() == taken.path.with_suffix(suffix).read_bytes()
    assert sorted(found.suffix for found in path.parent.iterdir()) == [".json", ".pcm"]


async def test_brief_answers_are_written_apart_once_there_are_many(tmp_path: Path) -> None:
    store = Counting(tmp_path)
    async with TakeWriter(store, MemoryLedger()) as writer:
        child = await _until_there_is_a_process(writer, store)
        before = len(store.by_threads)
        texts = [f"late {number}" for number in range(40)]
        takes = await asyncio.gather(*(keep(writer, text) for text in texts))
    assert before >= APART_FROM - 1
    assert len(store.by_threads) == before
    assert_all_are_there(store, takes, texts)
    assert not is_running(child), "it ends with the writer"


async def test_what_a_killed_process_had_not_written_is_written_here(tmp_path: Path) -> None:
    store = Counting(tmp_path)
    async with TakeWriter(store, MemoryLedger()) as writer:
        child = await _until_there_is_a_process(writer, store)
        texts = [f"late {number}" for number in range(60)]
        keeping = [asyncio.create_task(keep(writer, text)) for text in texts]
        await asyncio.wait(keeping, return_when=asyncio.FIRST_COMPLETED)
        os.kill(child, signal.SIGKILL)
        takes = await asyncio.gather(*keeping)
        after = await keep(writer, "after")
    assert_all_are_there(store, [*takes, after], [*texts, "after"])
    assert "after" in store.by_threads


async def test_leaving_finishes_what_cancelled_callers_asked_for(tmp_path: Path) -> None:
    store = Counting(tmp_path)
    async with TakeWriter(store, MemoryLedger()) as writer:
        await _until_there_is_a_process(writer, store)
        keeping = asyncio.create_task(keep(writer, "left alone"))
        await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.wait([keeping])
    assert "left alone" not in store.by_threads
    assert store.has(draft_of("left alone").request.key)


async def test_a_take_that_is_there_stays(tmp_path: Path) -> None:
    store = Counting(tmp_path)
    async with TakeWriter(store, MemoryLedger()) as writer:
        await _until_there_is_a_process(writer, store)
        first = await keep(writer, "twice")
        written = first.path.stat()
        second = await keep(writer, "twice")
    assert second == first
    assert second.path.stat() == written


async def test_an_error_of_the_disk_is_told_as_it_would_be_here(tmp_path: Path) -> None:
    store = TakeFolder(tmp_path / "takes", tmp_path / "quarantine")
    draft = draft_of("bad")
    path, sidecar = store.unsealed(draft)
    path.parent.parent.mkdir()
    path.parent.write_bytes(b"a file where a folder should be")
    with pytest.raises(DiskError) as here:
        store.save(draft)
    process = await started()
    with pytest.raises(DiskError) as apart:
        await process.write(path, draft.pcm, sidecar)
    good = store.unsealed(draft_of("good"))
    assert await process.write(good[0], PCM, good[1]) == sha256(PCM).hexdigest(), "the next may succeed"
    await process.end()
    assert _told(apart.value) == _told(here.value)
    with pytest.raises(NotSaved):
        await process.write(good[0], PCM, good[1])


def _told(error: DiskError) -> tuple[str, str]:
    """What it says, but for the random part of a hidden file's name."""
    return error.what.partition("(")[0], error.advice


def test_half_of_a_take_is_none() -> None:
    frame = ASKED.pack(1, 4, 2, len(PCM)) + b"path" + b"{}" + PCM
    assert read_asked(io.BytesIO(frame)) == (1, Path("path"), b"{}", PCM)
    for length in (0, 5, ASKED.size, ASKED.size + 3, len(frame) - 1):
        assert read_asked(io.BytesIO(frame[:length])) is None


async def test_a_process_that_fails_over_something_else_is_ended(tmp_path: Path) -> None:
    process = await started()
    with pytest.raises(NotSaved):
        await process.write(tmp_path / "a\0b.pcm", PCM, b"{}")
    await process.end()


@pytest.mark.parametrize(
    ("program", "start_s"),
    [
        ("missing", 0.5),
        ("failing", 0.5),
        (None, 0.5),
        pytest.param("mute", 30, marks=pytest.mark.slow, id="mute, and left while it starts"),
        pytest.param("mute", 0.05, marks=pytest.mark.slow, id="mute, and left while it is ended"),
    ],
)
async def test_all_is_saved_where_there_can_be_no_process(
    program: str | None, start_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(children_of(os.getpid()))
    for name, ends in {"mute": "exec sleep 600", "failing": "echo no; exit 1"}.items():
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{ends}\n")
        script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", None if program is None else str(tmp_path / program))
    monkeypatch.setattr(saving, "_START_S", start_s)
    store = Counting(tmp_path)
    async with asyncio.timeout(PATIENCE_S), TakeWriter(store, MemoryLedger()) as writer:
        for number in range(2 * APART_FROM):
            await keep(writer, str(number))
    assert len(store.by_threads) == 2 * APART_FROM
    assert set(children_of(os.getpid())) == before


async def test_a_suspended_process_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Counting(tmp_path)
    async with asyncio.timeout(PATIENCE_S):
        async with TakeWriter(store, MemoryLedger()) as writer:
            child = await _until_there_is_a_process(writer, store)
            os.kill(child, signal.SIGSTOP)
            for name in ("_PATIENCE_S", "_END_S"):  # from now on it does nothing, however long it is given
                monkeypatch.setattr(saving, name, 0.1)
            take = await keep(writer, "meanwhile")
    assert_all_are_there(store, [take], ["meanwhile"])
    assert not is_running(child)


@pytest.mark.parametrize("cancellations", [1, 3])
async def test_leaving_in_a_hurry_saves_what_was_asked_for(tmp_path: Path, cancellations: int) -> None:
    store = Counting(tmp_path)
    writer = await TakeWriter(store, MemoryLedger()).__aenter__()
    child = await _until_there_is_a_process(writer, store)
    keeping = [asyncio.create_task(keep(writer, f"late {number}")) for number in range(60)]
    await asyncio.sleep(0)
    for each in keeping:
        each.cancel()
    leaving = asyncio.create_task(writer.__aexit__(None, None, None))
    for _ in range(cancellations):
        await asyncio.sleep(0.0005)
        leaving.cancel()
    await asyncio.wait([leaving, *keeping])
    assert leaving.cancelled()
    assert all(store.has(draft_of(f"late {number}").request.key) for number in range(60))
    assert not is_running(child)


_PARENT = """
import asyncio
from narrator.rendering.saving import SavingProcess

async def main():
    await SavingProcess.start()
    print("started", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_it_is_gone_when_its_parent_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        parent.stdout.readline()
        (child,) = children_of(parent.pid)
        parent.kill()
    watch_until(lambda: not is_running(child), within_s=2.0)
