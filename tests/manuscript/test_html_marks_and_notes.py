"""Notes, ruby and foreign words in pages: what a block tells beyond its text, which stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.epub import read_epub
from narrator.manuscript.html import read_html
from narrator.model import Block, Manuscript, MarkKind, Role
from tests.manuscript.epub_maker import make_epub, page


def html(tmp_path: Path, body: str, *, language: str = "en") -> Manuscript:
    path = tmp_path / "book.html"
    path.write_text(f"<html lang='{language}'><body><h2>One</h2>{body}</body></html>", encoding="utf-8")
    return read_html(path)


def blocks_of(book: Manuscript) -> list[Block]:
    return [block for chapter in book.chapters for block in chapter.blocks]


def texts(book: Manuscript) -> list[str]:
    return [block.text for block in blocks_of(book) if block.role is not Role.HEADING]


def referred(book: Manuscript) -> list[tuple[str, str]]:
    """Each note referred to: the text that refers to it, and all of the note's."""
    blocks = blocks_of(book)
    return [
        (block.text, " ".join(note.text for note in blocks if note.note == name))
        for block in blocks
        for name in block.notes
    ]


def marked(block: Block, kind: MarkKind) -> list[tuple[str, str]]:
    return [(block.text[mark.start : mark.end], mark.value) for mark in block.marks if mark.kind is kind]


# --- notes -----------------------------------------------------------------------------------------------

ENDNOTES = page(
    '<section epub:type="endnotes"><h2>Endnotes</h2><ol>'
    '<li id="note-1" epub:type="endnote"><p>The first note.</p><p>Its second paragraph.'
    ' <a href="one.xhtml#ref-1" epub:type="backlink">↩</a></p></li>'
    '<li id="note-2" epub:type="endnote"><p>The second note.'
    ' <a href="one.xhtml#ref-2" epub:type="backlink">↩</a></p></li></ol></section>'
)


def test_a_mark_leads_to_all_paragraphs_of_its_note_in_another_file(tmp_path: Path) -> None:
    one = (
        '<h2>One</h2><p>Rain<a href="notes.xhtml#note-1" id="ref-1" epub:type="noteref">1</a> fell.</p>'
        '<p>Snow fell.<a href="notes.xhtml#note-2" id="ref-2" epub:type="noteref">2</a></p>'
    )
    book = read_epub(make_epub(tmp_path / "a.epub", {"one.xhtml": one, "notes.xhtml": ENDNOTES}))
    assert referred(book) == [
        ("Rain fell.", "The first note. Its second paragraph."),
        ("Snow fell.", "The second note."),
    ]
    first = next(block for block in blocks_of(book) if block.notes)
    assert first.notes == ("OPS/notes.xhtml#note-1",)


def test_notes_of_equal_anchors_in_two_files_are_two_notes(tmp_path: Path) -> None:
    pages = {
        name: f'<h2>{name}</h2><p>Text {name}.<a href="#n1" epub:type="noteref">1</a></p>'
        f'<aside id="n1" epub:type="footnote"><p>Note {name}.</p></aside>'
        for name in ("a.xhtml", "b.xhtml")
    }
    book = read_epub(make_epub(tmp_path / "a.epub", pages))
    assert referred(book) == [("Text a.xhtml.", "Note a.xhtml."), ("Text b.xhtml.", "Note b.xhtml.")]


GUTENBERG = (
    '<p>Rain fell.<a id="FNanchor_1"></a><a href="#Footnote_1" class="fnanchor">[1]</a> Then it stopped.</p>'
    '<p>More.</p><div class="footnote"><p><a id="Footnote_1"></a><a href="#FNanchor_1"><span class="label">[1]'
    "</span></a> The note.</p><p>It goes on.</p></div>"
)
MUTUAL = (
    '<p>Rain fell.<a id="r1" href="#f1">1</a> Then it stopped.</p><p>More.</p>'
    '<p id="f1"><a href="#r1">1</a> The note.</p>'
)
RAISED = (
    "<p>Rain fell.<sup>1</sup> Then it stopped.</p><p>More.</p>"
    '<div class="footnotes"><p><sup>1</sup>The note.</p><p>It goes on.</p></div>'
)


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (GUTENBERG, "The note. It goes on."),
        (MUTUAL, "The note."),
        (RAISED, "The note. It goes on."),
    ],
)
def test_marks_of_all_kinds_find_their_note(tmp_path: Path, body: str, note: str) -> None:
    assert referred(html(tmp_path, body)) == [("Rain fell. Then it stopped.", note)]


def test_raised_marks_that_begin_anew_in_each_chapter_find_the_note_that_follows(tmp_path: Path) -> None:
    chapter = '<p>Text {0}.<sup>1</sup></p><p>More.</p><p class="footnote"><sup>1</sup> Note {0}.</p>'
    body = chapter.format("one") + "<h2>Two</h2>" + chapter.format("two")
    assert referred(html(tmp_path, body)) == [("Text one.", "Note one."), ("Text two.", "Note two.")]


def test_links_that_lead_to_no_note_name_none(tmp_path: Path) -> None:
    body = '<p id="p1">First.</p><p>See<a href="#p1">1</a> and<a href="other.html#n">2</a>.</p>'
    assert [block.notes for block in blocks_of(html(tmp_path, body))] == [()] * 3


def test_a_note_that_nobody_refers_to_is_not_the_one_before(tmp_path: Path) -> None:
    body = (
        '<p>Text.<a href="#f1" id="r1">1</a></p><div class="footnotes">'
        '<p id="f1"><a href="#r1">1</a> Mine.</p><p id="f2"><a href="#lost">2</a> Nobody’s.</p></div>'
    )
    assert referred(html(tmp_path, body)) == [("Text.", "Mine.")]


def test_a_mark_belongs_to_the_part_of_its_paragraph_that_it_stands_in(tmp_path: Path) -> None:
    line = (
        "A long line of prose that ends with a full stop, as lines of prose in such books often do, it is said."
    )
    body = (
        f'<p>{line}<a href="#f1" id="r1">1</a><br/><br/>{line}<a href="#f2" id="r2">2</a></p>'
        '<p class="footnote" id="f1">One.</p><p class="footnote" id="f2">Two.</p>'
    )
    found = [(block.text, block.notes) for block in blocks_of(html(tmp_path, body)) if block.notes]
    assert found == [(line, ("book.html#f1",)), (line, ("book.html#f2",))]


def test_the_mark_in_a_heading_is_the_headings(tmp_path: Path) -> None:
    body = (
        '<h2>Two<a href="#f1" id="r1"><sup>1</sup></a></h2><p>Text.</p><p class="footnote" id="f1">A note.</p>'
    )
    assert referred(html(tmp_path, body)) == [("Two", "A note.")]


# --- ruby ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ruby", "text", "readings"),
    [
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", "漢字", [("漢", "かん"), ("字", "じ")]),
        ("<ruby>漢字<rp>（</rp><rt>かんじ</rt><rp>）</rp></ruby>", "漢字", [("漢字", "かんじ")]),
        ("<ruby><rb>漢</rb><rt>かん</rt><rb>字</rb><rt>じ</rt></ruby>", "漢字", [("漢", "かん"), ("字", "じ")]),
        ("<ruby><rb>漢</rb><rb>字</rb><rt>かん</rt><rt>じ</rt></ruby>", "漢字", [("漢", "かん"), ("字", "じ")]),
        ("<ruby><rb>東</rb><rb>京</rb><rt>とうきょう</rt></ruby>", "東京", [("東京", "とうきょう")]),
        (
            "<ruby><rbc><rb>東</rb><rb>南</rb></rbc><rtc><rt>とう</rt><rt>なん</rt></rtc><rtc>east</rtc></ruby>",
            "東南",
            [("東", "とう"), ("南", "なん")],
        ),
        ("<ruby>東京<rtc><rt>とうきょう</rt></rtc></ruby>", "東京", [("東京", "とうきょう")]),
        ("<ruby>東京<rt>とうきょう</rt><rt>Tokyo</rt></ruby>", "東京", [("東京", "とうきょう")]),
        ("<ruby><span>漢字</span><rt>かんじ</rt></ruby>", "漢字", [("漢字", "かんじ")]),
        ("見<ruby>抜<rt>ぬ</rt></ruby>いた", "見抜いた", [("抜", "ぬ")]),
        ("<ruby>傍点<rt>﹅﹅</rt></ruby>", "傍点", []),
        ("<ruby><rt>か</rt></ruby>無", "無", []),
    ],
)
def test_the_base_is_the_text_and_its_reading_a_mark(
    tmp_path: Path, ruby: str, text: str, readings: list[tuple[str, str]]
) -> None:
    block = blocks_of(html(tmp_path, f"<p>その{ruby}は。</p>", language="ja"))[-1]
    assert block.text == f"その{text}は。"
    assert marked(block, MarkKind.READING) == readings


def test_readings_in_verse_and_tables_part_no_lines_and_cells(tmp_path: Path) -> None:
    ruby = "<ruby>夜<rt>よる</rt></ruby>"
    verse = f"<p>{ruby}が<br/>{ruby}に<br/><br/>{ruby}</p>"
    table = f"<table><tr><td>{ruby}</td><td>{ruby}の</td></tr></table>"
    found = blocks_of(html(tmp_path, verse + table, language="ja"))[1:]
    assert [block.text for block in found] == ["夜が\n夜に", "夜", "夜: 夜の"]
    assert [len(block.marks) for block in found] == [2, 1, 2]
    assert all(block.text[mark.start] == "夜" for block in found for mark in block.marks)


def test_a_heading_whose_lines_are_joined_has_no_mark_over_other_characters(tmp_path: Path) -> None:
    pages = {"1.xhtml": "<p>Chapter I<br/><ruby>夜<rt>よる</rt></ruby></p><p>It rained all day.</p>"}
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=[("Chapter I. 夜", "1.xhtml")]))
    heading = book.chapters[0].blocks[0]
    assert (heading.role, heading.text) == (Role.HEADING, "Chapter I. 夜")
    assert marked(heading, MarkKind.READING) in ([], [("夜", "よる")])


# --- languages ---------------------------------------------------------------------------------------------


def test_foreign_words_are_marked_with_their_language(tmp_path: Path) -> None:
    body = (
        '<p>He said <i lang="fr">bon  jour</i>, <b xml:lang="en-GB">mate</b>, <b lang="LA">et cetera</b>.</p>'
    )
    block = blocks_of(html(tmp_path, body))[-1]
    assert block.text == "He said bon jour, mate, et cetera."
    assert marked(block, MarkKind.LANGUAGE) == [("bon jour", "fr"), ("et cetera", "la")]


def test_words_of_the_book_inside_foreign_ones_are_marked_too(tmp_path: Path) -> None:
    block = blocks_of(html(tmp_path, '<p>So <i lang="fr">oui, <b lang="en">yes</b>, non</i>.</p>'))[-1]
    assert marked(block, MarkKind.LANGUAGE) == [("oui, yes, non", "fr"), ("yes", "en")]


def test_a_language_that_the_book_has_by_its_package_needs_no_mark(tmp_path: Path) -> None:
    one = '<h2>One</h2><p>He said <i lang="en-US">so</i> and <i lang="de">ja</i>, <i lang="zxx">zzz</i>.</p>'
    block = blocks_of(read_epub(make_epub(tmp_path / "a.epub", {"one.xhtml": one})))[-1]
    assert marked(block, MarkKind.LANGUAGE) == [("ja", "de")]


def test_a_foreign_paragraph_has_its_language_and_no_mark(tmp_path: Path) -> None:
    block = blocks_of(html(tmp_path, '<p lang="fr">Oui, <i lang="fr">bien sûr</i>.</p><p>Yes.</p>'))[1]
    assert (block.language, block.marks) == ("fr", ())


def test_signs_that_strangers_put_into_their_text_are_dropped(tmp_path: Path) -> None:
    found = blocks_of(html(tmp_path, "<p>A\U00100000b\U0010fffe <i lang='fr'>c\U00100001d</i></p>"))[-1]
    assert found.text == "Ab cd"
    assert marked(found, MarkKind.LANGUAGE) == [("cd", "fr")]
