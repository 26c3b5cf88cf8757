"""A text that somebody listens to meanwhile: its sound is handed on as it comes, and no take is made of it.

The second place where a provider call is retried, and only for as long as nothing of it was heard.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from narrator.audio.decode import PcmDecoder
from narrator.errors import AttemptError, BadTake, RateLimited, StreamBroken, TriesUsedUp, Unavailable
from narrator.model import AudioChunk, SpeechEvent, SpeechReceipt, SpeechRequest, WordTime
from narrator.ports import LiveProvider, Provider
from narrator.rendering.limits import AccountLimits
from narrator.rendering.transports import Transports
from narrator.rendering.tries import WAIT_BASE_S, Tries, error_of, wait_s

_LOG = logging.getLogger("narrator")

Hear = Callable[[bytes], None]
"""Takes the next piece of sound: s16le mono at the request's rate, whole frames."""


@dataclass(slots=True)
class Spending:
    """What was sent to a provider, in characters, and what it bills for that, as far as it said."""

    characters: int = 0
    billed_characters: int = 0


@dataclass(frozen=True, slots=True)
class Aloud:
    """Speaks texts to a listener, under the limits of the account. `deadline_s` is for all tries of one."""

    provider: Provider
    transports: Transports
    limits: AccountLimits
    attempts: int
    deadline_s: float
    spending: Spending = field(default_factory=Spending)

    async def say(self, request: SpeechRequest, hear: Hear) -> None:
        """Speak a whole text; `hear` is called with its sound as it comes.

        Raises:
            TriesUsedUp: it failed again and again, and nothing was heard.
            StreamBroken, BadTake: it failed after some of it was heard.
            SegmentError, RunError: see `Provider.speak`.
        """
        journey = self.transports.journey()
        tries = _Tries(self.limits, self.attempts, self.deadline_s)

        async def attempt() -> None:
            sound = self.provider.speak(request, journey.transport)
            await self._listen(sound, request, hear, tries, lambda: request.text)
            journey.arrived()

        def tell(state: RetryCallState) -> None:
            error = error_of(state)
            other = journey.failed(error) if isinstance(error, AttemptError) else ""
            _LOG.info("%s; again in %.1f s%s", error, state.upcoming_sleep, f" by {other}" if other else "")

        await self._tried(attempt, tries, tell, AttemptError)

    async def say_live(
        self,
        provider: LiveProvider,
        request: SpeechRequest,
        texts: Callable[[], AsyncIterator[str]],
        hear: Hear,
    ) -> bool:
        """Speak a text while it arrives; False where that failed on the way, and nothing was heard.

        `texts` gives all of the text from its beginning on, each time.

        Raises:
            TriesUsedUp: the account was too busy for too long.
            StreamBroken, BadTake: it failed after some of it was heard.
            SegmentError, RunError: see `Provider.speak`.
        """
        tries = _Tries(self.limits, self.attempts, self.deadline_s)

        async def attempt() -> None:
            sent: list[str] = []

            async def noted() -> AsyncIterator[str]:
                async for text in texts():
                    sent.append(text)
                    yield text

            sound = provider.speak_live(noted(), request)
            await self._listen(sound, request, hear, tries, lambda: "".join(sent))

        def tell(state: RetryCallState) -> None:
            _LOG.info("%s; again in %.1f s", error_of(state), state.upcoming_sleep)

        try:
            await self._tried(attempt, tries, tell, RateLimited)
        except (Unavailable, StreamBroken, BadTake) as exc:
            if tries.was_heard:
                raise
            _LOG.info("%s; from now on sentence by sentence", exc)
            return False
        return True

    async def _listen(
        self,
        sound: AsyncGenerator[SpeechEvent, None],
        request: SpeechRequest,
        hear: Hear,
        tries: _Tries,
        text: Callable[[], str],
    ) -> None:
        """One attempt: every chunk is decoded and heard before the next one is waited for."""
        decoder = PcmDecoder(request.rate_hz)
        receipt = SpeechReceipt()

        def heard(pcm: bytes) -> None:
            if pcm and not tries.was_heard:
                tries.was_heard = True
                _LOG.debug("first sound after %.0f ms", 1000 * (time.monotonic() - began_s))
            if pcm:
                hear(pcm)

        async with self.limits.attempt():
            began_s = time.monotonic()
            async with aclosing(sound) as events:
                async for event in events:
                    match event:
                        case AudioChunk():
                            heard(decoder.feed(event))
                        case SpeechReceipt():
                            receipt = event
                        case WordTime():
                            pass
            heard(decoder.finish())
        if receipt.concurrency_limit is not None:
            self.limits.allow(receipt.concurrency_limit)
        sent, billed = len(text()), receipt.characters_billed
        self.spending.characters += sent
        self.spending.billed_characters += sent if billed is None else billed

    async def _tried(
        self,
        attempt: Callable[[], Awaitable[None]],
        tries: _Tries,
        tell: Callable[[RetryCallState], None],
        kind: type[AttemptError],
    ) -> None:
        """Make attempts until one succeeds, or fails by no `kind`, or fails after something was heard."""

        async def sleep(seconds: float) -> None:
            with tries.spending(math.inf):
                await self.limits.sleep(seconds)

        async def spent() -> None:
            with tries.spending(math.inf):
                await attempt()

        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, kind) and not tries.was_heard),
            stop=tries.are_used_up,
            wait=lambda state: wait_s(state, self.limits, WAIT_BASE_S),
            sleep=sleep,
            before_sleep=tell,
            reraise=True,
        )
        try:
            await retrying(spent)
        except kind as exc:
            if tries.was_heard:
                raise
            raise TriesUsedUp(f"Gave up after {tries.made} attempts: {exc.what}", advice=exc.advice) from exc


class _Tries(Tries):
    """The attempts at one text, and whether anything was heard of it."""

    was_heard = False
