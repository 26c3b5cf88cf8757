"""Short pages at the head of a book that nothing names: title pages, and what the author says there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from narrator.manuscript.characters import same_words, words_in
from narrator.manuscript.headings import label_is_chapter
from narrator.manuscript.matter import is_page_apart, matter_of_kind
from narrator.manuscript.pieces import Piece, Stretch, first_heading, words_of
from narrator.model import Matter, Role

LONGEST_TITLE_PAGE = 200
"""A page with as many words is more than a title page."""
_TITLE_LINE = 60
_TITLE_LINES = 4
"""The listed parts of a title page have fewer words than these, and there are no more of them."""
_BY = re.compile(r"by|von|par|door", re.IGNORECASE)
_BY_LINE = re.compile(
    r"(?i:by|von|par|door)\s+[^\W\d_a-z]|(?i:(?:author|translator|editor) of|with .{0,40}illustrations)\b"
    r"|(?i:(?:illustrated|translated|edited) by)\b"
)
_DEDICATED = re.compile(
    r"[\W_]*(?:for|to|dedicated to|in (?:loving )?memory of|f[üu]r|dem andenken|à|pour|à la mémoire|voor|aan"
    r"|ter nagedachtenis)\s[^.!?]*[.!?…]?[\W_]*",
    re.IGNORECASE,
)
"""A sentence to somebody."""
_LONGEST_DEDICATION = 30
_TITLE_PAGES = {"titlepage", "halftitlepage"}
_ONE_IN_A_ROW = {"titlepage", "gutenberg-header", "gutenberg-license"}
_PROSE = "preamble"
"""What prose before the first chapter is, if nothing names it."""
_FEWEST_WORDS = 8
_SENTENCE_END = re.compile(r"(?:[.!?…。！？؟।]|--|[—–])[\"'’”»)\]」』]*$")
_QUOTED = re.compile(r"[\"'‘“«„「『].+[\"'’”»“」』][.,]?", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+")
_LOWER = 0.4
"""More words of a text begin with small letters than this share; of a title page, fewer."""
_OF_EDITION = re.compile(
    r"©|\bcopyright\b|\bISBN\b|\bhttps?:|\bwww\.|\be-?(?:books?|texts?)\b|project gutenberg|all rights reserved"
    r"|\b(?:(?:re)?(?:published|printed)|produced|transcribed|illustrated|translated|edited)"
    r" (?:by|in|from|and)\b"
    r"|\bedition\b|sign up\b|newsletter|next (?:great )?read"
    r"|alle rechte|tous droits|éditions?\b|imprim[ée]|traduit|übersetzt|gedruckt|\bverlag\b"
    r"|uitgever|vertaald|gedrukt|発行|出版|著作権|底本|翻訳",
    re.IGNORECASE,
)
"""What is said of an edition, and not by it."""


def kind_of_title_page(stretch: Stretch, book_title: str) -> str:
    """The kind of a short page under the title of the book, '' where this is none."""
    heading = first_heading(stretch.pieces)
    title = same_words(stretch.title or heading)
    is_page = bool(title) and title == same_words(book_title) and not label_is_chapter(heading)
    if not is_page or words_of(stretch.pieces) >= LONGEST_TITLE_PAGE:
        return ""
    if reads_as_prose(stretch.pieces):
        return _PROSE
    return "titlepage" if words_of(stretch.pieces) > words_in(book_title) + 3 else "halftitlepage"


def with_front_pages(stretches: Sequence[Stretch], book_title: str) -> list[Stretch]:
    """The stretches with a kind for what stands unnamed and short before the first chapter.

    It is a title page, and two of these in a row are one; but what reads as prose is spoken.
    """
    found: list[Stretch] = []
    has_names = any(stretch.title for stretch in stretches)
    is_in_front = True
    for number, stretch in enumerate(stretches):
        is_in_front = is_in_front and number + 1 < len(stretches)
        kind = stretch.kind
        if is_in_front and _is_unnamed_page(stretch, book_title):
            kind = "titlepage"
            if reads_as_prose(stretch.pieces):
                # In a book that names nothing it is no less a chapter than the others.
                kind = _PROSE if has_names else ""
        elif is_in_front and found and found[-1].kind in _TITLE_PAGES:
            is_line = _is_title_line(stretches[number:], found[-1].pieces)
            kind = "titlepage" if is_line else kind
        is_in_front = is_in_front and is_page_apart(kind)
        if found and found[-1].kind == kind and kind in _ONE_IN_A_ROW:
            both = found[-1].pieces + stretch.pieces
            found[-1] = replace(found[-1], title=found[-1].title or stretch.title, pieces=both)
        else:
            found.append(replace(stretch, kind=kind))
    return found


def reads_as_prose(pieces: Iterable[Piece]) -> bool:
    """Whether most of this is in sentences, or in what people say, and none of it about an edition."""
    texts = [piece.block.text for piece in pieces if piece.block.text and piece.block.role is not Role.HEADING]
    if any(map(_OF_EDITION.search, texts)):
        return False
    said = [line for text in texts for line in _said_in(text)]
    words = sum(map(words_in, said))
    if words < _FEWEST_WORDS or words * 2 < sum(map(words_in, texts)):
        return False
    begins = [word[0] for line in said for word in _WORD.findall(line)]
    small, large = sum(map(str.islower, begins)), sum(map(str.isupper, begins))
    return small >= _LOWER * (small + large)


def _said_in(text: str) -> list[str]:
    """The text if it is one or more whole sentences, else those of its lines that are."""
    return [text] if _is_said(text) else [line for line in text.split("\n") if _is_said(line)]


def _is_said(text: str) -> bool:
    """Whether this ends as a sentence does, or is longer than any line of a title page."""
    if _BY_LINE.match(text) or (_DEDICATED.fullmatch(text) and words_in(text) <= _LONGEST_DEDICATION):
        return False
    return bool(_SENTENCE_END.search(text) or _QUOTED.fullmatch(text)) or words_in(text) > _TITLE_LINE


def _is_unnamed_page(stretch: Stretch, book_title: str) -> bool:
    if stretch.title or stretch.kind or stretch.matter is Matter.BODY:
        return False
    is_short = len(stretch.pieces) < LONGEST_TITLE_PAGE and words_of(stretch.pieces) < LONGEST_TITLE_PAGE
    return is_short and not _is_heading_only(stretch, book_title)


def _is_title_line(stretches: Sequence[Stretch], above: Sequence[Piece]) -> bool:
    """Whether the first of these is a subtitle or an author's name, listed as though it were a chapter."""
    is_named = bool(above) and _BY.fullmatch(above[-1].block.text) is not None
    for number, stretch in enumerate(stretches):
        is_plain = stretch.kind == "" and not label_is_chapter(stretch.title) and not stretch.holds_chapters
        if not is_plain or words_of(stretch.pieces) > _TITLE_LINE:
            is_front = matter_of_kind(stretch.kind) is Matter.FRONT
            has_more = any(not is_page_apart(later.kind) for later in stretches[number:])
            return 0 < number <= _TITLE_LINES and is_front and has_more
        if not number and (is_named or _BY.fullmatch(stretch.title) or _BY_LINE.match(stretch.title)):
            return True
    return False


def _is_heading_only(stretch: Stretch, book_title: str) -> bool:
    """Nothing but headings, and these not the book's title."""
    text = [piece.block for piece in stretch.pieces if piece.block.text]
    return all(
        block.role is Role.HEADING and same_words(block.text) != same_words(book_title) for block in text
    )
