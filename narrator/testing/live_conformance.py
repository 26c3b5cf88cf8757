"""What an adapter must hold that takes a text as it arrives, besides what `conformance` asks of all.

Derive a class from `LiveContract` that says how the adapter and its fake are made.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import pytest

from narrator.errors import AttemptError, SpeechError, Unavailable
from narrator.model import AudioChunk, SpeechEvent, SpeechReceipt
from narrator.ports import LiveProvider, Provider
from narrator.testing.conformance import request_for
from narrator.testing.fake_server import FakeServer

TEXT = "The house stood on a hill above the river. Nobody had lived there for years. The lamplighter knew why."
SOON_S = 4.0


class ProviderThatIsLive(Provider, LiveProvider, Protocol):
    """Both in one."""


class LiveContract:
    """Text comes word by word, each with the space behind it, as a language model writes."""

    def create(self, base_url: str) -> ProviderThatIsLive:
        raise NotImplementedError

    def create_server(self) -> FakeServer:
        raise NotImplementedError

    @pytest.fixture
    async def server(self) -> AsyncIterator[FakeServer]:
        async with self.create_server() as server:
            yield server

    @pytest.fixture
    async def provider(self, server: FakeServer) -> AsyncIterator[ProviderThatIsLive]:
        async with self.create(server.url) as provider:
            yield provider

    def test_it_is_known_to_take_text_as_it_arrives(self) -> None:
        assert isinstance(self.create("http://127.0.0.1:9"), LiveProvider)

    async def test_a_text_is_said_whole_and_in_order(
        self, provider: ProviderThatIsLive, server: FakeServer
    ) -> None:
        events = await _heard(provider, _words())
        chunks = [event for event in events if isinstance(event, AudioChunk)]
        assert len(b"".join(chunk.data for chunk in chunks)) > 10_000
        assert len({chunk.format for chunk in chunks}) == 1
        assert sum(isinstance(event, SpeechReceipt) for event in events) <= 1
        said = " ".join(request.text for request in server.requests)
        assert said.split() == TEXT.split()

    async def test_it_is_heard_before_the_text_has_ended(self, provider: ProviderThatIsLive) -> None:
        has_spoken = asyncio.Event()

        async def waiting() -> AsyncIterator[str]:
            async for word in _words():
                yield word
            await has_spoken.wait()
            yield "So did the cat. "

        async with asyncio.timeout(SOON_S):
            async for event in provider.speak_live(waiting(), request_for(provider, "")):
                if isinstance(event, AudioChunk):
                    has_spoken.set()

    @pytest.mark.parametrize("name", ["unended", "cut", "reset"])
    async def test_no_broken_answer_ends_well(
        self, name: str, provider: ProviderThatIsLive, server: FakeServer
    ) -> None:
        server.fail(server.faults[name])
        with pytest.raises(AttemptError):
            await _heard(provider, _words())

    async def test_a_refusal_is_not_waited_for_until_the_text_ends(
        self, provider: ProviderThatIsLive, server: FakeServer
    ) -> None:
        server.fail(server.faults["500"])
        with pytest.raises(SpeechError):
            await _heard(provider, _words(then=asyncio.Event().wait))

    async def test_what_fails_the_writing_is_raised(
        self, provider: ProviderThatIsLive, server: FakeServer
    ) -> None:
        async def fail() -> None:
            raise ConnectionResetError("the writer is gone")

        with pytest.raises(ConnectionResetError, match="the writer is gone"):
            await _heard(provider, _words(then=fail))
        async with asyncio.timeout(SOON_S):
            await server.quiet()

    async def test_leaving_early_ends_the_request(
        self, provider: ProviderThatIsLive, server: FakeServer
    ) -> None:
        texts = _words(then=asyncio.Event().wait)
        async with contextlib.aclosing(provider.speak_live(texts, request_for(provider, ""))) as events:
            async for event in events:
                if isinstance(event, AudioChunk):
                    break
        async with asyncio.timeout(SOON_S):
            await server.quiet()

    async def test_a_closed_port_is_no_connection(self) -> None:
        async with self.create_server() as gone:
            pass
        async with self.create(gone.url) as provider:
            with pytest.raises(Unavailable) as caught:
                await _heard(provider, _words())
        assert not caught.value.connected


async def _words(then: Callable[[], Awaitable[object]] | None = None) -> AsyncIterator[str]:
    for word in TEXT.split(" "):
        yield f"{word} "
    if then is not None:
        await then()


async def _heard(provider: ProviderThatIsLive, texts: AsyncIterator[str]) -> list[SpeechEvent]:
    async with asyncio.timeout(SOON_S):
        return [event async for event in provider.speak_live(texts, request_for(provider, ""))]
