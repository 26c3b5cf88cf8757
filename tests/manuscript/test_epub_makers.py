"""Books as many tools write them: Gutenberg, Calibre, InDesign, Word, Vellum; handbooks, plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.epub import read_epub
from narrator.model import Manuscript, Role
from tests.manuscript.epub_maker import Entry, make_epub, prose


def outline(book: Manuscript) -> list[tuple[str, str]]:
    return [(chapter.kind, chapter.title) for chapter in book.chapters]


def titles(book: Manuscript) -> list[str]:
    return [chapter.title for chapter in book.chapters]


def headings(book: Manuscript, chapter: int) -> list[str]:
    return [block.text for block in book.chapters[chapter].blocks if block.role is Role.HEADING]


def roles(book: Manuscript, chapter: int) -> list[Role]:
    return [block.role for block in book.chapters[chapter].blocks]


def test_entry_of_the_book_title_does_not_hide_the_chapter_at_its_place(tmp_path: Path) -> None:
    body = "".join(f"<a id='c{n}'></a><h3>Chapter {n}</h3>{prose(50)}" for n in (1, 2))
    ncx = [("A Book", "a.xhtml"), ("Chapter 1", "a.xhtml#c1"), ("Chapter 2", "a.xhtml#c2")]
    book = read_epub(make_epub(tmp_path / "a.epub", {"a.xhtml": body}, ncx=ncx))
    assert outline(book) == [("chapter", "Chapter 1"), ("chapter", "Chapter 2")]


@pytest.mark.parametrize("depth", [0, 1])
def test_number_and_title_in_two_entries_are_one_chapter(tmp_path: Path, depth: int) -> None:
    body = "".join(
        f"<h2 id='n{n}'>CHAPTER {n}</h2><h3 id='t{n}'>THE {what}</h3>{prose(200)}"
        for n, what in ((1, "SEA"), (2, "LAND"))
    )
    ncx: list[Entry] = []
    for n, what in ((1, "SEA"), (2, "LAND")):
        number, title = (f"CHAPTER {n}", f"a.xhtml#n{n}"), (f"THE {what}", f"a.xhtml#t{n}")
        ncx += [(*number, [title])] if depth else [number, title]
    book = read_epub(make_epub(tmp_path / "a.epub", {"a.xhtml": body}, ncx=ncx))
    assert titles(book) == ["CHAPTER 1. THE SEA", "CHAPTER 2. THE LAND"]
    assert headings(book, 0) == ["CHAPTER 1", "THE SEA"]


def test_listed_lines_of_the_title_page_are_no_chapters(tmp_path: Path) -> None:
    front = (
        "<h1 id='t'>A Book</h1><h3 id='s'>A Romance</h3><h2 id='a'>AN AUTHOR</h2><p>LONDON, 1907</p>"
        "<h2 id='c'>Contents</h2><p><a href='1.xhtml'>Chapter 1</a></p>"
    )
    pages = {"f.xhtml": front, "1.xhtml": f"<h2>Chapter 1</h2>{prose(300)}"}
    toc = [
        ("A Book", "f.xhtml#t"),
        ("A Romance", "f.xhtml#s"),
        ("AN AUTHOR", "f.xhtml#a"),
        ("Contents", "f.xhtml#c"),
        ("Chapter 1", "1.xhtml"),
    ]
    kinds = [kind for kind, _ in outline(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc)))]
    assert kinds == ["halftitlepage", "titlepage", "toc", "chapter"]


@pytest.mark.parametrize(
    "note",
    [
        "<div class='transnote'><h3>Transcriber’s Note</h3><p>Some words were mended.</p></div>",
        "<h3>Transcriber’s Note</h3><p>Some words were mended.</p>",
    ],
)
def test_transcribers_note_under_the_last_chapter_is_apart(tmp_path: Path, note: str) -> None:
    pages = {"1.xhtml": f"<h2>Chapter 1</h2>{prose(50)}", "2.xhtml": f"<h2>Chapter 2</h2>{prose(50)}{note}"}
    toc = [("Chapter 1", "1.xhtml"), ("Chapter 2", "2.xhtml")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    said = [
        block.text
        for chapter in book.chapters
        for block in chapter.blocks
        if chapter.kind == "chapter" and block.role is not Role.NOTE
    ]
    assert not any("mended" in text or "Transcriber" in text for text in said)


def test_notes_and_reading_lists_of_each_chapter_are_apart_and_its_midst_is_not(tmp_path: Path) -> None:
    tail = "<h2 id='n'>Notes</h2><p>1. See there.</p><h2>Further Reading</h2><ul><li>A book</li></ul>"
    pages = {
        f"{n}.xhtml": f"<h1>Chapter {n}</h1>{prose(200)}<h2>References</h2>{prose(50)}"
        f"<h2>Cats</h2>{prose(50)}{tail}"
        for n in (1, 2)
    }
    toc: list[Entry] = [(f"Chapter {n}", f"{n}.xhtml", [("Notes", f"{n}.xhtml#n")]) for n in (1, 2)]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert [kind for kind, _ in outline(book)] == ["chapter", "endnotes"] * 2
    assert headings(book, 0) == ["Chapter 1", "References", "Cats"]


def test_many_short_sections_of_a_handbook_are_no_chapters_and_poems_are(tmp_path: Path) -> None:
    def book_of(name: str, section: str) -> Manuscript:
        pages, toc = {}, []
        for n in range(4):
            inner = "".join(f"<h2 id='s{s}'>Topic {s}</h2>{section}" for s in range(10))
            pages[f"{n}.xhtml"] = f"<h1>Group {n}</h1>{inner}"
            entries = [(f"Topic {s}", f"{n}.xhtml#s{s}") for s in range(10)]
            toc.append((f"Group {n}", f"{n}.xhtml", entries))
        return read_epub(make_epub(tmp_path / name, pages, toc=toc))

    assert titles(book_of("handbook.epub", prose(100))) == [f"Group {n}" for n in range(4)]
    poem = "<p class='poem'>A short line<br/>and another line</p>"
    assert len(book_of("poems.epub", poem).chapters) == 40


def test_flat_contents_with_scenes_or_sections_give_acts_and_chapters(tmp_path: Path) -> None:
    act = "".join(f"<h3 id='s{s}'>SCENE {s}. A room.</h3>{prose(40)}" for s in "12")
    pages = {"1.xhtml": f"<h2>ACT I</h2>{act}", "2.xhtml": f"<h2>ACT II</h2>{act}"}
    ncx = []
    for n, number in ((1, "I"), (2, "II")):
        ncx += [(f"ACT {number}", f"{n}.xhtml")] + [(f"SCENE {s}", f"{n}.xhtml#s{s}") for s in "12"]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, ncx=ncx))
    assert titles(book) == ["ACT I", "ACT II"]
    assert headings(book, 1) == ["ACT II", "SCENE 1. A room.", "SCENE 2. A room."]
    pages = {f"{n}.xhtml": f"<h1>Chapter {n}</h1>{prose(9)}<h2 id='c'>Cats</h2>{prose(90)}" for n in (1, 2)}
    ncx = [entry for n in (1, 2) for entry in ((f"Chapter {n}", f"{n}.xhtml"), ("Cats", f"{n}.xhtml#c"))]
    assert titles(read_epub(make_epub(tmp_path / "b.epub", pages, ncx=ncx))) == ["Chapter 1", "Chapter 2"]


def test_interlude_under_a_lower_heading_is_a_chapter(tmp_path: Path) -> None:
    names = ["Chapter 1", "Interlude", "Chapter 2", "Chapter 3"]
    pages = {
        f"{at}.xhtml": f"<h{level}>{name}</h{level}>{prose(50)}"
        for at, (name, level) in enumerate(zip(names, (2, 3, 2, 2), strict=True))
    }
    ncx = [(name, f"{at}.xhtml") for at, name in enumerate(names)]
    assert titles(read_epub(make_epub(tmp_path / "a.epub", pages, ncx=ncx))) == names


def test_anchor_below_or_inside_the_title_leads_to_its_number(tmp_path: Path) -> None:
    def opening(number: int, title: str) -> str:
        return f"<p><b>{number}</b></p><p><b>{title}</b><a id='f{number}'/></p>{prose(50)}"

    pages = {"1.xhtml": opening(1, "The Map"), "2.xhtml": f"{prose(20)}{opening(2, 'The Sea')}"}
    ncx = [("1 The Map", "1.xhtml#f1"), ("The Sea", "2.xhtml#f2")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, ncx=ncx))
    assert [headings(book, 0), headings(book, 1)] == [["1", "The Map"], ["2", "The Sea"]]
    assert roles(book, 0).count(Role.PARAGRAPH) == 2


def test_ncx_is_read_where_the_nav_only_says_start(tmp_path: Path) -> None:
    pages = {f"{n}.xhtml": f"<h2>Tale {n}</h2>{prose(50)}" for n in (1, 2, 3)}
    ncx = [(f"The tale {n}", f"{n}.xhtml") for n in (1, 2, 3)]
    toc = [("Start", "1.xhtml"), ("Contents", "1.xhtml")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc, ncx=ncx))
    assert titles(book) == ["The tale 1", "The tale 2", "The tale 3"]


def test_paragraphs_tell_the_chapters_where_neither_contents_nor_headings_do(tmp_path: Path) -> None:
    pages = {
        f"{n}.xhtml": f"<p class='MsoNormal'><b>Chapter {word}</b></p>{prose(50)}"
        for n, word in enumerate(("One", "Two", "Three"))
    }
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=[("Start", "0.xhtml")]))
    assert titles(book) == ["Chapter One", "Chapter Two", "Chapter Three"]
    assert headings(book, 0) == ["Chapter One"]


def test_word_and_number_in_two_blocks_above_a_title_are_its_heading(tmp_path: Path) -> None:
    body = f"<div><div>Chapter</div><div>One</div></div><h1>The Door</h1>{prose(50)}"
    path = make_epub(tmp_path / "a.epub", {"1.xhtml": body}, toc=[("1. The Door", "1.xhtml")])
    assert headings(read_epub(path), 0) == ["Chapter One", "The Door"]


def test_chapter_number_under_a_part_with_a_date_is_a_heading(tmp_path: Path) -> None:
    pages = {"p.xhtml": "<p>PART ONE</p><p>June 1940</p>", "1.xhtml": f"<p>1</p>{prose(50)}"}
    ncx: list[Entry] = [("Part One", "p.xhtml", [("Chapter 1", "1.xhtml")]), ("Chapter 2", "1.xhtml#gone")]
    assert headings(read_epub(make_epub(tmp_path / "a.epub", pages, ncx=ncx)), 0) == ["PART ONE", "1"]


def test_unlisted_pages_at_the_end_are_told_by_their_first_words(tmp_path: Path) -> None:
    pages = {
        "1.xhtml": f"<h1>Chapter 1</h1>{prose(50)}",
        "2.xhtml": f"<h1>Chapter 2</h1>{prose(50)}",
        "c.xhtml": "<p>Copyright © 2001 by Her. All rights reserved.</p><p>ISBN 1</p>",
        "z.xhtml": "<p><b>About the Author</b></p><p>She lives in Leeds.</p>",
    }
    toc = [("Chapter 1", "1.xhtml"), ("Chapter 2", "2.xhtml")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert [kind for kind, _ in outline(book)][2:] == ["copyright-page", "about-the-author"]


@pytest.mark.parametrize(
    "ornament",
    [
        "<p>&#160;</p>",
        "<p class='space'><br/></p>",
        "<div class='space-break'/>",
        "<div class='ornamental-break'><img src='o.png' alt=''/></div>",
        "<p><img src='o.png' alt='* * *'/></p>",
        "<p class='tb'></p>",
    ],
)
def test_scene_break_is_heard_however_it_is_drawn(tmp_path: Path, ornament: str) -> None:
    body = f"<h1>One</h1>{prose(9) * 4}{ornament}{prose(9) * 4}"
    book = read_epub(make_epub(tmp_path / "a.epub", {"1.xhtml": body}, toc=[("One", "1.xhtml")]))
    assert roles(book, 0).index(Role.SCENE_BREAK) == 5
    assert roles(book, 0).count(Role.SCENE_BREAK) == 1


@pytest.mark.parametrize("empty", ["<p>&#160;</p>", "<p><a id='page_3'/>&#160;</p>"])
def test_empty_paragraph_after_every_other_or_with_an_anchor_breaks_no_scene(
    tmp_path: Path, empty: str
) -> None:
    count = 8 if "page" not in empty else 1
    body = f"<h1>One</h1>{(prose(9) + empty) * count}{prose(9) * 4}"
    book = read_epub(make_epub(tmp_path / "a.epub", {"1.xhtml": body}, toc=[("One", "1.xhtml")]))
    assert Role.SCENE_BREAK not in roles(book, 0)


def test_raised_mark_without_a_link_is_not_read_where_its_note_stands_on_the_page(tmp_path: Path) -> None:
    body = (
        "<h1>One</h1><p>A fact<sup>1</sup> and 9 m<sup>2</sup>.</p>"
        "<p class='MsoFootnoteText'><sup>1</sup> A note.</p><p class='footnote1'>* Another.</p>"
    )
    book = read_epub(make_epub(tmp_path / "a.epub", {"1.xhtml": body}, toc=[("One", "1.xhtml")]))
    assert book.chapters[0].blocks[1].text == "A fact and 9 m2."
    assert roles(book, 0)[2:] == [Role.NOTE, Role.NOTE]
