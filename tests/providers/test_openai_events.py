from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from narrator.config import Rendering, Speech
from narrator.errors import (
    AttemptError,
    BadKey,
    BadTake,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    SpeechError,
    StreamBroken,
    Unavailable,
    UnknownVoice,
)
from narrator.model import AudioFormat, Container
from narrator.providers.openai import OpenAI
from narrator.testing.conformance import TEXT, Spoken, speak_whole
from narrator.testing.faults import Fault
from narrator.testing.openai_server import FakeSpeechServer
from narrator.testing.speechlike import wav

SOUND = bytes(range(256)) * 20
WAV = wav(SOUND, 24_000)
DONE = {"type": "speech.audio.done", "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}


def delta(sound: bytes) -> dict[str, Any]:
    return {"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()}


def stream(*said: dict[str, Any] | str) -> bytes:
    """Events with data alone; text stands for itself."""
    return b"".join(
        (each if isinstance(each, str) else f"data: {json.dumps(each)}\n\n").encode() for each in said
    )


@asynccontextmanager
async def provider_of(
    body: bytes, media_type: str = "text/event-stream", **options: str
) -> AsyncIterator[OpenAI]:
    """The adapter before a server that answers so."""

    async def speech(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": media_type})

    app = web.Application()
    app.router.add_post("/v1/audio/speech", speech)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        speech_wishes = Speech(provider="openai", base_url=url, options={"transport": "sse", **options})
        async with OpenAI(speech_wishes, Rendering(timeout_s=5)) as provider:
            yield provider
    finally:
        await runner.cleanup()


async def spoken(body: bytes, media_type: str = "text/event-stream", **options: str) -> Spoken:
    async with provider_of(body, media_type, **options) as provider:
        return await speak_whole(provider, TEXT)


async def test_events_are_asked_for_and_heard() -> None:
    async with FakeSpeechServer() as server:
        speech = Speech(provider="openai", base_url=server.url, options={"transport": "sse"})
        async with OpenAI(speech, Rendering()) as provider:
            by_events = await speak_whole(provider, TEXT)
            by_http = await speak_whole(provider, TEXT, "http")
    assert [request.wish.get("stream_format") for request in server.requests] == ["sse", None]
    assert by_events.data == by_http.data
    assert by_events.receipt is not None
    assert by_events.receipt.ids == {"x-request-id": "req-000001"}


async def test_a_request_is_over_when_the_server_is_done_with_it() -> None:
    async with FakeSpeechServer() as server:
        server.fail(Fault(chunked=True, lingers_s=0.05))
        speech = Speech(provider="openai", base_url=server.url, options={"transport": "sse"})
        async with OpenAI(speech, Rendering(timeout_s=5)) as provider:
            await speak_whole(provider, TEXT)
            assert server.requests[0].finished


async def test_a_server_that_knows_no_events_is_heard_all_the_same() -> None:
    async with FakeSpeechServer(sends_events=False) as server:
        speech = Speech(provider="openai", base_url=server.url, options={"transport": "sse"})
        async with OpenAI(speech, Rendering()) as provider:
            assert (await speak_whole(provider, TEXT)).data.startswith(b"RIFF")


async def test_sound_under_the_label_of_events_is_sound() -> None:
    assert (await spoken(WAV)).data == WAV


@pytest.mark.parametrize("media_type", ["text/event-stream; charset=utf-8", "audio/wav"])
async def test_events_that_nobody_asked_for_are_heard(media_type: str) -> None:
    body = stream(delta(WAV[:1001]), delta(WAV[1001:]), DONE)
    assert (await spoken(body, media_type, transport="http")).data == WAV


@pytest.mark.parametrize(
    "body",
    [
        stream(": warming up\n\n", delta(WAV), DONE),
        stream("retry: 3000\n\n", "id: 1\n", delta(WAV), DONE),
        stream("\n\nevent: speech.audio.delta\r\n", delta(WAV), DONE),
        stream("\ufeff", delta(WAV), DONE, "data: [DONE]\n\n"),
        stream(delta(WAV), "data: [DONE]\n\n"),
        stream(delta(WAV[:500]), {"type": "speech.audio.done", "audio": delta(WAV[500:])["audio"]}),
        stream({"type": "session.begun"}, {"type": "speech.audio.delta", "audio": ""}, delta(WAV), DONE),
    ],
    ids=["comment", "other fields", "named", "BOM", "DONE", "sound at the end", "others between"],
)
async def test_events_are_read_in_every_way_in_use(body: bytes) -> None:
    assert (await spoken(body)).data == WAV


async def test_an_event_says_its_type_by_its_name_alone() -> None:
    audio = {"audio": delta(WAV)["audio"]}
    body = f"event: speech.audio.delta\ndata: {json.dumps(audio)}\n\nevent: speech.audio.done\ndata: {{}}\n\n"
    assert (await spoken(body.encode())).data == WAV


async def test_a_rate_that_comes_first_holds() -> None:
    info = {"type": "speech.audio.info", "sample_rate": 22_050, "channels": 1, "bits_per_sample": 16}
    answer = await spoken(stream(info, delta(SOUND[:5]), delta(SOUND[5:]), DONE))
    assert answer.format == AudioFormat(Container.PCM, 22_050)
    assert answer.pcm(22_050) == SOUND


@pytest.mark.parametrize(
    ("asked", "rate_hz"),
    [({}, 24_000), ({"pcm_rate": "22050"}, 22_050), ({"response_format": "flac"}, 24_000)],
)
async def test_bare_samples_in_events_are_heard_whatever_was_asked_for(
    asked: dict[str, str], rate_hz: int, caplog: pytest.LogCaptureFixture
) -> None:
    body = stream(delta(SOUND[:5]), delta(SOUND[5:]), DONE)
    async with provider_of(body, **asked) as provider:
        answers = [await speak_whole(provider, TEXT) for _ in range(2)]
    assert [answer.format for answer in answers] == [AudioFormat(Container.PCM, rate_hz)] * 2
    assert answers[0].data == SOUND
    assert [f"to have {rate_hz} Hz" in record.getMessage() for record in caplog.records] == [True]


async def test_a_file_in_events_may_begin_with_less_than_its_mark() -> None:
    answer = await spoken(stream(delta(WAV[:2]), delta(WAV[2:]), DONE))
    assert (answer.format.container, answer.data) == (Container.WAV, WAV)


@pytest.mark.parametrize(
    "info", [{"sample_rate": 7}, {"sample_rate": "x"}, {"sample_rate": 16_000, "bits_per_sample": 24}, {}]
)
async def test_a_rate_that_makes_no_sense_is_ignored(info: dict[str, Any]) -> None:
    answer = await spoken(stream({"type": "speech.audio.info", **info}, delta(WAV), DONE))
    assert answer.format.container is Container.WAV


@pytest.mark.parametrize("body", [stream(delta(WAV)), stream(delta(WAV)) + stream(DONE)[:-3]])
async def test_an_answer_without_its_end_is_broken(body: bytes) -> None:
    with pytest.raises(StreamBroken, match="without saying that it is whole"):
        await spoken(body)


async def test_events_that_end_before_any_sound_are_no_answer() -> None:
    with pytest.raises(Unavailable, match="without saying that it is whole"):
        await spoken(stream({"type": "session.begun"}))
    for end in (DONE, "data: [DONE]\n\n"):
        with pytest.raises(BadTake, match="without any sound"):
            await spoken(stream(end))


@pytest.mark.parametrize(
    "body",
    [
        stream({"type": "speech.audio.delta", "audio": "~~ no base64 ~~"}, DONE),
        stream({"type": "speech.audio.delta", "audio": 7}, DONE),
        stream("data: this is no JSON at all\n\n"),
        stream("data: [1, 2]\n\n"),
    ],
)
async def test_events_that_make_no_sense_are_a_bad_take(body: bytes) -> None:
    with pytest.raises(BadTake):
        await spoken(body)


def told(**error: Any) -> dict[str, Any]:
    return {"type": "speech.audio.error", "error": {"message": "It is so.", **error}}


ERRORS: list[tuple[dict[str, Any] | str, type[SpeechError]]] = [
    (told(type="server_error", code=500), Unavailable),
    (told(type="server_error"), Unavailable),
    (told(), Unavailable),
    (told(code="rate_limit_exceeded"), RateLimited),
    (told(code="insufficient_quota"), QuotaUsedUp),
    (told(code=401), BadKey),
    (told(code="invalid_api_key"), BadKey),
    (told(type="invalid_request_error", code=400, param="input"), Rejected),
    (told(type="invalid_request_error", param="voice"), UnknownVoice),
    ({"error": "The model fell over."}, Unavailable),
    ({"type": "error", "message": "The model fell over."}, Unavailable),
    ("event: error\ndata: It fell over.\n\n", Unavailable),
]


@pytest.mark.parametrize(("said", "kind"), ERRORS)
async def test_an_error_instead_of_sound_is_told_by_its_kind(
    said: dict[str, Any] | str, kind: type[SpeechError]
) -> None:
    with pytest.raises(SpeechError) as caught:
        await spoken(stream(said))
    assert type(caught.value) is kind


@pytest.mark.parametrize(("said", "kind"), ERRORS)
async def test_an_error_after_sound_breaks_the_stream_unless_it_ends_the_run(
    said: dict[str, Any] | str, kind: type[SpeechError]
) -> None:
    with pytest.raises(SpeechError) as caught:
        await spoken(stream(delta(WAV), said))
    assert type(caught.value) is (StreamBroken if issubclass(kind, AttemptError) else kind)


async def test_an_error_that_repeats_the_text_is_not_quoted() -> None:
    for code in ("server_error", "unheard-of"):
        with pytest.raises(Unavailable, match=r"Cannot say: \[text\]"):
            await spoken(stream(told(message=f"Cannot say: {TEXT}", code=code)))
