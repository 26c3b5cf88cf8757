"""Speaking aloud: a text as it arrives, and its sound as it is made. For coroutines, and for all other code."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, Iterable, Mapping
from concurrent import futures
from contextlib import suppress
from types import TracebackType
from typing import Self, TypedDict, Unpack

from narrator.audio.pcm import BYTES_PER_FRAME, to_float
from narrator.audio.silence import edges
from narrator.config import Config, check_config
from narrator.errors import UsageError
from narrator.model import Script
from narrator.ports import Provider
from narrator.rendering.languages import ensure_language_is_spoken
from narrator.speakers import Speaker
from narrator.speaking.arrivals import Text
from narrator.speaking.recital import Recital
from narrator.wiring import open_provider
from narrator.wishes import wishes_of

_VOICES_ENOUGH = 2
"""Workers of a voice on this machine: one speaks on while another one's sound is heard."""


class SpeakOptions(TypedDict, total=False):
    """The options, by the names that a render has for them; those left out, None or empty wish for nothing."""

    provider: str | None
    voice: str | None
    model: str | None
    base_url: str | None
    options: Mapping[str, str] | None
    language: str | None
    speed: float | None
    concurrency: int | None
    rate: str | None
    price: float | None


class Speaking:
    """The sound of a text as it is made: an asynchronous iterator of PCM, s16le mono at `rate_hz`.

    Between sentences and paragraphs it is silent for as long as in a book. Nothing is sent before the first
    piece is asked for; whoever stops before the end closes it, or uses it in `async with`.

    Raises, when it is made:
        UsageError: there is no such option or provider, or they do not fit together.
        RunError: the voice is unknown, or does not speak the language.
    Raises, while it is iterated:
        UsageError: there was nothing to speak, or the text could not be read.
        SpeechError: something could not be spoken; the sound of all before it was handed over.
    """

    def __init__(self, text: Text, **options: Unpack[SpeakOptions]) -> None:
        config = _config(options)
        self._provider = _opened(config)
        self.rate_hz = self._provider.capabilities.rate_hz
        language = _language(config, self._provider)
        speaker = Speaker(self._provider, config.speech.speed, language, self.rate_hz)
        self._recital = Recital(config, speaker, text)
        self._handed_over = 0
        self._sound = self._listen()

    @property
    def seconds(self) -> float:
        """How much sound was handed over."""
        return self._handed_over / BYTES_PER_FRAME / self.rate_hz

    @property
    def characters(self) -> int:
        """How many were spoken, of all that was answered to its end."""
        return self._recital.spending.characters

    @property
    def billed_characters(self) -> int:
        """What the provider bills for these."""
        return self._recital.spending.billed_characters

    @property
    def cost_usd(self) -> float | None:
        """What these cost; None where no price is known."""
        price = self._provider.capabilities.usd_per_million_characters
        return None if price is None else round(self.billed_characters * price / 1e6, 6)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._sound)

    async def aclose(self) -> None:
        """Stop: what is being spoken is broken off."""
        await self._sound.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _listen(self) -> AsyncGenerator[bytes, None]:
        quiet = 0
        async with self._recital as recital:
            while turn := await recital.next_turn():
                # The voice's own silence at the end of a sentence is part of the pause.
                if silence := recital.silence(turn.pause)[BYTES_PER_FRAME * quiet :]:
                    yield self._counted(silence)
                quiet = 0
                async for pcm in turn.sound():
                    yield self._counted(pcm)
                    quiet = _quiet_frames(pcm, quiet)

    def _counted(self, pcm: bytes) -> bytes:
        self._handed_over += len(pcm)
        return pcm


class BlockingSpeaking:
    """`Speaking` for code without coroutines: an iterator of the same PCM, which raises the same errors.

    It works in a thread of its own from the first piece to the last, or until it is closed or forgotten.
    """

    def __init__(self, text: str | Iterable[str], **options: Unpack[SpeakOptions]) -> None:
        self._speaking = Speaking(text, **options)
        self.rate_hz = self._speaking.rate_hz
        self._worker = _Worker(self._speaking)
        self._is_over = False
        # A loop over this that is left by `break` closes nothing, and is not to be waited for.
        weakref.finalize(self, self._worker.stop).atexit = False

    @property
    def speaking(self) -> Speaking:
        """What it has come to, in numbers."""
        return self._speaking

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._is_over:
            raise StopIteration
        pcm: bytes | None = None
        try:
            pcm = self._worker.next_piece()
        finally:
            if pcm is None:
                self.close()
        if pcm is None:
            raise StopIteration
        return pcm

    def close(self) -> None:
        """Stop: what is being spoken is broken off."""
        self._is_over = True
        self._worker.stop()
        self._worker.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Worker:
    """The thread that speaks. It does not know who listens, who may be forgotten while it works."""

    def __init__(self, speaking: Speaking) -> None:
        self._speaking = speaking
        self._thread: threading.Thread | None = None
        self._running: futures.Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = futures.Future()
        self._asking: asyncio.Task[bytes | None] | None = None

    def next_piece(self) -> bytes | None:
        """The next piece of sound, None after the last. Raises what `Speaking` does."""
        if self._thread is None:
            # A daemon: a program that ends in the middle must not wait for it.
            self._thread = threading.Thread(
                target=asyncio.run, args=(self._run(),), name="speaking", daemon=True
            )
            self._thread.start()
        loop, _ = self._running.result()
        return asyncio.run_coroutine_threadsafe(self._next(), loop).result()

    def stop(self) -> None:
        """Break off what is being spoken, and wait for nothing."""
        if self._thread is not None:
            loop, stop = self._running.result()
            with suppress(RuntimeError):  # the loop is closed: it has ended by itself
                loop.call_soon_threadsafe(stop.set)

    def join(self) -> None:
        """Wait until nothing of it is left."""
        if self._thread is not None:
            self._thread.join()

    async def _run(self) -> None:
        stop = asyncio.Event()
        self._running.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        if self._asking:  # somebody was interrupted who waited for more
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._speaking.aclose()

    async def _next(self) -> bytes | None:
        self._asking = asyncio.current_task()
        return await anext(self._speaking, None)


def _config(options: SpeakOptions) -> Config:
    if unknown := sorted(set(options) - set(SpeakOptions.__annotations__)):
        raise UsageError(
            f"There is no option {unknown[0]!r} of speaking.",
            advice=f"There are: {', '.join(SpeakOptions.__annotations__)}.",
        )
    settings = wishes_of(**options).settings
    return check_config(settings, where="These options do not fit together")


def _opened(config: Config) -> Provider:
    provider = open_provider(config)
    if not provider.capabilities.is_local or config.rendering.concurrency:
        return provider
    few = config.rendering.model_copy(
        update={"concurrency": min(_VOICES_ENOUGH, provider.capabilities.concurrency)}
    )
    return open_provider(config.model_copy(update={"rendering": few}))


def _language(config: Config, provider: Provider) -> str:
    """The language that was named, else the only one of the voice, else ''.

    Raises:
        LanguageUnspoken: the voice does not speak it.
    """
    named, spoken = config.book.language, provider.capabilities.languages
    ensure_language_is_spoken(Script("The text", (), named, ()), named, provider)
    return named or (spoken[0] if len(spoken) == 1 else "")


def _quiet_frames(pcm: bytes, before: int) -> int:
    """The silent frames at the end of a sound that went on with `pcm` after so many of them."""
    samples = to_float(pcm)
    lead, tail = edges(samples)
    return before + lead if lead == len(samples) else tail
