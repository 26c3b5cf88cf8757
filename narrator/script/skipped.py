"""What of a book is not spoken, chapter by chapter, under which rule and how much of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from narrator.model import Manuscript, Script, ScriptChapter, Span
from narrator.script.chapter_script import count_words
from narrator.script.compose import source_digest
from narrator.script.policy import NOTHING_TO_SAY
from narrator.script.script_text import SourceOf

_FIRST_WORDS = 8


@dataclass(frozen=True, slots=True)
class SkippedText:
    """What is skipped of a chapter under one rule: how many places, their words, and how the first begins."""

    rule: str
    places: int
    words: int
    begins: str


def source_texts(manuscript: Manuscript, script: Script) -> SourceOf:
    """Where a script's spans lead; `manuscript` has its notes where the script has them.

    The text is '' where the chapter is no longer as it was when it was accepted.
    """
    known = {source_digest(chapter): chapter for chapter in manuscript.chapters}

    def source_of(number: int, span: Span) -> str:
        chapter = known.get(script.chapters[number].source_digest)
        return chapter.blocks[span.block].text[span.start : span.end] if chapter else ""

    return source_of


def skipped_texts(chapter: ScriptChapter, number: int, source_of: SourceOf) -> tuple[SkippedText, ...]:
    """What is skipped of a chapter of the script, by rule, in the order in which the rules are met."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for part in sorted(chapter.skipped, key=lambda part: (part.spans[0].block, part.spans[0].start)):
        if part.rule != NOTHING_TO_SAY:
            places[part.rule].append(" ".join(source_of(number, span) or "" for span in part.spans))
    return tuple(
        SkippedText(rule, len(texts), sum(map(count_words, texts)), _first_words(texts[0]))
        for rule, texts in places.items()
    )


def _first_words(text: str) -> str:
    words = text.split()
    return " ".join(words[:_FIRST_WORDS]) + ("…" if len(words) > _FIRST_WORDS else "")
