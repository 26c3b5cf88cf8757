"""Several processes on one account, for real."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from narrator.errors import Interrupted
from narrator.rendering.limits import AccountLimits
from narrator.rendering.rate import Rate, SharedRate
from narrator.rendering.shared import SharedAccount
from narrator.rendering.slots import OPEN_S, PATIENCE_S, POLL_S, Release, Slots

USER = Path(__file__).with_name("account_user.py")


class Users:
    """Processes on one account, and what they wrote of their attempts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "accounts"
        self._log = folder / "log"
        self._log.touch()
        self.started: list[subprocess.Popen[bytes]] = []
        self.here = ExitStack()

    def start(
        self, name: str, *, concurrency: int = 3, attempts: int = 40, hold_s: float = 0.01, rate: str = ""
    ) -> subprocess.Popen[bytes]:
        wishes = (self.folder, self._log, name, concurrency, attempts, hold_s, rate)
        self.started.append(subprocess.Popen([sys.executable, str(USER), *map(str, wishes)]))
        return self.started[-1]

    def lines(self) -> list[tuple[str, str, float]]:
        """Sign, name and time of each beginning and end, in their order."""
        whole = self._log.read_text().rpartition("\n")[0].splitlines()
        return [(sign, name, float(at)) for sign, name, at in map(str.split, whole)]

    def begun(self, name: str) -> int:
        return sum(sign == "+" and who == name for sign, who, _ in self.lines())

    def peak(self) -> int:
        running = peak = 0
        for sign, _, _ in self.lines():
            running += 1 if sign == "+" else -1
            peak = max(peak, running)
        return peak

    def until(self, question: Callable[[], bool], within_s: float = 15.0) -> None:
        end = time.monotonic() + within_s
        while not question():
            assert time.monotonic() < end, f"not within {within_s} s"
            time.sleep(0.005)


@pytest.fixture
def users(tmp_path: Path) -> Iterator[Users]:
    users = Users(tmp_path)
    with users.here:
        yield users
    for process in users.started:
        process.kill()
        process.wait(10)


def limits_of(users: Users, concurrency: int = 1) -> AccountLimits:
    shared = SharedAccount(users.folder, "someone")
    return users.here.enter_context(AccountLimits(concurrency, stopping=asyncio.Event(), shared=shared))


def test_processes_together_are_never_more_than_the_account_allows(users: Users) -> None:
    for process in [users.start("one"), users.start("other")]:
        assert process.wait(30) == 0
    assert users.begun("one") == users.begun("other") == 40
    assert users.peak() == 3


def test_a_process_with_endless_work_starves_no_other(users: Users) -> None:
    users.start("greedy", attempts=1_000, hold_s=0.05)
    users.until(lambda: users.begun("greedy") > 10)
    users.start("modest", attempts=1_000, hold_s=0.05)
    users.until(lambda: users.begun("modest") > 0, within_s=3)  # most of which Python takes to start
    users.until(lambda: users.begun("modest") > 30)
    lines = users.lines()
    first = next(number for number, (_, name, _) in enumerate(lines) if name == "modest")
    shared = [name for sign, name, _ in lines[first:] if sign == "+"]
    assert shared.count("greedy") < 2 * shared.count("modest") + 8
    assert shared.count("modest") < 2 * shared.count("greedy") + 8


async def test_a_killed_holder_frees_its_slots_at_once(users: Users) -> None:
    process = users.start("doomed", concurrency=2, attempts=2, hold_s=3600)
    await asyncio.to_thread(users.until, lambda: users.begun("doomed") == 2)
    limits = limits_of(users, 2)

    async def one() -> None:
        async with limits.attempt():
            pass

    waiting = asyncio.create_task(one())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    process.kill()
    await asyncio.wait_for(waiting, 1)


async def test_what_waits_for_another_process_ends_at_once_when_all_is_to_end(users: Users) -> None:
    holder, limits = limits_of(users), limits_of(users)
    async with holder.attempt():
        waiting = [asyncio.create_task(_enter(limits)) for _ in range(3)]
        await asyncio.sleep(0.05)
        limits.close()
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
        assert [type(result) for result in results] == [Interrupted] * 3
    await asyncio.wait_for(_enter(limits_of(users)), 1)  # nothing was kept


async def test_a_pause_is_told_to_the_other_processes(users: Users) -> None:
    one, other = limits_of(users), limits_of(users)
    one.pause(0.3)
    one.pause(0.1)  # a shorter one takes nothing back
    began = time.monotonic()
    await _enter(other)
    assert time.monotonic() - began >= 0.28


async def test_a_pause_is_heard_of_by_who_has_just_begun_something(users: Users) -> None:
    one, other = limits_of(users), limits_of(users)
    await _enter(other)
    began = time.monotonic()
    one.pause(0.3)
    begun_s: list[float] = []
    while not begun_s or begun_s[-1] < 0.28:
        await _enter(other)
        begun_s.append(time.monotonic() - began)
    assert not [at for at in begun_s if 3 * POLL_S < at < 0.28]


async def test_a_pause_of_a_wrong_clock_is_not_believed(users: Users) -> None:
    limits = limits_of(users)
    limits.pause(0.01)
    (file,) = users.folder.glob("*.pause")
    ahead = time.time() + 86_400
    os.utime(file, (ahead, ahead))
    await asyncio.wait_for(_enter(limits), 1)


def test_a_rate_holds_for_all_processes_together(users: Users) -> None:
    for process in [users.start(name, attempts=8, hold_s=0.0, rate="5/0.2s") for name in ("one", "other")]:
        assert process.wait(30) == 0
    begun = sorted(at for sign, _, at in users.lines() if sign == "+")
    assert len(begun) == 16
    assert all(later - earlier >= 0.15 for earlier, later in zip(begun, begun[5:], strict=False))


def test_a_start_of_a_wrong_clock_is_forgotten(tmp_path: Path) -> None:
    rate = SharedRate(tmp_path / "rate", Rate(1, 60.0))
    assert rate.take() == 0.0
    assert 59 < rate.take() <= 60
    rate._db.execute("UPDATE starts SET at = at + 86400")
    assert rate.take() == 0.0


async def test_a_state_folder_that_cannot_be_used_is_said_once_and_fails_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    shared = SharedAccount(tmp_path / "file" / "accounts", "someone")
    with caplog.at_level(logging.WARNING, "narrator"):
        limits = AccountLimits(2, "100/s", stopping=asyncio.Event(), shared=shared)
        for _ in range(3):
            await _enter(limits)
        limits.pause(0.01)
    assert len(caplog.records) == 1
    assert str(tmp_path) in caplog.text


async def test_the_name_of_the_account_is_nowhere_in_the_folder(users: Users) -> None:
    shared = SharedAccount(users.folder, "sk-secret")
    AccountLimits(1, "5/s", stopping=asyncio.Event(), shared=shared).pause(1.0)
    names = [path.name for path in users.folder.iterdir()]
    assert names
    assert not any("secret" in name for name in names)
    assert not any(b"secret" in path.read_bytes() for path in users.folder.iterdir())


def test_slots_that_are_taken_back_are_no_longer_given_out_and_new_ones_are(tmp_path: Path) -> None:
    slots, other = Slots(tmp_path, "a", 3), Slots(tmp_path, "a", 3)
    held = taken(slots)
    for each in (slots, other):
        each.resize(1)
    taken(other)
    assert other.look() is None
    held()
    slots.resize(4)
    other.close()
    for _ in range(4):
        taken(slots)
    for each in (slots, other):
        each.leave()
        each.close()


def test_a_suspended_process_at_the_gate_holds_no_one_up_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("narrator.rendering.slots.time", SimpleNamespace(monotonic=lambda: now))
    holder, suspended, other = (Slots(tmp_path, "a", 1) for _ in range(3))
    release = taken(holder)
    assert suspended.look() is None  # it keeps the gate from now on
    release()
    assert other.look() is None
    now += PATIENCE_S - 0.01
    assert other.look() is None
    now += 0.02
    release_other = other.look()
    assert release_other
    release_other()
    for each in (holder, suspended, other):
        each.leave()
        each.close()


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


async def test_limits_that_are_done_with_keep_no_file_open(users: Users) -> None:
    shared = SharedAccount(users.folder, "someone")
    before = open_files()
    with AccountLimits(3, "9/s", stopping=asyncio.Event(), shared=shared) as limits:
        await asyncio.gather(*(_enter(limits) for _ in range(6)))
        assert open_files() > before
    assert open_files() == before


def test_a_lock_file_that_is_removed_splits_the_account_for_a_second_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("narrator.rendering.slots.time", SimpleNamespace(monotonic=lambda: now))
    one, other = Slots(tmp_path, "a", 1), Slots(tmp_path, "a", 1)
    taken(one)()
    for path in tmp_path.iterdir():
        path.unlink()
    release = taken(other)
    now += OPEN_S + 0.01
    assert one.look() is None
    release()
    assert one.look()
    for each in (one, other):
        each.leave()
        each.close()


def test_a_lock_that_the_system_does_not_take_back_ends_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("narrator.rendering.slots.unlock_descriptor", refuse)
    for slots in [Slots(tmp_path, "a", 1) for _ in range(2)]:
        taken(slots)()


def taken(slots: Slots) -> Release:
    release = slots.look()
    slots.leave()
    assert release
    return release


async def _enter(limits: AccountLimits) -> None:
    async with limits.attempt():
        pass
