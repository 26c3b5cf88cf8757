from __future__ import annotations

import pytest

from narrator.script.speech_text import heading_text


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("IV", "Chapter 4"),
        ("I", "Chapter 1"),
        ("I. Go Home", "Chapter 1. Go Home"),
        ("XIV: How Candide & Cacambo Went", "Chapter 14: How Candide and Cacambo Went"),
        ("CHAPTER I. DOWN THE RABBIT-HOLE", "Chapter 1. Down the Rabbit-Hole"),
        ("THE MOCK TURTLE’S STORY", "The Mock Turtle’s Story"),
        ("Letter IV", "Letter 4"),
        ("PART II", "Part 2"),
        ("APPENDIX C", "Appendix C"),
        ("Section X", "Section 10"),
        ("WHAT I SAW AT NIGHT", "What I Saw at Night"),
        ("I Go Home", "I Go Home"),
        ("C. S. Lewis", "C. S. Lewis"),
        ("Mix it up", "Mix it up"),
        ("1865", "1865"),
        ("ACT I\nA ROOM", "Act 1 a Room"),
    ],
)
def test_headings_are_said_as_a_narrator_says_them(printed: str, said: str) -> None:
    assert heading_text(printed, is_chapter=True, language="en") == said


def test_a_numeral_is_only_called_a_chapter_where_it_is_one_and_in_english() -> None:
    assert heading_text("IV", is_chapter=False, language="en") == "IV"
    assert heading_text("IV", is_chapter=True, language="fr") == "IV"
    assert heading_text("CHAPITRE IV", is_chapter=True, language="fr") == "Chapitre 4"


@pytest.mark.parametrize(("language", "said"), [("de-AT", "und"), ("fr", "et"), ("", "and"), ("fi", "&")])
def test_an_ampersand_is_read_in_the_language_of_the_book(language: str, said: str) -> None:
    assert heading_text("A & B", is_chapter=False, language=language) == f"A {said} B"
