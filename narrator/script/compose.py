"""A manuscript becomes a script: every character of it is in exactly one segment, or skipped under a rule."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, dropwhile

from narrator.config import Titles
from narrator.model import (
    AskedTitles,
    Block,
    Chapter,
    Manuscript,
    Matter,
    Pause,
    Role,
    Script,
    ScriptChapter,
    Segment,
    Skip,
    Span,
)
from narrator.script.chapter_titles import folded, shows_title
from narrator.script.credits import asked_before, asked_titles, book_values, fill
from narrator.script.policy import NOTHING_TO_SAY, block_rule, chapter_rule, is_speakable
from narrator.script.speech_text import heading_text
from narrator.script.strategies import STRATEGIES, Limit, Seam, seams, strategy_for

_PAUSE_AT = {Seam.WORD: Pause.WORD, Seam.CLAUSE: Pause.CLAUSE, Seam.SENTENCE: Pause.SENTENCE}

# Chinese and Japanese write no spaces: there a character counts as a word.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORDS = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")

_HEAD = 5
"""The title and the author of a book that begins with them are among so many segments."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How texts are cut: the strategy's name, and the longest text of one segment in characters."""

    strategy: str
    limit: int


def compose(
    manuscript: Manuscript,
    cut: Cut,
    accepted: Script | None = None,
    *,
    titles: Titles = Titles(),  # noqa: B008 - it is frozen
) -> Script:
    """Write the script of a book, its titles spoken as `titles` ask, whose templates are checked.

    What was accepted stays as it was cut, and as somebody edited it, so that it is paid for once: chapters
    whose blocks are the same (by source digest), and titles of which the same was asked.
    """
    facts = (manuscript.title, manuscript.authors, manuscript.language)
    asked = asked_titles(titles, *facts)
    if accepted is None:
        chapters = _chapters(manuscript, cut, {}, asked, asked)
        return Script(*facts, chapters, *_credits(asked, chapters, cut, manuscript.language), asked)
    before = asked_before(accepted, *facts)
    known = {chapter.source_digest: chapter for chapter in accepted.chapters}
    chapters = _chapters(manuscript, cut, known, before, asked)
    opening, closing = _credits(asked, chapters, cut, manuscript.language)
    return Script(
        *facts,
        chapters,
        opening=accepted.opening if before.opening == asked.opening else opening,
        closing=accepted.closing if before.closing == asked.closing else closing,
        asked=asked,
    )


def _chapters(
    manuscript: Manuscript,
    cut: Cut,
    known: Mapping[str, ScriptChapter],
    before: AskedTitles,
    asked: AskedTitles,
) -> tuple[ScriptChapter, ...]:
    chapters = []
    for number, chapter in enumerate(manuscript.chapters):
        digest = source_digest(chapter)
        old = known.get(digest)
        fresh = replace(old, title=chapter.title) if old else _compose_chapter(chapter, digest, cut, manuscript)
        if old is None or _is_titled_anew(old, chapter, before, asked):
            fresh = _titled(fresh, _title_said(number, asked.chapter, manuscript), cut, manuscript.language)
        chapters.append(fresh)
    return tuple(chapters)


def source_digest(chapter: Chapter) -> str:
    """SHA-256 of all that decides a chapter's script: its matter, its kind and its blocks."""
    blocks = [[block.role, block.text, block.language] for block in chapter.blocks]
    form = json.dumps([chapter.matter, chapter.kind, blocks], ensure_ascii=False)
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()


def count_words(text: str) -> int:
    """Runs between white space; in Chinese and Japanese, characters."""
    return len(_WORDS.findall(text))


def _compose_chapter(chapter: Chapter, digest: str, cut: Cut, book: Manuscript) -> ScriptChapter:
    rule = chapter_rule(chapter)
    segments: list[Segment] = []
    skipped: list[Skip] = []
    for number, block in enumerate(chapter.blocks):
        whole = (Span(number, 0, len(block.text)),)
        if block.role is Role.SCENE_BREAK and rule is None:
            if segments:
                segments[-1] = replace(segments[-1], pause=Pause.SCENE_BREAK)
            if block.text:
                skipped.append(Skip(str(block.role), whole))
        elif skip := rule or block_rule(block):
            if block.text:
                skipped.append(Skip(skip, whole))
        else:
            for part in _parts(number, block, cut, chapter, book.language):
                if isinstance(part, Segment):
                    segments.append(part)
                else:
                    skipped.append(part)
    if segments:
        segments[-1] = replace(segments[-1], pause=Pause.CHAPTER)
    said = [block.text for block in chapter.blocks if (rule or block_rule(block)) is None] or [
        block.text for block in chapter.blocks if rule
    ]
    composed = ScriptChapter(
        title=chapter.title,
        matter=chapter.matter,
        kind=chapter.kind,
        source_digest=digest,
        characters=sum(map(len, said)),
        words=sum(map(count_words, said)),
        segments=tuple(segments),
        skipped=tuple(skipped),
    )
    assert_tiling(chapter, composed)
    return composed


def _parts(number: int, block: Block, cut: Cut, chapter: Chapter, language: str) -> Iterator[Segment | Skip]:
    own_language, limit = block.language or language, Limit(cut.limit)
    pieces = strategy_for(block.role, cut.strategy)(block.text, own_language, limit)
    ends_at = seams(pieces, own_language, limit) if len(pieces) > 1 else [Seam.SENTENCE]
    ends = list(accumulate(map(len, pieces)))
    spans = [Span(number, end - len(piece), end) for piece, end in zip(pieces, ends, strict=True)]
    said = [index for index, piece in enumerate(pieces) if is_speakable(piece)]
    is_heading = block.role is Role.HEADING
    is_chapter = _is_chapter(chapter)
    for index, (piece, span) in enumerate(zip(pieces, spans, strict=True)):
        if index not in said:
            yield Skip(NOTHING_TO_SAY, (span,))
            continue
        text = piece.strip()
        if is_heading:
            text = heading_text(text, is_chapter=is_chapter, language=language)
        after_block = Pause.HEADING if is_heading else Pause.PARAGRAPH
        yield Segment(text, (span,), after_block if index == said[-1] else _PAUSE_AT[ends_at[index]])


def _is_chapter(chapter: Chapter) -> bool:
    return chapter.matter is Matter.BODY and chapter.kind in {"", "chapter"}


def _title_said(number: int, template: str, book: Manuscript) -> str:
    """What is said of the title of a chapter of the book before its text; '' for nothing."""
    chapter = book.chapters[number]
    before = book.chapters[number - 1] if number else None
    if not template or shows_title(chapter, before, book.title):
        return ""
    title = heading_text(chapter.title, is_chapter=_is_chapter(chapter), language=book.language)
    return fill(template, {**book_values(book.title, book.authors, book.language), "chapter": title})


def _says_title(chapter: ScriptChapter) -> bool:
    return chapter.spoken and not chapter.segments[0].spans


def _is_titled_anew(old: ScriptChapter, chapter: Chapter, before: AskedTitles, asked: AskedTitles) -> bool:
    is_renamed = _says_title(old) and old.title != chapter.title
    return is_renamed or before.chapter != asked.chapter


def _titled(chapter: ScriptChapter, title: str, cut: Cut, language: str) -> ScriptChapter:
    """The chapter with this title said first, in place of another one."""
    text = tuple(dropwhile(lambda segment: not segment.spans, chapter.segments))
    return replace(chapter, segments=_unsourced(title, cut, language, Pause.HEADING) + text if text else ())


def _unsourced(text: str, cut: Cut, language: str, last: Pause) -> tuple[Segment, ...]:
    """The segments of a text that the manuscript does not have, with that pause after the last."""
    pieces = [piece.strip() for piece in STRATEGIES["paragraph"](text, language, Limit(cut.limit))]
    said = [piece for piece in pieces if is_speakable(piece)]
    pauses = [*(Pause.SENTENCE for _ in said[1:]), last]
    return tuple(Segment(piece, (), pause) for piece, pause in zip(said, pauses, strict=False))


def _credits(
    asked: AskedTitles, chapters: Sequence[ScriptChapter], cut: Cut, language: str
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """The opening, unless the text begins with the very same words, and the closing."""
    first = next((chapter for chapter in chapters if chapter.spoken), None)
    heard = "".join(folded(segment.text) for segment in first.segments[:_HEAD]) if first else ""
    opening = "" if heard.startswith(folded(asked.opening)) else asked.opening
    return (
        _unsourced(opening, cut, language, Pause.SCENE_BREAK),
        _unsourced(asked.closing, cut, language, Pause.CHAPTER),
    )


def assert_tiling(chapter: Chapter, composed: ScriptChapter) -> None:
    """Check that the spans of a chapter's script cover its blocks, each character once and in order.

    Raises:
        AssertionError: text would be lost or said twice: a defect of ours, never of the book.
    """
    expected = [(number, len(block.text)) for number, block in enumerate(chapter.blocks) if block.text]
    parts: list[Segment | Skip] = [*composed.segments, *composed.skipped]
    spans = sorted((span.block, span.start, span.end) for part in parts for span in part.spans)
    tiles: dict[int, int] = {}
    for block, start, end in spans:
        if start != tiles.get(block, 0) or end <= start:
            raise AssertionError(f"{chapter.title!r}: block {block} is not tiled at character {start}")
        tiles[block] = end
    if sorted(tiles.items()) != expected:
        raise AssertionError(f"{chapter.title!r}: some text is in no segment and under no rule")
    said = [(span.block, span.start) for segment in composed.segments for span in segment.spans]
    if said != sorted(said):
        raise AssertionError(f"{chapter.title!r}: segments are out of order")
