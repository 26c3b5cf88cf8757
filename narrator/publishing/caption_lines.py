"""A text cut into captions, and each into one or two lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise, zip_longest

import regex

_LINE = 126
_NARROW, _WIDE = 3, 7
"""A line is 42 letters or 18 characters of double width, or of some of both."""

_SENTENCE, _CLAUSE, _PHRASE, _WORD, _TIED = 0.0, 0.25, 0.4, 0.5, 0.75
"""What a cut costs by what it is after, besides its distance from the middle: none there, 0.5 at an end."""

_SENTENCE_END = regex.compile(r"[.!?…。！？｡؟۔।॥།]+[\p{Pe}\p{Pf}\p{Pi}\"']*$")
_CLAUSE_END = regex.compile(r"[,;:—–、，；：،؛)\]）】][\p{Pe}\p{Pf}\"']*$")
# "Mr. Smith", "Mr Smith", "J. R. R. Tolkien"; but "So did I."
_ABBREVIATION = regex.compile(
    r"[\p{Ps}\p{Pi}\"']*"
    r"(?:(?!I)\p{Lu}\.|(?:Mrs?|Ms|Dr|Prof|St|Capt|Col|Gen|Lt|Sgt|Rev|Hon|Messrs|Mme|Mlle|Hr|Fr)\.?)"
)
_SPACED = re.compile(r"(\S+)(\s*)")
_GRAPHEME = regex.compile(r"\X")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
# What may not begin a line goes with the character before it, what may not end one with that after it
# (https://www.w3.org/TR/jlreq/#characters_not_starting_a_line).
_CHARACTER = regex.compile(
    r"[\p{Ps}\p{Pi}]*(?:[\p{Latin}\p{N}]+|[\p{Katakana}ー]+|\X)[\p{Pe}\p{Pf}\p{Po}\p{Pd}\p{Lm}ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ]*"
)
_HIRAGANA = regex.compile(r"\p{Hiragana}")
"""Japanese words end in these more often than they begin with them."""
_OPENING = regex.compile(r"[\p{Ps}\p{Pi}]+")
_CLOSING = regex.compile(r"[\p{Pe}\p{Pf}!?;:%…]+[.,]?")
"""French has a space after marks that open, and before marks that close: « Non ! »"""
_AFTER_DASH = regex.compile(r"""(?<=\w[”’"']*[—–])(?=[\p{L}“‘"'])""")
"""Where English has no space."""


@dataclass(frozen=True, slots=True)
class Caption:
    """One or two lines; the first begins with the character `start` of the text."""

    start: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What of a text is never cut, where each begins, whether a space is after it, and what a cut there costs.

    `widths` are of all that is before each of them, and of the whole.
    """

    texts: Sequence[str]
    starts: Sequence[int]
    spaces: Sequence[bool]
    costs: Sequence[float]
    widths: Sequence[int]

    def width(self, first: int, end: int) -> int:
        return self.widths[end] - self.widths[first] - _NARROW * self.spaces[end - 1]

    def line(self, first: int, end: int) -> str:
        parts = zip(self.texts[first:end], self.spaces[first:end], strict=True)
        return "".join(f"{text} " if space else text for text, space in parts).rstrip()


def captions_of(text: str) -> tuple[Caption, ...]:
    """The captions of a text in order, all of its words in them; () of one that is blank."""
    pieces = _pieces(text)
    return tuple(_captions(pieces, 0, len(pieces.texts))) if pieces.texts else ()


def _captions(pieces: _Pieces, first: int, end: int) -> Iterator[Caption]:
    """The captions of the pieces [first, end): one if they fit, else those of two parts of about one size."""
    cut = first if end - first == 1 or pieces.width(first, end) <= _LINE else _line_break(pieces, first, end)
    if cut is not None:
        lines = (pieces.line(first, end),) if cut == first else (pieces.line(first, cut), pieces.line(cut, end))
        yield Caption(pieces.starts[first], lines)
        return
    middle = _cheapest(pieces, range(first + 1, end), first, end)
    yield from _captions(pieces, first, middle)
    yield from _captions(pieces, middle, end)


def _line_break(pieces: _Pieces, first: int, end: int) -> int | None:
    """Where the second of two lines begins, None where two do not hold the pieces."""
    if pieces.width(first, end) > 2 * _LINE + _NARROW:
        return None
    fitting = [
        cut
        for cut in range(first + 1, end)
        if pieces.width(first, cut) <= _LINE and pieces.width(cut, end) <= _LINE
    ]
    return _cheapest(pieces, fitting, first, end) if fitting else None


def _cheapest(pieces: _Pieces, cuts: Sequence[int], first: int, end: int) -> int:
    before, whole = pieces.widths[first], pieces.width(first, end)

    def cost(cut: int) -> float:
        return pieces.costs[cut - 1] + abs((pieces.widths[cut] - before) / whole - 0.5)

    return min(cuts, key=cost)


def _pieces(text: str) -> _Pieces:
    texts: list[str] = []
    starts: list[int] = []
    spaces: list[bool] = []
    costs: list[float] = []
    for word in _SPACED.finditer(text):
        start = word.start()
        parts = [*_parts(word[1])]
        for piece, following in zip_longest(parts, parts[1:], fillvalue=""):
            texts.append(piece)
            starts.append(start)
            spaces.append(False)
            costs.append(_cost_between(piece, following))
            start += len(piece)
        spaces[-1] = True
        if "\n" in word[2]:  # the end of a verse
            costs[-1] = min(costs[-1], _CLAUSE)
    for place, (piece, following) in enumerate(pairwise(texts)):
        if _OPENING.fullmatch(piece) or _CLOSING.fullmatch(following):
            costs[place] = _TIED
    widths = (_width(piece) + _NARROW * space for piece, space in zip(texts, spaces, strict=True))
    return _Pieces(texts, starts, spaces, costs, [*accumulate(widths, initial=0)])


def _parts(word: str) -> Iterator[str]:
    """The parts of what stands between spaces, none wider than a line."""
    parts = _CHARACTER.findall(word) if _UNSPACED.search(word) else _AFTER_DASH.split(word)
    for part in parts:
        if _width(part) <= _LINE:
            yield part
        else:
            yield from _GRAPHEME.findall(part)


def _cost_between(piece: str, following: str) -> float:
    if _ABBREVIATION.fullmatch(piece):
        return _TIED
    if _SENTENCE_END.search(piece):
        return _SENTENCE
    if _CLAUSE_END.search(piece):
        return _CLAUSE
    return _PHRASE if _HIRAGANA.match(piece[-1]) and not _HIRAGANA.match(following) else _WORD


def _width(text: str) -> int:
    return _NARROW * len(text) if text.isascii() else sum(map(_width_of, text))


@cache
def _width_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in {"W", "F"} else _NARROW
