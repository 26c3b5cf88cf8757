from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from narrator.config import Rendering, Speech
from narrator.errors import Rejected
from narrator.model import AudioChunk, AudioFormat, Container
from narrator.providers.hibari import HibariVoice
from narrator.testing.conformance import LocalContract, request_for, speak_whole

pytestmark = pytest.mark.asyncio(loop_scope="module")  # loading the voice takes a second: all share one

RATE_HZ = 24_000


def adapter(concurrency: int = 0, **wishes: Any) -> HibariVoice:
    return HibariVoice(Speech(**wishes), Rendering(concurrency=concurrency))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def voice() -> AsyncIterator[HibariVoice]:
    async with adapter() as provider:
        yield provider


class TestHibariHoldsTheContract(LocalContract):
    def create(self) -> HibariVoice:
        return adapter()

    @pytest.fixture
    def provider(self, voice: HibariVoice) -> HibariVoice:
        return voice


async def test_speech_is_free_24_khz_pcm(voice: HibariVoice) -> None:
    events = [event async for event in voice.speak(request_for(voice, "One. Two."))]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    assert {chunk.format for chunk in chunks} == {AudioFormat(Container.PCM, RATE_HZ)}
    assert all(len(chunk.data) % 2 == 0 for chunk in chunks)
    spoken = await speak_whole(voice, "One. Two.")
    assert spoken.receipt is not None
    assert spoken.receipt.characters_billed == 0


async def test_bytes_are_the_same_in_another_process_and_at_any_concurrency(voice: HibariVoice) -> None:
    text = "Dr. Brown paid £4.50 in 1984."
    first = (await speak_whole(voice, text)).data
    async with adapter(concurrency=2) as other:
        answers = await asyncio.gather(*(speak_whole(other, text) for _ in range(2)))
    assert {answer.data for answer in answers} == {first}


async def test_speed_changes_the_length(voice: HibariVoice) -> None:
    text = "The owl watched the lamplighter go from door to door."
    usual = len((await speak_whole(voice, text)).data)
    request = replace(request_for(voice, text), speed=2.0)
    hurried = [event async for event in voice.speak(request)]
    length = sum(len(event.data) for event in hurried if isinstance(event, AudioChunk))
    assert 0.4 < length / usual < 0.65


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("吾輩は猫である。", "not Latin"),
        ("Все счастливые семьи похожи.", "not Latin"),
        ("…", "nothing to say"),
        ("* * *", "nothing to say"),
        ("🦉", "nothing to say"),
    ],
)
async def test_what_it_cannot_say_is_refused_with_advice(voice: HibariVoice, text: str, message: str) -> None:
    with pytest.raises(Rejected, match=message) as caught:
        await speak_whole(voice, text)
    assert caught.value.advice
