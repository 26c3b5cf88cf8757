"""What of the source the segments of an edited text stand for: what those of before stood for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from narrator.model import Segment, Skip
from narrator.script.script_text_alignment import pair_by_place, recognised


@dataclass(frozen=True, slots=True)
class Inherited:
    """The segments, those of before that are gone, and what had been removed and is spoken again."""

    segments: tuple[Segment, ...]
    deleted: tuple[Segment, ...]
    put_back: frozenset[Skip]


def inherited(
    before: Sequence[Segment], after: Sequence[Segment], removed: Sequence[tuple[Skip, str]] = ()
) -> Inherited:
    """Let segments stand for what those of before stood for, or for what was removed, with its text."""
    segments = [*after]
    found, taken = recognised([part.text for part in before], [part.text for part in segments])
    parts: list[Segment | Skip] = [*before]
    for skip, at in _known_again(removed, segments, taken):
        where = next(
            (n for n, part in enumerate(parts) if part.spans and _place(part) > _place(skip)), len(parts)
        )
        first = max((each for each in found[:where] if each is not None), default=0)
        end = min((each for each in found[where:] if each is not None), default=len(segments))
        if first <= at < end:
            parts.insert(where, skip)
            found.insert(where, at)
            taken.add(at)
    pair_by_place(found, taken, len(segments))
    deleted: list[Segment] = []
    for part, heir in zip(parts, found, strict=True):
        made = part.made if isinstance(part, Segment) else ""
        if heir is not None:
            now = segments[heir]
            segments[heir] = replace(now, spans=now.spans + part.spans, made=now.made or made)
        elif isinstance(part, Segment):
            deleted.append(part)
    put_back = frozenset(part for part in parts if isinstance(part, Skip))
    return Inherited(tuple(segments), tuple(deleted), put_back)


def _known_again(
    removed: Sequence[tuple[Skip, str]], segments: Sequence[Segment], taken: AbstractSet[int]
) -> Iterator[tuple[Skip, int]]:
    """What was removed and is there again by its words, in the source's order, with its number."""
    free = [at for at in range(len(segments)) if at not in taken]
    known = sorted((each for each in removed if each[1]), key=lambda each: _place(each[0]))
    found, _ = recognised([text for _, text in known], [segments[at].text for at in free])
    for (skip, _), number in zip(known, found, strict=True):
        if number is not None:
            yield skip, free[number]


def _place(part: Segment | Skip) -> tuple[int, int]:
    return part.spans[0].block, part.spans[0].start
