"""Where the chapters of a book begin: where its table of contents leads, and where its matter changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from narrator.manuscript.chapters import LONGEST_PAGE, Stretch, kind_of_shape
from narrator.manuscript.characters import same_words, words_in
from narrator.manuscript.contents_marks import Mark, chapter_marks
from narrator.manuscript.epub_toc import Landmark, TocEntry
from narrator.manuscript.gutenberg import body_bounds
from narrator.manuscript.heading_levels import chapter_headings
from narrator.manuscript.headings import is_bare_label, label_is_chapter
from narrator.manuscript.html_blocks import Page
from narrator.manuscript.matter import (
    is_brief,
    is_page_apart,
    is_tail,
    kind_of_terms,
    kind_of_title,
    matter_of_terms,
)
from narrator.manuscript.paragraph_numbers import without_paragraph_numbers
from narrator.manuscript.pieces import Anchor, Piece
from narrator.model import Matter, Role

_WHOLE_BOOK = 8000
"""A table of contents with one entry for a longer book than this, in words, is useless."""
_LISTS = {"toc", "loi", "lot"}
_NAMELESS = {
    "start",
    "startreading",
    "begin",
    "beginning",
    "beginreading",
    "text",
    "maintext",
    "body",
    "content",
}
"""Entries that only say where the text is."""
_LONGEST_HEADING = 200
_AUXILIARY = "auxiliary-page"
"""What stands outside the linear reading order: https://www.w3.org/TR/epub-33/#attrdef-itemref-linear"""


class Outline:
    """The pieces of all pages in reading order, and what is known of the places among them.

    `pages` are by file name in spine order; `auxiliary` names those outside the linear reading order.
    """

    def __init__(self, pages: Mapping[str, Page], *, auxiliary: frozenset[str] = frozenset()) -> None:
        self.pieces: list[Piece] = []
        self._bounds: dict[str, tuple[int, int]] = {}
        self._anchors: dict[Anchor, int] = {}
        for name, page in without_paragraph_numbers(pages).items():
            start = len(self.pieces)
            self.pieces += page.pieces
            self._bounds[name] = start, len(self.pieces)
            self._anchors |= {(name, anchor): start + at for anchor, at in page.anchors.items()}
        self._starts = sorted({start for start, end in self._bounds.values() if start < end})
        self._words = [words_in(piece.block.text) for piece in self.pieces]
        self._auxiliary = auxiliary if len(auxiliary) < len(pages) else frozenset()

    def stretches(
        self, contents: Iterable[Sequence[TocEntry]], landmarks: Sequence[Landmark], book_title: str
    ) -> list[Stretch]:
        """The book cut up, in reading order, by the first of its tables of contents that is of use."""
        marks = self._marks(contents, book_title)
        places = [(mark, at) for mark in landmarks if (at := self._place(mark.target)) is not None]
        kinds = self._kinds(marks, places, book_title)
        cuts = {0, *(mark.at for mark in marks)}
        # Before the first entry each page is judged by itself; after it, unlisted text goes on with a chapter.
        cuts |= {start for start in self._starts if not marks or start < marks[0].at}
        cuts |= {at for at, (before, after) in enumerate(pairwise(kinds), 1) if before != after}
        matters = _matters_of(places)
        by_place = {mark.at: mark for mark in marks}
        return [
            self._stretch(start, end, by_place.get(start), kinds[start], matters)
            for start, end in pairwise([*sorted(cuts), len(self.pieces)])
        ]

    def _stretch(
        self, start: int, end: int, mark: Mark | None, kind: str, matters: Sequence[tuple[int, Matter]]
    ) -> Stretch:
        pieces = tuple(self.pieces[start:end])
        told = next((piece.matter for piece in pieces if piece.matter and piece.block.text), None)
        matter = Matter.BACK if kind == _AUXILIARY else told
        if matter is None and not kind and not (mark and label_is_chapter(mark.title)):
            matter = next((matter for at, matter in reversed(matters) if at <= start), None)
        title, holds_chapters = (mark.title, mark.holds_chapters) if mark else ("", False)
        return Stretch(pieces, title, "" if kind == _AUXILIARY else kind, matter, holds_chapters)

    # --- where the chapters begin ---------------------------------------------------------------------

    def _marks(self, contents: Iterable[Sequence[TocEntry]], book_title: str) -> list[Mark]:
        """The chapters by a table of contents; where all are missing or useless by headings, or by files."""
        listed = [self._listed(entries, book_title) for entries in contents]
        for marks in listed:
            if self._is_useful(marks):
                return marks
        headings = chapter_headings(self._linear_pieces())
        if headings:
            return [Mark(heading.at, heading.title, 0, heading.holds_chapters) for heading in headings]
        fallback = next((marks for marks in listed if any(map(_is_body, marks))), None)
        return fallback or [Mark(start, "") for start in self._starts]

    def _linear_pieces(self) -> list[Piece]:
        """All pieces; those outside the linear reading order head nothing."""
        pieces = list(self.pieces)
        for name in self._auxiliary:
            for at in range(*self._bounds.get(name, (0, 0))):
                pieces[at] = replace(pieces[at], level=0)
        return pieces

    def _is_useful(self, marks: Sequence[Mark]) -> bool:
        chapters = [mark for mark in marks if _is_body(mark)]
        if len(chapters) != 1:
            return bool(chapters)
        # One entry for all is of use where it names a tale; a book of several chapters needs more.
        is_named = same_words(chapters[0].title) not in _NAMELESS
        return is_named and sum(self._words[chapters[0].at :]) <= _WHOLE_BOOK

    def _listed(self, entries: Sequence[TocEntry], book_title: str) -> list[Mark]:
        marks = [mark for entry in entries if (mark := self._mark(entry)) is not None]
        led, starts = {mark.at for mark in marks}, set(self._starts)
        found = [self._led_back(mark, led) for mark in marks]
        found = [replace(mark, opens_file=mark.at in starts) for mark in found]
        return chapter_marks(found, self.pieces, book_title)

    def _led_back(self, mark: Mark, led: set[int]) -> Mark:
        """The mark at the number or title right before its place, where its anchor stands below them."""
        at, unspelt = mark.at, same_words(mark.title)
        own = same_words(self.pieces[at].block.text)
        is_spelt = bool(own) and unspelt.startswith(own)
        unspelt = unspelt.removesuffix(own)
        start = self._starts[bisect_right(self._starts, at) - 1]
        while at > start and at not in led - {mark.at}:
            text = self.pieces[at - 1].block.text
            words = same_words(text)
            if not words or self.pieces[at - 1].block.role is Role.NOTE or len(text) > _LONGEST_HEADING:
                break
            if not (unspelt.endswith(words) or is_bare_label(text)) or at - 1 in led:
                break
            at, unspelt = at - 1, unspelt.removesuffix(words)
        return replace(mark, at=at, is_spelt=is_spelt or at < mark.at)

    def _mark(self, entry: TocEntry) -> Mark | None:
        at = self._place(entry.target, entry.title)
        if at is not None and entry.title:
            return Mark(at, entry.title, entry.depth)
        # A page without text, such as a picture of a heading: the entry is for what follows it.
        name = entry.target[0]
        start = self._bounds[name][0] if name in self._bounds else len(self.pieces)
        if start == len(self.pieces) or not entry.title or is_page_apart(kind_of_title(entry.title)):
            return None
        return Mark(start, entry.title, entry.depth, is_exact=False)

    def _place(self, target: Anchor, title: str = "") -> int | None:
        """The piece that a target leads to; where its anchor is missing, the heading with the entry's words."""
        name, anchor = target
        start, end = self._bounds.get(name, (0, 0))
        if start == end:
            return None
        at = self._anchors.get(target, start) if anchor else start
        if anchor and target not in self._anchors and (wanted := same_words(title)):
            texts = (same_words(piece.block.text) for piece in self.pieces[start:end])
            at = next((start + number for number, text in enumerate(texts) if text == wanted), start)
        return at if at < len(self.pieces) else None

    # --- front and back matter ------------------------------------------------------------------------

    def _kinds(
        self, marks: Sequence[Mark], places: Iterable[tuple[Landmark, int]], book_title: str
    ) -> list[str]:
        """The kind of page that each piece stands on, '' in chapters; by markup, landmarks, titles, shape."""
        kinds = [piece.kind if is_page_apart(piece.kind) else "" for piece in self.pieces]
        first, end = body_bounds([piece.block.text for piece in self.pieces])
        kinds[:first] = ["gutenberg-header"] * first
        kinds[end:] = ["gutenberg-license"] * (len(kinds) - end)
        ends = sorted({mark.at for mark in marks} | {len(kinds)})
        for landmark, at in places:
            self._fill(kinds, at, ends, kind_of_terms(landmark.terms))
        for mark in marks:
            self._fill(kinds, mark.at, ends, kind_of_title(mark.title))
        for name, (start, _) in self._bounds.items():
            if start not in ends:
                self._fill(kinds, start, ends, self._kind_of_page(name))
        chapters = (mark.at for mark in marks if _is_chapter(mark, book_title))
        # Backwards, so that each ends where the next begins.
        for at in range(next(chapters, 0) - 1, -1, -1):
            self._fill(kinds, at, ends, self._kind_of_heading(at))
        return kinds

    def _fill(self, kinds: list[str], at: int, ends: Sequence[int], kind: str) -> None:
        """Give a kind to the pieces from a place to the next entry, of one page where it is a page's kind."""
        if at >= len(kinds) or kinds[at] or not (is_page_apart(kind) or kind == _AUXILIARY):
            return
        end = ends[bisect_right(ends, at)]
        following = bisect_right(self._starts, at)
        if (kind in _LISTS or is_brief(kind)) and following < len(self._starts):
            # The kind ends with its page, though no entry says what comes next.
            end = min(end, self._starts[following])
        if is_brief(kind) and sum(self._words[at:end]) > LONGEST_PAGE:
            return
        for number in range(at, end):
            kinds[number] = kinds[number] or kind

    def _kind_of_page(self, name: str) -> str:
        """The kind of a file that the contents do not list."""
        start, end = self._bounds[name]
        pieces = self.pieces[start:end]
        if pieces and is_page_apart(kind := self._kind_of_heading(start)):
            return kind
        if pieces and is_tail(kind := kind_of_title(pieces[0].block.text)):
            return kind
        if kind := kind_of_shape(pieces):
            return kind
        return _AUXILIARY if name in self._auxiliary else ""

    def _kind_of_heading(self, at: int) -> str:
        """The kind that a heading names; the word 'Contents' counts in any markup."""
        block = self.pieces[at].block
        kind = kind_of_title(block.text) if block.role in {Role.HEADING, Role.PARAGRAPH} else ""
        return kind if block.role is Role.HEADING or kind in _LISTS else ""


def _is_body(mark: Mark) -> bool:
    return not is_page_apart(kind_of_title(mark.title))


def _is_chapter(mark: Mark, book_title: str) -> bool:
    return _is_body(mark) and same_words(mark.title) != same_words(book_title)


def _matters_of(places: Iterable[tuple[Landmark, int]]) -> list[tuple[int, Matter]]:
    """Where front, body and back begin, by landmarks. A guide's 'text' only says where reading systems open."""
    found = [(at, matter) for landmark, at in places if (matter := matter_of_terms(landmark.terms))]
    bodies = [at for at, matter in found if matter is Matter.BODY]
    if bodies and min(bodies) > 0:
        found.append((0, Matter.FRONT))
    return sorted(found)
