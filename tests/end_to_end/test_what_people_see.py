"""Words for people: bars on a terminal and silence elsewhere, what was made, how far it is, and from Python."""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import narrator as package
from narrator import app
from narrator.__main__ import run as run_here
from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import CLOSING, OPENING, markdown, paragraph
from tests.end_to_end.command import COMMAND, Finished, here, narrator


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
    assert "7 segments" in run.out


def test_a_terminal_shows_one_bar_for_the_book_and_each_chapter_as_it_is_done(
    server: FakeSpeechServer, book: Path
) -> None:
    server.fail(FAULTS["500"], times=1)
    shown = _on_a_terminal(*_render(book, server))
    characters = sum(map(len, (OPENING, "One", "Two", *map(paragraph, (1, 2, 3)), CLOSING)))
    assert re.search(rf"The Ferry: +\d+%.*/{characters}", shown), "the bar counts characters"
    assert "in flight" in shown
    assert "again in" in shown, "a retry is told"
    assert re.search(r"1\. One \(\d:\d\d\)", shown)


def test_status_says_how_far_a_project_is_and_what_to_type_next(server: FakeSpeechServer, book: Path) -> None:
    server.fail(FAULTS["400"], text=paragraph(2).__eq__)
    assert here(*_render(book, server)).exit_code == 3
    project = book.parent / "ferry"
    unfinished = here("status", project)
    assert "6 of 7 segments" in unfinished.out
    assert f"narrator resume {project}" in unfinished.out

    server.recover()
    assert here("resume", project).exit_code == 0
    finished = here("status", project)
    assert "7 of 7 segments" in finished.out
    assert "Complete" in finished.out


def test_plan_says_what_is_missing_and_that_nothing_is_once_it_is_there(
    server: FakeSpeechServer, book: Path
) -> None:
    before = here("plan", book, "--projects", book.parent)
    assert "7 requests" in before.out
    assert here(*_render(book, server)).exit_code == 0
    assert "Nothing to speak" in here("plan", book, "--projects", book.parent).out


def test_plan_says_how_narrator_learns_a_price(
    server: FakeSpeechServer, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = ["--projects", str(book.parent), "--provider", "openai", "--base-url", server.url]
    assert run_here(["plan", str(book), *voice]) == 0
    assert "--price USD" in capsys.readouterr().out
    assert run_here(["plan", str(book), *voice, "--price", "0"]) == 0
    assert "--price" not in capsys.readouterr().out


def test_a_terse_message_comes_with_its_traceback_where_it_is_asked_for(tmp_path: Path) -> None:
    run = here("render", tmp_path / "nowhere.epub", "-v")
    assert run.exit_code == 2
    assert "nowhere.epub" in run.err
    assert "Traceback" in run.err


def test_the_same_things_are_there_from_python(server: FakeSpeechServer, book: Path) -> None:
    planned = package.plan(book, projects=book.parent, provider="openai", base_url=server.url)
    assert planned.orders == 7
    seen: list[object] = []
    done = package.render(
        book, observe=seen.append, projects=book.parent, provider="openai", base_url=server.url
    )
    assert [file.title for file in done.files] == ["One", "Two"]
    assert all(file.path.is_file() for file in done.files)
    assert (done.rendered, done.reused, done.failed) == (7, 0, 0)
    assert seen


@pytest.mark.parametrize(
    "closing", [*(pytest.param(each, marks=pytest.mark.slow) for each in ("2>&-", "2>&- >&-")), "<&- >&- 2>&-"]
)
def test_it_renders_without_streams(server: FakeSpeechServer, book: Path, closing: str) -> None:
    run = _in_a_shell(f"{{}} {closing}", *_render(book, server, "--json"))
    assert run.returncode == 0, run
    assert _is_finished(book)


@pytest.mark.parametrize("ending", ["| head -1", pytest.param(">/dev/full", marks=pytest.mark.slow)])
def test_a_reader_that_goes_away_does_not_stop_the_render(
    server: FakeSpeechServer, book: Path, ending: str
) -> None:
    run = _in_a_shell("{ {}; echo $? >&2; } " + ending, *_render(book, server, "--json"))
    said, code = run.stderr.splitlines()
    assert code == "1"
    assert "standard output was closed" in said
    assert _is_finished(book)


@pytest.mark.slow
def test_a_terminal_of_few_letters_is_sent_what_it_can_show(server: FakeSpeechServer, tmp_path: Path) -> None:
    book = markdown(tmp_path / "ferry.md", {"Ça “🎧”": [paragraph(1)]})
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    run = narrator(*_render(book, server, "--json"), env=ascii_only)
    assert run.exit_code == 0, run
    assert run.result["files"][0]["title"] == "Ça “🎧”"
    assert narrator("plan", book, "--projects", tmp_path, env=ascii_only).exit_code == 0
    assert narrator("status", tmp_path / "ferry", env=ascii_only).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["render", "nowhere.epub"], 2),
        (["render", "nowhere.epub", "--option", "x"], 2),
        (["resume", "nowhere"], 2),
    ],
)
def test_the_last_line_tells_of_every_end(arguments: list[str], code: int) -> None:
    run = here(*arguments, "--json")
    assert (run.exit_code, run.result["exit_code"], run.result["gaps"]) == (code, code, [])
    assert run.result["error"]
    assert run.result["advice"]


def test_what_could_not_be_spoken_is_in_the_last_line(server: FakeSpeechServer, book: Path) -> None:
    server.fail(FAULTS["400"], text=paragraph(2).__eq__)
    run = here(*_render(book, server, "--json"))
    assert run.exit_code == 3
    assert [gap["text"] for gap in run.result["gaps"]] == [paragraph(2)]


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (lambda: signal.raise_signal(signal.SIGTERM), 143),
        (lambda: signal.raise_signal(signal.SIGINT), 130),
        (lambda: 1 / 0, 1),
    ],
)
def test_an_end_that_comes_outside_of_the_run_is_told_too(
    happens: Callable[[], object],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(app, "render", lambda *_: happens())
    assert run_here(["render", "book.md", "--json"]) == code
    out, err = capsys.readouterr()
    assert Finished(code, out, err).result["exit_code"] == code
    assert err.startswith("narrator: ")
    assert "Run the same command again." in err or "report" in err


def test_a_key_that_is_none_is_found_by_doctor() -> None:
    run = here("doctor", env={"OPENAI_API_KEY": "a b"})
    assert run.exit_code == 2
    assert re.search(r"BAD  key of openai .*spaces", run.out)


def _in_a_shell(line: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which the command stands for `{}`."""
    command = shlex.join(map(str, [COMMAND, *arguments]))
    return subprocess.run(
        ["sh", "-c", line.replace("{}", command)], check=False, capture_output=True, encoding="utf-8"
    )


def _is_finished(book: Path) -> bool:
    return "Complete" in here("status", book.parent / "ferry").out


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
