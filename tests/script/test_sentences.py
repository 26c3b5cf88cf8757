from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.script.sentences import pieces_within, sentences


@given(st.text(max_size=400), st.integers(10, 120), st.sampled_from(["en", "ja", "fr", "xx", ""]))
def test_pieces_join_to_the_text_and_keep_the_limit(text: str, limit: int, language: str) -> None:
    pieces = pieces_within(text, language, limit)
    assert "".join(pieces) == text
    graphemes_fit = all(len(piece.strip()) <= limit for piece in pieces)
    assert graphemes_fit or any(ord(letter) > 0x2FF for letter in text)


def test_sentences_keep_titles_and_initials_whole() -> None:
    text = "Dr. Smith met J. K. Rowling at 5 p.m. on St. John St. They talked. Then he left."
    assert [piece.strip() for piece in sentences(text, "en-GB")][-2:] == ["They talked.", "Then he left."]


def test_a_long_speech_is_cut_between_its_sentences() -> None:
    speech = "He said: “" + "I know it well. " * 20 + "That is all.”"
    pieces = pieces_within(speech, "en", 100)
    assert len(pieces) > 3
    assert all(piece.rstrip().endswith((".", "”")) for piece in pieces)


def test_a_sentence_without_stops_is_cut_at_commas_then_at_spaces() -> None:
    commas = pieces_within("one, two, three, four, five, six, seven, eight, nine", "en", 20)
    assert all(piece.rstrip().endswith(",") for piece in commas[:-1])
    words = pieces_within("one two three four five six seven eight nine ten", "en", 20)
    assert all(piece.endswith(" ") for piece in words[:-1])


def test_a_family_emoji_is_never_cut_apart() -> None:
    family = "👨‍👩‍👧‍👦"
    pieces = pieces_within(family * 10, "en", 20)
    assert "".join(pieces) == family * 10
    assert all(len(piece) % len(family) == 0 for piece in pieces)


@pytest.mark.parametrize("text", ["吾輩は猫である。名前はまだ無い。" * 10, "Ἐν ἀρχῇ ἦν ὁ λόγος· " * 20])
def test_other_scripts_are_cut_too(text: str) -> None:
    assert all(len(piece.strip()) <= 60 for piece in pieces_within(text, "ja", 60))
