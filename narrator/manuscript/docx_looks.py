"""Headings that are told by their look: short lines unlike the text, of which most head some."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from narrator.manuscript.characters import clean_lines, words_in
from narrator.manuscript.docx_body import WordParagraph, with_joined
from narrator.manuscript.docx_styles import TITLE_LEVEL
from narrator.model import Role

CHAPTER_LEVEL = TITLE_LEVEL + 1
LIST_GAP = 12
"""A line with no more words than these before the next of its kind heads nothing."""
_LOWEST = 6
_LONGEST = 140
_MOST_LINES = 3
_CHAPTER_WORDS = 40
"""Lines that only look like headings are chapters' where they stand this far apart on average."""
_LARGER = 1.15
_LETTER = re.compile(r"[^\W_]")
_NO_BEGINNING = "\"'“‘«„—–-([*"
_CAN_HEAD = {Role.PARAGRAPH, Role.LIST_ITEM}


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """What of a look makes a heading; the larger of two stands above the other."""

    size: int = 0
    is_bold: bool = False
    is_underlined: bool = False
    is_centred: bool = False
    is_caps: bool = False


def shape_of(paragraph: WordParagraph) -> Shape:
    """How a paragraph looks."""
    look, text = paragraph.look, paragraph.text
    is_caps = look.is_caps or (text.isupper() and len(text) > 2)
    return Shape(look.size, look.is_bold, look.is_underlined, look.is_centred, is_caps)


def usual_shape(paragraphs: Sequence[WordParagraph]) -> Shape:
    """How most of the text looks."""
    counts: Counter[Shape] = Counter()
    for paragraph in paragraphs:
        if paragraph.role is Role.PARAGRAPH:
            counts[shape_of(paragraph)] += len(paragraph.text)
    return counts.most_common(1)[0][0] if counts else Shape()


def stands_out(paragraph: WordParagraph, usual: Shape) -> bool:
    """Whether a paragraph looks unlike the text in the ways that headings do."""
    own = shape_of(paragraph)
    return (
        own.size >= usual.size * _LARGER
        or (own.is_bold and not usual.is_bold)
        or (own.is_underlined and not usual.is_underlined)
        or (own.is_centred and not usual.is_centred)
        or (own.is_caps and not usual.is_caps)
    )


def can_head(paragraph: WordParagraph) -> bool:
    """Whether a paragraph is short enough for a heading and no part of a sentence or a speech."""
    if paragraph.role not in _CAN_HEAD or paragraph.kind or len(paragraph.text.strip()) > _LONGEST:
        return False
    lines = [line for line in clean_lines(paragraph.text) if line]
    text = " ".join(lines)
    if not 0 < len(lines) <= _MOST_LINES:
        return False
    is_apart = text[0] not in _NO_BEGINNING and text[-1] not in ",;"
    return is_apart and _LETTER.search(text) is not None


def with_headings_by_look(paragraphs: Sequence[WordParagraph]) -> list[WordParagraph] | None:
    """The paragraphs with such headings, those of the largest look above the others; None without any."""
    usual = usual_shape(paragraphs)
    alike: dict[Shape, list[int]] = defaultdict(list)
    for at, paragraph in enumerate(paragraphs):
        if can_head(paragraph) and stands_out(paragraph, usual):
            alike[shape_of(paragraph)].append(at)
    lines = {at for own in alike.values() for at in own}
    chosen = [(shape, heads) for shape, own in alike.items() if (heads := _heads(paragraphs, own, lines))]
    if not chosen:
        return None
    found = list(paragraphs)
    for level, (_, heads) in enumerate(sorted(chosen, reverse=True), CHAPTER_LEVEL):
        for at in heads:
            found[at] = replace(found[at], role=Role.HEADING, level=min(level, _LOWEST))
    return with_joined(found, _goes_on)


def _heads(paragraphs: Sequence[WordParagraph], alike: Sequence[int], lines: set[int]) -> list[int]:
    """Those of lines that look alike which head text; [] where they are not many or not far enough apart."""
    # A heading of several lines is judged by its first.
    firsts = [at for at, before in zip(alike, [-2, *alike], strict=False) if at > before + 1]
    heads: list[int] = []
    words = 0
    for at in firsts:
        below = at + 1
        while below in lines:
            below += 1
        own = 0
        while below < len(paragraphs) and below not in lines:
            own += words_in(paragraphs[below].text)
            below += 1
        if own > LIST_GAP:
            heads.append(at)
            words += own
    is_usual = len(heads) * 5 >= len(firsts) * 3
    return heads if len(heads) > 1 and is_usual and words >= _CHAPTER_WORDS * len(heads) else []


def _goes_on(heading: WordParagraph, paragraph: WordParagraph) -> bool:
    """Whether this is one more line of a heading: right below it, and just like it."""
    is_near = heading.level > 0 and not (paragraph.level or paragraph.blanks or paragraph.starts_page)
    return is_near and can_head(paragraph) and shape_of(paragraph) == shape_of(heading)
