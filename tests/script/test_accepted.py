from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from narrator.errors import DiskError, UsageError
from narrator.model import Block, Chapter, Manuscript, Matter, Role
from narrator.script.accepted import AcceptedScript
from narrator.script.compose import Accepted, compose
from tests.script.treated import treatment

CUT = treatment("paragraph", 1000)


def manuscript(*texts: str) -> Manuscript:
    chapters = (
        Chapter(f"Chapter {number}", (Block(Role.HEADING, f"{number}"), Block(Role.PARAGRAPH, text)))
        for number, text in enumerate(texts, 1)
    )
    contents = Chapter("Contents", (Block(Role.PARAGRAPH, "1, 2, 3"),), Matter.FRONT, "toc")
    return Manuscript("Äpfel “&” Birnen", ("A", "B"), "de", (contents, *chapters))


def test_a_script_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    script = compose(manuscript("Eins.", "Zwei – „ja“."), CUT)
    AcceptedScript(tmp_path).write(script, "abc", CUT)
    assert AcceptedScript(tmp_path).read() == Accepted(script, "abc", CUT.cutting, CUT.wording.facts)


def test_what_a_book_says_of_itself_and_where_its_blocks_stand_come_back(tmp_path: Path) -> None:
    chapter = Chapter("One", (Block(Role.PARAGRAPH, "Eins.", "eins.xhtml#p1"), Block(Role.PARAGRAPH, "Zwei.")))
    book = Manuscript(
        "B", (), "de", (chapter,), isbn="9783161484100", publisher="P & P", description="Eins.\nZwei."
    )
    script = compose(book, CUT)
    AcceptedScript(tmp_path).write(script, "abc", CUT)
    read = AcceptedScript(tmp_path).read()
    assert read
    assert read.script == script
    assert read.script.chapters[0].sources == ("eins.xhtml#p1", "")
    assert (read.script.isbn, read.script.publisher, read.script.description) == (
        "9783161484100", "P & P", "Eins.\nZwei.",
    )  # fmt: skip


def test_a_script_of_the_time_before_sources_is_as_it_was(tmp_path: Path) -> None:
    script = compose(manuscript("Eins."), CUT)
    early = replace(script, chapters=tuple(replace(each, sources=()) for each in script.chapters))
    AcceptedScript(tmp_path).write(early, "abc", CUT)
    assert not any("sources" in path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    read = AcceptedScript(tmp_path).read()
    assert read
    assert read.script == early


@pytest.mark.parametrize("damage", ["null", '"eins.xhtml"', '{"0": "eins.xhtml"}'])
def test_damaged_sources_are_told(tmp_path: Path, damage: str) -> None:
    AcceptedScript(tmp_path).write(compose(manuscript("Eins."), CUT), "abc", CUT)
    path = next(path for path in tmp_path.iterdir() if path.name.startswith("0002-"))
    facts = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**facts, "sources": json.loads(damage)}), encoding="utf-8")
    with pytest.raises(UsageError, match="its sources are no list"):
        AcceptedScript(tmp_path).read()


def test_a_script_of_the_time_before_credits_is_read_as_one_without(tmp_path: Path) -> None:
    script = compose(manuscript("Eins."), CUT)
    AcceptedScript(tmp_path).write(script, "abc", CUT)
    index = tmp_path / "book.json"
    facts = json.loads(index.read_text(encoding="utf-8"))
    earlier = {
        key: value for key, value in facts.items() if key not in {"opening", "closing", "asked", "wording"}
    }
    index.write_text(json.dumps(earlier), encoding="utf-8")
    silent = replace(script, opening=(), closing=(), asked=None)
    assert AcceptedScript(tmp_path).read() == Accepted(
        silent, "abc", CUT.cutting, {"normalize": "off"}, is_early=True
    )


@pytest.mark.parametrize(
    "damage", ['"Eins"', "[3]", "null", '[{"text": " ", "pause": "chapter", "spans": []}]']
)
def test_damaged_credits_are_told(tmp_path: Path, damage: str) -> None:
    AcceptedScript(tmp_path).write(compose(manuscript("Eins."), CUT), "abc", CUT)
    index = tmp_path / "book.json"
    facts = json.loads(index.read_text(encoding="utf-8"))
    index.write_text(json.dumps({**facts, "opening": json.loads(damage)}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"book\.json"):
        AcceptedScript(tmp_path).read()


def test_nothing_is_read_where_nothing_was_kept(tmp_path: Path) -> None:
    assert AcceptedScript(tmp_path / "none").read() is None


def test_a_person_can_edit_what_is_said(tmp_path: Path) -> None:
    AcceptedScript(tmp_path).write(compose(manuscript("Am 3. Mai."), CUT), "abc", CUT)
    path = next(tmp_path.glob("0002-*.json"))
    path.write_text(path.read_text(encoding="utf-8").replace("Am 3. Mai.", "Am dritten Mai."), encoding="utf-8")
    kept = AcceptedScript(tmp_path).read()
    assert kept is not None
    assert kept.script.chapters[1].segments[1].text == "Am dritten Mai."


@pytest.mark.parametrize("key", ["voice", "language", "made"])
def test_a_segment_whose_voice_is_no_text_is_told(tmp_path: Path, key: str) -> None:
    AcceptedScript(tmp_path).write(compose(manuscript("Eins."), CUT), "abc", CUT)
    path = next(tmp_path.glob("0002-*.json"))
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["segments"][0][key] = None
    path.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(UsageError, match=f"{path.name}.*the {key} of a segment is no text"):
        AcceptedScript(tmp_path).read()


@pytest.mark.parametrize("is_edited", [False, True])
def test_a_script_that_could_not_be_finished_leaves_the_one_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_edited: bool
) -> None:
    first = compose(manuscript("Eins.", "Zwei."), CUT)
    AcceptedScript(tmp_path).write(first, "abc", CUT)
    if is_edited:  # so that what is written is what had been written once, and is not there now
        path = next(tmp_path.glob("0002-*.json"))
        path.write_text(path.read_text(encoding="utf-8").replace("Eins.", "Ein."), encoding="utf-8")
    before = AcceptedScript(tmp_path).read()

    def full(path: Path, data: bytes) -> None:
        if path.name == "book.json":
            raise DiskError("The disk is full.")
        path.write_bytes(data)

    with monkeypatch.context() as patch:
        patch.setattr("narrator.script.accepted.write_durably", full)
        for cut in (CUT, treatment("sentence", 4)):
            with pytest.raises(DiskError):
                AcceptedScript(tmp_path).write(compose(manuscript("Eins.", "Zwei."), cut), "abd", cut)
            assert AcceptedScript(tmp_path).read() == before
    AcceptedScript(tmp_path).write(first, "abc", CUT)
    kept = AcceptedScript(tmp_path).read()
    assert kept is not None
    assert kept.script == first
    assert len(list(tmp_path.glob("0*.json"))) == 3, "what nothing names is gone"


def test_files_of_chapters_that_are_gone_are_removed(tmp_path: Path) -> None:
    AcceptedScript(tmp_path).write(compose(manuscript("Eins.", "Zwei.", "Drei."), CUT), "abc", CUT)
    AcceptedScript(tmp_path).write(compose(manuscript("Eins."), CUT), "def", CUT)
    assert len(list(tmp_path.glob("0*.json"))) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"revision": 1}', '{"title": 3}'])
@pytest.mark.parametrize("which", ["book.json", "0001-*.json"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, which: str, damage: str) -> None:
    AcceptedScript(tmp_path).write(compose(manuscript("Eins."), CUT), "abc", CUT)
    path = next(tmp_path.glob(which))
    path.write_text(damage, encoding="utf-8")
    with pytest.raises(UsageError, match="--replan") as caught:
        AcceptedScript(tmp_path).read()
    assert path.name in str(caught.value)
