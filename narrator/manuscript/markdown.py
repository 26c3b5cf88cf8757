"""Markdown to a Manuscript: headings give the chapters, marks and markup are not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from narrator.errors import ManuscriptError
from narrator.manuscript.blocks import joined_row, split_lines
from narrator.manuscript.chapters import Stretch, chapters_of
from narrator.manuscript.characters import clean, clean_lines
from narrator.manuscript.encoding import decode
from narrator.manuscript.heading_levels import chapter_headings
from narrator.manuscript.headings import joined_heading
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.markdown_meta import headings_of_facts, without_front_matter
from narrator.manuscript.markdown_notes import without_notes
from narrator.manuscript.markup import parse_xhtml
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Manuscript, Role

_NOTE_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡§]+)[\])]?|[↩↑]\ufe0e?")
_DEEPEST = 60
"""Text nested deeper is dropped by the parser, which calls itself some times for each level."""
_LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)


def read_markdown(path: Path) -> Manuscript:
    """Read CommonMark with tables, strikethrough, footnotes and YAML front matter.

    Raises:
        ManuscriptError: it has no text.
    """
    facts, source = without_front_matter(decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n"))
    source, notes = without_notes(source)
    pieces = [piece for _, piece in sorted([*_pieces(source), *notes], key=lambda placed: placed[0])]
    facts, pieces = headings_of_facts(facts, pieces)
    texts = [piece.block.text for piece in pieces if piece.block.text]
    if not texts:
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    cuts = chapter_headings(pieces)
    title = facts.title or _lone_title(pieces) or path.stem
    language = normal_tag(facts.language) or guess_language(texts)
    bounds = [cut.at for cut in cuts] + [len(pieces)]
    stretches = [Stretch(tuple(pieces[: bounds[0]]))] if bounds[0] else []
    for cut, end in zip(cuts, bounds[1:], strict=True):
        stretches.append(Stretch(tuple(pieces[cut.at : end]), cut.title, holds_chapters=cut.holds_chapters))
    return Manuscript(
        title, facts.authors, language, chapters_of(stretches, book_title=title, language=language)
    )


def _lone_title(pieces: Sequence[Piece]) -> str:
    """The text of a heading that opens the book and is the only one of its level or above."""
    levels = [piece.level for piece in pieces if piece.level]
    first = pieces[0]
    return first.block.text if first.level and sum(level <= first.level for level in levels) == 1 else ""


def _pieces(source: str) -> Iterator[tuple[int, Piece]]:
    """The pieces of a document, each with the line where it begins, counted from 0."""
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    tokens = parser.parse(source)
    inside: list[str] = []
    cells: list[str] = []
    line = 0
    for number, token in enumerate(tokens):
        line = token.map[0] if token.map else line
        if token.nesting == 1:
            inside.append(token.type)
            if token.type == "tr_open":
                cells = []
        elif token.nesting == -1:
            inside.pop()
            if token.type == "tr_close" and (row := joined_row(cells)):
                yield line, _piece(Role.TABLE, row, line)
        elif token.type == "inline" and "tr_open" in inside:
            cells.append(clean(_inline(token.children or [])))
        elif token.type == "inline" and inside[-1] == "heading_open":
            level = int(tokens[number - 1].tag[1])
            if heading := joined_heading(clean_lines(_inline(token.children or []))):
                yield line, _piece(Role.HEADING, heading, line, level=level)
        else:
            yield from ((line, piece) for piece in _blocks(token, inside, line))


def _blocks(token: Token, inside: Sequence[str], line: int) -> Iterator[Piece]:
    if token.type == "hr":
        yield _piece(Role.SCENE_BREAK, "", line)
    elif token.type in {"fence", "code_block"}:
        if text := clean(token.content):
            yield _piece(Role.CODE, text, line)
    elif token.type == "html_block":
        root = parse_xhtml(f"<html><body>{token.content}</body></html>".encode())
        if root is not None:
            yield from read_page(root, name=f"line {line + 1}").pieces
    elif token.type == "inline":
        role = Role.PARAGRAPH
        if "list_item_open" in inside:
            role = Role.LIST_ITEM
        elif "blockquote_open" in inside:
            role = Role.QUOTATION
        yield from _text_blocks(_inline(token.children or []), role, line)


def _text_blocks(text: str, role: Role, line: int) -> Iterator[Piece]:
    if role is Role.PARAGRAPH and "\u00a0" in text and not text.strip():
        # `&nbsp;` alone: an empty paragraph that the author wants to be seen.
        yield _piece(Role.SCENE_BREAK, "", line)
    for own, part in split_lines(clean_lines(text), role):
        yield _piece(own, part, line)


def _piece(role: Role, text: str, line: int, *, level: int = 0) -> Piece:
    return Piece(Block(role, text, f"line {line + 1}"), level=level)


def _inline(tokens: Sequence[Token]) -> str:
    """The text of inline tokens; a line feed where the author broke the line on purpose."""
    parts: list[str] = []
    link_at: int | None = None
    for token in tokens:
        if token.type in {"text", "code_inline"}:
            parts.append(token.content)
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "hardbreak" or (
            token.type == "html_inline" and _LINE_BREAK_TAG.match(token.content)
        ):
            parts.append("\n")
        elif token.type == "link_open":
            link_at = len(parts) if str(token.attrs.get("href", "")).startswith("#") else None
        elif token.type == "link_close" and link_at is not None:
            if _NOTE_MARK.fullmatch("".join(parts[link_at:])):
                del parts[link_at:]
            link_at = None
    return "".join(parts)
