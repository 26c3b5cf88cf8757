"""Running heads and feet and the numbers of pages: told by what comes again at the edges of many pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from narrator.manuscript.characters import same_words
from narrator.manuscript.headings import is_bare_label, label_of
from narrator.manuscript.pdf_lines import Line
from narrator.manuscript.pdf_measures import commonest_size
from narrator.manuscript.pdf_order import rows_of

_ROUNDS = 3
"""Heads and feet have no more lines than these."""
_BAND = 2.0
"""Points within which the heads of all pages stand at one height."""
_MOSTLY = 0.6
_SEVERAL = 3
_NEAR = 4
"""A text that comes again within so many pages is a running head's."""
_LONGEST_HEAD = 120
_LARGE = 1.12
"""What is set in type larger by this than the text's is a heading."""
_DIGITS = re.compile(r"\d+")
_NUMBERS = re.compile(r"\d{1,5}|\b[ivxlc]{1,8}\b", re.IGNORECASE)
_BARE = re.compile(
    r"[^\w]*(?:(?:page|p\.|seite|pag\.)\s*)?(\d{1,5}|[ivxlc]{1,8})(?:\s*(?:of|/|von|de|sur)\s*\d+)?[^\w]*",
    re.IGNORECASE,
)
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(frozen=True, slots=True)
class _Edge:
    """The outermost row of a page, at its top or its foot."""

    page: int
    y: float
    text: str
    size: float


def without_margins(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines of each page without its running heads, feet and number."""
    rows = [[tuple(row) for row in rows_of(page)] for page in pages]
    largest = _LARGE * commonest_size([line for page in pages for line in page])
    for at in (0, -1):
        for _ in range(_ROUNDS):
            edges = [_edge(number, page[at]) for number, page in enumerate(rows) if page]
            idle = _idle([edge for edge in edges if edge.size < largest and len(edge.text) < _LONGEST_HEAD])
            if not idle:
                break
            for number in idle:
                del rows[number][at]
    return [[line for row in page for line in row] for page in rows]


def _edge(page: int, row: tuple[Line, ...]) -> _Edge:
    return _Edge(page, row[0].y, " ".join(line.text for line in row), max(line.size for line in row))


def _idle(edges: Sequence[_Edge]) -> set[int]:
    """The pages whose outermost row is no part of the text."""
    numbered = _numbered(edges)
    repeats = _repeats(edges, numbered)
    told = numbered.union(*repeats)
    found = {edge.page for edge in edges if edge.page in numbered and _BARE.fullmatch(edge.text)}
    found = found.union(*(pages for pages in repeats if len(pages) >= _SEVERAL))
    for band in _bands(edges):
        if len(band) >= _SEVERAL and sum(edge.page in told for edge in band) >= _MOSTLY * len(band):
            found |= {edge.page for edge in band}
    return found


def _numbered(edges: Iterable[_Edge]) -> set[int]:
    """The pages whose row begins or ends with a number that counts pages: it grows as they do."""
    offsets: dict[tuple[bool, int], set[int]] = {}
    for edge in edges:
        if label_of(edge.text) and is_bare_label(edge.text):
            continue  # 'Chapter 3' counts chapters
        for number, is_roman in _numbers(edge.text):
            offsets.setdefault((is_roman, number - edge.page), set()).add(edge.page)
    return {page for pages in offsets.values() if len(pages) >= _SEVERAL for page in pages}


def _numbers(text: str) -> list[tuple[int, bool]]:
    """The number that a row begins with and the one that it ends with, and whether each is roman."""
    found = list(_NUMBERS.finditer(text))
    at_ends = [match for match in found if not text[: match.start()].strip(" -–—[(|.·•")]
    at_ends += [match for match in found if not text[match.end() :].strip(" -–—])|.·•")]
    if bare := _BARE.fullmatch(text):
        return [(_value(bare[1]), not bare[1].isdigit())]
    return [(_value(match[0]), not match[0].isdigit()) for match in at_ends]


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    digits = [_VALUES[letter] for letter in number.casefold()]
    return sum(-one if one < max(digits[at:]) else one for at, one in enumerate(digits))


def _repeats(edges: Iterable[_Edge], numbered: AbstractSet[int]) -> list[set[int]]:
    """Pages near one another whose rows say the same at the same height, but for the pages' numbers."""
    found: list[list[int]] = []
    last: dict[tuple[str, int], list[int]] = {}
    for edge in edges:
        words = same_words(_DIGITS.sub("", edge.text) if edge.page in numbered else edge.text)
        if len(words) < 2:
            continue
        # Two grids of heights, so that no two near heights are parted by both.
        for key in ((words, round(edge.y / _BAND)), (words, -round(edge.y / _BAND + 0.5))):
            pages = last.get(key)
            if pages is None or edge.page - pages[-1] > _NEAR:
                last[key] = [edge.page]
                continue
            pages.append(edge.page)
            if len(pages) == 2:
                found.append(pages)
    return [set(pages) for pages in found]


def _bands(edges: Iterable[_Edge]) -> list[list[_Edge]]:
    """The rows by the height at which they stand."""
    bands: dict[int, list[_Edge]] = {}
    for edge in edges:
        bands.setdefault(round(edge.y / _BAND), []).append(edge)
    return list(bands.values())
