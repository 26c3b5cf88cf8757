"""Ids on a page, so that an overlay can name what is heard: on an element, or on a span around words of one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from narrator.publishing.read_along_letters import PageLetters
from narrator.publishing.xml_source import Edit, Element, edited

_SECTIONS = {"html", "body", "section", "article", "main"}
_WHOLE = {"ruby", "math"}
"""Elements that a span may not divide."""


@dataclass(frozen=True, slots=True)
class Place:
    """What has an id, and how many characters are seen in it."""

    id: str
    characters: int
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class _Words:
    """Bytes [start, end) of one element's source: text, and elements that are whole."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Range:
    """Letters [first, last], and the bytes from the first character that is marked to the end of the last."""

    first: int
    last: int
    start: int
    end: int


class PageMarks:
    """The ids that a page has got, and got anew."""

    def __init__(self, data: bytes, root: Element, letters: PageLetters) -> None:
        self._data = data
        self._root = root
        self._letters = letters
        self._ids = set(letters.ids)
        self._edits: list[Edit] = []
        self._given: dict[Element, str] = {}
        self._number = 0

    def mark(self, first: int, last: int, shown: int, shown_end: int) -> list[Place]:
        """Give an id to what holds the letters [first, last], with the shown characters [shown, shown_end).

        Where these stand in several elements, each of them gets one. No letter may be marked twice.
        """
        page = self._letters
        wanted = _Range(first, last, page.starts[shown], page.ends[shown_end - 1])
        places = []
        for target in self._targets(self._root, wanted):
            if isinstance(target, Element):
                extent = page.extent(target)
                places.append(Place(self.mark_element(target), extent.shown_end - extent.shown))
            else:
                inside = bisect_left(page.starts, target.end) - bisect_left(page.starts, target.start)
                places.append(Place(self._wrap(target), inside))
        return places

    def mark_element(self, element: Element) -> str:
        """The id of an element, which it has or gets."""
        own = element.attributes.get("id") or self._given.get(element)
        if own:
            return own
        name = self._given[element] = self._new_id()
        at = element.start + 1 + len(element.name.encode())
        self._edits.append((at, at, f' id="{name}"'.encode()))
        return name

    def page(self, stylesheet: str) -> bytes:
        """The page with its ids, and with a stylesheet whose address is given."""
        edits = list(self._edits)
        head = self._root.first("head")
        if head is not None and head.close < head.end:
            link = f'<{head.prefix}link rel="stylesheet" type="text/css" href="{stylesheet}"/>'
            edits.append((head.close, head.close, link.encode()))
        return edited(self._data, edits)

    def _wrap(self, words: _Words) -> str:
        name, prefix = self._new_id(), self._root.prefix
        self._edits.append((words.start, words.start, f'<{prefix}span id="{name}">'.encode()))
        self._edits.append((words.end, words.end, f"</{prefix}span>".encode()))
        return name

    def _new_id(self) -> str:
        while True:
            self._number += 1
            name = f"heard-{self._number}"
            if name not in self._ids:
                self._ids.add(name)
                return name

    # --- which elements, and which words ---------------------------------------------------------------

    def _targets(self, element: Element, wanted: _Range) -> Iterator[Element | _Words]:
        """What in an element is to be marked, in order. No element is in two of them."""
        if self._is_all_wanted(element, wanted) and not self._has_better_inside(element):
            yield element
            return
        start = end = -1
        at = max(element.inner, wanted.start)
        for child in self._touched(element, wanted):
            if words := self._words_between(at, min(child.start, wanted.end)):
                start, end = words.start if start < 0 else start, words.end
            at = max(child.end, wanted.start)
            if self._is_part(child, wanted):
                start, end = child.start if start < 0 else start, child.end
            elif self._is_border(child):
                yield from self._group(element, start, end)
                start = end = -1
                yield from self._targets(child, wanted)
        if words := self._words_between(at, min(element.close, wanted.end)):
            start, end = words.start if start < 0 else start, words.end
        yield from self._group(element, start, end)

    def _touched(self, element: Element, wanted: _Range) -> Iterator[Element]:
        """The children that are not before the wanted bytes, nor after them."""
        first = bisect_right(element.children, wanted.start, key=lambda child: child.end)
        for at in range(first, len(element.children)):
            if element.children[at].start >= wanted.end:
                return
            yield element.children[at]

    def _is_all_wanted(self, element: Element, wanted: _Range) -> bool:
        extent = self._letters.extent(element)
        return wanted.first <= extent.letters < extent.letters_end <= wanted.last + 1

    def _has_better_inside(self, element: Element) -> bool:
        """Whether a section, or a block that holds one block and no more, is not what is to be marked."""
        if element.tag in _SECTIONS:
            return self._letters.extent(element).holds_block
        own = self._letters.extent(element)
        for child in element.children:
            extent = self._letters.extent(child)
            is_all = (extent.letters, extent.letters_end) == (own.letters, own.letters_end)
            if is_all and (extent.is_block or extent.holds_block):
                return True
        return False

    def _is_part(self, child: Element, wanted: _Range) -> bool:
        """Whether an inline element is wholly among the words; one of a piece is where it begins."""
        extent = self._letters.extent(child)
        if extent.is_block or extent.holds_block or extent.shown == extent.shown_end:
            return False
        if child.tag in _WHOLE:
            return wanted.start <= self._letters.starts[extent.shown] < wanted.end
        start, end = self._letters.starts[extent.shown], self._letters.ends[extent.shown_end - 1]
        return wanted.start <= start and end <= wanted.end

    def _is_border(self, child: Element) -> bool:
        """Whether words before this element and after it are not to be in one span."""
        extent = self._letters.extent(child)
        if extent.is_block or extent.holds_block:
            return True
        return child.tag not in _WHOLE and extent.shown < extent.shown_end

    def _words_between(self, start: int, end: int) -> _Words | None:
        """The shown characters among the bytes [start, end), without the white space around them."""
        page = self._letters
        first, after = bisect_left(page.starts, start), bisect_left(page.starts, end)
        return _Words(page.starts[first], page.ends[after - 1]) if start < end and first < after else None

    def _group(self, element: Element, start: int, end: int) -> Iterator[Element | _Words]:
        """The words gathered; where they are just an element, that."""
        if start < 0:
            return
        at = bisect_left(element.children, start, key=lambda child: child.start)
        same = element.children[at : at + 1]
        yield same[0] if same and (same[0].start, same[0].end) == (start, end) else _Words(start, end)
