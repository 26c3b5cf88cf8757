from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.epub import read_epub
from narrator.model import Manuscript, Role
from tests.manuscript.epub_maker import Entry, make_epub, page, prose

HEADER = (
    '<section class="pg-boilerplate pgheader" id="pg-header"><h2>The Project Gutenberg eBook of A Book</h2>'
    "<p>For the use of anyone.</p><div>*** START OF THE PROJECT GUTENBERG EBOOK A BOOK ***</div></section>"
)
LICENCE = (
    '<section class="pg-boilerplate pgfooter" id="pg-footer">'
    "<div>*** END OF THE PROJECT GUTENBERG EBOOK A BOOK ***</div><p>Updated editions will replace it.</p>"
    '<h2 id="pg-footer-heading">THE FULL PROJECT GUTENBERG LICENSE</h2><p>Please read this.</p></section>'
)


def outline(book: Manuscript) -> list[tuple[str, str, str]]:
    return [(chapter.matter.value, chapter.kind, chapter.title) for chapter in book.chapters]


def titles(book: Manuscript) -> list[str]:
    return [chapter.title for chapter in book.chapters]


def headings(book: Manuscript, chapter: int) -> list[str]:
    return [block.text for block in book.chapters[chapter].blocks if block.role is Role.HEADING]


def text(book: Manuscript) -> str:
    return " ".join(block.text for chapter in book.chapters for block in chapter.blocks)


def chapters(*numbers: int, words: int = 300) -> str:
    return "".join(f"<h2>Chapter {number}</h2>{prose(words, about=f'w{number}')}" for number in numbers)


def test_many_chapters_of_one_file_are_cut_at_their_anchors(tmp_path: Path) -> None:
    body = "<h2 id='a'>Dawn</h2><p>one</p><p>two</p><div><p id='b'>Noon</p><p>three</p></div>"
    path = make_epub(tmp_path / "a.epub", {"x.xhtml": body}, toc=[("Dawn", "x.xhtml#a"), ("Noon", "x.xhtml#b")])
    book = read_epub(path)
    assert [[block.text for block in chapter.blocks] for chapter in book.chapters] == [
        ["Dawn", "one", "two"],
        ["Noon", "three"],
    ]
    assert headings(book, 1) == ["Noon"]


def test_chapter_goes_on_over_files_without_an_entry(tmp_path: Path) -> None:
    pages = {"1.xhtml": "<h1>One</h1><p>a</p>", "1b.xhtml": "<p>b</p>", "2.xhtml": "<h1>Two</h1><p>c</p>"}
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=[("One", "1.xhtml"), ("Two", "2.xhtml")]))
    assert [len(chapter.blocks) for chapter in book.chapters] == [3, 2]


def test_spine_order_counts_and_a_page_is_read_once(tmp_path: Path) -> None:
    spine = [f'<itemref idref="p{number}"/>' for number in (1, 0, 1)]
    pages = {"b.xhtml": "<p>second</p>", "a.xhtml": "<p>first</p>"}
    assert text(read_epub(make_epub(tmp_path / "a.epub", pages, spine=spine))) == "first second"


def test_manifest_fragments_do_not_multiply_a_page(tmp_path: Path) -> None:
    manifest = "".join(
        f'<item id="f{part}" href="a.xhtml#{part}" media-type="application/xhtml+xml"/>' for part in "xyz"
    )
    spine = [f'<itemref idref="f{part}"/>' for part in "xyz"]
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>once</p>"}, spine=spine, manifest=manifest)
    assert text(read_epub(path)) == "once"


@pytest.mark.parametrize(
    ("member", "href"),
    [
        ("text/k%20 a.xhtml", "text/k%2520%20a.xhtml"),
        ("一.xhtml", "%E4%B8%80.xhtml"),
        ("Text/Ch1.xhtml", "text/ch1.XHTML"),
        ("text/c.xhtml", "text\\c.xhtml"),
        ("café.xhtml", "cafe\u0301.xhtml"),
    ],
)
def test_awkward_names_are_found(tmp_path: Path, member: str, href: str) -> None:
    manifest = f'<item id="x" href="{href}" media-type="application/xhtml+xml"/>'
    files = {f"OPS/{member}": page("<h1>One</h1><p>found</p>")}
    path = make_epub(
        tmp_path / "a.epub",
        {},
        manifest=manifest,
        spine=['<itemref idref="x"/>'],
        files=files,
        toc=[("One", href)],
    )
    assert titles(read_epub(path)) == ["One"]


def test_wrong_folders_lead_to_the_one_file_of_that_name(tmp_path: Path) -> None:
    items = "".join(
        f'<item id="{name}" href="Pages/{name}" media-type="application/xhtml+xml"/>'
        for name in ("dawn.xhtml", "noon.xhtml")
    )
    refs = ['<itemref idref="dawn.xhtml"/>', '<itemref idref="noon.xhtml"/>']
    files = {
        "OPS/Text/Dawn.xhtml": page("<h2>x</h2><p>one</p>"),
        "OPS/Text/noon.xhtml": page("<h2>y</h2><p>two</p>"),
        "OPS/Old/noon.xhtml": page("<p>three</p>"),
    }
    toc = [("Dawn", "Wrong/dawn.xhtml")]
    book = read_epub(make_epub(tmp_path / "a.epub", {}, spine=refs, manifest=items, files=files, toc=toc))
    assert (titles(book), text(book)) == (["Dawn"], "x one")


def test_parts_join_the_chapter_that_they_head(tmp_path: Path) -> None:
    pages = {
        "p1.xhtml": "<h1>PART ONE</h1>",
        "c1.xhtml": chapters(1),
        "p2.xhtml": "<h1>PART TWO</h1><p>An epigraph.</p>",
        "c2.xhtml": chapters(2),
    }
    ncx = [
        ("PART ONE", "p1.xhtml", [("Chapter 1", "c1.xhtml")]),
        ("PART TWO", "p2.xhtml", [("Chapter 2", "c2.xhtml")]),
    ]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, ncx=ncx))
    assert titles(book) == ["Chapter 1", "Chapter 2"]
    assert headings(book, 0) == ["PART ONE", "Chapter 1"]
    assert headings(book, 1) == ["PART TWO", "Chapter 2"]


def test_part_page_without_an_entry_heads_the_next_chapter(tmp_path: Path) -> None:
    pages = {"1.xhtml": chapters(1), "p.xhtml": "<h1>Part Two</h1>", "2.xhtml": chapters(2)}
    book = read_epub(
        make_epub(tmp_path / "a.epub", pages, toc=[("Chapter 1", "1.xhtml"), ("Chapter 2", "2.xhtml")])
    )
    assert headings(book, 0) == ["Chapter 1"]
    assert headings(book, 1) == ["Part Two", "Chapter 2"]


def test_sections_inside_a_chapter_are_no_chapters(tmp_path: Path) -> None:
    pages = {"1.xhtml": f"{chapters(1)}<h3 id='s'>Cats</h3>{prose(200)}", "2.xhtml": chapters(2)}
    toc: list[Entry] = [("Chapter 1", "1.xhtml", [("Cats", "1.xhtml#s")]), ("Chapter 2", "2.xhtml")]
    assert titles(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == ["Chapter 1", "Chapter 2"]


def test_named_entries_under_a_mere_heading_are_chapters_and_under_a_text_sections(tmp_path: Path) -> None:
    animals = f"<h1>Animals</h1><h2 id='c'>Cats</h2>{prose(90)}<h2 id='d'>Dogs</h2>{prose(90)}"
    plants = f"<h1>Plants</h1>{prose(300)}<h2 id='t'>Trees</h2>{prose(90)}"
    toc: list[Entry] = [
        ("Animals", "a.xhtml", [("Cats", "a.xhtml#c"), ("Dogs", "a.xhtml#d")]),
        ("Plants", "p.xhtml", [("Trees", "p.xhtml#t")]),
    ]
    book = read_epub(make_epub(tmp_path / "a.epub", {"a.xhtml": animals, "p.xhtml": plants}, toc=toc))
    assert titles(book) == ["Cats", "Dogs", "Plants"]
    assert headings(book, 0) == ["Animals", "Cats"]


def test_long_chapter_with_the_title_of_a_page_is_a_chapter(tmp_path: Path) -> None:
    pages = {"1.xhtml": f"<h1>Cover</h1>{prose(2000)}", "2.xhtml": f"<h1>Rights</h1>{prose(2000)}"}
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=[("Cover", "1.xhtml"), ("Rights", "2.xhtml")]))
    assert outline(book) == [("body", "", "Cover"), ("body", "", "Rights")]


def test_nav_without_a_list_is_read(tmp_path: Path) -> None:
    nav = (
        '<nav epub:type="toc"><p><a href="1.xhtml">One</a></p><p><a href="2.xhtml">T<rt>no</rt>wo</a></p></nav>'
    )
    pages = {"1.xhtml": "<p>a</p>", "2.xhtml": "<p>b</p>"}
    assert titles(read_epub(make_epub(tmp_path / "a.epub", pages, nav=nav))) == ["One", "Two"]


def test_group_labels_without_a_link_are_no_chapters(tmp_path: Path) -> None:
    nav = (
        '<nav epub:type="toc"><ol><li><span>Group</span><ol><li><a href="1.xhtml">One</a></li>'
        '<li><a href="2.xhtml">Two</a></li></ol></li></ol></nav>'
    )
    pages = {"1.xhtml": "<h1>One</h1><p>a</p>", "2.xhtml": "<h1>Two</h1><p>b</p>"}
    assert titles(read_epub(make_epub(tmp_path / "a.epub", pages, nav=nav))) == ["One", "Two"]


def test_page_list_before_the_toc_is_not_taken_for_it(tmp_path: Path) -> None:
    nav = '<nav epub:type="page-list"><ol><li><a href="1.xhtml">1</a></li></ol></nav>'
    pages = {"1.xhtml": "<h1>One</h1><p>a</p>", "2.xhtml": "<h1>Two</h1><p>b</p>"}
    path = make_epub(tmp_path / "a.epub", pages, nav=nav, toc=[("One", "1.xhtml"), ("Two", "2.xhtml")])
    assert titles(read_epub(path)) == ["One", "Two"]


def test_missing_anchors_are_found_by_their_heading(tmp_path: Path) -> None:
    toc = [(f"Chapter {number}", f"all.xhtml#gone{number}") for number in (1, 2, 3)]
    book = read_epub(make_epub(tmp_path / "a.epub", {"all.xhtml": chapters(1, 2, 3)}, toc=toc))
    assert titles(book) == ["Chapter 1", "Chapter 2", "Chapter 3"]


@pytest.mark.parametrize(
    "toc", [[], [("Start", "all.xhtml")], [("Cover", "all.xhtml"), ("Gone", "gone.xhtml")]]
)
def test_without_a_useful_toc_headings_give_the_chapters(tmp_path: Path, toc: list[tuple[str, str]]) -> None:
    body = f"<h1>A Book</h1><p>by An Author</p>{chapters(1, 2, 3, words=3000)}"
    book = read_epub(make_epub(tmp_path / "a.epub", {"all.xhtml": body}, toc=toc))
    assert titles(book)[-3:] == ["Chapter 1", "Chapter 2", "Chapter 3"]


def test_entry_for_a_picture_page_names_the_text_after_it(tmp_path: Path) -> None:
    pages = {"h3.xhtml": "<img src='three.png' alt='3'/>", "t3.xhtml": prose(300), "4.xhtml": chapters(4)}
    toc = [("Cover", "h3.xhtml"), ("Chapter 3", "h3.xhtml"), ("Chapter 4", "4.xhtml")]
    assert titles(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == ["Chapter 3", "Chapter 4"]


def test_front_and_back_pages_stand_apart_without_any_epub_type(tmp_path: Path) -> None:
    links = "".join(
        f"<p><a href='{number}.xhtml'>Chapter {number}, a long title</a></p>" for number in range(9)
    )
    pages = {
        "cover.xhtml": "<img src='c.jpg' alt='Cover'/>",
        "title.xhtml": "<p>A Book</p><p>An Author</p>",
        "rights.xhtml": "<p>Copyright © 2020. All rights reserved. ISBN 1234.</p>",
        "ded.xhtml": "<h2>Widmung</h2><p>To you.</p>",
        "toc.xhtml": links,
        "pro.xhtml": f"<h1>Prologue</h1>{prose(300)}",
        "1.xhtml": chapters(1),
        "1b.xhtml": prose(100),
        "ack.xhtml": "<h1>Acknowledgements</h1><p>Thanks.</p>",
    }
    toc = [("Cover", "cover.xhtml"), ("Chapter 1", "1.xhtml"), ("Acknowledgements", "ack.xhtml")]
    assert outline(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == [
        ("front", "titlepage", "Title page"),
        ("front", "copyright-page", "Copyright page"),
        ("front", "dedication", "Widmung"),
        ("front", "toc", "Contents"),
        ("body", "prologue", "Prologue"),
        ("body", "chapter", "Chapter 1"),
        ("back", "acknowledgments", "Acknowledgements"),
    ]


def test_epub_type_tells_the_kinds(tmp_path: Path) -> None:
    pages = {
        "f.xhtml": page(
            '<section epub:type="foreword"><h1>Words</h1><p>a</p></section>', body_type="frontmatter"
        ),
        "c.xhtml": page(
            '<section epub:type="chapter"><h1>I</h1><blockquote epub:type="epigraph"><p>e</p></blockquote>'
            '<p>b</p></section><section epub:type="endnotes"><h1>Remarks</h1><p>n</p></section>',
            body_type="bodymatter",
        ),
    }
    toc = [("Words", "f.xhtml"), ("I", "c.xhtml")]
    assert outline(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == [
        ("front", "foreword", "Words"),
        ("body", "chapter", "I"),
        ("back", "endnotes", "Remarks"),
    ]


def test_guide_tells_the_kinds_of_an_old_book(tmp_path: Path) -> None:
    guide = '<reference type="copyright-page" href="x.xhtml"/><reference type="text" href="2.xhtml"/>'
    pages = {"x.xhtml": prose(30), "1.xhtml": chapters(1), "2.xhtml": chapters(2)}
    ncx = [("Chapter 1", "1.xhtml"), ("Chapter 2", "2.xhtml")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, ncx=ncx, guide=guide))
    assert [row[:2] for row in outline(book)] == [
        ("front", "copyright-page"),
        ("body", "chapter"),
        ("body", "chapter"),
    ]


def test_gutenberg_header_and_licence_stand_apart(tmp_path: Path) -> None:
    last = f'<div><h2 id="c1">CHAPTER I.<br/>The Start</h2>{prose(200)}</div><p>THE END</p>{LICENCE}'
    rows = "".join("<tr><td><a href='b.xhtml#c1'>CHAPTER I.</a></td><td>The Start</td></tr>" for _ in range(40))
    pages = {"a.xhtml": f"{HEADER}<h1 id='t'>A Book</h1><p>CONTENTS</p><table>{rows}</table>", "b.xhtml": last}
    toc = [
        ("A Book", "a.xhtml#t"),
        ("CHAPTER I. The Start", "b.xhtml#c1"),
        ("THE FULL PROJECT GUTENBERG LICENSE", "b.xhtml#pg-footer-heading"),
    ]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert [row[:2] for row in outline(book)] == [
        ("front", "gutenberg-header"),
        ("front", "halftitlepage"),
        ("front", "toc"),
        ("body", "chapter"),
        ("back", "gutenberg-license"),
    ]
    assert book.chapters[3].blocks[-1].text == "THE END"


def test_text_outside_the_linear_order_is_kept_out_of_the_chapters(tmp_path: Path) -> None:
    pages = {"1.xhtml": chapters(1), "map.xhtml": "<h2>Key to the map</h2><p>x</p>", "2.xhtml": chapters(2)}
    spine = ['<itemref idref="p0"/>', '<itemref idref="p1" linear="no"/>', '<itemref idref="p2"/>']
    toc = [("Chapter 1", "1.xhtml"), ("Chapter 2", "2.xhtml")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, spine=spine, toc=toc))
    assert outline(book)[1] == ("back", "", "Key to the map")


def test_notes_that_do_not_say_so_are_told_by_their_links(tmp_path: Path) -> None:
    pages = {
        "1.xhtml": '<h1>One</h1><p>Text<a id="r1" href="#n1"><sup>1</sup></a> goes on'
        '<a id="r2" href="2.xhtml#n2">[2]</a>.</p><p><a id="n1" href="#r1">1</a> A note.</p>',
        "2.xhtml": '<h1>Remarks</h1><p id="n2"><a href="1.xhtml#r2">2</a> Another.</p>',
    }
    toc = [("One", "1.xhtml"), ("Remarks", "2.xhtml")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert [(block.role, block.text) for block in book.chapters[0].blocks[1:]] == [
        (Role.PARAGRAPH, "Text goes on."),
        (Role.NOTE, "A note."),
    ]
    assert book.chapters[1].kind == "endnotes"


def test_number_linked_to_the_contents_is_a_heading(tmp_path: Path) -> None:
    pages = {
        "1.xhtml": f'<h2><a href="nav.xhtml#t1">1</a></h2>{prose(50)}',
        "2.xhtml": f'<p class="number"><a href="nav.xhtml#t2">2</a></p>{prose(50)}',
    }
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=[("1", "1.xhtml"), ("2", "2.xhtml")]))
    assert [headings(book, 0), headings(book, 1)] == [["1"], ["2"]]


def test_foreign_paragraph_keeps_its_language(tmp_path: Path) -> None:
    body = "<h1>One</h1><p>Hello.</p><p xml:lang='fr-FR'>Bonjour.</p><p xml:lang='en-GB'>Bye.</p>"
    book = read_epub(make_epub(tmp_path / "a.epub", {"a.xhtml": body}, toc=[("One", "a.xhtml")]))
    assert [block.language for block in book.chapters[0].blocks] == [None, None, "fr-FR", None]
