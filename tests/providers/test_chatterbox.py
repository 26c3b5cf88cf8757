from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from narrator.config import Rendering, Speech
from narrator.errors import (
    BadTake,
    ConfigError,
    QuotaUsedUp,
    Refused,
    Rejected,
    SpeechError,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    Unreachable,
)
from narrator.model import AudioChunk, AudioFormat, Container, SpeechRequest
from narrator.providers.catalog import create_provider
from narrator.providers.chatterbox import SAMPLE_VOICE, Chatterbox
from narrator.testing.chatterbox_server import DEFAULT_VOICE, FakeChatterboxServer, cut_text
from narrator.testing.conformance import TEXT, request_for, speak_whole
from narrator.testing.fake_server import LoggedRequest
from narrator.testing.faults import Fault
from narrator.testing.speechlike import frames_for, speech_pcm, wav

pytestmark = pytest.mark.usefixtures("skipped_waits")

PCM = speech_pcm(TEXT, 24_000, frames_for(TEXT, 24_000))
SOUND = base64.b64encode(b"\1\2" * 400).decode()
INFO = {"type": "speech.audio.info", "sample_rate": 24_000, "channels": 1, "bits_per_sample": 16}
DELTA = {"type": "speech.audio.delta", "audio": SOUND}
DONE = {"type": "speech.audio.done", "usage": {"input_tokens": 1, "output_tokens": 50, "total_tokens": 51}}


def adapter(base_url: str = "", *, timeout_s: float = 5.0, **wishes: Any) -> Chatterbox:
    return Chatterbox(
        Speech(provider="chatterbox", base_url=base_url, **wishes), Rendering(timeout_s=timeout_s)
    )


@pytest.fixture
async def server() -> AsyncIterator[FakeChatterboxServer]:
    async with FakeChatterboxServer() as server:
        yield server


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "Anna's recording.MP3"
    path.write_bytes(b"ID3 of Anna")
    return path


# --- the three ways -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transport", "container", "expected"),
    [
        ("http", Container.WAV, wav(PCM, 24_000, with_list=True)),
        ("stream", Container.WAV, wav(PCM, 24_000, sizes_known=False)),
        ("sse", Container.PCM, PCM),
    ],
)
async def test_every_byte_of_the_sound_is_handed_over(
    server: FakeChatterboxServer, transport: str, container: Container, expected: bytes
) -> None:
    async with adapter(server.url, options={"transport": "sse"}) as provider:
        events = [event async for event in provider.speak(request_for(provider, TEXT), transport)]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    assert b"".join(chunk.data for chunk in chunks) == expected
    assert {chunk.format for chunk in chunks} == {AudioFormat(container, 24_000)}
    assert server.requests[0].transport == transport


async def test_parameters_go_with_every_request(server: FakeChatterboxServer) -> None:
    options = {
        "transport": "sse",
        "exaggeration": "0.70",
        "cfg_weight": "0.3",
        "temperature": "1",
        "streaming_chunk_size": "50",
        "streaming_strategy": "word",
        "streaming_buffer_size": "2",
        "streaming_quality": "high",
    }
    async with adapter(server.url, voice="marie", options=options) as provider:
        for transport in provider.capabilities.transports:
            await _spoken(provider, transport)
        assert provider.capabilities.transports == ("sse", "stream")
    parameters = {
        "input": TEXT,
        "voice": "marie",
        "exaggeration": 0.7,
        "cfg_weight": 0.3,
        "temperature": 1.0,
        "streaming_chunk_size": 50,
        "streaming_strategy": "word",
        "streaming_buffer_size": 2,
        "streaming_quality": "high",
    }
    assert [request.wish for request in server.requests] == [{**parameters, "stream_format": "sse"}, parameters]


async def test_nothing_is_sent_that_was_not_asked_for(server: FakeChatterboxServer) -> None:
    async with adapter(f"{server.url}/v1/") as provider:
        await _spoken(provider, "http")
    assert server.requests[0].wish == {"input": TEXT, "voice": "alloy"}
    assert server.requests[0].voice == DEFAULT_VOICE
    assert "Authorization" not in server.requests[0].headers


async def test_a_stream_begins_with_its_first_sound_not_with_its_header(server: FakeChatterboxServer) -> None:
    server.fail(Fault(chunked=True, stall_after=44))
    async with adapter(server.url, timeout_s=0.3) as provider:
        with pytest.raises(Unavailable, match="before any sound"):
            await speak_whole(provider, TEXT)


async def test_each_piece_is_handed_over_as_it_comes(server: FakeChatterboxServer) -> None:
    text = "The first sentence. " * 20
    async with adapter(server.url, options={"transport": "sse"}) as provider:
        request = request_for(provider, text)
        chunks = [event async for event in provider.speak(request) if isinstance(event, AudioChunk)]
    assert len(chunks) == len(cut_text(text, {})) == 2


# --- a voice from a recording ---------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["stream", "http"])
async def test_a_recording_goes_along_with_each_text(
    server: FakeChatterboxServer, sample: Path, transport: str
) -> None:
    options = {"voice_sample": str(sample), "temperature": "0.9", "transport": transport}
    gone = sample.unlink
    async with adapter(server.url, options=options) as provider:
        await provider.check(["marie"])
        gone()  # it is the recording as it was that is in the keys
        await speak_whole(provider, '“Œuvre” — naïve\tcafé, 日本, 🦉 \\n "quoted" &amp; <b>\n\nNew')
        marie = replace(request_for(provider, TEXT), voice="marie")
        assert [event async for event in provider.speak(marie)]
    with_sample, from_library = server.requests
    assert with_sample.text == '“Œuvre” — naïve\tcafé, 日本, 🦉 \\n "quoted" &amp; <b>\n\nNew'
    assert with_sample.wish["voice_file"] == b"ID3 of Anna"
    assert with_sample.wish["temperature"] == "0.9"
    assert with_sample.transport == from_library.transport == transport
    assert "voice_file" not in from_library.wish
    assert from_library.voice == "marie"


def test_another_recording_makes_another_take(sample: Path) -> None:
    first = adapter(options={"voice_sample": str(sample)})
    assert first.voice == SAMPLE_VOICE
    assert first.digest_of(first.voice) == hashlib.sha256(b"ID3 of Anna").hexdigest()
    assert first.digest_of("marie") == ""
    moved = sample.rename(sample.with_name("other.mp3"))
    second = adapter(options={"voice_sample": str(moved)})
    moved.write_bytes(b"ID3 of Bob")
    third = adapter(options={"voice_sample": str(moved)})
    keys = [request_for(each, TEXT).key for each in (first, second, third)]
    assert keys[0] == keys[1] != keys[2]


async def test_a_recording_may_be_long(server: FakeChatterboxServer, tmp_path: Path) -> None:
    path = tmp_path / "anna.flac"
    path.write_bytes(b"fLaC" * 500_000)
    async with adapter(server.url, options={"voice_sample": str(path)}) as provider:
        await speak_whole(provider, TEXT)
        await speak_whole(provider, TEXT)
        await provider.clone("Anna", path)
    assert [len(request.wish["voice_file"]) for request in server.requests] == [2_000_000, 2_000_000]
    assert len(server.library.voices["Anna"].data) == 2_000_000


async def test_a_recording_speaks_english(server: FakeChatterboxServer, sample: Path) -> None:
    async with adapter(server.url, options={"voice_sample": str(sample)}) as provider:
        assert list(provider.capabilities.languages) == ["en"]
        await provider.check()
        assert list(provider.capabilities.languages) == ["en"]
        assert SAMPLE_VOICE in [voice.id for voice in await provider.voices()]


async def test_without_a_recording_there_is_no_such_voice(server: FakeChatterboxServer) -> None:
    async with adapter(server.url, voice=SAMPLE_VOICE) as provider:
        with pytest.raises(UnknownVoice):
            await provider.check()


# --- how answers end ------------------------------------------------------------------------------------


async def _spoken(provider: Chatterbox, transport: str = "") -> bytes:
    return await _whole(provider, request_for(provider, TEXT), transport)


async def _whole(provider: Chatterbox, request: SpeechRequest, transport: str = "") -> bytes:
    events = provider.speak(request, transport)
    return b"".join([event.data async for event in events if isinstance(event, AudioChunk)])


def _events(*messages: object) -> Fault:
    body = "".join(f"data: {json.dumps(message)}\n\n" for message in messages)
    return Fault(headers={"Content-Type": "text/event-stream"}, body=body.encode(), chunked=True)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (_events(INFO, DELTA), StreamBroken, "without the event that ends one"),
        (_events(INFO), Unavailable, "before any sound"),
        (_events(), BadTake, "answered with nothing"),
        (_events(INFO, DONE), BadTake, "without a sound"),
        (_events(INFO, {**DELTA, "audio": "&"}, DONE), BadTake, "no base64"),
        (_events(INFO, {**DELTA, "audio": 7}, DONE), BadTake, "no base64"),
        (_events([INFO]), BadTake, "no JSON object"),
        (_events({**INFO, "bits_per_sample": 24}, DELTA, DONE), BadTake, "announces sound of a kind"),
        (_events({**INFO, "sample_rate": "24k"}, DELTA, DONE), BadTake, "announces sound of a kind"),
        (
            _events(INFO, {"error": {"message": "CUDA out of memory", "type": "generation_error"}}),
            Unavailable,
            "said instead of speaking: CUDA out of memory",
        ),
        (
            _events(INFO, DELTA, {"type": "error", "error": {"message": "gone", "type": "internal_error"}}),
            StreamBroken,
            "said instead of speaking: gone",
        ),
        (
            _events(INFO, {"error": {"message": f"No: {TEXT}", "type": "invalid_request_error"}}),
            Rejected,
            r"said instead of speaking: No: \[text\]",
        ),
        (_events({"error": {"message": "no more", "code": "insufficient_quota"}}), QuotaUsedUp, "no more"),
        (replace(_events(INFO, DELTA, DONE), cut_after=len(json.dumps(INFO)) + 8), Unavailable, "before any"),
        (replace(_events(INFO, DELTA, DONE), cut_after=len(json.dumps(INFO)) + 400), Unavailable, "before any"),
        (replace(_events(INFO, DELTA, DELTA, DONE), cut_after=1400), StreamBroken, "broke off"),
    ],
)
async def test_events_that_end_in_another_way_are_no_take(
    server: FakeChatterboxServer, fault: Fault, kind: type[SpeechError], words: str
) -> None:
    server.fail(fault)
    async with adapter(server.url, options={"transport": "sse"}) as provider:
        with pytest.raises(kind, match=words) as caught:
            await _spoken(provider)
    assert type(caught.value) is kind
    assert TEXT[:20] not in str(caught.value)


async def test_events_are_read_as_they_are_meant(server: FakeChatterboxServer) -> None:
    stereo = {**INFO, "sample_rate": 44_100, "channels": 2}
    server.fail(
        _events(stereo, {**DELTA, "audio": ""}, {"type": "speech.audio.more"}, DELTA, DONE, DELTA), times=1
    )
    server.fail(_events(DELTA, DONE))
    async with adapter(server.url, options={"transport": "sse"}) as provider:
        request = request_for(provider, TEXT)
        announced = [event async for event in provider.speak(request) if isinstance(event, AudioChunk)]
        assert announced == [AudioChunk(b"\1\2" * 400, AudioFormat(Container.PCM, 44_100, 2))]
        silent = [event async for event in provider.speak(request) if isinstance(event, AudioChunk)]
        assert silent == [AudioChunk(b"\1\2" * 400, AudioFormat(Container.PCM, 24_000))]


@pytest.mark.parametrize("transport", ["http", "stream"])
@pytest.mark.parametrize("size", [1, 44])
async def test_a_header_alone_is_no_take(server: FakeChatterboxServer, transport: str, size: int) -> None:
    body = wav(b"", 24_000, sizes_known=False)[:size]
    server.fail(Fault(body=body, chunked=True))
    async with adapter(server.url, options={"transport": "stream"}) as provider:
        with pytest.raises(BadTake, match="without a sample"):
            await _spoken(provider, transport)


@pytest.mark.parametrize("transport", ["http", "stream", "sse"])
async def test_a_request_is_over_when_the_server_is_done_with_it(transport: str) -> None:
    async with FakeChatterboxServer() as server, adapter(server.url, options={"transport": "sse"}) as provider:
        server.fail(Fault(chunked=True, lingers_s=0.05))
        await _spoken(provider, transport)
        assert server.requests[0].finished


class Closing(FakeChatterboxServer):
    """As behind a proxy that takes away how an answer says where it ends."""

    body = b""

    async def speak(
        self,
        request: web.Request,
        logged: LoggedRequest,
        body_of: Callable[[Fault], bytes],
        headers: Mapping[str, str],
        *,
        framed: Callable[[bytes], bytes] | None = None,
    ) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + self.body)
        request.transport.close()
        return web.Response()


async def test_an_answer_that_ends_by_closing_counts_where_it_proves_to_be_whole() -> None:
    async with Closing() as server, adapter(server.url, options={"transport": "sse"}) as provider:
        server.body = whole = wav(PCM, 24_000, with_list=True)
        assert await _spoken(provider, "http") == whole
        server.body = whole[:-2]
        with pytest.raises(StreamBroken, match="broke off"):
            await _spoken(provider, "http")
        server.body = wav(PCM, 24_000, sizes_known=False)
        with pytest.raises(Refused, match="where an answer ends") as caught:
            await _spoken(provider, "stream")
        assert "transport=sse" in caught.value.advice
        server.body = "".join(f"data: {json.dumps(each)}\n\n" for each in (INFO, DELTA, DONE)).encode()
        assert await _spoken(provider, "sse") == b"\1\2" * 400


# --- what it refuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["http", "stream", "sse"])
async def test_a_text_longer_than_the_server_takes_is_not_sent(transport: str) -> None:
    async with (
        FakeChatterboxServer(max_total_length=80) as server,
        adapter(server.url, options={"transport": transport}) as provider,
    ):
        with pytest.raises(
            Rejected, match=f"takes 80 characters at once, and this text has {len(TEXT)}"
        ) as caught:
            await speak_whole(provider, TEXT)
        assert "--max-chars 80" in caught.value.advice
        assert server.requests == []


async def test_a_text_that_is_refused_is_not_quoted(server: FakeChatterboxServer) -> None:
    async with adapter(server.url) as provider:
        with pytest.raises(Rejected, match="422: Input text cannot be empty") as caught:
            await speak_whole(provider, " ")
        server.fail(
            Fault(
                status=422,
                headers={"Content-Type": "application/json"},
                body=json.dumps(
                    {
                        "detail": [
                            {
                                "type": "string_too_long",
                                "loc": ["body", "input"],
                                "msg": "too long",
                                "input": TEXT,
                            }
                        ]
                    }
                ).encode(),
            )
        )
        with pytest.raises(Rejected, match="422: too long") as caught:
            await speak_whole(provider, TEXT)
    assert TEXT[:20] not in str(caught.value)


async def test_one_text_at_a_time_is_spoken_and_nothing_is_charged() -> None:
    capabilities = adapter().capabilities
    assert capabilities.concurrency == 1
    assert capabilities.usd_per_million_characters == 0.0
    assert capabilities.max_characters == 3000
    assert adapter(usd_per_million_characters=2.5).capabilities.usd_per_million_characters == 2.5


async def test_two_voices_never_speak_at_once_whatever_was_asked_for(server: FakeChatterboxServer) -> None:
    server.latency_s = 0.02
    async with adapter(server.url, voice="anna") as provider:
        asked = [
            replace(request_for(provider, f"{number}. {TEXT}"), voice=voice)
            for number, voice in enumerate(["anna", "anna", "marie", "anna", "marie", "marie", "anna"])
        ]
        await asyncio.gather(*(_whole(provider, request) for request in asked))
    runs = [
        [request.in_flight for request in run] for _, run in groupby(server.requests, lambda each: each.voice)
    ]
    assert all(run[0] == 1 for run in runs)
    assert server.peak_in_flight == 2


async def test_accounts_are_servers() -> None:
    assert adapter().account == "chatterbox:127.0.0.1:4123:no key"
    assert adapter("http://example.org/v1").account == "chatterbox:example.org:no key"


@pytest.mark.parametrize(("concurrency", "times"), [(0, 0), (1, 0), (2, 1)])
async def test_more_than_one_request_at_once_has_its_danger_told(
    server: FakeChatterboxServer, caplog: pytest.LogCaptureFixture, concurrency: int, times: int
) -> None:
    speech = Speech(provider="chatterbox", base_url=server.url)
    async with Chatterbox(speech, Rendering(concurrency=concurrency)) as provider:
        await provider.check()
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == times
    assert all("let no other render" in words for words in warned)


async def test_it_is_found_by_its_name_and_says_where_nobody_listens() -> None:
    async with FakeChatterboxServer() as gone:
        pass
    provider = create_provider(Speech(provider="chatterbox", base_url=gone.url), Rendering())
    async with provider:
        with pytest.raises(Unreachable, match="Connection refused") as caught:
            await provider.check()
    assert "that the server runs" in caught.value.advice


def test_a_wrong_address_is_told_with_all_the_rest() -> None:
    with pytest.raises(ConfigError) as caught:
        adapter("localhost:4123", speed=2.0, options={"seed": "1"})
    assert len(caught.value.problems) == 3


async def test_a_slow_machine_is_not_taken_for_a_dead_one(server: FakeChatterboxServer) -> None:
    server.latency_s = 0.6
    async with adapter(server.url, timeout_s=1.0) as provider:  # half of it is the usual limit of silence
        assert (await speak_whole(provider, TEXT)).data
