from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from narrator.errors import ExitCode, ManuscriptError
from narrator.model import Manuscript
from tests.cpu_time import cpu_s_at_most
from tests.manuscript.pdf_maker import (
    LEFT,
    Page,
    Text,
    make_pdf,
    pdf_bytes,
    prose,
    read_here,
    set_lines,
    wrapped,
)

PAGES = [
    Page(
        [Text(f"Chapter {number}", LEFT, 60, 16), *set_lines(wrapped(prose(90, start=number), indent=3), y=100)]
    )
    for number in (1, 2)
]
SMALL = pdf_bytes(PAGES, outline=[("Chapter 1", 0, 40, 0), ("Chapter 2", 1, 40, 0)], facts={"Title": "Foxes"})


def read(tmp_path: Path, data: bytes) -> Manuscript:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    return read_here(path)


def refusal(tmp_path: Path, data: bytes) -> ManuscriptError:
    with pytest.raises(ManuscriptError) as caught:
        read(tmp_path, data)
    assert caught.value.exit_code is ExitCode.UNREADABLE
    assert caught.value.what.startswith("a.pdf ")
    assert "\n" not in caught.value.what
    assert caught.value.advice
    return caught.value


def test_protected_file_says_how_to_open_it(tmp_path: Path) -> None:
    error = refusal(tmp_path, pdf_bytes(PAGES, encrypted=True))
    assert "password" in error.what
    assert "qpdf --decrypt" in error.advice


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n", b"no PDF at all", b"\x00" * 4000, SMALL[:300], b"\xff" * 4000]
)
def test_what_is_no_pdf_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "damaged" in refusal(tmp_path, data).what


@pytest.mark.parametrize("start", [b"startxref\n0", b"startxref\n99999999", b"startxref\nnonsense"])
def test_file_with_a_wrong_table_of_objects_is_read(tmp_path: Path, start: bytes) -> None:
    head, _, _ = SMALL.partition(b"startxref")
    book = read(tmp_path, head + start + b"\n%%EOF")
    assert [chapter.title for chapter in book.chapters] == ["Chapter 1", "Chapter 2"]


@pytest.mark.parametrize("pages", [[Page()] * 3, [Page([Text("1", LEFT, 560)]), Page([Text("2", LEFT, 560)])]])
def test_pages_without_text_ask_for_recognition(tmp_path: Path, pages: list[Page]) -> None:
    error = refusal(tmp_path, pdf_bytes(pages))
    assert "no text layer" in error.what
    assert "ocrmypdf" in error.advice


def test_font_that_names_no_letters_is_refused(tmp_path: Path) -> None:
    shown = [
        Text("\ue001\ue002\ue003 \ue004\ue005\ue006\ue007 " * 5, LEFT, 60 + 14 * row, font="unicode")
        for row in range(9)
    ]
    error = refusal(tmp_path, pdf_bytes([Page([*shown, Text("some letters", LEFT, 400)])]))
    assert "which letters" in error.what
    assert "--force-ocr" in error.advice


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_stream_made_to_fill_the_memory_is_refused(tmp_path: Path, layers: int) -> None:
    deflater = zlib.compressobj(9)
    stream = b"".join(deflater.compress(b" " * (1 << 20)) for _ in range(80)) + deflater.flush()
    for _ in range(layers - 1):
        stream = zlib.compress(stream, 9)
    filters = b"/FlateDecode " * layers
    trap = b"<</Filter[%s]/Length %d>>stream\n" % (filters, len(stream)) + stream + b"\nendstream"
    data = SMALL.replace(b"%PDF-1.7\n", b"%PDF-1.7\n90 0 obj\n" + trap + b"\nendobj\n")
    with cpu_s_at_most(2):
        assert "fill the memory" in refusal(tmp_path, data).what


def test_many_pages_are_read_quickly(tmp_path: Path) -> None:
    pages = [
        Page(
            [
                Text(f"Chapter {number}", LEFT, 60, 16),
                *set_lines(wrapped(f"Fox {number} was here. {prose(12, start=number)}"), y=100),
            ]
        )
        for number in range(1, 2001)
    ]
    path = make_pdf(tmp_path / "a.pdf", pages)
    with cpu_s_at_most(2.5):
        book = read_here(path)
    assert len(book.chapters) == 2000


def test_line_of_a_megabyte_is_read(tmp_path: Path) -> None:
    with cpu_s_at_most(5):
        book = read(tmp_path, pdf_bytes([Page([Text("word " * 200_000, LEFT, 100)])]))
    assert "word word" in book.chapters[0].blocks[0].text


def test_circle_in_the_outline_ends(tmp_path: Path) -> None:
    data = SMALL.replace(b"/Prev ", b"/Next ")
    assert [chapter.title for chapter in read(tmp_path, data).chapters] == ["Chapter 1", "Chapter 2"]
