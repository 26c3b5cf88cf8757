"""What the paragraphs of a word processor make of a book: its chapters, scene breaks, verse and boilerplate.

Authors mark chapters by styles, by words ('Chapter One'), or by how a line looks; believed in this order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from narrator.manuscript.blocks import split_lines
from narrator.manuscript.chapters import Stretch, chapters_of
from narrator.manuscript.characters import clean, clean_lines, is_scene_break
from narrator.manuscript.custom_properties import Published
from narrator.manuscript.gutenberg import authors_of, body_bounds, date_of, header_fields
from narrator.manuscript.heading_levels import chapter_headings
from narrator.manuscript.headings import joined_heading
from narrator.manuscript.inline import Marker
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.matter import kind_of_title
from narrator.manuscript.odt_and_rtf_headings import LARGER, Cut, Written, body_size, with_headings
from narrator.manuscript.odt_and_rtf_lines import unwrapped, with_blanks
from narrator.manuscript.odt_and_rtf_notes import with_notes
from narrator.manuscript.pieces import Piece
from narrator.manuscript.signed import Marks
from narrator.model import Block, Manuscript, Mark, Role

_PARAGRAPHS_PER_GAP = 4
"""Where empty paragraphs are more frequent than this they are how the book parts its paragraphs."""
_LONGEST_TITLE = 100
_NO_TITLE = re.compile(
    r"(?:microsoft word - |untitled|unbenannt|sans nom|document ?\d*$)|.*\.(?:docx?|odt|rtf|txt|pdf)$",
    re.IGNORECASE,
)
_NO_AUTHOR = {"user", "admin", "administrator", "owner", "unknown", "author", "microsoft office user", "utente"}


_UNPUBLISHED = Published()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a document says of itself; `default_language` is no more than its program's setting."""

    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    default_language: str = ""
    published: Published = _UNPUBLISHED


def manuscript_of(written: Iterable[Written], facts: Facts, marker: Marker, *, name: str) -> Manuscript | None:
    """The book that these paragraphs are; None where they have no text. `name` is its title at worst."""
    book = unwrapped(with_notes(with_blanks(written)))
    first, end = body_bounds([paragraph.text for paragraph in book])
    fields = header_fields("\n".join(paragraph.text for paragraph in book[:first])) if first else {}
    body, cuts = with_headings(book[first:end])
    title = _title(facts, body) or fields.get("title", "") or name
    language = (
        facts.language
        or normal_tag(fields.get("language", ""))
        or guess_language(paragraph.text for paragraph in body)
        or facts.default_language
    )
    pieces = _Pieces(Marks((paragraph.signed for paragraph in body), marker), language)
    stretches = [
        *_apart(pieces, book[:first], "gutenberg-header"),
        *_stretches(pieces, body, cuts),
        *_apart(pieces, book[end:], "gutenberg-license"),
    ]
    authors = tuple(author for author in facts.authors if author.casefold() not in _NO_AUTHOR)
    chapters = chapters_of(stretches, book_title=title, language=language)
    if not chapters:
        return None
    told = facts.published
    return Manuscript(
        title, authors or authors_of(fields), language, chapters,
        date=date_of(fields) or told.date, series=told.series, part=told.part,
        isbn=told.isbn, publisher=told.publisher, description=told.description,
    )  # fmt: skip


def _title(facts: Facts, body: Sequence[Written]) -> str:
    """The declared title, where it is no name of a file; else that of the title page, or above all headings."""
    if facts.title and not _NO_TITLE.match(facts.title):
        return facts.title
    headings = [line for line in body if line.level]
    shown = [line for line in body if line.is_title]
    if headings and not shown and sum(line.level <= headings[0].level for line in headings) == 1:
        shown = [line for line in headings[:1] if not kind_of_title(clean(line.text))]
    line = next(iter(shown or _largest_in_front(body)), None)
    return joined_heading(clean_lines(line.text)) if line else ""


def _largest_in_front(body: Sequence[Written]) -> list[Written]:
    """The short lines before all headings in the largest letters of the book."""
    front = list(takewhile(lambda line: not line.level, body))
    size = max((line.size for line in body), default=0)
    if len(front) == len(body) or size <= LARGER * body_size(body):
        return []
    return [line for line in front if line.size == size and len(line.text) < _LONGEST_TITLE]


def _apart(maker: _Pieces, written: Sequence[Written], kind: str) -> Iterator[Stretch]:
    pieces = [piece for paragraph in written for piece in maker.of(replace(paragraph, level=0))]
    if pieces:
        yield Stretch(tuple(pieces), kind=kind)


def _stretches(maker: _Pieces, body: Sequence[Written], cuts: Sequence[Cut]) -> list[Stretch]:
    """The body cut where chapters begin, and where contents or an index begin or end."""
    pieces: list[Piece] = []
    starts: dict[int, int] = {}
    gaps = _gaps(body)
    for at, paragraph in enumerate(body):
        if at in gaps:
            pieces.append(Piece(Block(Role.SCENE_BREAK, "", paragraph.source)))
        starts[at] = len(pieces)
        pieces += maker.of(paragraph)
    if not pieces:
        return []
    told = [Cut(starts[cut.at], cut.title, cut.kind) for cut in cuts]
    if not cuts:
        told = [Cut(cut.at, cut.title, "", cut.holds_chapters) for cut in chapter_headings(pieces)]
    by_place = {cut.at: cut for cut in told}
    changes = _page_bounds(pieces, by_place)
    found = []
    for start, end in pairwise([*sorted({0, *by_place, *changes}), len(pieces)]):
        cut = by_place.get(start, Cut(start, ""))
        kind = cut.kind or pieces[start].kind
        found.append(Stretch(tuple(pieces[start:end]), cut.title, kind, None, cut.holds_chapters))
    return found


def _page_bounds(pieces: Sequence[Piece], by_place: Mapping[int, Cut]) -> set[int]:
    """Where contents or an index begin and end. Such a list in the midst of a chapter does not part it."""
    changes = [at for at, (one, two) in enumerate(pairwise(pieces), 1) if one.kind != two.kind]
    found: set[int] = set()
    first = min(by_place, default=len(pieces))
    for start, end in pairwise([0, *changes, len(pieces)]):
        is_between = start > first and end < len(pieces) and end not in by_place
        if pieces[start].kind and not (is_between and not pieces[end].kind):
            found |= {start, end}
    return found - {len(pieces)}


def _gaps(body: Sequence[Written]) -> set[int]:
    """The paragraphs before which wider gaps part scenes: those that few have."""
    prose = [paragraph for paragraph in body if _is_prose(paragraph)]
    for size in (1, 2):
        found = {
            at
            for at, (before, paragraph) in enumerate(pairwise(body), 1)
            if paragraph.blanks >= size and _is_prose(before) and _is_prose(paragraph)
        }
        if len(found) * _PARAGRAPHS_PER_GAP <= len(prose):
            return found
    return set()


def _is_prose(paragraph: Written) -> bool:
    return paragraph.role is Role.PARAGRAPH and not paragraph.level and not paragraph.kind


class _Pieces:
    """What makes the pieces of a book in this language."""

    def __init__(self, marks: Marks, language: str) -> None:
        self._marks = marks
        self._language = language

    def of(self, paragraph: Written) -> Iterator[Piece]:
        """The pieces of a paragraph; its notes are those of the last one."""
        blocks = _blocks(paragraph, paragraph.text)
        marked: list[tuple[Role, str, tuple[Mark, ...]]] = [(*block, ()) for block in blocks]
        if paragraph.signed:
            marked = self._marks.of(blocks, _blocks(paragraph, paragraph.signed), self._language)
        for left, (role, text, marks) in zip(range(len(marked) - 1, -1, -1), marked, strict=True):
            notes = () if left else paragraph.notes
            yield Piece(
                Block(role, text, paragraph.source, marks=marks, notes=notes, note=paragraph.note),
                level=min(paragraph.level, 6) if role is Role.HEADING else 0,
                kind=paragraph.kind,
                linked=paragraph.linked,
            )


def _blocks(paragraph: Written, whole: str) -> list[tuple[Role, str]]:
    lines, role = clean_lines(whole), paragraph.role
    if paragraph.level or paragraph.is_title:
        return [(Role.HEADING, heading)] if (heading := joined_heading(lines)) else []
    if role in {Role.NOTE, Role.CAPTION, Role.CODE, Role.TABLE}:
        return [(role, text)] if (text := clean(whole)) else []
    if role is Role.PARAGRAPH and is_scene_break(clean(whole)):
        return [(Role.SCENE_BREAK, "")]
    return split_lines(lines, role, is_verse=role is Role.VERSE)
