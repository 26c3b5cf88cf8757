"""Where the chapters of an EPUB begin: at the anchors of its table of contents, and where the matter changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.manuscript.chapters import Stretch, label_is_chapter
from narrator.manuscript.characters import same_words, words_in
from narrator.manuscript.epub_toc import Landmark, TocEntry
from narrator.manuscript.gutenberg import body_bounds
from narrator.manuscript.headings import Rank, is_numbered_title, label_of
from narrator.manuscript.html_blocks import Page
from narrator.manuscript.matter import is_page_apart, kind_of_terms, kind_of_title, matter_of_terms
from narrator.manuscript.pieces import Piece
from narrator.model import Matter, Role

_PART_TEXT = 150
"""An entry with fewer words before the first entry under it is a mere heading of those."""
_LONG_SECTION = 1500
_WHOLE_BOOK = 8000
_ONE_PAGE = {"cover", "frontispiece", "titlepage", "halftitlepage", "toc", "loi", "lot", "copyright-page", "imprint"}
_ONE_PAGE |= {"dedication", "epigraph", "colophon", "uncopyright", "advertisement", "dramatis-personae"}
_AUXILIARY = "auxiliary-page"


@dataclass(frozen=True, slots=True)
class _Mark:
    """An entry of the contents at the piece where it leads."""

    at: int
    title: str
    depth: int = 0
    holds_chapters: bool = False


class Outline:
    """The pieces of all pages in reading order, and what is known of the places among them.

    `pages` are by file name in spine order; `auxiliary` names those outside the linear reading order.
    """

    def __init__(self, pages: Mapping[str, Page], *, auxiliary: frozenset[str] = frozenset()) -> None:
        self.pieces: list[Piece] = []
        self._starts: dict[str, int] = {}
        self._anchors: dict[tuple[str, str], int] = {}
        for name, page in pages.items():
            start = self._starts[name] = len(self.pieces)
            self.pieces += page.pieces
            self._anchors |= {(name, anchor): start + at for anchor, at in page.anchors.items()}
        self._auxiliary = auxiliary if len(auxiliary) < len(pages) else frozenset()
        self._words = [words_in(piece.block.text) for piece in self.pieces]

    def stretches(
        self,
        entries: Sequence[TocEntry],
        landmarks: Sequence[Landmark],
        resolve: Callable[[str], tuple[str, str] | None],
        book_title: str,
    ) -> list[Stretch]:
        """The book cut up. `resolve(href)` gives a file name and an anchor, which may be ''."""
        marks = _one_a_place(self._unfolded(self._marks(entries, resolve), book_title))
        if self._is_useless(marks):
            marks = self._marks_of_headings() or self._marks_of_files()
        places = [(mark, at) for mark in landmarks if (at := self._place(mark.href, "", resolve)) is not None]
        kinds = self._kinds(marks, places)
        cuts = {mark.at for mark in marks} | {0}
        for number, (before, after) in enumerate(pairwise(kinds), 1):
            if before != after and (is_page_apart(before) or is_page_apart(after) or _AUXILIARY in {before, after}):
                cuts.add(number)
        by_place = {mark.at: mark for mark in marks}
        matters = _matters_of(places)
        bounds = [*sorted(cut for cut in cuts if cut < len(self.pieces)), len(self.pieces)]
        return [
            self._stretch(start, end, by_place.get(start), kinds[start], matters) for start, end in pairwise(bounds)
        ]

    def _stretch(
        self, start: int, end: int, mark: _Mark | None, kind: str, matters: Sequence[tuple[int, Matter]]
    ) -> Stretch:
        pieces = tuple(self.pieces[start:end])
        told = next((piece.matter for piece in pieces if piece.matter and piece.block.text), None)
        matter = Matter.BACK if kind == _AUXILIARY else told
        if matter is None and not is_page_apart(kind):
            matter = next((matter for at, matter in reversed(matters) if at <= start), None)
        title, holds = (mark.title, mark.holds_chapters) if mark else ("", False)
        return Stretch(pieces, title, kind if is_page_apart(kind) or kind == _AUXILIARY else "", matter, holds)

    # --- the table of contents ----------------------------------------------------------------------

    def _marks(
        self, entries: Iterable[TocEntry], resolve: Callable[[str], tuple[str, str] | None]
    ) -> list[_Mark]:
        found = []
        for entry in entries:
            at = self._place(entry.href, entry.title, resolve)
            if at is not None and at < len(self.pieces) and entry.title:
                found.append(_Mark(at, entry.title, entry.depth, entry.has_children))
        # Stable, so that of entries for one place the outer stays before the inner.
        return sorted(found, key=lambda mark: mark.at)

    def _place(self, href: str, title: str, resolve: Callable[[str], tuple[str, str] | None]) -> int | None:
        """The piece that an address leads to; where its anchor is missing, the heading with the entry's words."""
        target = resolve(href)
        if target is None or target[0] not in self._starts:
            return None
        name, anchor = target
        if not anchor:
            return self._starts[name]
        if (at := self._anchors.get((name, anchor))) is not None:
            return at
        start, end = self._bounds(name)
        wanted = same_words(title)
        for number in range(start, end):
            if wanted and same_words(self.pieces[number].block.text) == wanted:
                return number
        return start

    def _bounds(self, name: str) -> tuple[int, int]:
        start = self._starts[name]
        later = [at for at in self._starts.values() if at > start]
        return start, min(later, default=len(self.pieces))

    def _unfolded(self, marks: list[_Mark], book_title: str) -> list[_Mark]:
        """The marks without the sections inside chapters: a chapter's text goes on over its sections."""
        found: list[_Mark] = []
        closed_above: int | None = None
        for number, mark in enumerate(marks):
            if closed_above is not None and mark.depth > closed_above:
                continue
            closed_above = None
            found.append(mark)
            below = []
            for later in marks[number + 1 :]:
                if later.depth <= mark.depth:
                    break
                below.append(later)
            if below and not self._holds_chapters(mark, below, self._end(marks, number + len(below)), book_title):
                closed_above = mark.depth
                found[-1] = _Mark(mark.at, mark.title, mark.depth)
        return found

    def _end(self, marks: list[_Mark], last: int) -> int:
        return marks[last + 1].at if last + 1 < len(marks) else len(self.pieces)

    def _holds_chapters(self, mark: _Mark, below: list[_Mark], end: int, book_title: str) -> bool:
        """Are the entries below this one chapters, and not sections of it?"""
        if same_words(mark.title) == same_words(book_title):
            return True
        if label := label_of(mark.title):
            return label.rank is Rank.PART
        if label_is_chapter(mark.title) or is_numbered_title(mark.title) or is_page_apart(kind_of_title(mark.title)):
            return False
        if any(label_is_chapter(inner.title) for inner in below):
            return True
        if sum(self._words[mark.at : below[0].at]) < _PART_TEXT:
            return True
        return sum(self._words[below[0].at : end]) > _LONG_SECTION * len(below)

    def _is_useless(self, marks: list[_Mark]) -> bool:
        """No entry for the body of the book, or one for all of a long one."""
        chapters = [mark for mark in marks if not is_page_apart(kind_of_title(mark.title))]
        return not chapters or (len(chapters) == 1 and sum(self._words[chapters[0].at :]) > _WHOLE_BOOK)

    # --- books without a table of contents ------------------------------------------------------------

    def _marks_of_headings(self) -> list[_Mark]:
        """Marks at the highest level of headings that has several: a book's title may stand alone above it."""
        headings = [(at, piece) for at, piece in enumerate(self.pieces) if piece.level]
        for level in range(1, 7):
            if sum(piece.level == level for _, piece in headings) > 1:
                chosen = [(at, piece) for at, piece in headings if piece.level <= level]
                return [_Mark(at, self._heading_at(at), piece.level) for at, piece in chosen]
        return []

    def _heading_at(self, at: int) -> str:
        """The heading, with the line below it where it is only a number."""
        text = self.pieces[at].block.text
        following = self.pieces[at + 1] if at + 1 < len(self.pieces) else None
        if following and following.level > self.pieces[at].level and label_is_chapter(text) and len(text) < 20:
            return f"{text.rstrip('.')}: {following.block.text}"
        return text

    def _marks_of_files(self) -> list[_Mark]:
        """A chapter a file, for books that have neither contents nor headings."""
        starts = sorted({start for start in self._starts.values() if start < len(self.pieces)})
        return [_Mark(start, "") for start in starts]

    # --- front and back matter ------------------------------------------------------------------------

    def _kinds(self, marks: list[_Mark], places: list[tuple[Landmark, int]]) -> list[str]:
        """The kind of each piece's section, '' where nothing tells: markup, landmarks, titles, the shape of a page."""
        kinds = [piece.kind for piece in self.pieces]
        first, end = body_bounds([piece.block.text for piece in self.pieces])
        kinds[:first] = ["gutenberg-header"] * first
        kinds[end:] = ["gutenberg-license"] * (len(kinds) - end)
        ends = sorted({mark.at for mark in marks} | {len(kinds)})
        for landmark, at in places:
            self._fill(kinds, at, ends, kind_of_terms(landmark.terms))
        for mark in marks:
            self._fill(kinds, mark.at, ends, kind_of_title(mark.title))
        for name, start in self._starts.items():
            if start < len(kinds) and start not in ends:
                self._fill(kinds, start, ends, self._kind_of_page(name))
        return kinds

    def _fill(self, kinds: list[str], at: int, ends: list[int], kind: str) -> None:
        """Give a kind to the pieces from a place to the next entry, of one page where it is a page's kind."""
        if at >= len(kinds) or kinds[at] or not (is_page_apart(kind) or kind == _AUXILIARY):
            return
        end = next(end for end in ends if end > at)
        if kind in _ONE_PAGE:
            end = min([end, *(start for start in self._starts.values() if start > at)])
        for number in range(at, end):
            kinds[number] = kinds[number] or kind

    def _kind_of_page(self, name: str) -> str:
        """The kind of a file that the contents do not list."""
        start, end = self._bounds(name)
        pieces = self.pieces[start:end]
        heading = pieces[0].block.text if pieces and pieces[0].block.role is Role.HEADING else ""
        if is_page_apart(kind_of_title(heading)):
            return kind_of_title(heading)
        characters = sum(len(piece.block.text) for piece in pieces)
        if len(pieces) > 3 and sum(piece.linked for piece in pieces) > characters * 0.6:
            return "toc"
        return _AUXILIARY if name in self._auxiliary else ""


def _one_a_place(marks: list[_Mark]) -> list[_Mark]:
    """Of the entries for one place the innermost, and of equals the first."""
    best: dict[int, _Mark] = {}
    for mark in marks:
        if mark.at not in best or mark.depth > best[mark.at].depth:
            best[mark.at] = mark
    return list(best.values())


def _matters_of(places: Iterable[tuple[Landmark, int]]) -> list[tuple[int, Matter]]:
    """Where front, body and back begin, by landmarks; a guide calls the body 'text'."""
    found = []
    for landmark, at in places:
        is_text = not {"text", "start", "bodymatter"}.isdisjoint(landmark.terms)
        matter = Matter.BODY if is_text else matter_of_terms(landmark.terms)
        if matter is not None:
            found.append((at, matter))
    bodies = [at for at, matter in found if matter is Matter.BODY]
    if bodies and min(bodies) > 0:
        found.append((0, Matter.FRONT))
    return sorted(found)
