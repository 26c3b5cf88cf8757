"""The letters of a page and of a text: all that is sure to be the same in a book and in what was read of it.

White space, soft hyphens, forms of accents and signs of all kinds differ between the two.
"""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from narrator.publishing.xml_source import Element, Watcher

_UNREAD = {
    "head", "script", "style", "svg", "template", "noscript", "iframe", "audio", "video", "canvas", "object",
    "rt", "rp", "rtc", "annotation", "annotation-xml", "select", "textarea", "button", "input", "del",
}  # fmt: skip
_UNREAD_TERMS = {"noteref", "pagebreak", "doc-noteref", "doc-pagebreak"}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


class _Folding(dict[int, str]):
    """A character to the letters and digits in it, without case and accents: 'É' to 'e', '.' to ''."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).casefold()
        self[code] = letters = "".join(char for char in plain if char.isalnum())
        return letters


_FOLDING = _Folding()


def letters_of(text: str) -> str:
    """The letters of a text."""
    return text.translate(_FOLDING)


def is_shown(char: str) -> bool:
    """Whether a character is seen for itself: white space is not, nor an accent that goes with a letter."""
    return not (char.isspace() or char in _INVISIBLE or is_accent(char))


def is_accent(char: str) -> bool:
    """Whether a character is part of the one before it."""
    return not char.isascii() and unicodedata.category(char).startswith("M")


@dataclass(frozen=True, slots=True)
class TextLetters:
    """The letters of a text, and for each of them the character that it is of."""

    letters: str
    at: array[int]

    @classmethod
    def of(cls, text: str) -> TextLetters:
        folded = [_FOLDING[ord(char)] for char in text]
        at = array("i", [place for place, letters in enumerate(folded) for _ in letters])
        return cls("".join(folded), at)

    def range(self, start: int, end: int) -> tuple[int, int]:
        """The letters of the characters [start, end)."""
        return bisect_left(self.at, start), bisect_left(self.at, end)


@dataclass(slots=True)
class Extent:
    """What an element holds: letters [letters, letters_end), shown characters [shown, shown_end)."""

    letters: int
    shown: int
    letters_end: int = 0
    shown_end: int = 0
    is_block: bool = False
    holds_block: bool = False


class PageLetters(Watcher):
    """What a page shows, in order: characters, each with its bytes in the source, and the letters among them.

    `starts` and `ends` are the bytes of each shown character, and `of` says which of them each letter is. No
    block begins or ends but at `borders`, which are counted in letters, and `shown_borders`.
    """

    def __init__(self) -> None:
        self.letters = ""
        self.of = array("i")
        self.starts = array("i")
        self.ends = array("i")
        self.borders = array("i")
        self.shown_borders = array("i")
        self.pictures: list[tuple[Element, str]] = []
        self.ids: set[str] = set()
        self._extents: dict[Element, Extent] = {}
        self._parts: list[str] = []
        self._unread = 0

    def extent(self, element: Element) -> Extent:
        return self._extents[element]

    def with_signs(self, first: int, end: int, before: int, after: int) -> tuple[int, int]:
        """The shown characters of the letters [first, end), with signs around them, but of no other block."""
        start, stop = self.of[first], self.of[end - 1] + 1
        lowest = self.of[first - 1] + 1 if first else 0
        highest = self.of[end] if end < len(self.of) else len(self.starts)
        at = bisect_right(self.shown_borders, start)
        lowest = max(lowest, self.shown_borders[at - 1] if at else 0)
        at = bisect_left(self.shown_borders, stop)
        highest = min(highest, self.shown_borders[at] if at < len(self.shown_borders) else highest)
        return max(start - before, min(lowest, start)), min(stop + after, max(highest, stop))

    def opens(self, element: Element) -> None:
        extent = Extent(len(self.of), len(self.starts), is_block=element.tag in _BLOCKS)
        self._extents[element] = extent
        if name := element.attributes.get("id"):
            self.ids.add(name)
        if self._unread or _is_unread(element):
            self._unread += 1
        elif element.tag == "img" and (alt := letters_of(element.attributes.get("alt", ""))):
            self.pictures.append((element, alt))
        if extent.is_block or element.tag == "br":
            self._border()

    def closes(self, element: Element) -> None:
        extent = self._extents[element]
        extent.letters_end, extent.shown_end = len(self.of), len(self.starts)
        self._unread -= bool(self._unread)
        if extent.is_block:
            self._border()
        if element.around is not None:
            self._extents[element.around].holds_block |= extent.is_block or extent.holds_block
        else:
            self.letters = "".join(self._parts)

    def says(self, text: str, start: int, end: int | None) -> None:
        """Keep the characters that are seen."""
        if self._unread:
            return
        at = start
        for char in text:
            following = end or at + (1 if char.isascii() else len(char.encode()))
            if is_shown(char):
                letters = _FOLDING[ord(char)]
                if letters:
                    self._parts.append(letters)
                    self.of.extend([len(self.starts)] * len(letters))
                self.starts.append(at)
                self.ends.append(following)
            elif is_accent(char) and self.ends and self.ends[-1] == at:
                self.ends[-1] = following
            at = start if end else following

    def _border(self) -> None:
        if not self.borders or self.shown_borders[-1] != len(self.starts):
            self.borders.append(len(self.of))
            self.shown_borders.append(len(self.starts))


def _is_unread(element: Element) -> bool:
    if element.tag in _UNREAD:
        return True
    terms = f"{element.attributes.get('epub:type', '')} {element.attributes.get('role', '')}"
    return not _UNREAD_TERMS.isdisjoint(terms.split())
