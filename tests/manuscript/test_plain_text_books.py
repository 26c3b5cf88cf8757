from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.plain_text import read_plain_text
from narrator.model import Manuscript, Role

LONG = (
    "The quick brown fox jumped over the lazy dog while the rain was falling\n"
    "on the roofs of the old town, and nobody in it cared at all about that.\n"
)
GUTENBERG = (
    "The Project Gutenberg EBook of Tom, by Mark Twain\n\nTitle: Tom\n\nAuthor: Mark Twain\n\n"
    "Language: French\n\n*** START OF THIS PROJECT GUTENBERG EBOOK TOM ***\n\nProduced by Somebody\n\n\n\n"
    "{}\n\nEnd of Project Gutenberg's Tom, by Mark Twain\n\n"
    "*** END OF THIS PROJECT GUTENBERG EBOOK TOM ***\nlicence\n"
)


def book_of(tmp_path: Path, text: str, *, encoding: str = "utf-8") -> Manuscript:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    return read_plain_text(path)


def titles(book: Manuscript) -> list[str]:
    return [chapter.title for chapter in book.chapters]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\r\r\n"])
def test_gutenberg_book_is_read_whatever_ends_its_lines(tmp_path: Path, ends: str) -> None:
    contents = "CONTENTS\n\nCHAPTER I\n\nCHAPTER II\n\nCHAPTER III\n\nCHAPTER IV\n\n\nPREFACE\n\n" + LONG
    chapters = "".join(f"\n\n\nCHAPTER {number}\n\n{LONG}\n{LONG}" for number in ("I", "II", "III", "IV"))
    book = book_of(tmp_path, GUTENBERG.format(contents + chapters).replace("\n", ends))
    assert (book.title, book.authors, book.language) == ("Tom", ("Mark Twain",), "fr")
    assert [chapter.kind for chapter in book.chapters] == [
        "gutenberg-header", "toc", "preface", "chapter", "chapter", "chapter", "chapter", "gutenberg-license",
    ]  # fmt: skip
    assert [block.text for block in book.chapters[-2].blocks[1:]] == [LONG.replace("\n", " ").strip()] * 2


def test_parts_and_repeated_numbers_are_chapters_of_their_own(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        "".join(f"PART {part}\n\nCHAPTER I\n\n{LONG}\n\nCHAPTER II\n\n{LONG}\n\n" for part in ("ONE", "TWO")),
    )
    assert titles(book) == ["CHAPTER I", "CHAPTER II"] * 2
    assert [block.text for block in book.chapters[2].blocks[:2]] == ["PART TWO", "CHAPTER I"]


def test_bare_numerals_are_chapters(tmp_path: Path) -> None:
    book = book_of(tmp_path, "".join(f"\n\n\n{number}\n\n{LONG}" for number in ("I", "II.", "III")))
    assert titles(book) == ["I", "II.", "III"]


def test_lines_in_capitals_are_chapters_where_nothing_is_numbered(tmp_path: Path) -> None:
    names = ["THE RED HOUSE", "THE BLUE DOOR", "A GREEN HAT"]
    assert titles(book_of(tmp_path, "".join(f"\n\n\n{name}\n\n{LONG}" for name in names))) == names


def test_paragraph_a_line_is_not_joined(tmp_path: Path) -> None:
    lines = [LONG.replace("\n", " ").strip(), "She said no.", LONG.replace("\n", " ").strip()]
    book = book_of(tmp_path, "Chapter 1\n" + "\n".join(lines))
    assert [block.text for block in book.chapters[0].blocks] == ["Chapter 1", *lines]


def test_numbered_paragraphs_are_no_notes(tmp_path: Path) -> None:
    book = book_of(tmp_path, f"[1] {LONG}\n[2] {LONG}")
    assert {block.role for block in book.chapters[0].blocks} == {Role.PARAGRAPH}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "mac-roman"])
def test_old_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    line = "Il était là, le garçon français, où l’été brûlait la forêt; elle ne le savait pas, mais lui déjà.\n"
    book = book_of(tmp_path, line * 9, encoding=encoding)
    assert book.chapters[0].blocks[0].text.startswith("Il était là, le garçon français, où l’été brûlait")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива."),
        ("koi8-r", "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива."),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy a šel domů přes louku, kde stál starý dům."),
        ("shift_jis", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"),
    ],
)
def test_encodings_of_other_scripts_are_read(tmp_path: Path, encoding: str, text: str) -> None:
    assert book_of(tmp_path, f"{text}\n" * 9, encoding=encoding).chapters[0].blocks[0].text.startswith(text)


def test_declared_encoding_is_believed(tmp_path: Path) -> None:
    header = (
        "Title: X\n\nCharacter set encoding: ISO-8859-5\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n"
    )
    book = book_of(tmp_path, header + "Он был там.\n", encoding="iso8859-5")
    assert book.chapters[-1].blocks[-1].text == "Он был там."


@pytest.mark.parametrize(
    "text", ["CHAPTER I\n\n\n" * 3000, "_ " * 50_000 + "word", "[" * 50_000, "word " * 200_000, "(" * 50_000]
)
def test_absurd_text_is_read_in_no_time(tmp_path: Path, text: str) -> None:
    assert book_of(tmp_path, text).chapters


def test_lines_in_capitals_after_one_empty_line_are_chapters_too(tmp_path: Path) -> None:
    names = ["THE RED HOUSE", "THE BLUE DOOR", "A GREEN HAT"]
    assert titles(book_of(tmp_path, "".join(f"{name}\n\n{LONG}\n{LONG}\n" for name in names))) == names


def test_contents_of_parts_and_numbered_lines_are_not_read_into_the_first_chapter(tmp_path: Path) -> None:
    listed = "".join(f"    {number}.  THE EVE OF THE {number}\n" for number in ("I", "II", "III"))
    contents = f"Contents\n\nBOOK ONE: THE COMING\n\n{listed}\nBOOK TWO: THE GOING\n\n{listed}"
    chapters = "".join(
        f"\n\n\n\nBOOK {part}\n\n" + "".join(f"\n\n\n{n}\n\nTHE EVE\n\n\n{LONG}\n{LONG}" for n in ("I", "II"))
        for part in ("ONE", "TWO")
    )
    book = book_of(tmp_path, f"The War\n\nby H. G. Wells\n\n\n{contents}{chapters}")
    assert [chapter.title for chapter in book.chapters if chapter.kind != "toc"][1:] == [
        "I: THE EVE",
        "II: THE EVE",
    ] * 2
    said = [block.text for chapter in book.chapters for block in chapter.blocks if chapter.kind == ""]
    assert "BOOK ONE: THE COMING" not in said


def test_rare_gap_of_several_lines_is_a_scene_break(tmp_path: Path) -> None:
    book = book_of(tmp_path, "Chapter 1\n\n" + f"{LONG}\n" * 5 + f"\n\n{LONG}\n" + f"{LONG}\n" * 4)
    found = [block.role for block in book.chapters[0].blocks]
    assert found.index(Role.SCENE_BREAK) == 6
    spaced = book_of(tmp_path, "Chapter 1\n\n" + f"{LONG}\n\n" * 9)
    assert Role.SCENE_BREAK not in {block.role for block in spaced.chapters[0].blocks}
