"""A block in stretches: each in one voice and one language, or not spoken under one rule."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter

import regex

from narrator.config import Cast, Reading
from narrator.model import Block, Mark, MarkKind, Role
from narrator.script.policy import SPEAKER, STAGE_DIRECTION, is_speakable
from narrator.script.quotes import quoted_speech
from narrator.script.speech_text import primary_of

URL = "url"
_URL = regex.compile(r"(?:https?://|www\.)[^\s<>\"”»’)\]]*[^\s<>\"”»’)\].,;:!?]", regex.IGNORECASE)
_AFTER_NAME = regex.compile(r"[\s.:,;—–-]+")
_OPENING = regex.compile(r"[\p{Ps}\p{Pi}„\"]")
_CLOSING = regex.compile(r"[\p{Pe}\p{Pf}“.,;:!?…\"]+")
_WITH_QUOTES = frozenset({Role.PARAGRAPH, Role.LETTER, Role.LIST_ITEM, Role.QUOTATION})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters [start, end) of a block. `voice` is '' for the narrator's, and `rule` where it is spoken.

    `language` is the one that they are in, where it is another than the book's and has a voice of its own.
    """

    start: int
    end: int
    voice: str = ""
    language: str = ""
    rule: str = ""


class Casting:
    """Who speaks what, and what inside a block nobody speaks."""

    def __init__(self, cast: Cast, reading: Reading, language: str) -> None:
        """`language` is the book's, a BCP 47 tag or ''."""
        self._cast = cast
        self._reading = reading
        self._language = language
        self._speakers = {speaker_of(name): voice for name, voice in cast.speakers.items()}
        self._languages = {tag.lower(): voice for tag, voice in cast.languages.items()}

    def stretches(self, block: Block) -> list[Stretch]:
        """The stretches of a block, which cover it in order. Nearly always there is one."""
        quotes = self._quotes(block)
        urls = [match.span() for match in _URL.finditer(block.text)] if self._reading.urls == "skip" else []
        if not (block.marks or quotes or urls):
            return [self._stretch(block, 0, len(block.text), {}, is_quoted=False)]
        marks = [_with_signs(mark, block.text) for mark in block.marks if mark.kind is not MarkKind.READING]
        edges = {0, len(block.text)}
        for start, end in (*((mark.start, mark.end) for mark in marks), *quotes, *urls):
            edges |= {start, end}
        over, is_quoted, is_url = _Over(marks), _Inside(quotes), _Inside(urls)
        found = (
            Stretch(start, end, rule=URL)
            if is_url.at(start)
            else self._stretch(block, start, end, over.at(start), is_quoted=is_quoted.at(start))
            for start, end in pairwise(sorted(edges))
        )
        return list(_joined(block.text, found))

    def _quotes(self, block: Block) -> Sequence[tuple[int, int]]:
        if not self._cast.quotes or block.role not in _WITH_QUOTES or block.speaker:
            return ()
        return quoted_speech(block.text)

    def _stretch(
        self, block: Block, start: int, end: int, kinds: Mapping[MarkKind, Mark], *, is_quoted: bool
    ) -> Stretch:
        if MarkKind.NAME in kinds and self._reading.speakers == "skip":
            return Stretch(start, end, rule=SPEAKER)
        if MarkKind.DIRECTION in kinds and self._reading.stage_directions == "skip":
            return Stretch(start, end, rule=STAGE_DIRECTION)
        asked = kinds.get(MarkKind.VOICE)
        tag = kinds[MarkKind.LANGUAGE].value if MarkKind.LANGUAGE in kinds else block.language or ""
        foreign = self._foreign_voice(tag)
        usual = self._usual_voice(block, kinds, is_quoted=is_quoted)
        voice = self._speakers.get(speaker_of(asked.value), asked.value) if asked else foreign or usual
        return Stretch(start, end, voice, tag if foreign or (asked and tag) else "")

    def _foreign_voice(self, tag: str) -> str:
        if not tag or primary_of(tag) == primary_of(self._language):
            return ""
        return self._languages.get(tag.lower()) or self._languages.get(primary_of(tag)) or ""

    def _usual_voice(self, block: Block, kinds: Mapping[MarkKind, Mark], *, is_quoted: bool) -> str:
        if block.speaker and not kinds.keys() & {MarkKind.NAME, MarkKind.DIRECTION}:
            return self._speakers.get(speaker_of(block.speaker), "")
        if block.role is Role.HEADING:
            return self._cast.headings
        if block.role is Role.NOTE:
            return self._cast.notes
        return self._cast.quotes if is_quoted else ""


def _with_signs(mark: Mark, text: str) -> Mark:
    """A mark with the signs that belong to its words: 'Lane:', '“Bonjour!”'."""
    if mark.kind is MarkKind.NAME:
        after = _AFTER_NAME.match(text, mark.end)
        return replace(mark, end=after.end() if after else mark.end)
    if mark.kind not in {MarkKind.LANGUAGE, MarkKind.VOICE}:
        return mark
    start, after = mark.start, _CLOSING.match(text, mark.end)
    while start and _OPENING.match(text, start - 1):
        start -= 1
    return replace(mark, start=start, end=after.end() if after else mark.end)


class _Over:
    """The marks over a character, asked for from the first to the last."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._coming = deque(sorted(marks, key=attrgetter("start")))
        self._begun: list[Mark] = []

    def at(self, start: int) -> dict[MarkKind, Mark]:
        """By kind: the innermost of each."""
        while self._coming and self._coming[0].start <= start:
            self._begun.append(self._coming.popleft())
        self._begun = [mark for mark in self._begun if mark.end > start]
        return {mark.kind: mark for mark in self._begun}


class _Inside:
    """Whether a character is in one of some ranges that are in order and apart, asked from first to last."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self._coming = deque(ranges)

    def at(self, start: int) -> bool:
        while self._coming and self._coming[0][1] <= start:
            self._coming.popleft()
        return bool(self._coming) and self._coming[0][0] <= start


def _joined(text: str, stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours of one kind as one; marks without a letter go with what is before them, or else after."""
    waiting: Stretch | None = None
    for stretch in stretches:
        if waiting is None:
            waiting = stretch
        elif _is_alike(waiting, stretch) or not is_speakable(text[stretch.start : stretch.end]):
            waiting = replace(waiting, end=stretch.end)
        elif not is_speakable(text[waiting.start : waiting.end]):
            waiting = replace(stretch, start=waiting.start)
        else:
            yield waiting
            waiting = stretch
    if waiting is not None:
        yield waiting


def _is_alike(one: Stretch, other: Stretch) -> bool:
    return (one.voice, one.language, one.rule) == (other.voice, other.language, other.rule)


def speaker_of(written: str) -> str:
    """A speaker's name as it is compared: 'LADY BRACKNELL.' is 'lady bracknell'."""
    return " ".join(written.casefold().strip(" .:,;").split())
