"""One voice at a time: a Chatterbox model keeps the voice of the last request in itself.

Two requests at once in different voices may come out in each other's (`ChatterboxTTS.generate` of
https://github.com/resemble-ai/chatterbox sets `self.conds` for all). In one voice they do no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class VoiceTurns:
    """Lets requests in one voice go together, and those in another wait until these have ended."""

    def __init__(self) -> None:
        self._voice = ""
        self._speaking = 0
        self._door = asyncio.Lock()  # first come, first served: no voice waits for ever
        self._silent = asyncio.Event()
        self._silent.set()

    @asynccontextmanager
    async def of(self, voice: str) -> AsyncIterator[None]:
        """The time in which a request in this voice may be under way."""
        async with self._door:
            if voice != self._voice:
                await self._silent.wait()
            self._voice = voice
            self._speaking += 1
            self._silent.clear()
        try:
            yield
        finally:
            self._speaking -= 1
            if not self._speaking:
                self._silent.set()
