"""In whose voice each part of a text is heard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.config import Cast, Titles
from narrator.model import Block, Chapter, Manuscript, Mark, MarkKind, Role
from narrator.script.chapter_script import assert_tiling
from narrator.script.compose import compose
from narrator.script.quotes import quoted_speech
from tests.script.treated import accepted, treatment

SILENT = Titles(opening="", closing="", chapter="")


def heard(cast: Cast, *blocks: Block, language: str = "en") -> list[tuple[str, str]]:
    book = Manuscript("Book", (), language, (Chapter("One", blocks),))
    (chapter,) = compose(book, treatment(cast=cast), titles=SILENT).chapters
    assert_tiling(book.chapters[0], chapter)
    return [(segment.voice, segment.text) for segment in chapter.segments]


def test_headings_and_notes_have_their_voices() -> None:
    heading, text = Block(Role.HEADING, "One"), Block(Role.PARAGRAPH, "It rained.")
    assert heard(Cast(headings="ann"), heading, text) == [("ann", "One"), ("", "It rained.")]


def test_quoted_speech_has_its_voice_and_the_narrator_the_rest() -> None:
    block = Block(Role.PARAGRAPH, "“Come in,” she said, “and sit.” The “thing” was there.")
    assert heard(Cast(quotes="ann"), block) == [
        ("ann", "“Come in,”"),
        ("", "she said,"),
        ("ann", "“and sit.”"),
        ("", "The “thing” was there."),
    ]


def test_a_speaker_of_a_play_has_his_voice_and_the_narrator_says_his_name() -> None:
    speech = Block(
        Role.SPEECH, "LANE. Yes, sir.", speaker="Lane", marks=(Mark(MarkKind.NAME, 0, 4),), source="a"
    )
    other = replace(speech, text="JACK. No.", speaker="JACK")
    assert heard(Cast(speakers={"LANE": "bob"}), speech, other) == [
        ("", "LANE."),
        ("bob", "Yes, sir."),
        ("", "JACK. No."),
    ]


def test_text_in_another_language_has_the_voice_of_that_language() -> None:
    inside = Block(
        Role.PARAGRAPH, "He said “Bonjour, ami,” and left.", marks=(Mark(MarkKind.LANGUAGE, 9, 21, "fr-FR"),)
    )
    whole = Block(Role.PARAGRAPH, "Au revoir.", language="fr")
    assert heard(Cast(languages={"fr": "zoe"}), inside, whole) == [
        ("", "He said"),
        ("zoe", "“Bonjour, ami,”"),
        ("", "and left."),
        ("zoe", "Au revoir."),
    ]
    assert heard(Cast(languages={"de": "zoe"}), inside) == [("", inside.text)]


def test_what_the_author_marks_wins_over_all_rules() -> None:
    block = Block(Role.PARAGRAPH, "“Stop,” said the tree.", marks=(Mark(MarkKind.VOICE, 0, 7, "oak"),))
    assert heard(Cast(quotes="ann"), block)[0] == ("oak", "“Stop,”")
    assert heard(Cast(quotes="ann", speakers={"Oak": "bob"}), block)[0] == ("bob", "“Stop,”")


@pytest.mark.parametrize(
    ("text", "speech"),
    [
        ("‘Don’t,’ said the boys’ father, ‘go.’", ["‘Don’t,’", "‘go.’"]),
        ("»Komm«, sagte er, »komm!«", ["»Komm«", "»komm!«"]),
        ("« Bonjour, dit-il. » Puis rien.", ["« Bonjour, dit-il. »"]),
        ("„Ja“, sagte sie.", ["„Ja“"]),
        ("“It goes on and on", ["“It goes on and on"]),
        ("「はい、そうです。」と言った。", ["「はい、そうです。」"]),
        ('"Yes," he said, and 5" long.', ['"Yes,"']),
        ("“He said ‘no,’ you know.” So.", ["“He said ‘no,’ you know.”"]),
    ],
)
def test_quotation_marks_of_each_language(text: str, speech: list[str]) -> None:
    assert [text[start:end] for start, end in quoted_speech(text)] == speech


@given(st.text("ab .,“”‘’\"«»„'\n!s", max_size=60))
def test_quotations_are_in_order_and_apart(text: str) -> None:
    ends = [0, *(edge for found in quoted_speech(text) for edge in found), len(text)]
    assert ends == sorted(ends)


MARKS = st.builds(
    lambda kind, start, length, value: Mark(kind, start, start + length, value),
    st.sampled_from(MarkKind), st.integers(0, 20), st.integers(1, 20), st.sampled_from(["", "fr", "ann"]),
)  # fmt: skip
BLOCKS = st.builds(
    lambda role, text, speaker, marks: Block(
        role, text, speaker=speaker, marks=tuple(mark for mark in marks if mark.end <= len(text))
    ),
    st.sampled_from([role for role in Role if role is not Role.SCENE_BREAK]),
    st.text("ab .,“”3é", min_size=1, max_size=60), st.sampled_from(["", "Lane"]), st.lists(MARKS, max_size=4),
)  # fmt: skip


@given(
    st.lists(BLOCKS, max_size=6),
    st.tuples(st.sampled_from(["paragraph", "sentence", "word", "fixed"]), st.sampled_from([20, 40, 10_000])),
    st.sampled_from([None, 25]),
    st.sampled_from([0, 50]),
    st.sampled_from(["", "toc"]),
)
def test_every_character_is_said_once_or_skipped_whatever_is_wished(
    blocks: list[Block], cut: tuple[str, int], max_bytes: int | None, merge: int, kind: str
) -> None:
    strategy, limit = cut
    book = Manuscript("Book", (), "en", (Chapter("One", tuple(blocks), kind=kind),))
    cast = Cast(headings="h", quotes="q", speakers={"lane": "l"}, languages={"fr": "f"})
    under = treatment(strategy, limit, max_bytes=max_bytes, merge=merge, cast=cast)
    (chapter,) = compose(book, under, titles=SILENT).chapters
    assert_tiling(book.chapters[0], chapter)
    for segment in chapter.segments:
        assert len(segment.text) <= limit
        assert max_bytes is None or len(segment.text.encode()) <= max_bytes


def test_only_segments_that_change_voice_change() -> None:
    blocks = (Block(Role.HEADING, "One"), Block(Role.PARAGRAPH, "“Go!” he said."), Block(Role.PARAGRAPH, "So."))
    book = Manuscript("Book", (), "en", (Chapter("One", blocks),))
    before = compose(book, treatment(), titles=SILENT)
    after = compose(book, treatment(cast=Cast(headings="ann")), accepted(before), titles=SILENT)
    changed = set(after.chapters[0].segments) - set(before.chapters[0].segments)
    assert [(segment.voice, segment.text) for segment in changed] == [("ann", "One")]
