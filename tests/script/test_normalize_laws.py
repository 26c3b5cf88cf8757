from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from narrator.model import Manuscript, Normalization
from narrator.script.normalize import normalized
from tests.cpu_time import cpu_s_at_most

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pt-BR", "ja", "")
PIECES = (
    *(
        "Henry",
        "King",
        "Charles",
        "Louis",
        "Malcolm",
        "Isabel",
        "World War",
        "Book",
        "siglo",
        "secolo",
        "century",
    ),
    *("I", "II", "IV", "VIII", "XIV", "X", "V", "C", "MCMXIV", "MIX", "Ier", "XIXe", "iii", "the", "in", "a"),
    *(
        "Dr.",
        "Mr.",
        "Mr",
        "St.",
        "St",
        "Baker",
        "No.",
        "no.",
        "vs.",
        "etc.",
        "i.e.",
        "e. g.",
        "&c.",
        "Co.",
        "Jr.",
    ),
    *("Jan.", "Vol.", "pp.", "c.", "z. B.", "M.", "D.", "Sr.", "n°", "EE. UU.", "usw.", "&", "A&B", "John"),
    *(
        "1",
        "5",
        "12",
        "007",
        "1,234",
        "1.234",
        "1 234",
        "20 000",
        "1066",
        "1914",
        "1984",
        "2024",
        "3.14",
        "3,5",
    ),
    *(
        "1914–18",
        "12–15",
        "3–2",
        "555-1234",
        "555-123-4567",
        "7:30",
        "7.30",
        "7:05 p.m.",
        "7pm",
        "1/2",
        "2 3/4",
    ),
    *(
        "½",
        "2½",
        "20°C",
        "20°",
        "−5 °C",
        "§ 5",
        "§§",
        "×",
        "3 × 4 cm",
        "#5",
        "$5",
        "$3.50",
        "£1",
        "12,50 €",
        "50%",
    ),
    *("$5 million", "50¢", "12 km", "5 ft. 6 in.", "5'6\"", "1st", "22nd", "1er", "2.º", "3e", "1850s", "’90s"),
    *(
        "January",
        "May",
        "Mai",
        "am",
        "5 January",
        "2024-01-05",
        "-5",
        "1.2.3",
        "12345678901234567890",
        "9" * 5000,
        "٣",
        "²",
        "ß",
        "İ",
        "e\u0301",
    ),
    *(
        "https://www.example.com/a",
        "www.example.com.",
        "me@example.com",
        "!",
        ".",
        ",",
        ")",
        "(",
        "“",
        "’",
        "-",
        "—",
    ),
)
TEXTS = st.lists(
    st.tuples(st.sampled_from(PIECES) | st.text(max_size=3), st.sampled_from((" ", " ", "", "\n", ". ", ", "))),
    max_size=8,
).map(lambda parts: "".join(piece + between for piece, between in parts))


@settings(max_examples=400)
@given(TEXTS, st.sampled_from(LANGUAGES), st.sampled_from(Normalization))
@example("Dr. Dr. St. St. Paul", "en", Normalization.FULL)
@example("Henry & $5 million & (555) 123-4567", "en", Normalization.FULL)
def test_what_was_normalised_stays_as_it_is_and_keeps_its_lines_and_letters(
    text: str, language: str, level: Normalization
) -> None:
    said = normalized(text, language, level)
    assert normalized(said, language, level) == said
    assert said.count("\n") == text.count("\n")
    assert any(map(str.isalnum, said)) >= any(map(str.isalnum, text))


@given(TEXTS)
def test_nothing_is_said_otherwise_in_a_language_without_rules_or_at_level_off(text: str) -> None:
    assert normalized(text, "ja", Normalization.FULL) == normalized(text, "", Normalization.FULL) == text
    assert normalized(text, "en", Normalization.OFF) == text


@pytest.mark.parametrize("level", Normalization)
@pytest.mark.parametrize(
    "run",
    ["1 ", "9", "St. ", "1,234", "1–", "X", "a.", "www.", "A ", "$ ", "+1 555", " ", "½", "§ 5 ", "1.5 × ",
     "http://", "a@"],
)  # fmt: skip
@pytest.mark.parametrize(("length", "most_s"), [(30_000, 1), pytest.param(100_000, 5, marks=pytest.mark.slow)])
def test_no_run_of_signs_takes_long(run: str, level: Normalization, length: int, most_s: float) -> None:
    text = run * (length // len(run))
    with cpu_s_at_most(most_s):
        normalized(text, "en", level)


@pytest.mark.parametrize("level", [Normalization.LIGHT, Normalization.FULL])
def test_a_book_is_normalised_in_a_moment(real_book: Callable[[str], Manuscript], level: Normalization) -> None:
    book = real_book("news-from-nowhere.txt")
    text = "\n".join(block.text for chapter in book.chapters for block in chapter.blocks)
    normalized("1", "en", level)
    with cpu_s_at_most(len(text) / 500_000):
        normalized(text, "en", level)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("alice.epub", "en"),
        ("candide-fr.txt", "fr"),
        ("winter-sports.epub", "en"),
    ],
)
@pytest.mark.parametrize("level", [Normalization.LIGHT, Normalization.FULL])
def test_real_books_obey_the_laws(
    real_book: Callable[[str], Manuscript], name: str, language: str, level: Normalization
) -> None:
    for chapter in real_book(name).chapters:
        for block in chapter.blocks:
            said = normalized(block.text, language, level)
            assert normalized(said, language, level) == said
            assert said.count("\n") == block.text.count("\n")
