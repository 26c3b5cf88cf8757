"""What somebody changed in a script by hand, carried over to one that was made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, groupby

from narrator.model import Chapter, Pause, Script, ScriptChapter, Segment, Skip, Span
from narrator.script.stamps import is_by_hand, is_edited, text_made, with_changes, with_pause

EDITED = "edited"
"""The rule under which source text is not spoken whose segment a person took out."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment of the source, or a skip, with the segments that follow it and stand for no source."""

    first: Segment | Skip
    more: tuple[Segment, ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        return self.first.spans[0].block, self.first.spans[0].start

    @property
    def blocks(self) -> frozenset[int]:
        """Those that it is of, and those between them that it passes over."""
        numbers = [span.block for span in self.first.spans]
        return frozenset(range(min(numbers), max(numbers) + 1))


def with_edits(new: ScriptChapter, old: ScriptChapter) -> ScriptChapter:
    """The new script of a chapter with what was edited in the old one of the same source.

    A segment of just the same characters has the changes of the old one. Blocks in which more was edited than
    that, such as joined and divided paragraphs, stay as they were.
    """
    whole = _blocks_kept_whole(new, old)
    before = {part.first.spans: part for part in _parts(old)}
    parts = [part for part in _parts(old) if part.blocks & whole]
    parts += [_edited(part, before.get(part.first.spans)) for part in _parts(new) if not part.blocks & whole]
    parts.sort(key=lambda part: part.place)
    kept = [segment for segment in _opening(old) if is_edited(segment)]
    kept += _put_in(parts, old, whole)
    spoken = [
        segment for part in parts if isinstance(part.first, Segment) for segment in (part.first, *part.more)
    ]
    spoken = kept + spoken if spoken else []
    if spoken:
        spoken[-1] = with_pause(replace(spoken[-1], pause=Pause.CHAPTER), spoken[-1])
    return replace(
        new,
        title=old.title if old.title_read == new.title_read else new.title,
        segments=tuple(spoken),
        skipped=tuple(part.first for part in parts if isinstance(part.first, Skip)),
    )


def _edited(new: _Part, old: _Part | None) -> _Part:
    """A part that was composed anew, as a person changed the one of the same characters."""
    if old is None or not isinstance(new.first, Segment):
        return new
    if isinstance(old.first, Segment):
        changed = with_changes(new.first, old.first)
        return _Part(changed) if is_edited(old.first) else replace(new, first=changed)
    return _Part(old.first) if old.first.rule == EDITED else new


def _blocks_kept_whole(new: ScriptChapter, old: ScriptChapter) -> frozenset[int]:
    """Blocks with edits that no segment of the new script matches, and those that share a segment with one."""
    fresh = {part.first.spans for part in _parts(new)}
    whole: set[int] = set()
    for part in _parts(old):
        is_changed = is_edited(part.first) if isinstance(part.first, Segment) else part.first.rule == EDITED
        if is_changed and part.first.spans not in fresh:
            whole |= part.blocks
    shared = [part.blocks for part in chain(_parts(new), _parts(old)) if len(part.blocks) > 1]
    grows = bool(whole)
    while grows:
        joined = {block for blocks in shared if blocks & whole for block in blocks}
        grows = not joined <= whole
        whole |= joined
    return frozenset(whole)


def _put_in(parts: list[_Part], old: ScriptChapter, whole: frozenset[int]) -> list[Segment]:
    """Let the segments that a person wrote follow the text that they followed; those with none before them."""
    left: list[Segment] = []
    for part in _parts(old):
        by_hand = tuple(segment for segment in part.more if is_by_hand(segment))
        if not by_hand or part.blocks & whole:
            continue
        end = part.first.spans[-1].block, part.first.spans[-1].end
        places = [at for at, each in enumerate(parts) if isinstance(each.first, Segment) and each.place < end]
        if places:
            parts[places[-1]] = replace(parts[places[-1]], more=(*parts[places[-1]].more, *by_hand))
        else:
            left += by_hand
    return left


def _parts(chapter: ScriptChapter) -> list[_Part]:
    """The parts of a chapter in order; segments before all of them are its opening."""
    parts: list[_Part] = []
    for has_spans, run in groupby(chapter.segments, lambda segment: bool(segment.spans)):
        if has_spans:
            parts += [_Part(segment) for segment in run]
        elif parts:
            parts[-1] = replace(parts[-1], more=tuple(run))
    parts += [_Part(skip) for skip in chapter.skipped if skip.spans]
    return sorted(parts, key=lambda part: part.place)


def _opening(chapter: ScriptChapter) -> Iterator[Segment]:
    """The segments before the first that stands for text of the source."""
    for segment in chapter.segments:
        if segment.spans:
            return
        yield segment


def with_edits_of_alike(new: ScriptChapter, old: ScriptChapter) -> tuple[ScriptChapter, int]:
    """The new script of a chapter that was changed in the book, with the edits of the script of before.

    They go to segments of just the same composed text. With it how many edits found no place.
    """
    counts = Counter(map(text_made, new.segments))
    places = {text_made(each): at for at, each in enumerate(new.segments) if counts[text_made(each)] == 1}
    segments = [[segment] for segment in new.segments]
    opening = [segment for segment in _opening(old) if is_by_hand(segment)]
    lost = sum(part.first.rule == EDITED for part in _parts(old) if isinstance(part.first, Skip))
    for part in _parts(old):
        if not isinstance(part.first, Segment):
            continue
        by_hand = [segment for segment in part.more if is_by_hand(segment)]
        at = places.get(text_made(part.first))
        if at is None or len(part.blocks) > 1:
            lost += is_edited(part.first) + len(by_hand)
        else:
            segments[at] = [with_changes(segments[at][0], part.first), *by_hand]
    return replace(new, segments=(*opening, *(each for some in segments for each in some))), lost


def moved(script: ScriptChapter, before: Chapter, after: Chapter) -> ScriptChapter:
    """The script of a chapter for the same blocks in another order; what stands for others is left out."""
    now = {id(block): number for number, block in enumerate(after.blocks)}
    place = {number: now[id(block)] for number, block in enumerate(before.blocks) if id(block) in now}

    def there(part: Segment | Skip) -> bool:
        return all(span.block in place for span in part.spans)

    def spans(part: Segment | Skip) -> tuple[Span, ...]:
        return tuple(replace(span, block=place[span.block]) for span in part.spans)

    return replace(
        script,
        segments=tuple(replace(each, spans=spans(each)) for each in script.segments if there(each)),
        skipped=tuple(replace(each, spans=spans(each)) for each in script.skipped if there(each)),
    )


def edit_words(before: Script, after: Script) -> str:
    """What was edited in a script, in a few words: 'paragraphs: 2 changed, 1 taken out'; '' for nothing."""
    changed = sum(map(_changed, before.chapters, after.chapters))
    removed, put_in = _removed(after) - _removed(before), _written(after) - _written(before)
    counts = ((changed, "changed"), (removed, "taken out"), (put_in, "put in"))
    told = [f"{count} {how}" for count, how in counts if count > 0]
    return f"paragraphs: {', '.join(told)}" if told else ""


def _changed(before: ScriptChapter, after: ScriptChapter) -> int:
    old = {segment.spans: segment.text for segment in before.segments if segment.spans}
    return sum(old.get(segment.spans, segment.text) != segment.text for segment in after.segments)


def _removed(script: Script) -> int:
    return sum(
        len(part.spans) for chapter in script.chapters for part in chapter.skipped if part.rule == EDITED
    )


def _written(script: Script) -> int:
    return sum(not segment.spans for chapter in script.chapters for segment in chapter.segments)
