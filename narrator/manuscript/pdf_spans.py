"""A PDF page's characters to lines: what each says, where it stands, and in what type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from narrator.manuscript.pdf_glyphs import Glyphs
from narrator.manuscript.pdf_lines import HYPHEN, Line

_LINE_END = re.compile("\r\n|(?<=[\ufffe\x02])")
# A number is a note's mark only where it is raised or small; a star always is one.
_MARK = re.compile(
    r"(?:(?<=[^\W\d_][^\W\d_])|(?<=[.,;:!?…”’\"')\]»—–-]))(?:\s?(?P<number>\d{1,3})|[*∗†‡§]{1,3}|[¹²³⁰⁴-⁹]{1,3})"
    r"(?=[\s.,;:!?…”’\"')\]»—–-]|$)"
)
_OPENING_MARK = re.compile(r"(?:(?P<number>\d{1,3})|[*∗†‡]{1,2}|[¹²³⁰⁴-⁹]{1,3})(?=\s?[\w“‘\"'(«])")
_BRACKET_MARK = re.compile(r"(?<=\S)\s?\[(?:\d{1,3}|[*†‡])\](?!\w)")
_MAYBE_MARKED = re.compile(r"[\d*∗†‡§¹²³⁰⁴-⁹]")
_LETTERS_APART = re.compile(r"(?:[^\W\d_]\s+){3,}[^\W\d_][.:!?]?")
_SMALL = 0.85
"""Type smaller than this share of its line's is a note's mark."""
_RAISED = 0.15
_OTHER_LINE = 0.6
"""A baseline further off than this share of the type's size is another line's."""
_WIDE = 0.75
"""A line in which a character takes more than this share of the type's size on average has a gap in it."""
_GAP = 2.0
_ALIKE = 1.2
_TURNED = 0.2  # radians


def lines_of_glyphs(glyphs: Glyphs, page: int) -> list[Line]:
    """The lines of a page in the order in which it is drawn; text set askew, as a watermark is, left out."""
    return [line for start, end in _spans(glyphs) if (line := _line(glyphs, start, end, page)) is not None]


def _spans(glyphs: Glyphs) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _LINE_END.finditer(glyphs.text):
        yield from _on_one_baseline(glyphs, start, match.start())
        start = match.end()
    yield from _on_one_baseline(glyphs, start, len(glyphs.text))


def _on_one_baseline(glyphs: Glyphs, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a span with a baseline and no wide gap each; PDFium runs on after some hyphens."""
    while end > start and glyphs.text[end - 1].isspace():
        end -= 1
    while start < end:
        while glyphs.text[start].isspace():
            start += 1
        cut = _end_of_baseline(glyphs, start, end)
        if abs(glyphs.angle(start)) <= _TURNED:
            width = abs(glyphs.origin(cut - 1)[0] - glyphs.origin(start)[0])
            size = glyphs.size(start)
            is_wide = width > _WIDE * size * (cut - start)
            yield from _without_gaps(glyphs, start, cut, _GAP * size) if is_wide else [(start, cut)]
        start = cut


def _end_of_baseline(glyphs: Glyphs, start: int, end: int) -> int:
    """Where the text of a span leaves the baseline on which it begins, else the span's end."""
    y, last_y = glyphs.origin(start)[1], glyphs.origin(end - 1)[1]
    room = _OTHER_LINE * glyphs.size(start)
    if abs(last_y - y) <= max(room, _OTHER_LINE * glyphs.size(end - 1)):
        return end
    return next((at for at in range(start + 1, end) if abs(glyphs.origin(at)[1] - y) > room), end)


def _without_gaps(glyphs: Glyphs, start: int, end: int, gap: float) -> Iterator[tuple[int, int]]:
    """The parts of a line between its gaps. One whose spaces all are alike was stretched to the margin."""
    starts, gaps = [start], []
    before: float | None = None
    for at in range(start, end):
        if glyphs.text[at].isspace():
            continue
        left, right = glyphs.sides(at)
        if before is not None and at and glyphs.text[at - 1].isspace():
            gaps.append(left - before)
            if left - before > gap:
                starts.append(at)
        before = right
    is_stretched = len(gaps) > 2 and max(gaps) < _ALIKE * min(gaps)
    yield from pairwise([start, end] if is_stretched else [*starts, end])


def _line(glyphs: Glyphs, start: int, end: int, page: int) -> Line | None:
    while glyphs.text[end - 1].isspace():
        end -= 1
    solid = [at for at in _samples(start, end) if not glyphs.text[at].isspace()] or [start]
    size = max(map(glyphs.size, solid))
    first, last = glyphs.sides(start), glyphs.sides(end - 1)
    is_bold = all(glyphs.is_bold(at) for at in (*solid, start, end - 1))
    text, mark = _without_marks(glyphs, start, end, size)
    if _LETTERS_APART.fullmatch(text):
        text = _letters_joined(glyphs, start, end)
    if not text.strip(" \x00"):
        return None
    left, right = min(first[0], last[0]), max(first[1], last[1])
    y = glyphs.origin(solid[len(solid) // 2])[1]
    return Line(text.replace("\x02", HYPHEN), left, right, y, size, is_bold, page, mark)


def _samples(start: int, end: int) -> tuple[int, int]:
    """Places in a span, none of them where a drop cap or a note's mark stands."""
    return start + (end - start) // 4, start + 3 * (end - start) // 4


def _without_marks(glyphs: Glyphs, start: int, end: int, size: float) -> tuple[str, str]:
    """The text of a span without marks of notes, and the mark that it begins with."""
    text = glyphs.text[start:end]
    if not _MAYBE_MARKED.search(text):
        return text, ""

    def is_mark(match: re.Match[str]) -> bool:
        return not match["number"] or _is_raised(glyphs, start + match.start("number"), start, end, size)

    opening = _OPENING_MARK.match(text)
    mark = opening[0] if opening and is_mark(opening) else ""
    text = _MARK.sub(lambda match: "" if is_mark(match) else match[0], text)
    return _BRACKET_MARK.sub("", text)[len(mark) :].strip(), mark


def _is_raised(glyphs: Glyphs, at: int, start: int, end: int, size: float) -> bool:
    if glyphs.size(at) < _SMALL * size:
        return True
    return glyphs.origin((start + end) // 2)[1] - glyphs.bottom(at) > _RAISED * size


def _letters_joined(glyphs: Glyphs, start: int, end: int) -> str:
    """'C H A P T E R  I' as it is read: where letters are set apart, only wider gaps part words."""
    places = [at for at in range(start, end) if not glyphs.text[at].isspace()]
    sides = [glyphs.sides(at) for at in places]
    gaps = [right[0] - left[1] for left, right in pairwise(sides)]
    wide = 1.6 * max(median(gaps), 0.05 * glyphs.size(start))
    spaced = (" " * (gap > wide) + glyphs.text[at] for gap, at in zip(gaps, places[1:], strict=True))
    return glyphs.text[places[0]] + "".join(spaced)
