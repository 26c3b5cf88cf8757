"""A PDF file through PDFium: opened or refused in plain words; its facts, its outline, its pages."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from narrator.errors import ManuscriptError
from narrator.manuscript.characters import clean
from narrator.manuscript.pdf_glyphs import glyphs_of
from narrator.manuscript.pdf_lines import Line
from narrator.manuscript.pdf_outline import Bookmark
from narrator.manuscript.pdf_spans import lines_of_glyphs
from narrator.manuscript.pdf_streams import refuse_traps

_DEEPEST = 15
_MOST_BOOKMARKS = 20_000
_MOST_PAGES = 10_000
_MOST_CHARACTERS = 12_000_000
"""Four times as many as 'In Search of Lost Time' has."""


class PdfFile:
    """An open PDF. Pages are loaded one at a time, and closed before the next."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    def fact(self, name: str) -> str:
        """What the file says of itself as 'Title', 'Author' or 'Creator', else ''."""
        return clean(_text(partial(pdfium.FPDF_GetMetaText, self._document.raw, name.encode("ascii"))))

    def language(self) -> str:
        """The language that the file declares, else ''."""
        return _text(partial(pdfium.FPDFCatalog_GetLanguage, self._document.raw)).strip()

    def bookmarks(self) -> Iterator[Bookmark]:
        """The outline, in its order; entries that lead nowhere in this file left out."""
        for number, item in enumerate(self._document.get_toc(max_depth=_DEEPEST)):
            if number >= _MOST_BOOKMARKS:
                return
            destination = item.get_dest()
            page = destination.get_index() if destination else None
            title = clean(_text(partial(pdfium.FPDFBookmark_GetTitle, item.raw)))
            if destination is None or page is None or not 0 <= page < len(self) or not title:
                continue
            yield Bookmark(title, item.level, page, self._depth_on_page(destination, page))

    def _depth_on_page(self, destination: pypdfium2.PdfDest, page: int) -> float | None:
        mode, places = destination.get_view()
        at = {pdfium.PDFDEST_VIEW_XYZ: 1, pdfium.PDFDEST_VIEW_FITH: 0, pdfium.PDFDEST_VIEW_FITBH: 0}.get(mode)
        if at is None or len(places) <= at or not places[at]:
            return None
        with _page(self._document, page) as found:
            if found is None or found.get_rotation():
                return None
            top: float = found.get_bbox()[3]
        return top - float(places[at])

    def pages(self) -> Iterator[list[Line]]:
        """The lines of each page in the order in which they are drawn; none for a page that is damaged."""
        for number in range(len(self)):
            with _page(self._document, number) as page:
                yield _lines(page, number) if page is not None else []


def records(path: Path) -> Iterator[list[Any]]:
    """The text of a PDF as plain data, which `pdf_text.text_from` takes: its facts and outline, then its pages.

    Raises:
        ManuscriptError: as `opened` does; and it is larger than any book.
    """
    with opened(path) as file:
        bookmarks = [astuple(bookmark) for bookmark in file.bookmarks()]
        yield [file.fact("Title"), file.fact("Author"), file.language(), bookmarks]
        left = _MOST_CHARACTERS
        for page in file.pages():
            left -= sum(len(line.text) for line in page)
            if left < 0 or len(file) > _MOST_PAGES:
                raise ManuscriptError(
                    f"{path.name} holds more text than any book.", advice="Is it the right file?"
                )
            yield [
                (line.text, line.left, line.right, line.y, line.size, line.bold, line.page, line.mark)
                for line in page
            ]


def _text(ask: Callable[[object, int], int]) -> str:
    """A text that PDFium writes as UTF-16 with a NUL at its end, into a buffer of the size that it asks for."""
    size = ask(None, 0)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    ask(buffer, size)
    return bytes(buffer)[: max(size - 2, 0)].decode("utf-16-le", errors="ignore")


def _lines(page: pypdfium2.PdfPage, number: int) -> list[Line]:
    try:
        with glyphs_of(page) as glyphs:
            return lines_of_glyphs(glyphs, number)
    except pypdfium2.PdfiumError:  # a page without a text layer that can be loaded
        return []


@contextmanager
def _page(document: pypdfium2.PdfDocument, number: int) -> Iterator[pypdfium2.PdfPage | None]:
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        yield None
        return
    try:
        yield page
    finally:
        page.close()


@contextmanager
def opened(path: Path) -> Iterator[PdfFile]:
    """The file, open.

    Raises:
        ManuscriptError: it is protected by a password, damaged, no PDF, or made to do harm.
    """
    refuse_traps(path)
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        raise _refusal(path.name, exc.err_code) from exc
    try:
        yield PdfFile(document)
    finally:
        document.close()


def _refusal(name: str, code: int | None) -> ManuscriptError:
    if code == pdfium.FPDF_ERR_PASSWORD:
        return ManuscriptError(
            f"{name} is protected by a password.",
            advice="Save a copy without one: qpdf --decrypt --password=... in.pdf out.pdf",
        )
    if code == pdfium.FPDF_ERR_SECURITY:
        return ManuscriptError(
            f"{name} is protected in a way that narrator cannot open.",
            advice="Ask its publisher for a copy without protection.",
        )
    return ManuscriptError(
        f"{name} is damaged, or no PDF.",
        advice="Get it anew, or repair it: qpdf in.pdf out.pdf",
    )
