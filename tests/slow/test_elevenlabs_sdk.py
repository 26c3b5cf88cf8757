"""The official client finds in narrator.testing's server what it expects of the real one."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import VoiceSettings

from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import serving

pytestmark = pytest.mark.slow

VOICE = "JBFqnCBsd6RMkjVDRZzb"
MODEL = "eleven_multilingual_v2"
TEXT = "Good evening to you all."


@pytest.fixture
def server() -> Iterator[FakeElevenLabs]:
    with serving(FakeElevenLabs(key="sk-test", page=2)) as server:
        yield server


@pytest.fixture
def client(server: FakeElevenLabs) -> Iterator[ElevenLabs]:
    with httpx.Client() as http:
        yield ElevenLabs(api_key="sk-test", base_url=server.url, httpx_client=http)


@pytest.mark.parametrize("output_format", ["pcm_24000", "wav_24000", "mp3_44100_128", "ulaw_8000"])
def test_it_speaks(client: ElevenLabs, server: FakeElevenLabs, output_format: str) -> None:
    sound = b"".join(
        client.text_to_speech.convert(VOICE, text=TEXT, model_id=MODEL, output_format=output_format)
    )
    assert len(sound) > 5_000
    assert sound.startswith(b"RIFF") == output_format.startswith("wav")
    assert server.requests[0].text == TEXT


def test_it_streams_with_all_settings(client: ElevenLabs, server: FakeElevenLabs) -> None:
    sound = b"".join(
        client.text_to_speech.stream(
            VOICE,
            text=TEXT,
            model_id=MODEL,
            output_format="pcm_16000",
            voice_settings=VoiceSettings(stability=0.4, speed=1.1),
            seed=7,
            previous_text="Before.",
            next_text="After.",
        )
    )
    assert len(sound) > 30_000
    assert server.requests[0].wish["voice_settings"] == {"stability": 0.4, "speed": 1.1}
    assert server.requests[0].transport == "stream"


def test_it_reads_receipts(client: ElevenLabs) -> None:
    with client.text_to_speech.with_raw_response.convert(VOICE, text=TEXT, model_id=MODEL) as answer:
        assert answer.headers["character-cost"] == str(len(TEXT))
        assert answer.headers["request-id"]


def test_it_reads_the_times_of_characters(client: ElevenLabs) -> None:
    whole = client.text_to_speech.convert_with_timestamps(
        VOICE, text=TEXT, model_id=MODEL, output_format="pcm_24000"
    )
    lines = list(
        client.text_to_speech.stream_with_timestamps(
            VOICE, text=TEXT, model_id=MODEL, output_format="pcm_24000"
        )
    )
    assert whole.alignment
    assert "".join(whole.alignment.characters) == TEXT
    assert "".join("".join(line.alignment.characters) for line in lines if line.alignment) == TEXT
    sound = base64.b64decode(whole.audio_base_64)
    assert b"".join(base64.b64decode(line.audio_base_64) for line in lines) == sound


# The client asks its WebSocket library for a close code in a way that the library announces the end of.
@pytest.mark.filterwarnings("ignore:ConnectionClosed.code is deprecated:DeprecationWarning")
def test_it_speaks_a_text_as_it_comes(client: ElevenLabs, server: FakeElevenLabs) -> None:
    client.text_to_speech._ws_base_url = server.url.replace("http:", "ws:")
    text = "There is a long way from the house to the river, and nobody goes it twice."
    words = (f"{word} " for word in text.split())
    sound = b"".join(
        client.text_to_speech.convert_realtime(VOICE, text=words, model_id=MODEL, output_format="pcm_24000")
    )
    assert len(sound) > 100_000
    assert server.requests[0].transport == "ws"
    assert server.requests[0].text.startswith("There is a long way")


def test_it_lists_what_there_is(client: ElevenLabs, server: FakeElevenLabs) -> None:
    first = client.voices.search()
    assert first.has_more
    second = client.voices.search(next_page_token=first.next_page_token)
    assert {each.voice_id for each in (*first.voices, *second.voices)} == set(server.voices)
    assert {model.model_id for model in client.models.list()} == set(server.models)
    assert client.user.subscription.get().tier == "creator"


def test_it_makes_a_voice(client: ElevenLabs, server: FakeElevenLabs) -> None:
    made = client.voices.ivc.create(name="Ann", files=[("ann.wav", b"RIFF....", "audio/wav")])
    assert made.voice_id in server.voices


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("401", 401, "invalid_api_key"), ("quota", 401, "quota_exceeded")]
)
def test_its_errors_are_recognised(
    client: ElevenLabs, server: FakeElevenLabs, fault: str, status: int, code: str
) -> None:
    server.fail(server.faults[fault])
    with pytest.raises(ApiError) as caught:
        b"".join(client.text_to_speech.convert(VOICE, text=TEXT, model_id=MODEL))
    assert caught.value.status_code == status
    assert caught.value.body["detail"]["code"] == code
