"""Plain text to a Manuscript: Project Gutenberg's markers, wrapped lines, and chapters by their headings."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from narrator.errors import ManuscriptError
from narrator.manuscript.chapters import Stretch, chapters_of
from narrator.manuscript.characters import is_scene_break
from narrator.manuscript.encoding import decode
from narrator.manuscript.gutenberg import authors_of, body_bounds, header_fields
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.pieces import Piece
from narrator.manuscript.text_headings import text_headings
from narrator.manuscript.text_paragraphs import Paragraph, is_broken, lines_of, paragraphs_of, plain, text_width
from narrator.model import Block, Manuscript, Role

_DECLARED = re.compile(rb"^Character set encoding:[ \t]*([\w.:-]+)", re.IGNORECASE | re.MULTILINE)
_NOTE = re.compile(
    r"\s*(?:(\[(?:\d{1,3}|\*{1,3}|[A-Za-z]|†|‡)\]|\{\d{1,3}\})\s*\S|\[?footnotes?(?: \w+)?:)", re.IGNORECASE
)
_NOTE_INDENT = 20
"""Columns that a paragraph of a note is indented more than its first at most; what is centred is no note."""
_PICTURE = re.compile(r"\s*\[(?:Illustration|Image|Picture|Map|Blank page)s?[^\]]*\]?", re.IGNORECASE)
_CAPTION = re.compile(r"\[[^:\]]*:\s*(.*?)\]?$", re.DOTALL)
_PARAGRAPHS_PER_GAP = 5
_BY = re.compile(r"(?i:by|von|par|de|di|por|door|av)\s+([^\W\d_a-z].{2,60})")


def read_plain_text(path: Path) -> Manuscript:
    """Read a text file, with or without Project Gutenberg's header and licence.

    Raises:
        ManuscriptError: it has no text.
    """
    data = path.read_bytes()
    declared = _DECLARED.search(data[:20_000])
    lines = lines_of(decode(data, declared=declared[1].decode("ascii") if declared else ""))
    first, end = body_bounds(lines)
    fields = header_fields("\n".join(lines[:first])) if first else {}
    book = paragraphs_of(lines[first:end], first_line=first + 1)
    if not any(paragraph.text for paragraph in book):
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    title, authors = _said_first(book)
    title = fields.get("title") or title or re.sub(r"[_-]+", " ", path.stem).strip()
    language = normal_tag(fields.get("language", "")) or guess_language(paragraph.text for paragraph in book)
    stretches = [
        *_boilerplate(lines[:first], 1, "gutenberg-header"),
        *_stretches(book),
        *_boilerplate(lines[end:], end + 1, "gutenberg-license"),
    ]
    return Manuscript(
        title,
        authors_of(fields) or authors,
        language,
        chapters_of(stretches, book_title=title, language=language),
    )


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


def _stretches(book: Sequence[Paragraph]) -> Iterator[Stretch]:
    """The book cut at its headings; what stands before the first is a stretch of its own."""
    headings = text_headings(book)
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
    marked = "\n".join(line[1:] for paragraph in book for line in paragraph.lines)
    in_note: int | None = None
    was_prose = False
    has_gaps = _has_scene_gaps([paragraph for at, paragraph in enumerate(book) if at not in in_heading])
    for number, paragraph in enumerate(book):
        source = f"line {paragraph.line}"
        if number in in_heading:
            in_note, was_prose = None, False
            yield number, Piece(Block(Role.HEADING, paragraph.text, source), level=2)
            continue
        if _begins_note(paragraph, marked):
            in_note = paragraph.indent
        elif not in_note or not in_note <= paragraph.indent <= in_note + _NOTE_INDENT:
            in_note = None
        block = Block(Role.NOTE, paragraph.text, source) if in_note is not None else _block(paragraph, width)
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


def _begins_note(paragraph: Paragraph, marked: str) -> bool:
    """Whether a note begins here: it calls itself one, or its mark also stands in `marked`, after a word."""
    note = _NOTE.match(paragraph.lines[0])
    return bool(note and (not note[1] or re.search(rf"\S *{re.escape(note[1])}", marked)))


def _block(paragraph: Paragraph, width: int) -> Block | None:
    """A paragraph as a block, None where it only says that a picture stood there."""
    source = f"line {paragraph.line}"
    if _PICTURE.match(paragraph.lines[0]) and paragraph.lines[-1].rstrip().endswith("]"):
        caption = _CAPTION.search(paragraph.text)
        return Block(Role.CAPTION, caption[1], source) if caption and caption[1] else None
    text = paragraph.text
    if is_scene_break(text):
        return Block(Role.SCENE_BREAK, "", source)
    if is_broken(paragraph, width):
        lines = [line for line in map(plain, paragraph.lines) if line]
        return Block(Role.VERSE, "\n".join(lines), source) if lines else None
    if not text:
        return None
    return Block(
        Role.QUOTATION if paragraph.indent > 1 and len(paragraph.lines) > 1 else Role.PARAGRAPH, text, source
    )
