from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from narrator.config import Rendering, Speech
from narrator.errors import (
    BadKey,
    BadTake,
    ConfigError,
    Refused,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    Unreachable,
)
from narrator.model import AudioChunk, AudioFormat, Container, SpeechModel
from narrator.providers.openai import OpenAI
from narrator.testing.conformance import MESSAGE_FAULT_ERRORS, TEXT, RemoteContract, request_for, speak_whole
from narrator.testing.faults import Fault
from narrator.testing.openai_server import FakeSpeechServer
from narrator.testing.speechlike import frames_for, speech_pcm, wav

pytestmark = pytest.mark.usefixtures("skipped_waits")


def adapter(base_url: str = "", *, timeout_s: float = 5.0, **wishes: Any) -> OpenAI:
    return OpenAI(Speech(provider="openai", base_url=base_url, **wishes), Rendering(timeout_s=timeout_s))


class TestOpenAIHoldsTheContract(RemoteContract):
    key_variable = "OPENAI_API_KEY"
    timeout_s = 0.8
    transport = "http"

    def create(self, base_url: str) -> OpenAI:
        return adapter(base_url, timeout_s=self.timeout_s, options={"transport": self.transport})


class TestOpenAIEventsHoldTheContract(TestOpenAIHoldsTheContract):
    transport = "sse"
    fault_errors = MESSAGE_FAULT_ERRORS


@pytest.mark.parametrize("container", ["wav", "pcm", "mp3", "flac"])
async def test_the_format_asked_for_is_the_format_declared(container: str) -> None:
    async with (
        FakeSpeechServer() as server,
        adapter(server.url, options={"response_format": container}) as provider,
    ):
        events = [event async for event in provider.speak(request_for(provider, TEXT))]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    assert {chunk.format for chunk in chunks} == {AudioFormat(Container(container), 24_000)}
    assert server.requests[0].format == container


async def test_every_byte_of_the_answer_is_handed_over() -> None:
    async with FakeSpeechServer() as server, adapter(server.url) as provider:
        spoken = await speak_whole(provider, TEXT)
    pcm = speech_pcm(TEXT, 24_000, frames_for(TEXT, 24_000))
    assert spoken.data == wav(pcm, 24_000, with_list=True)
    assert spoken.receipt is not None
    assert spoken.receipt.ids == {"x-request-id": "req-000001"}


async def test_a_server_without_a_key_is_asked_without_one() -> None:
    async with FakeSpeechServer() as server, adapter(f"{server.url}/v1/") as provider:
        await provider.check()
        await speak_whole(provider, TEXT)
    assert "Authorization" not in server.requests[0].headers
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


async def test_settings_reach_the_server() -> None:
    async with FakeSpeechServer() as server, adapter(server.url, voice="nova", model="tts-1-hd") as provider:
        await speak_whole(provider, TEXT)
    assert (server.requests[0].voice, server.requests[0].model) == ("nova", "tts-1-hd")


async def test_check_refuses_a_voice_that_the_server_does_not_list() -> None:
    async with FakeSpeechServer() as server, adapter(server.url, voice="aloy") as provider:
        with pytest.raises(UnknownVoice, match="did you mean 'alloy'"):
            await provider.check()
    assert server.requests == []


async def test_check_takes_a_mix_of_listed_voices() -> None:
    async with FakeSpeechServer() as server, adapter(server.url, voice="alloy+nova(0.5)") as provider:
        await provider.check()


@pytest.mark.parametrize("voice", ["af_sky-am_adam+af_bella(0.3)", "coral", "en_US-joe-medium"])
async def test_check_takes_mixes_that_subtract_and_names_of_openai(voice: str) -> None:
    listed = ["af_sky", "am_adam", "af_bella", "en_US-joe-medium"]
    async with FakeSpeechServer(voices=listed) as server, adapter(server.url, voice=voice) as provider:
        await provider.check()


async def test_check_refuses_a_model_that_was_named_and_is_not_there() -> None:
    async with FakeSpeechServer() as server:
        async with adapter(server.url, model="tts-2") as provider:
            with pytest.raises(UnknownVoice, match="no model 'tts-2'; did you mean 'tts-1'"):
                await provider.check()
        server.models = ("kokoro",)
        async with adapter(server.url) as provider:  # it named none
            await provider.check()
    assert server.requests == []


async def test_the_models_that_speak_are_listed() -> None:
    body = (
        '{"data": [{"id": "whisper", "task": "automatic-speech-recognition"}, {"id": "kokoro", "task": '
        '"text-to-speech", "language": ["en", "multilingual"]}, {"id": "piper"}, {"name": "nothing"}]}'
    )

    async def models(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body)

    async with _serving("GET", "/v1/models", models) as url, adapter(url) as provider:
        assert await provider.models() == [SpeechModel("kokoro", languages=("en",)), SpeechModel("piper")]


async def test_check_asks_nothing_of_a_server_that_lists_no_voices() -> None:
    async with FakeSpeechServer(lists_voices=False) as server, adapter(server.url, voice="anyone") as provider:
        await provider.check()
        assert await provider.voices() == []


async def test_check_finds_out_a_refused_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    async with FakeSpeechServer(key="sk-right") as server, adapter(server.url) as provider:
        with pytest.raises(BadKey):
            await provider.check()


async def test_the_official_service_wants_a_key() -> None:
    async with adapter() as provider:
        with pytest.raises(BadKey, match="OPENAI_API_KEY"):
            await provider.check()


async def test_the_official_service_names_its_voices_without_being_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    async with adapter() as provider:
        await provider.check()
        assert "alloy" in [voice.id for voice in await provider.voices()]


@pytest.mark.parametrize(
    ("base_url", "model", "price"),
    [("", "tts-1", 15.0), ("", "tts-1-hd", 30.0), ("", "newer", None), ("http://127.0.0.1:9", "tts-1", None)],
)
def test_a_price_is_named_only_where_it_is_known(base_url: str, model: str, price: float | None) -> None:
    assert adapter(base_url, model=model).capabilities.usd_per_million_characters == price


def test_accounts_differ_by_server_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one")
    first, elsewhere = adapter().account, adapter("http://127.0.0.1:9").account
    monkeypatch.setenv("OPENAI_API_KEY", "sk-two")
    assert len({first, elsewhere, adapter().account}) == 3
    assert first == f"openai:api.openai.com:{hashlib.sha256(b'sk-one').hexdigest()[:8]}"


def test_all_wrong_settings_are_told_at_once() -> None:
    options = {
        "respose_format": "wav",
        "response_format": "ulaw",
        "pcm_rate": "much",
        "transport": "ws",
        "extra_body": '{"lang_code": "a", "voice": "b"}',
    }
    with pytest.raises(ConfigError) as caught:
        adapter("localhost:8880", options=options)
    told = "\n".join(caught.value.problems)
    assert "speech.options.respose_format: there is no such option; did you mean 'response_format'?" in told
    assert "speech.options.response_format: 'ulaw' is not one of pcm, wav, mp3, flac" in told
    assert "speech.options.transport: 'ws' is not one of sse, http" in told
    assert "has the field 'voice', for which there is a setting" in told
    assert "speech.options.pcm_rate: 'much' is not a whole number from 8000 to 48000" in told
    assert "speech.base_url: 'localhost:8880' is not an address" in told


@pytest.mark.parametrize("base_url", ["ftp://example.org", "http://", "http://[::1", "http://host:port", "/v1"])
def test_what_is_no_address_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigError, match="is not an address"):
        adapter(base_url)


async def test_what_keeps_it_from_connecting_is_named() -> None:
    async with FakeSpeechServer() as gone:
        pass
    async with adapter(gone.url) as provider:
        with pytest.raises(Unreachable, match="Connection refused"):
            await provider.check()


async def test_a_server_without_tls_is_no_safe_connection() -> None:
    async with FakeSpeechServer() as server, adapter(server.url.replace("http:", "https:")) as provider:
        with pytest.raises(Unavailable, match="No safe connection") as caught:
            await speak_whole(provider, TEXT)
        assert not caught.value.connected
        with pytest.raises(Unreachable):
            await provider.check()


async def test_a_list_of_voices_that_never_comes_is_done_without() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    assert await _voices_listed_by(broken) == []


@pytest.mark.parametrize("base_url", ["https://me:secret@example.org", "https://example.org/?key=secret"])
def test_a_key_in_the_address_is_refused_and_not_repeated(base_url: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        adapter(base_url)
    assert "secret" not in str(caught.value)


async def test_an_endless_answer_is_cut_off() -> None:
    async with FakeSpeechServer() as server, adapter(server.url) as provider:
        server.fail(Fault(sound="endless noise", sizes_known=False, chunked=True))
        with pytest.raises(BadTake, match="more than this text can need"):
            await speak_whole(provider, "Short.")
        async with asyncio.timeout(2.0):
            await server.quiet()


# --- answers that no fault of the shipped server makes ---------------------------------------------------

Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


@contextlib.asynccontextmanager
async def _serving(method: str, path: str, handler: Handler) -> AsyncIterator[str]:
    """The root of a server that answers one path by `handler`."""
    app = web.Application()
    app.router.add_route(method, path, handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _spoken_by(handler: Handler, *, request_speed: float = 1.0, **wishes: Any) -> bytes:
    """What the adapter makes of a server that answers by `handler`."""
    async with _serving("POST", "/v1/audio/speech", handler) as url, adapter(url, **wishes) as provider:
        request = replace(request_for(provider, TEXT), speed=request_speed)
        events = [event async for event in provider.speak(request)]
    return b"".join(event.data for event in events if isinstance(event, AudioChunk))


def _ended_by_closing(body: bytes) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        request.transport.close()
        return web.Response()

    return handler


async def test_an_answer_that_ends_by_closing_counts_where_its_header_proves_it_whole() -> None:
    whole = wav(bytes(48_000), 24_000)
    assert await _spoken_by(_ended_by_closing(whole)) == whole


_NEVER_ENDING = wav(bytes(48_000), 24_000, sizes_known=False)


@pytest.mark.parametrize(
    ("body", "options", "advice"),
    [
        (_NEVER_ENDING, {}, "Use a proxy before it"),
        (bytes(48_000), {"response_format": "pcm"}, "Use --option response_format=wav, or a proxy"),
    ],
    ids=["unknown size", "no header"],
)
async def test_a_server_that_never_says_where_an_answer_ends_is_refused_with_the_way_out(
    body: bytes, options: dict[str, str], advice: str
) -> None:
    with pytest.raises(Refused, match="where an answer ends") as caught:
        await _spoken_by(_ended_by_closing(body), options=options)
    assert caught.value.advice.startswith(advice)


async def test_one_answer_without_an_end_is_asked_for_again_where_others_have_one() -> None:
    whole = wav(bytes(48_000), 24_000)
    answers = [web.Response(body=whole)]

    async def handler(request: web.Request) -> web.StreamResponse:
        return answers.pop() if answers else await _ended_by_closing(_NEVER_ENDING)(request)

    async with _serving("POST", "/v1/audio/speech", handler) as url, adapter(url) as provider:
        assert (await speak_whole(provider, TEXT)).data == whole
        with pytest.raises(StreamBroken, match="may be cut"):
            await speak_whole(provider, TEXT)


@pytest.mark.parametrize("kept", [-2, 5])
async def test_an_answer_that_ends_by_closing_too_early_may_be_asked_for_again(kept: int) -> None:
    with pytest.raises(StreamBroken, match="broke off"):
        await _spoken_by(_ended_by_closing(wav(bytes(48_000), 24_000)[:kept]))


async def test_sound_labelled_as_text_is_still_sound() -> None:
    whole = wav(bytes(48_000), 24_000)

    async def mislabelled(request: web.Request) -> web.StreamResponse:
        return web.Response(body=whole, content_type="text/html")

    assert await _spoken_by(mislabelled) == whole


@pytest.mark.parametrize(
    ("headers", "rate_hz"),
    [
        ({"x-sample-rate": "22050"}, 22_050),
        ({"Content-Type": "audio/pcm; rate=16000"}, 16_000),
        ({"x-sample-rate": "much", "Content-Type": "audio/pcm"}, 48_000),
        ({"x-sample-rate": "0"}, 48_000),
    ],
)
async def test_the_rate_of_pcm_is_what_the_answer_tells_else_what_was_configured(
    headers: dict[str, str], rate_hz: int
) -> None:
    async def telling(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(480), headers=headers)

    options = {"response_format": "pcm", "pcm_rate": "48000"}
    async with _serving("POST", "/v1/audio/speech", telling) as url, adapter(url, options=options) as provider:
        assert (await speak_whole(provider, TEXT)).format == AudioFormat(Container.PCM, rate_hz)


@pytest.mark.parametrize("value", ["", "a", "[1]", "null", "[" * 5000])
def test_an_extra_body_is_a_json_object(value: str) -> None:
    with pytest.raises(ConfigError, match="is not a JSON object"):
        adapter(options={"extra_body": value})


async def test_fields_that_only_this_server_knows_are_sent_and_are_part_of_the_sound() -> None:
    options = {"extra_body": ' {"volume_multiplier": 1.5,"lang_code":"a"}', "transport": "sse"}
    async with FakeSpeechServer() as server, adapter(server.url, options=options) as provider:
        await speak_whole(provider, TEXT)
    assert {"lang_code": "a", "volume_multiplier": 1.5}.items() <= server.requests[0].wish.items()
    assert provider.sound_options == {"extra_body": '{"lang_code": "a", "volume_multiplier": 1.5}'}


def test_options_of_before_are_in_the_key_as_they_were() -> None:
    options = {"response_format": "pcm", "pcm_rate": "22050", "instructions": "Softly."}
    assert adapter(options={**options, "transport": "http"}).sound_options == options
    assert adapter().sound_options == {}


def test_events_are_not_asked_of_openai_s_models_that_send_none() -> None:
    with pytest.raises(ConfigError, match="'tts-1' sends no events"):
        adapter(options={"transport": "sse"})
    assert adapter(model="gpt-4o-mini-tts", options={"transport": "sse"}).capabilities.transports == (
        "sse",
        "http",
    )


def test_a_voice_made_at_openai_is_named_as_an_object() -> None:
    official, other = adapter(voice="voice_1234"), adapter("http://127.0.0.1:9", voice="voice_1234")
    assert official._wish(request_for(official, TEXT))["voice"] == {"id": "voice_1234"}
    assert other._wish(request_for(other, TEXT))["voice"] == "voice_1234"


async def test_speed_and_instructions_are_sent_only_where_wished() -> None:
    bodies = []

    async def listening(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        return web.Response(body=bytes(480))

    await _spoken_by(listening)
    await _spoken_by(listening, options={"instructions": "Softly."})
    await _spoken_by(listening, request_speed=1.5)
    assert set(bodies[0]) == {"model", "input", "voice", "response_format"}
    assert bodies[1]["instructions"] == "Softly."
    assert bodies[2]["speed"] == 1.5


@pytest.mark.parametrize(
    "listed",
    [
        '["ann", "bob"]',
        '{"voices": [{"id": "ann", "name": "Ann"}, {"voice_id": "bob"}]}',
        '{"object": "list", "data": [{"name": "ann"}, {"name": "bob"}]}',
    ],
)
async def test_voice_lists_are_read_in_every_shape_in_use(listed: str) -> None:
    async def voices(request: web.Request) -> web.StreamResponse:
        return web.Response(text=listed, content_type="application/octet-stream")

    assert await _voices_listed_by(voices) == ["ann", "bob"]


@pytest.mark.parametrize("said", ["<html>", "[1, 2]", "{}", "null", '{"voices": 3}', "", "[" * 5000])
async def test_what_is_no_voice_list_is_none(said: str) -> None:
    async def voices(request: web.Request) -> web.StreamResponse:
        return web.Response(text=said, content_type="text/html")

    assert await _voices_listed_by(voices) == []


async def _voices_listed_by(handler: Handler) -> list[str]:
    async with _serving("GET", "/v1/audio/voices", handler) as url, adapter(url) as provider:
        return [voice.id for voice in await provider.voices()]
