from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
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


async def samples_of(voice: HibariVoice, text: str) -> npt.NDArray[np.float64]:
    return np.frombuffer((await speak_whole(voice, text)).data, "<i2") / 32768


def silences_ms(samples: npt.NDArray[np.float64], *, longer_than_ms: int = 100) -> list[int]:
    """The lengths of what is silent for long, between the first and the last sound."""
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-50 / 20))
    gaps = np.diff(loud) * 1000 // RATE_HZ
    return [int(gap) for gap in gaps if gap > longer_than_ms]


async def test_speech_is_free_24_khz_pcm(voice: HibariVoice) -> None:
    events = [event async for event in voice.speak(request_for(voice, "One. Two."))]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    assert {chunk.format for chunk in chunks} == {AudioFormat(Container.PCM, RATE_HZ)}
    assert all(len(chunk.data) % 2 == 0 for chunk in chunks)
    spoken = await speak_whole(voice, "One. Two.")
    assert spoken.receipt is not None
    assert spoken.receipt.characters_billed == 0


async def test_sentences_are_set_apart_by_our_pause_and_not_by_dead_air(voice: HibariVoice) -> None:
    samples = await samples_of(voice, "The lamp is lit. The street is long. The owl is gone.")
    pauses = [gap for gap in silences_ms(samples) if gap > 250]
    assert len(pauses) == 2
    assert all(300 <= gap <= 450 for gap in pauses)


async def test_a_take_begins_and_ends_with_its_sound(voice: HibariVoice) -> None:
    samples = await samples_of(voice, "The lamp is lit.")
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-50 / 20))
    assert loud[0] < 0.1 * RATE_HZ
    assert len(samples) - loud[-1] < 0.15 * RATE_HZ
    assert samples[0] == samples[-1] == 0.0


async def test_punctuation_alone_makes_no_noise(voice: HibariVoice) -> None:
    with_dots = await samples_of(voice, "Yes. … — ! Yes.")
    without = await samples_of(voice, "Yes. Yes.")
    assert abs(len(with_dots) - len(without)) < 0.2 * RATE_HZ


async def test_bytes_are_the_same_in_another_process_and_at_any_concurrency(voice: HibariVoice) -> None:
    text = "Dr. Brown paid £4.50 in 1984."
    first = (await speak_whole(voice, text)).data
    async with adapter(concurrency=2) as other:
        answers = await asyncio.gather(*(speak_whole(other, text) for _ in range(2)))
    assert {answer.data for answer in answers} == {first}


async def test_speed_changes_the_length(voice: HibariVoice) -> None:
    text = "The owl watched the lamplighter go from door to door."
    usual = len((await speak_whole(voice, text)).data)
    async with adapter(concurrency=1, speed=2.0) as fast:
        request = replace(request_for(fast, text), speed=2.0)
        hurried = [event async for event in fast.speak(request)]
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


@pytest.mark.parametrize(
    "text",
    ["a" * 2000, "AbC" * 200, "a-" * 800, "no—" * 200, "7" * 300, "É" * 300, "x\x00y"],
    ids=["one word", "camel", "hyphens", "dashes", "one number", "capitals", "NUL"],
)
async def test_monstrous_texts_are_spoken_all_the_same(voice: HibariVoice, text: str) -> None:
    assert len((await speak_whole(voice, text)).data) > RATE_HZ // 4


async def test_a_long_sentence_is_spoken_whole(voice: HibariVoice) -> None:
    once = len(await samples_of(voice, "the owl and the lamp"))
    many = len(await samples_of(voice, "the owl and the lamp " * 95))
    assert many > 60 * once * 0.8
