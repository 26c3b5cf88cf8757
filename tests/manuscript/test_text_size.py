"""How much text is a book: what no book has is refused early, and the longest books are read."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from narrator.errors import ManuscriptError
from narrator.manuscript.reading import read_manuscript

_PROSE = "It was a long way to the river, and nobody had asked why they went there at all, but they went."


def _read(folder: Path, name: str, text: str) -> list[str]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return [block.text for chapter in read_manuscript(path).chapters for block in chapter.blocks]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.txt", "a\n\n" * 161_000, "paragraphs"),
        ("a.txt", "a\n" * 351_000, "lines"),
        ("a.txt", "CHAPTER I\n\n" * 60_000, "chapters"),
        ("a.txt", "a" + "\f" * 2_000_001, "ends of lines"),
        ("a.txt", "x" * 20_000_001, "characters"),
        ("a.md", "a\n\n" * 101_000, "paragraphs"),
        ("a.md", "- a\n" * 101_000, "list items"),
        ("a.md", "|a|b|\n|-|-|\n" + "|a|b|\n" * 40_000, "cells"),
        ("a.md", "*a " * 250_001, "signs of markup"),
        ("a.md", "#" * 1_000_001, "signs that may be markup"),
        ("a.md", "# a\n" * 21_000, "chapters"),
    ],
)
def test_more_than_a_book_has_is_refused(name: str, text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(ManuscriptError, match=what):
        _read(tmp_path, name, text)


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_verses_of_a_whole_bible_are_read(name: str, tmp_path: Path) -> None:
    verses = [f"{number} {_PROSE}" for number in range(31_000)]
    assert _read(tmp_path, name, "\n\n".join(verses))[-1].endswith(_PROSE)


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_one_line_of_a_book_is_read_whole(name: str, tmp_path: Path) -> None:
    assert _read(tmp_path, name, f"{_PROSE} " * 10_000) == [" ".join([_PROSE] * 10_000)]


def test_lists_nested_on_one_line_hide_nothing_after_them(tmp_path: Path) -> None:
    assert _read(tmp_path, "a.md", "First.\n\n" + "1. " * 500 + "deep\n\nLast.\n")[-1] == "Last."


def test_lone_carriage_returns_end_lines(tmp_path: Path) -> None:
    assert _read(tmp_path, "a.txt", "One\r\rTwo\r\r\nThree\r\n\r\nFour") == ["One", "Two\nThree", "Four"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("He was =very= glad.", "He was very glad."),
        ("He was ~very~ and +so+ glad.", "He was very and so glad."),
        ("Let x =y, and z = 2 be.", "Let x =y, and z = 2 be."),
        ("=One= and =two", "One and =two"),
    ],
)
def test_bold_print_loses_its_signs(written: str, said: str, tmp_path: Path) -> None:
    assert _read(tmp_path, "a.txt", written) == [said]


def test_garbage_is_collected_again_after_reading(tmp_path: Path) -> None:
    assert gc.isenabled()
    _read(tmp_path, "a.txt", _PROSE)
    assert gc.isenabled()
    with pytest.raises(ManuscriptError):
        _read(tmp_path, "a.txt", "a\n\n" * 161_000)
    assert gc.isenabled()
