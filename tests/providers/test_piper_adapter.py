"""What the adapter makes of its settings; how the voices sound is a slow test, since they are an extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import ConfigError, Rejected, UnknownVoice, UsageError
from narrator.model import SpeechRequest
from narrator.providers.catalog import create_provider
from narrator.providers.piper import Piper
from narrator.testing.conformance import request_for, speak_whole
from narrator.testing.piper_server import voice_config
from tests.providers.piper_voices import put


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "piper.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "packages")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "voices", "en_US-joe-medium")
    return tmp_path / "voices"


def adapter(folder: Path, options: dict[str, str] | None = None, **wishes: Any) -> Piper:
    return Piper(Speech(options={"voices": str(folder), **(options or {})}, **wishes), Rendering(concurrency=2))


def test_the_only_voice_speaks_where_none_is_named(folder: Path) -> None:
    provider = adapter(folder)
    assert provider.voice == "en_US-joe-medium"
    assert provider.capabilities.languages == ("en-US",)
    assert provider.capabilities.concurrency == 2
    assert provider.capabilities.usd_per_million_characters == 0
    assert len(provider.digest_of(provider.voice)) == 64


async def test_of_several_voices_one_is_to_be_named_before_it_speaks(folder: Path) -> None:
    put(folder, "de_DE-eva-low", voice_config("de_DE", 16_000))
    async with adapter(folder) as provider:
        assert len(await provider.voices()) == 2
        with pytest.raises(UnknownVoice, match="several: de_DE-eva-low, en_US-joe-medium"):
            await provider.check()
    named = adapter(folder, voice="de_DE-eva-low")
    assert named.capabilities.rate_hz == 16_000


async def test_without_any_voice_the_way_to_one_is_told(tmp_path: Path) -> None:
    async with adapter(tmp_path / "nowhere") as provider:
        assert await provider.voices() == []
        with pytest.raises(UnknownVoice) as caught:
            await provider.check()
        request = SpeechRequest("piper", "", "", "Hello.", "", 1.0, 22_050, provider.revision)
        with pytest.raises(UnknownVoice):
            await anext(provider.speak(request))
    assert "narrator voices download" in caught.value.advice


def test_a_path_names_a_voice_and_is_no_part_of_a_key(folder: Path, tmp_path: Path) -> None:
    path = str(folder / "en_US-joe-medium.onnx")
    by_path, by_name = adapter(tmp_path / "nowhere", voice=path), adapter(folder, voice="en_US-joe-medium")
    assert request_for(by_path, "Hello.").key == request_for(by_name, "Hello.").key


def test_a_voice_that_is_not_here_is_told_at_once(folder: Path) -> None:
    with pytest.raises(UnknownVoice, match="did you mean"):
        adapter(folder, voice="en_US-joe-low")
    with pytest.raises(UnknownVoice):
        adapter(folder).digest_of("en_US-joe-low")


def test_a_voice_whose_phonemes_would_be_downloaded_is_refused(folder: Path) -> None:
    put(folder, "zh_CN-li-medium", {**voice_config("zh_CN"), "phoneme_type": "pinyin"})
    with pytest.raises(UnknownVoice, match="would download"):
        adapter(folder, voice="zh_CN-li-medium")


def test_options_that_change_the_sound_are_written_in_one_way(folder: Path) -> None:
    options = {"noise_scale": "0.50", "length_scale": "1.", "sentence_silence": "0.150", "speaker_id": "03"}
    sound = adapter(folder, options).sound_options
    assert sound == {"noise_scale": "0.5", "length_scale": "1", "speaker_id": "3"}
    assert adapter(folder, {"sentence_silence": "0"}).sound_options == {"sentence_silence": "0"}


def test_all_wrong_settings_are_told_at_once(folder: Path) -> None:
    options = {"noise_scal": "1", "noise_scale": "loud", "speaker": "ann", "speaker_id": "1"}
    with pytest.raises(ConfigError) as caught:
        adapter(folder, options, base_url="http://127.0.0.1:5000", model="joe")
    told = "\n".join(caught.value.problems)
    assert "did you mean 'noise_scale'?" in told
    assert "'loud' is not a number from 0 to 2" in told
    assert "speech.options.speaker_id: the speaker is named already" in told
    assert "speech.base_url: piper runs on this machine" in told
    assert "speech.model" in told


async def test_a_speaker_that_the_voice_has_not_is_told_before_anything_is_spoken(folder: Path) -> None:
    put(folder, "several", voice_config(speakers={"ann": 0, "bob": 1}))
    async with adapter(folder, {"speaker": "bo"}, voice="several") as provider:
        with pytest.raises(UnknownVoice, match="did you mean 'bob'"):
            await provider.check()


async def test_a_text_without_words_is_refused(folder: Path) -> None:
    async with adapter(folder) as provider:
        for text in ("…", "* * *", "🦉"):
            with pytest.raises(Rejected, match="nothing to say"):
                await speak_whole(provider, text)


def test_without_the_package_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="piper-tts") as caught:
        create_provider(Speech(provider="piper"), Rendering())
    assert caught.value.advice == "Install it: pip install 'narrator[piper]'"
