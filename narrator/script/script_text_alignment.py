"""Which paragraphs of an edited text stand for which of those that were there before."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

import regex

_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|\w+")


def heirs(before: Sequence[str], after: Sequence[str]) -> list[int | None]:
    """For each text of before, which of the texts after stands for it; None where it was deleted.

    Order is kept. Two that have one heir were joined; of a text that was split, the first part is the heir.
    """
    found: list[int | None] = [None] * len(before)
    start, before_end, after_end = _edges(before, after)
    for at in range(start):
        found[at] = at
    for at in range(before_end, len(before)):
        found[at] = at - before_end + after_end
    old, new = before[start:before_end], after[start:after_end]
    # difflib sets aside what is frequent in a long list, which keeps it from taking quadratic time.
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            found[start + i1 : start + i2] = range(start + j1, start + j2)
        elif tag == "replace":
            changed = _changed(old[i1:i2], new[j1:j2])
            found[start + i1 : start + i2] = [None if at is None else start + j1 + at for at in changed]
    return found


def _edges(before: Sequence[str], after: Sequence[str]) -> tuple[int, int, int]:
    """Where the first difference is, and the ends of the parts before and after that differ."""
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    left = shorter - start
    tail = next((at for at in range(left) if before[-1 - at] != after[-1 - at]), left)
    return start, len(before) - tail, len(after) - tail


def _changed(before: Sequence[str], after: Sequence[str]) -> list[int | None]:
    """The heirs among texts that all differ: told by the words that they share, else by their places."""
    old, new = _words(before), _words(after)
    # A word that is there more often on one side says nothing of which is which.
    common = [word for word in old.keys() & new.keys() if len(old[word]) == len(new[word])]
    pairs = [pair for word in common for pair in zip(old[word], new[word], strict=True)]
    shared = Counter((here.text, there.text) for here, there in _in_order(pairs))
    sizes, heir_sizes = _sizes(old), _sizes(new)
    telling = Counter(here.text for here, _ in pairs)
    found: list[int | None] = [None] * len(before)
    taken = set()
    for (text, heir), words in sorted(shared.items()):
        # The one is for the better part in the other.
        if 2 * words >= min(sizes[text], heir_sizes[heir]):
            found[text] = heir if found[text] is None else found[text]
            taken.add(heir)
    for (text, heir), words in sorted(shared.items()):
        # Little of it is rare enough to tell anything, but what is says that, and nothing speaks against it.
        if found[text] is None and heir not in taken and 2 * words >= telling[text]:
            found[text] = heir
            taken.add(heir)
    _pair_by_place(found, taken, len(after))
    return found


class _Place(NamedTuple):
    """A text's number, and a word's number in it."""

    text: int
    word: int


def _words(texts: Sequence[str]) -> dict[str, list[_Place]]:
    """Where each word is, every time that it is there, in order."""
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    for number, text in enumerate(texts):
        for at, word in enumerate(_WORD.findall(text.casefold())):
            places[word].append(_Place(number, at))
    return places


def _sizes(words: Mapping[str, Sequence[_Place]]) -> Counter[int]:
    """How many words each text has."""
    return Counter(place.text for places in words.values() for place in places)


def _in_order(pairs: list[tuple[_Place, _Place]]) -> list[tuple[_Place, _Place]]:
    """The most of the pairs that are in the same order on both sides.

    Patience sorting, as in Bram Cohen's patience diff: O(n log n), where a search for what is most alike takes
    quadratic time.
    """
    tops: list[_Place] = []
    top_pairs: list[int] = []
    before = list[int | None]()
    pairs.sort()
    for at, (_, there) in enumerate(pairs):
        pile = bisect_left(tops, there)
        before.append(top_pairs[pile - 1] if pile else None)
        tops[pile : pile + 1] = [there]
        top_pairs[pile : pile + 1] = [at]
    found = []
    link = top_pairs[-1] if top_pairs else None
    while link is not None:
        found.append(pairs[link])
        link = before[link]
    return found


def _pair_by_place(found: list[int | None], taken: AbstractSet[int], count: int) -> None:
    """Give texts without an heir those that stand in the same place and are nobody's, first to first."""
    settled = [(text, heir) for text, heir in enumerate(found) if heir is not None]
    for (text, heir), (next_text, next_heir) in pairwise([(-1, -1), *settled, (len(found), count)]):
        free = (at for at in range(heir + 1, next_heir) if at not in taken)
        for left, at in zip(range(text + 1, next_text), free, strict=False):
            found[left] = at
