"""Which runs of a PDF are headings, and how high each stands: by size, weight, capitals and words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from narrator.manuscript.headings import (
    is_bare_label,
    is_bare_number,
    is_label_word,
    joined_heading,
    label_of,
)
from narrator.manuscript.matter import is_page_apart, kind_of_title
from narrator.manuscript.pdf_lines import HYPHEN, Line
from narrator.manuscript.pdf_measures import Measures
from narrator.manuscript.pdf_runs import GAP, Run

_LARGER = 1.12
_AS_LARGE = 0.93
_LONGEST = 200
_LONGEST_PLAIN = 90
_MOST_LINES = 4
_MOST_SHOUTED = 2
_TEXT_PAGE = 40
"""A page of fewer words is a title page or the like: what stands on it in the type of the text heads none."""
_CENTRED = 0.06
"""The share of the column's width by which the middle of a centred line is off."""
_LONGEST_LIST = 3
"""More headings in one type with nothing between them are a list."""
_LIST_GAP = 12
"""Headings with no more words between them than these can be lines of a list."""
_APART = 1.5
"""In usual distances: the space above a heading that is set as the text is."""
_LEADER = re.compile(r"(?:\.\s?){4,}|…{2,}|\s(?:\d{1,4}|[ivxlc]+)$")
_CLOSED = re.compile(r"[.!?,;:][\"'”’»)]*$")
_LETTER = re.compile(r"[^\W\d_]")
_LOWEST = 6


@dataclass(frozen=True, slots=True, order=True)
class Style:
    """How a heading is set; of two styles the greater one stands higher."""

    size: float
    is_bold: bool
    is_shouted: bool


def style_of(run: Run, measures: Measures, words_on_page: int) -> Style | None:
    """The style of a heading, None where the run is none."""
    text = heading_text(run.lines)
    if not _can_be_heading(run, text):
        return None
    style = Style(round(run.size * 2) / 2, run.lines[0].bold and not measures.bold, text.isupper())
    relative = run.size / measures.size
    if relative >= _LARGER:
        return style
    is_apart = (
        run.gap > GAP and _is_open(text) if style.is_bold else _is_plain_heading(run, text, words_on_page)
    )
    return style if relative >= _AS_LARGE and is_apart else None


def _can_be_heading(run: Run, text: str) -> bool:
    if (
        not text
        or len(text) > _LONGEST
        or len(run.lines) > _MOST_LINES
        or any(line.cells for line in run.lines)
    ):
        return False
    if _LEADER.search(text) and not _is_label(text):
        return False
    return bool(_LETTER.search(text)) or is_bare_number(text)


def _is_label(text: str) -> bool:
    return is_bare_number(text) or label_of(text) is not None or is_page_apart(kind_of_title(text))


def _is_open(text: str) -> bool:
    """Whether it ends as headings do, and sentences do not."""
    return _is_label(text) or not _CLOSED.search(text)


def _is_plain_heading(run: Run, text: str, words_on_page: int) -> bool:
    """Whether a run in the type of the text is a heading by its words, its capitals or its place."""
    if run.gap < _APART or len(text) > _LONGEST_PLAIN or not _is_open(text):
        return False
    if _is_label(text):
        return len(run.lines) == 1 and not _is_sentence(text)
    if words_on_page < _TEXT_PAGE or not text[0].isupper():
        return False
    is_on_top, is_centred = run.gap == float("inf"), _is_centred(run)
    if text.isupper():
        return len(run.lines) <= _MOST_SHOUTED and (is_centred or is_on_top)
    return len(run.lines) == 1 and is_centred and is_on_top


def _is_sentence(text: str) -> bool:
    """Whether a label begins a sentence, as in 'Chapter 3 is about pumps.'."""
    label = label_of(text)
    return label is not None and text.endswith(".") and label.title[:1].islower()


def heading_text(lines: Sequence[Line]) -> str:
    """A heading's lines as one."""
    return joined_heading(line.text for line in lines).replace(f"{HYPHEN} ", "").replace(HYPHEN, "-")


def _is_centred(run: Run) -> bool:
    middle = (run.margins.left + run.margins.right) / 2
    return all(
        abs((line.left + line.right) / 2 - middle) < _CENTRED * run.margins.width
        and line.left > run.margins.left + run.size
        for line in run.lines
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that looks like a heading: its place and text, and the words between it and the next one."""

    at: int
    page: int
    text: str
    style: Style
    words_after: int


def levels_of(found: Sequence[Candidate], first_text_page: int) -> dict[int, int]:
    """The levels of headings by place, 1 the highest; lists of headings are left out.

    The types that only the title page is set in have level 0.
    """
    headings = _without_lists(found)
    inside = {heading.style for heading in headings if heading.page >= first_text_page}
    ranks = {style: number for number, style in enumerate(sorted(inside, reverse=True), 1)}
    levels = {heading.at: min(ranks.get(heading.style, 0), _LOWEST) for heading in headings}
    for number, title in pairwise(headings):
        is_pair = number.page == title.page and not number.words_after and levels[number.at]
        if is_pair and is_number(number.text) and not is_number(title.text):
            # The number and the title of one chapter, whichever of them is set larger.
            levels[number.at] = min(levels[number.at], levels[title.at] or _LOWEST)
            levels[title.at] = min(levels[number.at] + 1, _LOWEST)
    return levels


def is_number(text: str) -> bool:
    """Whether this is a chapter's number, without or with the word for it, and not its title."""
    return is_bare_label(text) or is_label_word(text)


def _without_lists(found: Sequence[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    stretches: dict[int, list[Candidate]] = defaultdict(list)
    number = 0
    for candidate in found:
        stretches[number].append(candidate)
        number += candidate.words_after > _LIST_GAP
    for stretch in stretches.values():
        for _, same in groupby(stretch, key=lambda candidate: candidate.style):
            group = list(same)
            is_list = len(group) > _LONGEST_LIST
            kept += [
                candidate
                for candidate in group
                if not is_list
                or is_page_apart(kind_of_title(candidate.text))
                or candidate.words_after > _LIST_GAP
            ]
    return kept
