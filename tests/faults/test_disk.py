"""A disk that is full, read-only or failing: one line says so, nothing half is left, the command goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.end_to_end.command import Finished, started
from tests.faults.ferry import CONCURRENCY, Ferry
from tests.faults.small_disk import SmallDisk, small_disk
from tests.faults.starting import injected, need, need_strace, traced, watch_until

NO_SPACE = "No space left on device"


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


def test_a_disk_that_fills_up_while_takes_are_written_stops_the_paying(ferry: Ferry, disk: SmallDisk) -> None:
    inside, outside = _inside(ferry, disk), _outside(ferry, disk)
    with started(*disk.inside, *inside.command) as run:
        run.wait_for("take_ready", times=6)
        disk.fill()
        _assert_told(run.finish(), NO_SPACE)

    outside.assert_nothing_half()
    outside.assert_no_take_is_half()
    kept, asked = outside.takes(), len(ferry.server.requests)
    assert 6 <= len(kept) < ferry.undisturbed.texts
    assert asked <= len(kept) + 2 * CONCURRENCY, "within a call a slot nothing more is paid for"

    disk.free()
    outside.assert_finished(inside.render(*disk.inside))
    assert not kept.intersection(ferry.asked_since(asked))


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
    outside.assert_no_take_is_half()
    assert len(list(outside.out.glob("*.mp3"))) < len(ferry.undisturbed.mp3s)

    disk.free()
    outside.assert_finished(inside.render(*disk.inside))
    assert len(ferry.server.requests) == asked


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
    outside.assert_no_take_is_half()

    disk.remount("rw")
    outside.assert_finished(inside.render(*disk.inside))
    assert len(ferry.server.requests) == ferry.undisturbed.texts


@pytest.mark.parametrize(
    ("call", "number"),
    [
        pytest.param("fsync", 14),
        *(
            pytest.param(call, number, marks=pytest.mark.slow)
            for call in ("write", "fsync", "rename")
            for number in (2, 3, 6, 9, 10, 13, 16)
        ),
    ],
)
def test_an_error_of_the_disk_in_any_call_is_told_and_mended(ferry: Ferry, call: str, number: int) -> None:
    need_strace()
    ferry.server.latency_s = 0
    log = ferry.folder / "strace.log"
    with started(*traced(log, call, f"error=EIO:when={number}"), *ferry.quiet_command) as run:
        ended = run.finish()
    hits = [str(ferry.project) in line for line in injected(log)]
    if not (hits and all(hits)):
        pytest.skip(f"number {number} of {call} was not only a call on a file of the project")
    _assert_told(ended, "Input/output error")
    ferry.assert_nothing_half()
    ferry.assert_no_take_is_half()
    kept, asked = ferry.takes(), len(ferry.server.requests)
    ferry.assert_finished(ferry.render())
    assert not kept.intersection(ferry.asked_since(asked))


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
    ferry.assert_no_take_is_half()
    kept, asked = ferry.takes(), len(ferry.server.requests)
    ferry.assert_finished(ferry.render())
    assert not kept.intersection(ferry.asked_since(asked))
