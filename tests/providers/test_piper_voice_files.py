from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from narrator.errors import UnknownVoice
from narrator.model import Voice
from narrator.providers.voice_files import facts_of, find_voice, language_tag, read_voice, voices_in
from narrator.testing.piper_server import voice_config
from tests.providers.piper_voices import put


def test_voices_are_found_in_a_folder_and_in_those_inside_of_it(tmp_path: Path) -> None:
    put(tmp_path / "en" / "joe", "en_US-joe-medium")
    put(tmp_path, "de_DE-eva-low", voice_config("de_DE", 16_000))
    put(tmp_path, ".hidden")
    (tmp_path / "lone.onnx").touch()
    put(tmp_path, "broken", config=[1])
    found = voices_in(tmp_path)
    assert [file.facts.as_voice for file in found] == [
        Voice("de_DE-eva-low", languages=("de-DE",), description="16000 Hz"),
        Voice("en_US-joe-medium", languages=("en-US",), description="22050 Hz"),
    ]
    assert voices_in(tmp_path / "nowhere") == []


def test_a_voice_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = put(tmp_path / "deep", "joe")
    assert find_voice("joe", tmp_path) == find_voice(str(path), tmp_path / "nowhere") == read_voice(path)


def test_an_unknown_voice_is_told_with_the_nearest(tmp_path: Path) -> None:
    put(tmp_path, "en_US-joe-medium")
    with pytest.raises(UnknownVoice, match="did you mean 'en_US-joe-medium'") as caught:
        find_voice("en_US-joe-low", tmp_path)
    assert "narrator voices download" in caught.value.advice


@pytest.mark.parametrize(
    "config",
    [
        [],
        {},
        {**voice_config(), "audio": {"sample_rate": "22050"}},
        {**voice_config(), "audio": None},
        {**voice_config(), "num_speakers": "many"},
        {**voice_config(), "inference": {"length_scale": 0}},
        {**voice_config(), "phoneme_id_map": {}},
    ],
)
def test_a_configuration_that_describes_no_voice_is_told_where_it_is_asked_for(
    config: object, tmp_path: Path
) -> None:
    path = put(tmp_path, "joe", config)
    with pytest.raises(UnknownVoice, match="does not describe a voice"):
        read_voice(path)


def test_a_missing_half_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "joe")
    path.with_name("joe.onnx.json").unlink()
    with pytest.raises(UnknownVoice, match=r"joe\.onnx\.json cannot be read"):
        read_voice(path)
    with pytest.raises(UnknownVoice, match="no such file"):
        read_voice(tmp_path / "jane.onnx")


def test_the_digest_is_that_of_what_makes_the_sound(tmp_path: Path) -> None:
    digest = read_voice(put(tmp_path / "a", "joe")).sha256
    (tmp_path / "a" / "joe.onnx.json").write_text(json.dumps(voice_config(), indent=3), encoding="utf-8")
    assert read_voice(tmp_path / "a" / "joe.onnx").sha256 == digest
    assert read_voice(put(tmp_path / "b", "jane")).sha256 == digest, "the name is no part of it"
    assert read_voice(put(tmp_path / "a", "joe", model=b"another")).sha256 != digest
    assert read_voice(put(tmp_path / "b", "joe", voice_config(rate_hz=16_000))).sha256 != digest


SPEAKERS = voice_config(speakers={"ann": 0, "bob": 1, "odd": 7})


def facts_with(config: dict[str, Any]) -> Any:
    return facts_of("several", config)


def test_speakers_are_found_by_name_and_by_number() -> None:
    facts = facts_with(SPEAKERS)
    assert facts.as_voice.description == "3 speakers, 22050 Hz"
    assert facts.speaker_number("bob", "") == 1
    assert facts.speaker_number("", "2") == 2
    assert facts.speaker_number("", "") is None


@pytest.mark.parametrize(("name", "number"), [("bo", ""), ("odd", ""), ("", "3")])
def test_a_speaker_that_is_not_there_is_told(name: str, number: str) -> None:
    with pytest.raises(UnknownVoice, match="'several' has"):
        facts_with(SPEAKERS).speaker_number(name, number)


def test_a_voice_of_one_speaker_needs_none() -> None:
    assert facts_with(voice_config()).speaker_number("anyone", "") is None


@pytest.mark.parametrize(
    ("code", "tag"), [("en_US", "en-US"), ("en-gb-x-rp", "en-GB-x-rp"), ("de", "de"), ("no such!", "")]
)
def test_languages_become_tags(code: str, tag: str) -> None:
    assert language_tag(code) == tag
