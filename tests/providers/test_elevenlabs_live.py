from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import QuotaUsedUp
from narrator.model import AudioChunk, SpeechReceipt, WordTime
from narrator.providers import elevenlabs_live
from narrator.providers.elevenlabs import ElevenLabs
from narrator.providers.elevenlabs_live import as_it_comes, at_sentences, at_words
from narrator.testing.conformance import request_for
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.faults import refusal
from narrator.testing.live_conformance import LiveContract

pytestmark = pytest.mark.usefixtures("skipped_waits")

STORY = "The house stood on a hill. Nobody lived there, Mr. Gray said! Was it so? “No.” The end"


@pytest.fixture
async def server() -> AsyncIterator[FakeElevenLabs]:
    async with FakeElevenLabs() as server:
        yield server


def adapter(server: FakeElevenLabs, *, model: str = "", **options: str) -> ElevenLabs:
    speech = Speech(provider="elevenlabs", base_url=server.url, model=model, options=options)
    return ElevenLabs(speech, Rendering(timeout_s=4.0))


async def word_by_word(text: str) -> AsyncIterator[str]:
    for word in text.split(" "):
        yield f"{word} "


async def heard(provider: ElevenLabs, texts: AsyncIterator[str]) -> list[Any]:
    return [event async for event in provider.speak_live(texts, request_for(provider, ""))]


class TestWebSocketTakesTextAsItArrives(LiveContract):
    model = ""

    def create(self, base_url: str) -> ElevenLabs:
        speech = Speech(provider="elevenlabs", base_url=base_url, model=self.model)
        return ElevenLabs(speech, Rendering(timeout_s=3.0))

    def create_server(self) -> FakeElevenLabs:
        return FakeElevenLabs()


class TestSentencesTakeTheirPlaceWhereThereIsNoSocket(TestWebSocketTakesTextAsItArrives):
    model = "eleven_v3"


async def pieces(text: str, size: int) -> list[str]:
    async def cut_anywhere() -> AsyncIterator[str]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    return [piece async for piece in as_it_comes(cut_anywhere(), at_sentences)]


async def test_sentences_are_spoken_as_they_end_however_the_text_is_cut() -> None:
    expected = ["The house stood on a hill. ", "Nobody lived there, Mr. Gray said! ", "Was it so? ", "“No.” "]
    assert await pieces(STORY, 1) == [*expected, "The end"]
    for size in (2, 7, 1000):
        assert "".join(await pieces(STORY, size)) == STORY


async def test_a_sentence_that_does_not_end_is_begun_all_the_same() -> None:
    long = "and then there was another one, " * 20
    found = await pieces(long, 5)
    assert "".join(found) == long
    assert len(found) > 1
    assert all(piece.endswith(", ") for piece in found)


async def test_chinese_has_no_spaces_to_wait_for() -> None:
    assert await pieces("你好。今天好吗？好", 1) == ["你好。", "今天好吗？", "好"]


async def test_what_stops_coming_is_spoken_as_far_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elevenlabs_live, "PATIENCE_S", 0.01)
    monkeypatch.setattr(elevenlabs_live, "KEEP_ALIVE_S", 0.03)
    silent = asyncio.Event()

    async def texts() -> AsyncIterator[str]:
        yield "A sentence that is not fin"
        await silent.wait()
        yield "ished."

    found: list[str] = []
    async for piece in as_it_comes(texts(), at_sentences):
        found.append(piece)
        if len(found) == 3:
            silent.set()
    assert found[:3] == ["A sentence that is not ", "", ""]
    assert found[-1] == "finished."


async def test_a_text_is_heard_before_it_has_ended(server: FakeElevenLabs) -> None:
    has_spoken = asyncio.Event()

    async def texts() -> AsyncIterator[str]:
        async for word in word_by_word("The house stood on a hill. Nobody"):
            yield word
        async with asyncio.timeout(3.0):
            await has_spoken.wait()
        yield "lived there."

    async with adapter(server) as provider:
        events: list[Any] = []
        async for event in provider.speak_live(texts(), request_for(provider, "")):
            events.append(event)
            has_spoken.set()
    messages = server.requests[0].wish["messages"]
    assert messages[1:] == [
        {"text": "The house stood on a hill. ", "flush": True},
        {"text": "Nobody lived there. ", "flush": True},
        {"text": ""},
    ]
    words = [event.word for event in events if isinstance(event, WordTime)]
    assert " ".join(words) == "The house stood on a hill. Nobody lived there."
    starts = [event.start_ms for event in events if isinstance(event, WordTime)]
    assert starts == sorted(starts)
    assert events[-1] == SpeechReceipt(characters_billed=45)


async def test_with_a_schedule_words_go_out_as_they_come(server: FakeElevenLabs) -> None:
    async with adapter(server, transport="ws", chunk_length_schedule="50") as provider:
        await heard(provider, word_by_word(STORY))
    first, *messages, last = server.requests[0].wish["messages"]
    assert first["generation_config"] == {"chunk_length_schedule": [50]}
    assert [message["text"].strip() for message in messages] == STORY.split()
    assert not any("flush" in message for message in messages)
    assert last == {"text": ""}


async def test_a_text_is_waited_for_longer_than_any_answer(
    server: FakeElevenLabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def texts() -> AsyncIterator[str]:
        yield "First. "
        await asyncio.sleep(0.7)  # longer than the answer may be silent
        yield "Second. "

    speech = Speech(provider="elevenlabs", base_url=server.url)
    async with ElevenLabs(speech, Rendering(timeout_s=1.0)) as provider:
        assert len([event for event in await heard(provider, texts()) if isinstance(event, AudioChunk)]) > 2


async def test_an_error_in_the_text_is_raised_once_the_service_knows_that_it_has_ended(
    server: FakeElevenLabs,
) -> None:
    async def texts() -> AsyncIterator[str]:
        yield "First. "
        raise LookupError("the pipe broke")

    async with adapter(server) as provider:
        with pytest.raises(LookupError):
            await heard(provider, texts())
    assert server.requests[0].wish["messages"][-1] == {"text": ""}


async def test_a_refusal_ends_the_waiting_for_text(server: FakeElevenLabs) -> None:
    async def texts() -> AsyncIterator[str]:
        yield "First. "
        await asyncio.Event().wait()

    server.fail(refusal(401, "quota_exceeded", "Nothing left."))
    async with adapter(server) as provider:
        with pytest.raises(QuotaUsedUp):
            await heard(provider, texts())


async def test_a_model_without_sockets_is_given_the_text_by_the_sentence(server: FakeElevenLabs) -> None:
    async with adapter(server, model="eleven_v3", transport="http", output_format="wav_24000") as provider:
        events = await heard(provider, word_by_word(STORY))
    assert [request.text for request in server.requests] == [
        "The house stood on a hill.",
        "Nobody lived there, Mr. Gray said!",
        "Was it so?",
        "“No.”",
        "The end",
    ]
    assert {request.format for request in server.requests} == {"pcm_24000"}
    assert isinstance(events[-1], SpeechReceipt)
    assert events[-1].characters_billed == server.billed_characters


async def test_words_are_cut_at_spaces_alone() -> None:
    async def texts() -> AsyncIterator[str]:
        for piece in ("Hel", "lo wor", "ld and ", "good", "bye"):
            yield piece

    assert [piece async for piece in as_it_comes(texts(), at_words)] == ["Hello ", "world and ", "goodbye"]
