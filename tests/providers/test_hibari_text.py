from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.providers.hibari_text import LONGEST_RUN, mostly_latin, speakable
from tests.cpu_time import cpu_s_at_most

LEXICON = {
    "his",
    "me",
    "us",
    "US",
    "NASA",
    "BBC",
    "give",
    "it",
    "to",
    "the",
    "Holmes",
    "in",
    "mouse",
    "tale",
    "a",
}
LEXICON |= {"visitor", "brings", "chapter", "AM"}


def said(text: str) -> str:
    return speakable(text, LEXICON.__contains__)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # What hibari would spell letter by letter.
        ("That is HIS hat, and HOLMES knew.", "That is his hat, and Holmes knew."),
        ("“ME!” he said. GIVE IT TO US", "“Me!” he said. Give it to us"),
        ("THE MOUSE’S TALE", "The mouse's tale"),
        ("MORITZ", "Moritz"),
        ("CHAPTER XII", "Chapter XII"),
        ("MORITZ BRINGS A VISITOR", "Moritz brings a visitor"),
        # What is spelled, or read as a number, stays as it is.
        ("NASA and the BBC in the US at 9 AM", "NASA and the BBC in the US at 9 AM"),
        ("HMS Pinafore, Henry VIII", "HMS Pinafore, Henry VIII"),
        # Headings.
        ("I", "1"),
        ("IV.", "4."),
        ("XIX", "19"),
        ("XLII: The Answer", "42: The Answer"),
        ("I. Down the Rabbit-Hole", "1. Down the Rabbit-Hole"),
        ("I. Newton wrote it.", "I. Newton wrote it."),
        ("C. Fleming Williams", "C. Fleming Williams"),
        ("X. Y. Smith", "X. Y. Smith"),
        ("I—I do not know", "I—I do not know"),
        ("I... well", "I… well"),
        # Signs and abbreviations.
        ("Alice--so she", "Alice—so she"),
        ("wait. . . . then", "wait… then"),
        ("[word](/x/)", "[word] (/x/)"),
        ("Mme. Defarge, No. 5, Vol. II, &c.", "Madame Defarge, Number 5, Volume II, etcetera"),
        ("ST. MORITZ", "St. Moritz"),
        ("soft\u00adhy\u200bphen\x00", "softhyphen"),
        ("one line\nanother", "one line\nanother"),
        ("café naïve", "café naïve"),
    ],
)
def test_what_is_misread_is_written_otherwise(written: str, spoken: str) -> None:
    assert said(written) == spoken


@given(st.text(max_size=300))
def test_no_run_of_characters_is_left_that_hibari_chokes_on(text: str) -> None:
    assert all(len(run) <= LONGEST_RUN for run in said(text).split())


@given(st.from_regex(r"[a-z ,.;:!?'’“”\n]{0,80}", fullmatch=True))
def test_plain_words_stay_in_their_order(text: str) -> None:
    assert re.findall(r"[a-z]+", said(text)) == re.findall(r"[a-z]+", text)


@pytest.mark.parametrize(
    "unit", ["A", "a-", "no—", "AB ", "I", "'", "[", "1,", "7", ". ", "--", "“", "A. ", "\n", "A A "]
)
def test_hostile_texts_take_no_time(unit: str) -> None:
    with cpu_s_at_most(2):
        said(unit * (5000 // len(unit)))


@pytest.mark.parametrize("text", ["Hello", "Œuvre, naïve", "…", "42", "He said «Привет» to her"])
def test_a_text_is_latin_where_most_of_its_letters_are(text: str) -> None:
    assert mostly_latin(text)


@pytest.mark.parametrize("text", ["Привет, world", "吾輩は猫である", "أهلا"])
def test_a_text_is_not_latin_otherwise(text: str) -> None:
    assert not mostly_latin(text)
