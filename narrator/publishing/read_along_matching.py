"""Where the blocks of a book stand on its pages, told by their letters alone.

Nearly every block is all that stands between two borders of the page. Those that are, and stand there once, are
sure, and part the page into stretches; each of the others is looked for in its stretch, at last by what is left
of it where signs of notes, numbers of pages or a letter that is a picture came between.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_HEAD = 24
_SURE = 8
_SEED = 12
_SEED_UNSPACED = 4  # a character of Chinese or Japanese tells as much as three letters
_FIRST_HAN = "\u2e80"
_FARTHEST = 400
_WIDEST = 100_000
_MOST_ALIKE = 16
_SPARE = 40
_CRUMB = 2
_MOST_SEEDS = 64
_MOST_ORDERS = 4
_BLANK = "\0"
"""No letter."""
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """Letters [block, block + length) of a block are letters [page, page + length) of the page."""

    block: int
    page: int
    length: int


def find_blocks(page: str, borders: array[int], blocks: Sequence[str]) -> list[tuple[Run, ...]]:
    """For each block, by its letters and in reading order, where it stands on the page; () where it does not.

    `borders` are those of the page's own blocks, in letters and ascending. What is read in another order than
    it stands in, such as notes, is found among what is left of the page.
    """
    found: list[tuple[Run, ...]] = [()] * len(blocks)
    left = [at for at, block in enumerate(blocks) if block]
    for _ in range(_MOST_ORDERS):
        for at, runs in zip(left, _in_order(page, borders, [blocks[at] for at in left]), strict=True):
            found[at] = runs
        unfound = [at for at in left if not found[at]]
        if not unfound or len(unfound) == len(left):
            break
        page = _without(page, [run for at in left for run in found[at]])
        left = unfound
    return found


def _in_order(page: str, borders: array[int], blocks: Sequence[str]) -> list[tuple[Run, ...]]:
    """Where these blocks stand whose order is the page's."""
    search = _Search(page, borders)
    found: list[tuple[Run, ...]] = [()] * len(blocks)
    anchors = _ascending([(at, place) for at, block in enumerate(blocks) if (place := search.sure(block)) >= 0])
    first, low = 0, 0
    for at, place in [*anchors, (len(blocks), len(page))]:
        for between in range(first, at):
            found[between] = search.between(blocks[between], low, place)
            if found[between]:
                last = found[between][-1]
                low = last.page + last.length
        if at < len(blocks):
            found[at] = (Run(0, place, len(blocks[at])),)
            first, low = at + 1, place + len(blocks[at])
    return found


def _without(page: str, runs: Iterable[Run]) -> str:
    """The page with what was found blanked, so that nothing is found there again."""
    parts: list[str] = []
    done = 0
    for run in sorted(runs, key=lambda run: run.page):
        parts += [page[done : run.page], _BLANK * run.length]
        done = run.page + run.length
    return "".join([*parts, page[done:]])


class _Search:
    """A page whose borders are known by what stands after them."""

    def __init__(self, page: str, borders: array[int]) -> None:
        self._page = page
        self._borders = borders
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for start, end in zip(borders, [*borders[1:], len(page)], strict=True):
            if end > start:
                self._places[page[start : min(end, start + _HEAD)]].append(start)

    def sure(self, block: str) -> int:
        """The one place between borders where a block stands, -1 where there is none or a choice."""
        alike = self._places.get(block[:_HEAD], ())
        if len(block) < _SURE or len(alike) > _MOST_ALIKE:
            return -1
        places = [place for place in alike if self._fits(block, place)]
        return places[0] if len(places) == 1 else -1

    def between(self, block: str, low: int, high: int) -> tuple[Run, ...]:
        """Where a block stands among the letters [low, high)."""
        places = self._places.get(block[:_HEAD], ())
        for at in range(bisect_left(places, low), len(places)):
            if places[at] + len(block) > high:
                break
            if self._fits(block, places[at]):
                return (Run(0, places[at], len(block)),)
        place = self._page.find(block, low, high)
        is_sure = len(block) >= _SURE
        if place >= 0 and (is_sure or self._is_border(place) or self._is_border(place + len(block))):
            return (Run(0, place, len(block)),)
        if not is_sure:
            return ()
        runs = tuple(self._remains(block, low, high))
        return runs if sum(run.length for run in runs) >= len(block) * _ENOUGH else ()

    def _fits(self, block: str, place: int) -> bool:
        return self._page.startswith(block, place) and self._is_border(place + len(block))

    def _is_border(self, place: int) -> bool:
        at = bisect_left(self._borders, place)
        return place == len(self._page) or (at < len(self._borders) and self._borders[at] == place)

    def _remains(self, block: str, low: int, high: int) -> Iterator[Run]:
        """What of a block is found in order, each part not far from the one before."""
        done, at = 0, low
        limit = min(high, low + _WIDEST)
        while seed := self._seed(block, done, at, limit):
            start, place = seed
            while start > done and place > at and block[start - 1] == self._page[place - 1]:
                start, place = start - 1, place - 1
            yield from self._crumbs(block, (done, start), (max(at, place - (start - done) - _SPARE), place))
            length = _common(block, start, self._page, place, high)
            yield Run(start, place, length)
            done, at = start + length, place + length
            limit = min(high, at + _FARTHEST)
        if done:
            until = min(high, at + len(block) - done + _SPARE)
            yield from self._crumbs(block, (done, len(block)), (at, until))

    def _crumbs(self, block: str, own: tuple[int, int], there: tuple[int, int]) -> Iterator[Run]:
        """What two short stretches between sure places have in common."""
        if not 0 < own[1] - own[0] <= _FARTHEST:
            return
        common = SequenceMatcher(None, block[slice(*own)], self._page[slice(*there)], autojunk=False)
        for start, place, length in common.get_matching_blocks():
            if length >= _CRUMB:
                yield Run(own[0] + start, there[0] + place, length)

    def _seed(self, block: str, done: int, low: int, high: int) -> tuple[int, int] | None:
        """The next letters of the block that are found: where they stand in it, and on the page."""
        size = _SEED_UNSPACED if _is_unspaced(block) else _SEED
        for start in range(done, min(len(block), done + _MOST_SEEDS)):
            letters = block[start : start + size]
            place = self._page.find(letters, low, high if len(letters) == size else min(high, low + _HEAD))
            if place >= 0:
                return start, place
        return None


def _is_unspaced(block: str) -> bool:
    """Whether a block is Chinese or Japanese."""
    head = block[:_HEAD]
    return sum(char >= _FIRST_HAN for char in head) * 2 > len(head)


def _common(block: str, start: int, page: str, place: int, high: int) -> int:
    """How many letters are the same from there on."""
    longest = min(len(block) - start, high - place)
    for length in range(longest):
        if block[start + length] != page[place + length]:
            return length
    return longest


def _ascending(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of these pairs, sorted by their first number, whose second numbers ascend, too.

    Patience sorting: https://en.wikipedia.org/wiki/Longest_increasing_subsequence.
    """
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for at, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        tops[pile : pile + 1] = [place]
        last[pile : pile + 1] = [at]
        before.append(last[pile - 1] if pile else -1)
    chain: list[tuple[int, int]] = []
    at = last[-1] if last else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]
