from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from narrator.errors import ManuscriptError
from narrator.manuscript.rtf import read_rtf
from narrator.model import Block, Manuscript, Matter, Role
from tests.cpu_time import cpu_s_at_most
from tests.manuscript.rtf_maker import TEXTEDIT, WORDPAD, heading, make_rtf, paragraphs

STORY = "It was a dark and stormy night, and the rain fell in torrents over all the town."
Read = Callable[..., Manuscript]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(body: str, **rest: str) -> Manuscript:
        return read_rtf(make_rtf(tmp_path / "my_book.rtf", body, **rest))

    return read


def titles(book: Manuscript) -> list[str]:
    return [chapter.title for chapter in book.chapters if chapter.matter is Matter.BODY]


def blocks(book: Manuscript) -> list[Block]:
    return [block for chapter in book.chapters for block in chapter.blocks]


def pairs(book: Manuscript) -> list[tuple[Role, str]]:
    return [(block.role, block.text) for block in blocks(book)]


def text(book: Manuscript) -> str:
    return "\n".join(block.text for block in blocks(book))


# --- facts and chapters -------------------------------------------------------------------------------


def test_title_and_author_are_the_document_s_own(read: Read) -> None:
    book = read(paragraphs(STORY), title=r"The \'93Book\'94", author=r"Zo\'eb Author")
    assert (book.title, book.authors, book.language) == ("The “Book”", ("Zoë Author",), "en")
    assert text(book) == STORY


def test_names_of_files_and_accounts_are_no_titles_and_authors(read: Read) -> None:
    book = read(paragraphs(STORY), title="Microsoft Word - draft7.doc", author="User")
    assert (book.title, book.authors) == ("my book", ())


def test_unicode_title_is_preferred(read: Read) -> None:
    title = r"x}{\upr{\title ??}{\*\ud{\title Анна \u-10179?\u-8704?}}"
    assert read(paragraphs(STORY), title=title).title == "Анна 😀"


def test_styles_of_headings_are_chapters_whether_by_name_or_outline_level(read: Read) -> None:
    book = read(
        heading("One") + paragraphs(STORY) + heading("Inner", style=2) + paragraphs(STORY)
        + heading("Two", style=6) + paragraphs(STORY)
        + r"\pard\plain\outlinelevel0 Three\par " + paragraphs(STORY)
    )  # fmt: skip
    assert titles(book) == ["One", "Two", "Three"]
    assert (Role.HEADING, "Inner") in pairs(book)


def test_style_that_is_named_for_chapters_counts(read: Read) -> None:
    chapters = "".join(rf"\pard\s7 {name}\par " + paragraphs(STORY) for name in ("Home", "Away"))
    assert titles(read(chapters)) == ["Home", "Away"]


def test_headings_that_were_not_styled_are_found_beside_others(read: Read) -> None:
    styled = "".join(heading(f"Chapter {name}") + paragraphs(STORY) for name in ("One", "Two"))
    front = paragraphs("", "", "Contents", "", "Rain", "Wind") + styled
    book = read(front + paragraphs("Chapter Three", STORY) + heading("Chapter Four") + paragraphs(STORY))
    assert titles(book) == ["Chapter One", "Chapter Two", "Chapter Three", "Chapter Four"]
    assert book.chapters[0].kind == "toc"


def test_style_that_ends_with_its_group_counts(read: Read) -> None:
    chapters = "".join(rf"{{\pard\s1\b {name}}}\par \pard {STORY}\par " for name in ("One", "Two"))
    assert titles(read(chapters)) == ["One", "Two"]


def test_title_in_its_style_is_the_title_page_and_the_book_s_name(read: Read) -> None:
    book = read(r"\pard\s3 The Book\par " + paragraphs("by Ann Author") + heading("One") + paragraphs(STORY)
                + heading("Two") + paragraphs(STORY))  # fmt: skip
    assert book.title == "The Book"
    assert [chapter.kind for chapter in book.chapters] == ["halftitlepage", "", ""]


def test_contents_are_no_chapters(read: Read) -> None:
    field = (
        r"{\field{\*\fldinst { TOC \\o }}{\fldrslt \pard\s4 One\tab "
        r"{\field{\*\fldinst PAGEREF _Toc1}{\fldrslt 3}}\par "
        r"\pard\s4 Two\tab 9\par}}"
    )
    book = read(field + heading("One") + paragraphs(STORY) + heading("Two") + paragraphs(STORY))
    assert (book.chapters[0].kind, book.chapters[0].matter) == ("toc", Matter.FRONT)
    assert titles(book) == ["One", "Two"]
    assert pairs(book)[0][1] == "One"


def test_contents_in_the_style_of_headings_are_no_chapters(read: Read) -> None:
    names = ["North", "South", "East", "West"]
    listed = "".join(heading(rf"{name}\tab {number}") for number, name in enumerate(names, 3))
    book = read(listed + "".join(heading(name) + paragraphs(STORY) for name in names))
    assert titles(book) == names


def test_chapters_are_told_by_words_where_no_style_tells(read: Read) -> None:
    lines = ["PREMIÈRE PARTIE", "I", STORY, "II", STORY, "DEUXIÈME PARTIE", "I", STORY, "II", STORY]
    book = read(paragraphs(*lines), head=WORDPAD)
    assert titles(book) == ["I", "II", "I", "II"]
    assert [block.text for block in book.chapters[2].blocks[:2]] == ["DEUXIÈME PARTIE", "I"]


def test_large_and_bold_lines_are_chapters_where_no_words_tell(read: Read) -> None:
    names = ["The Sun-Seeker", "Rinks and Skaters", "Tees and Crampits"]
    chapters = "".join(rf"\pard\qc\b\fs36 {name}\b0\fs24\par\pard {STORY}\par " for name in names)
    assert titles(read(chapters, head=TEXTEDIT)) == names


def test_lines_of_a_title_page_are_no_chapters(read: Read) -> None:
    page = r"\pard\qc\b\fs48 THE BOOK\par\fs36 Ann Author\par\pard\plain\par\par\page "
    chapters = "".join(rf"\pard\qc\b\fs36 {name}\par\pard\plain {STORY}\par " for name in ("Home", "Away"))
    book = read(page + chapters, head=TEXTEDIT)
    assert titles(book) == ["Home", "Away"]
    assert (book.chapters[0].kind, book.title) == ("titlepage", "THE BOOK")


def test_contents_of_bare_numbers_are_no_chapters(read: Read) -> None:
    parts = ["PREMIÈRE PARTIE", "I", "II", "DEUXIÈME PARTIE", "I", "II", "III"]
    told = [line for part in parts for line in ((part,) if "P" in part else (part, STORY))]
    book = read(paragraphs("Table des matières", "", *parts, "", "", *told), head=WORDPAD)
    assert titles(book) == ["I", "II", "I", "II", "III"]


def test_typed_notes_are_notes_and_their_marks_are_gone(read: Read) -> None:
    body = paragraphs(
        r"A word{\super 1} and more[2]. The 10{\super 3} men.", STORY, r"{\super 1} One.", "[2] Two."
    )
    assert pairs(read(body)) == [
        (Role.PARAGRAPH, "A word and more. The 103 men."), (Role.PARAGRAPH, STORY), (Role.NOTE, "One."),
        (Role.NOTE, "Two."),
    ]  # fmt: skip


def test_list_of_contents_inside_a_chapter_does_not_part_it(read: Read) -> None:
    inner = r"\pard\s4 First part\par \pard\s4 Second part\par "
    book = read(
        heading("One") + paragraphs(STORY) + inner + paragraphs(STORY) + heading("Two") + paragraphs(STORY)
    )
    assert titles(book) == ["One", "Two"]


def test_number_and_title_in_two_lines_are_one_chapter(read: Read) -> None:
    chapters = "".join(
        rf"{{\pard\par}}{{\pard\qc\fs36\b Chapter {number}\b0\fs24\par}}"
        rf"{{\pard\qc\b {name}\b0\par}}{{\pard\par}}{{\pard\fi360\qj {STORY}\par}}\page "
        for number, name in enumerate(["The Discovery", "The Escape"], 1)
    )
    assert titles(read(chapters)) == ["Chapter 1: The Discovery", "Chapter 2: The Escape"]


@pytest.mark.parametrize("line_end", [r"\par ", r"\line ", "\\\r\n"])
def test_wrapped_text_with_licence_is_read_as_in_plain_text(read: Read, line_end: str) -> None:
    lines = ["The rain fell in torrents over all the town, and no one was about,"] * 2 + ["but an old man."]
    told = [*lines, ""] * 20
    chapters = [["CHAPTER I", "", *told], ["CHAPTER II", "", *told]]
    head = ["The Project Gutenberg EBook of Rain, by Ann Author", "", "Title: Rain", "Author: Ann Author", "",
            "*** START OF THIS PROJECT GUTENBERG EBOOK RAIN ***", ""]  # fmt: skip
    end = ["End of the Project Gutenberg EBook of Rain", "", "Licence."]
    whole = [*head, *chapters[0], *chapters[1], *end]
    book = read(line_end.join(whole), head=WORDPAD)
    assert (book.title, book.authors) == ("Rain", ("Ann Author",))
    assert [chapter.kind for chapter in book.chapters] == [
        "gutenberg-header", "chapter", "chapter", "gutenberg-license",
    ]  # fmt: skip
    assert book.chapters[1].blocks[1].text == " ".join(lines)


def test_numbers_of_lists_count_only_where_they_name_a_chapter(read: Read) -> None:
    body = "".join(
        rf"{{\listtext Chapter {number}.\tab}}\pard\s1 {name}\par " + paragraphs(STORY)
        for number, name in enumerate(("Home", "Away"), 1)
    )
    body += r"{\listtext\f3\'b7\tab}\pard An item\par "
    book = read(body)
    assert titles(book) == ["Chapter 1. Home", "Chapter 2. Away"]
    assert pairs(book)[-1] == (Role.LIST_ITEM, "An item")


# --- text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"caf\'e9 \'93so\'94 \emdash\rquote", "café “so” —’"),
        (r"\u8212\'97 \u8217? \uc0\u233 \u-10179\u-8704 ", "— ’ é😀"),
        (r"{\uc2 \u8212\'97\'97x}y", "—xy"),
        (r"{\f1\'c2\'f1\'e5} {\f5\'93\'fa\'96\'7b} \'e9", "Все 日本 é"),
        (r"a\~b co\-op co\_op \{x\} \\", "a b coop co-op {x} \\"),
        (r"seen{\v hidden} and \v gone\v0 back", "seen and back"),
        (r"kept {\revised added}{\deleted cut}{\mvf moved}", "kept added"),
        (r"\dropcapli3\dropcapt1 {\fs96 I}\par \pard t was dark.", "It was dark."),
        (r"a{\*\bkmkstart _x}b{\*\bkmkend _x}c{\*\unknown text}d", "abcd"),
        ("one\nwo\r\nrd \x00more", "oneword more"),
        (r'{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt a link}}', "a link"),
        (r"on page {\field{\*\fldinst {PAGEREF _T \\h}}{\fldrslt {12}}}", "on page"),
        (r"{\field{\*\fldinst EQ \\* jc2 \\o\\ad(\\s\\up 11(yomi),base)}{\fldrslt }}", "base"),
        (r"{\xe{\v Index entry}}{\tc Contents}seen", "seen"),
        (r"{\*\shppict{\pict\pngblip 89504e47}}{\nonshppict{\pict 00ff}}seen", "seen"),
        (r"{\pict\bin5 }{}{}}seen", "seen"),
        (r"{\object{\*\objdata 0105}{\result {\pict 00}said}}", "said"),
    ],
)  # fmt: skip
def test_text_is_read_as_it_is_seen(read: Read, source: str, expected: str) -> None:
    assert text(read(rf"\pard {source}\par ")) == expected


@pytest.mark.parametrize(
    ("head", "data"),
    [
        (rb"{\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0\fcharset0 Times;}}\f0 ", rb"\'c4\'e0"),
        (rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset204 Times;}}", rb"\'c4\'e0"),
        (rb"{\rtf1\ansi\ansicpg1251 ", b"\xc4\xe0"),
        (rb"{\rtf1\ansi\ansicpg1252 ", "Да".encode()),
        (rb"{\rtf1\mac{\fonttbl\f0\fcharset204 X;}\f0", rb"\'c4\'e0"),
        (b"\xef\xbb\xbf{\\rtf1 ", rb"\u1044?\u1072?"),
    ],
)
def test_encodings_are_those_of_the_file_and_the_font(tmp_path: Path, head: bytes, data: bytes) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(head + data + b"\\par}")
    assert text(read_rtf(path)) == "Да"


def test_notes_follow_their_paragraph_and_marks_are_gone(read: Read) -> None:
    automatic = (
        r"A word{\super\chftn{\footnote\ftnalt \pard\plain {\super\chftn} A note.\par More of it.}} and more."
    )
    typed = r"Typed.{\super 12}{\footnote \pard {\super 12} Another.} End."
    assert pairs(read(paragraphs(automatic, typed))) == [
        (Role.PARAGRAPH, "A word and more."), (Role.NOTE, "A note."), (Role.NOTE, "More of it."),
        (Role.PARAGRAPH, "Typed. End."), (Role.NOTE, "Another."),
    ]  # fmt: skip


def test_raised_letters_that_are_no_marks_stay(read: Read) -> None:
    assert text(read(paragraphs(r"The 2{\super nd} day, M{\super me} B."))) == "The 2nd day, Mme B."


def test_frames_are_read_once_after_their_paragraph(read: Read) -> None:
    shown = r"{\*\shpinst\shpleft1{\sp{\sn name}{\sv value}}{\shptxt \pard In a box.\par}}"
    frame = rf"{{\shp{shown}{{\shprslt \par In a box.\par}}}}"
    assert pairs(read(paragraphs(f"Before{frame} and after."))) == [
        (Role.PARAGRAPH, "Before and after."), (Role.PARAGRAPH, "In a box."),
    ]  # fmt: skip


def test_tables_are_read_row_by_row_and_frames_of_one_cell_as_paragraphs(read: Read) -> None:
    table = r"\trowd\cellx1\cellx2\pard\intbl Lane\cell \pard\intbl Yes,\par sir.\cell\row "
    frame = r"\trowd\cellx1\pard\intbl One.\par \pard\intbl Two.\cell\row \pard "
    assert pairs(read(table + frame + paragraphs(STORY))) == [
        (Role.TABLE, "Lane: Yes, sir."), (Role.PARAGRAPH, "One."), (Role.PARAGRAPH, "Two."),
        (Role.PARAGRAPH, STORY),
    ]  # fmt: skip


def test_lines_quotations_and_scene_breaks_have_their_roles(read: Read) -> None:
    body = paragraphs(STORY, r"Rose,\line oh pure\line contradiction", "* * *", STORY)
    assert pairs(read(body + r"\pard\s5 Quoted.\par ")) == [
        (Role.PARAGRAPH, STORY), (Role.VERSE, "Rose,\noh pure\ncontradiction"), (Role.SCENE_BREAK, ""),
        (Role.PARAGRAPH, STORY), (Role.QUOTATION, "Quoted."),
    ]  # fmt: skip


def test_rare_empty_paragraphs_part_scenes(read: Read) -> None:
    rare = paragraphs(*[STORY] * 5, "", *[STORY] * 5)
    assert [role for role, _ in pairs(read(rare))].count(Role.SCENE_BREAK) == 1
    usual = paragraphs(*[STORY, ""] * 6, "", "", STORY)
    assert [role for role, _ in pairs(read(usual))].count(Role.SCENE_BREAK) == 1


def test_paragraphs_of_textedit_end_with_a_backslash(read: Read) -> None:
    assert pairs(read("One.\\\nTwo.\\\n", head=TEXTEDIT)) == [
        (Role.PARAGRAPH, "One."),
        (Role.PARAGRAPH, "Two."),
    ]


# --- damage -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [b"", b"plain text", b"{\\rtf1 }", b"{\\rtf1 {\\pict 00}", b"{\\rtf1 * * *\\par}", b"\xd0\xcf\x11\xe0"],
)
def test_file_without_text_or_no_rtf_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(data)
    with pytest.raises(ManuscriptError, match=r"a\.rtf"):
        read_rtf(path)


@pytest.mark.parametrize(
    "body",
    [
        "Text." + "{" * 20_000 + " deep" + "}" * 20_000,
        "Text." + "}" * 20_000 + r"\par deep",
        "Text." + r"{\footnote " * 3_000 + "deep",
        "Text." + r"\'" * 20_000 + r"\par deep",
        r"Text.\bin999999999 deep",
        "Text." + "\\u99999999? \\uc-5 \\f99 \\s99 \\cell\\row\\cell deep",
    ],
)
def test_broken_and_deeply_nested_files_are_read(read: Read, body: str) -> None:
    assert text(read(body)).startswith("Text.")


def test_line_of_a_megabyte_is_read_in_seconds(read: Read) -> None:
    with cpu_s_at_most(2):
        book = read(("word " * 2_000 + r"{\i more} ") * 100)
    assert len(text(book).split()) == 200_100
