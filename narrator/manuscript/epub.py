"""EPUB 2 and 3 to a Manuscript: chapters by the table of contents, cut at its anchors, in spine order."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path, PurePosixPath

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import chapters_of
from narrator.manuscript.epub_archive import EpubArchive
from narrator.manuscript.epub_outline import Outline
from narrator.manuscript.epub_package import Package
from narrator.manuscript.epub_toc import Landmark, TocEntry, landmarks, nav_entries, ncx_entries
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.html_notes import notes_by_file
from narrator.manuscript.language import guess_language
from narrator.manuscript.markup import parse_xhtml, parse_xml
from narrator.model import Manuscript

_log = logging.getLogger(__name__)


def read_epub(path: Path) -> Manuscript:
    """Read an EPUB.

    Raises:
        ManuscriptError: damaged, protected, without text, or larger than any book.
    """
    with EpubArchive(path) as archive:
        archive.refuse_protected()
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
        contents, marks = _contents(archive, package, path.name)
        stretches = outline.stretches(contents, marks, title)
        return Manuscript(
            title=title,
            authors=package.authors(),
            language=language,
            chapters=chapters_of(stretches, book_title=title, language=language),
            cover=package.cover(),
        )


def _outline(archive: EpubArchive, package: Package, book: str) -> Outline:
    """All pages of the spine, read."""
    for page in package.missing_pages():
        _log.warning("%s: its reading order names %r, which is not in the file.", book, page)
    spine = package.spine()
    roots = {name: root for name in spine if (root := parse_xhtml(archive.read(name))) is not None}
    notes = notes_by_file(roots, archive.locate)
    pages = {
        name: read_page(root, name=PurePosixPath(name).name, note_ids=notes.get(name, frozenset()))
        for name, root in roots.items()
    }
    return Outline(pages, auxiliary=frozenset(name for name, is_linear in spine.items() if not is_linear))


def _contents(
    archive: EpubArchive, package: Package, book: str
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
