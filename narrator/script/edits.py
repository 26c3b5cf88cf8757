"""What somebody changed in a script by hand, carried over to one that was made anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from narrator.model import Script, ScriptChapter, Segment, Skip, Span
from narrator.script.chapter_script import is_edited

EDITED = "edited"
"""The rule under which source text is not spoken whose segment a person took out."""


def with_edits(new: ScriptChapter, old: ScriptChapter) -> ScriptChapter:
    """The new script of a chapter with what was edited in the old one of the same source.

    A text that was changed or taken out is so again where the new script has a segment of just the same
    characters; one that was put in stands again after what it stood after.
    """
    changed = {segment.spans: segment for segment in old.segments if segment.spans and is_edited(segment)}
    removed = frozenset(span for part in old.skipped if part.rule == EDITED for span in part.spans)
    put_in = _put_in(old)
    segments = [*put_in[None]]
    skipped = list(new.skipped)
    for segment in new.segments:
        if segment.spans and removed.issuperset(segment.spans):
            skipped.append(Skip(EDITED, segment.spans))
        else:
            edited = changed.get(segment.spans) if segment.spans else None
            segments.append(replace(edited, made=segment.made) if edited else segment)
        if segment.spans:
            segments += put_in[segment.spans[-1]]
    return replace(
        new,
        title=old.title if old.title_read == new.title_read else new.title,
        segments=tuple(segments),
        skipped=tuple(skipped),
    )


def edit_words(before: Script, after: Script) -> str:
    """What was edited in a script, in a few words: 'paragraphs: 2 changed, 1 taken out'; '' for nothing."""
    old = {segment.spans: segment.text for segment in _all(before) if segment.spans}
    changed = sum(old.get(segment.spans, segment.text) != segment.text for segment in _all(after))
    removed, put_in = _removed(after) - _removed(before), _written(after) - _written(before)
    counts = ((changed, "changed"), (removed, "taken out"), (put_in, "put in"))
    told = [f"{count} {how}" for count, how in counts if count > 0]
    return f"paragraphs: {', '.join(told)}" if told else ""


def _all(script: Script) -> Iterator[Segment]:
    return (segment for chapter in script.chapters for segment in chapter.segments)


def _removed(script: Script) -> int:
    return sum(
        len(part.spans) for chapter in script.chapters for part in chapter.skipped if part.rule == EDITED
    )


def _written(script: Script) -> int:
    return sum(not segment.spans for segment in _all(script))


def _put_in(chapter: ScriptChapter) -> defaultdict[Span | None, list[Segment]]:
    """The segments that a person wrote, by the source characters that they stand after; None for none."""
    found: defaultdict[Span | None, list[Segment]] = defaultdict(list)
    after: Span | None = None
    for segment in chapter.segments:
        if segment.spans:
            after = segment.spans[-1]
        elif is_edited(segment):
            found[after].append(segment)
    return found
