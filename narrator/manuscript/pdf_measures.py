"""What is usual in a PDF book: its type's size, the distance of its lines, its margins and its indent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from narrator.manuscript.pdf_lines import Line
from narrator.manuscript.pdf_order import Column

_NEAR_SIZE = 0.06
_USUAL_LINES = 6
"""A column of so many lines shows its own margins."""
_SHARE_AT_MARGIN = 0.15
_SLACK = 3.0
"""Points by which margins of pages differ."""
_INDENTS = (0.5, 5.0)
"""An indent that begins paragraphs is between these many sizes wide."""
_LEADING = (0.8, 2.6)
"""Lines of a paragraph are between these many sizes apart."""


@dataclass(frozen=True, slots=True)
class Margins:
    """The x between which a column's lines stand."""

    left: float
    right: float

    @property
    def width(self) -> float:
        return self.right - self.left


class Measures:
    """The usual measures of a book, in points. `indent` is 0 where paragraphs begin without one."""

    def __init__(self, columns: Sequence[Column]) -> None:
        lines = [line for column in columns for line in column.lines]
        self.size = commonest_size(lines)
        self.bold = _weight(line for line in lines if line.bold) * 2 > _weight(iter(lines))
        self._leadings = _leadings(columns)
        self._usual = [self._own_margins(column) for column in columns]
        known = {(column.page % 2, own) for column, own in zip(columns, self._usual, strict=True) if own}
        self.margins = [
            own or _likely(column, [margins for parity, margins in known if parity == column.page % 2])
            for column, own in zip(columns, self._usual, strict=True)
        ]
        self.indent = self._commonest_indent(columns)

    def is_body(self, line: Line) -> bool:
        """Whether a line is in the type of the book's text."""
        return same_size(line.size, self.size)

    def leading(self, size: float) -> float:
        """The usual distance of the baselines of a size's lines."""
        return self._leadings.get(_rounded(size), 1.25 * size)

    def _own_margins(self, column: Column) -> Margins | None:
        body = [line for line in column.lines if self.is_body(line)]
        if len(body) < _USUAL_LINES:
            return None
        lefts = Counter(round(line.left) for line in body)
        wanted = max(2, _SHARE_AT_MARGIN * len(body))
        held = [left for left in lefts if lefts[left - 1] + lefts[left] + lefts[left + 1] >= wanted]
        rights = sorted(line.right for line in body)
        return Margins(float(min(held, default=min(lefts))), round(rights[-2], 1))

    def _commonest_indent(self, columns: Sequence[Column]) -> float:
        found: Counter[int] = Counter()
        count = 0
        for column, margins in zip(columns, self.margins, strict=True):
            body = [line for line in column.lines if self.is_body(line)]
            count += len(body)
            for line, following in pairwise(body):
                indent = line.left - margins.left
                if abs(following.left - margins.left) < 1.5 and _INDENTS[0] < indent / self.size < _INDENTS[1]:
                    found[round(indent)] += 1
        # Letters stand up to a point away from where their type begins.
        alike = {indent: sum(found[indent + by] for by in (-1, 0, 1)) for indent in found}
        indent = max(found, key=lambda indent: (alike[indent], found[indent]), default=0)
        times = alike.get(indent, 0)
        return float(indent) if times >= 3 and times * 50 > count else 0.0


def same_size(one: float, other: float) -> bool:
    """Whether two sizes of type are one, as measured."""
    return abs(one - other) <= _NEAR_SIZE * max(one, other)


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _weight(lines: Iterator[Line]) -> int:
    return sum(len(line.text) for line in lines)


def commonest_size(lines: Sequence[Line]) -> float:
    """The size that most of the text is set in, to half a point."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[_rounded(line.size)] += len(line.text)
    return weights.most_common(1)[0][0] if weights else 10.0


def _leadings(columns: Sequence[Column]) -> dict[float, float]:
    found: dict[float, Counter[float]] = {}
    for column in columns:
        for line, following in pairwise(column.lines):
            distance = following.y - line.y
            if same_size(line.size, following.size) and _LEADING[0] < distance / line.size < _LEADING[1]:
                found.setdefault(_rounded(line.size), Counter())[round(distance * 2) / 2] += 1
    return {size: _least_common(counts) for size, counts in found.items()}


def _least_common(counts: Counter[float]) -> float:
    """The smallest of the distances that occur half as often as the commonest."""
    most = max(counts.values())
    return min(distance for distance, times in counts.items() if times * 2 >= most)


def _likely(column: Column, known: Sequence[Margins]) -> Margins:
    """The margins of a column with few lines: those of others that hold it, else its own sides."""
    left, right = min(line.left for line in column.lines), max(line.right for line in column.lines)
    holding = [
        margins for margins in known if margins.left - _SLACK <= left and right <= margins.right + _SLACK
    ]
    return min(holding, key=lambda margins: margins.width, default=Margins(left, right))
