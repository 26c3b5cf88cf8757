"""PDF to a Manuscript, by its text layer: chapters by its outline, else by the look of its headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import chapters_of
from narrator.manuscript.characters import same_words
from narrator.manuscript.epub_toc import TocEntry
from narrator.manuscript.gutenberg import authors_of, body_bounds, header_fields
from narrator.manuscript.headings import is_bare_label
from narrator.manuscript.html_blocks import Page
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.matter import kind_of_title
from narrator.manuscript.outline import Outline
from narrator.manuscript.pdf_facts import authors_in, title_in
from narrator.manuscript.pdf_items import Item, items_of
from narrator.manuscript.pdf_lines import Line, mirrored
from narrator.manuscript.pdf_margins import without_margins
from narrator.manuscript.pdf_measures import Measures, same_size
from narrator.manuscript.pdf_order import Column, columns_of
from narrator.manuscript.pdf_outline import Place, places_of
from narrator.manuscript.pdf_text import PdfText, text_of
from narrator.manuscript.pdf_words import Words
from narrator.manuscript.pieces import Piece
from narrator.model import Manuscript, Role

_FEWEST_CHARACTERS = 12
"""A file with fewer characters a page than these holds pictures of pages."""
_UNREADABLE = re.compile(r"[\ufffd\ue000-\uf8ff\x00]")
_GARBLED = 0.3
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_PAGES_TRIED = 50
_EARLY_END = 0.2
"""A page that ends higher by this share of the usual depth ends for a reason."""
_TITLE_PAGES = 3


def read_pdf(path: Path) -> Manuscript:
    """Read a PDF that has a text layer.

    Raises:
        ManuscriptError: protected, damaged, without a text layer, or with one that says no letters; or made to
            do harm.
    """
    return book_of(text_of(path), path)


def book_of(text: PdfText, path: Path) -> Manuscript:
    """The book that the text of a file is.

    Raises:
        ManuscriptError: there are no letters in it.
    """
    columns = _columns(text.pages, path.name)
    places = places_of(text.bookmarks, columns)
    items = items_of(columns, Measures(columns), {place.line: place.height for place in places})
    named = title_in(text.title)
    words = Words([line.text for column in columns for line in column.lines])
    sections = _sections(items, words, places)
    outline = Outline(sections)
    texts = [piece.block.text for piece in outline.pieces]
    first, _ = body_bounds(texts)
    fields = header_fields("\n".join(texts[:first]))
    title = fields.get("title") or named or _largest(items, words) or re.sub(r"[_-]+", " ", path.stem).strip()
    language = normal_tag(fields.get("language", "") or text.language) or guess_language(texts)
    stretches = outline.stretches([_entries(places, sections)], (), title)
    return Manuscript(
        title,
        authors_of(fields) or authors_in(text.author),
        language,
        chapters_of(stretches, book_title=title, language=language),
    )


def _columns(pages: list[list[Line]], name: str) -> list[Column]:
    """The columns of all pages, without running heads and feet.

    Raises:
        ManuscriptError: there is no text to read.
    """
    _refuse_unreadable(pages, name)
    if _is_right_to_left(pages):
        pages = [[mirrored(line) for line in page] for page in pages]
    text = without_margins(pages)
    return [
        column
        for number, lines in enumerate(text if any(text) else pages)
        for column in columns_of(lines, number)
    ]


def _is_right_to_left(pages: Sequence[Sequence[Line]]) -> bool:
    text = "".join(line.text for page in pages[:_PAGES_TRIED] for line in page)
    return len(_RIGHT_TO_LEFT.findall(text)) * 2 > len(text)


def _refuse_unreadable(pages: Sequence[Sequence[Line]], name: str) -> None:
    text = "".join(line.text for page in pages for line in page)
    if len(text) < _FEWEST_CHARACTERS * len(pages) or not any(map(str.isalpha, text)):
        raise ManuscriptError(
            f"{name} has no text layer: its pages are pictures.",
            advice="Have their letters recognised, and render what comes of it: ocrmypdf in.pdf out.pdf",
        )
    if len(_UNREADABLE.findall(text)) > _GARBLED * len(text):
        raise ManuscriptError(
            f"{name} does not say which letters its fonts show.",
            advice="Have its pages recognised as pictures: ocrmypdf --force-ocr in.pdf out.pdf",
        )


def _sections(items: Sequence[Item], words: Words, places: Sequence[Place]) -> dict[str, Page]:
    """The book as it would be in files: one begins at a heading or after a page that ends early."""
    depths = _depths(items)
    usual = median(depths.values())
    wanted: dict[Line, list[str]] = {}
    for number, place in enumerate(places):
        wanted.setdefault(place.line, []).append(str(number))
    found: dict[str, tuple[list[Piece], dict[str, int]]] = {}
    last = -2
    for item in items:
        is_new_page = item.page > last and item.paragraph.role is not Role.NOTE
        is_apart = item.level or item.page > last + 1 or depths[last] < (1 - _EARLY_END) * usual
        if not found or (is_new_page and is_apart):
            found[f"page {item.page + 1}"] = ([], {})
        pieces, anchors = found[next(reversed(found))]
        anchors |= dict.fromkeys(wanted.get(item.paragraph.lines[0], ()), len(pieces))
        piece = item.piece(words)
        if piece.block.text or piece.block.role is Role.SCENE_BREAK:
            pieces.append(piece)
        last = max(last, item.paragraph.lines[-1].page)
    return {name: Page(tuple(pieces), anchors) for name, (pieces, anchors) in found.items()}


def _depths(items: Sequence[Item]) -> dict[int, float]:
    """How far down each page its last line stands."""
    depths: dict[int, float] = {}
    for item in items:
        for line in item.paragraph.lines:
            depths[line.page] = max(depths.get(line.page, 0.0), line.y)
    return depths


def _entries(places: Sequence[Place], sections: Mapping[str, Page]) -> list[TocEntry]:
    """The outline as a table of contents."""
    targets = {anchor: name for name, page in sections.items() for anchor in page.anchors}
    return [
        TocEntry(place.bookmark.title, (targets[str(number)], str(number)), place.bookmark.depth)
        for number, place in enumerate(places)
        if str(number) in targets
    ]


def _largest(items: Sequence[Item], words: Words) -> str:
    """What is set in the largest type of the book, where only the first pages have it and it can be a title."""
    headings = [item for item in items if item.paragraph.role is Role.HEADING]
    largest = max(headings, key=lambda item: item.paragraph.size, default=None)
    if largest is None or largest.page >= _TITLE_PAGES:
        return ""
    text = largest.piece(words).block.text
    alike = (
        item.page == largest.page or same_words(item.piece(words).block.text) == same_words(text)
        for item in headings
        if same_size(item.paragraph.size, largest.paragraph.size)
    )
    return text if all(alike) and not kind_of_title(text) and not is_bare_label(text) else ""
