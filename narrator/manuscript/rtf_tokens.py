"""Rich Text Format to tokens. The format: Microsoft, RTF Specification 1.9.1, 'RTF Syntax'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

_TOKEN = re.compile(
    r"\\([A-Za-z]{1,32})(-?\d{1,10})? ?"  # a control word; the space after it belongs to it
    r"|\\'([0-9A-Fa-f]{2})"
    r"|\\([^A-Za-z])"
    r"|([{}])"
    r"|([^\\{}]+)",
    re.DOTALL,
)
_BINARY = re.compile(r"\\(?:bin(\d{1,9}) ?|.)", re.DOTALL)
_LINE_ENDS = str.maketrans("", "", "\r\n\x00")


class Is(IntEnum):
    """What a token is."""

    WORD = 1
    BYTE = 2
    SYMBOL = 3
    OPENING = 4
    CLOSING = 5
    TEXT = 6


class Token(NamedTuple):
    """A token: its text without the backslash, and the number after a control word, None where there is none.

    A BYTE is one character whose code is the byte's. TEXT has no line ends: they mean nothing in RTF.
    """

    what: Is
    text: str
    number: int | None = None


def tokens(source: str) -> Iterator[Token]:
    """The tokens of a file, which is decoded as Latin-1, so that each byte is one character."""
    if "\\bin" in source:
        source = _without_binary(source)
    for match in _TOKEN.finditer(source):
        kind = match.lastindex
        if kind == 6:
            if text := match[6].translate(_LINE_ENDS):
                yield Token(Is.TEXT, text)
        elif kind == 3:
            yield Token(Is.BYTE, chr(int(match[3], 16)))
        elif kind == 4:
            yield Token(Is.SYMBOL, match[4])
        elif kind == 5:
            yield Token(Is.OPENING if match[5] == "{" else Is.CLOSING, match[5])
        else:
            yield Token(Is.WORD, match[1], int(match[2]) if match[2] else None)


def _without_binary(source: str) -> str:
    r"""The source without `\binN` and the N bytes that follow it, which may hold braces."""
    parts: list[str] = []
    start = at = 0
    while match := _BINARY.search(source, at):
        at = match.end()
        if match[1]:
            parts.append(source[start : match.start()])
            at += int(match[1])
            start = at
    return "".join([*parts, source[start:]])
