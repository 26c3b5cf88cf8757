"""A disk that is full, read-only or failing: one line says so, nothing half is left, the command goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.end_to_end.command import Finished, here, started
from tests.faults.ferry import CONCURRENCY, Ferry
from tests.faults.small_disk import SmallDisk, small_disk
from tests.faults.starting import injected, need, need_strace, traced, watch_until

NO_SPACE = "No space left on device"

FILE, FOLDER = r"/\.[^/]+\.part>", r">"
"""What follows a folder's path in a line of strace: a file in it that is not whole yet, or nothing more."""

OLD = b"a file of before"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", megabytes=24) as disk:
        yield disk


def _outside(ferry: Ferry, disk: SmallDisk) -> Ferry:
    """The project on a small disk, as the test sees it."""
    return replace(ferry, folder=disk.seen)


def _inside(ferry: Ferry, disk: SmallDisk) -> Ferry:
    """The project on a small disk, as the command sees it."""
    return replace(ferry, folder=disk.folder)


def _assert_told(run: Finished, cause: str) -> None:
    assert run.exit_code == 8, run
    assert len([line for line in run.err.splitlines() if cause in line]) == 1, run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("part", ["takes", pytest.param(".", marks=pytest.mark.slow)])
def test_a_disk_that_fills_up_while_takes_are_written_stops_the_paying(ferry: Ferry, part: str) -> None:
    # With the ledger on it nothing can be noted, so nothing is sent; with takes alone the scheduler must stop.
    (ferry.project / part).parent.mkdir(exist_ok=True)
    with small_disk(ferry.project / part, megabytes=24) as disk:
        seen = replace(ferry, folder=disk.through(ferry.folder))
        with started(*disk.inside, *ferry.command) as run:
            run.wait_for("take_ready", times=6)
            disk.fill()
            _assert_told(run.finish(), NO_SPACE)

        seen.assert_nothing_half()
        seen.assert_nothing_left_over()
        kept, asked = seen.takes(), len(ferry.server.requests)
        assert 6 <= len(kept) < ferry.undisturbed.texts
        assert asked <= len(kept) + 2 * CONCURRENCY, "within a call a slot nothing more is paid for"

        disk.free()
        ferry.server.latency_s = 0
        seen.assert_finished(seen.render())
        assert not kept.intersection(ferry.asked_since(asked))


@pytest.mark.slow
def test_a_disk_that_fills_up_in_assembly_keeps_every_take(ferry: Ferry, disk: SmallDisk) -> None:
    ferry.server.latency_s = 0
    inside, outside = _inside(ferry, disk), _outside(ferry, disk)
    outside.assert_finished(inside.render(*disk.inside))
    outside.forget_audiobook()
    asked = len(ferry.server.requests)

    with started(*disk.inside, *inside.command) as run:
        watch_until(lambda: outside.out.exists() and any(outside.out.glob("*.mp3")))
        disk.fill()
        _assert_told(run.finish(), NO_SPACE)
    outside.assert_nothing_half()
    outside.assert_nothing_left_over()
    assert len(list(outside.out.glob("*.mp3"))) < len(ferry.undisturbed.mp3s)

    disk.free()
    outside.assert_finished(inside.render(*disk.inside))
    assert len(ferry.server.requests) == asked


@pytest.mark.slow
def test_on_a_read_only_disk_nothing_is_asked_for(ferry: Ferry, disk: SmallDisk) -> None:
    inside, outside = _inside(ferry, disk), _outside(ferry, disk)
    with started(*disk.inside, *inside.command) as run:
        run.wait_for("take_ready", times=6)
        run.interrupt()
        run.finish()
    asked = len(ferry.server.requests)

    disk.remount("ro")
    _assert_told(inside.render(*disk.inside), "Read-only file system")
    assert len(ferry.server.requests) == asked
    outside.assert_nothing_half()
    outside.assert_nothing_left_over()

    disk.remount("rw")
    outside.assert_finished(inside.render(*disk.inside))
    assert len(ferry.server.requests) == ferry.undisturbed.texts


@pytest.mark.slow
@pytest.mark.parametrize("part", ["takes", pytest.param("out", marks=pytest.mark.slow)])
def test_where_one_folder_is_read_only_nothing_is_asked_for(ferry: Ferry, part: str) -> None:
    ferry.project.mkdir()
    with small_disk(ferry.project / part, megabytes=24) as disk:
        disk.remount("ro")
        _assert_told(ferry.render(*disk.inside), "Read-only file system")
        assert not ferry.server.requests
        disk.remount("rw")
        assert ferry.render(*disk.inside).exit_code == 0


def test_on_a_disk_that_is_full_from_the_start_nothing_is_asked_for(ferry: Ferry, disk: SmallDisk) -> None:
    ferry.server.latency_s = 0
    outside = _outside(ferry, disk)
    assert here(*outside.command[1:], "--max-characters", "500").exit_code == 5
    asked = len(ferry.server.requests)
    assert 6 <= asked < ferry.undisturbed.texts
    rest = outside.project / "takes" / ".rest.0badcafe.part"
    disk.fill()
    _assert_told(outside.render(), "0 MB free")
    assert len(ferry.server.requests) == asked

    rest.touch()
    assert here("clean", outside.project, "--yes", "--json").exit_code == 0
    assert not rest.exists(), "what frees space needs none"
    disk.free()
    outside.assert_finished(outside.render())


@pytest.mark.slow
def test_files_that_are_wanted_on_a_disk_without_room_are_not_begun(ferry: Ferry, tmp_path: Path) -> None:
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())
    with small_disk(tmp_path / "small", megabytes=2) as disk:
        wanted = ("--format", "wav", "--output", disk.folder)
        with started(*disk.inside, *ferry.command, *wanted) as run:
            _assert_told(run.finish(), "needs about")
        assert not list(disk.seen.rglob("*.wav*"))


@pytest.mark.parametrize(
    ("call", "number", "place"),
    [
        pytest.param("fsync", 41, f"takes/..{FILE}", id="fsync of a take"),
        *(
            pytest.param(call, number, place, id=f"{call} {number}", marks=pytest.mark.slow)
            for call, number, place in (
                ("write", 20, f"takes/..{FILE}"),
                ("fsync", 43, f"takes/..{FOLDER}"),
                ("fsync", 42, f"takes/..{FILE}"),
                ("rename", 41, "takes/../"),
                ("rename", 42, "takes/../"),
                ("write", 3, f"source{FILE}"),
                ("fsync", 4, f"source{FILE}"),
                ("fsync", 5, f"source{FOLDER}"),
                ("rename", 3, "source/"),
                ("fsync", 14, f"script{FILE}"),
            )
        ),
    ],
)
def test_an_error_of_the_disk_in_a_new_project_is_told_and_mended(
    ferry: Ferry, call: str, number: int, place: str
) -> None:
    # One at a time, so that each take is two writes, three syncs and two renames of one thread.
    # No chapter is whole before the 20th write, and none of it may be the main thread's: it must tell of it.
    ferry.server.latency_s = 0
    fault = traced(ferry.log, call, f"error=EIO:when={number}")
    _assert_told(_run_with_error(ferry, fault, place, "--concurrency", "1"), "Input/output error")
    ferry.assert_nothing_half()
    ferry.assert_nothing_left_over()
    kept, asked = ferry.takes(), len(ferry.server.requests)
    ferry.assert_finished(ferry.render())
    assert not kept.intersection(ferry.asked_since(asked))


@pytest.mark.parametrize(
    ("call", "number", "place"),
    [
        pytest.param("rename", 2, "out/", id="rename of an MP3"),
        pytest.param("write", 20, f"out{FILE}", id="write 20", marks=pytest.mark.slow),
        pytest.param("fsync", 1, f"out{FILE}", id="fsync 1", marks=pytest.mark.slow),
        pytest.param("fsync", 4, f"out{FOLDER}", id="fsync 4", marks=pytest.mark.slow),
    ],
)
def test_an_error_of_the_disk_in_assembly_is_told_and_mended(
    ferry: Ferry, call: str, number: int, place: str
) -> None:
    # A thread that makes chapters withdraws one from book.json between the sync of its MP3 and the rename.
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())
    for mp3 in ferry.out.glob("*.mp3"):
        mp3.write_bytes(OLD)
    asked = len(ferry.server.requests)

    fault = traced(ferry.log, call, f"error=EIO:when={number}")
    _assert_told(_run_with_error(ferry, fault, place), "Input/output error")
    for name, whole in ferry.undisturbed.mp3s.items():
        assert (ferry.out / name).read_bytes() in {OLD, whole}
    unnamed = {name for line in injected(ferry.log) for name in ferry.undisturbed.mp3s if f'/{name}"' in line}
    assert not unnamed & ferry.recorded()
    ferry.assert_nothing_left_over()
    ferry.assert_finished(ferry.render())
    assert len(ferry.server.requests) == asked


def _run_with_error(ferry: Ferry, fault: Sequence[str], place: str, *options: str) -> Finished:
    """Run with a fault that must strike at `place` first: each thread comes to its files in the same order."""
    need_strace()
    with started(*fault, *ferry.quiet_command, *options) as run:
        ended = run.finish()
    first, *_ = injected(ferry.log)
    assert re.search(f"{re.escape(str(ferry.project))}/{place}", first), first
    return ended


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["takes", "assembly"])
def test_a_limit_of_file_size_is_a_fault_of_the_disk(ferry: Ferry, phase: str) -> None:
    need("prlimit", "--fsize=1000000", "true")
    ferry.server.latency_s = 0
    if phase == "assembly":
        ferry.assert_finished(ferry.render())
        ferry.forget_audiobook()
    limit = {"takes": 90_000, "assembly": 180_000}[phase]
    _assert_told(ferry.render("prlimit", f"--fsize={limit}", "--"), "File too large")
    ferry.assert_nothing_half()
    ferry.assert_nothing_left_over()
    kept, asked = ferry.takes(), len(ferry.server.requests)
    ferry.assert_finished(ferry.render())
    assert not kept.intersection(ferry.asked_since(asked))
