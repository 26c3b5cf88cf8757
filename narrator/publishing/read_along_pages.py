"""The person's own pages: where what is heard stands on them, and the same pages with ids there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from narrator.model import Block, Role
from narrator.publishing.read_along_letters import PageLetters, TextLetters, is_shown, letters_of
from narrator.publishing.read_along_marks import PageMarks, Place
from narrator.publishing.read_along_matching import Run, find_blocks
from narrator.publishing.read_along_overlay import SegmentId
from narrator.publishing.xml_source import Element, NotXml, read_source, utf8, with_named_characters

_NEAR = 12
"""So many letters between two of a text are a note's sign, or the number of a page."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters [start, end) of a block, which are of one segment."""

    segment: SegmentId
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class HeardBlock:
    """A block, and what of it is heard."""

    block: Block
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page with ids, the places of each segment on it, and which of the blocks were found."""

    data: bytes
    places: Mapping[SegmentId, Sequence[Place]]
    found: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Part:
    """Letters [first, end) of a page that are of one segment, and the signs right before and after them."""

    first: int
    end: int
    segment: SegmentId
    signs_before: int
    signs_after: int
    is_note: bool


def marked_page(data: bytes, blocks: Sequence[HeardBlock], stylesheet: str) -> MarkedPage | None:
    """A page with ids on what is heard of `blocks`, of which some may not be there. None for what is no XHTML.

    `stylesheet` is the address of one that is put in where anything is marked.
    """
    try:
        data, root, letters = _read(data)
    except NotXml:
        return None
    texts = [TextLetters.of(each.block.text if _is_text(each.block) else "") for each in blocks]
    runs = find_blocks(letters.letters, letters.borders, [text.letters for text in texts])
    parts = [
        part
        for each, text, found in zip(blocks, texts, runs, strict=True)
        for stretch in each.stretches
        for part in _parts(each.block, text, stretch, found)
    ]
    marks = PageMarks(data, root, letters)
    places: dict[SegmentId, list[Place]] = {}
    for part, shown, shown_end in _apart(sorted(parts, key=lambda part: part.first), letters):
        own = marks.mark(part.first, part.end - 1, shown, shown_end)
        places.setdefault(part.segment, []).extend(replace(place, is_note=part.is_note) for place in own)
    pictures = _pictures([each.block for each in blocks], letters)
    for at, picture in pictures.items():
        for stretch in blocks[at].stretches:
            places.setdefault(stretch.segment, []).append(Place(marks.mark_element(picture), 1))
    found_blocks = frozenset(at for at, found in enumerate(runs) if found) | pictures.keys()
    return MarkedPage(marks.page(stylesheet) if places else data, places, found_blocks)


def _is_text(block: Block) -> bool:
    return block.role is not Role.ALT_TEXT


def _read(data: bytes) -> tuple[bytes, Element, PageLetters]:
    data = utf8(data)
    letters = PageLetters()
    try:
        return data, read_source(data, letters), letters
    except NotXml:
        data, letters = with_named_characters(data), PageLetters()
        return data, read_source(data, letters), letters


def _parts(block: Block, letters: TextLetters, stretch: Stretch, runs: Sequence[Run]) -> Iterator[_Part]:
    """Where a stretch of a block stands on the page: in one part, but where something long is between."""
    first, end = letters.range(stretch.start, stretch.end)
    found: list[tuple[int, int]] = []
    for run in runs:
        begins, ends = max(first, run.block), min(end, run.block + run.length)
        if begins >= ends:
            continue
        begins, ends = begins - run.block + run.page, ends - run.block + run.page
        if found and begins - found[-1][1] <= _NEAR:
            found[-1] = found[-1][0], ends
        else:
            found.append((begins, ends))
    own, last = block.text[stretch.start : stretch.end], len(found) - 1
    for at, (begins, ends) in enumerate(found):
        yield _Part(
            begins,
            ends,
            stretch.segment,
            signs_before=_signs(own) if at == 0 else 0,
            signs_after=_signs(own[::-1]) if at == last else 0,
            is_note=block.role is Role.NOTE,
        )


def _signs(text: str) -> int:
    """How many characters are seen before the first letter."""
    return sum(map(is_shown, takewhile(lambda char: not letters_of(char), text)))


def _apart(parts: Sequence[_Part], page: PageLetters) -> Iterator[tuple[_Part, int, int]]:
    """The parts, and the shown characters [start, end) of each: no two share any, nor any bytes."""
    done_letters = done_shown = done_bytes = 0
    for number, part in enumerate(parts):
        following = parts[number + 1].first if number + 1 < len(parts) else len(page.of)
        first, end = max(part.first, done_letters), min(part.end, max(following, part.first + 1))
        if first >= end:
            continue
        start, stop = page.with_signs(first, end, part.signs_before, part.signs_after)
        start = max(start, done_shown)
        while start < stop and page.starts[start] < done_bytes:
            start += 1
        if start >= stop or page.of[end - 1] < start:
            continue
        done_letters, done_shown, done_bytes = end, stop, page.ends[stop - 1]
        yield replace(part, first=first, end=end), start, stop


def _pictures(blocks: Sequence[Block], page: PageLetters) -> dict[int, Element]:
    """The picture that each alternative text is of; of equal ones each the next."""
    waiting = list(page.pictures)
    found: dict[int, Element] = {}
    for at, block in enumerate(blocks):
        if block.role is not Role.ALT_TEXT:
            continue
        wanted = letters_of(block.text)
        place = next((place for place, (_, alt) in enumerate(waiting) if alt == wanted), -1)
        if place >= 0:
            found[at] = waiting.pop(place)[0]
    return found
