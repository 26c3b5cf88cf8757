"""What is spoken in one go of a text that arrives: whole sentences, or a paragraph while it is still coming."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import regex

from narrator.model import Pause
from narrator.script.arriving import PARAGRAPH_END, ArrivingText, is_whole
from narrator.script.policy import is_speakable
from narrator.script.sentences import NEATER, sentences, shortened
from narrator.script.strategies import Limit

# An empty line, or the end of one that the next piece may make empty.
_MAYBE_PARAGRAPH_END = regex.compile(r"\n\s*$")


class LiveText:
    """A text that may still grow. Whoever reads it gets all of it, from its beginning on."""

    def __init__(self) -> None:
        self.text = ""
        self._pieces: list[str] = []
        self._is_whole = False
        self._changed = asyncio.Event()

    def add(self, piece: str) -> None:
        self.text += piece
        self._pieces.append(piece)
        self._tell()

    def end(self) -> None:
        """Nothing more comes."""
        self._is_whole = True
        self._tell()

    async def pieces(self) -> AsyncIterator[str]:
        """The pieces as they came and come, until the text is whole."""
        read = 0
        while read < len(self._pieces) or not self._is_whole:
            if read == len(self._pieces):
                await self._changed.wait()
                continue
            yield self._pieces[read]
            read += 1

    def _tell(self) -> None:
        # Every waiter holds the event that it waits for, and looks again by itself.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is spoken in one go, and why there is silence before it; None before the first."""

    text: str | LiveText
    pause: Pause | None


class Cutter(Protocol):
    """Makes utterances of a text that arrives. Each method returns those that begin now."""

    def add(self, text: str) -> Sequence[Utterance]:
        """More text has come."""
        ...

    def settle(self, *, is_long: bool) -> Sequence[Utterance]:
        """Nothing has come for a while, or for a long one: what is taken as whole for that."""
        ...

    def finish(self) -> Sequence[Utterance]:
        """Nothing more comes."""
        ...


class BySentence:
    """Utterances are sentences, each once it is whole."""

    def __init__(self, text: ArrivingText) -> None:
        self._text = text

    def add(self, text: str) -> Sequence[Utterance]:
        return [Utterance(phrase.text, phrase.pause) for phrase in self._text.add(text)]

    def settle(self, *, is_long: bool) -> Sequence[Utterance]:  # noqa: ARG002 - half a sentence can wait
        return [Utterance(phrase.text, phrase.pause) for phrase in self._text.settle()]

    def finish(self) -> Sequence[Utterance]:
        return [Utterance(phrase.text, phrase.pause) for phrase in self._text.finish()]


class ByParagraph:
    """Utterances are paragraphs that begin as soon as there is a word of them.

    One ends early after the first sentence that goes over half of the limit, and where nothing comes for a
    while: a service speaks the last words only when it is told that they are the last, and a request that waits
    keeps one of the account's places.
    """

    def __init__(self, language: str, limit: Limit) -> None:
        self._language = language
        self._limit = limit
        self._held = ""
        self._now: LiveText | None = None
        self._pause: Pause | None = None

    def add(self, text: str) -> Sequence[Utterance]:
        begun: list[Utterance] = []
        *paragraphs, last = PARAGRAPH_END.split(self._held + text)
        for paragraph in paragraphs:
            begun += self._say(paragraph)
            self._end(Pause.PARAGRAPH)
        line_end = _MAYBE_PARAGRAPH_END.search(last)
        self._held = line_end[0] if line_end else ""
        return begun + self._say(last[: len(last) - len(self._held)])

    def settle(self, *, is_long: bool) -> Sequence[Utterance]:
        if self._now and (is_long or is_whole(self._now.text + self._held, self._language)):
            self._end(Pause.SENTENCE)
        return []

    def finish(self) -> Sequence[Utterance]:
        self._end(Pause.SENTENCE)
        return []

    def _say(self, text: str) -> list[Utterance]:
        begun = []
        for part in self._parts(text):
            if self._now and self._is_full(self._now.text, part):
                is_sentence = is_whole(self._now.text, self._language)
                self._end(Pause.SENTENCE if is_sentence else Pause.CLAUSE)
            if self._now:
                self._now.add(part)
            elif is_speakable(part):
                self._now = LiveText()
                self._now.add(part.lstrip())
                begun.append(Utterance(self._now, self._pause))
        return begun

    def _parts(self, text: str) -> list[str]:
        """The text in parts that are no longer than the limit, cut where sentences end or else may be cut."""
        return [
            part
            for sentence in sentences(text, self._language)
            for part in shortened(sentence, self._limit.number, self._limit.size, NEATER)
        ]

    def _is_full(self, said: str, part: str) -> bool:
        if not self._limit.holds(said + part):
            return True
        is_apart = said[-1:].isspace() or part[:1].isspace()
        return is_apart and 2 * self._limit.size(said) >= self._limit.number and is_whole(said, self._language)

    def _end(self, then: Pause) -> None:
        if self._now:
            self._now.end()
        if self._now or self._pause:
            self._pause = then
        self._now = None
        self._held = ""
