"""The law of the script: every character is said once, in order, or skipped under a named rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.config import Reading, Titles
from narrator.model import Block, Chapter, Manuscript, Matter, Pause, Role, Segment, Skip, Span
from narrator.script.chapter_script import assert_tiling, count_words
from narrator.script.compose import compose, source_digest
from tests.script.treated import accepted, treatment

CUT = treatment("paragraph", 1000)
TEXT_ONLY = Titles(opening="", closing="", chapter="")

blocks = st.builds(
    Block,
    role=st.sampled_from([role for role in Role if role is not Role.SCENE_BREAK]),
    text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300),
) | st.just(Block(Role.SCENE_BREAK, ""))
chapters = st.builds(
    Chapter,
    title=st.text(min_size=1, max_size=20),
    blocks=st.lists(blocks, max_size=8).map(tuple),
    matter=st.sampled_from(Matter),
    kind=st.sampled_from(["", "chapter", "toc", "endnotes", "preface"]),
)


def book(*chapters: Chapter, language: str = "en") -> Manuscript:
    return Manuscript("A Book", ("Somebody",), language, chapters)


def chapter(*blocks: Block, kind: str = "chapter", matter: Matter = Matter.BODY) -> Chapter:
    return Chapter("One", blocks, matter, kind)


@given(st.lists(chapters, max_size=3), st.integers(40, 400), st.sampled_from(["en", "ja", "", "de-AT"]))
def test_every_character_is_said_once_or_skipped_by_rule(
    some: list[Chapter], limit: int, language: str
) -> None:
    script = compose(book(*some, language=language), treatment("paragraph", limit))
    for source, composed in zip(some, script.chapters, strict=True):
        assert_tiling(source, composed)
        parts: list[Segment | Skip] = [*composed.segments, *composed.skipped]
        covered = sorted((s.block, s.start, s.end) for part in parts for s in part.spans)
        text = "".join(source.blocks[block].text[start:end] for block, start, end in covered)
        assert text == "".join(block.text for block in source.blocks)
        for segment in composed.segments:
            assert any(letter.isalnum() for letter in segment.text)


def test_a_lost_character_is_found() -> None:
    source = chapter(Block(Role.PARAGRAPH, "Good evening."))
    composed = compose(book(source), CUT).chapters[0]
    short = replace(composed.segments[0], spans=(Span(0, 0, 5),))
    with pytest.raises(AssertionError, match="in no segment"):
        assert_tiling(source, replace(composed, segments=(short,)))
    with pytest.raises(AssertionError, match="not tiled"):
        assert_tiling(source, replace(composed, segments=composed.segments * 2))


def test_one_paragraph_is_one_segment_and_a_heading_stands_alone() -> None:
    source = chapter(Block(Role.HEADING, "One"), Block(Role.PARAGRAPH, "A. B."), Block(Role.PARAGRAPH, "C."))
    segments = compose(book(source), CUT).chapters[0].segments
    assert [segment.text for segment in segments] == ["One", "A. B.", "C."]
    assert [segment.pause for segment in segments] == [Pause.HEADING, Pause.PARAGRAPH, Pause.CHAPTER]


def test_a_long_paragraph_is_cut_at_sentence_ends_only() -> None:
    sentences = [f"This is sentence number {number}, said by Dr. Grey." for number in range(40)]
    source = chapter(Block(Role.PARAGRAPH, " ".join(sentences)))
    segments = compose(book(source), treatment("paragraph", 200), titles=TEXT_ONLY).chapters[0].segments
    assert " ".join(segment.text for segment in segments) == " ".join(sentences)
    assert all(len(segment.text) <= 200 and segment.text.endswith("Grey.") for segment in segments)
    assert {segment.pause for segment in segments[:-1]} == {Pause.SENTENCE}


def test_a_scene_break_is_heard_as_a_pause() -> None:
    source = chapter(
        Block(Role.PARAGRAPH, "Before."), Block(Role.SCENE_BREAK, ""), Block(Role.PARAGRAPH, "After.")
    )
    segments = compose(book(source), CUT, titles=TEXT_ONLY).chapters[0].segments
    assert [segment.pause for segment in segments] == [Pause.SCENE_BREAK, Pause.CHAPTER]


def test_apparatus_is_not_spoken_and_the_rule_has_a_name() -> None:
    paragraph = Block(Role.PARAGRAPH, "Text.")
    script = compose(
        book(
            chapter(paragraph, kind="toc", matter=Matter.FRONT),
            chapter(paragraph, kind="preface", matter=Matter.FRONT),
            chapter(paragraph, Block(Role.NOTE, "A note."), Block(Role.PARAGRAPH, "* —")),
            chapter(paragraph, kind="", matter=Matter.BACK),
        ),
        CUT,
    )
    assert [each.spoken for each in script.chapters] == [False, True, True, False]
    rules = [[skip.rule for skip in each.skipped] for each in script.chapters]
    assert rules == [["toc"], [], ["note", "nothing to say"], ["back matter"]]


def test_unchanged_chapters_keep_their_accepted_cuts() -> None:
    first = chapter(Block(Role.PARAGRAPH, "One. Two. Three."))
    before = compose(book(first), CUT, titles=TEXT_ONLY)
    old = before.chapters[0]
    edited = replace(old, segments=(replace(old.segments[0], text="As somebody has edited it."),))
    second = chapter(Block(Role.PARAGRAPH, "New."))
    script = compose(book(second, first), CUT, accepted(replace(before, chapters=(edited,))), titles=TEXT_ONLY)
    assert [each.segments[0].text for each in script.chapters] == ["New.", "As somebody has edited it."]


def test_a_script_says_where_each_block_stands_though_notes_move() -> None:
    first = chapter(
        Block(Role.PARAGRAPH, "One.", "a.xhtml#1", notes=("n",)), Block(Role.PARAGRAPH, "Two.", "a.xhtml#2")
    )
    notes = chapter(Block(Role.NOTE, "A note.", "notes.xhtml#n", note="n"))
    read_aloud = treatment(reading=Reading(notes="place"))
    script = compose(book(first, notes), read_aloud, titles=TEXT_ONLY)
    place = {segment.text: segment.spans[0].block for segment in script.chapters[0].segments}
    sources = script.chapters[0].sources
    assert {text: sources[block] for text, block in place.items()} == {
        "One.": "a.xhtml#1",
        "A note.": "notes.xhtml#n",
        "Two.": "a.xhtml#2",
    }


def test_text_that_moved_in_its_file_is_said_as_it_was_accepted() -> None:
    before = compose(book(chapter(Block(Role.PARAGRAPH, "One. Two.", "line 1"))), CUT, titles=TEXT_ONLY)
    early = replace(before, chapters=(replace(before.chapters[0], sources=()),))
    moved = book(chapter(Block(Role.PARAGRAPH, "One. Two.", "line 7")))
    for old in (before, early):
        script = compose(moved, CUT, accepted(old), titles=TEXT_ONLY)
        assert script.chapters == (replace(before.chapters[0], sources=("line 7",)),)


def test_a_digest_changes_with_the_text_and_with_nothing_else() -> None:
    one = chapter(Block(Role.PARAGRAPH, "Text.", source="a.xhtml"))
    elsewhere = chapter(Block(Role.PARAGRAPH, "Text.", source="b.xhtml"))
    assert source_digest(one) == source_digest(elsewhere)
    assert source_digest(one) != source_digest(chapter(Block(Role.PARAGRAPH, "Text!")))


@pytest.mark.parametrize(
    ("text", "words"), [("", 0), ("It's a well-kept secret — yes.", 6), ("吾輩は猫", 4), ("カメラ test one", 5)]
)
def test_words_are_runs_between_spaces_and_characters_in_japanese(text: str, words: int) -> None:
    assert count_words(text) == words
