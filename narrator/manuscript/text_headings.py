"""Chapter headings in plain text, told by their words and the white space around them; not lists of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, takewhile

from narrator.manuscript.characters import words_in
from narrator.manuscript.headings import (
    Rank,
    is_bare_label,
    is_bare_number,
    is_label_word,
    is_numbered_title,
    label_of,
)
from narrator.manuscript.matter import is_page_apart, kind_of_title, matter_of_kind
from narrator.manuscript.text_heading import TextHeading, heading_text, number_of
from narrator.manuscript.text_paragraphs import Paragraph, plain
from narrator.manuscript.text_sections import with_listed, without_boxes, without_scenes, without_sections
from narrator.model import Matter

_LONGEST = 140
_LONGEST_TITLE = 220
_LIST_GAP = 12
"""Headings with no more words between them than these are lines of a list, not chapters."""
_SHORTEST_LIST = 4
_MOST_FOUND = 50_000
_PAGE_NUMBER = re.compile(r"[\s.·…]+(?:\d{1,4}|[ivxlc]{1,7})\.?$")
_NO_TITLE_START = "\"'“‘«—-[「『（"
_SENTENCE_END = '.!?:;,"”’»。！？、」』'
_LETTERS = re.compile(r"[^\W\d_]")


def text_headings(book: Sequence[Paragraph]) -> list[TextHeading]:
    """The headings of the book's chapters, in order; [] where it has none. Scenes of acts are no chapters.

    Where more lines look like headings than a book may have, all of these are told, unsifted.
    """
    numbers = sum(is_bare_number(paragraph.text) and len(paragraph.lines) == 1 for paragraph in book)
    underlined = sum(paragraph.is_underlined for paragraph in book)
    found = [
        TextHeading(at, heading_text(paragraph))
        for at, paragraph in enumerate(book)
        if _is_heading(paragraph, has_numbers=numbers > 1)
        or (underlined > 1 and paragraph.is_underlined and _LETTERS.search(paragraph.text))
    ]
    if len(found) > _MOST_FOUND:
        return found
    found = without_scenes(with_listed(book, found))
    if not any(not is_page_apart(kind_of_title(heading.title)) for heading in found):
        found += _shouted(book, gap=2) or _shouted(book, gap=1)
        found.sort(key=lambda heading: heading.at)
    found = without_boxes(book, without_sections(_after_title_page(_without_lists(book, found))))
    return _with_contents(book, list(_with_titles(book, found)))


def is_scene_heading(paragraph: Paragraph) -> bool:
    """Whether a scene begins here, which is a chapter of its own only where there are no acts."""
    label = label_of(paragraph.text)
    return label is not None and label.rank is Rank.SCENE and _is_heading(paragraph, has_numbers=False)


def _is_heading(paragraph: Paragraph, *, has_numbers: bool) -> bool:
    text = paragraph.text
    if len(text) > _LONGEST or len(paragraph.lines) > 3 or not paragraph.blanks or not text:
        return False
    first, *others = [plain(line) for line in paragraph.lines]
    if label := label_of(text):
        is_number = is_bare_label(first) or is_bare_label(label.title.split(". ")[0])
        return not others or (not any(map(label_of, others)) and (is_number or text.isupper()))
    if others:
        is_title = len(others) == 1 and _LETTERS.search(others[0]) and others[0][-1] not in _SENTENCE_END[1:]
        return bool(is_title) and paragraph.blanks > 1 and is_bare_number(first) and others[0][0].isupper()
    if is_bare_number(text):
        return has_numbers
    return paragraph.blanks > 1 and (is_numbered_title(text) or is_page_apart(kind_of_title(text)))


def _shouted(book: Sequence[Paragraph], *, gap: int) -> list[TextHeading]:
    """Lines in capitals after so many empty ones, in books whose chapters have names alone."""
    found = [
        TextHeading(at, paragraph.text)
        for at, paragraph in enumerate(book)
        if len(paragraph.lines) == 1
        and paragraph.blanks >= gap
        and paragraph.text.isupper()
        and len(paragraph.text) < 70
        and at + 1 < len(book)
        and words_in(book[at + 1].text) > _LIST_GAP
    ]
    return found if len(found) > 2 else []


def _without_lists(book: Sequence[Paragraph], found: Sequence[TextHeading]) -> list[TextHeading]:
    """The headings that head text: a run with nothing between is a list of them, till it begins anew."""
    kept: list[TextHeading] = []
    run: list[TextHeading] = []
    later = Counter(number_of(heading.title) for heading in found)
    for heading, following in pairwise([*found, TextHeading(len(book), "")]):
        run.append(heading)
        later[number_of(heading.title)] -= 1
        if following.at == len(book) or _heads_text(book, heading.at, following.at):
            kept += _real(run, later)
            run = []
    return kept


def _heads_text(book: Sequence[Paragraph], at: int, end: int) -> bool:
    """Whether there is text between this heading and the next."""
    words = 0
    for number in range(at + 1, end):
        paragraph = book[number]
        if not (len(paragraph.lines) > 1 and _is_list(paragraph)):
            words += words_in(paragraph.text)
        if words > _LIST_GAP:
            return True
    return False


def _after_title_page(found: list[TextHeading]) -> list[TextHeading]:
    """The headings without a volume's number that belongs to the title page, before a preface or a volume."""
    volumes = list(takewhile(_is_volume, found))
    following = found[len(volumes)].title if len(volumes) < len(found) else ""
    return found[len(volumes) :] if matter_of_kind(kind_of_title(following)) is Matter.FRONT else found


def _is_volume(heading: TextHeading) -> bool:
    label = label_of(heading.title)
    return label is not None and label.rank is Rank.PART


def _real(run: list[TextHeading], later: Counter[str]) -> list[TextHeading]:
    """Of a run the headings that are no lines of a list; `later` counts the numbers that come after it.

    A part's and its chapter's heading above the text are real where the list begins anew with them, and also
    where they do not come again.
    """
    if len(run) < _SHORTEST_LIST:
        return run
    ranks = [_rank(heading.title) for heading in run]
    at = len(run) - 1
    while at and ranks[at - 1] and ranks[at - 1] < ranks[at]:
        at -= 1
    numbers = [number_of(heading.title) for heading in run]
    is_anew = numbers[at] in numbers[:at] and numbers[at] == numbers[ranks.index(ranks[at])]
    return [
        *_apart(run[:at]),
        *(heading for heading in run[at:] if is_anew or not later[number_of(heading.title)]),
    ]


def _rank(title: str) -> int:
    """The higher the lower: 1 for a part; 0 for a page apart, which stands above nothing."""
    if label := label_of(title):
        return label.rank.value
    return 0 if is_page_apart(kind_of_title(title)) else len(Rank) + 1


def _apart(run: Sequence[TextHeading]) -> list[TextHeading]:
    return [heading for heading in run if kind_of_title(heading.title) == "toc"]


def _with_titles(book: Sequence[Paragraph], found: Sequence[TextHeading]) -> Iterator[TextHeading]:
    """Headings of a mere number with the title in the paragraph below: where it looks like one, or most do."""
    bare = {heading.at for heading in found if is_bare_label(heading.title)}
    taken = {heading.at for heading in found}
    possible = {at for at in bare if taken.isdisjoint((at + 1, at + 2)) and _can_be_title(book, at + 1)}
    evident = {at for at in possible if _looks_like_title(book, at + 1)}
    is_custom = len(evident) * 3 >= len(bare) * 2
    for heading in found:
        below = heading.at + 1
        if heading.at in (possible if is_custom else evident):
            title = f"{heading.title.rstrip('. :')}: {book[below].text}"
            yield replace(heading, title=title, paragraphs=2)
        else:
            yield heading


def _can_be_title(book: Sequence[Paragraph], at: int) -> bool:
    if at + 1 >= len(book):
        return False
    text = book[at].text
    is_short = len(book[at].lines) < 4 and len(text) < _LONGEST_TITLE
    if not is_short or not _LETTERS.search(text) or text[0] in _NO_TITLE_START or text.endswith("。"):
        return False
    return label_of(text) is None and not is_label_word(text)


def _looks_like_title(book: Sequence[Paragraph], at: int) -> bool:
    """Whether it stands apart from the text below, or is in capitals, or a line that is no sentence."""
    paragraph, text = book[at], book[at].text
    stands_apart = book[at + 1].blanks > max(1, paragraph.blanks)
    return stands_apart or text.isupper() or (len(paragraph.lines) == 1 and text[-1] not in _SENTENCE_END)


def _with_contents(book: Sequence[Paragraph], found: Sequence[TextHeading]) -> list[TextHeading]:
    """The headings, and a list of contents that has no heading of its own as one more stretch."""
    first = found[0].at if found else len(book)
    for at, paragraph in enumerate(book[:first]):
        if len(paragraph.lines) > 2 and _is_list(paragraph):
            return [TextHeading(at, "", paragraphs=0, kind="toc"), *found]
    return list(found)


def _is_list(paragraph: Paragraph) -> bool:
    lines = [line.strip() for line in paragraph.lines]
    listed = sum(bool(label_of(line) or is_numbered_title(line) or _PAGE_NUMBER.search(line)) for line in lines)
    return listed * 3 > len(lines) * 2
