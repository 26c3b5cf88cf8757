from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import QuotaUsedUp, StreamBroken, Unavailable
from narrator.model import AudioChunk, SpeechReceipt
from narrator.ports import LiveProvider
from narrator.providers import smallest_live, wire_ws
from narrator.providers.smallest import Smallest
from narrator.providers.smallest_live import in_words
from narrator.testing.conformance import request_for
from narrator.testing.faults import Fault
from narrator.testing.smallest_server import FakeSmallestServer
from narrator.testing.speechlike import frames_for

pytestmark = pytest.mark.usefixtures("skipped_waits")

TEXT = "The owl watched the lamplighter. He went from door to door, until the street was bright. And then"


@pytest.fixture(autouse=True)
def _brief_farewells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smallest_live, "_LINGER_S", 0.2)
    monkeypatch.setattr(smallest_live, "_SETTLES_S", 0.1)
    monkeypatch.setattr(wire_ws, "_OTHERS_REST_S", 0.0)


def adapter(base_url: str, *, timeout_s: float = 5.0, **options: str) -> Smallest:
    return Smallest(
        Speech(provider="smallest", base_url=base_url, options=options), Rendering(timeout_s=timeout_s)
    )


async def words_of(text: str) -> AsyncIterator[str]:
    for word in text.split(" "):
        yield f"{word} "


async def pieces_of(pieces: Iterable[str]) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


async def _heard(provider: LiveProvider, texts: AsyncIterator[str]) -> list[Any]:
    request = request_for(provider, "")  # type: ignore[arg-type] # it is a Provider as well
    return [event async for event in provider.speak_live(texts, request)]


@pytest.mark.parametrize("closes_sockets", [True, False])
@pytest.mark.parametrize("completes_flushes", [True, False])
async def test_a_text_that_comes_word_by_word_is_spoken_whole(
    closes_sockets: bool,  # noqa: FBT001 - parametrised
    completes_flushes: bool,  # noqa: FBT001 - parametrised
) -> None:
    async with (
        FakeSmallestServer(closes_sockets=closes_sockets, completes_flushes=completes_flushes) as server,
        adapter(server.url) as provider,
    ):
        events = await _heard(provider, words_of(TEXT))
    spoken = [request.text for request in server.requests]
    assert "".join(spoken).strip() == TEXT
    sound = b"".join(event.data for event in events if isinstance(event, AudioChunk))
    assert len(sound) == 2 * sum(frames_for(text, 24_000) for text in spoken)
    assert isinstance(events[-1], SpeechReceipt)
    assert events[-1].characters_billed == server.billed_characters == len(TEXT) + 1
    assert server.opened_sockets == (3 if closes_sockets and completes_flushes else 1)


async def test_a_sentence_is_heard_while_the_next_one_is_awaited() -> None:
    heard = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        for word in ["The", "owl", "watched", "the", "lamplighter."]:
            yield f"{word} "
        await heard.wait()
        yield "That was all."

    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        async with asyncio.timeout(5.0):
            request = request_for(provider, "")
            async for event in provider.speak_live(slowly(), request):
                if isinstance(event, AudioChunk):
                    heard.set()
    assert server.requests[-1].text == "That was all."


async def test_a_pause_in_the_text_is_no_silence_of_the_service() -> None:
    async def slowly() -> AsyncIterator[str]:
        yield "One moment, please. "
        await asyncio.sleep(0.5)
        yield "Here it is."

    async with FakeSmallestServer() as server, adapter(server.url, timeout_s=0.4) as provider:
        await _heard(provider, slowly())
    assert [request.text for request in server.requests] == ["One moment, please. ", "Here it is."]


async def test_words_that_a_closing_socket_took_are_said_over_the_next_one() -> None:
    async def slowly() -> AsyncIterator[str]:
        yield "The owl watched the lamplighter. "
        await asyncio.sleep(0.3)
        yield "He went from "
        yield "door to door. "

    async with (
        FakeSmallestServer(closes_sockets=True, completes_flushes=True) as server,
        adapter(server.url) as provider,
    ):
        events = await _heard(provider, slowly())
    said = [request.text for request in server.requests]
    assert said == ["The owl watched the lamplighter. ", "He went from door to door. "]
    assert events[-1].characters_billed == server.billed_characters


async def test_pieces_say_that_there_is_more_and_the_last_one_says_that_there_is_not() -> None:
    async with (
        FakeSmallestServer() as server,
        adapter(server.url, max_buffer_flush_ms="40", complete_backoff_ms="60") as provider,
    ):
        await _heard(provider, pieces_of(["The owl wat", "ched. It was ", "bright."]))
    first, last = server.requests[0].wish, server.requests[-1].wish
    assert (first["continue"], first["flush"], first["max_buffer_flush_ms"]) == (True, True, 40)
    assert (last["continue"], last["flush"], last["complete_backoff_ms"]) == (False, True, 60)
    assert "".join(request.text for request in server.requests) == "The owl watched. It was bright."


@pytest.mark.parametrize("pieces", [[], ["", "  \n", ""]])
async def test_no_text_is_no_request(pieces: list[str]) -> None:
    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        assert await _heard(provider, pieces_of(pieces)) == []
    assert server.opened_sockets == 0


async def test_what_the_service_says_ends_it_even_while_text_is_awaited() -> None:
    async def waiting() -> AsyncIterator[str]:
        yield "The owl watched the lamplighter. "
        await asyncio.Event().wait()

    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        server.fail(server.faults["quota"])
        async with asyncio.timeout(3.0):
            with pytest.raises(QuotaUsedUp):
                await _heard(provider, waiting())


async def test_a_cut_is_told_even_while_text_is_awaited() -> None:
    async def waiting() -> AsyncIterator[str]:
        yield "The owl watched the lamplighter. "
        await asyncio.Event().wait()

    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        server.fail(Fault(cut_after=3000))
        async with asyncio.timeout(3.0):
            with pytest.raises(StreamBroken):
                await _heard(provider, waiting())


async def test_an_end_that_never_comes_is_not_waited_for() -> None:
    async with FakeSmallestServer() as server, adapter(server.url, timeout_s=0.4) as provider:
        server.fail(Fault(latency_s=60.0))
        with pytest.raises(Unavailable, match="in time"):
            await _heard(provider, words_of("That was all."))


async def test_a_text_that_fails_fails_the_speech() -> None:
    async def broken() -> AsyncIterator[str]:
        yield "The owl watched the lamplighter. "
        raise ZeroDivisionError

    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        with pytest.raises(ZeroDivisionError):
            await _heard(provider, broken())
        assert (await _heard(provider, words_of("Once more, it speaks.")))[-1].characters_billed == 22


async def test_leaving_early_ends_the_request() -> None:
    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        events = provider.speak_live(words_of(TEXT), request_for(provider, ""))
        assert isinstance(await anext(events), AudioChunk)
        await events.aclose()
        async with asyncio.timeout(2.0):
            await server.quiet()


@pytest.mark.parametrize(
    ("texts", "pieces"),
    [
        (["Hel", "lo wor", "ld"], ["Hello ", "world"]),
        (["a long row of words"], ["a long row ", "of ", "words"]),
        (["x" * 25], ["x" * 12, "x" * 12, "x"]),
        (["x" * 5, "x" * 5, "x" * 5, " y"], ["x" * 12, "xxx ", "y"]),
        (["I. You and they."], ["I. ", "You and ", "they."]),
        (["夜は長い。", "朝が来る。"], ["夜は長い。", "朝が来る。"]),
        (["One.\n", "\n", "Two."], ["One.\n", "Two."]),
    ],
)
async def test_words_stay_whole(texts: list[str], pieces: list[str]) -> None:
    assert [piece.text async for piece in in_words(pieces_of(texts), 12)] == pieces
