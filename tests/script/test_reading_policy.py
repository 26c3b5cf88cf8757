"""What of a book is spoken by the wishes for its reading, and where notes are heard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.config import Cast, Reading, Titles
from narrator.model import Block, Chapter, Manuscript, Mark, MarkKind, Matter, Role, Script
from narrator.script.chapter_script import assert_tiling
from narrator.script.compose import compose
from narrator.script.notes import with_notes
from tests.script.treated import treatment

SILENT = Titles(opening="", closing="", chapter="")


def block(text: str, role: Role = Role.PARAGRAPH, *, notes: tuple[str, ...] = (), note: str = "") -> Block:
    return Block(role, text, notes=notes, note=note)


DEDICATION = Chapter("Dedication", (block("To my mother."),), Matter.FRONT, "dedication")
PREFACE = Chapter("Preface", (block("Why I wrote this."),), Matter.FRONT, "preface")
FIRST = Chapter(
    "One",
    (
        block("One", Role.HEADING),
        block("A ship sailed.", notes=("n1", "n2")),
        block("A ship at sea", Role.CAPTION),
        block("ship.sail()", Role.CODE),
        block("Port, Lisbon", Role.TABLE),
        block("It came back."),
    ),
)
SECOND = Chapter("Two", (block("Two", Role.HEADING), block("Nobody knew.", notes=("n1", "n3"))))
NOTES = Chapter(
    "Notes",
    (
        block("Notes", Role.HEADING),
        block("It was a brig.", Role.NOTE, note="n1"),
        block("Of two masts.", Role.NOTE, note="n1"),
        block("In May.", Role.NOTE, note="n2"),
        block("But he did.", Role.NOTE, note="n3"),
        block("Nobody refers to this.", Role.NOTE, note="n4"),
    ),
    Matter.BACK,
    "endnotes",
)
BOOK = Manuscript("Ships", ("A",), "en", (DEDICATION, PREFACE, FIRST, SECOND, NOTES))


def heard(reading: Reading, book: Manuscript = BOOK) -> dict[str, list[str]]:
    script = compose(book, treatment(reading=reading), titles=SILENT)
    for source, chapter in zip(with_notes(book, reading).chapters, script.chapters, strict=True):
        assert_tiling(source, chapter)
    return {chapter.title: [segment.text for segment in chapter.segments] for chapter in script.spoken}


def rules(reading: Reading) -> dict[str, set[str]]:
    script: Script = compose(BOOK, treatment(reading=reading), titles=SILENT)
    return {chapter.title: {part.rule for part in chapter.skipped} for chapter in script.chapters}


def test_by_default_the_apparatus_is_not_read() -> None:
    assert heard(Reading()) == {
        "Preface": ["Why I wrote this."],
        "One": ["One", "A ship sailed.", "Port, Lisbon", "It came back."],
        "Two": ["Two", "Nobody knew."],
    }
    assert rules(Reading())["One"] == {"caption", "code"}
    assert rules(Reading())["Notes"] == {"endnotes"}


@pytest.mark.parametrize("name", ["dedication", "Dedication", "front"])
def test_matter_is_spoken_by_wish(name: str) -> None:
    assert heard(Reading(speak=(name,)))["Dedication"] == ["To my mother."]


@pytest.mark.parametrize("name", ["preface", "PREFACE", "front"])
def test_matter_is_skipped_by_wish_and_the_rule_says_so(name: str) -> None:
    assert "Preface" not in heard(Reading(skip=(name,)))
    assert all("by wish" in rule for rule in rules(Reading(skip=(name,)))["Preface"])


def test_a_chapter_is_named_more_exactly_by_its_title_than_by_its_matter() -> None:
    assert [*heard(Reading(skip=("body",), speak=("two",)))] == ["Preface", "Two"]
    assert [*heard(Reading(skip=("one",), speak=("body",)))] == ["Preface", "Two"]


def test_kinds_of_blocks_are_spoken_or_not_by_wish() -> None:
    wished = Reading(captions="speak", code="speak", tables="skip")
    assert heard(wished)["One"] == ["One", "A ship sailed.", "A ship at sea", "ship.sail()", "It came back."]


def test_notes_are_heard_where_a_chapter_that_refers_to_them_ends() -> None:
    read = heard(Reading(notes="end"))
    assert read["One"][-4:] == ["It came back.", "It was a brig.", "Of two masts.", "In May."]
    assert read["Two"] == ["Two", "Nobody knew.", "But he did."], "a note is heard once"
    assert "Notes" not in read


def test_notes_are_heard_after_the_paragraph_that_refers_to_them() -> None:
    read = heard(Reading(notes="place"))
    assert read["One"][1:5] == ["A ship sailed.", "It was a brig.", "Of two masts.", "In May."]


def test_addresses_are_left_out_by_wish() -> None:
    chapter = Chapter("One", (block("See https://example.org/a(b), or ask."), block("www.example.org/x")))
    book = replace(BOOK, chapters=(chapter,))
    assert heard(Reading(urls="skip"), book)["One"] == ["See), or ask."]
    assert heard(Reading(), book)["One"][1] == "www.example.org/x"


PLAY = Chapter(
    "Act I",
    (
        Block(
            Role.SPEECH,
            "Lane: (Aside.) Yes, sir.",
            speaker="Lane",
            marks=(Mark(MarkKind.NAME, 0, 4), Mark(MarkKind.DIRECTION, 6, 14)),
        ),
        Block(Role.STAGE_DIRECTION, "Lane goes out."),
    ),
)


def test_names_of_speakers_and_stage_directions_are_left_out_by_wish() -> None:
    book = replace(BOOK, chapters=(PLAY,))
    assert heard(Reading(), book)["Act I"] == ["Lane: (Aside.) Yes, sir.", "Lane goes out."]
    bare = Reading(speakers="skip", stage_directions="skip")
    assert heard(bare, book)["Act I"] == ["Yes, sir."]


def test_notes_that_nothing_spoken_refers_to_stay_and_those_of_notes_follow_them() -> None:
    blocks = (
        block("He came.", notes=("a",)),
        block("See b.", Role.NOTE, note="a", notes=("b",)),
        block("It was so.", Role.NOTE, note="b", notes=("b",)),
        block("Alone.", Role.NOTE, note="c", notes=("c",)),
    )
    contents = Chapter("Contents", (block("One", notes=("a",)),), Matter.FRONT, "toc")
    book = replace(BOOK, chapters=(contents, Chapter("One", blocks)))
    assert heard(Reading(notes="place"), book)["One"] == ["He came.", "See b.", "It was so.", "Alone."]
    assert heard(Reading(notes="end"), book)["One"] == ["He came.", "Alone.", "See b.", "It was so."]


@given(st.data())
def test_no_note_is_lost_or_doubled_by_moving_it(data: st.DataObject) -> None:
    names = st.sampled_from(["", "a", "b", "c"])
    note = st.builds(
        lambda named, own: Block(Role.NOTE, "x", note=own, notes=tuple(filter(None, [named]))), names, names
    )  # fmt: skip
    chapter = st.builds(
        lambda blocks, kind: Chapter("C", tuple(blocks), kind=kind),
        st.lists(note, max_size=6),
        st.sampled_from(["", "toc"]),
    )
    book = replace(BOOK, chapters=tuple(data.draw(st.lists(chapter, max_size=4))))
    numbered = replace(
        book,
        chapters=tuple(
            replace(each, blocks=tuple(replace(b, source=f"{n}.{m}") for m, b in enumerate(each.blocks)))
            for n, each in enumerate(book.chapters)
        ),
    )
    for where in ("end", "place"):
        moved = with_notes(numbered, Reading(notes=where))
        places = sorted(b.source for each in moved.chapters for b in each.blocks)
        assert places == sorted(b.source for each in numbered.chapters for b in each.blocks)


def test_names_that_the_book_has_not_are_told(caplog: pytest.LogCaptureFixture) -> None:
    reading = Reading(speak=("dedikation", "glossary", "Two"), skip=("Onne",))
    compose(BOOK, treatment(reading=reading, cast=Cast(speakers={"HAMLET": "bob"})), titles=SILENT)
    assert [record.getMessage() for record in caplog.records] == [
        "reading.speak: no chapter and no kind of matter is called 'dedikation'; did you mean 'Dedication'?",
        "reading.skip: no chapter and no kind of matter is called 'Onne'; did you mean 'One'?",
        "cast.speakers: nobody who speaks in this book is called 'HAMLET'.",
    ]
