"""Speaking with Smallest AI while the text still comes: pieces with "continue", and at last an empty one.

As the official client does (smallestai 5.14, `WavesStreamingTTS.synthesize_streaming`): every message has all
settings; {"text": piece, "continue": true, "flush": false} ... {"text": "", "continue": false, "flush": true}.
Beyond it, "flush" is set where a sentence ends, so that it is spoken however long the next one takes.

What a flush is answered with differs: some services say "complete" once in all, as this one's pages have it,
and others once for each flush; and either may close the socket with it, as the reference has it. So a sentence
is let end before the next one is sent, unless it seems to have no "complete" of its own; and words that were
sent to a socket that was closed then are said over another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

from narrator.errors import SpeechError, StreamBroken
from narrator.model import SpeechEvent, SpeechReceipt, SpeechRequest
from narrator.providers.smallest_answers import Heard, Listener, judged
from narrator.providers.smallest_models import WS
from narrator.providers.smallest_speech import Line
from narrator.providers.wire_ws import Conversation

MOST_BYTES = 1 << 30
"""Two hours of PCM in base64: nobody knows before how long the text will be."""

GATHERING_MS = 1000
"""How long the service may gather words before it speaks: what it speaks in one go sounds like one."""

_IDLE_S = 3600
"""For how long the service is asked to leave the socket open while nothing is said; by default it is 60 s."""

_LINGER_S = 1.0
"""How long more is waited for after a "complete" that may be an earlier flush's."""

_BEGINS_S = 2.0
"""How long a sentence may take to begin to sound; after that, it may not be spoken before there is more."""

_SETTLES_S = 0.5
"""How long nothing comes after the sound of a sentence that has no "complete" of its own."""

_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"""[.!?…]["'”’»)\]]*\s+|[。！？][」』]?\s*""")
_SHORTEST_SENTENCE = 15
"""'Mr. ' ends none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words to send. `ends_sentence`: they should be spoken now."""

    text: str
    ends_sentence: bool = False


async def in_words(texts: AsyncIterable[str], most_characters: int) -> AsyncIterator[Piece]:
    """A text that is cut anywhere as pieces of whole words, none longer than so many characters."""
    held, since_end = "", 0
    async for text in texts:
        held += text
        ready = max(_last_end(_SENTENCE_END, held), _last_end(_SPACE, held))
        ready += (len(held) - ready) // most_characters * most_characters  # a row of letters without any end
        for part in _in_parts(held[:ready], most_characters):
            since_end += len(part)
            ends = since_end >= _SHORTEST_SENTENCE and _last_end(_SENTENCE_END, part) == len(part)
            since_end = 0 if ends else since_end
            yield Piece(part, ends)
        held = held[ready:]
    for part in _in_parts(held, most_characters):
        yield Piece(part)


def _in_parts(text: str, most_characters: int) -> list[str]:
    """A text in parts of whole sentences, else of whole words; nothing of it if there is only white space."""
    parts = []
    while text.strip():
        window = text[:most_characters]
        cut = _last_end(_SENTENCE_END, window)
        if not cut and len(text) > most_characters:
            cut = _last_end(_SPACE, window)
        parts.append(window[: cut or most_characters])
        text = text[len(parts[-1]) :]
    return parts


def _last_end(what: re.Pattern[str], text: str) -> int:
    """Where the last of these ends, 0 where there is none."""
    return max((found.end() for found in what.finditer(text)), default=0)


class _Pieces:
    """What is still to be said, over all sockets."""

    def __init__(self, pieces: AsyncIterator[Piece]) -> None:
        self._again: list[Piece] = []
        self._rest = pieces
        self._coming: asyncio.Future[Piece | None] | None = None

    async def next(self) -> Piece | None:
        """The next piece, None after the last one. It loses none if it is cancelled."""
        if self._again:
            return self._again.pop(0)
        self._coming = self._coming or asyncio.ensure_future(anext(self._rest, None))
        await asyncio.wait([self._coming])
        piece, self._coming = self._coming.result(), None
        return piece

    def put_back(self, pieces: list[Piece]) -> None:
        """Have these said before all others."""
        self._again = pieces + self._again

    async def close(self) -> None:
        if self._coming:
            self._coming.cancel()
            await asyncio.wait([self._coming])


async def speak_live(
    line: Line, texts: AsyncIterable[str], request: SpeechRequest
) -> AsyncGenerator[SpeechEvent, None]:
    """Speak a text as it comes; see ports.LiveProvider. Of no text there is no sound, and nothing is asked."""
    pieces = _Pieces(in_words(texts, line.settings.max_characters))
    characters, listener = 0, None
    try:
        while (first := await pieces.next()) is not None:
            pieces.put_back([first])
            listener = line.listener("")
            async with line.sockets.conversation(
                line.routes.ws.with_query(timeout=_IDLE_S),
                key=line.key,
                on_close=listener.closed,
                judge=judged,
                timeout_s=math.inf,
            ) as conversation:
                reading = _Reading(line, request, listener, conversation, pieces)
                async with contextlib.aclosing(reading.events()) as events:
                    async for event in events:
                        yield event
            characters += reading.characters
    finally:
        await pieces.close()
    if listener:
        yield SpeechReceipt(ids=dict(listener.ids), characters_billed=characters)


class _Reading:
    """As much of a live text as one socket takes: a task sends it, while what comes is heard."""

    def __init__(
        self,
        line: Line,
        request: SpeechRequest,
        listener: Listener,
        conversation: Conversation,
        pieces: _Pieces,
    ) -> None:
        self._line = line
        self._listener = listener
        self._conversation = conversation
        self._pieces = pieces
        self._wish = line.settings.wish(request, WS)
        self._sent: list[Piece] = []
        self._said = 0
        self._completes = 0
        self._is_all_sent = self._has_one_a_flush = self._is_at_rest = False
        self._waits_for_ends = True
        self._stirred = asyncio.Event()

    @property
    def characters(self) -> int:
        """How many were sent, and are not to be said again."""
        return sum(len(piece.text) for piece in self._sent)

    async def events(self) -> AsyncGenerator[SpeechEvent, None]:
        """What is heard. In the end, what the service has left unsaid is with the pieces again."""
        messages = self._conversation.messages(
            max_bytes=MOST_BYTES, idle_s=self._line.idle_s, is_owed=lambda: self._is_all_sent
        )
        sending = asyncio.create_task(self._send())
        coming: asyncio.Task[dict[str, Any] | None] | None = None
        try:
            while not self._is_over:
                coming = coming or asyncio.create_task(anext(messages, None))
                await self._wait(coming, sending)
                frame = self._frame_of(coming)
                if frame is None:
                    break
                coming = None
                heard = self._listener.message(frame)
                for event in self._line.events_of(heard):
                    yield event
                self._count(heard)
            self._line.refuse_silence(self._listener)
        finally:
            tasks = [task for task in (sending, coming) if task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await messages.aclose()
        if not self._may_be_over:
            self._pieces.put_back(self._sent[self._said :])
            del self._sent[self._said :]

    def _count(self, heard: Heard) -> None:
        if heard.is_last:
            self._completes += 1
            ends = [number for number, piece in enumerate(self._sent, 1) if piece.ends_sentence]
            self._said = ends[self._completes - 1] if self._completes <= len(ends) else len(self._sent)
        self._is_at_rest = heard.is_last or (self._is_at_rest and not heard.sound)
        if self._completes > self._is_all_sent:
            self._has_one_a_flush = True
        self._stirred.set()

    @property
    def _flushes(self) -> int:
        return sum(piece.ends_sentence for piece in self._sent)

    @property
    def _is_over(self) -> bool:
        """Whether nothing more can come."""
        return self._is_all_sent and self._completes > self._flushes

    @property
    def _may_be_over(self) -> bool:
        """Whether all that is owed may have come: only silence tells."""
        is_flushed = bool(self._sent) and self._sent[-1].ends_sentence
        enough = self._flushes + (not is_flushed) if self._has_one_a_flush else 1
        return self._is_all_sent and self._completes >= enough

    async def _wait(self, coming: asyncio.Task[Any], sending: asyncio.Task[None]) -> None:
        """Wait for a message, or as long as one may still come."""
        if not sending.done():
            await asyncio.wait([coming, sending], return_when=asyncio.FIRST_COMPLETED)
        failure = sending.exception() if sending.done() else None
        if failure is not None and not isinstance(failure, SpeechError):
            raise failure
        if sending.done() and not coming.done():
            # Of a service that is gone, its last words say more than that nothing can be sent.
            has_limit = failure is not None or self._may_be_over
            await asyncio.wait([coming], timeout=_LINGER_S if has_limit else None)
        if failure is not None and not coming.done() and not self._is_at_rest:
            raise failure

    def _frame_of(self, coming: asyncio.Task[dict[str, Any] | None]) -> dict[str, Any] | None:
        """The message that came; None where it is over, by silence or by a close."""
        try:
            return coming.result() if coming.done() else None
        except StreamBroken:
            if self._may_be_over or self._is_at_rest:
                return None
            raise

    async def _send(self) -> None:
        while (piece := await self._pieces.next()) is not None:
            # Before it is sent: what a socket that is closed meanwhile did not say is said over another one.
            self._sent.append(piece)
            await self._send_piece(piece)
            if piece.ends_sentence:
                await self._wait_for_end()
        self._is_all_sent = True
        last = {"text": "", "continue": False, "flush": True}
        await self._conversation.send({**self._wish, **last})

    async def _send_piece(self, piece: Piece) -> None:
        self._listener.text += piece.text
        # Not for a piece: a service that ends an answer after so long a silence would not wait for the next.
        settings = {name: value for name, value in self._wish.items() if name != "complete_backoff_ms"}
        said = {"text": piece.text, "continue": True, "flush": piece.ends_sentence}
        await self._conversation.send({"max_buffer_flush_ms": GATHERING_MS, **settings, **said})

    async def _wait_for_end(self) -> None:
        """Wait for the "complete" of a sentence, as long as there seems to be one for each."""
        while self._waits_for_ends and self._completes < self._flushes:
            self._stirred.clear()
            patience_s = _SETTLES_S if self._listener.has_sound else _BEGINS_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), patience_s)
                continue
            self._waits_for_ends = False
