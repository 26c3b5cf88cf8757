"""Jobs from the file to finished books, with real processes and a speech server that counts.

What a person or a timer starts is called here, where it matters to nobody that it is a process; its runs are.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import served
from tests.end_to_end.command import COMMAND, here, narrator
from tests.job_runs.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with served() as server:
        yield Shelf(tmp_path, server)


@pytest.mark.slow
def test_new_books_are_made_and_broken_ones_wait_until_they_change(shelf: Shelf) -> None:
    shelf.job(
        "shelf", 'folder = "../inbox", quiet = "0s"', "0 2 * * *", '[jobs.shelf.after]\ncopy_to = "../out"'
    )
    shelf.book("good", 2)
    broken = shelf.inbox / "broken.epub"
    broken.write_bytes(b"PK\x03\x04 this is no archive")
    first = shelf.run_due("2026-03-01T02:00")
    assert first.exit_code == 3
    assert "broken.epub" in first.out
    assert shelf.made() == {"good"}
    assert [path.name for path in (shelf.folder / "out" / "good").glob("*.mp3")]
    asked = len(shelf.server.requests)
    assert shelf.run_due("2026-03-02T02:00").exit_code == 0
    shelf.book("good", 3)
    broken.unlink()
    shelf.book("broken", 1, first=9)
    assert shelf.run_due("2026-03-03T02:00").exit_code == 0
    assert shelf.made() == {"good", "broken"}
    assert len(shelf.server.requests) > asked
    assert not shelf.asked_twice()
    assert shelf.outcomes() == ["failed", "done", "done"]


def test_nothing_is_due_twice_for_one_time(shelf: Shelf) -> None:
    shelf.job("one", f'manuscript = "{shelf.book("one", 1)}", quiet = "0s"', "0 2 * * *")
    shelf.run_due("2026-03-01T02:00")
    again = shelf.run_due("2026-03-01T02:30")
    assert "Nothing is due" in again.out
    assert shelf.outcomes() == ["done"]


def test_a_job_that_cannot_be_understood_does_not_stop_the_others(shelf: Shelf) -> None:
    shelf.job("bad", 'folder = "../inbox"', "61 2 * * *")
    shelf.job("good", f'manuscript = "{shelf.book("one", 1)}", quiet = "0s"', "0 2 * * *")
    run = shelf.run_due("2026-03-01T02:00")
    assert run.exit_code == 2
    assert "bad: when" in run.out
    assert shelf.made() == {"one"}


@pytest.mark.slow
def test_a_run_stops_at_its_budget_and_the_next_day_goes_on(shelf: Shelf) -> None:
    book = shelf.book("long", 12)
    shelf.job("long", f'manuscript = "{book}", quiet = "0s"', "0 2 * * *", "budget = { day_characters = 500 }")
    first = shelf.run_due("2026-03-01T02:00")
    assert first.exit_code == 0
    assert "budget" in first.out
    assert sum(len(request.text) for request in shelf.server.requests) <= 500
    for day in (2, 3, 4, 5):
        shelf.run_due(f"2026-03-0{day}T02:00")
    assert shelf.made() == {"long"}
    history = shelf.history()
    assert [run["outcome"] for run in history[:3]] == ["budget", "budget", "done"]
    assert all(run["characters"] <= 500 for run in history)
    assert not shelf.asked_twice()


def test_a_run_by_hand_is_in_the_history(shelf: Shelf) -> None:
    shelf.job("one", f'manuscript = "{shelf.book("one", 1)}", quiet = "0s"', "0 2 * * *")
    run = here("jobs", "start", "one", f"--jobs={shelf.file}")
    assert run.exit_code == 0
    assert [(each["trigger"], each["outcome"]) for each in shelf.history()] == [("hand", "done")]
    unknown = here("jobs", "start", "on", f"--jobs={shelf.file}")
    assert unknown.exit_code == 2
    assert "'one'" in unknown.err


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["run-due", "jobs start", "render --json"])
def test_whoever_is_killed_nothing_is_lost_or_paid_twice(shelf: Shelf, victim: str) -> None:
    book = shelf.book("long", 30)
    shelf.server.latency_s = 0.2
    alarm = shelf.folder / "alarm"
    on_failure = f"""[jobs.long.on_failure]\ncommand = ["sh", "-c", "cat >> {alarm}"]\n"""
    manuscript = f'manuscript = "{book}", quiet = "0s"'
    shelf.job("long", manuscript, "0 2 * * *", on_failure, render=", concurrency = 1")
    command: list[str | Path] = [COMMAND, "jobs", "run-due", f"--jobs={shelf.file}", "--now=2026-03-02T02:00"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _until(lambda: len(shelf.server.requests) >= 5)
        pattern = f"narrator.*{victim}.*{shelf.folder}"
        subprocess.run(["pkill", "-KILL", "-o", "-f", pattern], check=True)
        process.wait()
    for minutes in (31, 40, 50):  # a crash is tried again at once, a failed render after five minutes
        shelf.run_due(f"2026-03-02T02:{minutes}", narrator)
    assert shelf.made() == {"long"}
    # What was in flight when it was killed may be asked for again, and nothing else.
    assert len(shelf.asked_twice()) <= 1
    assert shelf.outcomes() == ["failed" if "render" in victim else "abandoned", "done"]
    sent = sum(len(request.text) for request in shelf.server.requests)
    assert sum(run["characters"] for run in shelf.history()) == sent
    assert json.loads(alarm.read_text())["outcome"] == shelf.outcomes()[0]


def _until(holds: object) -> None:
    assert callable(holds)
    patience = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.02)


@pytest.mark.slow
def test_two_dispatchers_do_the_work_once(shelf: Shelf) -> None:
    for number in range(3):
        book = shelf.book(f"book{number}", 6, first=10 * number)
        shelf.job(f"job{number}", f'manuscript = "{book}", quiet = "0s"', "0 2 * * *")
    command: list[str | Path] = [COMMAND, "jobs", "run-due", f"--jobs={shelf.file}", "--now=2026-03-02T02:00"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        process.communicate()
    assert shelf.made() == {"book0", "book1", "book2"}
    assert not shelf.asked_twice()
    assert sorted(run["job"] for run in shelf.history()) == ["job0", "job1", "job2"]


@pytest.mark.slow
def test_the_foreground_runs_what_becomes_due_and_a_second_one_is_told(shelf: Shelf) -> None:
    shelf.job("often", 'folder = "../inbox", quiet = "1s"', "every 3s")
    shelf.job("watched", 'folder = "../watched", quiet = "1s"', "on change")
    watched = shelf.folder / "watched"
    watched.mkdir()
    command: list[str | Path] = [COMMAND, "jobs", "run", f"--jobs={shelf.file}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            _until(lambda: any(run["job"] == "often" for run in shelf.history()))
            shelf.book("dropped", 1, folder=watched)
            second = narrator("jobs", "run", f"--jobs={shelf.file}")
            assert second.exit_code == 6
            assert str(process.pid) in second.err
            _until(lambda: "dropped" in shelf.made())
        finally:
            process.terminate()
            told, _ = process.communicate(timeout=60)
    assert process.returncode == 0, told
    runs = [run for run in shelf.history() if run["job"] == "often"]
    assert len({run["due"] for run in runs}) == len(runs) >= 2
    assert [run["trigger"] for run in shelf.history() if run["job"] == "watched"] == ["change"]


@pytest.mark.slow
def test_whoever_wants_to_know_is_told(shelf: Shelf) -> None:
    told = shelf.folder / "told.json"
    after = f"""[jobs.one.after]\ncommand = ["sh", "-c", "cat > {told}"]\n"""
    shelf.job("one", f'manuscript = "{shelf.book("one", 1)}", quiet = "0s"', "0 2 * * *", after)
    shelf.run_due("2026-03-02T02:00")
    body = json.loads(told.read_text())
    assert (body["job"], body["outcome"]) == ("one", "done")
    assert body["files"][0].endswith(".mp3")


@pytest.mark.slow
def test_a_folder_is_not_asked_for_again_while_the_account_has_no_credit(shelf: Shelf) -> None:
    shelf.job("shelf", 'folder = "../inbox", quiet = "0s"', "on change")
    for name in ("a", "b", "c"):
        shelf.book(name, 1, first=ord(name))
    shelf.server.fail(FAULTS["quota"])
    shelf.run_due("2026-03-10T02:00")
    asked = len(shelf.server.requests)
    for minute in (1, 2, 30):
        assert "Nothing is due" in shelf.run_due(f"2026-03-10T02:{minute:02}").out
    assert len(shelf.server.requests) == asked
    assert shelf.outcomes() == ["budget"]
    shelf.server.recover()
    shelf.run_due("2026-04-01T00:00")
    assert shelf.made() == {"a", "b", "c"}
    assert shelf.outcomes() == ["budget", "done"]


@pytest.mark.slow
def test_whoever_could_not_be_told_is_told_again(shelf: Shelf) -> None:
    told = shelf.folder / "told"
    command = f"test -e {told} && cat > {told}/it || exit 1"
    after = f"""retry_after = "1m"\n[jobs.one.after]\ncommand = ["sh", "-c", "{command}"]\n"""
    shelf.job("one", f'manuscript = "{shelf.book("one", 1)}", quiet = "0s"', "0 2 * * *", after)
    assert shelf.run_due("2026-03-01T02:00").exit_code == 3
    told.mkdir()
    assert shelf.run_due("2026-03-01T02:02").exit_code == 0
    assert json.loads((told / "it").read_text())["files"][0].endswith(".mp3")
    assert shelf.outcomes() == ["failed", "done"]
    assert not shelf.asked_twice()


def test_a_watched_folder_that_is_gone_is_a_failure_told_once(shelf: Shelf) -> None:
    told = shelf.folder / "told"
    on_failure = f"""[jobs.shelf.on_failure]\ncommand = ["sh", "-c", "cat >> {told}"]\n"""
    shelf.job("shelf", 'folder = "../gone", quiet = "0s"', "on change", on_failure)
    first = shelf.run_due("2026-03-01T02:00")
    assert first.exit_code == 3
    assert "gone" in first.out
    assert json.loads(told.read_text())["outcome"] == "failed"
    assert "Nothing is due" in shelf.run_due("2026-03-01T02:01").out
    assert here("jobs", "status", f"--jobs={shelf.file}").exit_code == 3
