"""What a person changes of a book's reading is heard, and nothing else is asked for again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import CLOSING, OPENING, markdown
from tests.end_to_end.command import delivered, narrator

BODY = {
    "The Pier": [
        "Siobhan came down to the pier in the morning, and the mist was still lying on the water.",
        "“Is the boat late again today?” she asked the man who sold the tickets at the window.",
        "The man looked at the clock on the wall, and then at his book, and he said nothing at all.",
    ],
}
SIOBHAN, ASKED, LOOKED = BODY["The Pier"]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return markdown(tmp_path / "ferry.md", BODY)


def _options(book: Path, server: FakeSpeechServer) -> list[str | Path]:
    return ["--projects", book.parent, "--provider", "openai", "--base-url", server.url]


def _said(server: FakeSpeechServer) -> list[tuple[str, str]]:
    """Voice and text of what was asked for since the last time, in the order of the book's words."""
    asked = [(request.voice, request.text) for request in server.requests]
    server.requests.clear()
    return sorted(asked)


def test_a_script_is_read_edited_and_spoken_as_it_was_left(book: Path) -> None:
    text = book.parent / "script.txt"
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        planned = narrator("plan", book, *options, "--text", text)
        assert planned.exit_code == 0, planned
        assert not server.requests
        script = text.read_text(encoding="utf-8")
        assert all(said in script for said in (OPENING, SIOBHAN, CLOSING))
        edited = script.replace("Siobhan", "Shivawn").replace(f"{LOOKED}\n", "A wave came in.\n")
        text.write_text(edited, encoding="utf-8")
        run = narrator("render", book, *options, "--text", text, "--json")
        assert len(delivered(run)) == 1
        told = [event["message"] for event in run.events if event["event"] == "notice"]
        assert [text for text in told if "paragraphs: 2 changed." in text], told
        spoken = [text for _, text in _said(server)]
        assert SIOBHAN.replace("Siobhan", "Shivawn") in spoken
        assert "A wave came in." in spoken
        assert LOOKED not in spoken
        assert narrator("render", book, *options, "--json").result["segments"]["rendered"] == 0, "it is kept"
        anew = narrator("render", book, *options, "--replan", "--json")
        assert anew.result["segments"]["rendered"] == 2
        assert _said(server) == [("alloy", SIOBHAN), ("alloy", LOOKED)]


def test_a_text_that_cannot_be_understood_is_refused_by_its_line(book: Path) -> None:
    text = book.parent / "script.txt"
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        narrator("plan", book, *options, "--text", text)
        written = text.read_text(encoding="utf-8")
        text.write_text(written.replace("=== 1.", "=== 7."), encoding="utf-8")
        run = narrator("render", book, *options, "--text", text)
    assert run.exit_code == 2, run
    assert "Line " in run.err
    assert "Traceback" not in run.err
    assert not server.requests


def test_a_text_replaces_no_file_of_another_kind(book: Path) -> None:
    before = book.read_bytes()
    run = narrator("plan", book, "--projects", book.parent, "--text", book)
    assert run.exit_code == 2, run
    assert book.read_bytes() == before


def test_a_lexicon_has_only_what_it_changes_spoken_again(book: Path) -> None:
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        delivered(narrator("render", book, *options, "--json"))
        server.requests.clear()
        lexicon = '[[entry]]\nword = "Siobhan"\nsay = "Shivawn"\n'
        book.with_suffix("").joinpath("lexicon.toml").write_text(lexicon, encoding="utf-8")
        delivered(narrator("render", book, *options, "--json"))
        assert _said(server) == [("alloy", SIOBHAN.replace("Siobhan", "Shivawn"))]


def test_a_cast_has_only_what_changes_voice_spoken_again(book: Path) -> None:
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        delivered(narrator("render", book, *options, "--json"))
        server.requests.clear()
        wish = ("--set", "cast.quotes=nova")
        delivered(narrator("render", book, *options, *wish, "--json"))
        question, rest = ASKED.split("” ")
        assert _said(server) == [("alloy", rest), ("nova", f"{question}”")]
        assert narrator("render", book, *options, "--json").result["segments"]["rendered"] == 0


def test_an_unknown_voice_in_a_cast_is_refused_before_any_text_is_sent(book: Path) -> None:
    with served(FakeSpeechServer()) as server:
        run = narrator("render", book, *_options(book, server), "--set", "cast.headings=nobody")
        assert run.exit_code == 4, run
        assert "nobody" in run.err
        assert not server.requests


def test_what_is_not_spoken_is_explained(tmp_path: Path) -> None:
    book = tmp_path / "noted.md"
    book.write_text("# Noted\n\n## One\n\nHe came.[^1] She left.\n\n[^1]: In May, by boat.\n", encoding="utf-8")
    run = narrator("plan", book, "--projects", tmp_path, "--explain")
    assert run.exit_code == 0, run
    assert "note" in run.out
    assert "In May, by boat." in run.out
    at_end = narrator("plan", book, "--projects", tmp_path, "--text", "--set", "reading.notes=end")
    assert "\nIn May, by boat.\n" in at_end.out


def test_a_manuscript_on_standard_input_is_spoken_and_known_again(tmp_path: Path) -> None:
    text = f"# The Ferry\n\n## One\n\n{SIOBHAN}\n\n## Two\n\n{LOOKED}\n"
    with served(FakeSpeechServer()) as server:
        options: list[str | Path] = ["--projects", tmp_path, "--provider", "openai", "--base-url", server.url]
        planned = narrator("plan", "-", *options, "--json", typed=text)
        chapters = json.loads(planned.out)["chapters"]
        assert [chapter["title"] for chapter in chapters if chapter["spoken"]] == ["One", "Two"]
        run = narrator("render", "-", *options, "--json", typed=text)
        assert len(delivered(run)) == 2
        again = narrator("render", "-", *options, "--json", typed=text)
        assert again.result["segments"]["rendered"] == 0
        assert narrator("resume", run.result["project"]).exit_code == 0
        options += ["--project", tmp_path / "news", "--json"]
        stories = ("Yesterday it rained here all day.", "Today it will rain here again all day.")
        told = [narrator("render", "-", *options, typed=story).result for story in stories]
        assert [result["segments"]["rendered"] for result in told] == [1, 1]


def test_nothing_on_standard_input_is_told() -> None:
    run = narrator("render", "-")
    assert run.exit_code == 2
    assert "standard input" in run.err
