"""A text that comes as it is written, made into pieces that are worth speaking at once."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping

PATIENCE_S = 0.7
"""Nothing more comes for so long: what there is, is spoken as it stands."""

KEEP_ALIVE_S = 15.0
"""The service closes a socket on which no text comes for 20 s, unless it heeds a longer time asked for."""

_LONGEST = 240
"""A sentence that has become so long is begun before its end is known."""

_SENTENCE_END = re.compile(
    r"(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bMrs)(?<!\b[A-Z])[.!?…]+[\"'”’»)\]]*\s|[。！？]+[”’」』]*|\n\s*\n"
)
_CLAUSE_END = re.compile(r"[,;:—–]\s")
_SPACE = re.compile(r"\s")

Cut = Callable[[str], int]
"""How many characters of a text that is not at its end are worth speaking now."""


def at_sentences(text: str) -> int:
    """Up to the last end of a sentence, known by what comes after it; inside of one that is long."""
    end = _last_end(_SENTENCE_END, text)
    if end or len(text) <= _LONGEST:
        return end
    return _last_end(_CLAUSE_END, text) or at_words(text)


def at_words(text: str) -> int:
    """Up to the last end of a word."""
    return _last_end(_SPACE, text)


async def as_it_comes(texts: AsyncIterable[str], cut: Cut) -> AsyncGenerator[str, None]:
    """The text in pieces by `cut`; '' each time that nothing has come for `KEEP_ALIVE_S`.

    A text that stops coming for `PATIENCE_S` is spoken to the end of its last word.
    """
    waiting, idle_s = "", 0.0
    source = aiter(texts)
    coming = asyncio.ensure_future(_next_of(source))
    try:
        while True:
            done, _ = await asyncio.wait([coming], timeout=PATIENCE_S)
            if not done:
                end, idle_s = at_words(waiting), idle_s + PATIENCE_S
            elif (text := coming.result()) is None:
                break
            else:
                waiting += text
                end, idle_s = cut(waiting), 0.0
                coming = asyncio.ensure_future(_next_of(source))
            piece, waiting = waiting[:end], waiting[end:]
            if piece.strip() or idle_s >= KEEP_ALIVE_S:
                yield piece
                idle_s = 0.0
        if waiting.strip():
            yield waiting
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _next_of(source: AsyncIterator[str]) -> str | None:
    """The next text, None at the end: a StopAsyncIteration cannot leave a task."""
    return await anext(source, None)


def _last_end(mark: re.Pattern[str], text: str) -> int:
    return max((found.end() for found in mark.finditer(text)), default=0)


class LiveMessages:
    """The messages of a text that comes as it is written; `characters` counts what was said of it.

    In auto mode the service speaks at once whatever comes, and so is sent sentences; else it gathers words by
    its schedule.
    """

    def __init__(self, texts: AsyncIterable[str], *, is_auto: bool) -> None:
        self._texts = texts
        self._is_auto = is_auto
        self.characters = 0

    async def as_they_come(self) -> AsyncGenerator[Mapping[str, object], None]:
        """Each as soon as it is worth sending; one of a space alone keeps the dialogue alive."""
        pieces = as_it_comes(self._texts, at_sentences if self._is_auto else at_words)
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                text = piece.strip()
                self.characters += len(text)
                flush = {"flush": True} if text and self._is_auto else {}
                yield {"text": f"{text} ", **flush}
