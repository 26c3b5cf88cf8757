"""What holds for every manuscript: no word is lost, doubled or moved."""

from __future__ import annotations

import html
import re
import string
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from narrator.manuscript.characters import clean
from narrator.manuscript.encoding import decode
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.language import normal_tag
from narrator.manuscript.markup import parse_xhtml
from narrator.manuscript.reading import read_manuscript
from tests.manuscript.epub_maker import make_epub

words = st.text(string.ascii_letters + "éüñ", min_size=1, max_size=12)
sentences = st.lists(words, min_size=1, max_size=30).map(" ".join)
paragraphs = st.lists(sentences, min_size=1, max_size=12)


def read(name: str, data: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_text(data, encoding="utf-8")
        return _words(path)


def _words(path: Path) -> list[str]:
    book = read_manuscript(path)
    return [word for chapter in book.chapters for block in chapter.blocks for word in block.text.split()]


@given(paragraphs, st.sampled_from(["\n", "\n\n", "\n\n\n"]))
@settings(max_examples=60)
def test_plain_text_keeps_every_word_in_order(texts: list[str], gap: str) -> None:
    assume(all(text != following for text, following in pairwise(texts)))  # such headings are read once
    assert read("a.txt", gap.join(texts)) == " ".join(texts).split()


@given(st.lists(st.tuples(st.integers(0, 4), sentences), min_size=1, max_size=12))
@settings(max_examples=60)
def test_markdown_keeps_every_word_in_order(blocks: list[tuple[int, str]]) -> None:
    source = "\n\n".join(f"{'#' * level} {text}".strip() for level, text in blocks)
    found = read("a.md", source)
    expected = [word for _, text in blocks for word in text.split()]
    # A heading that is there twice in a row is read once.
    assert found == expected or (len(found) < len(expected) and set(found) == set(expected))


inlines = st.recursive(
    words,
    lambda inner: st.tuples(
        st.sampled_from(["b", "i", "span", "a"]), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"),
    max_leaves=6,
)
elements = st.recursive(
    st.lists(inlines, min_size=1, max_size=5).map(lambda parts: f"<p>{' '.join(parts)}</p>"),
    lambda inner: st.tuples(
        st.sampled_from(["div", "section", "blockquote", "article"]), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"),
    max_leaves=8,
)


@given(elements)
@settings(max_examples=150)
def test_page_keeps_every_word_in_order(body: str) -> None:
    root = parse_xhtml(f"<html><body>{body}</body></html>".encode())
    assert root is not None
    found = [word for piece in read_page(root, name="a").pieces for word in piece.block.text.split()]
    spaced = re.sub(r"</?(?:p|div|section|blockquote|article)>", " ", body)
    assert found == html.unescape(re.sub(r"<[^>]+>", "", spaced)).split()


@given(st.lists(paragraphs, min_size=1, max_size=5), st.data())
@settings(max_examples=40)
def test_epub_keeps_every_word_wherever_its_toc_leads(files: list[list[str]], data: st.DataObject) -> None:
    pages = {
        f"{number}.xhtml": "".join(f"<p id='p{at}'>{text}</p>" for at, text in enumerate(texts))
        for number, texts in enumerate(files)
    }
    anchors = [f"{number}.xhtml#p{at}" for number, texts in enumerate(files) for at in range(len(texts))]
    toc = [
        (f"Entry {at}", href)
        for at, href in enumerate(data.draw(st.lists(st.sampled_from(anchors), max_size=6)))
    ]
    with tempfile.TemporaryDirectory() as folder:
        found = _words(make_epub(Path(folder, "a.epub"), pages, toc=toc))
    assert found == [word for texts in files for text in texts for word in text.split()]


@given(st.binary(max_size=300))
def test_decoding_never_fails(data: bytes) -> None:
    decode(data)


@given(st.text(max_size=60))
def test_clean_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert "\n" not in cleaned
    assert "  " not in cleaned
    assert clean(cleaned) == cleaned


@given(st.text(max_size=12))
def test_declared_language_is_a_tag_or_nothing(declared: str) -> None:
    tag = normal_tag(declared)
    assert normal_tag(tag) == tag
