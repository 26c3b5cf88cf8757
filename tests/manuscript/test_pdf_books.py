from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from narrator.manuscript.pdf import read_pdf
from narrator.model import Chapter, Manuscript, Matter, Role

Corpus = Callable[[str], Path]
TITLES = [
    "CHAPTER I. Down the Rabbit-Hole",
    "CHAPTER II. The Pool of Tears",
    "CHAPTER III. A Caucus-Race and a Long Tale",
    "CHAPTER IV. The Rabbit Sends in a Little Bill",
    "CHAPTER V. Advice from a Caterpillar",
    "CHAPTER VI. Pig and Pepper",
    "CHAPTER VII. A Mad Tea-Party",
    "CHAPTER VIII. The Queen's Croquet-Ground",
    "CHAPTER IX. The Mock Turtle's Story",
    "CHAPTER X. The Lobster Quadrille",
    "CHAPTER XI. Who Stole the Tarts?",
    "CHAPTER XII. Alice's Evidence",
]


@pytest.fixture(scope="module")
def alice(corpus: Corpus) -> Manuscript:
    return read_pdf(corpus("alice.pdf"))


def body(book: Manuscript) -> list[Chapter]:
    return [chapter for chapter in book.chapters if chapter.matter is Matter.BODY]


def test_chapters_of_a_book_made_by_word(alice: Manuscript) -> None:
    assert (alice.title, alice.authors, alice.language) == (
        "Alice's Adventures in Wonderland", ("Lewis Carroll",), "en",
    )  # fmt: skip
    assert [chapter.title for chapter in body(alice)] == TITLES
    assert [chapter.kind for chapter in alice.chapters if chapter.matter is not Matter.BODY] == [
        "gutenberg-header", "halftitlepage", "titlepage", "toc", "gutenberg-license",
    ]  # fmt: skip


def test_paragraphs_go_on_over_pages(alice: Manuscript) -> None:
    paragraphs = [block.text for block in body(alice)[0].blocks if block.role is Role.PARAGRAPH]
    assert paragraphs[0] == (
        "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to"
        " do: once or twice she had peeped into the book her sister was reading, but it had no pictures or"
        " conversations in it, 'and what is the use of a book,' thought Alice 'without pictures or"
        " conversation?'"
    )
    assert paragraphs[1].endswith("when suddenly a White Rabbit with pink eyes ran close by her.")
    assert paragraphs[-1] == "So she set to work, and very soon finished off the cake."


def test_poem_keeps_its_stanzas(alice: Manuscript) -> None:
    verses = [block.text for block in body(alice)[1].blocks if block.role is Role.VERSE]
    poem = next(verse for verse in verses if "crocodile" in verse)
    assert poem.split("\n") == [
        "'How doth the little crocodile",
        "Improve his shining tail,",
        "And pour the waters of the Nile",
        "On every golden scale!",
    ]


def test_no_word_of_the_tale_is_lost_or_said_twice(alice: Manuscript) -> None:
    # The file's own lines, in the order in which they are drawn, have 26,388 runs between white space there,
    # without the asterisks. 12 of them end with a dash at the end of a line of prose, and are joined on.
    said = sum(len(block.text.split()) for chapter in body(alice) for block in chapter.blocks)
    assert said == 26_388 - 12
