"""Short pages at the head of a book that nothing names: title pages are unspoken, and prose is spoken."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.epub import read_epub
from narrator.model import Manuscript, Matter
from tests.manuscript.epub_maker import make_epub, prose


def book(folder: Path, first: str, *, is_named: bool = True) -> Manuscript:
    """A book with a page before its chapters, which are named in its contents or by nothing."""
    pages = {"0.xhtml": first, "1.xhtml": prose(300), "2.xhtml": prose(300, about="other")}
    toc = [("Dawn", "1.xhtml"), ("Noon", "2.xhtml")] if is_named else []
    return read_epub(make_epub(folder / "a.epub", pages, toc=toc))


SAID = [
    "<p>He looked at it and said--</p><p>“How clear!”</p><p>“Yes.”</p><p>“No.”</p><p>Nobody spoke--</p>",
    "<p>It was the last night of the fair, and the ferry had not come. Nobody spoke of it.</p>",
    "<p class='verse'>The river took the boat,<br/>and then it took the men,<br/>and no one came again.</p>",
    "<blockquote><p>«Man sieht nur mit dem Herzen gut, das ist alles, was ich davon weiß.»</p></blockquote>",
    "<p>渡し舟はもう来なかった。誰もそのことを話さなかった。夜は静かだった。</p>",
]


@pytest.mark.parametrize("first", SAID)
def test_prose_before_the_first_chapter_is_spoken_and_no_chapter(tmp_path: Path, first: str) -> None:
    found = book(tmp_path, first)
    assert (found.chapters[0].kind, found.chapters[0].matter) == ("preamble", Matter.FRONT)
    assert found.chapters[0].title[:5] == found.chapters[0].blocks[0].text[:5]
    assert [chapter.title for chapter in found.chapters[1:]] == ["Dawn", "Noon"]


@pytest.mark.parametrize("first", SAID)
def test_prose_in_a_book_without_names_is_a_chapter_as_the_others_are(tmp_path: Path, first: str) -> None:
    found = book(tmp_path, first, is_named=False)
    assert [chapter.matter for chapter in found.chapters] == [Matter.BODY] * 3


def test_prose_under_the_title_of_the_book_is_spoken(tmp_path: Path) -> None:
    found = book(tmp_path, f"<h1>A Book</h1>{SAID[1]}")
    assert (found.chapters[0].title, found.chapters[0].kind) == ("A Book", "preamble")


@pytest.mark.parametrize(
    "first",
    [
        "<p>A BOOK</p><p>by</p><p>An Author</p><p>London, 1871</p>",
        "<p>A Book.</p><p>By An Author.</p><p>With Sixteen Plates. In Two Volumes.</p>",
        "<p>THE FERRY. A STORY OF THE RIVER AND THE MEN UPON IT.</p><p>BY AN AUTHOR.</p>",
        "<p>For Anna.</p>",
        "<p>For everyone who was ever late, and was waited for.</p>",
        "<p>This ebook was made with care by people who like to read, and it is free for all.</p>",
        "<p>What is next on your list? Sign up now, and we will tell you all about it.</p>",
        "<p>First published in London by Heron and Sons in the year of 1871.</p>",
    ],
)
def test_title_pages_and_what_is_said_of_the_edition_are_not(tmp_path: Path, first: str) -> None:
    assert book(tmp_path, first).chapters[0].kind == "titlepage"


def test_prose_after_the_contents_alone_is_the_book(tmp_path: Path) -> None:
    links = "".join(f"<p><a href='1.xhtml'>Leaf {number}</a></p>" for number in range(5))
    found = read_epub(make_epub(tmp_path / "a.epub", {"0.xhtml": links, "1.xhtml": SAID[1]}))
    assert [(chapter.kind, chapter.matter) for chapter in found.chapters][-1] == ("", Matter.BODY)
