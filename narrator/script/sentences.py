"""Sentences, and pieces of sentences that are too long: every cut is at a place where a reader breathes.

All functions are lossless: the pieces joined are the text.
"""

from __future__ import annotations

from itertools import pairwise

import regex
import sentencex

# In the order in which they are tried: the end of a sentence inside a quotation (which the sentence splitter
# keeps whole), a semicolon or dash, a comma, any space. A cut stands after the match.
_BREAKS = tuple(
    regex.compile(pattern)
    for pattern in (
        r"""[.!?…。！？]["”’»」』)]*\s*(?<=[\s。！？」』])""",
        r"[;:—；：]\s*",
        r"[,،、，]\s*",
        r"\s+",
    )
)
_GRAPHEME = regex.compile(r"\X")


def sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, with the white space that follows each. `language` is a BCP 47 tag or ''."""
    primary = language.split("-", maxsplit=1)[0].lower() or "en"
    pieces = list(sentencex.segment(primary, text))
    if "".join(pieces) != text:  # a splitter that loses text must never decide what is spoken
        return [text]
    return [piece for piece in pieces if piece]


def pieces_within(text: str, language: str, limit: int) -> list[str]:
    """Cut a text into runs of whole sentences of at most `limit` characters each, white space at ends aside.

    A sentence that is longer by itself is cut inside: at the ends of quoted sentences, then at semicolons and
    dashes, then at commas, then at spaces, and only then between graphemes.
    """
    if len(text.strip()) <= limit:
        return [text]
    parts = [part for sentence in sentences(text, language) for part in _shortened(sentence, limit, _BREAKS)]
    return _packed(parts, limit)


def _shortened(text: str, limit: int, breaks: tuple[regex.Pattern[str], ...]) -> list[str]:
    if len(text.strip()) <= limit:
        return [text]
    if not breaks:
        return _packed(_GRAPHEME.findall(text), limit)
    cuts = [0, *(match.end() for match in breaks[0].finditer(text)), len(text)]
    parts = [text[start:end] for start, end in pairwise(cuts) if end > start]
    return _packed([piece for part in parts for piece in _shortened(part, limit, breaks[1:])], limit)


def _packed(parts: list[str], limit: int) -> list[str]:
    """Join neighbours for as long as they stay within the limit."""
    packed: list[str] = []
    run: list[str] = []
    length = 0
    for part in parts:
        if run and length + len(part.rstrip()) > limit:
            packed.append("".join(run))
            run, length = [], 0
        run.append(part)
        length += len(part)
    if run:
        packed.append("".join(run))
    return packed
