"""What will be said: Script > ScriptChapter > Segment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from narrator.model.manuscript import Matter


class Pause(StrEnum):
    """Why there is silence after a segment; its length is a setting of assembly, never part of a take."""

    WORD = "word"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    SCENE_BREAK = "scene_break"
    CHAPTER = "chapter"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the text of block number `block` of a chapter."""

    block: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The text of one provider request, the source characters that it covers, and the pause after it.

    A title that is spoken where the text does not show it covers none. `voice` is '' for the narrator's, and
    `language` '' for the book's. `made` is a digest of the rest as it was composed, by which it shows that
    somebody edited a segment; '' in one that a person wrote.
    """

    text: str
    spans: tuple[Span, ...]
    pause: Pause = Pause.PARAGRAPH
    voice: str = ""
    language: str = ""
    made: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """Source characters that are not spoken, and the named rule that says so."""

    rule: str
    spans: tuple[Span, ...]


CREDITS = "credits"
"""The kind of a chapter that is the opening or the closing credits alone."""


@dataclass(frozen=True, slots=True)
class ScriptChapter:
    """What will be said of a chapter. `source_digest` names the blocks that it was cut from.

    A chapter that is not spoken has no segments, and `skipped` covers it. `title_read` is the title in the
    manuscript, by which it shows that somebody edited it. `sources` say where each of the blocks stands, for
    people; () in a script that was written before they were kept.
    """

    title: str
    matter: Matter
    kind: str
    source_digest: str
    characters: int
    words: int
    segments: tuple[Segment, ...]
    skipped: tuple[Skip, ...] = ()
    title_read: str = ""
    sources: tuple[str, ...] = ()

    @property
    def spoken(self) -> bool:
        return bool(self.segments)

    @property
    def is_body(self) -> bool:
        """Whether it is a chapter of the book proper, and not the credits."""
        return self.matter is Matter.BODY and self.kind != CREDITS


@dataclass(frozen=True, slots=True)
class AskedTitles:
    """What was asked to be said of titles: the two credits in full, and the template of chapters' titles."""

    opening: str
    closing: str
    chapter: str


@dataclass(frozen=True, slots=True)
class Script:
    """What will be said of a book, chapter by chapter, in reading order; the unspoken chapters included.

    `opening` and `closing` are the credits, which cover no source. `asked` is what they were written from;
    None in a script that was written before titles were spoken. `credits_as` are the titles of chapters
    of their own for the two credits; None where they are part of the first and last chapter.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    chapters: tuple[ScriptChapter, ...]
    opening: tuple[Segment, ...] = ()
    closing: tuple[Segment, ...] = ()
    asked: AskedTitles | None = None
    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""
    credits_as: tuple[str, str] | None = None

    @property
    def numbered(self) -> tuple[tuple[int, ScriptChapter], ...]:
        """All chapters, credits that are such too, each with its number in `spoken`, or 0 if it has none."""
        number, found = 0, []
        for chapter in self._with_credits:
            number += chapter.spoken
            found.append((number if chapter.spoken else 0, chapter))
        return tuple(found)

    @property
    def _with_credits(self) -> tuple[ScriptChapter, ...]:
        """The chapters, with those that the credits are, if any is spoken."""
        if self.credits_as is None:
            return self.chapters
        first, last = self.credits_as
        opening, closing = ((_credits(first, self.opening),), (_credits(last, self.closing),))
        return (*(opening if self.opening else ()), *self.chapters, *(closing if self.closing else ()))

    @property
    def spoken(self) -> tuple[ScriptChapter, ...]:
        """The spoken chapters as they are heard: the credits around them, or in the first and the last."""
        heard = [chapter for chapter in self._with_credits if chapter.spoken]
        if self.credits_as:
            return tuple(heard)
        if heard and self.opening:
            heard[0] = replace(heard[0], segments=self.opening + heard[0].segments)
        if heard and self.closing:
            *before, last_line = heard[-1].segments
            text = (*before, replace(last_line, pause=Pause.SCENE_BREAK))
            heard[-1] = replace(heard[-1], segments=text + self.closing)
        return tuple(heard)


def _credits(title: str, segments: tuple[Segment, ...]) -> ScriptChapter:
    texts = [segment.text for segment in segments]
    characters, words = sum(map(len, texts)), sum(len(text.split()) for text in texts)
    return ScriptChapter(title, Matter.BODY, CREDITS, "", characters, words, segments)
