"""When each word is heard: the sounds that a voice of Piper made, laid beside the words of the text.

A voice tells how long each phoneme is, but not of which word it is. Between the two stands espeak, which joins
words in running speech ("of the" is one) and makes several of one ("1984"): so each word is also phonemized by
itself, and what differs between the two lists is shared out by length.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from narrator.model import WordTime

_UNSOUNDED = re.compile(r"[\W\d_ˈˌː]+")
"""Stress, length and punctuation depend on where a word stands."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Sounds between two gaps, without stress marks, and the frames [start, end) in which they are heard."""

    sounds: str
    start: int
    end: int


def sounds_of(phonemes: str) -> str:
    """Phonemes without what depends on the place of a word; '' for punctuation."""
    return _UNSOUNDED.sub("", phonemes)


def heard_words(lengths: Iterable[tuple[str, int]], start: int) -> Iterator[Heard]:
    """The phonemes of a sentence, each with how many frames it lasts, as words; `start` is its first frame."""
    sounds, first, last, now = "", start, start, start
    for phoneme, frames in lengths:
        heard = sounds_of(phoneme)
        if heard and not sounds:
            first = now
        now += frames
        if heard or (sounds and phoneme in "ˈˌː"):
            sounds, last = sounds + heard, now
        elif phoneme == " " and sounds:
            yield Heard(sounds, first, last)
            sounds = ""
    if sounds:
        yield Heard(sounds, first, last)


def word_times(
    words: Sequence[str], sounds_of_word: Callable[[str], Sequence[str]], heard: Sequence[Heard], rate_hz: int
) -> list[WordTime]:
    """When each word of a text is heard; a word that is not heard at all is left out."""
    expected = [(sounds, number) for number, word in enumerate(words) for sounds in sounds_of_word(word)]
    spans: dict[int, tuple[float, float]] = {}
    for number, start, end in _shares(expected, heard):
        first, last = spans.get(number, (start, end))
        spans[number] = (min(first, start), max(last, end))
    return [
        WordTime(words[number], round(1000 * start / rate_hz), round(1000 * end / rate_hz))
        for number, (start, end) in sorted(spans.items())
    ]


def _shares(expected: Sequence[tuple[str, int]], heard: Sequence[Heard]) -> Iterator[tuple[int, float, float]]:
    """Which word has which frames."""
    matcher = difflib.SequenceMatcher(
        None, [sounds for sounds, _ in expected], [each.sounds for each in heard], autojunk=False
    )
    for tag, first, last, since, until in matcher.get_opcodes():
        if tag == "equal":
            for (_, number), each in zip(expected[first:last], heard[since:until], strict=True):
                yield number, each.start, each.end
        elif tag == "replace":
            yield from _by_length(expected[first:last], heard[since].start, heard[until - 1].end)
        elif tag == "insert" and expected:
            _, number = expected[max(0, first - 1)]
            yield number, heard[since].start, heard[until - 1].end


def _by_length(expected: Sequence[tuple[str, int]], start: int, end: int) -> Iterator[tuple[int, float, float]]:
    whole = sum(len(sounds) for sounds, _ in expected)
    at = float(start)
    for sounds, number in expected:
        until = at + (end - start) * len(sounds) / whole
        yield number, at, until
        at = until
