from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from narrator.errors import ExitCode, ManuscriptError, UsageError
from narrator.manuscript.reading import read_manuscript
from tests.manuscript.epub_maker import make_epub

PROSE = "It was a dark night, and the rain fell on the roofs of the town that he knew.\n"


def test_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file") as caught:
        read_manuscript(tmp_path / "nowhere.epub")
    assert caught.value.exit_code == ExitCode.USAGE


def test_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        read_manuscript(tmp_path)


@pytest.mark.parametrize("name", ["book.epub", "book.txt", "book.md", "book.pdf", "book"])
@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\x00" * 100])
def test_empty_file_says_so_whatever_its_name(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ManuscriptError, match="is empty"):
        read_manuscript(path)


@pytest.mark.parametrize("name", ["book.txt", "book.md", "book"])
def test_binary_rubbish_is_no_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(ManuscriptError, match="is no text"):
        read_manuscript(path)


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "Word"),
        ("a.mobi", b"Title".ljust(60, b"\0") + b"BOOKMOBI" + b"\0" * 99, "Kindle"),
        ("a.azw3", b"Title".ljust(60, b"\0") + b"BOOKMOBI" + b"\0" * 99, "Kindle"),
        ("a.djvu", b"AT&TFORM\0\0\0\0DJVM", "DjVu"),
    ],
)
def test_formats_we_know_but_do_not_read_are_named_with_advice(
    tmp_path: Path, name: str, data: bytes, what: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ManuscriptError, match=what) as caught:
        read_manuscript(path)
    assert "EPUB" in caught.value.advice or ".docx" in caught.value.advice


@pytest.mark.parametrize(("member", "what"), [("word/document.xml", "Word"), ("photo.jpg", "zip")])
def test_zip_that_is_no_epub_is_named(tmp_path: Path, member: str, what: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "x")
    with pytest.raises(ManuscriptError, match=what):
        read_manuscript(path)


@pytest.mark.parametrize("name", ["book.epub", "book.zip", "book.txt", "book"])
def test_epub_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    path = make_epub(tmp_path / name, {"a.xhtml": "<h1>One</h1><p>Text.</p>"}, toc=[("One", "a.xhtml")])
    assert read_manuscript(path).title == "A Book"


@pytest.mark.parametrize("name", ["book.txt", "book.md", "book.MARKDOWN", "book", "book.xyz"])
def test_text_of_any_name_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(PROSE, encoding="utf-8")
    (chapter,) = read_manuscript(path).chapters
    assert [block.text for block in chapter.blocks] == [PROSE.strip()]


def test_book_without_chapters_is_one_chapter_named_after_it(tmp_path: Path) -> None:
    path = tmp_path / "the_long_night.txt"
    path.write_text(PROSE, encoding="utf-8")
    book = read_manuscript(path)
    assert (book.title, [chapter.title for chapter in book.chapters]) == ("the long night", ["the long night"])
