from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from narrator.model import Chapter, Manuscript, Matter, Role
from tests.manuscript.pdf_maker import (
    LEFT,
    Entry,
    Page,
    Text,
    centred,
    make_pdf,
    prose,
    read_here,
    set_lines,
    wrapped,
)

starts = count()


def body(words: int = 120, *, y: float = 100) -> list[Text]:
    """A paragraph, of other words each time."""
    return set_lines(wrapped(prose(words, start=next(starts)), indent=3), y=y)


def titles(book: Manuscript, matter: Matter = Matter.BODY) -> list[str]:
    return [chapter.title for chapter in book.chapters if chapter.matter is matter]


def texts(chapter: Chapter, role: Role) -> list[str]:
    return [block.text for block in chapter.blocks if block.role is role]


def test_outline_names_the_chapters_and_its_anchors_cut_inside_a_page(tmp_path: Path) -> None:
    pages = [
        Page([centred("The Red House", 60), *body()]),
        Page([*body(y=60), centred("The Blue Door", 300), *body(60, y=330)]),
    ]
    outline: list[Entry] = [("The Red House", 0, 40, 0), ("The Blue Door", 1, 285, 0)]
    book = read_here(make_pdf(tmp_path / "a.pdf", pages, outline=outline))
    assert titles(book) == ["The Red House", "The Blue Door"]
    assert [texts(chapter, Role.HEADING) for chapter in book.chapters] == [["The Red House"], ["The Blue Door"]]
    assert len(texts(book.chapters[0], Role.PARAGRAPH)) == 2


def test_outline_that_names_pages_only_still_finds_the_heading(tmp_path: Path) -> None:
    pages = [
        Page([*body(y=60), centred(name, 330, size=14), *body(60, y=360)]) for name in ("One", "Two", "Three")
    ]
    outline: list[Entry] = [(name, page, None, 0) for page, name in enumerate(("One", "Two", "Three"))]
    book = read_here(make_pdf(tmp_path / "a.pdf", pages, outline=outline))
    assert titles(book)[-3:] == ["One", "Two", "Three"]
    assert [chapter.blocks[0].text for chapter in book.chapters[-3:]] == ["One", "Two", "Three"]


def test_sections_below_chapters_in_the_outline_are_no_chapters(tmp_path: Path) -> None:
    pages = [
        Page(
            [
                set_lines([f"Chapter {n}"], y=60, size=16)[0],
                *body(180),
                Text("A Section", LEFT, 400, 12),
                *body(60, y=420),
            ]
        )
        for n in (1, 2)
    ]
    outline: list[Entry] = [
        ("Chapter 1", 0, 40, 0), ("A Section", 0, 385, 1), ("Chapter 2", 1, 40, 0), ("A Section", 1, 385, 1),
    ]  # fmt: skip
    book = read_here(make_pdf(tmp_path / "a.pdf", pages, outline=outline))
    assert titles(book) == ["Chapter 1", "Chapter 2"]
    assert texts(book.chapters[0], Role.HEADING) == ["Chapter 1", "A Section"]


def test_parts_in_the_outline_hold_chapters(tmp_path: Path) -> None:
    pages: list[Page] = []
    outline: list[Entry] = []
    for part in ("Part One", "Part Two"):
        outline.append((part, len(pages), 40, 0))
        pages.append(Page([centred(part, 200, size=20)]))
        for number in (1, 2):
            outline.append((f"Chapter {number}", len(pages), 40, 1))
            pages.append(Page([centred(f"Chapter {number}", 60, size=14), *body()]))
    book = read_here(make_pdf(tmp_path / "a.pdf", pages, outline=outline))
    assert titles(book) == ["Chapter 1", "Chapter 2"] * 2
    assert texts(book.chapters[2], Role.HEADING) == ["Part Two", "Chapter 1"]


def test_title_over_two_lines_is_one_heading(tmp_path: Path) -> None:
    pages = [
        Page(
            [
                Text(f"{n} The Long and Winding", LEFT, 60, 14),
                Text("Road of the Fox", LEFT, 77, 14),
                *body(y=110),
            ]
        )
        for n in (1, 2)
    ]
    outline: list[Entry] = [(f"{n} The Long and Winding Road of the Fox", n - 1, 45, 0) for n in (1, 2)]
    book = read_here(make_pdf(tmp_path / "a.pdf", pages, outline=outline))
    assert [texts(chapter, Role.HEADING) for chapter in book.chapters] == [
        [f"{n} The Long and Winding Road of the Fox"] for n in (1, 2)
    ]


@pytest.mark.parametrize(
    "heading",
    [
        {"size": 16.0},
        {"font": "bold"},
        {"size": 10.0},
    ],
    ids=["larger", "bold", "by its words"],
)
def test_without_an_outline_headings_are_told_by_their_look(
    tmp_path: Path, heading: dict[str, float | str]
) -> None:
    size, font = float(heading.get("size", 10)), str(heading.get("font", "plain"))
    names = ["Chapter One", "Chapter Two", "Chapter Three"]
    pages = [Page([Text(name, LEFT, 60, size, font), *body(y=110), *body(y=400)]) for name in names]
    book = read_here(make_pdf(tmp_path / "a.pdf", pages))
    assert titles(book) == names
    assert all(len(texts(chapter, Role.HEADING)) == 1 for chapter in book.chapters)


def test_centred_capitals_are_headings(tmp_path: Path) -> None:
    names = ["THE RED HOUSE", "THE BLUE DOOR", "A GREEN HAT"]
    pages = [Page([centred(name, 60), *body(y=110)]) for name in names]
    assert titles(read_here(make_pdf(tmp_path / "a.pdf", pages))) == names


def test_line_in_the_middle_at_a_page_s_top_is_a_heading(tmp_path: Path) -> None:
    names = ["The Red House", "The Blue Door", "A Green Hat"]
    pages = [Page([centred(name, 60), *body(y=110)]) for name in names]
    pages.insert(0, Page([centred("For my mother", 60)]))
    book = read_here(make_pdf(tmp_path / "a.pdf", pages))
    assert titles(book) == names
    assert book.chapters[0].matter is Matter.FRONT


@pytest.mark.parametrize(("number_size", "title_size"), [(14, 20), (20, 14)])
def test_number_and_title_are_one_chapter_whichever_is_larger(
    tmp_path: Path, number_size: float, title_size: float
) -> None:
    pages = [
        Page(
            [centred(f"Chapter {n}", 60, size=number_size), centred(title, 110, size=title_size), *body(y=150)]
        )
        for n, title in ((1, "The Fox"), (2, "The Dog"))
    ]
    assert titles(read_here(make_pdf(tmp_path / "a.pdf", pages))) == [
        "Chapter 1: The Fox",
        "Chapter 2: The Dog",
    ]


def test_title_page_and_contents_are_front_matter(tmp_path: Path) -> None:
    names = ["I. The Fox", "II. The Dog", "III. The Rain", "IV. The Town"]
    pages = [
        Page([centred("A Tale of Foxes", 200, size=24), centred("by Jane Doe", 260, size=14)]),
        Page(
            [
                centred("Contents", 60, size=16),
                *set_lines([f"{name} {'.' * (44 - len(name))} {n}" for n, name in enumerate(names, 3)], y=100),
            ]
        ),
        *(Page([Text(name, LEFT, 60, 16), *body(y=110)]) for name in names),
    ]
    book = read_here(make_pdf(tmp_path / "a.pdf", pages))
    assert book.title == "A Tale of Foxes"
    assert titles(book) == names
    assert [chapter.kind for chapter in book.chapters[:2]] == ["halftitlepage", "toc"]


def test_contents_over_two_pages_are_all_contents(tmp_path: Path) -> None:
    names = [f"{n}. Of Foxes" for n in range(1, 51)]
    listed = [f"{name} {'.' * (44 - len(name))} {n}" for n, name in enumerate(names, 3)]
    pages = [
        Page([centred("Contents", 60, size=16), *set_lines(listed[:35], y=80)]),
        Page(set_lines(listed[35:], y=60)),
        *(Page([Text(name, LEFT, 60, 16), *body(y=110), *body(y=300)]) for name in names[:3]),
    ]
    book = read_here(make_pdf(tmp_path / "a.pdf", pages))
    assert [(chapter.kind, chapter.matter) for chapter in book.chapters[:2]] == [
        ("toc", Matter.FRONT), ("", Matter.BODY),
    ]  # fmt: skip
    assert titles(book) == names[:3]


def test_bibliography_and_index_are_back_matter(tmp_path: Path) -> None:
    pages = [Page([Text(name, LEFT, 60, 16), *body(y=110)]) for name in ("Chapter 1", "Chapter 2")]
    pages += [Page([Text(name, LEFT, 60, 16), *body(60, y=110)]) for name in ("Bibliography", "Index")]
    book = read_here(make_pdf(tmp_path / "a.pdf", pages))
    assert [chapter.kind for chapter in book.chapters] == ["chapter", "chapter", "bibliography", "index"]
    assert titles(book) == ["Chapter 1", "Chapter 2"]


def test_number_that_a_tab_sets_apart_is_part_of_its_heading(tmp_path: Path) -> None:
    pages = [
        Page([Text(f"{n}.", LEFT, 60, 16), Text(name, LEFT + 60, 60, 16), *body(y=110)])
        for n, name in enumerate(("The Fox", "The Dog"), 1)
    ]
    assert titles(read_here(make_pdf(tmp_path / "a.pdf", pages))) == ["1. The Fox", "2. The Dog"]


def test_letter_spaced_heading_is_read_as_words(tmp_path: Path) -> None:
    pages = [Page([Text(f"C H A P T E R  {n}", LEFT, 60, 16), *body(y=110)]) for n in "IV"]
    assert titles(read_here(make_pdf(tmp_path / "a.pdf", pages))) == ["CHAPTER I", "CHAPTER V"]


def test_book_without_headings_is_one_chapter(tmp_path: Path) -> None:
    book = read_here(make_pdf(tmp_path / "the_old_fox.pdf", [Page(body())]))
    assert (book.title, titles(book)) == ("the old fox", ["the old fox"])


@pytest.mark.parametrize(
    ("declared", "title"),
    [
        ("A Tale of Foxes", "A Tale of Foxes"),
        ("Microsoft Word - foxes_final2.doc", "the fox"),
        ("Microsoft Word - Foxes and Dogs", "Foxes and Dogs"),
        ("foxes.indd", "the fox"),
        ("C:\\books\\foxes", "the fox"),
        ("untitled", "the fox"),
        ("", "the fox"),
    ],
)
def test_declared_title_counts_where_it_is_one(tmp_path: Path, declared: str, title: str) -> None:
    path = make_pdf(tmp_path / "the-fox.pdf", [Page(body())], facts={"Title": declared})
    assert read_here(path).title == title


@pytest.mark.parametrize(
    ("declared", "authors"),
    [
        ("Jane Doe", ("Jane Doe",)),
        ("Doe, Jane", ("Jane Doe",)),
        ("Jane Doe and John Roe", ("Jane Doe", "John Roe")),
        ("Jane Doe; John Roe", ("Jane Doe", "John Roe")),
        ("Administrator", ()),
        ("", ()),
    ],
)
def test_declared_authors_are_people(tmp_path: Path, declared: str, authors: tuple[str, ...]) -> None:
    path = make_pdf(tmp_path / "a.pdf", [Page(body())], facts={"Author": declared})
    assert read_here(path).authors == authors


def test_declared_language_comes_before_a_guess(tmp_path: Path) -> None:
    assert read_here(make_pdf(tmp_path / "a.pdf", [Page(body())], language="en-gb")).language == "en-GB"
    assert read_here(make_pdf(tmp_path / "b.pdf", [Page(body())])).language == "en"
