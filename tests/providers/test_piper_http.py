from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from aiohttp import web

from narrator.config import Rendering, Speech
from narrator.errors import ConfigError, Rejected, StreamBroken, Unavailable, UnknownVoice, Unreachable
from narrator.model import AudioChunk, AudioFormat, Container
from narrator.providers.piper_http import PiperHttp
from narrator.providers.voice_files import language_in
from narrator.testing.conformance import TEXT, request_for, speak_whole
from narrator.testing.piper_server import FakePiperServer, voice_config
from narrator.testing.speechlike import frames_for, speech_pcm, wav

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NO_PAGES: Mapping[str, Handler] = MappingProxyType({})
SEVERAL = voice_config(speakers={"ann": 0, "bob": 1})


def adapter(base_url: str = "", **wishes: Any) -> PiperHttp:
    return PiperHttp(Speech(provider="piper-http", base_url=base_url, **wishes), Rendering(timeout_s=5.0))


async def test_an_answer_is_the_wav_that_came_though_it_calls_itself_a_page() -> None:
    async with FakePiperServer() as server, adapter(server.url) as provider:
        events = [event async for event in provider.speak(request_for(provider, TEXT))]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    assert {chunk.format for chunk in chunks} == {AudioFormat(Container.WAV, 22_050)}
    pcm = speech_pcm(TEXT, 22_050, frames_for(TEXT, 22_050))
    assert b"".join(chunk.data for chunk in chunks) == wav(pcm, 22_050)


async def test_only_what_is_wished_is_sent() -> None:
    async with FakePiperServer() as server:
        async with adapter(server.url) as provider:
            await speak_whole(provider, TEXT)
        options = {"length_scale": "1.20", "noise_scale": "0", "noise_w_scale": "0.5"}
        async with adapter(server.url, voice="en_GB-alba-medium", options=options) as provider:
            await speak_whole(provider, TEXT)
    assert server.requests[0].wish == {"text": TEXT}
    numbers = {"length_scale": 1.2, "noise_scale": 0.0, "noise_w_scale": 0.5}
    assert server.requests[1].wish == {"text": TEXT, "voice": "en_GB-alba-medium", **numbers}


async def test_speed_is_on_top_of_the_voice_s_own_pace() -> None:
    slow = voice_config()
    slow["inference"]["length_scale"] = 1.5
    async with FakePiperServer(configs={"en_US-joe-medium": slow}) as server:
        for options in ({}, {"length_scale": "2"}):
            async with adapter(server.url, options=options) as provider:
                request = replace(request_for(provider, TEXT), speed=2.0)
                assert [event async for event in provider.speak(request)]
    assert [request.wish["length_scale"] for request in server.requests] == [0.75, 1.0]


@pytest.mark.parametrize(("option", "value", "sent"), [("speaker", "bob", "bob"), ("speaker_id", "1", 1)])
async def test_a_speaker_is_sent_by_name_or_by_number(option: str, value: str, sent: object) -> None:
    async with (
        FakePiperServer(voices=["several"], configs={"several": SEVERAL}) as server,
        adapter(server.url, options={option: value}) as provider,
    ):
        await provider.check()
        await speak_whole(provider, TEXT)
    assert server.requests[0].wish == {"text": TEXT, option: sent}


async def test_a_speaker_that_the_server_would_replace_in_silence_is_refused() -> None:
    async with (
        FakePiperServer(voices=["several"], configs={"several": SEVERAL}) as server,
        adapter(server.url, options={"speaker": "bo"}) as provider,
    ):
        with pytest.raises(UnknownVoice, match="did you mean 'bob'"):
            await provider.check()
        with pytest.raises(UnknownVoice):
            await speak_whole(provider, TEXT)
    assert server.requests == []


async def test_check_refuses_a_voice_that_the_server_would_replace_in_silence() -> None:
    async with FakePiperServer() as server, adapter(server.url) as provider:
        await provider.check(["en_GB-alba-medium"])
        with pytest.raises(UnknownVoice, match="did you mean 'en_GB-alba-medium'"):
            await provider.check(["en_GB-alba-low"])


async def test_a_voice_is_known_whose_name_the_server_s_list_cuts_short() -> None:
    # piper-tts 1.8 lists 'en_US-jason' as 'en_US-ja', and knows it by its whole name alone.
    async with (
        FakePiperServer(voices=["en_US-ja"]) as server,
        adapter(server.url, voice="en_US-jason") as provider,
    ):
        await provider.check()
        await speak_whole(provider, TEXT)
    assert server.requests[0].wish["voice"] == "en_US-jason"


async def test_an_older_server_speaks_at_another_route_and_lists_nothing() -> None:
    async with (
        FakePiperServer(lists_voices=False, route="/") as server,
        adapter(server.url, voice="anyone") as provider,
    ):
        await provider.check()
        assert [voice.id for voice in await provider.voices()] == ["default"]
        await speak_whole(provider, TEXT)
    assert [request.text for request in server.requests] == [TEXT]


async def test_whether_a_server_has_a_voice_is_never_guessed() -> None:
    async def fails(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    async def speaks(request: web.Request) -> web.StreamResponse:
        return web.Response(body=wav(bytes(4800), 22_050))

    async with answering(speaks, {"/voices": fails}) as provider:
        await provider.check()
        await speak_whole(provider, TEXT)
        with pytest.raises(Unreachable, match="500"):
            await provider.check(["anyone"])
        with pytest.raises(Unavailable, match="500"):
            await anext(provider.speak(replace(request_for(provider, TEXT), voice="anyone")))


async def test_a_server_below_a_path_is_asked_there() -> None:
    with pytest.raises(Unreachable):
        async with adapter("http://127.0.0.1:9/piper") as provider:
            await provider.check()
    assert str(adapter("http://127.0.0.1:9/piper/")._root) == "http://127.0.0.1:9/piper"


async def test_brackets_that_piper_would_take_for_phonemes_are_not_sent() -> None:
    async with FakePiperServer() as server, adapter(server.url) as provider:
        await speak_whole(provider, "So it was [[1]], and [[[so]]] it stayed [2].")
    assert server.requests[0].text == "So it was [1]], and [so]]] it stayed [2]."


async def test_a_text_without_words_is_refused_unsent() -> None:
    async with FakePiperServer() as server, adapter(server.url) as provider:
        with pytest.raises(Rejected):
            await speak_whole(provider, "* * *")
    assert server.requests == []


def test_the_language_is_that_which_the_voice_is_named_for() -> None:
    assert adapter(voice="de_DE-thorsten-high").capabilities.languages == ("de-DE",)
    assert adapter().capabilities.languages == ()
    assert language_in("joe") == language_in("english") == ""


def test_speech_is_free_and_the_account_is_the_server() -> None:
    assert adapter().capabilities.usd_per_million_characters == 0
    assert adapter().account == "piper-http:127.0.0.1:5000:no key"


def test_all_wrong_settings_are_told_at_once() -> None:
    options = {"speaker": "ann", "speaker_id": "-1", "length_scale": "0"}
    with pytest.raises(ConfigError) as caught:
        adapter("localhost:5000", model="joe", options=options)
    assert len(caught.value.problems) == 5


# --- answers that no fault of the shipped server makes -----------------------------------------------------


@asynccontextmanager
async def answering(speech: Handler, pages: Mapping[str, Handler] = NO_PAGES) -> AsyncIterator[PiperHttp]:
    """An adapter to a server that answers so."""
    app = web.Application()
    app.router.add_post("/synthesize", speech)
    for path, page in pages.items():
        app.router.add_get(path, page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with adapter(f"http://127.0.0.1:{runner.addresses[0][1]}") as provider:
            yield provider
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("kept", [None, -2])
async def test_an_answer_that_ends_by_closing_is_whole_where_its_header_says_so(kept: int | None) -> None:
    body = wav(bytes(48_000), 22_050)

    async def closing(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.0 200 OK\r\n\r\n" + body[:kept])
        request.transport.close()
        return web.Response()

    async with answering(closing) as provider:
        if kept is None:
            assert (await speak_whole(provider, TEXT)).data == body
        else:
            with pytest.raises(StreamBroken, match="broke off"):
                await speak_whole(provider, TEXT)
