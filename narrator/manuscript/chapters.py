"""Stretches of a book to chapters: what kind each is, what it is called, and where a mere heading belongs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from narrator.manuscript.apparatus import apparatus_in
from narrator.manuscript.blocks import tidy
from narrator.manuscript.characters import same_words, words_in
from narrator.manuscript.front_pages import (
    LONGEST_TITLE_PAGE,
    kind_of_title_page,
    reads_as_prose,
    with_front_pages,
)
from narrator.manuscript.matter import (
    is_brief,
    is_container,
    is_never_body,
    is_page_apart,
    kind_of_title,
    matter_of_kind,
)
from narrator.manuscript.openings import headed
from narrator.manuscript.part_headings import joined, with_ends_back, with_headings_forward
from narrator.manuscript.pieces import Piece, Stretch, first_heading, words_of
from narrator.model import Block, Chapter, Matter, Role

__all__ = ["LONGEST_PAGE", "Stretch", "chapters_of", "kind_of_shape"]

LONGEST_PAGE = 1500
"""A chapter called 'Cover' or 'Rights' that has more words than these is a chapter, not such a page."""
_COPYRIGHT_PAGE = 700
_COPYRIGHT = re.compile(
    r"©|\(c\)\s*\d{4}|copyright|\bISBN\b|all rights reserved|published by|first published", re.IGNORECASE
)
_LINKED = 0.6
"""A page of which a larger share is links is a table of contents."""
_NAMES = {"halftitlepage": "Half title", "loi": "Illustrations", "titlepage": "Title page", "toc": "Contents"}
_FROM_TITLE = {"", "chapter", "part"}
_UNNAMED = {"", "chapter", "preamble"}
"""Kinds that are no title: such pages without one are called by their first words."""


def chapters_of(stretches: Iterable[Stretch], *, book_title: str, language: str) -> tuple[Chapter, ...]:
    """The chapters of a book, in order. Stretches without text are left out; none of the others loses any."""
    parts = (part for stretch in stretches for part in _without_apparatus(stretch))
    spoken = [stretch for stretch in parts if any(piece.block.text for piece in stretch.pieces)]
    known = [_named(stretch, book_title, is_last=stretch is spoken[-1]) for stretch in spoken]
    known = with_front_pages(_with_lone_note(with_ends_back(known)), book_title)
    known = joined(with_headings_forward(known))
    matters = _matters(known)
    return tuple(
        _chapter(stretch, matter, book_title, language, is_only=len(known) == 1)
        for stretch, matter in zip(known, matters, strict=True)
    )


def _without_apparatus(stretch: Stretch) -> Iterator[Stretch]:
    """The stretch, with contents and notes under headings of their own as stretches of their own."""
    if is_page_apart(stretch.kind):
        yield stretch
        return
    pieces, start = stretch.pieces, 0
    for part in apparatus_in(pieces):
        if part.start > start:
            yield replace(stretch, pieces=pieces[start : part.start], title="" if start else stretch.title)
        yield Stretch(pieces[part.start : part.end], kind=part.kind)
        start = part.end
    if start < len(pieces):
        yield replace(stretch, pieces=pieces[start:], title="" if start else stretch.title)


def _named(stretch: Stretch, book_title: str, *, is_last: bool) -> Stretch:
    """The stretch with its kind: by markup, then the words of its title, then its shape."""
    kind = stretch.kind or _commonest(stretch.pieces)
    if kind in _FROM_TITLE:
        told = kind_of_title(stretch.title) or kind_of_title(first_heading(stretch.pieces))
        if is_brief(told) and words_of(stretch.pieces) > LONGEST_PAGE:
            told = ""
        kind = told or kind_of_shape(stretch.pieces) or kind
    if kind in _FROM_TITLE and not is_last:
        kind = kind_of_title_page(stretch, book_title) or kind
    return replace(stretch, kind=kind, pieces=headed(stretch.pieces, stretch.title))


def _with_lone_note(stretches: list[Stretch]) -> list[Stretch]:
    """What is called 'Note' once in the book is its preface or its notes; several of them are warnings."""
    notes = [
        at for at, stretch in enumerate(stretches) if same_words(stretch.title) == "note" and not stretch.kind
    ]
    if len(notes) != 1:
        return stretches
    at, found = notes[0], list(stretches)
    found[at] = replace(found[at], kind="preface" if at * 2 < len(found) else "endnotes")
    return found


def _commonest(pieces: Sequence[Piece]) -> str:
    if len({piece.kind for piece in pieces}) < 2:
        return pieces[0].kind if pieces else ""
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts[piece.kind] += words_in(piece.block.text)
    kinds = [kind for kind, _ in counts.most_common() if not is_container(kind)]
    return kinds[0] if kinds else next(iter(counts), "")


def kind_of_shape(pieces: Sequence[Piece]) -> str:
    """The kind that the look of a page tells, else ''."""
    text = [piece for piece in pieces if piece.block.text]
    if _is_linked_page(text):
        return "toc"
    body = [piece for piece in text if piece.block.role is not Role.HEADING]
    if body and all(piece.block.role is Role.NOTE for piece in body):
        return "endnotes"
    if len(text) < _COPYRIGHT_PAGE and words_of(text) < _COPYRIGHT_PAGE:
        signs = {match.casefold() for piece in text for match in _COPYRIGHT.findall(piece.block.text)}
        return "copyright-page" if len(signs) > 2 else ""
    return ""


def _is_linked_page(pieces: Sequence[Piece]) -> bool:
    """Whether these are little but links, as a table of contents is."""
    characters = sum(len(piece.block.text) for piece in pieces)
    return len(pieces) > 3 and sum(piece.linked for piece in pieces) > _LINKED * characters


def _matters(stretches: Sequence[Stretch]) -> list[Matter]:
    """Front, body or back of each: as the book says, as such a page usually is, and by where it stands."""
    told = [_told(stretch) for stretch in stretches]
    if len(told) > 1 and is_page_apart(stretches[-2].kind) and _is_unnamed(stretches[-1]):
        # What follows the contents or the notes of a book without a word of its own is the printer's.
        is_lone = Matter.BODY not in told[:-1] and reads_as_prose(stretches[-1].pieces)
        told[-1] = Matter.BODY if is_lone else Matter.BACK
    bodies = [number for number, matter in enumerate(told) if matter is Matter.BODY]
    if not bodies:
        return told
    first, last = bodies[0], bodies[-1]
    return [_by_place(number, stretch, told[number], first, last) for number, stretch in enumerate(stretches)]


def _told(stretch: Stretch) -> Matter:
    usual = matter_of_kind(stretch.kind)
    said = usual if is_never_body(stretch.kind) and stretch.matter is Matter.BODY else stretch.matter
    return said or usual or Matter.BODY


def _is_unnamed(stretch: Stretch) -> bool:
    is_plain = not (stretch.title or stretch.kind or stretch.matter or first_heading(stretch.pieces))
    return is_plain and words_of(stretch.pieces) < LONGEST_TITLE_PAGE


def _by_place(number: int, stretch: Stretch, told: Matter, first: int, last: int) -> Matter:
    if told is Matter.BACK and number < first:
        return Matter.FRONT
    if told is Matter.FRONT and number > last:
        return Matter.BACK
    if first < number < last and stretch.kind == "introduction" and stretch.matter is None:
        # Between chapters it introduces a part of the book.
        return Matter.BODY
    return told


def _chapter(stretch: Stretch, matter: Matter, book_title: str, language: str, *, is_only: bool) -> Chapter:
    blocks = tidy([piece.block for piece in stretch.pieces], kind=stretch.kind)
    title = stretch.title or _title_from(blocks, stretch.kind, book_title if is_only else "")
    primary = language.partition("-")[0].lower()
    own = tuple(_with_language(block, primary) for block in blocks)
    return Chapter(title, own, matter, stretch.kind)


def _with_language(block: Block, primary: str) -> Block:
    """A block names its language only where it is not the book's."""
    if block.language is None or block.language.partition("-")[0].lower() != primary:
        return block
    return replace(block, language=None)


def _title_from(blocks: Sequence[Block], kind: str, book_title: str) -> str:
    headings = []
    for block in blocks:
        if block.role is not Role.HEADING:
            break
        headings.append(block.text)
    if headings:
        return ". ".join(heading.rstrip(".") for heading in headings[:2])
    if kind not in _UNNAMED:
        return _NAMES.get(kind) or kind.replace("-", " ").capitalize()
    return (book_title if kind in _FROM_TITLE else "") or _first_words(blocks)


def _first_words(blocks: Sequence[Block]) -> str:
    words = next((block.text for block in blocks if block.text), "").split()
    return " ".join(words[:6]) + ("…" if len(words) > 6 else "")
