"""The official client of the protocol finds in narrator.testing's server what it expects of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import openai
import pytest

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


@pytest.mark.parametrize(("response_format", "magic"), [("wav", b"RIFF"), ("mp3", b""), ("pcm", b"")])
def test_it_speaks(client: openai.OpenAI, response_format: Literal["wav", "mp3", "pcm"], magic: bytes) -> None:
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
