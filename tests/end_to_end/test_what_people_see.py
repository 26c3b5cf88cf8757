"""Words for people: bars on a terminal and silence elsewhere, what was made, how far it is, and from Python."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

import narrator as package
from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import markdown, paragraph
from tests.end_to_end.command import COMMAND, narrator


@pytest.fixture
def server() -> Iterator[FakeSpeechServer]:
    with served() as server:
        yield server


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return markdown(tmp_path / "ferry.md", {"One": [paragraph(1), paragraph(2)], "Two": [paragraph(3)]})


def _render(book: Path, server: FakeSpeechServer, *options: str) -> list[str | Path]:
    where: list[str | Path] = ["--projects", book.parent, "--provider", "openai", "--base-url", server.url]
    return ["render", book, *where, *options]


def test_without_a_terminal_it_says_what_was_made_and_nothing_else(
    server: FakeSpeechServer, book: Path
) -> None:
    run = narrator(*_render(book, server))
    assert run.exit_code == 0, run
    assert run.err == ""
    assert "The Ferry: 2 chapters" in run.out
    assert "01 - One.mp3" in run.out
    assert str(book.parent / "ferry" / "out") in run.out
    assert "5 segments" in run.out


def test_a_terminal_shows_one_bar_for_the_book_and_each_chapter_as_it_is_done(
    server: FakeSpeechServer, book: Path
) -> None:
    server.fail(FAULTS["500"], times=1)
    shown = _on_a_terminal(*_render(book, server))
    characters = len("OneTwo") + sum(len(paragraph(number)) for number in (1, 2, 3))
    assert re.search(rf"The Ferry: +\d+%.*/{characters}", shown), "the bar counts characters"
    assert "in flight" in shown
    assert "again in" in shown, "a retry is told"
    assert re.search(r"1\. One \(\d:\d\d\)", shown)


def test_status_says_how_far_a_project_is_and_what_to_type_next(server: FakeSpeechServer, book: Path) -> None:
    server.fail(FAULTS["400"], text=paragraph(2).__eq__)
    assert narrator(*_render(book, server)).exit_code == 3
    project = book.parent / "ferry"
    unfinished = narrator("status", project)
    assert "4 of 5 segments" in unfinished.out
    assert f"narrator resume {project}" in unfinished.out

    server.recover()
    assert narrator("resume", project).exit_code == 0
    finished = narrator("status", project)
    assert "5 of 5 segments" in finished.out
    assert "Complete" in finished.out


def test_plan_says_what_is_missing_and_that_nothing_is_once_it_is_there(
    server: FakeSpeechServer, book: Path
) -> None:
    before = narrator("plan", book, "--projects", book.parent)
    assert "5 requests" in before.out
    assert narrator(*_render(book, server)).exit_code == 0
    assert "Nothing to speak" in narrator("plan", book, "--projects", book.parent).out


def test_a_terse_message_comes_with_its_traceback_where_it_is_asked_for(tmp_path: Path) -> None:
    run = narrator("render", tmp_path / "nowhere.epub", "-v")
    assert run.exit_code == 2
    assert "nowhere.epub" in run.err
    assert "Traceback" in run.err


def test_the_same_things_are_there_from_python(server: FakeSpeechServer, book: Path) -> None:
    planned = package.plan(book, projects=book.parent, provider="openai", base_url=server.url)
    assert planned.orders == 5
    seen: list[object] = []
    done = package.render(
        book, observe=seen.append, projects=book.parent, provider="openai", base_url=server.url
    )
    assert [file.title for file in done.files] == ["One", "Two"]
    assert all(file.path.is_file() for file in done.files)
    assert (done.rendered, done.reused, done.failed) == (5, 0, 0)
    assert seen


def _on_a_terminal(*arguments: str | Path) -> str:
    """What a terminal of 100 columns is sent."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with subprocess.Popen(
        [COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        shown = b"".join(_until_closed(ours))
        assert process.wait() == 0, shown
    os.close(ours)
    return shown.decode()


def _until_closed(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(descriptor, 65_536)
        except OSError:  # Linux says so when the last writer is gone; others send an empty read
            return
        if not data:
            return
        yield data
