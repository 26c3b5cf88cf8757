from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from narrator.errors import ManuscriptError
from narrator.manuscript.odt import read_odt
from narrator.model import Block, Manuscript, Matter, Role
from tests.manuscript.odt_maker import h, make_odt, p

STORY = "It was a dark and stormy night, and the rain fell in torrents over all the town."
FACTS = (
    "<dc:title>A Book</dc:title><meta:initial-creator>Ann Author</meta:initial-creator>"
    "<dc:creator>Ed Editor</dc:creator><dc:language>en-US</dc:language>"
)
Read = Callable[..., Manuscript]


@pytest.fixture(params=[".odt", ".fodt"])
def read(tmp_path: Path, request: pytest.FixtureRequest) -> Read:
    def read(body: str, meta: str = "") -> Manuscript:
        return read_odt(make_odt(tmp_path / f"my_book{request.param}", body, meta=meta))

    return read


def titles(book: Manuscript) -> list[str]:
    return [chapter.title for chapter in book.chapters if chapter.matter is Matter.BODY]


def blocks(book: Manuscript) -> list[Block]:
    return [block for chapter in book.chapters for block in chapter.blocks]


def pairs(book: Manuscript) -> list[tuple[Role, str]]:
    return [(block.role, block.text) for block in blocks(book)]


def text(book: Manuscript) -> str:
    return "\n".join(block.text for block in blocks(book))


def test_title_first_author_and_language_are_the_document_s_own(read: Read) -> None:
    book = read(p(STORY), meta=FACTS)
    assert (book.title, book.authors, book.language) == ("A Book", ("Ann Author",), "en-US")


def test_words_tell_the_language_before_the_program_s_setting(read: Read) -> None:
    german = "Es war einmal ein König, der hatte eine Tochter, und die war so schön, dass er sie nicht ließ. "
    assert read(p(german * 3)).language == "de"
    assert read(p("Hm.")).language == "en-GB"
    assert read(p("Hm.")).title == "my book"


def test_headings_by_level_by_style_and_by_automatic_style_are_chapters(read: Read) -> None:
    styled = p("Two", "Kapitel") + p(STORY) + p("Three", "P1") + p(STORY)
    book = read(h("One") + p(STORY) + h("Inner", 2) + p(STORY) + styled)
    assert titles(book) == ["One", "Two", "Three"]
    assert (Role.HEADING, "Inner") in pairs(book)


def test_styles_that_publishers_name_are_headings(read: Read) -> None:
    chapters = [("ONE", "Chapter Number"), ("Home", "ChapterTitle"), (STORY, "Chapter Text")]
    part = p("Part One", "Part_20_Title")
    book = read(part + "".join(p(*line) for line in [*chapters, ("TWO", "Chapter Number"), *chapters[1:]]))
    assert titles(book) == ["ONE: Home", "TWO: Home"]
    assert book.chapters[0].blocks[0].text == "Part One"


def test_title_in_its_style_is_a_page_apart_and_names_the_book(read: Read) -> None:
    book = read(p("The Book", "P3") + p("A Tale", "Subtitle") + h("One") + p(STORY) + h("Two") + p(STORY))
    assert (book.title, titles(book)) == ("The Book", ["One", "Two"])
    assert book.chapters[0].matter is Matter.FRONT


def test_title_style_on_every_chapter_makes_chapters(read: Read) -> None:
    names = ["North", "South", "East"]
    assert titles(read("".join(p(name, "Title") + p(STORY) for name in names))) == names


def test_chapters_are_told_by_words_and_by_looks(read: Read) -> None:
    words = "".join(p(f"Chapter {number}") + p(STORY) for number in ("One", "Two"))
    assert titles(read(words)) == ["Chapter One", "Chapter Two"]
    looks = "".join(p(name, "P2") + p(STORY) for name in ("Home", "Away"))
    assert titles(read(looks)) == ["Home", "Away"]


def test_headings_in_lists_are_headings(read: Read) -> None:
    listed = "".join(
        f"<text:list><text:list-item><text:number>1.</text:number>{h(name)}</text:list-item></text:list>{p(STORY)}"
        for name in ("One", "Two")
    )
    assert titles(read(listed)) == ["One", "Two"]


def test_contents_and_indexes_stand_apart(read: Read) -> None:
    contents = (
        "<text:table-of-content><text:table-of-content-source><text:index-title-template>Contents"
        "</text:index-title-template></text:table-of-content-source><text:index-body><text:index-title>"
        f"{p('Contents')}</text:index-title>{p('<text:a>One<text:tab/>3</text:a>', 'Contents_20_1')}"
        "</text:index-body></text:table-of-content>"
    )
    index = (
        f"<text:alphabetical-index><text:index-body>{p('Rain, 3')}</text:index-body></text:alphabetical-index>"
    )
    book = read(contents + h("One") + p(STORY) + h("Two") + p(STORY) + index)
    assert [chapter.kind for chapter in book.chapters] == ["toc", "", "", "index"]
    assert "index-title-template" not in text(book)
    assert book.chapters[0].blocks[0].text == "Contents"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('a<text:s text:c="3"/>b<text:tab/>c <text:soft-page-break/>d', "a b c d"),
        ('<text:span text:style-name="T2">D</text:span>rop', "Drop"),
        ('seen<text:span text:style-name="T1"> hidden</text:span> tail', "seen tail"),
        ("<text:hidden-text>no</text:hidden-text>yes", "yes"),
        ("<office:annotation><dc:creator>X</dc:creator><text:p>no</text:p></office:annotation>yes", "yes"),
        ('<text:change-start text:change-id="c"/>added<text:change-end text:change-id="c"/>', "added"),
        (
            "<text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>かん</text:ruby-text></text:ruby>",
            "漢",
        ),
        (
            "<draw:frame><draw:image/><svg:title>Alt</svg:title><svg:desc>Alt</svg:desc></draw:frame>seen",
            "seen",
        ),
        ("<text:title>Shown</text:title> title", "Shown title"),
        ('<text:a xlink:href="http://x">link</text:a><text:bookmark text:name="b"/>ed', "linked"),
        ("a\n   b", "a b"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_text_is_read_as_it_is_seen(read: Read, source: str, expected: str) -> None:
    assert text(read(p(source))) == expected


def test_what_was_cut_or_hidden_is_not_read(read: Read) -> None:
    changes = f"<text:tracked-changes><text:changed-region><text:deletion>{p('cut')}</text:deletion>"
    changes += "</text:changed-region></text:tracked-changes>"
    hidden = f'<text:section text:name="s" text:display="none">{p("hidden")}</text:section>'
    assert text(read(changes + hidden + p("seen"))) == "seen"


def test_notes_follow_their_paragraph_and_marks_are_gone(read: Read) -> None:
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
        f"{p('A note.', 'Footnote')}{p('More of it.')}</text:note-body></text:note>"
    )
    assert pairs(read(p(f"A word{note} and more.") + p("Next."))) == [
        (Role.PARAGRAPH, "A word and more."), (Role.NOTE, "A note."), (Role.NOTE, "More of it."),
        (Role.PARAGRAPH, "Next."),
    ]  # fmt: skip


def test_frames_and_captions_follow_the_paragraph_that_they_hang_on(read: Read) -> None:
    caption = p("<draw:frame><draw:image/></draw:frame>Figure 1: A hill", "Illustration")
    frame = f"<draw:frame><draw:text-box>{caption}</draw:text-box></draw:frame>"
    assert pairs(read(p(f"Before{frame} and after."))) == [
        (Role.PARAGRAPH, "Before and after."), (Role.CAPTION, "Figure 1: A hill"),
    ]  # fmt: skip


def table(*rows: tuple[str, ...]) -> str:
    cells = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell>{cell}</table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in rows
    )
    return f"<table:table>{cells}</table:table>"


def test_tables_are_read_row_by_row_and_frames_of_one_cell_as_paragraphs(read: Read) -> None:
    boxed = f"<draw:frame><draw:text-box>{table((p('a'), p('b'), p('c')))}</draw:text-box></draw:frame>"
    play = table((p("Lane"), p("Yes,") + p("sir.")))
    assert pairs(read(play + table((p("One.") + p("Two."),)) + p(f"Box{boxed}"))) == [
        (Role.TABLE, "Lane: Yes, sir."), (Role.PARAGRAPH, "One."), (Role.PARAGRAPH, "Two."),
        (Role.PARAGRAPH, "Box"), (Role.TABLE, "a, b, c"),
    ]  # fmt: skip


def test_lists_lines_quotations_and_rules_have_their_roles(read: Read) -> None:
    item = f"<text:list><text:list-item>{p('Item')}</text:list-item></text:list>"
    body = p(STORY) + p("Rose,<text:line-break/>oh pure") + p("", "Horizontal_20_Line") + p(STORY) + item
    assert pairs(read(body + p("Quoted.", "Quotations"))) == [
        (Role.PARAGRAPH, STORY), (Role.VERSE, "Rose,\noh pure"), (Role.SCENE_BREAK, ""),
        (Role.PARAGRAPH, STORY), (Role.LIST_ITEM, "Item"), (Role.QUOTATION, "Quoted."),
    ]  # fmt: skip


def test_rare_empty_paragraphs_part_scenes(read: Read) -> None:
    rare = p(STORY) * 5 + p("") + p(STORY) * 5
    assert [role for role, _ in pairs(read(rare))].count(Role.SCENE_BREAK) == 1
    assert Role.SCENE_BREAK not in dict(pairs(read((p(STORY) + p("")) * 6)))


def test_licence_of_project_gutenberg_stands_apart(read: Read) -> None:
    head = p("Title: Rain") + p("Author: Ann Author") + p("*** START OF THE PROJECT GUTENBERG EBOOK RAIN ***")
    end = p("*** END OF THE PROJECT GUTENBERG EBOOK RAIN ***") + p("Licence.")
    book = read(head + h("One") + p(STORY) + h("Two") + p(STORY) + end)
    assert (book.title, book.authors, titles(book)) == ("Rain", ("Ann Author",), ["One", "Two"])
    assert [chapter.kind for chapter in book.chapters] == ["gutenberg-header", "", "", "gutenberg-license"]


# --- damage -------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(ManuscriptError) as caught:
        read_odt(path)
    assert caught.value.advice
    return caught.value.what


def test_protected_document_says_so(tmp_path: Path) -> None:
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry '
        'm:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>'
    )
    files = {"META-INF/manifest.xml": manifest, "content.xml": "\x01\x02 cipher"}
    assert "password" in refusal(make_odt(tmp_path / "a.odt", "", files=files))
    assert "password" in refusal(make_odt(tmp_path / "b.odt", "", files={"encrypted-package": "x"}))


def test_spreadsheet_document_without_content_and_rubbish_are_refused(tmp_path: Path) -> None:
    sheet = (
        '<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
        "<o:body><o:spreadsheet/></o:body></o:document-content>"
    )
    assert "spreadsheet" in refusal(make_odt(tmp_path / "a.odt", "", files={"content.xml": sheet}))
    assert "no text" in refusal(make_odt(tmp_path / "b.odt", p(" ")))
    path = tmp_path / "c.odt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.xml", "<x/>")
    assert "content.xml" in refusal(path)
    for data in (b"", b"<x/>", b"text", b"PK\x03\x04"):
        path.write_bytes(data)
        assert "c.odt" in refusal(path)


def test_deep_nesting_and_entities_are_refused(tmp_path: Path) -> None:
    deep = "<text:section>" * 20_000 + p("deep") + "</text:section>" * 20_000
    assert "is damaged" in refusal(make_odt(tmp_path / "a.odt", deep))
    path = make_odt(tmp_path / "a.fodt", p("Said: &a;&b;"))
    head = f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b SYSTEM "{path.as_uri()}">]><office:document'
    path.write_text(path.read_text(encoding="utf-8").replace("<office:document", head, 1), encoding="utf-8")
    assert "declares entities" in refusal(path)
