"""The official client of the protocol finds in narrator.testing's server what it expects of the real one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from openai._streaming import SSEDecoder

from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import FakeSpeechServer, served

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[FakeSpeechServer]:
    with served(FakeSpeechServer(key="sk-test")) as server:
        yield server


@pytest.fixture
def client(server: FakeSpeechServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="sk-test", max_retries=0) as client:
        yield client


@pytest.mark.parametrize(
    ("response_format", "magic"), [("wav", b"RIFF"), ("flac", b"fLaC"), ("mp3", b""), ("pcm", b"")]
)
def test_it_speaks(
    client: openai.OpenAI, response_format: Literal["wav", "flac", "mp3", "pcm"], magic: bytes
) -> None:
    answer = client.audio.speech.create(
        model="tts-1", voice="alloy", input="Good evening to you all.", response_format=response_format
    )
    assert len(answer.content) > 2000
    assert answer.content.startswith(magic)


def test_it_streams(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="Good evening. " * 20, response_format="pcm"
    ) as answer:
        assert sum(map(len, answer.iter_bytes(1000))) > 24_000


def test_it_reads_events(client: openai.OpenAI) -> None:
    wishes: dict[str, Any] = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "Good evening to you all."}
    pcm = client.audio.speech.create(**wishes, response_format="pcm").content
    with client.audio.speech.with_streaming_response.create(
        **wishes, response_format="pcm", stream_format="sse"
    ) as answer:
        # The client has no reader of its own for these events; its decoder of streams is the one it has.
        events = [json.loads(each.data) for each in SSEDecoder().iter_bytes(answer.iter_bytes())]
    assert b"".join(base64.b64decode(each["audio"]) for each in events[:-1]) == pcm
    assert events[-1]["type"] == "speech.audio.done"
    assert set(events[-1]["usage"]) == {"input_tokens", "output_tokens", "total_tokens"}


def test_it_sends_fields_that_only_some_servers_know(client: openai.OpenAI, server: FakeSpeechServer) -> None:
    client.audio.speech.create(
        model="tts-1", voice="alloy", input="Good evening.", extra_body={"lang_code": "a"}
    )
    assert server.requests[0].wish["lang_code"] == "a"


def test_it_asks_for_a_model(client: openai.OpenAI) -> None:
    assert client.models.retrieve("tts-1").id == "tts-1"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("tts-9")


def test_it_lists_models(client: openai.OpenAI) -> None:
    assert "tts-1" in {model.id for model in client.models.list()}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", openai.AuthenticationError),
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("400", openai.BadRequestError),
    ],
)
def test_its_errors_are_recognised(
    client: openai.OpenAI, server: FakeSpeechServer, fault: str, error: type[openai.APIStatusError]
) -> None:
    server.fail(FAULTS[fault])
    with pytest.raises(error) as caught:
        client.audio.speech.create(model="tts-1", voice="alloy", input="Good evening.")
    assert caught.value.code
