"""Which paragraphs of an edited text stand for which of those that were there before."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple, TypeVar

import regex

_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|\w+")

_MOST_COMPARED = 250_000
"""Pairs of texts among which the longest equal runs are looked for, which takes up to cubic time."""


def recognised(before: Sequence[str], after: Sequence[str]) -> tuple[list[int | None], set[int]]:
    """For each text of before, which of the texts after stands for it; None where no words tell one.

    Order is kept. Two that have one heir were joined; of a text that was split, the first part is the heir.
    With it all texts after that are known by their words: heirs, and the other parts of what was split.
    """
    found: list[int | None] = [None] * len(before)
    parts: set[int] = set()
    for old, new in _differences(before, after, found):
        changed, taken = _changed(before[old.start : old.stop], after[new.start : new.stop])
        found[old.start : old.stop] = [None if at is None else new.start + at for at in changed]
        parts.update(new.start + at for at in taken)
    return found, parts.union(at for at in found if at is not None)


def _differences(
    before: Sequence[str], after: Sequence[str], found: list[int | None]
) -> Iterator[tuple[range, range]]:
    """Where texts were replaced by others; the heirs of those that are the same are put into `found`.

    Patience diff: what is there just once on both sides parts the rest, in which that is asked again.
    """
    parts = [(range(len(before)), range(len(after)))]
    while parts:
        old, new = _without_edges(before, after, *parts.pop(), found)
        anchors = _anchors(before, after, old, new)
        for at, heir in anchors:
            found[at] = heir
            parts.append((range(old.start, at), range(new.start, heir)))
            old, new = range(at + 1, old.stop), range(heir + 1, new.stop)
        if anchors:
            parts.append((old, new))
        elif len(old) * len(new) > _MOST_COMPARED:
            yield old, new
        elif old and new:
            yield from _between_runs(before, after, old, new, found)


def _without_edges(
    before: Sequence[str], after: Sequence[str], old: range, new: range, found: list[int | None]
) -> tuple[range, range]:
    """What is left of two parts after what is the same at their starts and ends, which goes into `found`."""
    while old and new and before[old[0]] == after[new[0]]:
        found[old[0]] = new[0]
        old, new = old[1:], new[1:]
    while old and new and before[old[-1]] == after[new[-1]]:
        found[old[-1]] = new[-1]
        old, new = old[:-1], new[:-1]
    return old, new


def _anchors(before: Sequence[str], after: Sequence[str], old: range, new: range) -> list[tuple[int, int]]:
    """Texts that are there once in each of two parts, as many as are in the same order."""
    once_before = _once(before, old)
    once_after = _once(after, new)
    return _in_order([(at, once_after[text]) for text, at in once_before.items() if text in once_after])


def _once(texts: Sequence[str], part: range) -> dict[str, int]:
    """The texts that are there once in a part, with their places."""
    counts = Counter(texts[part.start : part.stop])
    return {texts[at]: at for at in part if counts[texts[at]] == 1}


def _between_runs(
    before: Sequence[str], after: Sequence[str], old: range, new: range, found: list[int | None]
) -> Iterator[tuple[range, range]]:
    """The same as `_differences`, told by the longest runs of texts that are the same."""
    matcher = SequenceMatcher(None, before[old.start : old.stop], after[new.start : new.stop])
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        here, there = old[i1:i2], new[j1:j2]
        if tag == "equal":
            found[here.start : here.stop] = there
        elif tag == "replace":
            yield here, there


def _changed(before: Sequence[str], after: Sequence[str]) -> tuple[list[int | None], set[int]]:
    """`recognised` among texts that all differ: told by the words that they share."""
    old, new = _words(before), _words(after)
    # A word that is there more often on one side says nothing of which is which.
    common = [word for word in old.keys() & new.keys() if len(old[word]) == len(new[word])]
    pairs = [pair for word in common for pair in zip(old[word], new[word], strict=True)]
    shared = Counter((here.text, there.text) for here, there in _in_order(pairs))
    sizes, heir_sizes = _sizes(old), _sizes(new)
    telling = Counter(here.text for here, _ in pairs)
    found: list[int | None] = [None] * len(before)
    taken: set[int] = set()
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
    return found, taken


class _Place(NamedTuple):
    """A text's number, and a word's number in it."""

    text: int
    word: int


_Where = TypeVar("_Where", int, _Place)


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


def _in_order(pairs: list[tuple[_Where, _Where]]) -> list[tuple[_Where, _Where]]:
    """The most of the pairs that are in the same order on both sides, in that order.

    Patience sorting, as in Bram Cohen's patience diff: O(n log n), where a search for what is most alike takes
    quadratic time.
    """
    tops: list[_Where] = []
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
    return found[::-1]


def pair_by_place(found: list[int | None], taken: AbstractSet[int], count: int) -> None:
    """Give texts without an heir those that stand in the same place and are nobody's, first to first."""
    settled = [(text, heir) for text, heir in enumerate(found) if heir is not None]
    for (text, heir), (next_text, next_heir) in pairwise([(-1, -1), *settled, (len(found), count)]):
        free = (at for at in range(heir + 1, next_heir) if at not in taken)
        for left, at in zip(range(text + 1, next_text), free, strict=False):
            found[left] = at
