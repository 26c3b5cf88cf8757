"""Word's paragraphs to pieces: lines and stanzas, scene breaks, titles in two paragraphs, foreign languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from narrator.manuscript.blocks import split_lines
from narrator.manuscript.characters import clean, clean_lines, words_in
from narrator.manuscript.docx_body import WordParagraph, with_joined
from narrator.manuscript.docx_styles import TITLE_LEVEL
from narrator.manuscript.headings import (
    Rank,
    is_bare_label,
    is_bare_number,
    is_numbered_title,
    joined_heading,
    label_of,
)
from narrator.manuscript.inline import Marker
from narrator.manuscript.language import guess_language, normal_tag
from narrator.manuscript.matter import is_page_apart, kind_of_title
from narrator.manuscript.pieces import Piece
from narrator.manuscript.signed import Marks
from narrator.model import Block, Role

_LONGEST_HEADING = 200
_LOWEST = 6
_PARAGRAPHS_PER_GAP = 4
"""Where empty paragraphs are more frequent than this they are how the author parts paragraphs, not scenes."""
_MOST_BLANKS = 3
_FOREIGN_WORDS = 4
"""Word takes shorter texts for this language or that when it checks spelling by itself."""
_NOT_CHECKED = re.compile("[\u0590-\u1dff\u3040-\ud7ff\uf900-\ufdff\ufe70-\uffef]")
"""Scripts whose languages stand in other attributes than the one that is read here."""
_ON_ONE_LINE = {Role.NOTE, Role.CAPTION, Role.TABLE, Role.CODE}


def with_whole_titles(paragraphs: Sequence[WordParagraph]) -> list[WordParagraph]:
    """The paragraphs, with titles of the book in several paragraphs as one, and so the lines of a stanza."""
    return with_joined(paragraphs, _goes_on)


def _goes_on(first: WordParagraph, paragraph: WordParagraph) -> bool:
    if paragraph.kind != first.kind or paragraph.role is not first.role:
        return False
    if paragraph.role is Role.VERSE:
        return not paragraph.blanks and not paragraph.starts_page
    return paragraph.level == first.level == TITLE_LEVEL and not paragraph.starts_page


def pieces_of(
    paragraphs: Sequence[WordParagraph], marker: Marker, *, usual_language: str, language: str
) -> list[Piece]:
    """The pieces of a document of which most is marked as `usual_language`, and which is in `language`."""
    marks = Marks((paragraph.signed for paragraph in paragraphs), marker)
    return _with_titles_below(list(_pieces(paragraphs, marks, usual_language, language)))


def _pieces(
    paragraphs: Sequence[WordParagraph], marks: Marks, usual_language: str, book_language: str
) -> Iterator[Piece]:
    gap = _scene_gap(paragraphs)
    was_prose = False
    for paragraph in paragraphs:
        level = paragraph.level
        blocks = _blocks(paragraph, paragraph.text)
        if blocks and blocks[0][0] is not Role.HEADING:
            level = 0
        is_prose = bool(blocks) and blocks[0][0] is Role.PARAGRAPH and not paragraph.kind
        source = f"paragraph {paragraph.number}"
        if gap and paragraph.blanks >= gap and was_prose and is_prose:
            yield Piece(Block(Role.SCENE_BREAK, "", source))
        was_prose = is_prose
        language = _foreign(paragraph, usual_language)
        copies = _blocks(paragraph, paragraph.signed) if paragraph.signed else []
        marked = (
            marks.of(blocks, copies, language or book_language)
            if copies
            else [(*block, ()) for block in blocks]
        )
        for left, (role, text, own) in zip(range(len(marked) - 1, -1, -1), marked, strict=True):
            notes = () if left else paragraph.notes
            block = Block(role, text, source, language, marks=own, notes=notes, note=paragraph.note)
            yield Piece(block, level=level, kind=paragraph.kind, linked=paragraph.linked)


def _blocks(paragraph: WordParagraph, whole: str) -> list[tuple[Role, str]]:
    """The blocks of a paragraph whose text is this."""
    lines = clean_lines(whole)
    role = paragraph.role
    if role is Role.HEADING:
        heading = joined_heading(lines)
        if len(heading) <= _LONGEST_HEADING:
            return [(role, heading)] if heading else []
        role = Role.PARAGRAPH
    if role in _ON_ONE_LINE:
        return [(role, joined)] if (joined := clean(" ".join(lines))) else []
    if role is Role.SCENE_BREAK:
        if not any(char.isalnum() for char in whole):
            return [(role, "")]
        role = Role.PARAGRAPH
    is_verse = role is Role.VERSE
    return split_lines(lines, Role.PARAGRAPH if is_verse else role, is_verse=is_verse)


def _scene_gap(paragraphs: Sequence[WordParagraph]) -> int:
    """How many empty paragraphs part two scenes, 0 where they do not."""
    blanks = [
        paragraph.blanks
        for before, paragraph in pairwise(paragraphs)
        if before.role is paragraph.role is Role.PARAGRAPH
    ]
    for gap in range(1, _MOST_BLANKS + 1):
        count = sum(own >= gap for own in blanks)
        if 0 < count * _PARAGRAPHS_PER_GAP <= len(blanks):
            return gap
    return 0


def _with_titles_below(pieces: Sequence[Piece]) -> list[Piece]:
    """'Chapter 1' and 'The Boy' in two headings of one level, or a subtitle: the second is set lower."""
    found = list(pieces)
    for at in range(1, len(found)):
        level = found[at - 1].level
        if 0 < level < _LOWEST and found[at].level <= level and _is_title_of_label_above(found, at):
            found[at] = replace(found[at], level=level + 1)
    return found


def _is_title_of_label_above(pieces: Sequence[Piece], at: int) -> bool:
    above, text = pieces[at - 1].block.text, pieces[at].block.text
    if pieces[at].block.role is not Role.HEADING or not is_bare_label(above):
        return False
    if label_of(text) or is_bare_number(text) or is_numbered_title(text) or is_page_apart(kind_of_title(text)):
        return False
    # Below 'Part One', a heading with text of its own is its first chapter.
    label = label_of(above)
    is_above_heading = at + 1 < len(pieces) and pieces[at + 1].level > 0
    return is_above_heading or label is None or label.rank is not Rank.PART


def _foreign(paragraph: WordParagraph, usual_language: str) -> str | None:
    """The language of a paragraph that is marked as another than most of the book, and looks like it."""
    if not paragraph.language or paragraph.language == usual_language:
        return None
    language, text = normal_tag(paragraph.language), paragraph.text
    primary = language.partition("-")[0]
    if primary == normal_tag(usual_language).partition("-")[0] or words_in(text) < _FOREIGN_WORDS:
        return None
    if _NOT_CHECKED.search(text) or guess_language([text]) not in {"", primary}:
        return None
    return language or None
