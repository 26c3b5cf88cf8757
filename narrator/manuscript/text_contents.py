"""The chapters that a plain text's own list of contents names, found again where they begin."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from narrator.manuscript.characters import same_words, words_in
from narrator.manuscript.headings import is_bare_label, label_of
from narrator.manuscript.matter import kind_of_title
from narrator.manuscript.text_paragraphs import Paragraph, plain

_PAGE = re.compile(r"[\s.·…_]+(?:\d{1,4}|[ivxlc]{1,7}|_?frontispiece_?)\.?$", re.IGNORECASE)
_NUMBER = re.compile(r"(?:[IVXLC]{1,7}|\d{1,3})(?:[.:)\]—–-]+\s*|\s+)(?=\S)")
_COLUMN_HEADS = re.compile(
    r"(?:chap(?:ter|itre|\.)?|no\.?|kapitel|hoofdstuk)?\s*(?:page|pag\.?|seite|bladz\.?)s?"
)
_LONGEST = 140
_LONGEST_LIST = 400
_LONGEST_NAME = 60
_MOST_LISTS = 3
_PROSE_WORDS = 45
_LIKELY_AT_END = 0.7
_SHARE = 2 / 3
"""A list is believed where so many of its lines come again, in its order."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The number after the last paragraph of the list, and those where its chapters begin."""

    end: int
    chapters: tuple[int, ...]


def contents_of(book: Sequence[Paragraph]) -> Contents | None:
    """The list of contents whose lines come again as lines of their own; None where there is none such."""
    starts = (
        at
        for at, paragraph in enumerate(book)
        if len(paragraph.text) <= _LONGEST_NAME and kind_of_title(paragraph.text) == "toc"
    )
    for start in islice(starts, _MOST_LISTS):
        end, entries = _entries(book, start)
        is_at_end = start > len(book) * _LIKELY_AT_END
        bounds = (0, start) if is_at_end else (end, len(book))
        chapters = _found_again(book, entries, bounds)
        if len(chapters) > 1 and len(chapters) >= len(entries) * _SHARE:
            return Contents(end, tuple(chapters))
    return None


def _entries(book: Sequence[Paragraph], start: int) -> tuple[int, list[tuple[str, ...]]]:
    """The end of the list, and for each of its lines the forms in which its heading may be written."""
    entries: list[tuple[str, ...]] = []
    for at in range(start + 1, len(book)):
        forms = [found for line in book[at].lines if (found := _forms(line))]
        begins_anew = bool(entries and forms and set(entries[0]) & set(forms[0]))
        if begins_anew and is_bare_label(book[at - 1].text):
            return at - 1, entries[:-1]
        if begins_anew or _is_prose(book[at]) or len(entries) > _LONGEST_LIST:
            return at, entries
        entries += forms
    return len(book), entries


def _is_prose(paragraph: Paragraph) -> bool:
    """Whether these are sentences, and no lines of a list."""
    if len(paragraph.lines) < 3:
        return paragraph.text[-1:] in '.!?"”' and words_in(paragraph.text) > _PROSE_WORDS // 3
    wide = sum(len(line) > 60 and not _PAGE.search(line) for line in paragraph.lines[:-1])
    return wide * 2 > len(paragraph.lines)


def _forms(line: str) -> tuple[str, ...]:
    text = plain(line)
    if not is_bare_label(text):
        text = _PAGE.sub("", text) or text
    return _forms_of(text)


def _forms_of(text: str) -> tuple[str, ...]:
    """The forms of a text: all of it, and without its number; () for heads of columns."""
    if not any(char.isalpha() for char in text) or _COLUMN_HEADS.fullmatch(text.lower()):
        return ()
    label = label_of(text)
    title = label.title if label else _NUMBER.sub("", text, count=1)
    return tuple(dict.fromkeys(form for form in (same_words(text), same_words(title)) if form))


def _found_again(
    book: Sequence[Paragraph], entries: Sequence[tuple[str, ...]], bounds: tuple[int, int]
) -> list[int]:
    """The paragraphs that are these lines, in their order; a number right above a title is its beginning."""
    places: dict[str, list[int]] = defaultdict(list)
    for at in range(*bounds):
        paragraph = book[at]
        if paragraph.blanks and len(paragraph.lines) < 4 and len(paragraph.text) <= _LONGEST:
            for form in _forms_of(paragraph.text):
                places[form].append(at)
    below = {at for at in range(bounds[0] + 1, bounds[1]) if is_bare_label(book[at - 1].text)}
    candidates = [next((places[form] for form in forms if places[form]), []) for forms in entries]
    # A title stands in lists of pictures, too, but under a number it is a chapter's.
    candidates = [[at for at in ats if at in below] or ats for ats in candidates]
    return list(dict.fromkeys(at - 1 if at in below else at for at in _longest_rise(candidates)))


def _longest_rise(candidates: Sequence[Sequence[int]]) -> list[int]:
    """The most numbers that rise, at most one from each list; by patience sorting."""
    tails: list[int] = []
    links: list[tuple[int, int]] = []
    ends: list[int] = []
    for numbers in candidates:
        for number in reversed(numbers):
            pile = bisect_left(tails, number)
            links.append((number, ends[pile - 1] if pile else -1))
            tails[pile : pile + 1] = [number]
            ends[pile : pile + 1] = [len(links) - 1]
    return list(_unlinked(links, ends[-1] if ends else -1))[::-1]


def _unlinked(links: Sequence[tuple[int, int]], at: int) -> Iterator[int]:
    while at >= 0:
        number, at = links[at]
        yield number
