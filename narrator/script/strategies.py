"""Strategies: the ways to cut a block of text into the texts of provider requests. Pure functions.

    paragraph   the whole block where it fits, else runs of whole sentences
    sentence    every sentence by itself, brief ones with a neighbour
    word        as many words as fit, up to the end of a sentence where one is near
    fixed       as near to the limit as possible

All are lossless: the pieces joined are the text. Every piece, white space at its ends aside, is within the
limit, unless a single grapheme is larger. None cuts inside a grapheme.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from types import MappingProxyType

import regex

from narrator.model import Block, Role
from narrator.script.sentences import (
    NEATER,
    cut_after,
    graphemes,
    packed,
    pieces_within,
    sentences,
    shortened,
)


class Unit(StrEnum):
    """What a provider counts."""

    CHARACTERS = "characters"
    UTF8_BYTES = "utf-8 bytes"


@dataclass(frozen=True, slots=True)
class Limit:
    """The longest text of one request, at least 1."""

    number: int
    unit: Unit = Unit.CHARACTERS

    def size(self, text: str) -> int:
        """How much of the limit a text takes. It adds up over the parts of a text."""
        if self.unit is Unit.CHARACTERS:
            return len(text)
        return len(text.encode("utf-8", "surrogatepass"))

    def holds(self, text: str) -> bool:
        """Whether the text can be sent as one request; the white space at its ends is not sent."""
        return self.size(text.strip()) <= self.number


Strategy = Callable[[str, str, Limit], list[str]]
"""Cuts a block's text: (text, BCP 47 tag or '', limit) to pieces that join to the text."""

_BRIEF = 15
"""Letters that take some 1.2 seconds at a narrator's 160 words a minute. Voices rush, clip or invent sounds
when they are given less than that alone."""

# Chinese and Japanese characters take about twice the time of a letter.
_SLOW = regex.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LINE, _SPACES = regex.compile(r"\n+"), NEATER[-1]
_CLAUSE_END = regex.compile(r"[;:,—；：，、؛،–][\p{Pe}\p{Pf}\p{Pi}\"'\s]*$")


def paragraph(text: str, language: str, limit: Limit) -> list[str]:
    """The whole text where it fits, else runs of whole sentences."""
    return pieces_within(text, language, limit.number, limit.size)


def sentence(text: str, language: str, limit: Limit) -> list[str]:
    """Every sentence by itself; a brief one leads into the next, or ends the one before it at a block's end."""
    parts = [
        part
        for whole in sentences(text, language)
        for part in shortened(whole, limit.number, limit.size, NEATER)
    ]
    pieces: list[str] = []
    run: list[str] = []
    filled = letters = 0
    for part in parts:
        if run and (letters >= _BRIEF or filled + limit.size(part.rstrip()) > limit.number):
            _settle(pieces, "".join(run), limit)
            run, filled, letters = [], 0, 0
        run.append(part)
        filled += limit.size(part)
        letters += _letters(part)
    _settle(pieces, "".join(run), limit)
    return pieces


def _settle(pieces: list[str], last: str, limit: Limit) -> None:
    """Add the piece; a brief one, which did not fit with what follows, to the one before it where it fits."""
    if pieces and is_brief(last) and limit.holds(pieces[-1] + last):
        pieces[-1] += last
    else:
        pieces.append(last)


def word(text: str, language: str, limit: Limit) -> list[str]:
    """As many words as fit; fewer where a sentence ends in the last third, so that fewer sentences are torn."""
    if limit.holds(text):
        return [text]
    stops = _stops(text, language, limit)
    pieces: list[str] = []
    start = stop = end = filled = 0
    for part in _words(text, limit):
        while start < end and filled + limit.size(part.rstrip()) > limit.number:
            is_near = stop > start and 3 * limit.size(text[start:stop].rstrip()) >= 2 * limit.number
            cut = stop if is_near else end
            pieces.append(text[start:cut])
            start, filled = cut, limit.size(text[cut:end])
        end += len(part)
        filled += limit.size(part)
        if end in stops:
            stop = end
    return [*pieces, text[start:]]


def fixed(text: str, language: str, limit: Limit) -> list[str]:  # noqa: ARG001 - a Strategy is told the language
    """As near to the limit as possible: only a word of more than half of the limit is cut inside."""
    if limit.holds(text):
        return [text]
    half = Limit(limit.number // 2, limit.unit)
    parts = (
        part
        for whole in cut_after(text, _SPACES)
        for part in ([whole] if half.holds(whole) else graphemes(whole))
    )
    return packed(parts, limit.number, limit.size)


def verse(text: str, language: str, limit: Limit) -> list[str]:  # noqa: ARG001 - as above
    """The whole stanza where it fits, else runs of whole lines."""
    return shortened(text, limit.number, limit.size, (_LINE, *NEATER))


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {"paragraph": paragraph, "sentence": sentence, "word": word, "fixed": fixed}
)


def strategy_for(role: Role, name: str) -> Strategy:
    """The strategy of that name, or the role's own: a title is one breath, and a verse ends with its line.

    `paragraph` keeps both whole where they fit, so it has no exceptions.

    Raises:
        KeyError: there is no strategy of that name.
    """
    strategy = STRATEGIES[name]
    return strategy if strategy is paragraph else _OWN_STRATEGIES.get(role, strategy)


_OWN_STRATEGIES: Mapping[Role, Strategy] = {Role.HEADING: paragraph, Role.VERSE: verse}


def cut(text: str, language: str, strategy: Strategy, limits: Sequence[Limit]) -> list[str]:
    """Cut a text so that each piece is within every limit: one that a person set, and a provider's own."""
    first, *others = limits
    pieces = strategy(text, language, first)
    for limit in others:
        fitting = ([piece] if limit.holds(piece) else strategy(piece, language, limit) for piece in pieces)
        pieces = [piece for some in fitting for piece in some]
    return pieces


class Seam(StrEnum):
    """Where in the text a piece ends, which says how long the silence is that may be heard there."""

    SENTENCE = "sentence"
    CLAUSE = "clause"
    WORD = "word"


def seams(pieces: Sequence[str], language: str, limit: Limit) -> list[Seam]:
    """Where each of the pieces of a text ends; `limit` is what they were cut by."""
    text = "".join(pieces)
    stops = _stops(text, language, limit) | {len(text)}
    ends = accumulate(map(len, pieces))
    return [_seam(piece, is_stop=end in stops) for piece, end in zip(pieces, ends, strict=True)]


def merged(blocks: Sequence[Block], limit: Limit, likeness: Callable[[Block], Hashable]) -> list[range]:
    """Runs of neighbouring short blocks that are said in one go, as ranges of block numbers: all, in order.

    Blocks of one likeness make a run while their texts, joined by a line end each, are within the limit; one
    whose likeness is None stands alone.
    """
    runs: list[range] = []
    filled = 0
    before: Hashable = None
    for number, block in enumerate(blocks):
        size, now = limit.size(block.text.strip()), likeness(block)
        if runs and now is not None and now == before and filled + 1 + size <= limit.number:
            runs[-1] = range(runs[-1].start, number + 1)
            filled += 1 + size
        else:
            runs.append(range(number, number + 1))
            filled = size
        before = now
    return runs


def is_brief(text: str) -> bool:
    """Whether voices had better not be given this alone."""
    return _letters(text) < _BRIEF


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text)) + len(_SLOW.findall(text))


def _words(text: str, limit: Limit) -> Iterator[str]:
    """Words with the space after each; one that is longer than the limit is cut at its marks."""
    for part in cut_after(text, _SPACES):
        yield from shortened(part, limit.number, limit.size, NEATER)


def _stops(text: str, language: str, limit: Limit) -> frozenset[int]:
    """Where sentences end; inside one that is longer than the limit, also where it seems that they do."""
    found = (
        [whole] if limit.holds(whole) else cut_after(whole, NEATER[0]) for whole in sentences(text, language)
    )
    return frozenset(accumulate(len(part) for parts in found for part in parts))


def _seam(piece: str, *, is_stop: bool) -> Seam:
    if is_stop:
        return Seam.SENTENCE
    return Seam.CLAUSE if _CLAUSE_END.search(piece) else Seam.WORD
