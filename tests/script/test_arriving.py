from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.model import Pause
from narrator.script.arriving import ArrivingText, Phrase, is_whole
from narrator.script.strategies import Limit, Unit

ROOMY = [Limit(1000)]


def words(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def heard(pieces: list[str], limits: list[Limit] = ROOMY, language: str = "en") -> list[Phrase]:
    text = ArrivingText(language, limits)
    return [phrase for piece in pieces for phrase in text.add(piece)] + text.finish()


def texts(phrases: list[Phrase]) -> list[str]:
    return [phrase.text for phrase in phrases]


def test_a_sentence_is_whole_when_the_next_one_has_begun() -> None:
    text = ArrivingText("en", ROOMY)
    assert [text.add(piece) for piece in ("It was ", "raining hard", ". ", "Th")] == [[], [], [], []]
    assert texts(text.add("en it ")) == ["It was raining hard."]
    assert texts(text.finish()) == ["Then it"]


@pytest.mark.parametrize(
    "sentence",
    [
        "I have met Dr. Smith, and Mrs. Jones, in the morning.",
        "It takes about 3.14 times as long, says J. K. Rowling.",
        "“Is that so? I am astonished!” he cried.",
        "He said no. 5 of the list was e.g. a mistake.",
    ],
)
def test_what_only_looks_like_an_end_ends_no_sentence(sentence: str) -> None:
    assert texts(heard(words(f"{sentence} Nobody else had been there."))) == [
        sentence,
        "Nobody else had been there.",
    ]


def test_brief_sentences_lead_into_the_next_one() -> None:
    assert texts(heard(words("Oh! No. That is a great pity. We had hoped for more."))) == [
        "Oh! No. That is a great pity.",
        "We had hoped for more.",
    ]


def test_after_a_while_the_sentences_before_a_beginning_are_whole() -> None:
    text = ArrivingText("en", ROOMY)
    assert text.add("Oh, really? Th") == []
    assert texts(text.settle()) == ["Oh, really?"]
    assert texts(text.finish()) == ["Th"]


def test_an_empty_line_ends_whatever_stands_before_it() -> None:
    text = ArrivingText("en", ROOMY)
    assert text.add("The end of it") == []
    assert text.add("\n") == []
    assert text.add(" \n") == [Phrase("The end of it", None)]
    assert text.add("\n\nA new beginning") == []
    assert text.finish() == [Phrase("A new beginning", Pause.PARAGRAPH)]


def test_the_pause_says_what_stood_between() -> None:
    found = heard(["The first one of all. The second one of all.\n\n***\n\nThe third one of all."])
    assert found == [
        Phrase("The first one of all.", None),
        Phrase("The second one of all.", Pause.SENTENCE),
        Phrase("The third one of all.", Pause.PARAGRAPH),
    ]


def test_a_sentence_that_was_settled_may_turn_out_to_have_ended_its_paragraph() -> None:
    text = ArrivingText("en", ROOMY)
    text.add("That was the last of it.")
    assert texts(text.settle()) == ["That was the last of it."]
    text.add("\n\nNow")
    assert text.finish() == [Phrase("Now", Pause.PARAGRAPH)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good morning to you.", True),
        ("Good morning to you. ", True),
        ("“Good morning to you!”", True),
        ("Is it?", True),
        ("Well…", False),
        ("at 3 p.m.", False),
        ("おはようございます。", True),
        ("a line that somebody typed\n", True),
        ("Good morning to", False),
        ("I saw Dr.", False),
        ("It costs 3.", False),
        ("It was in 1865. ", True),
        ("***\n", False),
        ("", False),
    ],
)
def test_a_text_is_taken_as_whole_only_where_it_ends_as_sentences_do(text: str, *, expected: bool) -> None:
    assert is_whole(text, "en") is expected


def test_a_sentence_without_an_end_is_cut_where_a_reader_breathes() -> None:
    found = heard(words("so it went on and on, and nobody knew when it would end, " * 4), [Limit(100)])
    assert all(len(phrase.text) <= 100 for phrase in found)
    assert all(phrase.text.endswith(",") for phrase in found)
    assert {phrase.pause for phrase in found[1:]} == {Pause.CLAUSE}


def test_what_is_written_out_for_the_voice_stays_within_the_limit() -> None:
    text = ArrivingText("en", [Limit(40)], lambda text: text.replace("1", "one hundred and "))
    found = text.add("There are 1 1 1 1 of them.\n\n")
    assert len(found) > 1
    assert all(len(phrase.text) <= 40 for phrase in found)


@given(st.text("ab .!?\n“”'1é日。", max_size=200), st.integers(1, 7), st.sampled_from([20, 1000]))
def test_nothing_that_can_be_heard_is_lost_or_changes_places(text: str, size: int, limit: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    limits = [Limit(limit), Limit(3 * limit, Unit.UTF8_BYTES)]
    found = heard(pieces, limits)
    assert "".join(filter(str.isalnum, "".join(texts(found)))) == "".join(filter(str.isalnum, text))
    assert all(each.holds(phrase.text) for phrase in found for each in limits)
    assert [phrase.pause is None for phrase in found] == [number == 0 for number in range(len(found))]


def test_however_a_text_is_cut_the_same_words_come_in_the_same_order() -> None:
    text = (
        "He said he knew. She did not. “Who does?” they asked, and left. Dr. No did not, at 3 p.m.\n\nSo be it."
    )
    ways = [heard(words(text)), heard(list(text)), heard([text])]
    assert all(" ".join(texts(one)) == " ".join(texts(other)) for one, other in pairwise(ways))
    assert texts(ways[0]) == texts(ways[1])
