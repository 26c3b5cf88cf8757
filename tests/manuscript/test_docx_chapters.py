"""Chapters of Word files: by styles in any language, by look, by words; and never by a table of contents."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.model import Matter, Role
from tests.manuscript.docx_maker import (
    STYLES,
    chapters,
    field,
    h,
    make_docx,
    p,
    prose,
    r,
    style,
    titles,
)

PAGE_BREAK = '<w:r><w:br w:type="page"/></w:r>'
CENTRED = '<w:jc w:val="center"/>'
BOLD = "<w:b/>"
LARGE = '<w:sz w:val="36"/>'


def body(path: Path) -> list[str]:
    return [chapter.title for chapter in chapters(path) if chapter.matter is Matter.BODY]


@pytest.mark.parametrize(
    ("style_id", "name"),
    [
        ("Heading1", "heading 1"),
        ("Heading1", ""),
        ("Titre1", "heading 1"),
        ("Titre1", ""),
        ("berschrift1", ""),
        ("Kop1", ""),
        ("Ttulo1", ""),
        ("a3", "heading 1"),
        ("P12", "Überschrift 1"),
        ("ChapterTitle", "Chapter Title"),
        ("Title", "Title"),
    ],
)
def test_style_makes_chapters(tmp_path: Path, style_id: str, name: str) -> None:
    styles = style(style_id, name) if name else style("Normal", "Normal")
    path = make_docx(
        tmp_path / "a.docx",
        p("The Sea", style=style_id), prose(), p("The Land", style=style_id), prose(),
        styles=styles,
    )  # fmt: skip
    assert body(path) == ["The Sea", "The Land"]


def test_style_based_on_a_heading_is_one(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        p("The Sea", style="Mine"), prose(), p("The Land", style="Mine"), prose(),
        styles=STYLES + style("Mine", "My opening", based_on="Heading1"),
    )  # fmt: skip
    assert body(path) == ["The Sea", "The Land"]


@pytest.mark.parametrize("where", ["style", "paragraph"])
def test_outline_level_makes_chapters(tmp_path: Path, where: str) -> None:
    outline = '<w:outlineLvl w:val="0"/>'
    marks = outline if where == "paragraph" else ""
    path = make_docx(
        tmp_path / "a.docx",
        p("The Sea", style="X", marks=marks), prose(), p("The Land", style="X", marks=marks), prose(),
        styles=style("X", "Opening", marks=outline if where == "style" else ""),
    )  # fmt: skip
    assert body(path) == ["The Sea", "The Land"]


def test_outline_level_of_body_text_takes_a_heading_back(tmp_path: Path) -> None:
    plain = '<w:outlineLvl w:val="9"/>'
    path = make_docx(
        tmp_path / "a.docx",
        h("One"), prose(), p("No heading.", style="Run", marks=""), prose(), h("Two"), prose(),
        styles=STYLES + style("Run", "Run in", based_on="Heading1", marks=plain),
    )  # fmt: skip
    assert body(path) == ["One", "Two"]


def test_title_of_the_book_is_no_chapter(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        p("The Long", style="Title"), p("Way Home", style="Title"), p("by Jane Doe"),
        h("One"), prose(), h("Two"), prose(),
    )  # fmt: skip
    assert body(path) == ["One", "Two"]
    assert chapters(path)[0].blocks[0].text == "The Long Way Home"


def test_number_and_title_in_two_headings_are_one_chapter(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx", h("Chapter 1"), h("The Boy"), prose(), h("Chapter 2"), h("The Girl"), prose()
    )
    assert body(path) == ["Chapter 1: The Boy", "Chapter 2: The Girl"]


@pytest.mark.parametrize("styled", [True, False])
def test_title_in_another_style_below_a_number_belongs_to_it(tmp_path: Path, *, styled: bool) -> None:
    styles = STYLES + style("Subtitle", "Subtitle")
    names = [p(name, style="Subtitle") if styled else p(r(name, BOLD)) for name in ("The Boy", "The Girl")]
    story = [h(f"Chapter {number}") + name + prose() for number, name in enumerate(names, 1)]
    path = make_docx(tmp_path / "a.docx", *story, styles=styles)
    assert body(path) == ["Chapter 1: The Boy", "Chapter 2: The Girl"]


def test_styles_based_on_that_of_titles_make_no_headings(tmp_path: Path) -> None:
    styles = STYLES + style("Date", "Date", based_on="Title") + style("Author", "Author", based_on="Title")
    path = make_docx(
        tmp_path / "a.docx",
        p("Poems", style="Title"), p("Ann Lee", style="Author"), p("1870", style="Date"),
        h("Dawn", 2), prose(), h("Dusk", 2), prose(),
        styles=styles,
    )  # fmt: skip
    assert body(path) == ["Dawn", "Dusk"]


def test_header_and_licence_of_project_gutenberg_are_known(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        h("The Project Gutenberg eBook of Poems"), prose(),
        p("*** START OF THE PROJECT GUTENBERG EBOOK POEMS ***"),
        *STORY,
        p("*** END OF THE PROJECT GUTENBERG EBOOK POEMS ***"), h("The licence"), prose(),
    )  # fmt: skip
    kinds = [chapter.kind for chapter in chapters(path)]
    assert kinds == ["gutenberg-header", "", "", "", "gutenberg-license"]


def test_heading_with_text_below_a_part_of_its_level_is_a_chapter(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        h("Part One"), h("Dawn"), prose(), h("Noon"), prose(),
        h("Part Two"), h("Dusk"), prose(), h("Night"), prose(),
    )  # fmt: skip
    assert body(path) == ["Dawn", "Noon", "Dusk", "Night"]


def test_parts_hold_chapters(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        h("Part One: Day"), h("Dawn", 2), prose(), h("Noon", 2), prose(),
        h("Part Two: Night"), h("Dusk", 2), prose(), h("Night", 2), prose(),
    )  # fmt: skip
    assert body(path) == ["Dawn", "Noon", "Dusk", "Night"]
    assert chapters(path)[0].blocks[0].text == "Part One: Day"


def toc_line(title: str, page: int) -> str:
    link = r(title) + "<w:r><w:tab/></w:r>" + field(f" PAGEREF _Toc{page} ", str(page))
    return f'<w:hyperlink w:anchor="_Toc{page}">{link}</w:hyperlink>'


STORY = (h("The Sea"), prose(), h("The Land"), prose(), h("The Sky"), prose())
LINES = (("The Sea", 1), ("The Land", 7), ("The Sky", 9))


def contents_of(kind: str) -> str:
    """Tables of contents as programs and people write them."""
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> TOC \\o "1-3" </w:instrText></w:r>'
    begin += '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    lines = [toc_line(*line) for line in LINES]
    typed = [p(r(title), "<w:r><w:tab/></w:r>", r(str(page))) for title, page in LINES]
    gallery = '<w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    return {
        "building block": f"<w:sdt>{gallery}<w:sdtContent>{h('Contents')}{''.join(map(p, lines))}"
        "</w:sdtContent></w:sdt>",
        "field": h("Contents") + p(begin, lines[0]) + p(lines[1]) + p(lines[2], end),
        "styles": p("Contents", style="TOCHeading") + "".join(p(line, style="TOC1") for line in lines),
        "links": "".join(map(p, lines)),
        "typed": p("CONTENTS") + "".join(typed),
        "headings": p("Contents") + "".join(h(title) for title, _ in LINES),
        "headings with pages": "".join(h(f"{title}</w:t><w:tab/><w:t>{page}") for title, page in LINES),
        "dots": p("Table of Contents") + "".join(p(f"{title} ........ {page}") for title, page in LINES),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["building block", "field", "styles", "links", "typed", "headings", "headings with pages", "dots"],
)
def test_table_of_contents_is_no_chapter(tmp_path: Path, kind: str) -> None:
    path = make_docx(tmp_path / "a.docx", p("A Book", style="Title"), contents_of(kind), *STORY)
    assert body(path) == ["The Sea", "The Land", "The Sky"]
    contents = [chapter for chapter in chapters(path) if chapter.kind == "toc"]
    assert len(contents) == 1
    assert "The Land" in " ".join(block.text for block in contents[0].blocks)


def test_headings_that_lead_back_to_the_contents_are_headings(tmp_path: Path) -> None:
    names = ["Chapter 1", "Chapter 2", "Chapter 3"]
    contents = "".join(p(toc_line(name, page)) for page, name in enumerate(names, 5))
    story = [p(f'<w:hyperlink w:anchor="toc">{r(name)}</w:hyperlink>') + prose() + prose() for name in names]
    assert body(make_docx(tmp_path / "a.docx", contents, *story)) == names


def test_sections_of_a_chapter_are_no_table_of_contents(tmp_path: Path) -> None:
    chapter = h("Chapter 1. The Sea") + h("Its Shore", 2) + h("Sand", 3) + prose()
    assert body(make_docx(tmp_path / "a.docx", chapter, chapter)) == ["Chapter 1. The Sea"] * 2


def test_index_field_is_an_index(tmp_path: Path) -> None:
    lines = r("Ants, 4") + "</w:p><w:p>" + r("Bees, 7")
    path = make_docx(tmp_path / "a.docx", *STORY, h("Where to find it"), p(field(" INDEX \\c 2 ", lines)))
    assert (chapters(path)[-1].kind, chapters(path)[-1].title) == ("index", "Where to find it")


def test_preface_and_notes_are_known(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", h("Preface"), prose(), *STORY, h("Bibliography"), prose())
    assert [chapter.kind for chapter in chapters(path)] == ["preface", "", "", "", "bibliography"]


@pytest.mark.parametrize(
    ("text", "run", "marks"),
    [
        ("Chapter {}", "", ""),
        ("CHAPTER {}", BOLD, CENTRED),
        ("Kapitel {}", "", CENTRED),
        ("{}", BOLD, CENTRED),
        ("The {} Tale", BOLD, CENTRED),
        ("The {} Tale", LARGE, ""),
        ("The {} Tale", "", CENTRED),
        ("The {} Tale", BOLD, ""),
        ("The {} Tale", '<w:u w:val="single"/>', ""),
        ("THE {} TALE", "", ""),
        ("ARTICLE {}", "", ""),
        ("ARTICLE {}. TAXES", BOLD, CENTRED),
        ("Section {}. Taxes", "", ""),
    ],
)
def test_headings_made_by_hand_are_found(tmp_path: Path, text: str, run: str, marks: str) -> None:
    story = [p(r(text.format(number), run), marks=marks) + prose() + prose() for number in (1, 2, 3)]
    assert body(make_docx(tmp_path / "a.docx", *story)) == [text.format(number) for number in (1, 2, 3)]


def test_numbered_lines_in_chapters_called_so_are_none(tmp_path: Path) -> None:
    sections = [p() + p() + p(f"{number}. Of Ships") + prose() for number in (1, 2, 3)]
    story = [p(f"CHAPTER {number}") + prose() + "".join(sections) for number in ("I", "II")]
    assert body(make_docx(tmp_path / "a.docx", *story)) == ["CHAPTER I", "CHAPTER II"]


def test_title_said_by_hand_on_a_page_before_the_chapter_belongs_to_it(tmp_path: Path) -> None:
    story = [
        p(f"CHAPTER {number}") + p("OF SHIPS") + p(f"CHAPTER {number} - OF SHIPS") + prose() + prose()
        for number in (1, 2, 3)
    ]
    path = make_docx(tmp_path / "a.docx", *story)
    assert body(path) == [f"CHAPTER {number} - OF SHIPS" for number in (1, 2, 3)]


def test_title_page_made_by_hand_is_no_chapter(tmp_path: Path) -> None:
    front = [p(r(line, BOLD, LARGE), marks=CENTRED) for line in ("A Long", "Book of", "Tales")]
    story = [p(r(name, BOLD), marks=CENTRED) + prose() + prose() for name in ("The Ox", "The Ass", "The Hen")]
    path = make_docx(tmp_path / "a.docx", *front, p(PAGE_BREAK), *story)
    assert body(path) == ["The Ox", "The Ass", "The Hen"]


def test_title_below_a_number_made_by_hand_belongs_to_it(tmp_path: Path) -> None:
    story = [
        p(r(f"Chapter {number}", BOLD), marks=CENTRED) + p(r(name, BOLD), marks=CENTRED) + prose() + prose()
        for number, name in ((1, "The Ox"), (2, "The Ass"), (3, "The Hen"))
    ]
    assert body(make_docx(tmp_path / "a.docx", *story)) == [
        "Chapter 1: The Ox",
        "Chapter 2: The Ass",
        "Chapter 3: The Hen",
    ]


def test_title_below_an_article_belongs_to_it(tmp_path: Path) -> None:
    story = [p(f"ARTICLE {number}") + p("GENERAL RULES") + prose() + prose() for number in ("I", "II")]
    assert body(make_docx(tmp_path / "a.docx", *story)) == [
        "ARTICLE I. GENERAL RULES",
        "ARTICLE II. GENERAL RULES",
    ]


def test_bold_speeches_are_no_chapters(tmp_path: Path) -> None:
    story = [p(r(f"Question {number}?", BOLD)) + p("A short answer.") for number in range(12)]
    assert len(chapters(make_docx(tmp_path / "a.docx", *story))) == 1


def test_chapter_whose_style_was_forgotten_is_one(tmp_path: Path) -> None:
    story = [h(f"Chapter {number}") + prose() for number in range(1, 6)]
    story[3] = p() + p("Chapter 4") + prose()
    assert body(make_docx(tmp_path / "a.docx", *story)) == [f"Chapter {number}" for number in range(1, 6)]


def test_chapters_without_style_beside_a_preface_with_one_are_found(tmp_path: Path) -> None:
    story = [p(f"Chapter {number}") + prose() + prose() for number in (1, 2, 3)]
    path = make_docx(tmp_path / "a.docx", h("Preface"), prose(), *story, h("About the Author"), prose())
    assert [chapter.title for chapter in chapters(path)] == [
        "Preface",
        "Chapter 1",
        "Chapter 2",
        "Chapter 3",
        "About the Author",
    ]


def test_title_said_on_a_page_before_its_heading_belongs_to_the_chapter(tmp_path: Path) -> None:
    story = [
        p(f"CHAPTER {number}") + p("OF SHIPS") + h(f"Chapter {number} - Of Ships") + prose()
        for number in (1, 2)
    ]
    path = make_docx(tmp_path / "a.docx", *story)
    assert body(path) == ["Chapter 1 - Of Ships", "Chapter 2 - Of Ships"]
    assert chapters(path)[0].blocks[-1].role is Role.PARAGRAPH


NUMBERING = (
    '<w:abstractNum w:abstractNumId="5"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{}"/>'
    '<w:lvlText w:val="{}"/></w:lvl></w:abstractNum><w:num w:numId="3"><w:abstractNumId w:val="5"/></w:num>'
)
NUMBERED = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr>'


@pytest.mark.parametrize(
    ("form", "label", "expected"),
    [
        ("upperRoman", "Chapter %1", ["Chapter I. The Sea", "Chapter II. The Land"]),
        ("decimal", "Chapter %1:", ["Chapter 1: The Sea", "Chapter 2: The Land"]),
        ("upperLetter", "Letter %1", ["Letter A. The Sea", "Letter B. The Land"]),
        ("decimal", "%1.", ["The Sea", "The Land"]),
        ("bullet", "Bullet", ["The Sea", "The Land"]),
    ],
)
def test_number_that_word_prints_is_read_where_it_has_a_word(
    tmp_path: Path, form: str, label: str, expected: list[str]
) -> None:
    styles = STYLES + style("Numbered", "Numbered", based_on="Heading1", marks=NUMBERED)
    path = make_docx(
        tmp_path / "a.docx",
        p("The Sea", style="Numbered"), prose(), p("The Land", style="Numbered"), prose(),
        styles=styles, numbering=NUMBERING.format(form, label),
    )  # fmt: skip
    assert titles(path) == expected


def test_articles_that_word_numbers_are_chapters(tmp_path: Path) -> None:
    story = [p(name, marks=NUMBERED) + prose() + prose() for name in ("Name", "Seat")]
    path = make_docx(tmp_path / "a.docx", *story, numbering=NUMBERING.format("upperRoman", "ARTICLE %1"))
    assert body(path) == ["ARTICLE I. Name", "ARTICLE II. Seat"]


def test_titles_below_numbers_need_no_look_of_their_own(tmp_path: Path) -> None:
    story = [
        h(number) + p(name) + prose()
        for number, name in (("I", "The Ox"), ("II", "The Ass"), ("III", "The Hen"))
    ]
    assert body(make_docx(tmp_path / "a.docx", *story)) == ["I: The Ox", "II: The Ass", "III: The Hen"]


def test_sentences_below_numbers_are_no_titles(tmp_path: Path) -> None:
    story = [h(number) + p("It was late.") + prose() for number in ("I", "II", "III")]
    assert body(make_docx(tmp_path / "a.docx", *story)) == ["I", "II", "III"]


def test_heading_that_is_nothing_but_its_number_is_one(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        p(style="Heading1", marks=NUMBERED), prose(), p(style="Heading1", marks=NUMBERED), prose(),
        numbering=NUMBERING.format("upperRoman", "Chapter %1"),
    )  # fmt: skip
    assert titles(path) == ["Chapter I", "Chapter II"]
