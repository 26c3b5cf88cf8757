"""The official client of Smallest AI finds in narrator.testing's server what it expects of the real one."""

from __future__ import annotations

import base64
import gc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from smallestai import SmallestAI
from smallestai.core.api_error import ApiError
from smallestai.environment import SmallestAIEnvironment
from smallestai.waves import TTSConfig, WavesStreamingTTS
from smallestai.waves.tts.types.tts_request_message import TtsRequestMessage

from narrator.testing.fake_server import serving
from narrator.testing.smallest_server import FakeSmallestServer
from narrator.testing.speechlike import frames_for, speech_pcm

# What it uses of other packages in ways that they advise against, and leaves open, is its own affair.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning",
        "ignore::ResourceWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
    ),
]

KEY = "sk_test"
TEXT = "The owl watched the lamplighter go from door to door."
PCM = speech_pcm(TEXT, 24_000, frames_for(TEXT, 24_000))


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    """What it left open is closed here, where that is no failure."""
    yield
    gc.collect()


@pytest.fixture
def server() -> Iterator[FakeSmallestServer]:
    with serving(FakeSmallestServer(key=KEY)) as server:
        yield server


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """The client leaves the one open that it makes for itself."""
    with httpx.Client() as http:
        yield http


@pytest.fixture
def client(server: FakeSmallestServer, http: httpx.Client) -> SmallestAI:
    return _client(server, http, KEY)


def _client(server: FakeSmallestServer, http: httpx.Client, key: str) -> SmallestAI:
    environment = SmallestAIEnvironment(
        atoms=server.url, waves=server.url, waves_ws=server.url.replace("http:", "ws:"), payment=server.url
    )
    return SmallestAI(api_key=key, environment=environment, httpx_client=http)


@pytest.mark.parametrize(("output_format", "magic"), [("wav", b"RIFF"), ("mp3", b""), ("pcm", PCM[:4])])
def test_it_speaks(client: SmallestAI, output_format: str, magic: bytes) -> None:
    answer = client.waves.synthesize_tts(
        text=TEXT, voice_id="magnus", sample_rate=24_000, output_format=output_format
    )
    sound = b"".join(answer)
    assert len(sound) > 2000
    assert sound.startswith(magic)


def test_it_speaks_over_a_websocket(client: SmallestAI) -> None:
    with client.waves.tts.connect() as socket:
        for _ in range(2):  # the same connection
            socket.synthesize_streaming_tts(
                TtsRequestMessage(voice_id="magnus", text=TEXT, sample_rate=24_000, word_timestamps=True)
            )
            sound, words = b"", []
            while (message := socket.recv()).status != "complete":
                assert message.data is not None
                if message.status == "chunk":
                    sound += base64.b64decode(message.data.audio or "")
                else:
                    words.append(message.data.word)
            assert sound == PCM
            assert words == TEXT.split()


def test_its_older_way_of_streaming_hears_all_of_a_text(server: FakeSmallestServer) -> None:
    assert b"".join(_streaming(server).synthesize(TEXT)) == PCM


def test_its_older_way_of_streaming_hears_a_text_that_comes_in_pieces(server: FakeSmallestServer) -> None:
    words = (f"{word} " for word in TEXT.split())
    sound = b"".join(_streaming(server).synthesize_streaming(words))
    assert "".join(request.text for request in server.requests).strip() == TEXT
    assert len(sound) == 2 * sum(frames_for(request.text, 24_000) for request in server.requests)


def test_its_older_way_of_streaming_understands_a_complaint(server: FakeSmallestServer) -> None:
    server.fail(server.faults["500"])
    with pytest.raises(Exception, match="error"):
        list(_streaming(server).synthesize(TEXT))


def _streaming(server: FakeSmallestServer) -> WavesStreamingTTS:
    streaming = WavesStreamingTTS(TTSConfig(voice_id="magnus", api_key=KEY))
    streaming.ws_url = server.url.replace("http:", "ws:") + "/waves/v1/tts/live"
    return streaming


def test_it_lists_voices(client: SmallestAI) -> None:
    voices = client.waves.get_voices("lightning-v3.1").voices or []
    assert [voice.voice_id for voice in voices] == ["magnus", "olivia"]
    assert voices[0].tags is not None
    assert voices[0].tags.language == ["english", "hindi"]
    everyone = client.waves.voices.get_all_voice_models().voices or []
    assert {voice.voice_id for voice in everyone} == {"magnus", "olivia", "meher", "avery"}


def test_it_makes_a_voice_of_a_recording(client: SmallestAI, tmp_path: Path) -> None:
    sample = tmp_path / "me.wav"
    sample.write_bytes(b"RIFF....WAVE")
    with sample.open("rb") as file:
        made = client.waves.create_voice_clone(display_name="Me", file=file, language="en")
    assert made.data is not None
    listed = client.waves.list_voice_clones().data or []
    assert [clone.voice_id for clone in listed] == [made.data.voice_id]


def test_its_errors_are_recognised(client: SmallestAI, server: FakeSmallestServer, http: httpx.Client) -> None:
    never = {"max_retries": 0}
    for fault, status in (("400", 400), ("429", 429), ("500", 500)):
        server.recover()
        server.fail(server.faults[fault])
        with pytest.raises(ApiError) as caught:
            b"".join(client.waves.synthesize_tts(text=TEXT, voice_id="magnus", request_options=never))
        assert caught.value.status_code == status
    with pytest.raises(ApiError) as caught:
        client.waves.synthesize_lightning_large(request_options=never)
    assert caught.value.status_code == 410
    with pytest.raises(ApiError) as caught:
        _client(server, http, "sk_other").waves.get_voices("lightning-v3.1")
    assert caught.value.status_code == 401
