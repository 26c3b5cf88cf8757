from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.config import Titles
from narrator.errors import ConfigError
from narrator.model import AskedTitles
from narrator.script.credits import asked_titles, check_templates

AUTO = Titles()


@pytest.mark.parametrize(
    ("title", "authors", "language", "opening", "closing"),
    [
        ("Emma", ["Jane Austen"], "en-GB", "Emma, by Jane Austen.", "The end of Emma, by Jane Austen."),
        ("Emma", [], "en", "Emma.", "The end of Emma."),
        ("Emma", ["A", "B", "C"], "en", "Emma, by A, B and C.", "The end of Emma, by A, B and C."),
        ("Die Räuber", ["A", "B"], "de", "Die Räuber, von A und B.", "Das war Die Räuber, von A und B."),
        ("L’Île", ["A", "B"], "fr", "L’Île, par A et B.", "Vous avez écouté L’Île, par A et B."),
        ("Nada", ["Ana", "Inés"], "es", "Nada, de Ana e Inés.", "Ha escuchado Nada, de Ana e Inés."),
        ("Nada", ["Inés", "Ana"], "es", "Nada, de Inés y Ana.", "Ha escuchado Nada, de Inés y Ana."),
        ("Cuore", ["De Amicis"], "it", "Cuore, di De Amicis.", "Avete ascoltato Cuore, di De Amicis."),
        (
            "Max Havelaar",
            ["Multatuli"],
            "nl",
            "Max Havelaar, van Multatuli.",
            "Dit was Max Havelaar, van Multatuli.",
        ),
        ("Iracema", [], "pt-BR", "Iracema.", "Acabou de ouvir Iracema."),
        ("草枕", ["夏目漱石", "他"], "ja", "草枕。夏目漱石、他。", ""),
        ("Kalevala", ["A", "B"], "fi", "Kalevala. A, B.", ""),
        ("Kalevala", ["A", "B"], "", "Kalevala. A, B.", ""),
    ],
)
def test_credits_are_in_the_language_of_the_book(
    title: str, authors: list[str], language: str, opening: str, closing: str
) -> None:
    assert asked_titles(AUTO, title, authors, language) == AskedTitles(opening, closing, "{chapter}")


@pytest.mark.parametrize(
    ("title", "authors", "opening"),
    [
        ("WAR & PEACE", ["LEO TOLSTOY"], "War and Peace, by Leo Tolstoy."),
        ("HENRY IV, PART II", [], "Henry IV, Part 2."),
        ("Who Goes There?", ["Jim"], "Who Goes There? by Jim."),
        ("Who Goes There?", [], "Who Goes There?"),
        ("Dreams", ["Martin Luther King, Jr."], "Dreams, by Martin Luther King, Jr."),
        ("He said “Go!”", [], "He said “Go!”"),
        ("Wait…", [], "Wait…"),
        ("  Two\n lines ", ["A\tB"], "Two lines, by A B."),
        ("{authors} and {title} {0} {", ["{title}"], "{authors} and {title} {0} {, by {title}."),
        ("Catch-22", ["Unknown"], "Catch-22."),
        ("1984", ["…"], "1984."),
    ],
)
def test_what_is_said_can_be_read_aloud(title: str, authors: list[str], opening: str) -> None:
    assert asked_titles(AUTO, title, authors, "en").opening == opening


@pytest.mark.parametrize(
    "title", ["my_novel_draft3", "part0007", "book.epub", "Untitled", "index-3", "***", ""]
)
def test_a_name_that_is_none_is_not_spoken(title: str) -> None:
    assert asked_titles(AUTO, title, ["A"], "en") == AskedTitles("", "", "{chapter}")


@pytest.mark.parametrize(
    ("template", "with_authors", "without"),
    [
        (
            "{title}. Written by {authors}. Read aloud.",
            "Emma. Written by A and B. Read aloud.",
            "Emma. Read aloud.",
        ),
        ("You hear {title} by {authors}", "You hear Emma by A and B.", "You hear Emma."),
        ("By {authors}: {title}!", "By A and B: Emma!", "Emma!"),
        ("{authors} wrote {title}.", "A and B wrote Emma.", "Emma."),
        ("A gift for you", "A gift for you.", "A gift for you."),
        ("", "", ""),
        (" . ", "", ""),
    ],
)
def test_a_text_of_one_s_own_is_said_with_and_without_authors(
    template: str, with_authors: str, without: str
) -> None:
    titles = Titles(opening=template, closing=template)
    for authors, said in ((["A", "B"], with_authors), ([], without)):
        asked = asked_titles(titles, "Emma", authors, "en")
        assert (asked.opening, asked.closing) == (said, said)


@pytest.mark.parametrize("template", ["auto", "", "{title}", "{title}, {authors}: 100 %", "plain"])
def test_a_template_that_can_be_filled_is_accepted(template: str) -> None:
    check_templates(Titles(opening=template, closing=template, chapter="{chapter} of {title}"), where="here")


@pytest.mark.parametrize(
    "template", ["{titel}", "{chapter}", "{", "a } b", "{}", "{title!r}", "{{title}}", "{0}"]
)
def test_a_template_that_cannot_be_filled_is_a_mistake_in_the_settings(template: str) -> None:
    with pytest.raises(ConfigError, match=r"here:\n  titles\.opening: .*\{title\}"):
        check_templates(Titles(opening=template), where="here")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        check_templates(Titles(opening="{a} {b}", closing="{", chapter="{c}"), where="here")
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "titles.opening", "titles.opening", "titles.closing", "titles.chapter",
    ]  # fmt: skip


@given(
    st.text(max_size=40), st.lists(st.text(max_size=20), max_size=4), st.sampled_from(["en", "ja", "", "de"])
)
def test_any_title_and_authors_make_one_line_that_ends(title: str, authors: list[str], language: str) -> None:
    asked = asked_titles(AUTO, title, authors, language)
    for said in (asked.opening, asked.closing):
        assert said == " ".join(said.split())
        assert not said or any(letter.isalnum() for letter in said)
        assert not said or said.rstrip("\"'”’»›)]』」")[-1:] in set(".!?…。！？")
