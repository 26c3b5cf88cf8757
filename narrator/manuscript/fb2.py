"""FictionBook 2 to a Manuscript: nested sections give the chapters, and a body of notes stands apart."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import Stretch, chapters_of
from narrator.manuscript.characters import clean
from narrator.manuscript.contents_marks import Mark, chapter_marks
from narrator.manuscript.fb2_blocks import BodyWalk, Place, title_lines
from narrator.manuscript.fb2_description import cover_of, description_of, without_binaries
from narrator.manuscript.fb2_markup import parse_fb2
from narrator.manuscript.fb2_notes import link_targets, note_targets
from narrator.manuscript.gutenberg import body_bounds
from narrator.manuscript.heading_levels import chapter_headings
from narrator.manuscript.headings import Rank, label_of
from narrator.manuscript.language import guess_language
from narrator.manuscript.pieces import Piece
from narrator.manuscript.zip_archive import ZipArchive
from narrator.model import Manuscript, Matter, Role

_NOTES = re.compile(r"(?:foot|end)?notes?\d*|comments?\d*|примечани[яе]|сноски|комментарии", re.IGNORECASE)
_HEADER, _LICENCE = "gutenberg-header", "gutenberg-license"
_LARGEST = 16 << 20
"""Bytes of text without the pictures: some times 'War and Peace'."""
_MOST_TAGS = 500_000
_NAME = re.compile(r"(?:[^\W\d_a-zа-яё][\w.’'-]*\s+){1,3}[^\W\d_a-zа-яё][\w’'-]*")


def read_fb2(path: Path) -> Manuscript:
    """Read a FictionBook, alone or in a zip.

    Raises:
        ManuscriptError: damaged, without text, or larger than any book.
    """
    data = _unpacked(path)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    text, pictures = without_binaries(data)
    if len(text) > _LARGEST or text.count(b"<") > _MOST_TAGS:
        raise ManuscriptError(f"{path.name} holds more text than any book.", advice="Is it the right file?")
    root = parse_fb2(text)
    pieces, marks = _read_bodies(root)
    texts = [piece.block.text for piece in pieces if piece.block.text]
    if not texts:
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it a whole FictionBook?")
    told = description_of(root)
    shown_title, shown_authors = _shown(root)
    title = told.title or shown_title or path.name.partition(".")[0]
    language = told.language or guess_language(texts)
    pieces = _with_boilerplate(pieces)
    marks = [mark for mark in marks if pieces[mark.at].kind not in {_HEADER, _LICENCE}]
    stretches = _stretches(pieces, _chapters(pieces, marks, title))
    return Manuscript(
        title,
        told.authors or (() if told.title else shown_authors),
        language,
        chapters_of(stretches, book_title=title, language=language),
        cover_of(pictures, told.cover_id),
        told.date,
        told.series,
        told.part,
        told.isbn,
        told.publisher,
        told.about,
    )


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if not data.startswith(b"PK"):
        return data
    if not zipfile.is_zipfile(path):
        raise ManuscriptError(f"{path.name} is no whole zip.", advice="The file is damaged: get it anew.")
    with ZipArchive(path, form="FictionBook") as archive:
        books = sorted(name for name in archive.names if name.lower().endswith(".fb2"))
        if not books:
            raise ManuscriptError(f"{path.name} holds no FictionBook.", advice="Is it the right file?")
        if len(books) > 1:
            raise ManuscriptError(f"{path.name} holds {len(books)} books.", advice="Unpack it and name one.")
        return archive.read(books[0])


def _read_bodies(root: etree._Element) -> tuple[list[Piece], list[Mark]]:
    walk = BodyWalk(note_targets(root), link_targets(root))
    bodies = list(root.iter("body"))
    books = [body for body in bodies if not _holds_notes(body)]
    for body in books:
        # The only body has the title of the book; of several each is a volume, and so is 'Part One'.
        is_volume = len(books) > 1 or _names_part(body)
        walk.read(body, Place(title_kind="" if is_volume else "titlepage"))
    for body in bodies:
        if body not in books:
            walk.read(body, Place(role=Role.NOTE, kind="endnotes", matter=Matter.BACK))
    return walk.finished()


def _holds_notes(body: etree._Element) -> bool:
    return _NOTES.fullmatch(body.get("name") or "") is not None


def _names_part(body: etree._Element) -> bool:
    label = label_of(" ".join(_title_lines(body)))
    return label is not None and label.rank is Rank.PART


def _title_lines(body: etree._Element) -> list[str]:
    title = body.find("title")
    return [line for line in map(clean, title_lines(title)) if line] if title is not None else []


def _shown(root: etree._Element) -> tuple[str, tuple[str, ...]]:
    """Title and author of a book without a description: by custom the author's name stands above the title."""
    body = root.find(".//body")
    lines = _title_lines(body) if body is not None else []
    if len(lines) > 1 and _NAME.fullmatch(lines[0]):
        return lines[1], (lines[0],)
    return (lines[0] if lines else ""), ()


def _chapters(pieces: Sequence[Piece], marks: Sequence[Mark], title: str) -> list[Mark]:
    """The marks at which chapters begin: by the sections, else by headings and by words."""
    named = sum(not pieces[mark.at].kind for mark in marks)
    cuts = [cut for cut in chapter_headings(pieces) if not pieces[cut.at].kind] if named < 2 else []
    if len(cuts) <= named:
        return chapter_marks(marks, pieces, title)
    found = {cut.at: Mark(cut.at, cut.title, 0, cut.holds_chapters) for cut in cuts}
    return sorted(({mark.at: mark for mark in marks} | found).values(), key=lambda mark: mark.at)


def _with_boilerplate(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, with those of Project Gutenberg's header and licence known as such."""
    first, end = body_bounds([piece.block.text for piece in pieces])
    return [
        *(replace(piece, kind=_HEADER) for piece in pieces[:first]),
        *pieces[first:end],
        *(replace(piece, kind=_LICENCE, matter=None) for piece in pieces[end:]),
    ]


def _stretches(pieces: Sequence[Piece], marks: Sequence[Mark]) -> list[Stretch]:
    """The book cut at its chapters, and where title page, epigraph or notes begin or end."""
    by_place = {mark.at: mark for mark in marks}
    changes = {at for at, (one, two) in enumerate(pairwise(pieces), 1) if one.kind != two.kind}
    found = []
    for start, end in pairwise([*sorted({0, *by_place, *changes}), len(pieces)]):
        mark = by_place.get(start, Mark(start, ""))
        own = tuple(pieces[start:end])
        found.append(Stretch(own, mark.title, own[0].kind, own[0].matter, mark.holds_chapters))
    return found
