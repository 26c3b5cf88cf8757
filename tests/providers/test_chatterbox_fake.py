"""That the fake speaks as the application does, whoever asks; its words are those of the application's code."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from narrator.testing.chatterbox_server import FakeChatterboxServer, cut_text

TEXT = "An owl calls. It calls again, from the other side of the river."


@pytest.fixture
async def server() -> AsyncIterator[FakeChatterboxServer]:
    async with FakeChatterboxServer() as server:
        yield server


async def ask(server: FakeChatterboxServer, method: str, path: str, **body: Any) -> tuple[int, Any]:
    """An answer's status, and what it says: JSON, else its bytes."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{server.url}{path}", **body) as answer,
    ):
        data = await answer.read()
        return answer.status, json.loads(data) if answer.content_type == "application/json" else data


def form(**fields: Any) -> aiohttp.FormData:
    made = aiohttp.FormData({name: value for name, value in fields.items() if isinstance(value, str)})
    for name, value in fields.items():
        if isinstance(value, tuple):
            made.add_field(name, io.BytesIO(value[1]), filename=value[0])
    return made


@pytest.mark.parametrize(
    ("path", "transport"),
    [
        ("/audio/speech", "http"),
        ("/v1/audio/speech", "http"),
        ("/tts", "http"),
        ("/audio/speech/stream", "stream"),
        ("/v1/audio/speech/stream", "stream"),
        ("/tts/stream", "stream"),
    ],
)
async def test_speech_has_many_paths_each_with_one_for_recordings(
    server: FakeChatterboxServer, path: str, transport: str
) -> None:
    for asked, body in ((path, {"json": {"input": TEXT}}), (f"{path}/upload", {"data": form(input=TEXT)})):
        status, sound = await ask(server, "POST", asked, **body)
        assert status == 200
        assert sound[:4] == b"RIFF"
        assert sound[(36 if transport == "stream" else 70) :][:4] == b"data"
    assert [request.transport for request in server.requests] == [transport, transport]


async def test_what_is_not_there_is_told_as_by_its_framework(server: FakeChatterboxServer) -> None:
    nothing = (404, {"detail": "Not Found"})
    assert await ask(server, "GET", "/v1/languages") == nothing
    assert await ask(server, "POST", "/v1/audio/speech/loud") == nothing
    assert await ask(server, "GET", "/v1/audio/speech") == (405, {"detail": "Method Not Allowed"})
    status, said = await ask(server, "GET", "/voices/all-names")
    assert status == 404
    assert said["error"] == {"message": "Voice 'all-names' not found", "type": "voice_not_found_error"}


@pytest.mark.parametrize(
    ("wish", "name", "kind"),
    [
        ({}, "input", "missing"),
        ({"input": ""}, "input", "string_too_short"),
        ({"input": " "}, "input", "value_error"),
        ({"input": 7}, "input", "string_type"),
        ({"input": "x" * 3001}, "input", "string_too_long"),
        ({"input": TEXT, "exaggeration": 0.2}, "exaggeration", "greater_than_equal"),
        ({"input": TEXT, "temperature": 5.1}, "temperature", "less_than_equal"),
        ({"input": TEXT, "cfg_weight": "much"}, "cfg_weight", "number_parsing"),
        ({"input": TEXT, "streaming_strategy": "line"}, "streaming_strategy", "value_error"),
    ],
)
async def test_a_wrong_wish_is_refused_and_repeated(
    server: FakeChatterboxServer, wish: dict[str, Any], name: str, kind: str
) -> None:
    status, said = await ask(server, "POST", "/v1/audio/speech", json=wish)
    assert status == 422
    assert [(problem["type"], problem["loc"]) for problem in said["detail"]] == [(kind, ["body", name])]
    assert said["detail"][0]["input"] == wish.get(name, wish)


@pytest.mark.parametrize("body", [b"{", b"[]"])
async def test_a_body_that_is_no_wish_at_all_is_refused(server: FakeChatterboxServer, body: bytes) -> None:
    status, said = await ask(server, "POST", "/v1/audio/speech", data=body)
    assert status == 422
    assert said["detail"][0]["loc"][0] == "body"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"input": " "}, 400),
        ({"input": TEXT, "streaming_quality": "best"}, 400),
        ({"input": TEXT, "exaggeration": "3"}, 422),
        ({"voice": "anna"}, 422),
        ({"input": TEXT, "voice_file": ("anna.txt", b"Anna")}, 400),
        ({"input": TEXT, "voice_file": ("anna.wav", bytes((10 << 20) + 1))}, 400),
    ],
    ids=["blank", "quality", "range", "no text", "kind", "large"],
)
async def test_a_wrong_form_is_refused(
    server: FakeChatterboxServer, fields: dict[str, Any], status: int
) -> None:
    assert (await ask(server, "POST", "/audio/speech/stream/upload", data=form(**fields)))[0] == status


async def test_an_unknown_voice_is_replaced_without_a_word(server: FakeChatterboxServer) -> None:
    for voice in ("anna", "Anna", "nobody"):
        assert (await ask(server, "POST", "/tts", json={"input": TEXT, "voice": voice}))[0] == 200
    assert [request.voice for request in server.requests] == ["anna", *2 * ["(the default voice)"]]


async def test_events_with_a_recording_always_fail(server: FakeChatterboxServer) -> None:
    fields = form(input=TEXT, stream_format="sse", voice_file=("anna.wav", b"RIFF"))
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(server, "POST", "/audio/speech/upload", data=fields)
    assert server.billed_characters == 0


async def test_the_library_keeps_what_it_is_given(server: FakeChatterboxServer) -> None:
    new = {"voice_name": "bob", "voice_file": ("bob.mp3", b"ID3"), "language": "de"}
    status, said = await ask(server, "POST", "/v1/voices", data=form(**new))
    assert (status, said["voice"]["name"], said["voice"]["language"]) == (201, "bob", "de")
    for changed, code in (
        ({}, "voice_exists_error"),
        ({"voice_name": "b/b"}, "validation_error"),
        ({"language": "zh"}, "invalid_request_error"),
        ({"voice_file": ("bob.txt", b"ID3")}, "invalid_request_error"),
        ({"voice_file": ("bob.mp3", bytes((10 << 20) + 1))}, "invalid_request_error"),
    ):
        _, refused = await ask(server, "POST", "/voices", data=form(**{**new, **changed}))
        assert refused["error"]["type"] == code
    assert (await ask(server, "POST", "/voices", data=form(voice_name="eve")))[0] == 422
    assert (await ask(server, "POST", "/voices/bob/aliases", json={"alias": "nova"}))[0] == 422
    assert (await ask(server, "POST", "/voices/bob/aliases", data={"alias": "nova"}))[0] == 201
    assert (await ask(server, "POST", "/voices/anna/aliases", data={"alias": "nova"}))[0] == 409
    assert (await ask(server, "GET", "/v1/voices/nova"))[1]["voice"]["name"] == "bob"
    _, listed = await ask(server, "GET", "/voice-library")
    assert [voice["name"] for voice in listed["voices"]] == ["bob", "marie", "anna"]


async def test_the_default_voice_is_chosen_among_the_library_s(server: FakeChatterboxServer) -> None:
    assert (await ask(server, "POST", "/voices/default", data={"voice_name": "bob"}))[0] == 404
    assert (await ask(server, "POST", "/default-voice", data={"voice_name": "marie"}))[0] == 200
    assert (await ask(server, "GET", "/v1/voices/default"))[1]["voice_info"]["language"] == "fr"
    assert (await ask(server, "DELETE", "/voices/default"))[1]["default_voice"] is None
    assert (await ask(server, "DELETE", "/voices/bob"))[0] == 404


@pytest.mark.parametrize(
    ("wish", "pieces"),
    [
        ({}, [TEXT]),
        ({"streaming_chunk_size": "50"}, ["An owl calls.", TEXT[14:64]]),
        (
            {"streaming_quality": "fast", "streaming_chunk_size": 20},
            ["An owl calls. It", "calls again, from", "the other side of", "the river."],
        ),
        ({"streaming_strategy": "fixed", "streaming_chunk_size": 60}, [TEXT[:60], TEXT[60:]]),
        ({"streaming_quality": "high"}, [TEXT]),
    ],
    ids=["usual", "sentences", "words", "fixed", "paragraphs"],
)
def test_texts_are_cut_as_they_were_wished_to_be(wish: dict[str, Any], pieces: list[str]) -> None:
    assert cut_text(TEXT, wish) == pieces


@pytest.mark.slow
async def test_openai_s_own_client_is_answered(server: FakeChatterboxServer) -> None:
    openai = pytest.importorskip("openai")
    client = openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
    async with client, asyncio.timeout(20.0):
        answer = await client.audio.speech.create(
            model="tts-1", voice="anna", input=TEXT, response_format="mp3", extra_body={"temperature": 0.7}
        )
        assert answer.content[:4] == b"RIFF"
        with pytest.raises(openai.UnprocessableEntityError):
            await client.audio.speech.create(model="tts-1", voice="anna", input=" ")
    assert server.requests[0].voice == "anna"
    assert server.requests[0].wish["temperature"] == 0.7
