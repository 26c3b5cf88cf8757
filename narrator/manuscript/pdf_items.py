"""The columns of a PDF to blocks: headings, paragraphs over the ends of columns and pages, notes after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from narrator.manuscript.characters import clean, is_scene_break, words_in
from narrator.manuscript.headings import label_of
from narrator.manuscript.pdf_headings import Candidate, Style, heading_text, levels_of, style_of
from narrator.manuscript.pdf_lines import HYPHEN, Line
from narrator.manuscript.pdf_measures import Measures, same_size
from narrator.manuscript.pdf_notes import without_notes
from narrator.manuscript.pdf_order import Column
from narrator.manuscript.pdf_runs import (
    BULLET,
    Paragraph,
    Run,
    ends_early,
    is_sentence_end,
    paragraphs_of,
    runs_of,
)
from narrator.manuscript.pdf_words import Words
from narrator.manuscript.pieces import Piece
from narrator.model import Block, Role

_TEXT_WORDS = 80
"""A page with more words than these outside headings belongs to the text."""
_GOES_ON = {Role.PARAGRAPH, Role.QUOTATION, Role.LIST_ITEM}
_SCENE_GAP = (1.6, 6.0)
"""A gap of so many usual distances between paragraphs that begin with indents parts scenes ..."""
_PARAGRAPHS_PER_GAP = 12
"""... where it is as rare as this."""
_LOWEST = 6


@dataclass(frozen=True, slots=True)
class Item:
    """A paragraph and, where it is a heading, its level."""

    paragraph: Paragraph
    level: int = 0

    @property
    def page(self) -> int:
        """The number of the page where it begins, from 0."""
        return self.paragraph.lines[0].page

    def piece(self, words: Words) -> Piece:
        """What it says, as a piece."""
        role, lines = self.paragraph.role, [line.text for line in self.paragraph.lines]
        if role is Role.HEADING:
            text = clean(heading_text(self.paragraph.lines))
        elif role is Role.VERSE:
            text = "\n".join(filter(None, (clean(line.replace(HYPHEN, "-")) for line in lines)))
        else:
            text = words.text(lines)
        if role is Role.LIST_ITEM:
            text = BULLET.sub("", text, count=1)
        if role is not Role.HEADING and is_scene_break(text):
            role, text = Role.SCENE_BREAK, ""
        return Piece(Block(role, text, f"page {self.page + 1}"), level=self.level)


def items_of(columns: Sequence[Column], measures: Measures, heads: Mapping[Line, int]) -> list[Item]:
    """The blocks of a book in reading order.

    `heads` are the lines at which chapters are known to begin, each with how many lines head the chapter.
    """
    body, notes = without_notes(columns, measures)
    runs = [run for number, column in enumerate(body) for run in _runs(column, number, measures, heads)]
    levels = _levels(runs, heads, measures)
    flow = _Flow(heads)
    at = 0
    for number in range(len(body)):
        flow.begin_column()
        while at < len(runs) and runs[at].column == number:
            for item in _items(runs[at], levels.get(at), measures):
                flow.add(item)
            at += 1
        flow.add_notes(notes.get(number, ()))
    return list(_with_scene_breaks(flow.finish(), has_indents=bool(measures.indent)))


class _Flow:
    """Blocks as they come; captions and notes wait till the paragraph that is open has ended."""

    def __init__(self, heads: Mapping[Line, int]) -> None:
        self._heads = heads
        self._items: list[Item] = []
        self._waiting: list[Item] = []
        self._is_first = False

    def begin_column(self) -> None:
        self._is_first = True

    def add(self, item: Item) -> None:
        if item.paragraph.role is Role.CAPTION:
            self._waiting.append(item)
            return
        can_go_on = self._is_first and self._items and item.paragraph.lines[0] not in self._heads
        if can_go_on and _goes_on(self._items[-1].paragraph, item.paragraph):
            self._items[-1] = _joined(self._items[-1], item)
        else:
            self._items += [*self._waiting, item]
            self._waiting = []
        self._is_first = False

    def add_notes(self, notes: Sequence[tuple[Line, ...]]) -> None:
        self._waiting += [Item(Paragraph(Role.NOTE, lines)) for lines in notes]

    def finish(self) -> list[Item]:
        return [*self._items, *self._waiting]


def _goes_on(before: Paragraph, after: Paragraph) -> bool:
    """Whether the first paragraph of a column is the rest of the last one of the column before."""
    if before.role not in _GOES_ON or after.role not in _GOES_ON or not same_size(before.size, after.size):
        return False
    last, first = before.lines[-1], after.lines[0]
    if last.text.endswith(HYPHEN):
        return True
    is_inside = first.text[:1].islower() and not is_sentence_end(last.text)
    return not after.is_start and (is_inside or not ends_early(last, first, before.right))


def _joined(before: Item, after: Item) -> Item:
    lines = before.paragraph.lines + after.paragraph.lines
    return replace(before, paragraph=replace(before.paragraph, lines=lines, right=after.paragraph.right))


def _runs(column: Column, number: int, measures: Measures, heads: Mapping[Line, int]) -> Iterator[Run]:
    """The runs of a column; one that begins with a chapter's heading is cut below that."""
    for run in runs_of(column, number, measures, heads.keys()):
        height = heads.get(run.lines[0], 0)
        if 0 < height < len(run.lines):
            yield replace(run, lines=run.lines[:height])
            yield replace(run, lines=run.lines[height:], gap=1.0)
        else:
            yield run


def _levels(runs: Sequence[Run], heads: Mapping[Line, int], measures: Measures) -> dict[int, int]:
    """The level of each run that is a heading, by its number."""
    counts = [sum(words_in(line.text) for line in run.lines) for run in runs]
    on_page: Counter[int] = Counter()
    for run, count in zip(runs, counts, strict=True):
        on_page[run.page] += count
    found = {
        number: style
        for number, run in enumerate(runs)
        if (style := style_of(run, measures, on_page[run.page]))
    }
    styles = {number: style for number, style in found.items() if not _is_listed(runs, number, found, measures)}
    for number in styles:
        on_page[runs[number].page] -= counts[number]
    first_text_page = next((page for page in sorted(on_page) if on_page[page] > _TEXT_WORDS), 0)
    candidates = [
        Candidate(at, runs[at].page, heading_text(runs[at].lines), styles[at], sum(counts[at + 1 : following]))
        for at, following in pairwise([*styles, len(runs)])
    ]
    levels = levels_of(candidates, first_text_page)
    lowest = min(1 + max(levels.values(), default=0), _LOWEST)
    for number, run in enumerate(runs):
        if len(run.lines) <= heads.get(run.lines[0], 0) and not levels.get(number):
            levels[number] = lowest
    return levels


def _is_listed(runs: Sequence[Run], number: int, found: Mapping[int, Style], measures: Measures) -> bool:
    """Whether a label set as the text is has another one below it that is none: a line of a list."""
    following = number + 1
    if found[number].is_bold or not same_size(runs[number].size, measures.size):
        return False
    is_label = following < len(runs) and label_of(runs[following].lines[0].text) is not None
    return is_label and following not in found


def _items(run: Run, level: int | None, measures: Measures) -> Iterator[Item]:
    if level is not None:
        yield Item(Paragraph(Role.HEADING, run.lines, gap=run.gap), level)
        return
    for paragraph in paragraphs_of(run, measures):
        yield Item(paragraph)


def _with_scene_breaks(items: Sequence[Item], *, has_indents: bool) -> Iterator[Item]:
    """The items, with a scene break at each gap between paragraphs where such gaps are rare."""
    low, high = _SCENE_GAP
    gaps = [
        number
        for number, (before, item) in enumerate(pairwise(items), 1)
        if low < item.paragraph.gap < high
        and before.paragraph.role is item.paragraph.role is Role.PARAGRAPH
        and before.page == item.page
    ]
    is_rare = has_indents and len(gaps) * _PARAGRAPHS_PER_GAP <= len(items)
    parting = set(gaps) if is_rare else set()
    for number, item in enumerate(items):
        if number in parting:
            yield Item(Paragraph(Role.SCENE_BREAK, (replace(item.paragraph.lines[0], text=""),)))
        yield item
