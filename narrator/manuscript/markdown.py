"""Markdown to a Manuscript: headings give the chapters, marks and markup are not read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from narrator.errors import ManuscriptError
from narrator.manuscript.blocks import split_lines
from narrator.manuscript.chapters import Stretch, chapters_of
from narrator.manuscript.characters import clean
from narrator.manuscript.encoding import decode
from narrator.manuscript.heading_levels import chapter_headings
from narrator.manuscript.html_blocks import read_page
from narrator.manuscript.inline import Marker, without_signs
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.markdown_blocks import BlockMaker, in_divs, plain_piece
from narrator.manuscript.markdown_divs import without_divs
from narrator.manuscript.markdown_inline import Inline, Manner, name_opening, text_of
from narrator.manuscript.markdown_lines import EXPLANATION, LINE_BLOCK, with_lines
from narrator.manuscript.markdown_meta import cover_of, headings_of_facts, without_front_matter
from narrator.manuscript.markdown_notes import without_notes
from narrator.manuscript.markdown_rules import with_marks
from narrator.manuscript.markup import parse_xhtml
from narrator.manuscript.page_blocks import PageBlock
from narrator.manuscript.pieces import Piece
from narrator.manuscript.settled import settled
from narrator.manuscript.text_paragraphs import plain
from narrator.manuscript.text_size import (
    refuse_long_text,
    refuse_many_chapters,
    refuse_much_markdown,
    unswept,
)
from narrator.model import Manuscript, Role

_BREAKS = {"softbreak", "hardbreak"}
_NOTE_REFERENCE = re.compile(r"\[\^[^\]\s]+\]")
_DEEPEST = 60
"""Text nested deeper is dropped by the parser, which calls itself for each level; so it is made flat."""
_WORDED = re.compile(r"\s*[\"'“‘«(_*—–-]*[^\W\d_][^\W\d_]*(?:[\s,;:.!?'’—–-]+[\"'“‘«(_*]*[^\W\d_]+)+\W*")
_CODE_SIGNS = re.compile(r"[{}<>$\\|=#@]|\(\)|^\s*(?://|\w+\()|\w\.\w|\w_\w|\s--\w", re.MULTILINE)
_MARGIN = re.compile(r"^[ \t>]+", re.MULTILINE)
_FEWEST_SPEECHES = 4
"""So many paragraphs that open with a name are a play, where slanted words may be stage directions."""
_SIGNS = {
    "table": re.compile(r"\|"),
    "fence": re.compile(r"```|~~~"),
    "blockquote": re.compile(">"),
    "reference": re.compile(r"\]:"),
    "html_block": re.compile("<"),
    "heading": re.compile("#"),
    "lheading": re.compile(r"^[^A-Za-z\n]*[=-][ \t]*$", re.MULTILINE),
    LINE_BLOCK: re.compile(r"^[ \t>]*\|", re.MULTILINE),
    EXPLANATION: re.compile(r"^[ \t>]*[:~][ \t]", re.MULTILINE),
}
"""What a document shows that needs this rule of the parser, which tries each of its rules at every line."""
_LOOKS = (
    re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE),
    re.compile(r"(?<![\w*])\*{1,2}(?=[^\s*])[^*\n]{1,200}(?<=[^\s*])\*{1,2}(?![\w*])"),
    re.compile(r"!?\[[^\]\n]{1,200}\]\((?:<[^>\n]*>|[^\s()]+)(?:[ \t]+\"[^\"\n]*\")?\)"),
    re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE),
    re.compile(r"^ {0,3}> \S", re.MULTILINE),
    re.compile(r"^\[\^[^\]\s]+\]:", re.MULTILINE),
)
_BOLD = re.compile(r"(?<![\w*])\*\*(?=[^\s*])[^*\n]{1,200}(?<=[^\s*])\*\*(?![\w*])")
_MANY_BOLD = 2
_HEADING_AND_TEXT = re.compile(r"^ {0,3}#{1,6}[ \t]+\S.*\n\s*\n?[^\s#]", re.MULTILINE)


def read_markdown(path: Path) -> Manuscript:
    """Read CommonMark with tables, notes, front matter in YAML or TOML, and most that Pandoc adds to it.

    Raises:
        ManuscriptError: it has no text, or more than a book.
    """
    with unswept():
        return _manuscript(path)


def _manuscript(path: Path) -> Manuscript:
    text = without_signs(decode(path.read_bytes())).replace("\r\n", "\n").replace("\r", "\n")
    refuse_long_text(text, path.name)
    refuse_much_markdown(text, path.name)
    facts, source = without_front_matter(text)
    facts, pieces = headings_of_facts(facts, _pieces_of(source))
    texts = [piece.block.text for piece in pieces if piece.block.text]
    if not texts:
        raise ManuscriptError(f"{path.name} has no text.", advice="Is it the right file?")
    title = facts.title or _lone_title(pieces) or path.stem
    language = normal_tag(facts.language) or guess_language(texts)
    stretches = _stretches(pieces)
    refuse_many_chapters(len(stretches), path.name)
    chapters = chapters_of(stretches, book_title=title, language=language)
    return Manuscript(
        title,
        facts.authors,
        language,
        settled(chapters, language),
        cover=cover_of(facts, path),
        date=facts.date,
        series=facts.series,
        part=facts.part,
        isbn=facts.isbn,
        publisher=facts.publisher,
        description=facts.description,
    )


def looks_like_markdown(text: str) -> bool:
    """Whether a text that does not say what it is has the markup of Markdown: two kinds of it, or headings.

    Plain text has asterisks, underscores and brackets too, so that one kind alone is no sign.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if without_front_matter(text)[1] != text or len(_BOLD.findall(text)) > _MANY_BOLD:
        return True
    return bool(_HEADING_AND_TEXT.search(text)) or sum(bool(look.search(text)) for look in _LOOKS) > 1


def _stretches(pieces: Sequence[Piece]) -> list[Stretch]:
    cuts = chapter_headings(pieces)
    bounds = [cut.at for cut in cuts] + [len(pieces)]
    stretches = [Stretch(tuple(pieces[: bounds[0]]))] if bounds[0] else []
    for cut, end in zip(cuts, bounds[1:], strict=True):
        stretches.append(Stretch(tuple(pieces[cut.at : end]), cut.title, holds_chapters=cut.holds_chapters))
    return stretches


def _lone_title(pieces: Sequence[Piece]) -> str:
    """The text of a heading that opens the book and is the only one of its level or above."""
    levels = [piece.level for piece in pieces if piece.level]
    first = pieces[0]
    return first.block.text if first.level and sum(level <= first.level for level in levels) == 1 else ""


def _pieces_of(source: str) -> list[Piece]:
    """The pieces of a document, its notes where they stand in it."""
    source, divs = without_divs(source)
    source, notes = without_notes(source)
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST})
    with_marks(with_lines(parser.enable(["table", "strikethrough"])))
    parser.disable([rule for rule, sign in _SIGNS.items() if not sign.search(source)])
    tokens = parser.parse(source)
    if _is_too_deep(tokens):
        source = _MARGIN.sub("", source)
        tokens = parser.parse(source)
    if _is_too_deep(tokens):  # by lists alone, as in '1. 1. 1. …' on a line
        tokens = parser.disable("list").parse(source)
    marker = Marker()
    manner = Manner(marker, *_speakers(tokens))
    maker = BlockMaker(marker, frozenset(note.name for note in notes))
    placed = _walk(tokens, manner, maker)
    for note in notes:
        text = text_of(parser.parseInline(note.source)[0].children or [], manner)
        placed += ((note.line, piece) for piece in maker.note(note.name, text, note.line))
    return list(in_divs(sorted(placed, key=lambda one: one[0]), divs))


def _is_too_deep(tokens: Sequence[Token]) -> bool:
    return any(token.level >= _DEEPEST - 1 for token in tokens)


def _speakers(tokens: Sequence[Token]) -> tuple[frozenset[str], bool]:
    """The bold names that say who speaks, and whether this is a play.

    A name with a colon does, one that comes several times, and one in capitals if there is another.
    """
    names: Counter[str] = Counter()
    for before, token in pairwise(tokens):
        if token.type != "inline" or before.type != "paragraph_open" or before.level:
            continue
        children = token.children or []
        starts = [0, *(at + 1 for at, child in enumerate(children) if child.type in _BREAKS)]
        names.update(found[1] for start in starts if (found := name_opening(children, start)))
    capitals = {name for name in names if name.endswith(".") and name.isupper()}
    capitals = capitals if sum(names[name] for name in capitals) > 1 else set()
    told = capitals.union(name for name, times in names.items() if name.endswith(":") or times > 1)
    return frozenset(told), sum(names[name] for name in told) >= _FEWEST_SPEECHES


def _walk(tokens: Sequence[Token], manner: Manner, maker: BlockMaker) -> list[tuple[int, Piece]]:
    """The pieces of a document, each with the line where it begins, counted from 0."""
    placed: list[tuple[int, Piece]] = []
    inside: list[str] = []
    cells: list[Inline] = []
    line = 0
    for number, token in enumerate(tokens):
        line = token.map[0] if token.map else line
        found: Iterable[Piece] = ()
        if token.nesting == 1:
            inside.append(token.type)
            cells = [] if token.type == "tr_open" else cells
        elif token.nesting == -1:
            inside.pop()
            found = maker.row(cells, line) if token.type == "tr_close" else ()
        elif token.type == "inline":
            text = text_of(token.children or [], manner)
            if "tr_open" in inside:
                cells.append(text)
            elif inside[-1] == "heading_open":
                found = maker.heading(text, int(tokens[number - 1].tag[1]), line)
            else:
                found = _paragraphs(maker, text, inside, line, placed)
        else:
            found = _others(token, line)
        placed += ((line, piece) for piece in found)
    return placed


def _paragraphs(
    maker: BlockMaker, text: Inline, inside: Sequence[str], line: int, placed: list[tuple[int, Piece]]
) -> list[Piece]:
    """The pieces of a paragraph; a picture alone in it stands after what was placed before."""
    role = Role.PARAGRAPH
    if inside[-1] == f"{LINE_BLOCK}_open":
        role = Role.VERSE
    elif inside[-1] == f"{EXPLANATION}_open" and placed and placed[-1][1].block.role is Role.TABLE:
        return maker.caption(text, line)
    elif "list_item_open" in inside:
        role = Role.LIST_ITEM
    elif "blockquote_open" in inside:
        role = Role.QUOTATION
    found = maker.paragraphs(text, role, line)
    if not found and text.pictures and placed and isinstance(block := placed[-1][1].block, PageBlock):
        pictures = (*block.pictures, *text.pictures)
        placed[-1] = placed[-1][0], replace(placed[-1][1], block=replace(block, pictures=pictures))
    return found


def _others(token: Token, line: int) -> Iterator[Piece]:
    if token.type == "hr":
        yield plain_piece(Role.SCENE_BREAK, "", line)
    elif token.type == "code_block" and _is_verse(token.content):
        for role, text in split_lines(map(plain, token.content.split("\n")), Role.PARAGRAPH, is_verse=True):
            yield plain_piece(role, text, line)
    elif token.type in {"fence", "code_block"}:
        if text := clean(token.content):
            yield plain_piece(Role.CODE, text, line)
    elif token.type == "html_block":
        content = _NOTE_REFERENCE.sub("", token.content)
        root = parse_xhtml(f"<html><body>{content}</body></html>".encode())
        if root is not None:
            yield from read_page(root, name=f"line {line + 1}").pieces


def _is_verse(content: str) -> bool:
    """Whether indented lines are words, as where a poem was set out with spaces, and no code."""
    lines = [line for line in content.split("\n") if line.strip()]
    worded = sum(bool(_WORDED.fullmatch(line)) for line in lines)
    return not _CODE_SIGNS.search(content) and worded * 3 >= len(lines) * 2
