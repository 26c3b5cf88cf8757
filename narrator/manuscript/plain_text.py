"""Plain text to a Manuscript: Project Gutenberg's markers, wrapped lines, and chapters by their headings."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import Stretch, chapters_of
from narrator.manuscript.characters import is_scene_break
from narrator.manuscript.encoding import decode
from narrator.manuscript.gutenberg import authors_of, body_bounds, date_of, header_fields
from narrator.manuscript.inline import Marker, without_signs
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.page_blocks import PageBlock
from narrator.manuscript.pieces import Piece
from narrator.manuscript.settled import settled
from narrator.manuscript.text_aozora import Pages, pages_of, said_by, with_readings
from narrator.manuscript.text_heading import TextHeading, heading_text
from narrator.manuscript.text_headings import is_scene_heading, text_headings
from narrator.manuscript.text_notes import note_text, notes_in, references_in
from narrator.manuscript.text_paragraphs import (
    Paragraph,
    bracket_end,
    is_broken,
    lines_of,
    paragraphs_of,
    plain,
    text_width,
)
from narrator.manuscript.text_plays import hints_of
from narrator.manuscript.text_size import (
    refuse_long_text,
    refuse_many_chapters,
    refuse_many_lines,
    refuse_many_paragraphs,
    unswept,
)
from narrator.model import Block, Manuscript, Role

_DECLARED = re.compile(rb"^Character set encoding:[ \t]*([\w.:-]+)", re.IGNORECASE | re.MULTILINE)
_PICTURE = re.compile(r"\s*\[(?:Illustration|Image|Picture|Map|Blank page)s?[^\]]*\]?", re.IGNORECASE)
_PICTURE_SIGN = re.compile(
    r"^\s*\[(?:Illustration|Image|Picture|Map|Blank page)s?[^:\]]*[:\]]?\s*", re.IGNORECASE
)
_PARAGRAPHS_PER_GAP = 5
_BY = re.compile(r"(?i:by|von|par|de|di|por|door|av)\s+([^\W\d_a-z].{2,60})")


def read_plain_text(path: Path) -> Manuscript:
    """Read a text file, with or without Project Gutenberg's header and licence, or Aozora Bunko's notes.

    Raises:
        ManuscriptError: it has no text, or more than a book.
    """
    with unswept():
        return _manuscript(path)


def _manuscript(path: Path) -> Manuscript:
    data = path.read_bytes()
    declared = _DECLARED.search(data[:20_000])
    marker = Marker()
    text = without_signs(decode(data, declared=declared[1].decode("ascii") if declared else ""))
    refuse_long_text(text, path.name)
    read = with_readings(text, marker)
    has_readings = read != text
    lines = lines_of(read)
    refuse_many_lines(lines, path.name)
    first, end = body_bounds(lines)
    fields = header_fields("\n".join(lines[:first])) if first else {}
    pages = None if first else pages_of(lines)
    if pages:
        first, end = pages.start, pages.end
    book = paragraphs_of(lines[first:end], first_line=first + 1)
    refuse_many_paragraphs(len(book), path.name)
    if not any(paragraph.text for paragraph in book):
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    title, authors = said_by(lines[: pages.title]) if pages else _said_first(book)
    title = fields.get("title") or title or re.sub(r"[_-]+", " ", path.stem).strip()
    language = normal_tag(fields.get("language", "")) or guess_language(paragraph.text for paragraph in book)
    headings = text_headings(book)
    refuse_many_chapters(len(headings), path.name)
    stretches = [
        *(_aozora_pages(lines, pages) if pages else _boilerplate(lines[:first], 1, "gutenberg-header")),
        *_stretches(book, headings),
        *_boilerplate(lines[end:], end + 1, "colophon" if pages else "gutenberg-license"),
    ]
    if has_readings:
        stretches = [_with_marks(stretch, marker) for stretch in stretches]
    chapters = settled(chapters_of(stretches, book_title=title, language=language), language)
    return Manuscript(title, authors_of(fields) or authors, language, chapters, date=date_of(fields))


def _aozora_pages(lines: Sequence[str], pages: Pages) -> Iterator[Stretch]:
    yield from _boilerplate(lines[: pages.title], 1, "titlepage")
    yield from _boilerplate(lines[pages.title : pages.start], pages.title + 1, "transcribers-note")


def _with_marks(stretch: Stretch, marker: Marker) -> Stretch:
    """The stretch with the signs of marks taken out of its texts."""
    return replace(
        stretch,
        title=without_signs(stretch.title),
        pieces=tuple(replace(piece, block=_marked(piece.block, marker)) for piece in stretch.pieces),
    )


def _marked(block: Block, marker: Marker) -> Block:
    text, marks = marker.taken(block.text)
    return replace(block, text=text, marks=(*block.marks, *marks)) if marks else block


def _said_first(book: Sequence[Paragraph]) -> tuple[str, tuple[str, ...]]:
    """Title and author of a file that begins with a title and 'by' somebody."""
    if len(book) > 1 and len(book[0].lines) == 1 and len(book[0].text) < 100:
        by = _BY.fullmatch(book[1].text)
        if by and len(book[1].lines) == 1:
            return book[0].text, (by[1].rstrip("."),)
    return "", ()


def _boilerplate(lines: Sequence[str], first_line: int, kind: str) -> Iterator[Stretch]:
    paragraphs = paragraphs_of(lines, first_line=first_line)
    if paragraphs:
        yield Stretch(tuple(_plain_piece(paragraph) for paragraph in paragraphs), kind=kind)


def _plain_piece(paragraph: Paragraph) -> Piece:
    return Piece(Block(Role.PARAGRAPH, paragraph.text, f"line {paragraph.line}"))


def _stretches(book: Sequence[Paragraph], headings: Sequence[TextHeading]) -> Iterator[Stretch]:
    """The book cut at its headings; what stands before the first is a stretch of its own."""
    starts = {heading.at: heading for heading in headings}
    in_heading = {
        number for heading in headings for number in range(heading.at, heading.at + heading.paragraphs)
    }
    pieces: dict[int, list[Piece]] = defaultdict(list)
    bounds = sorted({0, *starts})
    for at, piece in _pieces(book, in_heading):
        pieces[bounds[bisect_right(bounds, at) - 1]].append(piece)
    for start in bounds:
        heading = starts.get(start)
        title, kind = (heading.title, heading.kind) if heading else ("", "")
        yield Stretch(tuple(pieces[start]), title, kind)


def _pieces(book: Sequence[Paragraph], in_heading: set[int]) -> Iterator[tuple[int, Piece]]:
    """The pieces of each paragraph with its number."""
    width = text_width(book)
    scenes = {at for at, paragraph in enumerate(book) if at not in in_heading and is_scene_heading(paragraph)}
    notes = notes_in(book, frozenset(in_heading | scenes))
    references = references_in(book, notes)
    pictures = _pictures(book)
    was_prose = False
    has_gaps = _has_scene_gaps([paragraph for at, paragraph in enumerate(book) if at not in in_heading])
    for number, paragraph in enumerate(book):
        source = f"line {paragraph.line}"
        if number in in_heading or number in scenes:
            was_prose = False
            heading = Block(Role.HEADING, heading_text(paragraph), source, notes=references.get(number, ()))
            yield number, Piece(heading, level=3 if number in scenes else 2)
            continue
        if name := notes.get(number):
            block: Block | None = Block(Role.NOTE, note_text(paragraph.text), source, note=name)
        elif number in pictures:
            block = _caption(paragraph, references.get(number, ()))
        else:
            block = _block(paragraph, width, references.get(number, ()))
        is_prose = block is not None and block.role is Role.PARAGRAPH
        if has_gaps and paragraph.blanks > 1 and was_prose and is_prose:
            yield number, Piece(Block(Role.SCENE_BREAK, "", source))
        was_prose = is_prose
        if block is not None:
            yield number, Piece(block)


def _has_scene_gaps(book: Sequence[Paragraph]) -> bool:
    """Whether gaps of several empty lines are rare enough to part scenes."""
    wide = sum(paragraph.blanks > 1 for paragraph in book[1:])
    return wide * _PARAGRAPHS_PER_GAP <= len(book)


def _pictures(book: Sequence[Paragraph]) -> set[int]:
    """The paragraphs that say what a picture showed, each up to its closing bracket."""
    found: set[int] = set()
    for at, paragraph in enumerate(book):
        if _PICTURE.match(paragraph.lines[0]):
            end = bracket_end(book, at)
            if book[end - 1].lines[-1].rstrip().endswith("]"):
                found |= set(range(at, end))
    return found


def _caption(paragraph: Paragraph, notes: tuple[str, ...]) -> Block | None:
    """What the paragraph tells of a picture, None where it only says that one stood there."""
    text = _PICTURE_SIGN.sub("", paragraph.text)
    text = text.removesuffix("]") if text.count("]") > text.count("[") else text
    return Block(Role.CAPTION, text.strip(), f"line {paragraph.line}", notes=notes) if text.strip() else None


def _block(paragraph: Paragraph, width: int, notes: tuple[str, ...]) -> Block | None:
    """A paragraph as a block, None where it has no text."""
    source = f"line {paragraph.line}"
    text = paragraph.text
    if is_scene_break(text):
        return Block(Role.SCENE_BREAK, "", source)
    if is_broken(paragraph, width):
        lines = [line for line in map(plain, paragraph.lines) if line]
        return Block(Role.VERSE, "\n".join(lines), source, notes=notes) if lines else None
    if not text:
        return None
    is_quoted = paragraph.indent > 1 and len(paragraph.lines) > 1
    hints = hints_of(paragraph.lines, text) if without_signs(text) == text else ()
    return PageBlock(Role.QUOTATION if is_quoted else Role.PARAGRAPH, text, source, notes=notes, hints=hints)
