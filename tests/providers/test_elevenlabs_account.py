from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import BadKey, Refused, SpeechError, UnknownVoice, Unreachable, UsageError
from narrator.model import Allowance
from narrator.ports import LiveProvider, MeteredProvider, ModelLister, VoiceCloner
from narrator.providers.elevenlabs import ElevenLabs
from narrator.testing.elevenlabs_account import PERMISSIONS
from narrator.testing.elevenlabs_server import FakeElevenLabs

GEORGE = "JBFqnCBsd6RMkjVDRZzb"


def adapter(server: FakeElevenLabs, *, options: dict[str, str] | None = None, **wishes: Any) -> ElevenLabs:
    speech = Speech(provider="elevenlabs", base_url=server.url, options=options or {}, **wishes)
    return ElevenLabs(speech, Rendering(timeout_s=5.0))


@pytest.fixture
async def server() -> AsyncIterator[FakeElevenLabs]:
    async with FakeElevenLabs() as server:
        yield server


def test_it_is_all_that_a_provider_may_be() -> None:
    provider = ElevenLabs(Speech(provider="elevenlabs"), Rendering())
    for kind in (LiveProvider, MeteredProvider, ModelLister, VoiceCloner):
        assert isinstance(provider, kind)


@pytest.mark.parametrize(
    ("tier", "model", "plan", "at_once"),
    [
        ("free", "", "", 2),
        ("creator", "", "", 5),
        ("scale_2024_08_10", "eleven_flash_v2_5", "", 30),
        ("Pro", "", "", 10),
        ("enterprise", "", "", 2),
        ("creator", "", "free", 2),
    ],
)
async def test_the_plan_of_the_account_says_how_many_requests_may_run_at_once(
    tier: str, model: str, plan: str, at_once: int
) -> None:
    options = {"plan": plan} if plan else {}
    async with FakeElevenLabs(tier=tier) as server, adapter(server, model=model, options=options) as provider:
        await provider.check()
        assert provider.capabilities.concurrency == at_once
        assert server.requests == []


@pytest.mark.parametrize("missing", ["user_read", "voices_read", "models_read"])
async def test_a_key_that_may_only_speak_is_good_enough(missing: str) -> None:
    async with (
        FakeElevenLabs(permissions=PERMISSIONS - {missing}) as server,
        adapter(server, voice=GEORGE) as provider,
    ):
        await provider.check()


async def test_what_a_key_may_not_ask_is_not_known() -> None:
    async with FakeElevenLabs(permissions={"text_to_speech"}) as server, adapter(server) as provider:
        await provider.check(["anyone"])
        assert await provider.voices() == []
        assert await provider.models() == []
        assert await provider.allowance() is None


async def test_the_official_service_wants_a_key() -> None:
    async with ElevenLabs(Speech(provider="elevenlabs", key_variable="KEY_NO_2"), Rendering()) as provider:
        for question in (provider.check, provider.voices, provider.models):
            with pytest.raises(BadKey, match="needs a key") as refused:
                await question()
            assert "narrator keys set KEY_NO_2" in refused.value.advice


async def test_another_key_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk-first")
    monkeypatch.setenv("ELEVENLABS_API_KEY_2", "sk-second")
    async with (
        FakeElevenLabs(key="sk-second") as server,
        adapter(server, key_variable="ELEVENLABS_API_KEY_2") as provider,
    ):
        await provider.check()
    assert adapter(server).account != provider.account


async def test_a_voice_that_is_named_and_not_numbered_is_found_by_its_name(server: FakeElevenLabs) -> None:
    async with adapter(server, voice="george") as provider:
        with pytest.raises(UnknownVoice, match=f"'George' is {GEORGE}"):
            await provider.check()


async def test_each_voice_of_the_cast_is_asked_for(server: FakeElevenLabs) -> None:
    async with adapter(server) as provider:
        await provider.check([server.voices[2]])
        with pytest.raises(UnknownVoice, match="'onwK4e9ZLuTAKqWW03F8'; did you mean 'onwK4e9ZLuTAKqWW03F9'"):
            await provider.check([server.voices[2], "onwK4e9ZLuTAKqWW03F8"])


async def test_a_voice_of_the_public_library_is_a_voice() -> None:
    async with (
        FakeElevenLabs(library={"library0000000000000"}) as server,
        adapter(server, voice="library0000000000000") as provider,
    ):
        await provider.check()


async def test_a_model_that_there_is_not_is_refused(server: FakeElevenLabs) -> None:
    async with adapter(server, model="eleven_multilingual_v3") as provider:
        with pytest.raises(UnknownVoice, match="did you mean 'eleven_multilingual_v2'"):
            await provider.check()


async def test_a_server_that_is_not_there_is_told_by_name() -> None:
    async with FakeElevenLabs() as gone:
        pass
    async with adapter(gone) as provider:
        for question in (provider.voices, provider.models, provider.allowance, provider.check):
            with pytest.raises(Unreachable):
                await question()


async def test_voices_are_listed_to_the_last_page() -> None:
    voices = [f"voice{number:015d}" for number in range(7)]
    async with FakeElevenLabs(voices=voices, page=3) as server, adapter(server) as provider:
        found = await provider.voices()
    assert [voice.id for voice in found] == voices
    assert found[0].languages == ("en",)
    assert found[0].description == "warm, male, british, narration"


async def test_models_are_listed_with_their_limits(server: FakeElevenLabs) -> None:
    async with adapter(server) as provider:
        found = {model.id: model for model in await provider.models()}
    assert found["eleven_v3"].max_characters == 5_000
    assert found["eleven_v3"].languages == ("en",)


@pytest.mark.parametrize(("model", "left"), [("", 900), ("eleven_flash_v2_5", 1800)])
async def test_what_is_left_is_told_in_characters_of_the_model(model: str, left: int) -> None:
    async with FakeElevenLabs(credit=900, tier="starter") as server, adapter(server, model=model) as provider:
        assert await provider.allowance() == Allowance(left, "starter", 1_800_000_000)


@pytest.mark.parametrize("name", ["ann.wav", "ann.MP3"])
async def test_a_voice_is_made_of_a_recording(server: FakeElevenLabs, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"RIFF of a voice")
    async with adapter(server) as provider:
        made = await provider.clone("Ann", tmp_path / name, language="en")
        assert made.id in [voice.id for voice in await provider.voices()]
    assert (made.name, made.languages) == ("Ann", ("en",))


async def test_what_is_no_recording_is_not_sent(server: FakeElevenLabs, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    async with adapter(server) as provider:
        for name in ("notes.txt", "empty.wav", "missing.wav"):
            with pytest.raises(UsageError, match=name):
                await provider.clone("Ann", tmp_path / name)
    assert len(server.voices) == 3


@pytest.mark.parametrize(
    ("permissions", "kind"), [(PERMISSIONS - {"voices_write"}, BadKey), (PERMISSIONS, Refused)]
)
async def test_an_account_that_may_make_no_voice_says_so(
    tmp_path: Path, permissions: frozenset[str], kind: type[SpeechError]
) -> None:
    sample = tmp_path / "ann.wav"
    sample.write_bytes(b"RIFF of a voice")
    async with (
        FakeElevenLabs(permissions=permissions, tier="free") as server,
        adapter(server) as provider,
    ):
        with pytest.raises(kind):
            await provider.clone("Ann", sample)
