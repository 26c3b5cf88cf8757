from __future__ import annotations

from collections.abc import Callable

import pytest

from narrator.model import Chapter, Manuscript, Matter, Role

RealBook = Callable[[str], Manuscript]


def body(book: Manuscript) -> list[Chapter]:
    return [chapter for chapter in book.chapters if chapter.matter is Matter.BODY]


def kinds(book: Manuscript, matter: Matter) -> list[str]:
    return [chapter.kind for chapter in book.chapters if chapter.matter is matter]


def words(chapter: Chapter) -> int:
    return sum(len(block.text.split()) for block in chapter.blocks)


BOOKS = {
    "alice.epub": ("Alice's Adventures in Wonderland", ("Lewis Carroll",), "en-US", 10),
    "candide-en.epub": ("Candide", ("Voltaire",), "en-GB", 30),
    "winter-sports.epub": ("Winter Sports in Switzerland", ("E. F. Benson",), "en", 8),
    "earnest.epub": ("The Importance of Being Earnest", ("Oscar Wilde",), "en-GB", 3),
    "purvis-poetry.epub": ("Poetry", ("Sarah Louisa Forten Purvis",), "en-US", 15),
    "kusamakura-ja.epub": ("草枕", ("夏目 漱石",), "ja-JP", 13),
    "candide-fr.txt": ("Candide", ("Voltaire",), "fr", 30),
    "news-from-nowhere.txt": ("News from Nowhere", ("William Morris",), "en", 32),
    "study-in-scarlet.md": ("A Study in Scarlet", ("Arthur Conan Doyle",), "en", 14),
    "aladdin.md": ("Aladdin and the Magic Lamp", (), "en", 1),
}
"""Title, authors, language, and how many chapters the body has."""


@pytest.mark.parametrize("name", BOOKS)
def test_real_book_has_its_facts_and_chapters(real_book: RealBook, name: str) -> None:
    book = real_book(name)
    assert (book.title, book.authors, book.language, len(body(book))) == BOOKS[name]


def test_alice_begins_where_alice_begins(real_book: RealBook) -> None:
    book = real_book("alice.epub")
    first = body(book)[0]
    assert first.title == "Down The Rabbit-Hole"
    assert first.blocks[1].text.startswith("Alice was beginning to get very tired of sitting by her sister")
    assert first.blocks[-1].text.endswith("very soon finished off the cake.")
    assert sum(map(words, book.chapters)) == 9760
    assert book.cover is not None
    assert len(book.cover.data) == 36192


def test_candide_reads_no_note_and_loses_no_word(real_book: RealBook) -> None:
    book = real_book("candide-en.epub")
    assert kinds(book, Matter.FRONT) == ["titlepage", "imprint", "introduction", "halftitlepage"]
    assert kinds(book, Matter.BACK) == ["endnotes", "colophon", "copyright-page"]
    first = body(book)[0]
    assert [block.text[:11] for block in first.blocks[:2]] == ["I", "How Candide"]
    assert "The Preceptor Pangloss was the oracle of the family" in first.blocks[4].text
    assert not any(block.role is Role.NOTE for chapter in body(book) for block in chapter.blocks)


def test_winter_sports_chapters_begin_inside_files(real_book: RealBook) -> None:
    book = real_book("winter-sports.epub")
    assert [chapter.blocks[0].text for chapter in body(book)][:2] == [
        "CHAPTER I. THE SUN-SEEKER",
        "CHAPTER II. RINKS AND SKATERS",
    ]
    assert book.chapters[0].kind == "gutenberg-header"
    assert book.chapters[-1].kind == "gutenberg-license"
    spoken = " ".join(block.text for chapter in body(book) for block in chapter.blocks)
    assert "Gutenberg" not in spoken
    assert "unavailable" not in spoken
    assert "ocular proof" not in spoken
    assert "a conjuring trick of a glorious and luminous kind" in spoken


def test_drama_is_read_as_speaker_and_speech(real_book: RealBook) -> None:
    act = body(real_book("earnest.epub"))[0]
    assert [block.text for block in act.blocks[:1]] == ["Act I"]
    assert act.blocks[3].text == "Algernon: Did you hear what I was playing, Lane?"


def test_poems_keep_their_lines(real_book: RealBook) -> None:
    poem = body(real_book("purvis-poetry.epub"))[0]
    assert poem.blocks[1].role is Role.VERSE
    assert poem.blocks[1].text.split("\n")[1] == "His woes and his sorrows, his pains are all o’er;"


def test_japanese_is_read_without_ruby(real_book: RealBook) -> None:
    chapter = body(real_book("kusamakura-ja.epub"))[0]
    assert [block.text for block in chapter.blocks[:2]] == ["一", "山路を登りながら、こう考えた。"]


def test_french_text_parts_notes_from_the_tale(real_book: RealBook) -> None:
    book = real_book("candide-fr.txt")
    last = body(book)[-1]
    assert last.title == "CHAPITRE XXX: Conclusion."
    notes = [block.text for chapter in body(book) for block in chapter.blocks if block.role is Role.NOTE]
    assert len(notes) == 56
    assert not any("[1]" in block.text for chapter in book.chapters for block in chapter.blocks)


def test_parts_of_a_study_in_scarlet_head_their_chapters(real_book: RealBook) -> None:
    book = real_book("study-in-scarlet.md")
    assert [block.text for block in book.chapters[7].blocks[:2]] == [
        "PART II - The Country of the Saints",
        "CHAPTER 1 - ON THE GREAT ALKALI PLAIN",
    ]
    assert not any("1887" in block.text for block in book.chapters[0].blocks[:3])
