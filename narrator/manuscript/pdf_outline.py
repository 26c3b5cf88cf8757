"""Where a PDF's outline leads: from a bookmark's page and height to the line where its chapter begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from narrator.manuscript.characters import same_words
from narrator.manuscript.pdf_lines import Line
from narrator.manuscript.pdf_order import Column

_MOST_LINES = 5
_MOST_OF_TITLE = 0.6
"""A line that is this share of the title is its heading, where another line or none has the rest."""
_SLACK = 2.0
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A line of the file's outline: its depth from 0, the page it leads to, and how far down that page.

    `y` is in points from the page's top; None where the outline names only the page.
    """

    title: str
    depth: int
    page: int
    y: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """A bookmark at the line where it leads. `height` is how many lines spell its title there, 0 for none."""

    bookmark: Bookmark
    line: Line
    height: int


def places_of(bookmarks: Iterable[Bookmark], columns: Sequence[Column]) -> list[Place]:
    """The places of an outline, in its order; [] where it leads to no two pages and so tells nothing."""
    pages: dict[int, list[Line]] = {}
    for column in columns:
        pages.setdefault(column.page, []).extend(column.lines)
    following = _following(pages)
    spellings: dict[int, list[str]] = {}
    found = []
    for bookmark in bookmarks:
        page = following.get(bookmark.page)
        if page is None:
            continue
        if page not in spellings:
            spellings[page] = [same_words(line.text) for line in pages[page]]
        y = bookmark.y if page == bookmark.page and bookmark.y is not None else 0.0
        found.append(_place(bookmark, y, pages[page], spellings[page]))
    return found if len({place.line.page for place in found}) >= _FEWEST else []


def _following(pages: Mapping[int, Sequence[Line]]) -> dict[int, int]:
    """For each page the first with text from there on."""
    found: dict[int, int] = {}
    last = max(pages, default=-1)
    at = last
    for page in range(last, -1, -1):
        at = page if pages.get(page) else at
        found[page] = at
    return found


def _place(bookmark: Bookmark, y: float, lines: Sequence[Line], spellings: Sequence[str]) -> Place:
    title = same_words(bookmark.title)
    spelt = [
        (at, height) for at in range(len(lines)) if (height := _spelt(title, spellings[at : at + _MOST_LINES]))
    ]
    if spelt:
        at, height = min(spelt, key=lambda found: (abs(lines[found[0]].y - y), found[0]))
        return Place(bookmark, lines[at], height)
    below = (line for line in lines if line.y >= y - _SLACK)
    return Place(bookmark, next(below, lines[-1]), 0)


def _spelt(title: str, spellings: Sequence[str]) -> int:
    """How many of the first of these lines spell a title, or its end below a number; 0 where they do not."""
    first = spellings[0]
    if first and title.endswith(first) and len(first) >= _MOST_OF_TITLE * len(title):
        return 1
    rest = title
    for height, words in enumerate(spellings, 1):
        if not words or not rest.startswith(words):
            return 0
        rest = rest.removeprefix(words)
        if not rest:
            return height
    return 0
