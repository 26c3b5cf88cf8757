from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from narrator.config import Rendering, Speech
from narrator.errors import (
    BadKey,
    BadTake,
    ConfigError,
    QuotaUsedUp,
    RateLimited,
    Refused,
    SpeechError,
    StreamBroken,
    Unavailable,
    UnknownVoice,
    UsageError,
)
from narrator.model import AudioChunk, AudioFormat, Container, WordTime
from narrator.providers import wire_ws
from narrator.providers.smallest import Smallest
from narrator.testing import smallest_sound
from narrator.testing.conformance import TEXT, request_for, speak_whole
from narrator.testing.fake_server import LoggedRequest
from narrator.testing.faults import Fault
from narrator.testing.smallest_server import FakeSmallestServer
from narrator.testing.speechlike import frames_for, speech_pcm

pytestmark = pytest.mark.usefixtures("skipped_waits")

TRANSPORTS = ["http", "sse", "ws"]


@pytest.fixture(autouse=True)
def _alone_and_unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process has the account; and on a slow machine, too, a socket that rests is still there."""
    monkeypatch.setattr(wire_ws, "_OTHERS_REST_S", 0.0)
    monkeypatch.setattr(wire_ws, "_LONGEST_REST_S", 30.0)


def adapter(base_url: str = "", *, timeout_s: float = 5.0, **wishes: Any) -> Smallest:
    return Smallest(Speech(provider="smallest", base_url=base_url, **wishes), Rendering(timeout_s=timeout_s))


def over(transport: str, **options: str) -> dict[str, str]:
    return {"transport": transport, **options}


# --- settings -------------------------------------------------------------------------------------------


def test_the_plainest_way_is_the_preferred_one() -> None:
    assert adapter().capabilities.transports == ("http",)
    assert adapter(options=over("sse")).capabilities.transports == ("sse", "http")
    assert adapter(options=over("ws")).capabilities.transports == ("ws", "sse", "http")


def test_an_account_speaks_one_text_at_a_time_unless_somebody_says_more() -> None:
    assert adapter().capabilities.concurrency == 1


def test_word_times_come_over_a_websocket_and_no_other_way_will_do() -> None:
    assert adapter(options={"word_timestamps": "true"}).capabilities.transports == ("ws",)
    assert adapter(options={"complete_backoff_ms": "50"}).capabilities.transports == ("ws", "sse", "http")


def test_all_wrong_settings_are_told_at_once() -> None:
    options = {
        "transport": "sse",
        "sample_rate": "22050",
        "output_format": "mulaw",
        "language": "xx",
        "math_notation": "yes",
        "word_timestamps": "true",
        "max_buffer_flush_ms": "1001",
        "complete_backoff_ms": "-1",
        "consistency": "0.5",
        "pronunciation_dicts": "a b",
        "voice_speed": "1",
    }
    with pytest.raises(ConfigError) as caught:
        adapter("localhost:1", speed=2.5, options=options)
    told = "\n".join(caught.value.problems)
    for part in (
        "sample_rate: '22050' is not one of 8000, 16000, 24000, 44100",
        "output_format: 'mulaw' is not one of pcm, wav, mp3, ulaw, alaw",
        "language: 'xx' is not one of auto, en,",
        "math_notation: 'yes' is neither true nor false",
        "word_timestamps: goes over a WebSocket alone: choose transport=ws",
        "max_buffer_flush_ms: '1001' is not a whole number from 0 to 1000",
        "complete_backoff_ms: '-1' is not a whole number from 0 to 10000",
        "consistency: the model lightning_v3.1 does not have it, but lightning-large, lightning-v2",
        "pronunciation_dicts: 'a b' is not a list of identifiers",
        "voice_speed: there is no such option",
        "speech.speed: 2.5 is not between 0.5 and 2",
        "base_url: 'localhost:1' is not an address",
    ):
        assert part in told, part


@pytest.mark.parametrize(
    ("model", "option", "value"),
    [
        ("lightning_v3.1", "language", "ja"),  # the Pro pool's
        ("lightning-large", "math_notation", "true"),
        ("lightning-large", "word_timestamps", "true"),
        ("lightning-large", "sample_rate", "44100"),
        ("lightning-large", "similarity", "1.1"),
        ("lightning_v3.1_pro", "enhancement", "1"),
    ],
)
def test_what_a_model_does_not_have_is_refused_before_anything_is_sent(
    model: str, option: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=option):
        adapter(model=model, options={option: value})


def test_only_what_changes_the_sound_is_in_the_key_and_written_in_one_way() -> None:
    quiet = {
        "transport": "ws",
        "max_characters": "500",
        "sample_rate": "24000",
        "output_format": "wav",
        "math_notation": "false",
        "word_timestamps": "true",
        "max_buffer_flush_ms": "10",
        "complete_backoff_ms": "10",
    }
    assert adapter(options=quiet).sound_options == adapter().sound_options == {}
    loud = {"sample_rate": "44100", "output_format": "mp3", "math_notation": "true", "language": "auto"}
    dictionaries = {"pronunciation_dicts": "d1 , d2"}
    assert adapter(options=loud | dictionaries).sound_options == loud | {"pronunciation_dicts": "d1,d2"}
    old = {"consistency": "0.50", "similarity": ".250", "enhancement": "1"}
    assert adapter(model="lightning-large", options=old).sound_options == {"similarity": "0.25"}


def test_a_model_has_one_name_however_it_is_written() -> None:
    assert adapter(model="lightning-v3.1-pro").model == "lightning_v3.1_pro"
    assert adapter(model="lightning_v3.1_pro").voice == "meher"


def test_what_a_model_speaks_is_known_without_a_connection() -> None:
    assert "ja" not in adapter().capabilities.languages
    assert {"ja", "no", "nb"} <= set(adapter(model="lightning_v3.1_pro").capabilities.languages)
    assert adapter(options={"language": "auto"}).capabilities.languages == ()
    assert not adapter(options={"language": "auto"}).capabilities.uses_language
    assert adapter(options={"max_characters": "140"}).capabilities.max_characters == 140


def test_the_price_is_named_where_it_is_published() -> None:
    assert adapter(model="lightning_v3.1_pro").capabilities.usd_per_million_characters == 19.5
    assert adapter().capabilities.usd_per_million_characters is None
    elsewhere = adapter("http://127.0.0.1:9", model="lightning_v3.1_pro")
    assert elsewhere.capabilities.usd_per_million_characters is None


# --- what is sent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_setting_reaches_the_service_by_its_name_and_type(transport: str) -> None:
    options = over(
        transport,
        sample_rate="16000",
        pronunciation_dicts="d1,d2",
        number_pronunciation_language="hi",
        math_notation="true",
    )
    async with FakeSmallestServer() as server, adapter(server.url, options=options) as provider:
        request = replace(request_for(provider, TEXT), speed=1.5, language="en-GB")
        events = [event async for event in provider.speak(request)]
    wish = dict(server.requests[0].wish)
    assert server.requests[0].transport == transport
    if transport == "ws":
        assert wish.pop("complete_backoff_ms") < 4000
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", wish.pop("request_id"))
    assert wish == {
        "text": TEXT,
        "voice_id": "magnus",
        "model": "lightning_v3.1",
        "sample_rate": 16000,
        "output_format": "pcm",
        "speed": 1.5,
        "language": "en",
        "pronunciation_dicts": ["d1", "d2"],
        "number_pronunciation_language": "hi",
        "math_notation": True,
    }
    sound = b"".join(event.data for event in events if isinstance(event, AudioChunk))
    assert sound == speech_pcm(TEXT, 16_000, frames_for(TEXT, 16_000, 1.5))


async def test_socket_settings_go_over_sockets_and_not_with_what_stands_in_for_them() -> None:
    options = over("ws", max_buffer_flush_ms="100", complete_backoff_ms="50")
    async with FakeSmallestServer() as server, adapter(server.url, options=options) as provider:
        for transport in provider.capabilities.transports:
            request = request_for(provider, TEXT)
            assert [event async for event in provider.speak(request, transport)]
    sent = [set(request.wish) & {"max_buffer_flush_ms", "complete_backoff_ms"} for request in server.requests]
    assert sent == [{"max_buffer_flush_ms", "complete_backoff_ms"}, set(), set()]
    assert [request.transport for request in server.requests] == ["ws", "sse", "http"]


@pytest.mark.parametrize(("tag", "sent"), [("nb-NO", "no"), ("pt-BR", "pt"), ("la", None), ("", None)], ids=str)
async def test_a_language_is_sent_where_the_service_has_a_code_for_it(tag: str, sent: str | None) -> None:
    async with FakeSmallestServer() as server, adapter(server.url, model="lightning_v3.1_pro") as provider:
        await _collected(provider, language=tag)
    assert server.requests[0].wish.get("language") == sent


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("container", ["pcm", "wav", "mp3", "ulaw", "alaw"])
async def test_every_format_becomes_the_same_sound(transport: str, container: str) -> None:
    options = over(transport, output_format=container)
    async with FakeSmallestServer() as server, adapter(server.url, options=options) as provider:
        spoken = await speak_whole(provider, TEXT)
    assert spoken.format == AudioFormat(Container(container), 24_000)
    frames = frames_for(TEXT, 24_000)
    assert abs(len(spoken.pcm(24_000)) // 2 - frames) <= (0 if container != "mp3" else 2400)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_receipt_has_the_service_s_ids(transport: str) -> None:
    async with FakeSmallestServer() as server, adapter(server.url, options=over(transport)) as provider:
        spoken = await speak_whole(provider, TEXT)
    assert spoken.receipt is not None
    assert spoken.receipt.ids["request_id"] == "task_000001"
    assert spoken.receipt.characters_billed == len(TEXT)


async def test_words_come_with_their_times() -> None:
    options = {"word_timestamps": "true"}
    async with FakeSmallestServer() as server, adapter(server.url, options=options) as provider:
        events = await _collected(provider)
    words = [event for event in events if isinstance(event, WordTime)]
    assert [word.word for word in words] == TEXT.split()
    assert words[5] == WordTime(TEXT.split()[5], 500, 580)


async def _collected(provider: Smallest, **changes: Any) -> list[Any]:
    return [event async for event in provider.speak(replace(request_for(provider, TEXT), **changes))]


# --- the ends of answers ---------------------------------------------------------------------------------


def _sse(*events: str) -> Fault:
    return Fault(headers={"Content-Type": "text/event-stream"}, body="".join(events).encode(), chunked=True)


CHUNK = 'event: audio\ndata: {"audio":"AAAAAAAA","done":false,"status":"206"}\n\n'
BARE_CHUNK = 'data: {"audio":"AAAAAAAA"}\n\n'


@pytest.mark.parametrize(
    "events",
    [
        [CHUNK, CHUNK, 'data: {"status":"200","done":true}\n\n'],
        [BARE_CHUNK, BARE_CHUNK, 'data: {"done":true}\n\n'],
        [BARE_CHUNK, ": keep-alive\n\n", BARE_CHUNK, 'data: {"done":true}'],
        [CHUNK, 'data: {"audio":"AAAAAAAA","done":true}\r\n\r\n'],
    ],
    ids=["as captured", "as documented", "with comments and no last line end", "sound in the last one"],
)
async def test_a_stream_is_read_in_every_shape_in_use(events: list[str]) -> None:
    async with FakeSmallestServer() as server, adapter(server.url, options=over("sse")) as provider:
        server.fail(_sse(*events))
        assert (await speak_whole(provider, TEXT)).data == bytes(12)


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ([CHUNK, CHUNK], StreamBroken),
        ([BARE_CHUNK], StreamBroken),
        ([": hello\n\n"], BadTake),
        (['data: {"status":"processing"}\n\n'], Unavailable),
        (['data: {"done":true}\n\n'], BadTake),
        (["data: not json\n\n"], BadTake),
        ([CHUNK, 'data: {"audio":"???","done":false}\n\n'], BadTake),
        (['event: error\ndata: {"error":"TooManyRequests","message":"Concurrency limit"}\n\n'], RateLimited),
        (['data: {"status":"error","error":[{"path":["voice_id"],"message":"Invalid"}]}\n\n'], UnknownVoice),
        (['data: {"status":"429","message":"Too many"}\n\n'], RateLimited),
        (['data: {"status":"error","message":"Concurrency limit: upgrade your plan"}\n\n'], RateLimited),
        (['data: {"status":"error","message":"Connection timed out"}\n\n'], Unavailable),
        (['data: {"status":"error","error_code":"MODEL_DEPRECATED","message":"It is gone."}\n\n'], Refused),
        (['data: {"error":{"message":"usage limit reached","code":"Forbidden"}}\n\n'], QuotaUsedUp),
        ([CHUNK, "event: error\ndata: it broke\n\n"], StreamBroken),
        (["event: error\ndata: it broke\n\n"], Unavailable),
    ],
    ids=str,
)
async def test_a_stream_that_ends_otherwise_is_told_by_its_kind(
    events: list[str], kind: type[SpeechError]
) -> None:
    async with FakeSmallestServer() as server, adapter(server.url, options=over("sse")) as provider:
        server.fail(_sse(*events))
        with pytest.raises(SpeechError) as caught:
            await speak_whole(provider, TEXT)
    assert type(caught.value) is kind, caught.value


async def test_an_answer_whose_end_nobody_can_tell_is_refused_with_the_way_out() -> None:
    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        server.fail(Fault(open_ended=True))
        with pytest.raises(Refused, match="where an answer ends") as caught:
            await speak_whole(provider, TEXT)
    assert "transport=sse" in caught.value.advice


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("closes_sockets", [False, True])
async def test_a_socket_serves_one_request_after_another(is_old: bool, closes_sockets: bool) -> None:  # noqa: FBT001 - parametrised
    async with (
        FakeSmallestServer(is_old=is_old, closes_sockets=closes_sockets) as server,
        adapter(server.url, options=over("ws")) as provider,
    ):
        for number in range(4):
            assert (await speak_whole(provider, f"{TEXT} {number}")).data
    assert server.opened_sockets == (4 if closes_sockets else 1)
    assert server.peak_sockets == 1
    assert len(server.requests) == 4


async def test_an_account_of_one_has_one_socket_whoever_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_ws, "_LONGEST_REST_S", 0.05)
    monkeypatch.setattr(wire_ws, "_OTHERS_REST_S", 0.15)
    async with (
        FakeSmallestServer() as server,
        adapter(server.url, options=over("ws")) as ours,
        adapter(server.url, options=over("ws")) as theirs,
    ):
        for provider in (ours, theirs, ours):
            await speak_whole(provider, TEXT)
    assert server.peak_sockets == 1


class _LateServer(FakeSmallestServer):
    """It sends `late` messages beside its third answer: `before` it, or before its end."""

    late: tuple[str, ...] = ()
    before = True

    async def _speak_messages(
        self, request: web.Request, websocket: web.WebSocketResponse, logged: LoggedRequest, fault: Fault
    ) -> None:
        late = self.late if logged.number == 3 else ()
        for message in late if self.before else ():
            await websocket.send_str(message)
        await super()._speak_messages(request, websocket, logged, fault)
        for message in () if self.before else late:
            await websocket.send_str(message)


FIRST = {"request_id": "task_000001"}
ELSEWHERE = {"request_id": "task_000009"}
STRANGE = {"request_id": "task_000003", "external_request_id": "another's"}


def _late(ids: Mapping[str, str], *statuses: str) -> tuple[str, ...]:
    data = {"data": {"audio": "AAAAAAAA"}}
    return tuple(
        json.dumps({**ids, "status": status, **(data if status == "chunk" else {})}) for status in statuses
    )


@pytest.mark.parametrize(
    ("late", "before", "kind"),
    [
        (_late(FIRST, "chunk", "complete"), True, Unavailable),
        (_late(FIRST, "complete"), True, Unavailable),
        (_late(FIRST, "error"), True, Unavailable),
        (_late(STRANGE, "chunk", "complete"), True, Unavailable),
        (_late({}, "complete"), True, Unavailable),
        (_late(FIRST, "complete"), False, StreamBroken),
        (_late(ELSEWHERE, "chunk"), False, StreamBroken),
    ],
    ids=["an answer", "its end", "a complaint", "somebody else's", "a nameless end", "within", "unheard of"],
)
async def test_what_belongs_to_another_answer_becomes_no_part_of_this_one(
    late: tuple[str, ...],
    before: bool,  # noqa: FBT001 - parametrised
    kind: type[SpeechError],
) -> None:
    async with _LateServer() as server, adapter(server.url, options=over("ws")) as provider:
        server.late, server.before = late, before
        await speak_whole(provider, TEXT)
        await speak_whole(provider, "The second text.")
        with pytest.raises(kind, match="mixed up its answers"):
            await speak_whole(provider, "The third text.")
        for text in ("The fourth text.", "The fifth text."):
            assert (await speak_whole(provider, text)).data == speech_pcm(
                text, 24_000, frames_for(text, 24_000)
            )
    assert server.opened_sockets == 3  # nor is a socket used twice any more


@pytest.mark.parametrize("ids", [{}, {"request_id": "r"}, {"request_id": 7}], ids=str)
async def test_a_service_that_does_not_name_its_answers_is_understood(
    ids: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smallest_sound, "ids_of", lambda _number, _wish: ids)
    async with FakeSmallestServer() as server, adapter(server.url, options=over("ws")) as provider:
        for number in range(4):
            assert (await speak_whole(provider, f"{TEXT} {number}")).data
    assert server.opened_sockets == 1


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("401", BadKey),
        ("429", RateLimited),
        ("quota", QuotaUsedUp),
        ("plan", QuotaUsedUp),
        ("500", Unavailable),
    ],
)
async def test_complaints_over_a_socket_are_understood_in_both_shapes(
    fault: str,
    kind: type[SpeechError],
    is_old: bool,  # noqa: FBT001 - parametrised
) -> None:
    async with (
        FakeSmallestServer(is_old=is_old) as server,
        adapter(server.url, options=over("ws")) as provider,
    ):
        server.fail(server.faults[fault])
        with pytest.raises(SpeechError) as caught:
            await speak_whole(provider, TEXT)
    assert type(caught.value) is kind, caught.value


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_account_of_one_that_is_asked_for_two_says_so(transport: str) -> None:
    async with (
        FakeSmallestServer(concurrency=1, latency_s=0.2) as server,
        adapter(server.url, options=over(transport)) as provider,
    ):
        first = provider.speak(request_for(provider, TEXT))
        second = provider.speak(request_for(provider, "Another text."))
        ends = await asyncio.gather(anext(first), anext(second), return_exceptions=True)
        await first.aclose()
        await second.aclose()
    refused = [end for end in ends if isinstance(end, RateLimited)]
    assert len(refused) == 1
    assert refused[0].is_concurrency


class _BlockingSockets(FakeSmallestServer):
    """Behind something that lets no WebSocket through."""

    status = 426

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=self.status)


@pytest.mark.parametrize("status", [404, 405, 426])
async def test_where_no_websocket_gets_through_another_transport_may(status: int) -> None:
    server = _BlockingSockets()
    server.status = status
    async with server, adapter(server.url, options=over("ws")) as provider:
        with pytest.raises(Unavailable, match="opens no WebSocket here"):
            await speak_whole(provider, TEXT)
        assert [event async for event in provider.speak(request_for(provider, TEXT), "sse")]


async def test_the_slot_of_a_stream_is_free_when_it_ends() -> None:
    async with (
        FakeSmallestServer(concurrency=1) as server,
        adapter(server.url, options=over("sse")) as provider,
    ):
        for number in range(5):
            await speak_whole(provider, f"{TEXT} {number}")
    assert server.peak_in_flight == 1


# --- the retired models -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["lightning-large", "lightning-v2"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_retired_model_is_final_and_says_what_to_use(model: str, transport: str) -> None:
    async with (
        FakeSmallestServer() as server,
        adapter(server.url, model=model, options=over(transport)) as provider,
    ):
        for asked in (provider.check(), provider.voices(), speak_whole(provider, TEXT)):
            with pytest.raises(Refused, match="retired") as caught:
                await asked
            assert "--model lightning_v3.1" in caught.value.advice
            assert "/waves/v1/lightning-v3.1/get_speech" in caught.value.advice
    assert server.billed_characters == 0


@pytest.mark.parametrize("transport", ["", *TRANSPORTS])
async def test_a_server_that_still_has_an_old_model_is_spoken_to_as_of_old(transport: str) -> None:
    options = {"consistency": "0.7", "similarity": "0.2", "enhancement": "0.5"}
    async with (
        FakeSmallestServer(is_retired=False, voices=("chirag",)) as server,
        adapter(
            server.url, model="lightning-large", options=options | (over(transport) if transport else {})
        ) as provider,
    ):
        await provider.check()
        spoken = await speak_whole(provider, TEXT)
    assert spoken.data == speech_pcm(TEXT, 24_000, frames_for(TEXT, 24_000))
    wish = server.requests[0].wish
    assert (wish["consistency"], wish["similarity"], wish["enhancement"]) == (0.7, 0.2, 0.5)
    assert "model" not in wish
    assert server.requests[0].transport == (transport or "sse")


async def test_an_old_stream_may_just_end() -> None:
    async with (
        FakeSmallestServer(is_retired=False) as server,
        adapter(server.url, model="lightning-large", voice="magnus") as provider,
    ):
        server.fail(_sse(BARE_CHUNK, BARE_CHUNK))
        assert (await speak_whole(provider, TEXT)).data == bytes(12)
        server.recover()
        server.fail(_sse(CHUNK, CHUNK))  # this one says on every event that there is more
        with pytest.raises(StreamBroken):
            await speak_whole(provider, TEXT)


# --- voices, models, recordings ---------------------------------------------------------------------------


async def test_voices_are_those_of_the_model_and_one_s_own(tmp_path: Path) -> None:
    sample = tmp_path / "Me speaking.wav"
    sample.write_bytes(b"RIFF....WAVE")
    async with (
        FakeSmallestServer(key="") as server,
        adapter(server.url, model="lightning_v3.1_pro") as provider,
    ):
        mine = await provider.clone("Me", sample, language="en-GB")
        voices = {voice.id: voice for voice in await provider.voices()}
        await provider.check([mine.id])
    assert list(voices) == ["meher", "avery", mine.id]
    assert voices["meher"].languages == ("en", "hi")
    assert voices["meher"].name == "Meher"
    assert (mine.name, mine.languages) == ("Me", ("en",))
    assert server.clones[0]["modelIds"] == ["lightning-v3.1-pro"]
    assert server.clones[0]["mediaType"] == "audio/wav"
    assert server.clones[0]["bytes"] == 12


async def test_a_server_that_does_not_tell_the_pools_apart_lists_them_together() -> None:
    async with (
        FakeSmallestServer(tells_pools=False) as server,
        adapter(server.url, model="lightning_v3.1_pro") as provider,
    ):
        await provider.check()
        assert {voice.id for voice in await provider.voices()} == {"magnus", "olivia", "meher", "avery"}


@pytest.mark.parametrize(("wishes", "wanted"), [({"voice": "magnis"}, ()), ({}, ("magnis",))])
async def test_an_unknown_voice_is_found_out_before_text_is_sent(
    wishes: dict[str, Any], wanted: tuple[str, ...]
) -> None:
    async with FakeSmallestServer() as server, adapter(server.url, **wishes) as provider:
        with pytest.raises(UnknownVoice, match="did you mean 'magnus'"):
            await provider.check(wanted)
    assert server.requests == []


async def test_a_server_without_a_catalogue_is_not_asked_to_have_one() -> None:
    async with (
        FakeSmallestServer(lists_voices=False) as server,
        adapter(server.url, voice="anyone") as provider,
    ):
        await provider.check()
        assert await provider.voices() == []


async def test_a_model_that_nobody_knows_is_found_out() -> None:
    async with FakeSmallestServer() as server, adapter(server.url, model="lightning_v31") as provider:
        with pytest.raises(UnknownVoice, match=r"did you mean 'lightning_v3\.1'"):
            await provider.check()


async def test_the_models_are_listed_with_their_languages() -> None:
    models = {model.id: model for model in await adapter().models()}
    assert set(models) == {"lightning_v3.1", "lightning_v3.1_pro", "lightning-large", "lightning-v2"}
    assert len(models["lightning_v3.1"].languages) == 20
    assert len(models["lightning_v3.1_pro"].languages) == 31


async def test_the_official_service_wants_a_key() -> None:
    async with adapter() as provider:
        with pytest.raises(BadKey, match="needs a key"):
            await provider.check()


async def test_a_refused_key_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALLEST_API_KEY", "sk_wrong")
    async with FakeSmallestServer(key="sk_right") as server, adapter(server.url) as provider:
        for asked in (provider.check(), provider.voices()):
            with pytest.raises(BadKey):
                await asked


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("me.txt", b"x", "a voice is made of"),
        ("me.wav", b"", "there is nothing in it"),
        ("me.wav", bytes((5 << 20) + 1), "larger than 5 MB"),
        ("gone.wav", None, "cannot be read"),
    ],
)
async def test_a_recording_that_cannot_be_sent_is_told(
    tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    sample = tmp_path / name
    if data is not None:
        sample.write_bytes(data)
    async with FakeSmallestServer() as server, adapter(server.url) as provider:
        with pytest.raises(UsageError, match=message):
            await provider.clone("Me", sample)
    assert server.clones == []


@pytest.mark.parametrize("base", ["/waves", "/waves/v1", ""])
async def test_the_address_may_name_the_api_or_its_server(base: str) -> None:
    async with FakeSmallestServer() as server, adapter(f"{server.url}{base}") as provider:
        assert (await speak_whole(provider, TEXT)).data
