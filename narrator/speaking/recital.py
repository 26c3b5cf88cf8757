"""A text that is spoken while it arrives: cut into turns, each spoken ahead of its time and heard in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import Self

from narrator.audio.pcm import BYTES_PER_FRAME
from narrator.audio.silence import frames_in
from narrator.config import Config
from narrator.errors import UsageError
from narrator.model import Normalization, Pause, Segment
from narrator.ports import LiveProvider
from narrator.rendering.aloud import Aloud, Spending
from narrator.rendering.limits import AccountLimits
from narrator.rendering.transports import Transports
from narrator.script.arriving import ArrivingText, Phrase
from narrator.script.strategies import Limit, Unit
from narrator.script.wording import Wording
from narrator.speakers import Speaker
from narrator.speaking.arrivals import Text, arriving
from narrator.speaking.utterances import ByParagraph, BySentence, Cutter, LiveText, Utterance
from narrator.wiring import shared_account

QUIET_S = 0.7
"""After so long without a word, a text that ends as sentences do is taken as whole."""

LONG_QUIET_S = 10.0
"""After so long a service is told that no more comes: it would end the wait itself after 20 s or more, and a
request that waits keeps one of the account's places."""

AHEAD = 2
"""Turns that are spoken while one is heard: more would be paid for in vain when somebody stops listening."""

LONGEST_LIVE = 2000
"""Characters of an utterance whose words are sent as they come: so much at most is lost where it breaks off.
How many of them a service takes in one message is its adapter's business."""

_MOST_WAITING = 100
"""Turns that wait until they may be spoken: a text of any length takes no more memory than these."""

_LIVE = "ws"
"""What the incremental transport is called among the options, where a provider has several."""


class Turn:
    """An utterance's sound, as far as it has come.

    `pause` is why there is silence before it; None before the first.
    """

    def __init__(self, pause: Pause | None) -> None:
        self.pause = pause
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._speaking: asyncio.Task[None] | None = None

    def begin(self, speaking: asyncio.Task[None]) -> None:
        """Say whose end is the end of the sound."""
        self._speaking = speaking
        speaking.add_done_callback(self._end)

    def _end(self, speaking: asyncio.Task[None]) -> None:
        self._pieces.put_nowait(None)
        if not speaking.cancelled():
            speaking.exception()  # looked at, or asyncio would complain of it where nobody listens any more

    def hear(self, pcm: bytes) -> None:
        if pcm:
            self._pieces.put_nowait(pcm)

    async def sound(self) -> AsyncIterator[bytes]:
        """The sound as it comes, once.

        Raises:
            NarratorError: why the rest of it does not.
        """
        while (pcm := await self._pieces.get()) is not None:
            yield pcm
        if self._speaking:
            self._speaking.result()


class Recital:
    """One text, spoken by one provider, which is opened for it. An asynchronous context manager, for one use.

    Up to 1 + AHEAD turns are spoken, or heard, at once; the next one begins when the first of them was heard.
    """

    def __init__(self, config: Config, speaker: Speaker, text: Text) -> None:
        self.spending = Spending()
        self._config = config
        self._speaker = speaker
        self._text = text
        self._turns: asyncio.Queue[Turn | None] = asyncio.Queue()
        self._waiting = asyncio.Semaphore(_MOST_WAITING)
        self._window = asyncio.Semaphore(1 + AHEAD)
        self._live = self._live_provider()
        self._is_heard = False
        self._broken_off: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._working = asyncio.create_task(self._work())
        self._working.add_done_callback(lambda _: self._turns.put_nowait(None))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)

    async def next_turn(self) -> Turn | None:
        """The next one in order, None after the last. To ask for it is to say that the one before was heard.

        Raises:
            UsageError: there is nothing to speak, or the text cannot be read.
            RunError: the provider cannot speak; see `Provider.check`.
        """
        if self._is_heard:
            self._window.release()
        turn = await self._turns.get()
        if turn is None:
            await self._working
        else:
            self._waiting.release()
        self._is_heard = turn is not None
        return turn

    def silence(self, pause: Pause | None) -> bytes:
        """A pause as sound."""
        pause_ms = getattr(self._config.pauses, pause) if pause else 0
        return bytes(BYTES_PER_FRAME * frames_in(pause_ms, self._speaker.rate_hz))

    async def _work(self) -> None:
        """Open the provider, and speak until the text has ended."""
        provider, rendering = self._speaker.provider, self._config.rendering
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(provider)
            await provider.check()
            limits = AccountLimits(
                provider.capabilities.at_once(rendering.concurrency),
                rendering.rate,
                stopping=asyncio.Event(),
                shared=shared_account(provider),
            )
            self._aloud = Aloud(
                provider,
                Transports(provider.capabilities.transports),
                stack.enter_context(limits),
                attempts=rendering.attempts,
                deadline_s=rendering.deadline_s,
                spending=self.spending,
            )
            await self._speak_all()

    async def _speak_all(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        before: str | LiveText | None = None
        try:
            async with aclosing(self._utterances()) as utterances:
                async for utterance in utterances:
                    await self._waiting.acquire()
                    turn = Turn(utterance.pause)
                    task = asyncio.create_task(self._speak(utterance.text, before, turn))
                    turn.begin(task)
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                    self._turns.put_nowait(turn)
                    before = utterance.text
            while tasks:
                await asyncio.wait(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._broken_off:
            raise self._broken_off
        if before is None:
            raise UsageError("There is nothing to speak.", advice="Give some words: narrator speak 'Hello.'")

    async def _utterances(self) -> AsyncGenerator[Utterance, None]:
        """What is to be spoken, as soon as it is known. An error of the text itself is told after all of it."""
        cutter = self._cutter()
        pieces = arriving(self._text)
        coming = asyncio.create_task(_next(pieces))
        quiet_s: float | None = QUIET_S
        try:
            while True:
                done, _ = await asyncio.wait({coming}, timeout=quiet_s)
                if not done:
                    begun = cutter.settle(is_long=quiet_s == LONG_QUIET_S)
                    quiet_s = LONG_QUIET_S if quiet_s == QUIET_S else None
                elif coming.exception() or (piece := coming.result()) is None:
                    break
                else:
                    begun = cutter.add(piece)
                    coming, quiet_s = asyncio.create_task(_next(pieces)), QUIET_S
                for utterance in begun:
                    yield utterance
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await pieces.aclose()
        for utterance in cutter.finish():
            yield utterance
        self._broken_off = coming.exception()

    async def _speak(self, text: str | LiveText, before: str | LiveText | None, turn: Turn) -> None:
        await self._window.acquire()
        if isinstance(text, str):
            said = before if isinstance(before, str) else ""
            await self._aloud.say(self._speaker.request_for(Segment(text, ()), said), turn.hear)
        elif not await self._speak_live(text, turn):
            await self._speak_sentences(text, turn)

    async def _speak_live(self, text: LiveText, turn: Turn) -> bool:
        """Whether it was spoken; if not, nothing of it was heard."""
        if self._live:
            request = self._speaker.request_for(Segment("", ()))
            if await self._aloud.say_live(self._live, request, text.pieces, turn.hear):
                return True
            self._live = None
        return False

    async def _speak_sentences(self, text: LiveText, turn: Turn) -> None:
        """Speak what still arrives, sentence after sentence."""
        cutter = self._arriving_text()
        async for piece in text.pieces():
            await self._speak_phrases(cutter.add(piece), turn)
        await self._speak_phrases(cutter.finish(), turn)

    async def _speak_phrases(self, phrases: list[Phrase], turn: Turn) -> None:
        for phrase in phrases:
            turn.hear(self.silence(phrase.pause))
            await self._aloud.say(self._speaker.request_for(Segment(phrase.text, ())), turn.hear)

    def _live_provider(self) -> LiveProvider | None:
        """The provider, where it takes a text as it arrives and nobody asked for another transport."""
        provider = self._speaker.provider
        wanted = self._config.speech.options.get("transport", _LIVE)
        return provider if isinstance(provider, LiveProvider) and wanted == _LIVE else None

    def _cutter(self) -> Cutter:
        if self._live:
            return ByParagraph(self._speaker.language, Limit(LONGEST_LIVE))
        return BySentence(self._arriving_text())

    def _arriving_text(self) -> ArrivingText:
        asked, language = self._config.speech_text.normalize, self._speaker.language
        automatic = self._speaker.provider.capabilities.normalization
        wording = Wording(automatic if asked == "auto" else Normalization(asked))
        return ArrivingText(language, self._limits, lambda text: wording.said(text, language))

    @property
    def _limits(self) -> list[Limit]:
        capabilities = self._speaker.provider.capabilities
        limits = [Limit(min(self._config.cutting.max_chars, capabilities.max_characters))]
        if capabilities.max_bytes is not None:
            limits.append(Limit(capabilities.max_bytes, Unit.UTF8_BYTES))
        return limits


async def _next(pieces: AsyncIterator[str]) -> str | None:
    return await anext(pieces, None)
