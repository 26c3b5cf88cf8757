"""Word's paragraphs as blocks: verse, lists, tables, captions, breaks between scenes."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.model import Role
from tests.manuscript.docx_maker import STYLES, blocks, h, make_docx, p, prose, r, style, table, texts

LISTED = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr>'
EMPTY = p()
STORY = [p(f"Paragraph {word}.") for word in ("one", "two", "three", "four", "five", "six", "seven")]


def roles(path: Path) -> list[tuple[Role, str]]:
    return [(block.role, block.text) for block in blocks(path)]


def test_lines_broken_on_purpose_are_verse(tmp_path: Path) -> None:
    poem = "<w:r><w:t>Tyger Tyger, burning bright,</w:t><w:br/><w:t>In the forests of the night;</w:t></w:r>"
    assert roles(make_docx(tmp_path / "a.docx", p(poem))) == [
        (Role.VERSE, "Tyger Tyger, burning bright,\nIn the forests of the night;")
    ]


def test_paragraphs_in_a_style_of_verse_are_lines_of_stanzas(tmp_path: Path) -> None:
    lines = [p(line, style="Poem") for line in ("One line,", "another line;")]
    path = make_docx(
        tmp_path / "a.docx", *lines, EMPTY, p("A second stanza.", style="Poem"), styles=style("Poem", "Poem")
    )
    assert roles(path) == [(Role.VERSE, "One line,\nanother line;"), (Role.VERSE, "A second stanza.")]


@pytest.mark.parametrize(
    ("style_id", "name", "role"),
    [
        ("Quote", "Quote", Role.QUOTATION),
        ("IntenseQuote", "Intense Quote", Role.QUOTATION),
        ("BlockText", "Block Text", Role.QUOTATION),
        ("Zitat", "", Role.QUOTATION),
        ("Caption", "caption", Role.CAPTION),
        ("ImageCaption", "Image Caption", Role.CAPTION),
        ("SourceCode", "Source Code", Role.CODE),
        ("FootnoteText", "footnote text", Role.NOTE),
        ("BodyText", "Body Text", Role.PARAGRAPH),
    ],
)
def test_style_gives_the_role(tmp_path: Path, style_id: str, name: str, role: Role) -> None:
    styles = style(style_id, name) if name else STYLES
    assert roles(make_docx(tmp_path / "a.docx", p("Some words.", style=style_id), styles=styles)) == [
        (role, "Some words.")
    ]


def test_style_inherits_the_role(tmp_path: Path) -> None:
    styles = style("Quote", "Quote") + style("Mine", "My own", based_on="Quote")
    assert roles(make_docx(tmp_path / "a.docx", p("Said.", style="Mine"), styles=styles)) == [
        (Role.QUOTATION, "Said.")
    ]


def test_styles_based_on_one_another_do_not_hang(tmp_path: Path) -> None:
    styles = style("A", "a", based_on="B") + style("B", "b", based_on="A")
    assert texts(make_docx(tmp_path / "a.docx", p("Text.", style="A"), styles=styles)) == ["Text."]


def test_numbers_of_lists_are_not_read(tmp_path: Path) -> None:
    assert roles(make_docx(tmp_path / "a.docx", p("Eggs", marks=LISTED), p("Milk", marks=LISTED))) == [
        (Role.LIST_ITEM, "Eggs"),
        (Role.LIST_ITEM, "Milk"),
    ]


def test_table_is_read_row_by_row(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx", table(("Name", "Age", "Town"), ("Ann", "7", "")), table(("Lane", "Yes, sir."))
    )
    assert roles(path) == [
        (Role.TABLE, "Name, Age, Town"),
        (Role.TABLE, "Ann: 7"),
        (Role.TABLE, "Lane: Yes, sir."),
    ]


def test_table_that_only_frames_text_is_no_table(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", table((p("One."), "")), table((h("A title") + p("Two."),)))
    assert roles(path) == [(Role.PARAGRAPH, "One."), (Role.HEADING, "A title"), (Role.PARAGRAPH, "Two.")]


def test_row_in_a_content_control_is_read(tmp_path: Path) -> None:
    row = table(("a", "b", "c")).partition("<w:tr>")[2].removesuffix("</w:tbl>")
    wrapped = f"<w:tbl><w:sdt><w:sdtPr/><w:sdtContent><w:tr>{row}</w:sdtContent></w:sdt></w:tbl>"
    assert texts(make_docx(tmp_path / "a.docx", wrapped)) == ["a, b, c"]


def test_words_in_the_style_of_scene_breaks_are_read(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", p("One."), p("Years later", style="SceneBreak"), p("Two."))
    assert roles(path)[1] == (Role.PARAGRAPH, "Years later")


def test_table_in_a_cell_is_read_in_its_place(tmp_path: Path) -> None:
    inner = table(("a", "b", "c"))
    assert texts(make_docx(tmp_path / "a.docx", table((p("Before.") + inner + p("After."), "Beside.")))) == [
        "Before.",
        "a, b, c",
        "After.",
        "Beside.",
    ]


@pytest.mark.parametrize(
    "between",
    [
        p("* * *"),
        p("⁂"),
        p("#"),
        p('<w:r><w:sym w:font="Wingdings" w:char="F09A"/></w:r>'),
        p(marks='<w:pBdr><w:bottom w:val="single" w:sz="6"/></w:pBdr>'),
        p('<w:r><w:pict><v:rect o:hr="t"/></w:pict></w:r>'),
        EMPTY,
        EMPTY + EMPTY,
        p("~", style="SceneBreak"),
    ],
)
def test_break_between_scenes_is_heard(tmp_path: Path, between: str) -> None:
    path = make_docx(tmp_path / "a.docx", *STORY[:4], between, *STORY[4:])
    assert [block.role for block in blocks(path)].index(Role.SCENE_BREAK) == 4


def test_empty_paragraph_after_each_one_means_nothing(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", EMPTY.join(STORY))
    assert {block.role for block in blocks(path)} == {Role.PARAGRAPH}


def test_two_empty_paragraphs_part_scenes_where_one_parts_paragraphs(tmp_path: Path) -> None:
    scenes = (EMPTY.join(STORY[:4]), EMPTY.join(STORY[4:]))
    path = make_docx(tmp_path / "a.docx", (EMPTY * 2).join(scenes))
    assert [block.role for block in blocks(path)].count(Role.SCENE_BREAK) == 1


def test_page_break_between_sentences_parts_paragraphs(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", p(r("One."), '<w:r><w:br w:type="page"/></w:r>', r("Two.")))
    assert texts(path) == ["One.", "Two."]


def test_block_says_where_it_stands(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", p("One."), p(), p("Two."))
    assert [block.source for block in blocks(path) if block.text] == ["paragraph 1", "paragraph 3"]


def test_paragraph_in_a_heading_s_style_by_mistake_is_a_paragraph(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", h("One"), h("word " * 60), prose(), h("Two"), prose())
    assert [block.role for block in blocks(path)][:2] == [Role.HEADING, Role.PARAGRAPH]
