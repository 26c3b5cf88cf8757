"""Credits in the script: where they are heard, and what keeps them as they were accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from narrator.config import Titles
from narrator.model import Block, Chapter, Manuscript, Matter, Pause, Role, Script
from narrator.script.compose import compose
from tests.script.treated import accepted, treatment

CUT = treatment("paragraph", 1000)
CONTENTS = Chapter("Contents", (Block(Role.PARAGRAPH, "One, Two"),), Matter.FRONT, "toc")


def chapter(title: str, *texts: str) -> Chapter:
    return Chapter(title, (Block(Role.HEADING, title), *(Block(Role.PARAGRAPH, text) for text in texts)))


BOOK = Manuscript("Emma", ("Jane Austen",), "en", (CONTENTS, chapter("One", "A.", "B."), chapter("Two", "C.")))


def heard(script: Script) -> list[list[str]]:
    return [[segment.text for segment in chapter.segments] for chapter in script.spoken]


def edited(script: Script) -> Script:
    """The script as a person has changed both credits and the first words."""
    opening, closing = (
        replace(part[0], text=f"{part[0].text} Edited.") for part in (script.opening, script.closing)
    )
    return replace(script, opening=(opening,), closing=(closing,))


def test_the_first_chapter_begins_and_the_last_ends_with_the_credits() -> None:
    script = compose(BOOK, CUT)
    first, last = script.spoken
    assert heard(script) == [
        ["Emma, by Jane Austen.", "One", "A.", "B."],
        ["Two", "C.", "The end of Emma, by Jane Austen."],
    ]
    assert [segment.pause for segment in first.segments] == [
        Pause.SCENE_BREAK, Pause.HEADING, Pause.PARAGRAPH, Pause.CHAPTER,
    ]  # fmt: skip
    assert [segment.pause for segment in last.segments] == [Pause.HEADING, Pause.SCENE_BREAK, Pause.CHAPTER]
    assert [(each.characters, each.words) for each in script.spoken] == [(7, 3), (5, 2)], "those of the text"


def test_a_book_of_one_chapter_has_both() -> None:
    script = compose(replace(BOOK, chapters=(chapter("One", "A."),)), CUT)
    assert heard(script) == [["Emma, by Jane Austen.", "One", "A.", "The end of Emma, by Jane Austen."]]


def test_credits_can_be_left_out() -> None:
    script = compose(BOOK, CUT, titles=Titles(opening="", closing=""))
    assert heard(script) == [["One", "A.", "B."], ["Two", "C."]]
    assert script.spoken[-1].segments[-1].pause is Pause.CHAPTER


def test_a_book_without_anything_to_say_has_no_credits_either() -> None:
    assert compose(replace(BOOK, chapters=(CONTENTS,)), CUT).spoken == ()


def test_a_text_that_begins_with_the_very_words_is_not_announced() -> None:
    shows = Chapter(
        "Emma",
        (Block(Role.HEADING, "EMMA"), Block(Role.PARAGRAPH, "By Jane Austen"), Block(Role.PARAGRAPH, "A.")),
    )
    assert heard(compose(replace(BOOK, chapters=(shows,)), CUT))[0][:2] == ["Emma", "By Jane Austen"]


def test_long_credits_are_cut_like_any_text() -> None:
    long = replace(BOOK, title="Emma. " + "A Novel in Three Volumes, with Notes. " * 4)
    script = compose(long, treatment("paragraph", 60))
    assert len(script.opening) > 2
    assert all(len(segment.text) <= 60 for segment in script.opening)
    assert [segment.pause for segment in script.opening][-2:] == [Pause.SENTENCE, Pause.SCENE_BREAK]


def test_edited_credits_stay_while_the_same_is_asked() -> None:
    before = edited(compose(BOOK, CUT))
    grown = replace(BOOK, chapters=(*BOOK.chapters, chapter("Three", "D.")))
    script = compose(grown, CUT, accepted(before))
    assert (script.opening, script.closing) == (before.opening, before.closing)
    assert heard(
        compose(grown, CUT, accepted(before), titles=Titles(opening="{title}, by {authors}."))
    ) == heard(script)


@pytest.mark.parametrize(
    ("book", "titles", "opening"),
    [
        (replace(BOOK, title="Emma Woodhouse"), Titles(), "Emma Woodhouse, by Jane Austen."),
        (replace(BOOK, authors=()), Titles(), "Emma."),
        (replace(BOOK, language="de"), Titles(), "Emma, von Jane Austen."),
        (BOOK, Titles(opening="{title}!"), "Emma!"),
    ],
)
def test_credits_are_written_anew_when_something_else_is_asked(
    book: Manuscript, titles: Titles, opening: str
) -> None:
    script = compose(book, CUT, accepted(edited(compose(BOOK, CUT))), titles=titles)
    assert [segment.text for segment in script.opening] == [opening]


def test_one_credit_is_asked_anew_without_the_other() -> None:
    before = edited(compose(BOOK, CUT))
    script = compose(BOOK, CUT, accepted(before), titles=Titles(closing=""))
    assert (script.opening, script.closing) == (before.opening, ())


def test_a_script_of_the_time_before_credits_gets_none_unless_they_are_asked_for() -> None:
    before = replace(compose(BOOK, CUT), opening=(), closing=(), asked=None)
    grown = replace(BOOK, chapters=(*BOOK.chapters, chapter("Three", "D.")))
    kept = compose(grown, CUT, accepted(before))
    assert heard(kept) == [["One", "A.", "B."], ["Two", "C."], ["Three", "D."]]
    assert heard(compose(grown, CUT, accepted(kept))) == heard(kept), "nor the next time"
    wished = compose(grown, CUT, accepted(before), titles=Titles(opening="Now: {title}"))
    assert heard(wished)[0][0] == "Now: Emma."
    assert wished.closing == ()


def test_an_edited_chapter_title_stays_until_another_is_asked_for() -> None:
    book = replace(BOOK, chapters=(Chapter("One", (Block(Role.PARAGRAPH, "A long night."),)),))
    script = compose(book, CUT)
    (only,) = script.chapters
    said = (replace(only.segments[0], text="The first"), *only.segments[1:])
    before = replace(script, chapters=(replace(only, segments=said),))
    renamed = replace(book, chapters=(replace(book.chapters[0], title="Two"),))

    def first(book: Manuscript, chapter: str = "{chapter}") -> str:
        return compose(book, CUT, accepted(before), titles=Titles(chapter=chapter)).chapters[0].segments[0].text

    assert first(book) == "The first"
    assert first(book, "No. {chapter}") == "No. One"
    assert first(book, "") == "A long night."
    assert first(renamed) == "Two"


def test_credits_that_are_files_of_their_own_are_chapters_before_and_after_the_book() -> None:
    script = replace(compose(BOOK, CUT), credits_as=("Opening Credits", "Closing Credits"))
    assert [number for number, _ in script.numbered if number] == list(range(1, len(script.spoken) + 1))
    first, *book, last = script.spoken
    assert (first.title, last.title) == ("Opening Credits", "Closing Credits")
    assert first.segments == script.opening
    assert last.segments == script.closing
    said = script.opening + script.closing
    assert not any(segment in said for chapter in book for segment in chapter.segments)
    assert [chapter.is_body for chapter in script.spoken] == [False, *(True for _ in book), False]
