from __future__ import annotations

import pytest

from narrator.config import Titles
from narrator.model import Block, Chapter, Manuscript, Matter, Pause, Role, ScriptChapter
from narrator.script.compose import compose
from tests.script.treated import treatment

CUT = treatment("paragraph", 1000)
OPENING = "It was a dark night, and the ferry did not come before the ice had gone from the river."


def chapter(
    title: str, *texts: str, kind: str = "chapter", heading: str = "", role: Role = Role.PARAGRAPH
) -> Chapter:
    head = (Block(Role.HEADING, heading),) if heading else ()
    return Chapter(title, (*head, *(Block(role, text) for text in texts)), Matter.BODY, kind)


def composed(
    *chapters: Chapter, template: str = "{chapter}", language: str = "en"
) -> tuple[ScriptChapter, ...]:
    book = Manuscript("The Ferry", ("Somebody",), language, chapters)
    return compose(book, CUT, titles=Titles(chapter=template)).chapters


def titles_of(*chapters: Chapter, template: str = "{chapter}", language: str = "en") -> list[str]:
    """What is said of the chapters' titles that the text does not have."""
    return [
        " ".join(segment.text for segment in each.segments if not segment.spans)
        for each in composed(*chapters, template=template, language=language)
    ]


def test_a_title_that_the_text_does_not_show_is_said_first() -> None:
    (only,) = composed(chapter("THE MAN ON THE RIVER", OPENING, "More."))
    first, second, _ = only.segments
    assert (first.text, first.spans, first.pause) == ("The Man on the River", (), Pause.HEADING)
    assert second.text == OPENING
    assert (only.characters, only.words) == (len(OPENING) + 5, len(OPENING.split()) + 1), "the text's own"


@pytest.mark.parametrize(
    ("title", "language", "said"),
    [
        ("IV", "en", "Chapter 4"),
        ("CHAPTER IV", "en", "Chapter 4"),
        ("Kapitel IV", "de", "Kapitel 4"),
        ("一", "ja", "一"),
    ],
)
def test_it_is_said_as_a_heading_is(title: str, language: str, said: str) -> None:
    assert titles_of(chapter(title, OPENING), language=language) == [said]


def test_it_is_said_in_the_words_that_were_asked_for() -> None:
    some = chapter("On {Ice}", OPENING)
    assert titles_of(some, template="Now: {chapter}, from {title}") == ["Now: On {Ice}, from The Ferry"]
    assert titles_of(some, template="") == [""]


@pytest.mark.parametrize(
    "shown",
    [
        chapter("The Ice", OPENING, heading="The Ice"),
        chapter("The Ice", OPENING, heading="PART TWO"),
        chapter("The Ice", "An epigraph.", "—Somebody", "§ 1. THE ICE"),
        chapter("It was a dark…", OPENING),
        chapter("Chapter 3: It Was a Dark Night", OPENING),
        chapter("Chapter 3: The Ice", "Chapter 3", "The Ice", OPENING),
        chapter("Chapter 3: The Ice", "Chapter", "3", "The Ice", OPENING),
        chapter("Chapter 3: The Ice", "The Ice", OPENING),
        chapter("The Ice", "THE ICE. It was dark.", OPENING),
        chapter("The Ice Breaks", "the ice\nbreaks", "and more", role=Role.VERSE),
        chapter("The Ice", "Chapter the Third, of the Ice", OPENING),
    ],
    ids=lambda shown: " / ".join(block.text[:20] for block in shown.blocks[:3]),
)
def test_a_title_that_the_text_shows_or_repeats_is_never_said_twice(shown: Chapter) -> None:
    assert titles_of(shown) == [""]


@pytest.mark.parametrize(
    "title",
    [
        "The Ferry",
        "THE FERRY",
        "ch01",
        "chapter-12",
        "part0003.xhtml",
        "index_split_004",
        "0004",
        "Chapter",
        "Untitled",
        "Epigraph",
        "* * *",
    ],
)
def test_the_book_s_own_title_and_names_that_are_none_are_not_said(title: str) -> None:
    assert titles_of(chapter(title, OPENING)) == [""]


def test_a_title_at_the_end_of_the_chapter_before_is_not_said_again() -> None:
    first = Chapter(
        "One", (Block(Role.HEADING, "One"), Block(Role.PARAGRAPH, OPENING), Block(Role.HEADING, "Two"))
    )
    assert titles_of(first, chapter("Two", OPENING)) == ["", ""]
    assert titles_of(chapter("One", OPENING), chapter("One", "And then it came.")) == ["One", ""]


def test_what_is_not_spoken_shows_nothing() -> None:
    caption = Chapter("Ice", (Block(Role.CAPTION, "Ice"), Block(Role.PARAGRAPH, OPENING)))
    contents = Chapter("Contents", (Block(Role.PARAGRAPH, "Ice"),), Matter.FRONT, "toc")
    assert titles_of(contents, caption) == ["", "Ice"]


def test_a_chapter_without_text_stays_silent() -> None:
    picture = Chapter("Ice", (Block(Role.CAPTION, "A picture of ice"),))
    assert [each.spoken for each in composed(picture)] == [False]
