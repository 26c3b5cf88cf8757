from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import (
    BadTake,
    ConfigError,
    NarratorError,
    Refused,
    Rejected,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    Unreachable,
)
from narrator.model import AudioChunk, AudioFormat, Container, SpeechEvent, SpeechReceipt, Voice
from narrator.ports import LiveProvider
from narrator.providers import wyoming_line
from narrator.providers.wyoming import Wyoming
from narrator.providers.wyoming_live import sentences_in
from narrator.testing.conformance import TEXT, request_for, speak_whole
from narrator.testing.faults import FAULTS
from narrator.testing.speechlike import frames_for, speech_pcm
from narrator.testing.wyoming_server import FakeWyomingServer, packed

pytestmark = pytest.mark.usefixtures("skipped_waits")

VOICES = ("en_US-joe-medium", "several")
SPEAKERS = {"several": ("ann", "bob")}


def adapter(base_url: str = "", *, timeout_s: float = 5.0, **wishes: Any) -> Wyoming:
    return Wyoming(Speech(provider="wyoming", base_url=base_url, **wishes), Rendering(timeout_s=timeout_s))


async def test_every_byte_of_the_sound_is_handed_over() -> None:
    async with FakeWyomingServer() as server, adapter(server.url) as provider:
        events = [event async for event in provider.speak(request_for(provider, TEXT))]
    chunks = [event for event in events if isinstance(event, AudioChunk)]
    assert {chunk.format for chunk in chunks} == {AudioFormat(Container.PCM, 22_050)}
    assert sound_of(events) == speech_pcm(TEXT, 22_050, frames_for(TEXT, 22_050))
    assert isinstance(events[-1], SpeechReceipt)


async def test_voice_and_speaker_are_asked_for_where_they_are_named() -> None:
    async with FakeWyomingServer(voices=VOICES, speakers=SPEAKERS) as server:
        async with adapter(server.url) as provider:
            await speak_whole(provider, TEXT)
        async with adapter(server.url, voice="several", options={"speaker": "bob"}) as provider:
            await provider.check()
            await speak_whole(provider, TEXT)
    assert "voice" not in server.requests[0].wish
    assert server.requests[1].wish["voice"] == {"name": "several", "speaker": "bob"}


async def test_voices_are_those_that_the_server_tells_of() -> None:
    async with FakeWyomingServer() as server, adapter(server.url) as provider:
        found = await provider.voices()
    assert found[0].id == "default"
    assert found[1] == Voice("en_US-joe-medium", languages=("en-US",), description="en_US-joe-medium, a fake")


async def test_check_refuses_voices_and_speakers_that_are_not_there() -> None:
    async with FakeWyomingServer(voices=VOICES, speakers=SPEAKERS) as server:
        async with adapter(server.url) as provider:
            with pytest.raises(UnknownVoice, match="did you mean 'several'"):
                await provider.check(["severals"])
        async with adapter(server.url, voice="several", options={"speaker": "bo"}) as provider:
            with pytest.raises(UnknownVoice, match="did you mean 'bob'"):
                await provider.check()


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        adapter("http://127.0.0.1", model="joe", speed=1.5, options={"speaker": "ann", "speed": "2"})
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    "base_url",
    [
        "127.0.0.1:10200",
        "tcp://",
        "tcp://me:secret@127.0.0.1",
        "tcp://127.0.0.1/x",
        "tcp://h:port",
        "tcp://[::1",
    ],
)
def test_what_is_no_address_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigError, match="base_url: ") as caught:
        adapter(base_url)
    assert "secret" not in str(caught.value)


def test_the_usual_port_need_not_be_named() -> None:
    assert adapter("tcp://127.0.0.1/").account == adapter().account == "wyoming:127.0.0.1:10200:no key"
    assert adapter().capabilities.usd_per_million_characters == 0


async def test_a_text_without_words_is_refused_unsent() -> None:
    async with FakeWyomingServer() as server, adapter(server.url) as provider:
        with pytest.raises(Rejected):
            await speak_whole(provider, "…")
    assert server.requests == []


# --- servers that no fault of the shipped one makes --------------------------------------------------------

START = packed("audio-start", {"rate": 22_050, "width": 2, "channels": 1})
CHUNK = packed("audio-chunk", {"rate": 22_050, "width": 2, "channels": 1}, bytes(2048))
STOP = packed("audio-stop")


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[Wyoming]:
    """An adapter to a server that answers `synthesize` with these bytes, and tells nothing of itself."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = json.loads(await reader.readline())
        if head["type"] == "synthesize":
            for answer in answers:
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, adapter(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}") as provider:
        yield provider


async def failure(*answers: bytes) -> NarratorError:
    async with answering(*answers) as provider:
        with pytest.raises(NarratorError) as caught:
            await speak_whole(provider, TEXT)
    return caught.value


async def test_a_server_that_tells_nothing_of_itself_may_speak_with_its_own_voice() -> None:
    inline = (
        b'{"type": "audio-chunk", "data": {"rate": 22050, "width": 2, "channels": 1}, "payload_length": 2}\n'
    )
    async with answering(START, packed("pong"), inline, b"\1\2", CHUNK, STOP) as provider:
        await provider.check()
        assert (await speak_whole(provider, TEXT)).data == b"\1\2" + bytes(2048)


async def test_whether_a_server_has_a_voice_is_never_guessed() -> None:
    async with answering(START, CHUNK, STOP) as provider:
        with pytest.raises(Unreachable):
            await provider.check(["anyone"])
        with pytest.raises(Unavailable):
            await anext(provider.speak(replace(request_for(provider, TEXT), voice="anyone")))


async def test_events_are_whole_however_they_are_cut() -> None:
    whole = START + CHUNK + STOP
    async with answering(*(whole[at : at + 7] for at in range(0, len(whole), 7))) as provider:
        assert (await speak_whole(provider, TEXT)).data == bytes(2048)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", Unavailable),
        (b'{"type": "audio-st', Unavailable),
        (START + CHUNK, StreamBroken),
        (START + CHUNK[:-5], StreamBroken),
        (START + STOP, BadTake),
        (STOP, BadTake),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", BadTake),
        (b"[1, 2]\n", BadTake),
        (b'{"type": 5}\n', BadTake),
        (b'{"type": "audio-chunk", "data": []}\n' + STOP, BadTake),
        (b'{"type": "audio-chunk", "data": [1]}\n', BadTake),
        (b'{"type": "audio-chunk", "payload_length": -1}\n', BadTake),
        (b'{"type": "audio-chunk", "payload_length": "9"}\n', BadTake),
        (b'{"type": "audio-chunk", "payload_length": 99999999999}\n', BadTake),
        (b'{"type": "audio-chunk", "data_length": 4}\n!!!!', BadTake),
        (packed("audio-chunk", {"rate": 0, "width": 2, "channels": 1}, b"12"), BadTake),
        (packed("audio-chunk", {"rate": 22_050, "width": 2, "channels": 9}, b"12"), BadTake),
        (packed("audio-chunk", {}, b"12"), BadTake),
        (CHUNK + packed("audio-chunk", {"rate": 16_000, "width": 2, "channels": 1}, b"12"), BadTake),
        (packed("audio-chunk", {"rate": 22_050, "width": 4, "channels": 1}, b"1234"), Refused),
        (packed("error", {"text": "joe", "code": "VoiceNotFoundError"}), UnknownVoice),
        (packed("error", {"text": "out of memory"}), Unavailable),
        (packed("error"), Unavailable),
        (START + CHUNK + packed("error", {"text": "out of memory"}), StreamBroken),
    ],
)
async def test_what_is_no_whole_answer_is_told_by_its_kind(answer: bytes, kind: type[NarratorError]) -> None:
    assert type(await failure(answer)) is kind


async def test_lines_without_end_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wyoming_line, "MOST_HEADER_BYTES", 10_000)
    assert "over 10000 bytes" in str(await failure(b"{" + b" " * 300_000))


# --- a text as it is written -------------------------------------------------------------------------------


def sound_of(events: Sequence[SpeechEvent]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, AudioChunk))


async def written(*pieces: str, then: Callable[[], Awaitable[object]] | None = None) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece
    if then:
        await then()


def spoken(text: str) -> bytes:
    return speech_pcm(text, 22_050, frames_for(text, 22_050))


@pytest.mark.parametrize("takes_pieces", [True, False])
async def test_a_sentence_is_heard_before_the_text_ends(*, takes_pieces: bool) -> None:
    async with FakeWyomingServer(takes_pieces=takes_pieces) as server, adapter(server.url) as provider:
        assert isinstance(provider, LiveProvider)
        heard = asyncio.Event()
        texts = written("The ow", "l slept. Th", "en it ", "", "woke up. ", then=heard.wait)
        events: list[SpeechEvent] = []
        async with asyncio.timeout(5):
            async for event in provider.speak_live(texts, request_for(provider, "")):
                heard.set()
                events.append(event)
    first, second = ("The owl slept. ", "Then it woke up. ")
    if not takes_pieces:
        first, second = first.strip(), second.strip()
    assert sound_of(events) == spoken(first) + spoken(second)
    assert [type(event) for event in events].count(SpeechReceipt) == 1


async def test_the_voice_is_asked_for_in_front_of_a_written_text() -> None:
    async with FakeWyomingServer() as server, adapter(server.url, voice="en_GB-alba-medium") as provider:
        events = provider.speak_live(written("Hello ", "[[there]]."), request_for(provider, ""))
        assert [event async for event in events]
    assert [(request.transport, request.text) for request in server.requests] == [
        ("synthesize-start", "Hello [there]].")
    ]
    assert server.requests[0].voice == "en_GB-alba-medium"


async def test_an_unknown_voice_is_refused_before_any_of_it_is_sent() -> None:
    async with FakeWyomingServer() as server, adapter(server.url, voice="nobody") as provider:
        with pytest.raises(UnknownVoice):
            await anext(provider.speak_live(written("Hello."), request_for(provider, "")))
    assert server.requests == []


@pytest.mark.parametrize("takes_pieces", [True, False])
async def test_what_breaks_the_writing_breaks_the_speaking(*, takes_pieces: bool) -> None:
    async def broken() -> None:
        raise KeyError("the writer")

    async with FakeWyomingServer(takes_pieces=takes_pieces) as server, adapter(server.url) as provider:
        with pytest.raises(KeyError):
            async for _ in provider.speak_live(written("The owl. ", then=broken), request_for(provider, "")):
                pass
        async with asyncio.timeout(2):
            await server.quiet()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("cut", StreamBroken), ("500", Unavailable), ("stall", StreamBroken), ("reset", StreamBroken)],
)
async def test_a_server_that_fails_in_the_middle_is_told_while_the_text_is_written(
    fault: str, kind: type[NarratorError]
) -> None:
    ended = asyncio.Event()
    never_more = asyncio.Event().wait if fault != "stall" else None

    async def texts() -> AsyncIterator[str]:
        try:
            async for piece in written("The owl slept. ", "Then it ", then=never_more):
                yield piece
        finally:
            ended.set()

    async with FakeWyomingServer() as server, adapter(server.url, timeout_s=0.8) as provider:
        server.fail(FAULTS[fault])
        with pytest.raises(kind):
            async for _ in provider.speak_live(texts(), request_for(provider, "")):
                pass
        async with asyncio.timeout(2):
            await ended.wait()


async def test_leaving_it_early_closes_the_connection() -> None:
    async with FakeWyomingServer() as server, adapter(server.url) as provider:
        texts = written("The owl slept. ", "Then", then=asyncio.Event().wait)
        async with aclosing(provider.speak_live(texts, request_for(provider, ""))) as events:
            await anext(events)
        async with asyncio.timeout(2):
            await server.quiet()


@pytest.mark.parametrize("takes_pieces", [True, False])
async def test_nothing_written_is_nothing_to_say(*, takes_pieces: bool) -> None:
    async with FakeWyomingServer(takes_pieces=takes_pieces) as server, adapter(server.url) as provider:
        with pytest.raises(Rejected):
            async for _ in provider.speak_live(written(" ", "…"), request_for(provider, "")):
                pass


async def test_sentences_come_as_soon_as_the_next_begins() -> None:
    pieces = written(
        "He said: “No", "!” Then", " he left… ", "吾輩は猫である。名前は", "まだ無い。 ", "* * *", " The end"
    )
    assert [sentence async for sentence in sentences_in(pieces)] == [
        "He said: “No!”", "Then he left…", "吾輩は猫である。", "名前はまだ無い。", "* * * The end",
    ]  # fmt: skip
