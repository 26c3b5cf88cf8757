"""EPUB 2 and 3 to a Manuscript: chapters by the table of contents, cut at its anchors, in spine order."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import chapters_of
from narrator.manuscript.epub_archive import EpubArchive
from narrator.manuscript.epub_outline import Outline
from narrator.manuscript.epub_package import Package
from narrator.manuscript.epub_toc import Landmark, TocEntry, guide, landmarks, nav_entries, ncx_entries
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.html_notes import Anchor, notes_by_file
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
        return _Book(archive, path).read()


class _Book:
    """One EPUB while it is read."""

    def __init__(self, archive: EpubArchive, path: Path) -> None:
        self._archive = archive
        self._path = path
        self._package = Package(archive, path.name)

    def read(self) -> Manuscript:
        spine = self._package.spine()
        for page in self._package.missing_pages():
            _log.warning("%s: its reading order names %r, which is not in the file.", self._path.name, page)
        roots = {name: root for name in spine if (root := parse_xhtml(self._archive.read(name))) is not None}
        outline = self._outline(roots, frozenset(name for name, linear in spine.items() if not linear))
        texts = [piece.block.text for piece in outline.pieces if piece.block.text]
        if not texts:
            raise ManuscriptError(
                f"{self._path.name} has no text.",
                advice="Its pages may be pictures: narrator needs text, as OCR software makes it.",
            )
        title = self._package.title() or self._path.stem
        language = self._package.language() or guess_language(texts)
        entries, marks = self._contents()
        stretches = outline.stretches(entries, marks, self._resolver(), title)
        return Manuscript(
            title=title,
            authors=self._package.authors(),
            language=language,
            chapters=chapters_of(stretches, book_title=title, language=language),
            cover=self._package.cover(),
        )

    def _outline(self, roots: Mapping[str, etree._Element], auxiliary: frozenset[str]) -> Outline:
        notes = notes_by_file(roots, self._resolve)
        pages = {
            name: read_page(root, name=Path(name).name, note_ids=notes.get(name, frozenset()))
            for name, root in roots.items()
        }
        return Outline(pages, auxiliary=auxiliary)

    def _contents(self) -> tuple[tuple[TocEntry, ...], list[Landmark]]:
        """The table of contents and the landmarks, with addresses in the whole archive."""
        package, archive = self._package, self._archive
        marks = [Landmark(mark.terms, self._absolute(mark.href, package.name)) for mark in guide(package.root)]
        entries: tuple[TocEntry, ...] = ()
        name = package.nav_name()
        root = parse_xhtml(archive.read(name)) if name else None
        if name and root is not None:
            entries = self._absolute_entries(nav_entries(root), name)
            marks += [Landmark(mark.terms, self._absolute(mark.href, name)) for mark in landmarks(root)]
        ncx = package.ncx_name()
        if not entries and ncx:
            entries = self._absolute_entries(
                ncx_entries(parse_xml(archive.read(ncx), where=f"{self._path.name}: {ncx}")), ncx
            )
        return entries, marks

    def _absolute_entries(self, entries: tuple[TocEntry, ...], base: str) -> tuple[TocEntry, ...]:
        return tuple(
            TocEntry(entry.title, self._absolute(entry.href, base), entry.depth, entry.has_children)
            for entry in entries
        )
