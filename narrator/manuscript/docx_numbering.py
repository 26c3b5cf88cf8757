"""What Word prints before a paragraph by itself: 'Chapter 1', 'ARTICLE IV'. It stands in nobody's text.

Only labels with a word in them are given out: a heading's '2.1' is for the eye, and so are bullets and the
numbers of lists. Levels and counters: ECMA-376-1 17.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from narrator.manuscript.docx_package import child_of, name_of, value_of

_PLACE = re.compile(r"%([1-9])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_LARGEST = 399
_DEEPEST = 9


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The lists of a document, counted on as its paragraphs are met."""

    def __init__(self, root: etree._Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._by_number: dict[str, str] = {}
        for node in root if root is not None else ():
            if name_of(node) == "w:abstractNum":
                self._lists[value_of(node, "abstractNumId")] = _List(_levels(node))
            elif name_of(node) == "w:num":
                self._by_number[value_of(node, "numId")] = value_of(child_of(node, "w:abstractNumId"))

    def label(self, place: tuple[str, int] | None) -> str:
        """The label of a paragraph at a place, (list, level from 0), which is counted; '' without a word."""
        own = self._lists.get(self._by_number.get(place[0], "")) if place else None
        if own is None or place is None or place[1] >= _DEEPEST:
            return ""
        depth = place[1]
        level = own.levels.get(depth, _Level())
        own.counts[depth] = own.counts.get(depth, level.start - 1) + 1
        for deeper in [at for at in own.counts if at > depth]:
            del own.counts[deeper]
        if level.form == "bullet" or not _WORD.search(level.text):
            return ""
        return _PLACE.sub(lambda match: _shown(own, int(match[1]) - 1), level.text).strip()


def _levels(node: etree._Element) -> dict[int, _Level]:
    found: dict[int, _Level] = {}
    for level in node:
        depth = value_of(level, "ilvl")
        if name_of(level) == "w:lvl" and depth.isdecimal() and len(depth) == 1:
            start = value_of(child_of(level, "w:start"))
            found[int(depth)] = _Level(
                int(start) if start.isdecimal() and len(start) < 6 else 1,
                value_of(child_of(level, "w:numFmt")) or "decimal",
                value_of(child_of(level, "w:lvlText")),
            )
    return found


def _shown(own: _List, depth: int) -> str:
    level = own.levels.get(depth, _Level())
    count = own.counts.get(depth, level.start)
    if level.form in {"upperRoman", "lowerRoman"} and 0 < count <= _LARGEST:
        roman = _roman(count)
        return roman if level.form == "upperRoman" else roman.lower()
    if level.form in {"upperLetter", "lowerLetter"} and 0 < count <= 26:
        return chr((ord("A") if level.form == "upperLetter" else ord("a")) + count - 1)
    return str(count)


def _roman(count: int) -> str:
    parts = []
    for value, letters in _ROMAN:
        parts.append(letters * (count // value))
        count %= value
    return "".join(parts)
