from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from narrator.config import Rendering, Speech
from narrator.errors import SpeechError, Unavailable, UnknownVoice, Unreachable, UsageError
from narrator.model import Voice
from narrator.ports import ModelLister, VoiceCloner
from narrator.providers.chatterbox import Chatterbox
from narrator.testing.chatterbox_server import FakeChatterboxServer
from narrator.testing.conformance import TEXT, speak_whole

pytestmark = pytest.mark.usefixtures("skipped_waits")


def adapter(base_url: str = "", *, timeout_s: float = 5.0, **wishes: Any) -> Chatterbox:
    return Chatterbox(
        Speech(provider="chatterbox", base_url=base_url, **wishes), Rendering(timeout_s=timeout_s)
    )


@pytest.fixture
async def server() -> AsyncIterator[FakeChatterboxServer]:
    async with FakeChatterboxServer() as server:
        yield server


async def _send(server: FakeChatterboxServer, method: str, path: str, **form: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{server.url}{path}", data=form or None) as answer,
    ):
        assert answer.status in (200, 201)


# --- health ---------------------------------------------------------------------------------------------


async def test_check_waits_for_the_model_and_tells_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeChatterboxServer(loads_after=2) as server, adapter(server.url) as provider:
        with caplog.at_level(logging.DEBUG, logger="narrator"):
            await provider.check()
        assert server.requests == []
        assert (await speak_whole(provider, TEXT)).data
    assert sum("is not ready yet: Loading TTS model..." in line for line in caplog.messages) == 1


async def test_a_model_that_is_not_loaded_in_time_is_given_up() -> None:
    async with (
        FakeChatterboxServer(loads_after=1000) as server,
        adapter(server.url, timeout_s=0.2) as provider,
    ):
        with pytest.raises(Unreachable, match=r"has not loaded its model within 0.2 s: Loading TTS") as caught:
            await provider.check()
        assert "rendering.timeout_s" in caught.value.advice
        with pytest.raises(Unavailable, match="has not loaded its model"):
            await speak_whole(provider, TEXT)
    assert server.requests == []


class _SlowToTell(FakeChatterboxServer):
    """Every answer about its health takes a while."""

    tell_s = 0.0

    async def _tell_health(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.tell_s)
        return await super()._tell_health(request)


async def test_the_time_in_which_health_is_asked_for_counts() -> None:
    server = _SlowToTell(loads_after=1000)
    server.tell_s = 0.1
    async with server, adapter(server.url, timeout_s=0.5) as provider:
        began_s = time.monotonic()
        with pytest.raises(Unreachable, match=r"has not loaded its model within 0.5 s: Loading TTS"):
            await provider.check()
        assert time.monotonic() - began_s < 1.0


async def test_a_health_that_is_not_told_is_not_waited_for_as_long_as_a_model() -> None:
    server = _SlowToTell()
    server.tell_s = 60.0
    async with server, adapter(server.url, timeout_s=0.4) as provider:
        with pytest.raises(Unreachable, match="did not answer in time"):
            await provider.check()


async def test_a_model_that_cannot_be_loaded_is_not_waited_for() -> None:
    reason = "Voice sample not found: ./voice-sample.mp3"
    async with FakeChatterboxServer(load_error=reason) as server, adapter(server.url) as provider:
        with pytest.raises(Unreachable, match=f"cannot load its model: {reason}"):
            await provider.check()
        with pytest.raises(Unreachable):
            await speak_whole(provider, TEXT)


@pytest.mark.parametrize("transport", ["http", "stream", "sse"])
async def test_a_server_that_was_started_anew_is_waited_for(
    server: FakeChatterboxServer, transport: str
) -> None:
    async with adapter(server.url, options={"transport": transport}) as provider:
        await speak_whole(provider, TEXT)
        server.loads_after = 2
        with pytest.raises(Unavailable):
            await speak_whole(provider, TEXT)
        assert (await speak_whole(provider, TEXT)).data
    assert [bool(request.billed) for request in server.requests] == [True, False, True]


async def test_what_answers_at_all_is_not_yet_a_chatterbox_server() -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    async def another(request: web.Request) -> web.Response:
        return web.json_response({"status": "healthy"})

    app = web.Application()
    app.router.add_get("/health", page)
    app.router.add_get("/another/health", another)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with adapter(f"http://127.0.0.1:{port}") as provider:
            with pytest.raises(Unreachable, match="no JSON"):
                await provider.check()
        async with adapter(f"http://127.0.0.1:{port}/another") as provider:
            with pytest.raises(Unreachable, match="no Chatterbox TTS API"):
                await provider.check()
        async with adapter(f"http://127.0.0.1:{port}/elsewhere") as provider:
            with pytest.raises(Unreachable, match="check the base URL"):
                await provider.check()
    finally:
        await runner.cleanup()


# --- voices ---------------------------------------------------------------------------------------------


async def test_voices_are_the_library_s_names_and_aliases_and_the_default_one(
    server: FakeChatterboxServer,
) -> None:
    await _send(server, "POST", "/voices/marie/aliases", alias="nova")
    await _send(server, "POST", "/voices/default", voice_name="marie")
    async with adapter(server.url) as provider:
        assert list(await provider.voices()) == [
            Voice("marie", languages=("fr",)),
            Voice("nova", "marie", ("fr",), "alias of marie"),
            Voice("anna", languages=("en",)),
            Voice("alloy", languages=("en",), description="the server's default voice: marie, in English"),
        ]


async def test_a_model_of_one_language_speaks_it_with_every_voice() -> None:
    async with FakeChatterboxServer(is_multilingual=False) as server, adapter(server.url) as provider:
        assert {voice.languages for voice in await provider.voices()} == {("en",)}


async def test_check_looks_up_the_voice_and_those_that_speak_besides(server: FakeChatterboxServer) -> None:
    async with adapter(server.url, voice="Anna") as provider:
        with pytest.raises(UnknownVoice, match="has no voice 'Anna'; did you mean 'anna'") as caught:
            await provider.check()
        assert "default voice" in caught.value.advice
    async with adapter(server.url, voice="anna") as provider:
        await provider.check(["marie", "alloy", "Nova"])
        with pytest.raises(UnknownVoice, match="has no voice 'mario'; did you mean 'marie'"):
            await provider.check(["marie", "mario"])
    assert server.requests == []


async def test_check_learns_the_language_of_the_voice(server: FakeChatterboxServer) -> None:
    for voice, language in (("", "en"), ("anna", "en"), ("marie", "fr"), ("nova", "en")):
        async with adapter(server.url, voice=voice) as provider:
            assert not provider.capabilities.languages
            await provider.check()
            assert list(provider.capabilities.languages) == [language]


async def test_an_alias_is_a_voice(server: FakeChatterboxServer) -> None:
    await _send(server, "POST", "/voices/marie/aliases", alias="alloy")
    async with adapter(server.url) as provider:
        await provider.check()
        await speak_whole(provider, TEXT)
        assert [voice.id for voice in await provider.voices()] == ["marie", "alloy", "anna"]
    assert server.requests[0].voice == "marie"


async def test_a_voice_that_is_deleted_while_it_speaks_is_not_replaced(server: FakeChatterboxServer) -> None:
    async with adapter(server.url, voice="anna") as provider:
        await provider.check()
        await speak_whole(provider, TEXT)
        await _send(server, "DELETE", "/voices/anna")
        with pytest.raises(UnknownVoice):
            await speak_whole(provider, TEXT)
    assert len(server.requests) == 1


@pytest.mark.parametrize("transport", ["http", "stream", "sse"])
async def test_a_default_voice_that_was_deleted_is_given_up_by_the_server(
    server: FakeChatterboxServer, transport: str
) -> None:
    await _send(server, "POST", "/voices/default", voice_name="anna")
    async with adapter(server.url, options={"transport": transport}) as provider:
        await speak_whole(provider, TEXT)
        await _send(server, "DELETE", "/voices/anna")
        with pytest.raises(Unavailable):
            await speak_whole(provider, TEXT)
        assert (await speak_whole(provider, TEXT)).data


async def test_a_server_without_a_library_has_its_default_voice() -> None:
    class Older(FakeChatterboxServer):
        def add_routes(self, router: web.UrlDispatcher) -> None:
            router.add_get("/health", self._tell_health)
            router.add_post("/v1/audio/speech", self._speaker(is_stream=False, is_form=False))

    async with Older() as server:
        async with adapter(server.url, options={"transport": "http"}) as provider:
            await provider.check()
            assert [voice.id for voice in await provider.voices()] == ["alloy"]
            assert (await speak_whole(provider, TEXT)).data
        async with adapter(server.url, voice="anna") as provider:
            with pytest.raises(UnknownVoice, match="there are none here"):
                await provider.check()


async def test_what_is_no_list_of_voices_is_none() -> None:
    class Odd(FakeChatterboxServer):
        body = ""

        def add_routes(self, router: web.UrlDispatcher) -> None:
            router.add_get("/voices", self._say)
            super().add_routes(router)

        async def _say(self, request: web.Request) -> web.Response:
            return web.Response(text=self.body, content_type="application/json")

    async with Odd() as server, adapter(server.url) as provider:
        for server.body in ('{"voices": 3}', "{}", '{"voices": [3, {"name": 4}, null]}'):
            assert [voice.id for voice in await provider.voices()] == ["alloy"]
        server.body = json.dumps({"voices": [{"name": "bob", "aliases": None, "language": None}]})
        assert (await provider.voices())[0] == Voice("bob", languages=("en",))
        server.body = "[]"
        with pytest.raises(Unreachable, match=r"no JSON object. \(asked for /voices\)"):
            await provider.voices()


# --- models ---------------------------------------------------------------------------------------------


async def test_the_models_that_it_names_are_listed(server: FakeChatterboxServer) -> None:
    async with adapter(server.url) as provider:
        assert isinstance(provider, ModelLister)
        (model,) = await provider.models()
    assert model.id == "chatterbox-tts-1"
    assert {"en", "fr"} <= set(model.languages)
    assert model.max_characters == 3000


async def test_check_refuses_a_model_that_the_server_does_not_name(server: FakeChatterboxServer) -> None:
    async with adapter(server.url, model="chatterbox-tts-1") as provider:
        await provider.check()
    async with adapter(server.url, model="tts-1") as provider:
        with pytest.raises(UnknownVoice, match="has no model 'tts-1'; known here: chatterbox-tts-1"):
            await provider.check()


# --- cloning --------------------------------------------------------------------------------------------


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "bob.ogg"
    path.write_bytes(b"OggS Bob")
    return path


async def test_a_recording_becomes_a_voice_of_the_library(
    server: FakeChatterboxServer, recording: Path
) -> None:
    async with adapter(server.url, voice="Bob Ross") as provider:
        assert isinstance(provider, VoiceCloner)
        assert await provider.clone("Bob Ross", recording, language="pt-BR") == Voice(
            "Bob Ross", languages=("pt",)
        )
        await provider.check()
    assert server.library.voices["Bob Ross"].data == b"OggS Bob"
    assert server.library.voices["Bob Ross"].language == "pt"


@pytest.mark.parametrize(
    ("name", "file", "language", "words"),
    [
        ("anna", "bob.ogg", "", "has a voice 'anna' already"),
        ("Bob?", "bob.ogg", "", "cannot be the name of a voice"),
        (" ", "bob.ogg", "", "cannot be the name of a voice"),
        ("Bob", "bob.txt", "", "is none of the recordings"),
        ("Bob", "rob.ogg", "", "cannot be read: No such file"),
        ("Bob", "bob.ogg", "zh", "does not speak 'zh'"),
    ],
)
async def test_what_the_library_would_not_take_is_refused_unsent(  # noqa: PLR0917 - fixtures, and one case
    server: FakeChatterboxServer, recording: Path, name: str, file: str, language: str, words: str
) -> None:
    async with adapter(server.url) as provider:
        with pytest.raises(UsageError, match=words):
            await provider.clone(name, recording.with_name(file), language=language)
    assert set(server.library.voices) == {"anna", "marie"}


async def test_a_voice_that_the_server_refuses_is_none(server: FakeChatterboxServer, recording: Path) -> None:
    async with adapter(server.url) as provider:
        both = await asyncio.gather(
            *(provider.clone("Bob", recording) for _ in range(2)), return_exceptions=True
        )
    assert sorted(type(each).__name__ for each in both) in (["Unavailable", "Voice"], ["UsageError", "Voice"])


async def test_nobody_who_listens_is_told_as_such(recording: Path) -> None:
    async with FakeChatterboxServer() as gone:
        pass
    async with adapter(gone.url) as provider:
        for asking in (provider.voices(), provider.models(), provider.clone("Bob", recording)):
            with pytest.raises(SpeechError, match="Connection refused"):
                await asking
