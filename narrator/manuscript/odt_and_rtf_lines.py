"""Documents whose paragraphs are the lines of a text that somebody had wrapped: to paragraphs again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from narrator.manuscript.characters import clean
from narrator.manuscript.odt_and_rtf_headings import Written
from narrator.manuscript.text_paragraphs import Paragraph, is_broken, prose, text_width
from narrator.model import Role

_FEWEST = 60
_WIDEST = 92
"""Lines that were wrapped have no more characters than these, and many are longer than `_NARROW`."""
_NARROW = 45
_MANY_LINES = 60
"""No stanza and no inscription has more lines than these."""
_ALONE = 0.7
"""Where a larger share of the paragraphs stands alone between empty ones, nothing was wrapped."""


def unwrapped(book: list[Written]) -> list[Written]:
    """The paragraphs, with the lines of wrapped text joined."""
    if not _is_wrapped(book):
        return book
    groups: list[list[Written]] = []
    for paragraph in book:
        if groups and _goes_on(groups[-1][-1], paragraph):
            groups[-1].append(paragraph)
        else:
            groups.append([paragraph])
    width = text_width([_as_text(group) for group in groups])
    return [_joined(group, width) for group in groups]


def with_blanks(written: Iterable[Written]) -> list[Written]:
    """The paragraphs that have text, with the number of empty ones before each.

    Where most of the text is in paragraphs of very many lines, each line counts as a paragraph.
    """
    found = []
    blanks = 0
    opens_page = False
    for paragraph in _parted(list(written)):
        if clean(paragraph.text):
            is_first = paragraph.opens_page or opens_page
            found.append(replace(paragraph, blanks=blanks, opens_page=is_first))
            blanks, opens_page = 0, False
        else:
            blanks += 1
            opens_page = opens_page or paragraph.opens_page
    return found


def _parted(written: list[Written]) -> list[Written]:
    long = sum(len(paragraph.text) for paragraph in written if _has_many_lines(paragraph))
    if long * 2 <= sum(len(paragraph.text) for paragraph in written):
        return written
    return [line for paragraph in written for line in _lines(paragraph)]


def _lines(paragraph: Written) -> list[Written]:
    if not _has_many_lines(paragraph):
        return [paragraph]
    first, *others = paragraph.text.split("\n")
    below = replace(paragraph, opens_page=False, notes=())
    return [replace(paragraph, text=first), *(replace(below, text=text) for text in others)]


def _has_many_lines(paragraph: Written) -> bool:
    return paragraph.role is Role.PARAGRAPH and paragraph.text.count("\n") > _MANY_LINES


def _is_wrapped(book: Sequence[Written]) -> bool:
    lines = [paragraph for paragraph in book if _is_line(paragraph)]
    if len(lines) < _FEWEST or len(lines) * 10 < len(book) * 9:
        return False
    lengths = sorted(len(line.text) for line in lines)
    alone = sum(line.blanks > 0 for line in lines)
    is_narrow = lengths[len(lengths) * 98 // 100] <= _WIDEST
    return is_narrow and lengths[len(lengths) * 6 // 10] > _NARROW and 0 < alone < _ALONE * len(lines)


def _is_line(paragraph: Written) -> bool:
    return paragraph.role is Role.PARAGRAPH and not (paragraph.level or paragraph.kind or paragraph.is_title)


def _goes_on(before: Written, paragraph: Written) -> bool:
    can_go_on = _is_line(before) or before.role is Role.NOTE
    return can_go_on and _is_line(paragraph) and not paragraph.blanks and not paragraph.opens_page


def _as_text(group: Sequence[Written]) -> Paragraph:
    lines = tuple(line.text for line in group)
    return Paragraph(lines, "", 0, group[0].blanks)


def _joined(group: Sequence[Written], width: int) -> Written:
    lines = [line.text for line in group]
    has_breaks = any("\n" in line for line in lines) or is_broken(_as_text(group), width)
    text = "\n".join(lines) if has_breaks else prose(lines)
    # Between paragraphs that were parted by an empty line, one of these means nothing.
    notes = tuple(name for line in group for name in line.notes)
    return replace(group[0], text=text, blanks=max(0, group[0].blanks - 1), notes=notes)
