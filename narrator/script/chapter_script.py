"""A chapter becomes its script: every character of it is in exactly one segment, or skipped under a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from narrator.model import (
    Block,
    Chapter,
    Manuscript,
    Matter,
    Pause,
    Role,
    ScriptChapter,
    Segment,
    Skip,
    Span,
)
from narrator.script.policy import NOTHING_TO_SAY, Policy, is_speakable
from narrator.script.speech_text import heading_text
from narrator.script.stamps import is_edited, reworded, stamped
from narrator.script.strategies import STRATEGIES, Limit, Seam, cut, merged, seams, strategy_for
from narrator.script.stretches import Casting, Stretch
from narrator.script.treatment import Treatment
from narrator.script.wording import LEXICON, foreign_in, with_readings

Part = Segment | Skip

_PAUSE_AT = {Seam.WORD: Pause.WORD, Seam.CLAUSE: Pause.CLAUSE, Seam.SENTENCE: Pause.SENTENCE}
_JOINS = re.compile(r"[)\]}.,;:!?…”’»]")
"""What follows a word without a space."""
_MERGED = frozenset({Role.PARAGRAPH, Role.QUOTATION})

# Chinese and Japanese write no spaces: there a character counts as a word, a mark of theirs too.
_UNSPACED = r"\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uffef"
_WORDS = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a block: where it stands, who says it or under which rule nobody does, and what is sent of it.

    `text` is '' where nothing is. Where what is sent had to be cut though the piece could not be, the pieces
    after the first have no span.
    """

    span: Span | None
    stretch: Stretch
    text: str = ""
    rule: str = ""


class ChapterWriter:
    """Writes the scripts of the chapters of one book."""

    def __init__(self, book: Manuscript, treatment: Treatment) -> None:
        self._language = book.language
        self._cut = treatment.cut
        self._wording = treatment.wording
        self._asks_language = treatment.wording.asks_language
        self._policy = Policy(treatment.reading)
        self._casting = Casting(treatment.cast, treatment.reading, book.language)

    def write(self, chapter: Chapter, digest: str) -> ScriptChapter:
        """The script of a chapter whose source digest this is."""
        rule = self._policy.chapter_rule(chapter)
        segments: list[Segment] = []
        skipped: list[Skip] = []
        likeness = self._likeness if rule is None else _unlike
        for run in merged(chapter.blocks, Limit(self._cut.merge), likeness):
            block = chapter.blocks[run.start]
            whole = (Span(run.start, 0, len(block.text)),)
            if block.role is Role.SCENE_BREAK and rule is None:
                if segments:
                    segments[-1] = replace(segments[-1], pause=Pause.SCENE_BREAK)
                skipped += [Skip(str(block.role), whole)] if block.text else []
            elif skip := rule or self._policy.block_rule(block):
                skipped += [Skip(skip, whole)] if block.text else []
            else:
                parts = self._together(run, chapter) or [
                    part for number in run for part in self._parts(number, chapter)
                ]
                segments += [part for part in parts if isinstance(part, Segment)]
                skipped += [part for part in parts if isinstance(part, Skip)]
        if segments:
            segments[-1] = replace(segments[-1], pause=Pause.CHAPTER)
        said = [block.text for block in chapter.blocks if self._counts(block, rule)]
        composed = ScriptChapter(
            title=chapter.title,
            matter=chapter.matter,
            kind=chapter.kind,
            source_digest=digest,
            characters=sum(map(len, said)),
            words=sum(map(count_words, said)),
            segments=tuple(map(stamped, segments)),
            skipped=tuple(skipped),
            title_read=chapter.title,
        )
        assert_tiling(chapter, composed)
        return composed

    def reword(self, old: ScriptChapter, chapter: Chapter) -> ScriptChapter:
        """The script of before, cut as it was, with its texts written out anew where nobody edited them.

        For a script of which no lexicon silenced anything: where that stood is not known.
        """
        segments: list[Segment] = []
        skipped = list(old.skipped)
        is_made_anew = False
        for segment in old.segments:
            if is_edited(segment) or not (segment.spans or is_made_anew):
                segments.append(segment)
                is_made_anew = False if segment.spans else is_made_anew
            elif segment.spans:
                is_made_anew = True
                for part in self._reworded(segment, chapter):
                    if isinstance(part, Segment):
                        segments.append(part)
                    else:
                        skipped.append(part)
                if segments and isinstance(part, Skip):
                    segments[-1] = replace(segments[-1], pause=segment.pause)
        reworded_chapter = replace(old, segments=tuple(segments), skipped=tuple(skipped))
        assert_tiling(chapter, reworded_chapter)
        return reworded_chapter

    def fitted(self, composed: ScriptChapter) -> ScriptChapter:
        """The script with what a person wrote cut where it is too long for one request."""
        return replace(
            composed, segments=tuple(part for segment in composed.segments for part in self._fitting(segment))
        )

    def _fitting(self, segment: Segment) -> list[Segment]:
        if self._holds(segment.text):
            return [segment]
        first, *others = self._texts(segment.text, segment.language or self._language)
        parts = [
            replace(segment, text=first),
            *(replace(segment, text=text, spans=(), made="") for text in others),
        ]
        return [
            *(replace(part, pause=Pause.SENTENCE) for part in parts[:-1]),
            replace(parts[-1], pause=segment.pause),
        ]

    def vouched(self, old: ScriptChapter, chapter: Chapter) -> ScriptChapter:
        """A script without stamps, with one for each segment that says what this writer makes of its source."""
        return replace(old, segments=tuple(self._vouched(segment, chapter) for segment in old.segments))

    def _vouched(self, segment: Segment, chapter: Chapter) -> Segment:
        stretches = [Stretch(span.start, span.end, segment.voice, segment.language) for span in segment.spans]
        said = [self._said(*each, chapter) for each in zip(segment.spans, stretches, strict=True)]
        return stamped(segment) if not said or said == [segment.text] else segment

    def unsourced(self, text: str, last: Pause) -> tuple[Segment, ...]:
        """The segments of a text that the manuscript does not have, with that pause after the last."""
        pieces = self._texts(self._wording.said(text, self._language), self._language)
        pauses = [*(Pause.SENTENCE for _ in pieces[1:]), last]
        return tuple(stamped(Segment(piece, (), pause)) for piece, pause in zip(pieces, pauses, strict=False))

    def _texts(self, said: str, language: str) -> list[str]:
        """What is sent, in texts that each make one request."""
        pieces = (piece.strip() for piece in self._pieces(said, STRATEGIES["paragraph"], language))
        return [piece for piece in pieces if is_speakable(piece)]

    def _counts(self, block: Block, rule: str | None) -> bool:
        """Whether a block is among the characters and words of its chapter."""
        return block.role is not Role.ALT_TEXT and (rule is not None or self._policy.block_rule(block) is None)

    def _likeness(self, block: Block) -> object:
        """Equal for blocks that can be said in one go; None for one that cannot."""
        if not self._cut.merge or block.role not in _MERGED or self._policy.block_rule(block):
            return None
        stretches = self._casting.stretches(block)
        if len(stretches) > 1 or stretches[0].rule:
            return None
        return block.role, block.language, stretches[0].voice, stretches[0].language

    def _together(self, run: range, chapter: Chapter) -> list[Part]:
        """Several short paragraphs as one segment; none where they are one, or too long as they are sent."""
        blocks = [chapter.blocks[number] for number in run]
        if len(blocks) == 1:
            return []
        (stretch,) = self._casting.stretches(blocks[0])
        spans = tuple(Span(number, 0, len(block.text)) for number, block in zip(run, blocks, strict=True))
        said = [self._said(span, stretch, chapter) for span in spans]
        text = "\n".join(said)
        if not all(map(is_speakable, said)) or not self._holds(text):
            return []
        return [Segment(text, spans, Pause.PARAGRAPH, stretch.voice, stretch.language)]

    def _parts(self, number: int, chapter: Chapter) -> list[Part]:
        """The segments of a block, and what of it is not spoken."""
        block = chapter.blocks[number]
        pieces = [
            piece
            for stretch in self._casting.stretches(block)
            for piece in self._cut_stretch(number, stretch, chapter)
        ]
        pauses = self._pauses(block, pieces)
        last = max((index for index, piece in enumerate(pieces) if piece.text), default=None)
        after_block = Pause.HEADING if block.role is Role.HEADING else Pause.PARAGRAPH
        parts: list[Part] = []
        for index, (piece, pause) in enumerate(zip(pieces, pauses, strict=True)):
            spans = (piece.span,) if piece.span else ()
            if not piece.text:
                parts.append(Skip(piece.rule, spans))
                continue
            after = after_block if index == last else pause
            segment = Segment(piece.text, spans, after, piece.stretch.voice, piece.stretch.language)
            self._add(parts, segment)
        return parts

    def _add(self, parts: list[Part], segment: Segment) -> None:
        """Add a segment; where something unspoken cut a sentence in two, it goes on with the one before."""
        if len(parts) > 1 and isinstance(parts[-1], Skip) and isinstance(before := parts[-2], Segment):
            text = f"{before.text}{_gap_before(segment.text)}{segment.text}"
            is_one = before.pause in {Pause.WORD, Pause.CLAUSE} and _voice(before) == _voice(segment)
            if is_one and self._holds(text):
                parts[-2] = replace(segment, text=text, spans=before.spans + segment.spans)
                return
        parts.append(segment)

    def _pauses(self, block: Block, pieces: Sequence[_Piece]) -> list[Pause]:
        """The pause after each piece, by where in the text of its block it ends."""
        texts = [block.text[piece.span.start : piece.span.end] for piece in pieces if piece.span]
        language = block.language or self._language
        ends = iter(seams(texts, language, self._cut.limits[0]) if len(texts) > 1 else [Seam.SENTENCE])
        return [_PAUSE_AT[next(ends)] if piece.span else Pause.WORD for piece in pieces]

    def _cut_stretch(self, number: int, stretch: Stretch, chapter: Chapter) -> Iterator[_Piece]:
        block = chapter.blocks[number]
        if stretch.rule:
            yield _Piece(Span(number, stretch.start, stretch.end), stretch, rule=stretch.rule)
            return
        language = stretch.language or block.language or self._language
        start = stretch.start
        strategy = strategy_for(block.role, self._cut.strategy)
        for text in self._pieces(block.text[start : stretch.end], strategy, language):
            yield from self._worded(Span(number, start, start + len(text)), stretch, chapter)
            start += len(text)

    def _pieces(self, text: str, strategy: Callable[[str, str, Limit], list[str]], language: str) -> list[str]:
        return cut(text, language, strategy, self._cut.limits)

    def _worded(self, span: Span, stretch: Stretch, chapter: Chapter) -> Iterator[_Piece]:
        """What is sent of a piece, which is cut again where that grew too long."""
        text = chapter.blocks[span.block].text[span.start : span.end]
        if not is_speakable(text):
            yield _Piece(span, stretch, rule=NOTHING_TO_SAY)
            return
        said = self._said(span, stretch, chapter)
        if self._holds(said) or said == text.strip():
            yield _Piece(span, stretch, said) if is_speakable(said) else _Piece(span, stretch, rule=LEXICON)
            return
        longest_word = max(map(len, text.split()))
        finer = STRATEGIES["paragraph"](text, self._language, Limit(max(len(text.strip()) // 2, longest_word)))
        if len(finer) == 1 or len(text.split()) == 1:
            first, *others = (part.strip() for part in self._pieces(said, STRATEGIES["fixed"], self._language))
            yield from (_Piece(span, stretch, first), *(_Piece(None, stretch, other) for other in others))
            return
        start = span.start
        for part in finer:
            yield from self._worded(Span(span.block, start, start + len(part)), stretch, chapter)
            start += len(part)

    def _said(self, span: Span, stretch: Stretch, chapter: Chapter) -> str:
        block = chapter.blocks[span.block]
        text = with_readings(block, span).strip()
        if block.role is Role.HEADING:
            text = heading_text(text, is_chapter=is_numbered(chapter), language=self._language)
        language = stretch.language or block.language or self._language
        is_as_printed = self._asks_language and text == block.text[span.start : span.end].strip()
        foreign = foreign_in(block, span) if is_as_printed and not stretch.language else ()
        return self._wording.said(text, language, stretch.voice, foreign)

    def _holds(self, text: str) -> bool:
        return all(limit.holds(text) for limit in self._cut.limits)

    def _reworded(self, segment: Segment, chapter: Chapter) -> list[Part]:
        """A segment of before as it is said now; it may need several, or none."""
        pieces = [
            piece
            for span in segment.spans
            for piece in self._worded(
                span, Stretch(span.start, span.end, segment.voice, segment.language), chapter
            )
        ]
        text = _in_one(pieces)
        if len(segment.spans) == len(pieces) and self._holds(text) and all(piece.text for piece in pieces):
            return [reworded(segment, text)]
        spoken = [piece for piece in pieces if piece.text]
        return [
            stamped(
                replace(
                    segment,
                    text=piece.text,
                    spans=(piece.span,) if piece.span else (),
                    pause=segment.pause if piece is spoken[-1] else Pause.CLAUSE,
                )
            )
            if piece.text
            else Skip(LEXICON, (piece.span,) if piece.span else ())
            for piece in pieces
        ]


def _in_one(pieces: Sequence[_Piece]) -> str:
    """The pieces of one segment: of one sentence, or of paragraphs that are said in one go."""
    text, block = "", None
    for piece in pieces:
        here = piece.span.block if piece.span else block
        gap = _gap_before(piece.text) if here == block else "\n"
        text += f"{gap if text else ''}{piece.text}"
        block = here
    return text


def _gap_before(text: str) -> str:
    return "" if _JOINS.match(text) else " "


def _voice(segment: Segment) -> tuple[str, str]:
    return segment.voice, segment.language


def _unlike(_: Block) -> None:
    """What no block has in common with another."""


def is_numbered(chapter: Chapter) -> bool:
    """Whether a numeral over it alone is a chapter's."""
    return chapter.matter is Matter.BODY and chapter.kind in {"", "chapter"}


def count_words(text: str) -> int:
    """Runs between white space; in Chinese and Japanese, characters, marks included."""
    return len(_WORDS.findall(text))


def assert_tiling(chapter: Chapter, composed: ScriptChapter) -> None:
    """Check that the spans of a chapter's script cover its blocks, each character once and in order.

    Raises:
        AssertionError: text would be lost or said twice: a defect of ours, never of the book.
    """
    expected = [(number, len(block.text)) for number, block in enumerate(chapter.blocks) if block.text]
    parts: list[Part] = [*composed.segments, *composed.skipped]
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
