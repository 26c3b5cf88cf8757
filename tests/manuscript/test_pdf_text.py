from __future__ import annotations

import textwrap
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from narrator.model import Block, Manuscript, Role
from tests.manuscript.pdf_maker import (
    COLUMNS,
    LEADING,
    LEFT,
    TOP,
    Page,
    Text,
    centred,
    make_pdf,
    pdf_bytes,
    prose,
    read_here,
    set_lines,
    stacked,
    wrapped,
)

starts = count()


def body(words: int = 120, *, y: float = 100) -> list[Text]:
    """A paragraph, of other words each time."""
    return set_lines(wrapped(prose(words, start=next(starts)), indent=3), y=y)


def read(tmp_path: Path, *pages: Page) -> Manuscript:
    return read_here(make_pdf(tmp_path / "a.pdf", pages))


def blocks(book: Manuscript) -> list[Block]:
    return [block for chapter in book.chapters for block in chapter.blocks]


def texts(book: Manuscript, role: Role = Role.PARAGRAPH) -> list[str]:
    return [block.text for block in blocks(book) if block.role is role]


# --- running heads and feet -----------------------------------------------------------------------------


def test_running_heads_and_numbers_are_not_read(tmp_path: Path) -> None:
    pages = [
        Page(
            [
                Text(str(number), LEFT if number % 2 else 320, 30),
                centred("A TALE OF FOXES" if number % 2 else "CHAPTER ONE", 30),
                *body(80, y=60),
            ]
        )
        for number in range(11, 19)
    ]
    said = " ".join(texts(read(tmp_path, *pages)))
    assert "TALE OF" not in said
    assert "CHAPTER" not in said
    assert not any(char.isdigit() for char in said)


@pytest.mark.parametrize("style", ["{}", "- {} -", "Page {} of 99", "{} | A Tale"])
def test_numbers_at_the_foot_are_not_read(tmp_path: Path, style: str) -> None:
    pages = [Page([*body(80, y=60), centred(style.format(number), 560)]) for number in range(1, 7)]
    said = " ".join(texts(read(tmp_path, *pages)))
    assert not any(char.isdigit() for char in said)
    assert "A Tale" not in said


def test_roman_numbers_of_pages_are_not_read(tmp_path: Path) -> None:
    pages = [Page([*body(80, y=60), centred(number, 560)]) for number in ("ii", "iii", "iv", "v", "vi")]
    assert {text[-1] for text in texts(read(tmp_path, *pages))} == {"."}


def test_head_of_a_chapter_of_one_page_is_not_read(tmp_path: Path) -> None:
    heads = ["The Fox", "The Fox", "The Dog", "The Rain", "The Rain", "The Town"]
    pages = [
        Page([Text(str(number), LEFT, 30), centred(head, 30), *body(80, y=60)])
        for number, head in enumerate(heads, 7)
    ]
    said = " ".join(texts(read(tmp_path, *pages)) + texts(read(tmp_path, *pages), Role.HEADING))
    assert not any(head in said.replace("The quick", "") for head in heads[2:])


def test_line_that_two_near_pages_end_with_by_chance_is_read(tmp_path: Path) -> None:
    pages = [Page([*body(120, y=60), Text('"Nobody."', LEFT + 18, 500)]) for _ in range(8)]
    for number in (0, 1, 3, 4, 6, 7):
        pages[number].texts[-1] = Text(f"{prose(4, start=number)}", LEFT + 18, 500)
    assert texts(read(tmp_path, *pages)).count('"Nobody."') == 2


def test_chapter_headings_on_near_pages_are_kept(tmp_path: Path) -> None:
    pages = [Page([centred(f"Chapter {n}", 60, size=10, font="bold"), *body(y=100)]) for n in range(1, 9)]
    assert [chapter.title for chapter in read(tmp_path, *pages).chapters] == [
        f"Chapter {n}" for n in range(1, 9)
    ]


# --- lines to paragraphs --------------------------------------------------------------------------------


def test_indents_begin_paragraphs(tmp_path: Path) -> None:
    parts = [prose(words, start=words) for words in (40, 30, 25, 8, 7, 40)]
    lines = [line for part in parts for line in wrapped(part, indent=3)]
    assert texts(read(tmp_path, Page(set_lines(lines)))) == parts


def test_sizes_that_a_recogniser_guessed_part_no_paragraph(tmp_path: Path) -> None:
    parts = [prose(words, start=words) for words in (90, 60, 120)]
    lines = set_lines([line for part in parts for line in wrapped(part, 44, indent=3)])
    guessed = [replace(text, size=(9.5, 10, 10.4, 10.6)[number * 7 % 4]) for number, text in enumerate(lines)]
    assert texts(read(tmp_path, Page(guessed))) == parts


def test_gaps_begin_paragraphs(tmp_path: Path) -> None:
    parts = [prose(words, start=words) for words in (40, 30, 25, 40)]
    lines = [line for part in parts for line in ["", *wrapped(part)]]
    assert texts(read(tmp_path, Page(set_lines(lines)))) == parts


def test_hanging_lines_are_paragraphs(tmp_path: Path) -> None:
    parts = [f"[{n}] Doe, Jane. {prose(28, start=n)}" for n in (1, 2, 3)]
    lines = [line for part in parts for line in textwrap.wrap(part, COLUMNS, subsequent_indent=" " * 5)]
    assert texts(read(tmp_path, Page(set_lines(lines)))) == parts


def test_paragraph_goes_on_over_pages_and_past_their_furniture(tmp_path: Path) -> None:
    parts = [prose(words, start=words) for words in (380, 300, 380)]
    lines = [line for part in parts for line in wrapped(part, indent=3)]
    pages = [
        Page([*set_lines(lines[at : at + 30], y=60), centred(str(7 + at // 30), 560)])
        for at in range(0, len(lines), 30)
    ]
    assert len(pages) > 3
    assert texts(read(tmp_path, *pages)) == parts


def test_blank_pages_change_nothing(tmp_path: Path) -> None:
    lines = wrapped(prose(200), indent=3)
    book = read(tmp_path, Page(), Page(set_lines(lines[:15])), Page(), Page(set_lines(lines[15:])), Page())
    assert texts(book) == [prose(200)]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    parts = [prose(words, start=words) for words in (90, 60, 80)]
    lines = [line for part in parts for line in wrapped(part, 23, indent=2)]
    half = len(lines) // 2
    columns = [*set_lines(lines[:half], y=110), *set_lines(lines[half:], x=LEFT + 160, y=110)]
    book = read(tmp_path, Page([*columns, centred("A Title Across The Page", 60, size=16)]))
    assert texts(book) == parts
    assert blocks(book)[0].text == "A Title Across The Page"


def test_turned_page_is_read(tmp_path: Path) -> None:
    parts = [prose(40, start=1), prose(30, start=2)]
    lines = [line for part in parts for line in wrapped(part, indent=3)]
    assert texts(read(tmp_path, Page(set_lines(lines), rotate=90))) == parts


def test_text_set_askew_is_not_read(tmp_path: Path) -> None:
    data = pdf_bytes([Page([Text("DRAFT", 100, 300, 60), *body(60)])])
    data = data.replace(b"1 0 0 1 100 300 Tm", b".7 .7 -.7 .7 90 290 Tm")[: len(data) + 9]
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert "DRAFT" not in " ".join(block.text for block in blocks(read_here(path)))


# --- words ----------------------------------------------------------------------------------------------


def test_words_parted_at_line_ends_are_whole_and_compounds_keep_their_hyphens(tmp_path: Path) -> None:
    lines = [
        "   The examination was long, and the well-known town",
        "was glad of it. Another town had no such examina-",
        "tion, though it was as old. There was a man so well-",
        "known that nobody had to ask for his own manu-",
        "script; he was an Anglo-",
        "Saxon, born in nineteen hundred, and no town was his.",
    ]
    (text,) = texts(read(tmp_path, Page(set_lines(lines))))
    assert "no such examination, though" in text
    assert "man so well-known that" in text
    assert "own manuscript; he" in text
    assert "an Anglo-Saxon, born" in text


def test_where_no_word_is_ever_parted_hyphens_are_kept(tmp_path: Path) -> None:
    compounds = [("river", "side"), ("mid", "stream"), ("snow", "white"), ("grey", "green"), ("half", "way")]
    lines = [
        f"   The one of them that we all have seen was a {a}-\n{b} thing, and so we said it."
        for a, b in compounds
    ]
    text = " ".join(texts(read(tmp_path, Page(set_lines("\n".join(lines).split("\n"))))))
    assert all(f"{a}-{b}" in text for a, b in compounds)


def test_two_hyphens_at_a_line_end_part_nothing(tmp_path: Path) -> None:
    lines = [
        "   He looked at it and said--",
        '   "How clear it is!"',
        '   "Yes."',
        '   "No."',
        "   Nobody answered--",
    ]
    book = read(
        tmp_path,
        Page([*set_lines(lines), centred("7", 560)]),
        *(Page([*body(y=60), *body(y=300), centred(n, 560)]) for n in "89"),
    )
    assert texts(book)[: len(lines)] == [line.strip() for line in lines]


def test_ligatures_are_letters(tmp_path: Path) -> None:
    lines = ["The ﬁrst oﬃcer ﬂed to the", "aﬄuent of the river."]
    assert texts(read(tmp_path, Page(set_lines(lines, font="unicode")))) == [
        "The first officer fled to the affluent of the river."
    ]


def test_dash_at_a_line_end_is_joined_without_a_space(tmp_path: Path) -> None:
    lines = ["   The fox came to the river and looked at it—", "so wide a river he had never seen before."]
    assert texts(read(tmp_path, Page(set_lines(lines)))) == [
        "The fox came to the river and looked at it—so wide a river he had never seen before."
    ]


def test_chinese_and_japanese_lines_are_joined_without_spaces(tmp_path: Path) -> None:
    lines = ["これは最初の行の文章です。そして次の行へ続い", "ていきます。ここで終わる。"]
    assert texts(read(tmp_path, Page(set_lines(lines, font="unicode")))) == ["".join(lines)]


def test_hebrew_paragraphs_begin_at_the_right(tmp_path: Path) -> None:
    lines = ["שלום עולם זה ספר בעברית שלם", "והוא ממשיך כאן.", "שורה חדשה של פסקה נוספת כאן", "והסוף."]
    right = [300, 310, 300, 310]
    page = Page(
        [
            Text(line[::-1], right[number] - 10 * len(line), TOP + number * LEADING, font="unicode")
            for number, line in enumerate(lines)
        ]
    )
    assert texts(read(tmp_path, page)) == [" ".join(lines[:2]), " ".join(lines[2:])]


def test_columns_of_upright_letters_are_read_downwards_from_the_right(tmp_path: Path) -> None:
    columns = ["ABCDEFGHIJKL", "MNOPQRSTUVWX", "YZABCDEFGHIJ", "KLMNOPQRS"]
    page = Page(
        [
            Text(letter, 300 - 18 * column, 60 + 12 * row)
            for column, line in enumerate(columns)
            for row, letter in enumerate(line)
        ]
    )
    assert texts(read(tmp_path, page)) == [" ".join(columns)]


def test_drop_cap_is_part_of_its_word(tmp_path: Path) -> None:
    lines = ["nce upon a time there was a fox that had seen", "a town and its river, and the lamps that"]
    page = Page(
        [
            Text("O", LEFT, TOP + LEADING, 36),
            *set_lines(lines, x=LEFT + 24),
            *set_lines(wrapped(prose(60)), y=TOP + 2 * LEADING),
        ]
    )
    assert texts(read(tmp_path, page)) == [f"Once {' '.join(lines)[4:]} {prose(60)}"]


# --- roles ----------------------------------------------------------------------------------------------


def test_notes_at_the_foot_are_notes_and_their_marks_are_gone(tmp_path: Path) -> None:
    lines = ["   The fox was seen by many in the year of the", "flood. Nobody else has ever said so, and he is"]
    pages = [
        Page(
            [
                *set_lines(lines, y=60),
                Text("1", LEFT + 6 * 6, 70, 6),  # raised, after 'flood.'
                *set_lines(wrapped(prose(150, start=2)), y=60 + 2 * LEADING),
                Text("1", LEFT, 518, 5),
                *set_lines(
                    ["So it is told in the book of floods, which", "is lost."],
                    x=LEFT + 4,
                    y=521,
                    size=8,
                    leading=10,
                ),
            ]
        ),
        Page([*body(y=60)]),
    ]
    pages[0].texts[1] = Text("flood.", LEFT, 60 + LEADING)
    pages[0].texts.insert(2, Text("Nobody else has ever said so, and he is", LEFT + 8 * 6, 60 + LEADING))
    book = read(tmp_path, *pages)
    assert texts(book, Role.NOTE) == ["So it is told in the book of floods, which is lost."]
    assert texts(book)[0].startswith("The fox was seen by many in the year of the flood. Nobody else")


def test_paragraph_goes_on_past_the_notes_of_its_page(tmp_path: Path) -> None:
    lines = wrapped(prose(300), indent=3)
    note = [Text("*", LEFT, 540, 8), *set_lines(["A note at the foot of the page."], x=LEFT + 6, y=540, size=8)]
    book = read(tmp_path, Page([*set_lines(lines[:28], y=60), *note]), Page(set_lines(lines[28:], y=60)))
    assert [block.role for block in blocks(book)] == [Role.PARAGRAPH, Role.NOTE]
    assert texts(book) == [prose(300)]


def test_note_goes_on_at_the_foot_of_the_next_page(tmp_path: Path) -> None:
    lines = wrapped(prose(300), indent=3)
    first = set_lines(
        ["* A note that begins on one page and then", "goes on at the foot of the page that"],
        y=520,
        size=8,
    )
    rest = set_lines(["follows it, where it ends."], y=534, size=8)
    pages = [Page([*set_lines(lines[:28], y=60), *first]), Page([*set_lines(lines[28:], y=60), *rest])]
    book = read(tmp_path, *pages)
    assert len(texts(book, Role.NOTE)) == 1
    assert texts(book, Role.NOTE)[0].endswith("the page that follows it, where it ends.")
    assert texts(book) == [prose(300)]


def test_numbers_that_are_not_raised_are_read(tmp_path: Path) -> None:
    lines = ["   He was born in 1812 and died in 1870, aged 58,", "in house number 12."]
    assert texts(read(tmp_path, Page(set_lines(lines)))) == [" ".join(lines).strip()]


def test_verse_keeps_its_lines(tmp_path: Path) -> None:
    verse = ["How doth the little crocodile", "Improve his shining tail,", "And pour the waters of the Nile"]
    page = Page([*body(y=60), *set_lines(verse, x=LEFT + 40, y=260), *body(y=330)])
    assert texts(read(tmp_path, page), Role.VERSE) == ["\n".join(verse)]


def test_dialogue_is_no_verse(tmp_path: Path) -> None:
    said = ['"Yes."', '"No."', '"Who are you?"', '"Nobody at all."', '"So I see."']
    before, after = prose(50, start=1), prose(50, start=2)
    lines = [*wrapped(before, indent=3), *(f"   {line}" for line in said), *wrapped(after, indent=3)]
    assert texts(read(tmp_path, Page(set_lines(lines)))) == [before, *said, after]


def test_text_set_in_on_both_sides_is_a_quotation(tmp_path: Path) -> None:
    quoted = prose(50, start=3)
    lines = [wrapped(prose(50, start=1), indent=3), [f"     {line}" for line in wrapped(quoted, 40)]]
    page = Page(stacked(*lines, wrapped(prose(50, start=2), indent=3)))
    assert texts(read(tmp_path, page), Role.QUOTATION) == [quoted]


def test_ornaments_and_rare_gaps_are_scene_breaks(tmp_path: Path) -> None:
    pages = [Page([*body(y=60), *body(y=60 + 11 * LEADING)]) for _ in range(8)]
    pages[3] = Page([*body(60, y=60), centred("*  *  *", 160), *body(60, y=190)])
    pages[5] = Page([*body(60, y=60), *body(60, y=60 + 9 * LEADING)])
    roles = [block.role for block in blocks(read(tmp_path, *pages))]
    assert 1 <= roles.count(Role.SCENE_BREAK) <= 2


def test_list_items_lose_their_bullets(tmp_path: Path) -> None:
    lines = ["• The fox, which is red and lives in the wood by", "  the river.", "• The dog.", "• The goose."]
    book = read(tmp_path, Page([*body(y=60), *set_lines(lines, x=LEFT + 18, y=260)]))
    assert texts(book, Role.LIST_ITEM) == [
        "The fox, which is red and lives in the wood by the river.", "The dog.", "The goose.",
    ]  # fmt: skip


def test_rows_of_cells_are_a_table(tmp_path: Path) -> None:
    rows = [("Animal", "Legs", "Colour"), ("fox", "4", "red"), ("goose", "2", "grey"), ("miller", "2", "white")]
    cells = [
        Text(cell, LEFT + 90 * at, 260 + 20 * row)
        for row, cells in enumerate(rows)
        for at, cell in enumerate(cells)
    ]
    book = read(tmp_path, Page([*body(y=60), *cells]))
    assert texts(book, Role.TABLE) == [", ".join(row) for row in rows]


def test_caption_waits_for_the_end_of_the_paragraph(tmp_path: Path) -> None:
    lines = wrapped(prose(300), indent=3)
    caption = Text("Figure 1. A fox.", LEFT + 60, 540, 8)
    book = read(tmp_path, Page([*set_lines(lines[:28], y=60), caption]), Page(set_lines(lines[28:], y=60)))
    assert [(block.role, block.text) for block in blocks(book)] == [
        (Role.PARAGRAPH, prose(300)),
        (Role.CAPTION, "Figure 1. A fox."),
    ]
