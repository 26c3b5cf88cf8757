from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrator.errors import Rejected, RunError, Unavailable, UnknownVoice
from narrator.model import WordTime
from narrator.providers.workers import WorkerPool

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by POSIX signals")

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _engines_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def pool(engine: str, *, size: int = 1, patience_s: float = 30.0, **settings: str) -> WorkerPool:
    return WorkerPool(f"engines_for_workers:{engine}", settings, size=size, patience_s=patience_s)


async def said(workers: WorkerPool, text: str, **more: int) -> bytes:
    answer = [piece async for piece in workers.speak({"text": text, **more})]
    return b"".join(piece for piece in answer if isinstance(piece, bytes))


async def first_piece(workers: WorkerPool, text: str) -> bytes:
    """The beginning of an answer that is then abandoned."""
    async with contextlib.aclosing(workers.speak({"text": text})) as sound:
        async for piece in sound:
            assert isinstance(piece, bytes)
            return piece
    raise AssertionError("there was none")


@contextlib.contextmanager
def tether() -> Iterator[socket.socket]:
    """A port to which a Tethered engine holds a connection for as long as its process lives."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20.0)
        yield server


def is_gone_within(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    with connection:
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True


async def test_a_request_is_spoken_in_another_process_and_no_chatter_gets_in() -> None:
    async with pool("Echo") as workers:
        pid, _, text = (await said(workers, "Ünïcode.")).partition(b" ")
    assert int(pid) != os.getpid()
    assert text.decode() == "Ünïcode."


async def test_one_worker_serves_request_after_request() -> None:
    async with pool("Echo") as workers:
        pids = {(await said(workers, "x")).split()[0] for _ in range(5)}
    assert len(pids) == 1


async def test_several_requests_are_spoken_at_once_each_by_one_worker() -> None:
    async with pool("Echo", size=2) as workers:
        answers = await asyncio.gather(*(said(workers, f"text {number}") for number in range(8)))
    assert [answer.partition(b" ")[2] for answer in answers] == [
        f"text {number}".encode() for number in range(8)
    ]


async def test_no_library_of_a_worker_reports_to_its_maker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    async with pool("Asked") as workers:
        assert await said(workers, "ORT_DISABLE_TELEMETRY") == b"1"


async def test_times_of_words_come_in_their_place() -> None:
    async with pool("Timed") as workers:
        answer = [piece async for piece in workers.speak({"text": "Ünïcode."})]
    assert answer == [b"xx", WordTime("Ünïcode.", 0, 40), b"yy"]


async def test_large_answers_pass() -> None:
    async with pool("Moody") as workers:
        assert len(await said(workers, "large", bytes=20_000_000)) == 20_000_003


async def test_what_the_engine_refuses_is_refused_here_and_the_worker_lives_on() -> None:
    async with pool("Moody") as workers:
        with pytest.raises(Rejected, match="I will not say that") as caught:
            await said(workers, "refuse")
        assert caught.value.advice == "Ask nicely."
        assert await said(workers, "fine") == b"xend"


@pytest.mark.parametrize(("text", "cause"), [("crash", "KeyError in speak"), ("abort", "-6")])
async def test_a_worker_that_dies_fails_its_request_alone_and_is_replaced(text: str, cause: str) -> None:
    async with pool("Moody") as workers:
        with pytest.raises(Unavailable, match=cause) as caught:
            await said(workers, text)
        assert "the text of the book" not in str(caught.value)
        assert await said(workers, "fine") == b"xend"


async def test_a_worker_killed_between_requests_is_replaced_unnoticed() -> None:
    async with pool("Echo") as workers:
        pid = int((await said(workers, "x")).split()[0])
        os.kill(pid, signal.SIGKILL)
        for _ in range(2):  # it may die before or while it is asked; either way the pool goes on
            with contextlib.suppress(Unavailable):
                assert int((await said(workers, "x")).split()[0]) != pid
        assert int((await said(workers, "x")).split()[0]) != pid


@pytest.mark.parametrize("text", ["hang", "compute"])
async def test_a_worker_that_is_silent_too_long_is_ended_and_replaced(text: str) -> None:
    async with pool("Moody", patience_s=0.5) as workers:
        with pytest.raises(Unavailable, match="silent"):
            await said(workers, text)
        assert await said(workers, "fine") == b"xend"


@pytest.mark.parametrize("text", ["hang", "compute"])
async def test_an_abandoned_request_ends_its_worker_and_the_next_gets_another(text: str) -> None:
    with tether() as server:
        async with pool("Tethered", port=str(server.getsockname()[1])) as workers:
            assert await first_piece(workers, text) == b"x"
            connection, _ = server.accept()
            assert is_gone_within(connection, 2.0)
            assert await said(workers, "fine") == b"xend"


async def test_a_cancelled_request_frees_its_place() -> None:
    async with pool("Moody") as workers:
        await workers.ready()
        call = asyncio.create_task(said(workers, "hang"))
        waiting = asyncio.create_task(said(workers, "fine"))
        await asyncio.sleep(0)
        call.cancel()
        assert await waiting == b"xend"


@pytest.mark.parametrize("text", ["hang", "compute"])
async def test_leaving_the_pool_ends_workers_that_are_in_the_middle(text: str) -> None:
    with tether() as server:
        async with pool("Tethered", port=str(server.getsockname()[1])) as workers:
            sound = workers.speak({"text": text})
            assert await anext(sound) == b"x"
            connection, _ = server.accept()
        assert is_gone_within(connection, 2.0)
        with contextlib.suppress(Unavailable):
            await sound.aclose()


async def test_a_worker_that_speaks_while_another_is_replaced_is_ended_too() -> None:
    with tether() as server:
        async with pool("Tethered", size=2, port=str(server.getsockname()[1])) as workers:
            sound = workers.speak({"text": "hang"})
            assert await anext(sound) == b"x"
            with pytest.raises(Unavailable):
                await said(workers, "crash")
            assert await said(workers, "fine") == b"xend"
            connections = [server.accept()[0] for _ in range(3)]
        assert all(is_gone_within(connection, 2.0) for connection in connections)
        with contextlib.suppress(Unavailable):
            await sound.aclose()


async def test_leaving_the_pool_while_it_starts_leaves_nothing_behind() -> None:
    with tether() as server:
        async with pool("Tethered", port=str(server.getsockname()[1])):
            pass
        server.settimeout(1.0)
        with contextlib.suppress(TimeoutError):  # most often it never comes so far as to connect
            connection, _ = server.accept()
            assert is_gone_within(connection, 2.0)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("Missing", "a_package_that_nobody_has"),
        ("Modelless", "no model at /nowhere"),
        ("Voiceless", "There is no such voice"),
        ("NoSuchEngine", "NoSuchEngine"),
    ],
)
async def test_an_engine_that_cannot_start_stops_the_run_with_its_own_words(engine: str, message: str) -> None:
    async with pool(engine) as workers:
        with pytest.raises(RunError, match=message) as first:
            await said(workers, "x")
        with pytest.raises(RunError, match=message) as second:
            await said(workers, "x")
    assert first.value is second.value, "it is not started again and again"
    assert isinstance(first.value, UnknownVoice) == (engine == "Voiceless")


async def test_an_engine_killed_while_it_starts_may_be_tried_again() -> None:
    async with pool("Stillborn") as workers:
        for _ in range(2):
            with pytest.raises(Unavailable, match="-9"):
                await workers.ready()


PARENT = """
import asyncio, sys
from narrator.providers.workers import WorkerPool

async def main():
    settings = {"port": sys.argv[1]}
    async with WorkerPool("engines_for_workers:Tethered", settings, size=2, patience_s=60) as workers:
        calls = [workers.speak({"text": sys.argv[2]}) for _ in range(2)]
        await asyncio.gather(*(anext(call) for call in calls))
        print("speaking", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("text", ["hang", "compute"])
def test_when_the_parent_is_killed_its_workers_are_gone_within_two_seconds(text: str) -> None:
    with tether() as server:
        command = [sys.executable, "-c", PARENT, str(server.getsockname()[1]), text]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
            connections = [server.accept()[0] for _ in range(2)]
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"speaking\n"
            parent.kill()
        assert all(is_gone_within(connection, 2.0) for connection in connections)


def test_an_interrupt_from_the_keyboard_is_not_for_workers() -> None:
    with tether() as server:
        command = [sys.executable, "-c", PARENT, str(server.getsockname()[1]), "hang"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as parent:
            connections = [server.accept()[0] for _ in range(2)]
            assert parent.stdout is not None
            parent.stdout.readline()
            os.kill(parent.pid, signal.SIGSTOP)  # so that only the workers could answer the interrupt
            os.killpg(parent.pid, signal.SIGINT)
            said_something, _, _ = select.select(connections, [], [], 0.3)
            assert not said_something
            parent.kill()
            for connection in connections:
                connection.close()
