"""Whole books in one HTML page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.errors import ManuscriptError
from narrator.manuscript.html import read_html
from narrator.model import Manuscript, Matter, Role

PROSE = " ".join(f"The ferry left the bank for the {number}. time, and nobody waved." for number in range(20))


METAS = (
    "<title>x</title><meta name='DC.Title' content='The Ferry'/>"
    "<meta name='author' content='Ada Strand'/><meta name='author' content='Bo Lind'/>"
)


def book(tmp_path: Path, body: str, head: str = "", *, encoding: str = "utf-8") -> Manuscript:
    path = tmp_path / "the ferry.html"
    path.write_bytes(f"<html lang='en'><head>{head}</head><body>{body}</body></html>".encode(encoding))
    return read_html(path)


def spoken(manuscript: Manuscript) -> list[str]:
    return [chapter.title for chapter in manuscript.chapters if chapter.matter is Matter.BODY]


def chapters(*titles: str) -> str:
    return "".join(f"<h2>{title}</h2><p>{PROSE}</p>" for title in titles)


def test_a_real_page_of_gutenberg_is_read_by_its_headings(corpus: Callable[[str], Path]) -> None:
    manuscript = read_html(corpus("verwandlung-de.htm"))
    assert (manuscript.title, manuscript.authors) == ("Die Verwandlung", ("Franz Kafka",))
    assert manuscript.language == "de"
    assert spoken(manuscript) == ["I.", "II.", "III."]
    bodies = [chapter for chapter in manuscript.chapters if chapter.matter is Matter.BODY]
    assert bodies[0].blocks[1].text.startswith("Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte")
    assert bodies[2].blocks[-1].text.endswith("ihren jungen Körper dehnte.")


@pytest.mark.parametrize(
    ("head", "title", "authors"),
    [
        ("<title>The Ferry</title>", "The Ferry", ()),
        ("<title>The Ferry, by Ada Strand</title>", "The Ferry", ("Ada Strand",)),
        (
            "<title>The Project Gutenberg eBook of The Ferry, by Ada Strand</title>",
            "The Ferry",
            ("Ada Strand",),
        ),
        ("<title>The Ferry, by Ada Strand—A Project Gutenberg eBook</title>", "The Ferry", ("Ada Strand",)),
        ("<title>The Ferry | Project Gutenberg</title>", "The Ferry", ()),
        (METAS, "The Ferry", ("Ada Strand", "Bo Lind")),
        ("", "the ferry", ()),
    ],
)
def test_title_and_authors_are_told_by_the_head(
    tmp_path: Path, head: str, title: str, authors: tuple[str, ...]
) -> None:
    manuscript = book(tmp_path, chapters("One", "Two"), head)
    assert (manuscript.title, manuscript.authors) == (title, authors)


def test_a_contents_list_is_no_chapter_and_its_links_are_followed_nowhere(tmp_path: Path) -> None:
    contents = "<h2>Contents</h2><ul>" + "".join(
        f"<li><a href='#c{number}'>{name}</a></li>" for number, name in enumerate(["One", "Two"])
    )
    text = "".join(
        f"<h2><a id='c{number}'></a>{name}</h2><p>{PROSE}</p>" for number, name in enumerate(["One", "Two"])
    )
    assert spoken(book(tmp_path, f"<h1>The Ferry</h1>{contents}</ul>{text}")) == ["One", "Two"]


def test_notes_are_told_by_their_links_and_their_marks_are_gone(tmp_path: Path) -> None:
    body = (
        "<h2>One</h2><p>It froze<a id='r1' href='#n1'><sup>1</sup></a> all night.</p>"
        "<p id='n1'><a href='#r1'>1</a> In May.</p>" + chapters("Two")
    )
    blocks = [block for chapter in book(tmp_path, body).chapters for block in chapter.blocks]
    assert "It froze all night." in [block.text for block in blocks]
    assert [block.text for block in blocks if block.role is Role.NOTE] == ["In May."]


def test_the_declared_encoding_counts(tmp_path: Path) -> None:
    head = "<meta http-equiv='Content-Type' content='text/html; charset=windows-1250'><title>Přívoz</title>"
    assert book(tmp_path, chapters("První", "Druhá"), head, encoding="cp1250").title == "Přívoz"


@pytest.mark.parametrize("data", [b"<html></html>", b"<!-- nothing -->", b"<img src='a.png' alt='a ferry'>"])
def test_a_page_without_text_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "empty.html"
    path.write_bytes(data)
    with pytest.raises(ManuscriptError, match="has no text"):
        read_html(path)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damage_never_surprises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = bytearray(
        f"<html><head><title>F</title></head><body>{chapters('One', 'Two')}</body></html>", "utf-8"
    )
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[at:]
    else:
        whole[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.html"
    path.write_bytes(whole)
    with suppress(ManuscriptError):
        assert read_html(path).chapters


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("<meta name='dc.date' content='1865-11-26'/>", "1865-11-26"),
        ("<meta name='citation_publication_date' content='1865/11/26'/>", "1865-11-26"),
        ("<meta name='DCTERMS.issued' content='1920'/><meta name='date' content='2020-01-01'/>", "1920"),
        ("<meta name='dcterms.modified' content='2020-01-01'/>", ""),
        ("<meta name='date' content='yesterday'/>", ""),
    ],
)
def test_date_is_in_the_head(tmp_path: Path, head: str, date: str) -> None:
    assert book(tmp_path, chapters("One", "Two"), head).date == date


def test_elements_that_html_never_closes_end_where_they_stand(tmp_path: Path) -> None:
    body = (
        f"<h2>I.<br>\nONE</h2><p>{PROSE}<p>Two paragraphs.<hr><img src='a.png'>"
        f"<h2>II.<br>TWO</h2><p lang=fr>{PROSE}</p><ul><li>One<li>Two</ul>"
    )
    found = book(tmp_path, body, "<meta charset='utf-8'><link rel='next' href='x'>")
    assert spoken(found) == ["I. ONE", "II. TWO"]
    assert [len(chapter.blocks) for chapter in found.chapters] == [3, 4]
    assert found.chapters[1].blocks[1].language == "fr"


# --- what a web page has around its text -----------------------------------------------------------------


def paragraphs(manuscript: Manuscript) -> list[str]:
    return [block.text for chapter in manuscript.chapters for block in chapter.blocks]


@pytest.mark.parametrize(
    "link",
    [
        '<a class="headerlink" href="#dawn" title="Permalink to this heading">¶</a>',
        '<a href="#dawn">#</a>',
        '<a href="#dawn">§</a>',
        '<a class="header-anchor" href="book.html#dawn">🔗</a>',
        '<a class="permalink" href="#dawn">Permalink</a>',
    ],
)
def test_links_of_a_heading_to_itself_are_no_text(tmp_path: Path, link: str) -> None:
    body = f"<section id='dawn'><h2>Dawn {link}</h2><p>{PROSE}</p></section>" + chapters("Noon")
    assert spoken(book(tmp_path, body)) == ["Dawn", "Noon"]


def test_links_for_editors_of_a_wiki_are_no_text(tmp_path: Path) -> None:
    edit = "<span class='mw-editsection'>[<a href='/edit?section=1'>edit</a>]</span>"
    assert spoken(book(tmp_path, chapters(f"Dawn{edit}", f"Noon{edit}"))) == ["Dawn", "Noon"]


def test_signs_that_lead_elsewhere_or_are_words_stay(tmp_path: Path) -> None:
    first, second = "In C<a href='#b'>#</a>", "<a href='#b'>Noon</a>"
    body = f"<h2 id='a'>{first}</h2><p>{PROSE}</p><h2 id='b'>{second}</h2><p>{PROSE}</p>"
    assert spoken(book(tmp_path, body)) == ["In C#", "Noon"]


@pytest.mark.parametrize(
    "furniture",
    [
        "<nav><ul><li><a href='/'>UNREAD</a></li><li><a href='/b'>Books</a></li></ul></nav>",
        "<div role='navigation'><h3>UNREAD</h3><a href='/next'>next</a></div>",
        "<div role='search'>UNREAD the site</div>",
        "<header role='banner'>UNREAD</header>",
        "<header class='site-header'>UNREAD</header>",
        "<footer>UNREAD <a href='/about'>About this site and its makers</a></footer>",
        "<div class='foot' role='contentinfo'>© 2020 UNREAD</div>",
        "<aside class='sidebar'><h2>UNREAD</h2><a href='/a'>Another story</a></aside>",
    ],
)
def test_menus_and_the_like_of_a_web_page_are_unread(tmp_path: Path, furniture: str) -> None:
    for body in (furniture + chapters("Dawn", "Noon"), chapters("Dawn", "Noon") + furniture):
        found = book(tmp_path, body)
        assert spoken(found) == ["Dawn", "Noon"]
        assert "UNREAD" not in " ".join(paragraphs(found))


@pytest.mark.parametrize(
    "own",
    [
        "<header><h1>KEPT</h1><p>by Ada Strand</p></header>",
        "<header><p>KEPT, as the clock struck nine.</p></header>",
        "<section><footer>KEPT</footer></section>",
        "<blockquote>All is well.<footer>KEPT</footer></blockquote>",
        "<aside><p>KEPT, said the ferryman.</p></aside>",
        "<aside role='doc-footnote'><p><a href='https://example.org/kept'>KEPT</a></p></aside>",
        f"<nav><p>KEPT {PROSE * 3}</p></nav>",
    ],
)
def test_heads_feet_and_asides_of_the_text_are_read(tmp_path: Path, own: str) -> None:
    assert "KEPT" in " ".join(paragraphs(book(tmp_path, chapters("Dawn") + own + chapters("Noon"))))


def test_contents_of_a_page_that_say_so_are_a_page_of_the_book(tmp_path: Path) -> None:
    lines = "".join(f"<li><a href='#{name}'>{name}</a></li>" for name in ("Dawn", "Noon", "Dusk"))
    found = book(tmp_path, f"<nav role='doc-toc'><ul>{lines}</ul></nav>" + chapters("Dawn", "Noon", "Dusk"))
    assert [chapter.kind for chapter in found.chapters] == ["toc", "", "", ""]


def test_first_publication_by_the_header_is_the_date(tmp_path: Path) -> None:
    header = "<p>Title: The Ferry</p><p><b>Original publication</b>: London: Heron, 1871</p>"
    start = "<p>*** START OF THE PROJECT GUTENBERG EBOOK THE FERRY ***</p>"
    head = "<meta name='dcterms.created' content='2011-03-04'/>"
    assert book(tmp_path, header + start + chapters("Dawn", "Noon"), head).date == "1871"
