"""Sentences, and pieces of sentences that are too long: every cut is at a place where a reader breathes.

All functions are lossless: the pieces joined are the text. None cuts inside a grapheme. Sizes are measured
by a function that adds up (`size(a + b) == size(a) + size(b)`), white space at the ends of a piece aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, pairwise

import regex
import sentencex

Size = Callable[[str], int]
Breaks = tuple[regex.Pattern[str], ...]
"""Places to cut at, in the order in which they are tried. A cut stands after the match."""

# The end of a sentence inside a quotation (which the sentence splitter keeps whole), a semicolon or dash, a
# comma, any space. Takes of these cuts have been paid for, so they stay as they are, though a quotation mark
# that closes may begin the next piece, and '1,000' may be cut; NEATER cuts better where nothing is paid yet.
PAID = tuple(
    regex.compile(pattern)
    for pattern in (
        r"""[.!?…。！？]["”’»」』)]*\s*(?<=[\s。！？」』])""",
        r"[;:—；：]\s*",
        r"[,،、，]\s*",
        r"\s+",
    )
)

# What closes stays with what it closes. '»' closes in French and opens in German, and a straight mark after
# a dash does either, so that these close only where nothing but space or another mark follows.
_CLOSING = r"""(?:[”」』）)】\]]| ?»(?=\s|$)|["'’«](?=[\s"'’”»)]|$))*+"""

# As PAID; a mark of the Latin script ends something only before a space ('3.14', '10:30', '1,000'), a Chinese
# or Japanese one always; and the spaces inside '« Non ! »' are no places to breathe.
NEATER = tuple(
    regex.compile(pattern)
    for pattern in (
        rf"[.!?…؟।]++{_CLOSING}\s++|[。！？]++{_CLOSING}\s*+",
        rf"[;:؛]{_CLOSING}\s++|[—；：]++{_CLOSING}\s*+",
        rf"[,،]{_CLOSING}\s++|[、，]++{_CLOSING}\s*+",
        r"(?<!«)\s++(?![!?;:]|»(?:[\s.,!?;:]|$))",
    )
)

_GRAPHEME = regex.compile(r"\X")

# A cut here could be inside a grapheme (Unicode Annex 29, GB3 and GB6 to GB12), whatever stands farther off.
_MAYBE_INSIDE = regex.compile(
    r"(?<=\r)\n|[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}\p{GCB=V}\p{GCB=T}]"
    r"|(?<=[\p{GCB=Prepend}\p{GCB=ZWJ}\p{GCB=L}\p{GCB=Regional_Indicator}])."
)


# The splitter fails on white space of several bytes ('A\u00a0.') and on lone surrogates, and takes time by the
# square of a run of marks; it is shown spaces instead.
_UNSPLITTABLE = regex.compile(r"[^\S\x00-\x7f]|\p{Cs}|\W(?<=\W{65})")


# It takes time by the square of a text, too, above all of one without spaces: longer ones are shown in parts.
_MOST, _MOST_UNSPACED = 20_000, 4_000


def sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, with the white space that follows each. `language` is a BCP 47 tag or ''."""
    most = _MOST if 50 * text.count(" ") > len(text) else _MOST_UNSPACED
    if len(text) <= most:
        return _sentences(text, language)
    return [sentence for part in _cut_at(text, _places(text, most)) for sentence in _sentences(part, language)]


def _places(text: str, most: int) -> Iterator[int]:
    """Where to cut a text into parts of at most so many characters: after a sentence, a word, or anywhere."""
    start = 0
    while len(text) - start > most:
        stop = NEATER[0].search(text, start + most // 2, start + most)
        space = text.rfind(" ", start + 1, start + most)
        start = stop.end() if stop else space + 1 if space > 0 else start + most
        yield start


def _sentences(text: str, language: str) -> list[str]:
    primary = language.split("-", maxsplit=1)[0].lower() or "en"
    plain = _UNSPLITTABLE.sub(" ", text)
    pieces = list(sentencex.segment(primary, plain))
    if "".join(pieces) != plain:  # a splitter that loses text must never decide what is spoken
        return [text]
    return _cut_at(text, accumulate(map(len, pieces)))


def pieces_within(text: str, language: str, limit: int, size: Size = len, breaks: Breaks = PAID) -> list[str]:
    """Cut a text into runs of whole sentences of at most `limit` each, white space at ends aside.

    A sentence that is longer by itself is cut inside: at the ends of quoted sentences, then at semicolons and
    dashes, then at commas, then at spaces, and only then between graphemes.
    """
    if size(text.strip()) <= limit:
        return [text]
    parts = [
        part for sentence in sentences(text, language) for part in shortened(sentence, limit, size, breaks)
    ]
    return packed(parts, limit, size)


def shortened(text: str, limit: int, size: Size, breaks: Breaks) -> list[str]:
    """The text, cut at the first of the breaks that make its pieces fit, last of all between graphemes."""
    if size(text.strip()) <= limit:
        return [text]
    if not breaks:
        return packed(graphemes(text), limit, size)
    parts = cut_after(text, breaks[0])
    return packed([piece for part in parts for piece in shortened(part, limit, size, breaks[1:])], limit, size)


def packed(parts: Iterable[str], limit: int, size: Size) -> list[str]:
    """Join neighbours for as long as they stay within the limit."""
    pieces: list[str] = []
    run: list[str] = []
    filled = 0
    for part in parts:
        if run and filled + size(part.rstrip()) > limit:
            pieces.append("".join(run))
            run, filled = [], 0
        run.append(part)
        filled += size(part)
    if run:
        pieces.append("".join(run))
    return pieces


def cut_after(text: str, mark: regex.Pattern[str]) -> list[str]:
    """The text cut after each match."""
    return _cut_at(text, (match.end() for match in mark.finditer(text)))


def graphemes(text: str) -> Iterator[str]:
    """What a reader sees as one character each."""
    if _is_plain(text):
        return iter(text)
    return (match.group() for match in _GRAPHEME.finditer(text))


def _cut_at(text: str, places: Iterable[int]) -> list[str]:
    if not _is_plain(text):
        places = (place for place in places if not _MAYBE_INSIDE.match(text, place))
    cuts = [0, *places, len(text)]
    return [text[start:end] for start, end in pairwise(cuts) if end > start]


def _is_plain(text: str) -> bool:
    """Whether every character is a grapheme, told at a glance."""
    return text.isascii() and "\r" not in text
