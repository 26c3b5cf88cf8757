"""Marks in a text while it is gathered and cleaned: each begins and ends with a character of its own."""

from __future__ import annotations

import re

from narrator.model import Mark, MarkKind

_FIRST, _LAST, _END = 0x100000, 0x10FFFD, "\U0010fffe"
_FIRST_SIGN = chr(_FIRST)
_SIGNS = re.compile("[\U00100000-\U0010fffe]")


def without_signs(text: str) -> str:
    """The text without the characters that stand for marks, which are nobody's letters (private use)."""
    return _SIGNS.sub("", text)


class Marker:
    """Puts signs into the text of one book, and takes them out again as marks.

    Put `begin(...)` and `end()` around the text while it is gathered, after `without_signs` has cleared what
    came from outside; clean and split it as always; then `taken` gives the clean text and its marks. Marks may
    nest. One whose end is in another block ends with its own.
    """

    def __init__(self) -> None:
        self._begun: list[tuple[MarkKind, str]] = []

    def begin(self, kind: MarkKind, value: str = "") -> str:
        """The sign for the beginning of a mark; a book with 65,000 has no more of them."""
        if _FIRST + len(self._begun) < _LAST:
            self._begun.append((kind, value))
            return chr(_FIRST + len(self._begun) - 1)
        return chr(_LAST)

    def end(self) -> str:
        """The sign for the end of the innermost mark."""
        return _END

    def taken(self, text: str) -> tuple[str, tuple[Mark, ...]]:
        """The text without signs, and its marks; where a sign parted white space, one of it is left."""
        if not _SIGNS.search(text):
            return text, ()
        plain: list[str] = []
        open_marks: list[_Begun] = []
        marks: list[Mark] = []
        is_after_sign = False
        for character in text:
            if _FIRST_SIGN <= character <= _END:
                is_after_sign = True
                if character != _END:
                    known = self._begun[ord(character) - _FIRST : ord(character) - _FIRST + 1]
                    open_marks.append((len(plain), *(known[0] if known else (None, ""))))
                elif open_marks:
                    marks += _mark(open_marks.pop(), plain)
            elif not (is_after_sign and character.isspace() and (not plain or plain[-1].isspace())):
                plain.append(character)
                is_after_sign = False
        for left in open_marks:
            marks += _mark(left, plain)
        whole = "".join(plain)
        return whole.rstrip(), tuple(sorted(_within(marks, len(whole.rstrip())), key=_place))


_Begun = tuple[int, MarkKind | None, str]


def _mark(begun: _Begun, plain: list[str]) -> list[Mark]:
    """The mark over what is plain since, white space at its ends aside; none over nothing."""
    start, kind, value = begun
    end = len(plain)
    while start < end and plain[start].isspace():
        start += 1
    while end > start and plain[end - 1].isspace():
        end -= 1
    return [Mark(kind, start, end, value)] if kind and start < end else []


def _within(marks: list[Mark], length: int) -> list[Mark]:
    return [mark for mark in marks if mark.end <= length]


def _place(mark: Mark) -> tuple[int, int]:
    return mark.start, -mark.end
