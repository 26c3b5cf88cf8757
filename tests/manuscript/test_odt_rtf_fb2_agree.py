"""A real book, written in each of these formats as people write it, is the same book."""

from __future__ import annotations

import functools
import html
import string
import tempfile
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from narrator.manuscript.fb2 import read_fb2
from narrator.manuscript.odt import read_odt
from narrator.manuscript.reading import read_manuscript
from narrator.manuscript.rtf import read_rtf
from narrator.model import Block, Chapter, Manuscript, Matter, Role
from tests.manuscript.fb2_maker import body, make_fb2, section
from tests.manuscript.odt_maker import h, make_odt, p
from tests.manuscript.rtf_maker import TEXTEDIT, WORDPAD, heading, make_rtf, paragraphs

Corpus = Callable[[str], Path]
BOOKS = ["news-from-nowhere.txt", "alice.epub", "candide-en.epub", "purvis-poetry.epub"]

sentences = st.lists(
    st.text(string.ascii_letters + "éüñжЯ語😀", min_size=1, max_size=12), min_size=1, max_size=30
).map(" ".join)


@given(st.lists(sentences, min_size=1, max_size=12), st.data())
@settings(max_examples=60)
def test_every_word_is_read_once_and_in_order(texts: list[str], data: st.DataObject) -> None:
    assume(all(one != two for one, two in pairwise(texts)))  # such headings are read once
    is_heading = [data.draw(st.booleans()) for _ in texts]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a")
        rtf = [
            heading(text) if head else paragraphs(text) for text, head in zip(texts, is_heading, strict=True)
        ]
        odt = [h(text) if head else p(text) for text, head in zip(texts, is_heading, strict=True)]
        fb2 = [lines([text], "subtitle" if head else "p") for text, head in zip(texts, is_heading, strict=True)]
        books = [
            read_rtf(make_rtf(path.with_suffix(".rtf"), "".join(rtf))),
            read_odt(make_odt(path.with_suffix(".odt"), "".join(odt))),
            read_fb2(make_fb2(path.with_suffix(".fb2"), body(section("", *fb2)))),
        ]
    for book in books:
        assert [word for chapter in book.chapters for word in words(chapter)] == " ".join(texts).split()


@functools.cache
def book_at(path: Path) -> Manuscript:
    return read_manuscript(path)


def spoken(book: Manuscript) -> list[Chapter]:
    return [chapter for chapter in book.chapters if chapter.matter is Matter.BODY]


def words(chapter: Chapter) -> list[str]:
    return [word for block in chapter.blocks if block.role is not Role.NOTE for word in block.text.split()]


def assert_same(book: Manuscript, other: Manuscript) -> None:
    assert [chapter.title for chapter in spoken(other)] == [chapter.title for chapter in spoken(book)]
    assert list(map(words, spoken(other))) == list(map(words, spoken(book)))


def escaped(text: str) -> str:
    for sign in "\\{}":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\line ")


def marked_up(text: str) -> str:
    return html.escape(text).replace("\n", "<text:line-break/>")


def written(book: Manuscript, head: Callable[[str], str], plain: Callable[[str], str]) -> str:
    """The blocks of the chapters, without front and back matter and notes."""
    return "".join(
        head(block.text) if block.role is Role.HEADING else plain(block.text or "* * *")
        for chapter in spoken(book)
        for block in chapter.blocks
        if block.role is not Role.NOTE
    )


def bold(text: str) -> str:
    return rf"\pard\qc\b\fs32 {escaped(text)}\b0\fs24\par\pard "


@pytest.mark.parametrize("name", BOOKS)
def test_rtf_with_styles_or_with_bold_lines_is_the_same_book(corpus: Corpus, tmp_path: Path, name: str) -> None:
    book = book_at(corpus(name))

    def plain(text: str) -> str:
        return paragraphs(escaped(text))

    styled = written(book, lambda text: heading(escaped(text)), plain)
    assert_same(book, read_rtf(make_rtf(tmp_path / "a.rtf", styled, title=escaped(book.title))))
    looks = written(book, bold, plain)
    assert_same(book, read_rtf(make_rtf(tmp_path / "b.rtf", looks, head=TEXTEDIT)))


@pytest.mark.parametrize("name", ["news-from-nowhere.txt"])
def test_rtf_of_wrapped_lines_is_the_same_book(corpus: Corpus, tmp_path: Path, name: str) -> None:
    path = corpus(name)
    lines = "\\par\n".join(map(escaped, path.read_text(encoding="ascii").splitlines()))
    book, other = book_at(path), read_rtf(make_rtf(tmp_path / "a.rtf", lines, head=WORDPAD))
    assert_same(book, other)
    assert (other.title, other.authors, other.language) == (book.title, book.authors, book.language)


@pytest.mark.parametrize("name", BOOKS)
def test_odt_is_the_same_book(corpus: Corpus, tmp_path: Path, name: str) -> None:
    book = book_at(corpus(name))
    styled = written(book, lambda text: h(marked_up(text)), lambda text: p(marked_up(text)))
    meta = f"<dc:title>{html.escape(book.title)}</dc:title>"
    assert_same(book, read_odt(make_odt(tmp_path / "a.fodt", styled, meta=meta)))


@pytest.mark.parametrize("name", ["alice.epub", "news-from-nowhere.txt"])
def test_fb2_is_the_same_book(corpus: Corpus, tmp_path: Path, name: str) -> None:
    book = book_at(corpus(name))
    sections = "".join(
        section(html.escape(chapter.blocks[0].text), *map(element, chapter.blocks[1:]))
        if chapter.blocks[0].role is Role.HEADING
        else section("", *map(element, chapter.blocks))
        for chapter in spoken(book)
    )
    info = f"<book-title>{html.escape(book.title)}</book-title>"
    assert_same(book, read_fb2(make_fb2(tmp_path / "a.fb2", body(sections), info=info)))


def element(block: Block) -> str:
    if block.role is Role.VERSE:
        return f"<poem><stanza>{lines(block.text.splitlines(), 'v')}</stanza></poem>"
    if block.role is Role.HEADING:
        return lines([block.text], "subtitle")
    return lines([block.text or "* * *"], "p")


def lines(texts: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts)
