"""EPUB 2 and 3 to a Manuscript: chapters by the table of contents, cut at its anchors, in spine order."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import chapters_of
from narrator.manuscript.epub_package import Package
from narrator.manuscript.epub_protection import refuse_protected
from narrator.manuscript.epub_toc import Landmark, TocEntry, landmarks, nav_entries, ncx_entries
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.html_note_names import name_of, with_notes_named
from narrator.manuscript.html_notes import notes_by_file
from narrator.manuscript.language import guess_language
from narrator.manuscript.markup import parse_xhtml, parse_xml, refuse_endless
from narrator.manuscript.outline import Outline
from narrator.manuscript.settled import settled
from narrator.manuscript.zip_archive import ZipArchive
from narrator.model import Manuscript

_ANEW = "The file is damaged: get it anew, or repair it with Calibre."
_NO_PAGES = (b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-")
"""How files of other kinds begin that some books list among their pages."""
_log = logging.getLogger(__name__)


def read_epub(path: Path) -> Manuscript:
    """Read an EPUB.

    Raises:
        ManuscriptError: damaged, protected, without text, or larger than any book.
    """
    with ZipArchive(path, form="EPUB", advice=_ANEW) as archive:
        refuse_protected(archive, path.name)
        package = Package(archive, path.name)
        outline = _outline(archive, package, path.name)
        texts = [piece.block.text for piece in outline.pieces if piece.block.text]
        if not texts:
            raise ManuscriptError(
                f"{path.name} has no text.",
                advice="Its pages may be pictures: narrator needs text, as OCR software makes it.",
            )
        title = package.title() or path.stem
        language = package.language() or guess_language(texts)
        series, part = package.series()
        contents, marks = _contents(archive, package, path.name)
        stretches = outline.stretches(contents, marks, title)
        return Manuscript(
            title=title,
            authors=package.authors(),
            language=language,
            chapters=settled(chapters_of(stretches, book_title=title, language=language), language),
            cover=package.cover(),
            date=package.date(),
            series=series,
            part=part,
            isbn=package.isbn(),
            publisher=package.publisher(),
            description=package.description(),
        )


def _outline(archive: ZipArchive, package: Package, book: str) -> Outline:
    """All pages of the spine, read."""
    for page in package.missing_pages():
        _log.warning("%s: its reading order names %r, which is not in the file.", book, page)
    spine = package.spine()
    roots = _roots(archive, spine, book)
    notes = notes_by_file(roots, archive.locate)
    pages = {
        name: read_page(
            root,
            name=PurePosixPath(name).name,
            note_ids=notes.get(name, frozenset()),
            naming=partial(_name_of, archive, name),
        )
        for name, root in roots.items()
    }
    return Outline(
        with_notes_named(pages), auxiliary=frozenset(name for name, is_linear in spine.items() if not is_linear)
    )


def _roots(archive: ZipArchive, names: Iterable[str], book: str) -> dict[str, etree._Element]:
    """The pages of these names that hold an element, parsed."""
    pages = {name: archive.read(name) for name in names}
    refuse_endless(pages.values(), where=book)
    for name in [name for name, data in pages.items() if data.startswith(_NO_PAGES)]:
        _log.warning("%s: %r is in its reading order, and is no page.", book, name)
        del pages[name]
    return {name: root for name, data in pages.items() if (root := parse_xhtml(data)) is not None}


def _name_of(archive: ZipArchive, page: str, address: str) -> str:
    return name_of(archive.locate(address, page))


def _contents(
    archive: ZipArchive, package: Package, book: str
) -> tuple[list[tuple[TocEntry, ...]], list[Landmark]]:
    """The tables of contents, the nav's before the NCX's, and the landmarks and guide."""
    marks = list(package.guide())
    contents: list[tuple[TocEntry, ...]] = []
    nav = package.nav_name()
    if nav and (root := parse_xhtml(archive.read(nav))) is not None:
        contents.append(nav_entries(root, partial(archive.locate, base=nav)))
        marks += landmarks(root, partial(archive.locate, base=nav))
    ncx = package.ncx_name()
    if ncx:
        root = parse_xml(archive.read(ncx), where=f"{book}: {ncx}")
        contents.append(ncx_entries(root, partial(archive.locate, base=ncx)))
    return contents, marks
