"""Word files (.docx, .docm, .dotx, .dotm) to a Manuscript, with all tracked changes accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import Stretch, chapters_of
from narrator.manuscript.characters import same_words
from narrator.manuscript.docx_body import paragraphs_of
from narrator.manuscript.docx_contents import with_contents
from narrator.manuscript.docx_facts import facts_of, published_in, usual_language
from narrator.manuscript.docx_headings import with_headings
from narrator.manuscript.docx_package import open_word
from narrator.manuscript.docx_pieces import pieces_of, with_whole_titles
from narrator.manuscript.heading_levels import chapter_headings
from narrator.manuscript.inline import Marker
from narrator.manuscript.matter import kind_of_title
from narrator.manuscript.pieces import Piece
from narrator.model import Manuscript, Role

_HALF_TITLE = 4
"""The most lines in which a heading is said before it."""
_SHORTEST_RUN = 2
_LISTED_UNDER_ANY_TITLE = {"bibliography", "index"}


def read_docx(path: Path) -> Manuscript:
    """Read a Word file.

    Raises:
        ManuscriptError: an old .doc, protected, damaged, or without text.
    """
    package = open_word(path)
    marker = Marker()
    paragraphs, core = paragraphs_of(package, marker, where=path.name), package.core
    told = published_in(core, package.custom)
    del package  # the tree is many times larger than its text
    if not any(paragraph.text.strip() for paragraph in paragraphs):
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    paragraphs = with_headings(with_contents(with_whole_titles(paragraphs)))
    facts = facts_of(core, paragraphs, fallback=path.stem)
    usual = usual_language(paragraphs)
    pieces = pieces_of(paragraphs, marker, usual_language=usual, language=facts.language)
    chapters = chapters_of(_stretches(pieces), book_title=facts.title, language=facts.language)
    return Manuscript(
        facts.title, facts.authors, facts.language, chapters,
        date=told.date, series=told.series, part=told.part,
        isbn=told.isbn, publisher=told.publisher, description=told.description,
    )  # fmt: skip


def _stretches(pieces: Sequence[Piece]) -> Iterator[Stretch]:
    """The book cut at its chapters, with tables of contents and the like as stretches of their own."""
    cuts = {_with_half_title(pieces, cut.at): cut for cut in chapter_headings(pieces)}
    runs = dict(_runs(pieces))
    bounds = sorted({0, *cuts, *runs, *(end for _, end in runs.values()), len(pieces)})
    for start, end in pairwise(bounds):
        cut, own = cuts.get(start), tuple(pieces[start:end])
        title = cut.title if cut else ""
        if start in runs:
            yield Stretch(own, title, kind=runs[start][0])
        else:
            yield Stretch(own, title, holds_chapters=cut is not None and cut.holds_chapters)


def _with_half_title(pieces: Sequence[Piece], at: int) -> int:
    """Where a chapter begins: at its heading, or at plain lines above it that say the same."""
    title, above = same_words(pieces[at].block.text), ""
    for start in range(at - 1, max(-1, at - 1 - _HALF_TITLE), -1):
        if pieces[start].level or pieces[start].kind:
            break
        above = same_words(pieces[start].block.text) + above
        if above == title:
            return start
    return at


def _runs(pieces: Sequence[Piece]) -> Iterator[tuple[int, tuple[str, int]]]:
    """Where pages begin that the file knows the kind of: that kind, and where they end."""
    start = 0
    for kind, group in groupby(pieces, key=lambda piece: piece.kind):
        end = start + sum(1 for _ in group)
        if kind and end - start >= _SHORTEST_RUN:
            yield start - _is_titled(pieces, start, kind), (kind, end)
        start = end


def _is_titled(pieces: Sequence[Piece], start: int, kind: str) -> bool:
    """Whether the title of such a page stands right above it."""
    block = pieces[start - 1].block if start else None
    if block is None or block.role is not Role.HEADING or pieces[start - 1].kind:
        return False
    return kind in _LISTED_UNDER_ANY_TITLE or kind_of_title(block.text) == kind
