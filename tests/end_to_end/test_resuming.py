"""However a render ends, the same command goes on, and nothing that was finished is asked for again."""

from __future__ import annotations

import hashlib
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import markdown, paragraph
from tests.end_to_end.command import Finished, delivered, here, narrator, running

CONCURRENCY = 2


def _book(folder: Path) -> Path:
    numbers = iter(range(100))
    return markdown(
        folder / "ferry.md", {name: [paragraph(next(numbers)) for _ in range(5)] for name in ("One", "Two")}
    )


def _render(book: Path, server: FakeSpeechServer) -> list[str | Path]:
    return [
        "render", book, "--projects", book.parent, "--json",
        "--provider", "openai", "--base-url", server.url, "--concurrency", str(CONCURRENCY),
    ]  # fmt: skip


def test_a_killed_render_asks_for_nothing_finished_again(tmp_path: Path) -> None:
    book = _book(tmp_path)
    with served(FakeSpeechServer(latency_s=0.1)) as server:
        with running(*_render(book, server)) as first:
            first.wait_for("take_ready", times=4)
            first.process.kill()
            first.finish()
        asked_before = len(server.requests)
        server.latency_s = 0
        second = here(*_render(book, server))

    asked_again = {request.text for request in server.requests[asked_before:]}
    times_asked = Counter(request.text for request in server.requests)
    assert len(delivered(second)) == 2
    assert not asked_again & first.spoken()
    assert len(times_asked) == 14
    assert sum(times_asked.values()) <= 14 + CONCURRENCY, "at most the calls in flight are paid again"
    assert second.result["segments"]["reused"] >= 4


def test_one_interrupt_lets_running_segments_finish_and_says_how_to_go_on(tmp_path: Path) -> None:
    book = _book(tmp_path)
    with served(FakeSpeechServer(latency_s=0.3)) as server:
        with running(*_render(book, server)) as first:
            first.wait_for("take_ready")
            first.interrupt()
            stopped = first.finish()
        assert stopped.exit_code == 130, stopped
        assert stopped.result["exit_code"] == 130
        assert "narrator resume" in stopped.err
        assert "Traceback" not in stopped.err
        assert 0 < len(server.requests) < 14
        assert first.spoken() == {request.text for request in server.requests}

        server.latency_s = 0
        second = here("resume", first.events[0]["project"], "--json")
    assert len(delivered(second)) == 2
    assert len(server.requests) == len({request.text for request in server.requests}) == 14


@pytest.mark.slow  # test_signals has this of SIGTERM
def test_a_second_interrupt_stops_at_once(tmp_path: Path) -> None:
    book = _book(tmp_path)
    with served() as server:
        server.fail(FAULTS["mute"])
        with running(*_render(book, server)) as run:
            run.wait_for("segment_started")
            run.interrupt()
            run.wait_for("stopping")
            run.interrupt()
            stopped = run.finish(timeout_s=10)
    assert stopped.exit_code == 130, stopped
    assert "Traceback" not in stopped.err


@pytest.mark.slow  # test_signals has this of SIGHUP, and of SIGTERM the code
def test_a_request_to_terminate_is_an_interrupt_with_its_own_exit_code(tmp_path: Path) -> None:
    book = _book(tmp_path)
    with served(FakeSpeechServer(latency_s=0.2)) as server, running(*_render(book, server)) as run:
        run.wait_for("take_ready")
        run.process.send_signal(signal.SIGTERM)
        stopped = run.finish()
    assert stopped.exit_code == 143, stopped
    assert run.spoken() == {request.text for request in server.requests}


def test_a_paragraph_put_in_costs_one_request(tmp_path: Path) -> None:
    book = _book(tmp_path)
    with served() as server:
        first = delivered(here(*_render(book, server)))
        untouched = first[1].read_bytes()
        book.write_text(book.read_text("utf-8").replace(paragraph(2), f"{paragraph(2)}\n\nA new one."), "utf-8")
        server.requests.clear()
        second = here(*_render(book, server))
    assert [request.text for request in server.requests] == ["A new one."]
    assert second.result["segments"] == {"total": 15, "rendered": 1, "reused": 14, "failed": 0}
    assert delivered(second)[1].read_bytes() == untouched


def test_deleted_output_comes_back_with_the_server_gone(tmp_path: Path) -> None:
    book = _book(tmp_path)
    with served() as server:
        files = delivered(here(*_render(book, server)))
    before = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    shutil.rmtree(files[0].parent)
    again = here(*_render(book, server))
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in delivered(again)] == before


@pytest.mark.slow
def test_a_second_process_is_turned_away_with_the_name_of_the_first(tmp_path: Path) -> None:
    book = _book(tmp_path)
    with served() as server:
        server.fail(FAULTS["mute"])
        with running(*_render(book, server)) as holder:
            holder.wait_for("segment_started")
            start_s, _ = _timed("status", tmp_path / "ferry")
            took_s, loser = _timed(*_render(book, server))
            assert loser.exit_code == 6, loser
            assert str(holder.process.pid) in loser.err
            assert took_s < start_s + 2, "beside what it takes the program to start on this machine"
            holder.process.kill()
            holder.finish()
        server.recover()
        assert len(delivered(here(*_render(book, server)))) == 2, "a killed holder leaves no lock"


def _timed(*arguments: str | Path) -> tuple[float, Finished]:
    began = time.monotonic()
    run = narrator(*arguments)
    return time.monotonic() - began, run
