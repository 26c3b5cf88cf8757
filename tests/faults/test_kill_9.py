"""kill -9 while takes are written, in assembly and in tagging: the book is the same, and nothing is paid twice.

Where a kill struck is told by what it left behind: takes that are missing; a hidden part of an MP3 without
tags; a part with tags, or a finished name that `book.json` does not know yet.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import pytest

from tests.end_to_end.books import markdown
from tests.end_to_end.command import kill_group, started
from tests.faults.ferry import CONCURRENCY, Ferry
from tests.faults.starting import children_of, is_running, need_strace, traced, watch_until


class Phase(StrEnum):
    TAKES = "takes"
    ASSEMBLY = "assembly"
    TAGGING = "tagging"


def _struck(ferry: Ferry, asked: int) -> Phase | None:
    """Where a run was killed before which there had been `asked` requests."""
    if len(ferry.takes()) < ferry.undisturbed.texts:
        return Phase.TAKES if ferry.asked_since(asked) else None
    parts = [_head(path) for path in ferry.out.glob(".*.mp3.*.part")]
    if b"ID3" in parts or _unnoted(ferry):
        return Phase.TAGGING
    return Phase.ASSEMBLY if parts else None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(3)


def _unnoted(ferry: Ferry) -> set[str]:
    """The MP3s that have their names and are not in `book.json`."""
    return {path.name for path in ferry.out.glob("[!.]*.mp3")} - ferry.recorded()


def _kill_in_takes(ferry: Ferry, chance: random.Random, log: Path) -> None:
    """After a take that was announced; or by strace, at a moment of writing one."""
    if chance.random() < 0.5:
        with started(*ferry.command) as run:
            run.wait_for("take_ready", times=chance.randint(1, 3))
            kill_group(run.process)
            run.finish()
    else:
        # The main thread has files of its own to write before the first take: the first N would all be its.
        call, least = chance.choice([("write", 6), ("fsync", 8), ("rename", 4)])
        number = chance.randint(least, 2 * least)
        # One at a time, so that it is one thread that writes takes, and its Nth call comes before their end.
        quietly = (*ferry.quiet_command, "--concurrency", "1")
        with started(*traced(log, call, f"signal=KILL:when={number}"), *quietly) as run:
            run.finish()


def _kill_in_assembly(ferry: Ferry, chance: random.Random, log: Path) -> None:
    """When a part of an MP3 has grown to some size."""
    size = chance.randrange(2_000, 120_000)
    with started(*ferry.command) as run:
        watch_until(lambda: _has_grown(ferry.out, size) or _ended(run.process))
        kill_group(run.process)
        run.finish()


def _kill_in_tagging(ferry: Ferry, chance: random.Random, log: Path) -> None:
    """At a moment between tags and `book.json`, which strace draws out by delaying its syncs and renames."""
    slowed = traced(log, "fsync,rename", "delay_enter=40000")
    with started(*slowed, *ferry.command) as run:
        watch_until(lambda: _is_tagging(ferry) or _ended(run.process))
        with suppress(subprocess.TimeoutExpired):
            run.process.wait(timeout=chance.uniform(0.0, 0.1))
        kill_group(run.process)
        run.finish()


def _listed(out: Path) -> list[Path]:
    # A glob would trip over names that vanish while it looks.
    try:
        return [path for path in out.iterdir() if path.suffix == ".part" and path.exists()]
    except FileNotFoundError:
        return []


def _has_grown(out: Path, size: int) -> bool:
    try:
        return any(path.stat().st_size > size for path in _listed(out))
    except FileNotFoundError:
        return False


def _is_tagging(ferry: Ferry) -> bool:
    try:
        return any(_head(path) == b"ID3" for path in _listed(ferry.out))
    except FileNotFoundError:
        return False


def _ended(process: subprocess.Popen[str]) -> bool:
    return process.poll() is not None


_KILLS: dict[Phase, Callable[[Ferry, random.Random, Path], None]] = {
    Phase.TAKES: _kill_in_takes,
    Phase.ASSEMBLY: _kill_in_assembly,
    Phase.TAGGING: _kill_in_tagging,
}


@pytest.mark.parametrize(
    ("wanted", "seed"),
    [
        pytest.param({Phase.TAKES: 1, Phase.ASSEMBLY: 1}, 51, id="quick"),
        pytest.param(
            {Phase.TAKES: 12, Phase.ASSEMBLY: 12, Phase.TAGGING: 6}, 2, id="full", marks=pytest.mark.slow
        ),
    ],
)
def test_kills_in_every_phase_change_no_byte_and_pay_for_nothing_finished_again(
    ferry: Ferry, wanted: dict[Phase, int], seed: int
) -> None:
    need_strace()
    chance = random.Random(seed)
    struck: Counter[Phase] = Counter()
    for phase, count in wanted.items():
        for attempt in range(3 * count):
            if struck[phase] >= count:
                break
            if phase is not Phase.TAKES:
                _leave_work_for_assembly(ferry)
            kill = partial(_KILLS[phase], ferry, chance, ferry.folder / f"{phase}-{attempt}.log")
            hit = _kill_and_look(ferry, kill)
            struck.update([hit] if hit else [])
            if phase is Phase.TAKES and struck[phase] == count // 2:
                _delete_ledger(ferry)
        if phase is Phase.TAKES:
            ferry.server.latency_s = 0
            ferry.assert_finished(ferry.render())
    ferry.assert_finished(ferry.render())

    assert all(struck[phase] >= count for phase, count in wanted.items()), struck
    assert len(ferry.server.requests) <= ferry.undisturbed.texts + CONCURRENCY * struck[Phase.TAKES]


def _kill_and_look(ferry: Ferry, kill: Callable[[], None]) -> Phase | None:
    finished, asked = ferry.takes(), len(ferry.server.requests)
    kill()
    ferry.assert_nothing_half()
    assert not finished.intersection(ferry.asked_since(asked)), "a finished take was asked for again"
    return _struck(ferry, asked)


def _leave_work_for_assembly(ferry: Ferry) -> None:
    if len(list(ferry.out.glob("[!.]*.mp3"))) > len(ferry.undisturbed.mp3s) - 3:
        ferry.forget_audiobook()


def _delete_ledger(ferry: Ferry) -> None:
    for path in ferry.project.glob("ledger.db*"):
        path.unlink()


@pytest.mark.slow  # the quick one above kills while takes are written, too
@pytest.mark.parametrize(
    ("call", "number"),
    [
        *(("fsync", number) for number in (41, 42, 43)),
        *(("rename", number) for number in (41, 42)),
    ],
)
def test_a_kill_at_any_step_of_a_take_leaves_all_of_it_or_nothing_that_counts(
    ferry: Ferry, call: str, number: int
) -> None:
    # One at a time, so that each take is three syncs and two renames of one thread.
    need_strace()
    ferry.server.latency_s = 0
    killing = traced(ferry.log, call, f"signal=KILL:when={number}")
    with started(*killing, *ferry.quiet_command, "--concurrency", "1") as run:
        assert run.finish().exit_code == -signal.SIGKILL
    ferry.assert_nothing_half()
    kept, asked = ferry.takes(), len(ferry.server.requests)
    assert 0 < len(kept) < ferry.undisturbed.texts
    ferry.assert_finished(ferry.render())
    assert not kept.intersection(ferry.asked_since(asked))
    assert len(ferry.server.requests) <= ferry.undisturbed.texts + 1


@pytest.mark.slow
def test_without_its_ledger_a_finished_book_asks_for_nothing(ferry: Ferry) -> None:
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())
    asked = len(ferry.server.requests)
    _delete_ledger(ferry)
    shutil.rmtree(ferry.out)
    ferry.assert_finished(ferry.render())
    assert len(ferry.server.requests) == asked


@pytest.mark.slow
def test_kills_while_a_process_writes_takes_lose_nothing_that_is_finished(ferry: Ferry) -> None:
    # Answers come so fast, and so many, that by the time of each kill another process writes takes.
    ferry.server.latency_s = 0
    sentences = [f"On day {number} the tide came in." for number in range(600)]
    book = markdown(ferry.folder / "ferry.md", {"One": sentences[:300], "Two": sentences[300:]})
    undisturbed = replace(ferry, folder=ferry.folder / "undisturbed", book=book)
    assert undisturbed.render().exit_code == 0
    texts, chance, kills = len(ferry.server.requests), random.Random(7), 4
    kept, asked = set[str](), texts
    for _ in range(kills):
        with started(*ferry.command) as run:
            run.wait_for("take_ready", times=chance.randint(100, 120))
            writers = children_of(run.process.pid)
            kill_group(run.process)
            run.finish()
        assert writers, "no process had been started yet"
        watch_until(lambda gone=writers: not any(map(is_running, gone)), within_s=2.0)  # type: ignore[misc]
        assert not kept.intersection(ferry.asked_since(asked)), "a finished take was asked for again"
        kept, asked = ferry.takes(), len(ferry.server.requests)
    assert ferry.render().exit_code == 0
    assert len(ferry.server.requests) <= 2 * texts + kills * CONCURRENCY
    assert _mp3s(ferry) == _mp3s(undisturbed)
    assert not list(ferry.project.rglob(".*.part")), "what was half written is swept"


def _mp3s(ferry: Ferry) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in ferry.out.glob("*.mp3")}
