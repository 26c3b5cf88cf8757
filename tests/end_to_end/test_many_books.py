"""Many books by one command: each gets all it needs, and one that fails does not stop the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import markdown, paragraph
from tests.end_to_end.command import here, running


def _books(folder: Path) -> Path:
    folder.mkdir()
    markdown(folder / "a.md", {"One": [paragraph(1)]}, "First")
    markdown(folder / "c.md", {"One": [paragraph(2)]}, "Third")
    (folder / "b.epub").write_bytes(b"PK\x03\x04 this is no archive")
    (folder / "picture.jpg").write_bytes(b"not a book")
    return folder


def _voice(server: FakeSpeechServer, tmp_path: Path) -> tuple[str | Path, ...]:
    return ("--provider", "openai", "--base-url", server.url, "--projects", tmp_path / "projects")


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    books = _books(tmp_path / "books")
    with served() as server:
        run = here("render", books, "--output", tmp_path / "out", *_voice(server, tmp_path))
    assert run.exit_code == 7
    assert "b.epub" in run.err
    assert "Traceback" not in run.err
    assert "2 of 3 books finished" in run.out
    assert {path.parent.name for path in (tmp_path / "out").rglob("*.mp3")} == {"a", "c"}


def test_each_book_has_a_line_and_the_last_line_has_the_sum(tmp_path: Path) -> None:
    books = _books(tmp_path / "books")
    with served() as server:
        run = here("render", books / "a.md", books / "b.epub", "--json", *_voice(server, tmp_path))
    each = [event for event in run.events if event["event"] == "book"]
    assert [book["exit_code"] for book in each] == [0, 7]
    assert [Path(book["source"]).name for book in run.result["books"]] == ["a.md", "b.epub"]
    assert run.result["exit_code"] == run.exit_code == 7
    assert run.result["segments"] == each[0]["segments"]
    assert len(run.result["files"]) == 1


def test_a_folder_of_projects_is_gone_on_with(tmp_path: Path) -> None:
    books = _books(tmp_path / "books")
    with served() as server:
        here("render", books / "a.md", books / "c.md", *_voice(server, tmp_path))
        asked = len(server.requests)
        run = here("render", tmp_path / "projects", "--json")
        assert len(server.requests) == asked
    assert run.exit_code == 0
    assert [Path(book["project"]).name for book in run.result["books"]] == ["a", "c"]


def test_ctrl_c_ends_all_of_them(tmp_path: Path) -> None:
    books = tmp_path / "books"
    books.mkdir()
    for name in "ab":
        markdown(books / f"{name}.md", {"One": [paragraph(number) for number in range(20)]}, name)
    with (
        served(FakeSpeechServer(latency_s=0.2)) as server,
        running("render", books, "--json", *_voice(server, tmp_path)) as run,
    ):
        run.wait_for("take_ready")
        run.interrupt()
        ended = run.finish()
    assert ended.exit_code == 130
    assert len(ended.result["books"]) == 1


def test_one_project_cannot_be_that_of_many_books(tmp_path: Path) -> None:
    run = here("render", _books(tmp_path / "books"), "--project", tmp_path / "p")
    assert run.exit_code == 2
    assert "--projects" in run.err


@pytest.mark.parametrize("chapters", ["0", "2-1", "one", "1;2", "4"])
def test_chapters_that_are_not_there_are_told(tmp_path: Path, chapters: str) -> None:
    book = markdown(tmp_path / "book.md", {name: [paragraph(1)] for name in ("One", "Two", "Three")})
    run = here("render", book, "--chapters", chapters, "--projects", tmp_path)
    assert run.exit_code == 2, run
    assert "chapter" in run.err


@pytest.mark.slow
def test_only_the_chapters_that_are_wanted_are_spoken_and_the_rest_follows(tmp_path: Path) -> None:
    names = {name: [paragraph(number)] for number, name in enumerate(("One", "Two", "Three", "Four"))}
    book = markdown(tmp_path / "book.md", names)
    with served() as server:
        part = here("render", book, "--chapters", "1-2,4", "--json", *_voice(server, tmp_path))
        texts = {request.text for request in server.requests}
        whole = here("render", book, "--json", *_voice(server, tmp_path))
        assert len(server.requests) == len({request.text for request in server.requests})
    assert [file["chapter"] for file in part.result["files"]] == [1, 2, 4]
    assert paragraph(2) not in texts
    assert [file["chapter"] for file in whole.result["files"]] == [1, 2, 3, 4]
    assert whole.result["segments"]["reused"] > 0


@pytest.mark.slow
def test_a_part_delivered_later_leaves_the_earlier_one_alone(tmp_path: Path) -> None:
    book = markdown(tmp_path / "book.md", {name: [paragraph(1)] for name in ("One", "Two", "Three")})
    with served() as server:
        for chapters in ("1", "3"):
            assert here("render", book, "--chapters", chapters, *_voice(server, tmp_path)).exit_code == 0
    names = [path.name for path in sorted((tmp_path / "projects" / "book" / "out").glob("*.mp3"))]
    assert [name[:2] for name in names] == ["01", "03"]
    status = json.loads(here("status", tmp_path / "projects" / "book", "--json").out)
    assert status["delivered"] == 2
    assert not status["is_complete"]


@pytest.mark.slow
def test_a_preview_is_a_file_of_its_own_and_its_takes_serve_the_book(tmp_path: Path) -> None:
    chapters = {f"Chapter {number}": [paragraph(10 * number + n) for n in range(9)] for number in range(4)}
    book = markdown(tmp_path / "book.md", chapters)
    with served() as server:
        preview = here("render", book, "--preview", "1", "--json", *_voice(server, tmp_path))
        asked = len(server.requests)
        whole = here("render", book, "--json", *_voice(server, tmp_path))
        assert len(server.requests) == whole.result["segments"]["total"], "some of it was asked for twice"
    (file,) = preview.result["files"]
    assert preview.exit_code == 0
    assert 40 <= file["duration_s"] <= 90
    assert 0 < asked < whole.result["segments"]["total"]
    assert whole.result["segments"]["reused"] == asked
    assert len(whole.result["files"]) == 4
