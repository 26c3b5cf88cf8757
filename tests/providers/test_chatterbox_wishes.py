from __future__ import annotations

from pathlib import Path

import pytest

from narrator.config import Speech
from narrator.errors import ConfigError
from narrator.providers.chatterbox_wishes import MOST_SAMPLE_BYTES, Wishes, read_sample, read_wishes


def wishes(**options: str) -> Wishes:
    return read_wishes(Speech(provider="chatterbox", options=options), [])


def problems_of(speed: float = 1.0, voice: str = "", **options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_wishes(Speech(provider="chatterbox", speed=speed, voice=voice, options=options), [])
    return "\n".join(caught.value.problems)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "anna.wav"
    path.write_bytes(b"RIFF of Anna")
    return path


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = problems_of(
        speed=1.25,
        exageration="0.5",
        exaggeration="2.1",
        cfg_weight="much",
        temperature="nan",
        streaming_chunk_size="49",
        streaming_strategy="line",
        streaming_buffer_size="11",
        streaming_quality="best",
        transport="ws",
        voice_sample=str(tmp_path / "nobody.wav"),
    )
    assert "speech.speed: a Chatterbox server ignores it" in told
    assert "speech.options.exageration: there is no such option; did you mean 'exaggeration'?" in told
    assert "speech.options.exaggeration: '2.1' is not a number from 0.25 to 2" in told
    assert "speech.options.cfg_weight: 'much' is not a number from 0 to 1" in told
    assert "speech.options.temperature: 'nan' is not a number from 0.05 to 5" in told
    assert "speech.options.streaming_chunk_size: '49' is not a whole number from 50 to 500" in told
    assert "speech.options.streaming_strategy: 'line' is not one of sentence, paragraph, fixed, word" in told
    assert "speech.options.streaming_buffer_size: '11' is not a whole number from 1 to 10" in told
    assert "speech.options.streaming_quality: 'best' is not one of fast, balanced, high" in told
    assert "speech.options.transport: 'ws' is not one of sse, stream, http" in told
    assert "nobody.wav' cannot be read: No such file or directory" in told


@pytest.mark.parametrize(
    ("options", "chain"),
    [
        ({}, ("stream", "http")),
        ({"transport": "sse"}, ("sse", "stream", "http")),
        ({"transport": "stream"}, ("stream", "http")),
        ({"transport": "http"}, ("http",)),
        ({"streaming_quality": "high"}, ("stream",)),
        ({"transport": "sse", "streaming_chunk_size": "300"}, ("sse", "stream")),
        ({"transport": "http", "temperature": "0.7"}, ("http",)),
    ],
)
def test_an_attempt_falls_back_on_what_can_carry_all_the_options(
    options: dict[str, str], chain: tuple[str, ...]
) -> None:
    assert wishes(**options).transports == chain


def test_a_recording_cannot_go_over_events_nor_beside_a_voice(sample: Path) -> None:
    told = problems_of(transport="sse", voice="anna", voice_sample=str(sample))
    assert "the server fails at every voice_sample over sse" in told
    assert "speech.voice: the voice is that of voice_sample" in told
    assert wishes(voice_sample=str(sample)).transports == ("stream", "http")


def test_a_plain_answer_cannot_be_cut_by_the_server(sample: Path) -> None:
    told = problems_of(transport="http", streaming_chunk_size="100", streaming_strategy="word")
    assert "speech.options.streaming_chunk_size: the plain answer is not cut by it" in told
    assert "speech.options.streaming_strategy: the plain answer is not cut by it" in told


@pytest.mark.parametrize(
    ("options", "sound"),
    [
        ({"exaggeration": "1", "cfg_weight": "0.50"}, {"exaggeration": "1.0", "cfg_weight": "0.5"}),
        ({"transport": "sse", "streaming_buffer_size": "7"}, {}),
        ({"streaming_quality": "balanced"}, {}),
        ({"streaming_chunk_size": "200", "streaming_strategy": "sentence"}, {}),
        ({"streaming_quality": "fast"}, {"streaming_chunk_size": "100", "streaming_strategy": "word"}),
        (
            {"streaming_chunk_size": "100", "streaming_strategy": "word"},
            {"streaming_chunk_size": "100", "streaming_strategy": "word"},
        ),
        (
            {"streaming_quality": "high", "streaming_strategy": "sentence"},
            {"streaming_chunk_size": "300", "streaming_strategy": "sentence"},
        ),
        ({"streaming_quality": "high", "streaming_chunk_size": "200", "streaming_strategy": "sentence"}, {}),
    ],
)
def test_the_same_sound_is_asked_for_in_one_way(options: dict[str, str], sound: dict[str, str]) -> None:
    assert wishes(**options).sound_options == sound


def test_parameters_are_sent_as_they_were_asked_for() -> None:
    asked = wishes(temperature="0.70", streaming_quality="fast", streaming_buffer_size="3", transport="sse")
    assert asked.parameters == {"temperature": 0.7, "streaming_quality": "fast", "streaming_buffer_size": 3}


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "anna.aiff",
            b"FORM",
            "is none of the recordings that the server takes: .flac, .m4a, .mp3, .ogg, .wav",
        ),
        ("anna.wav", b"", "is empty"),
        ("anna.wav", bytes(MOST_SAMPLE_BYTES + 1), "is larger than the 10 MB that the server takes"),
    ],
    ids=["kind", "empty", "large"],
)
def test_what_the_server_would_not_take_is_refused(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=words):
        read_sample(tmp_path / name)


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "anna.wav").mkdir()
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        read_sample(tmp_path / "anna.wav")


def test_a_recording_may_lie_in_the_home_folder() -> None:
    path = Path.home() / "anna.MP3"
    path.write_bytes(b"ID3")
    try:
        assert read_sample(Path("~/anna.MP3")).suffix == ".mp3"
    finally:
        path.unlink()
