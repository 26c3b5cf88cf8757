"""What a person changes of a book's reading is heard, and nothing else is asked for again."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import CLOSING, OPENING, markdown
from tests.end_to_end.command import delivered, here, narrator

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
        planned = here("plan", book, *options, "--text", text)
        assert planned.exit_code == 0, planned
        assert not server.requests
        script = text.read_text(encoding="utf-8")
        assert all(said in script for said in (OPENING, SIOBHAN, CLOSING))
        edited = script.replace("Siobhan", "Shivawn").replace(f"{LOOKED}\n", "A wave came in.\n")
        text.write_text(edited, encoding="utf-8")
        run = here("render", book, *options, "--text", text, "--json")
        assert len(delivered(run)) == 1
        told = [event["message"] for event in run.events if event["event"] == "notice"]
        assert [text for text in told if "paragraphs: 2 changed." in text], told
        spoken = [text for _, text in _said(server)]
        assert SIOBHAN.replace("Siobhan", "Shivawn") in spoken
        assert "A wave came in." in spoken
        assert LOOKED not in spoken
        assert here("render", book, *options, "--json").result["segments"]["rendered"] == 0, "it is kept"
        anew = here("render", book, *options, "--replan", "--json")
        assert anew.result["segments"]["rendered"] == 2
        assert _said(server) == [("alloy", SIOBHAN), ("alloy", LOOKED)]


def test_a_text_that_cannot_be_understood_is_refused_by_its_line(book: Path) -> None:
    text = book.parent / "script.txt"
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        here("plan", book, *options, "--text", text)
        written = text.read_text(encoding="utf-8")
        text.write_text(written.replace("=== 1.", "=== 7."), encoding="utf-8")
        run = here("render", book, *options, "--text", text)
    assert run.exit_code == 2, run
    assert "Line " in run.err
    assert "Traceback" not in run.err
    assert not server.requests


def test_a_text_replaces_no_file_of_another_kind(book: Path) -> None:
    before = book.read_bytes()
    run = here("plan", book, "--projects", book.parent, "--text", book)
    assert run.exit_code == 2, run
    assert book.read_bytes() == before


@pytest.mark.slow
def test_a_plan_prices_an_edited_text_and_leaves_it_as_it_is(book: Path) -> None:
    text = book.parent / "script.txt"
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        delivered(here("render", book, *options, "--json"))
        assert here("plan", book, *options, "--text", text).exit_code == 0
        assert "left as it is" not in here("plan", book, *options, "--text", text).out, "nobody edited it"
        edited = text.read_text(encoding="utf-8").replace(ASKED, "She asked him.")
        text.write_text(edited, encoding="utf-8")
        run = here("plan", book, *options, "--text", text)
        assert run.exit_code == 0, run
        assert "To speak: 1 requests, 14 characters" in run.out
        assert f"Read from {text}: paragraphs: 1 changed." in run.out
        assert f"{text} was left as it is. To have it written anew, remove it first." in run.out
        assert text.read_text(encoding="utf-8") == edited
        assert here("plan", book, *options, "--text", text, "--json").exit_code == 2
        text.unlink()
        assert here("plan", book, *options, "--text", text).exit_code == 0
        assert ASKED in text.read_text(encoding="utf-8")


def test_a_text_of_the_book_before_it_grew_takes_nothing_out(book: Path) -> None:
    text = book.parent / "script.txt"
    here("plan", book, "--projects", book.parent, "--text", text)
    book.write_text(book.read_text(encoding="utf-8") + "\nThen the boat came in.\n", encoding="utf-8")
    for command in ("render", "plan"):
        run = here(command, book, "--projects", book.parent, "--text", text)
        assert run.exit_code == 2, run
        assert f"{text}: The book, or what of it is read, is not as it was" in run.err
        assert "chapter 1 “The Pier” was changed" in run.err


@pytest.mark.slow
def test_what_was_taken_out_and_put_back_is_spoken_once(book: Path) -> None:
    text = book.parent / "script.txt"
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        here("plan", book, *options, "--text", text)
        whole = text.read_text(encoding="utf-8")
        text.write_text(whole.replace(ASKED, ""), encoding="utf-8")
        delivered(here("render", book, *options, "--text", text, "--json"))
        text.write_text(whole, encoding="utf-8")
        back = here("render", book, *options, "--text", text, "--json")
        assert back.result["segments"] == {"total": 6, "rendered": 1, "reused": 5, "failed": 0}
        server.requests.clear()
        delivered(here("render", book, *options, "--strategy", "sentence", "--json"))
        assert len([said for _, said in _said(server) if "the boat late" in said]) <= 1
        planned = here("plan", book, *options, "--text").out
        assert planned.count("Is the boat late again today?") == 1
        assert "(edited)" not in planned


@pytest.mark.slow
def test_a_voice_that_is_refused_leaves_the_script_of_before(book: Path) -> None:
    text = book.parent / "script.txt"
    with served(FakeSpeechServer()) as server:
        for options in (_options(book, server), ["--projects", book.parent / "local"]):
            delivered(here("render", book, *options, "--json"))
            text.unlink(missing_ok=True)
            here("plan", book, *options, "--text", text)
            whole = text.read_text(encoding="utf-8")
            text.write_text(whole.replace(ASKED, f"[voice=nobody] {ASKED}"), encoding="utf-8")
            planned = here("plan", book, *options, "--text", text)
            assert planned.exit_code == 0, planned
            refused = here("render", book, *options, "--text", text)
            assert refused.exit_code == 4, refused
            assert "nobody" in refused.err
            again = here("render", book, *options, "--json")
            assert again.result["segments"]["rendered"] == 0, again


def test_a_source_that_was_taken_for_the_file_of_the_text_is_told(book: Path) -> None:
    run = here("plan", "--text", book)
    assert run.exit_code == 2
    assert f"Put SOURCE first: narrator plan {book} --text" in run.err


def test_a_lexicon_has_only_what_it_changes_spoken_again(book: Path) -> None:
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        delivered(here("render", book, *options, "--json"))
        server.requests.clear()
        lexicon = '[[entry]]\nword = "Siobhan"\nsay = "Shivawn"\n'
        book.with_suffix("").joinpath("lexicon.toml").write_text(lexicon, encoding="utf-8")
        delivered(here("render", book, *options, "--json"))
        assert _said(server) == [("alloy", SIOBHAN.replace("Siobhan", "Shivawn"))]


def test_a_cast_has_only_what_changes_voice_spoken_again(book: Path) -> None:
    with served(FakeSpeechServer()) as server:
        options = _options(book, server)
        delivered(here("render", book, *options, "--json"))
        server.requests.clear()
        wish = ("--set", "cast.quotes=nova")
        delivered(here("render", book, *options, *wish, "--json"))
        question, rest = ASKED.split("” ")
        assert _said(server) == [("alloy", rest), ("nova", f"{question}”")]
        assert here("render", book, *options, "--json").result["segments"]["rendered"] == 0


def test_an_unknown_voice_in_a_cast_is_refused_before_any_text_is_sent(book: Path) -> None:
    with served(FakeSpeechServer()) as server:
        run = here("render", book, *_options(book, server), "--set", "cast.headings=nobody")
        assert run.exit_code == 4, run
        assert "nobody" in run.err
        assert not server.requests


def test_what_is_not_spoken_is_explained(tmp_path: Path) -> None:
    book = tmp_path / "noted.md"
    book.write_text("# Noted\n\n## One\n\nHe came.[^1] She left.\n\n[^1]: In May, by boat.\n", encoding="utf-8")
    run = here("plan", book, "--projects", tmp_path, "--explain")
    assert run.exit_code == 0, run
    assert "note" in run.out
    assert "In May, by boat." in run.out
    at_end = here("plan", book, "--projects", tmp_path, "--text", "--set", "reading.notes=end")
    assert "\nIn May, by boat.\n" in at_end.out


@pytest.mark.slow
def test_a_manuscript_on_standard_input_is_known_by_its_title(tmp_path: Path) -> None:
    text = f"# The Ferry\n\n## One\n\n{SIOBHAN}\n"
    other = f"# The Train\n\n## One\n\n{LOOKED}\n"
    with served(FakeSpeechServer()) as server:
        options: list[str | Path] = ["--projects", tmp_path, "--json"]
        options += ["--provider", "openai", "--base-url", server.url]

        def rendered(typed: str, *more: str | Path) -> tuple[str, int]:
            result = narrator("render", "-", *options, *more, typed=typed).result
            return Path(result["project"]).name, result["segments"]["rendered"]

        assert rendered(text) == ("the-ferry", 4)
        assert rendered(f"{text}\n{ASKED}\n") == ("the-ferry", 1)
        assert rendered(other)[0] == "the-train"
        assert rendered(text) == ("the-ferry", 0)
        assert rendered("Yesterday it rained here all day.")[0] == "stdin"
        assert rendered("Today it will rain here again.")[0] == "stdin"
        news = ("--project", tmp_path / "news")
        assert [rendered(each, *news)[0] for each in (text, other)] == ["news", "news"]
        book = markdown(tmp_path / "the-ferry.md", BODY)
        named = narrator("render", book, *options).result
        assert Path(named["project"]).name == "the-ferry-2"
        refused = narrator("render", book, *options, "--project", tmp_path / "the-train")
        assert refused.exit_code == 2


def test_nothing_on_standard_input_is_told() -> None:
    run = narrator("render", "-")
    assert run.exit_code == 2
    assert "standard input" in run.err
