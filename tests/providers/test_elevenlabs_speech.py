from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import (
    BadKey,
    BadTake,
    QuotaUsedUp,
    RateLimited,
    Refused,
    Rejected,
    SpeechError,
    StreamBroken,
    Unavailable,
    UnknownVoice,
)
from narrator.model import AudioChunk, SpeechReceipt, SpeechRequest, WordTime
from narrator.providers.elevenlabs import ElevenLabs
from narrator.providers.elevenlabs_errors import judge_close, told_instead
from narrator.providers.elevenlabs_stitching import Stitching
from narrator.testing.conformance import TEXT, request_for, speak_whole
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.faults import Fault, refusal
from narrator.testing.speechlike import frames_for

TIMED = ("timestamps", "stream-timestamps", "ws")


@pytest.fixture
async def server() -> AsyncIterator[FakeElevenLabs]:
    async with FakeElevenLabs() as server:
        yield server


def adapter(server: FakeElevenLabs, *, concurrency: int = 0, model: str = "", **options: str) -> ElevenLabs:
    named = {name.replace("__", "-"): value for name, value in options.items()}
    speech = Speech(provider="elevenlabs", base_url=server.url, model=model, options=named)
    return ElevenLabs(speech, Rendering(timeout_s=5.0, concurrency=concurrency))


async def spoken(provider: ElevenLabs, text: str = TEXT, **wishes: Any) -> list[Any]:
    request = replace(request_for(provider, text), **wishes)
    return [event async for event in provider.speak(request)]


# --- what is sent ---------------------------------------------------------------------------------------


async def test_nothing_is_sent_that_nobody_wished_for(server: FakeElevenLabs) -> None:
    async with adapter(server) as provider:
        await spoken(provider)
    wish = dict(server.requests[0].wish)
    assert 0 <= wish.pop("seed") < 2**32
    assert wish == {"text": TEXT, "model_id": "eleven_multilingual_v2", "output_format": "pcm_24000"}


async def test_all_wishes_reach_the_service(server: FakeElevenLabs) -> None:
    wishes: dict[str, Any] = {
        "stability": "0.4",
        "use_speaker_boost": "false",
        "seed": "7",
        "apply_text_normalization": "on",
        "apply_language_text_normalization": "true",
        "optimize_streaming_latency": "2",
        "enable_logging": "false",
        "pronunciation_dictionary_locators": "names:v1",
    }
    async with adapter(server, model="eleven_flash_v2_5", **wishes) as provider:
        await spoken(provider, speed=1.1, language="pt-BR", previous_text="Before.", next_text="After.")
    assert server.requests[0].wish == {
        "text": TEXT,
        "model_id": "eleven_flash_v2_5",
        "language_code": "pt",
        "voice_settings": {"stability": 0.4, "use_speaker_boost": False, "speed": 1.1},
        "seed": 7,
        "previous_text": "Before.",
        "next_text": "After.",
        "pronunciation_dictionary_locators": [
            {"pronunciation_dictionary_id": "names", "version_id": "v1"},
        ],
        "apply_text_normalization": "on",
        "apply_language_text_normalization": True,
        "output_format": "pcm_24000",
        "optimize_streaming_latency": "2",
        "enable_logging": "false",
    }


async def test_a_seed_comes_from_the_text_and_changes_where_the_take_was_not_liked(
    server: FakeElevenLabs,
) -> None:
    async with adapter(server) as provider:
        server.fail(server.faults["500"], requests={1})
        with pytest.raises(Unavailable):
            await spoken(provider)
        for text in (TEXT, TEXT, "Another."):
            await spoken(provider, text)
    async with adapter(server) as later:
        await spoken(later)
    failed, first, again, other, elsewhere = (request.wish["seed"] for request in server.requests)
    assert failed == first == elsewhere
    assert len({first, again, other}) == 3


async def test_no_seed_is_sent_where_none_is_wanted(server: FakeElevenLabs) -> None:
    async with adapter(server, seed="off") as provider:
        await spoken(provider)
    assert "seed" not in server.requests[0].wish


@pytest.mark.parametrize("voice", ["../voices", "a/b", "George (warm)", "", ".."])
async def test_what_is_no_id_of_a_voice_is_never_sent(server: FakeElevenLabs, voice: str) -> None:
    async with adapter(server) as provider:
        with pytest.raises(UnknownVoice, match="no id of a voice"):
            await spoken(provider, voice=voice)
    assert server.requests == []


async def test_requests_go_on_from_those_before_them(server: FakeElevenLabs) -> None:
    texts = [f"Sentence number {number}." for number in range(5)]
    async with adapter(server, concurrency=1, stitching="ids") as provider:
        for before, text in zip(["", *texts], texts, strict=False):
            await spoken(provider, text, previous_text=before)
        await spoken(provider, texts[-1], previous_text=texts[-2])  # a take that was not liked
        await spoken(provider, "A new chapter.")
        await spoken(provider, "Its next.", previous_text="Something that was spoken yesterday.")
    named = [request.wish.get("previous_request_ids") for request in server.requests]
    ids = [f"request-{number:06d}" for number in range(1, 6)]
    assert named == [None, ids[:1], ids[:2], ids[:3], ids[1:4], ids[2:4], None, None]
    assert [request.wish.get("previous_text") for request in server.requests[1:5]] == [None] * 4
    assert server.requests[7].wish["previous_text"] == "Something that was spoken yesterday."


def test_an_id_is_named_only_as_long_as_it_lives() -> None:
    now_s = 0.0
    stitching = Stitching(clock=lambda: now_s)
    request = SpeechRequest(
        provider="elevenlabs",
        model="m",
        voice="v",
        text="First.",
        language="",
        speed=1.0,
        rate_hz=24_000,
        revision=1,
    )
    stitching.add(request, "one")
    follower = replace(request, text="Second.", previous_text="First.")
    assert stitching.ids_before(follower) == ["one"]
    assert stitching.ids_before(replace(follower, voice="w")) == []
    now_s = 7_000.0
    assert stitching.ids_before(follower) == []


# --- what comes back ------------------------------------------------------------------------------------


async def test_the_service_s_own_count_is_kept_with_its_ids_and_its_limit() -> None:
    async with FakeElevenLabs(cost=1.5, limit=5) as server, adapter(server) as provider:
        receipt = (await speak_whole(provider, TEXT)).receipt
    assert receipt == SpeechReceipt(
        ids={"request-id": "request-000001"}, characters_billed=round(1.5 * len(TEXT)), concurrency_limit=5
    )


@pytest.mark.parametrize("piece_bytes", [960, 10_001])
@pytest.mark.parametrize("is_relative", [False, True])
@pytest.mark.parametrize("transport", TIMED)
async def test_words_come_with_their_times(transport: str, piece_bytes: int, *, is_relative: bool) -> None:
    async with (
        FakeElevenLabs(is_relative=is_relative) as server,
        adapter(server, transport=transport) as provider,
    ):
        server.fail(Fault(piece_bytes=piece_bytes, chunked=True))
        events = await spoken(provider)
    words = [event for event in events if isinstance(event, WordTime)]
    assert [word.word for word in words] == TEXT.split()
    lasts_ms = 1000 * frames_for(TEXT, 24_000) / 24_000
    for word in words:
        start = TEXT.index(word.word) if TEXT.count(word.word) == 1 else None
        if start is not None:
            assert word.start_ms == pytest.approx(lasts_ms * start / len(TEXT), abs=80)
            assert word.end_ms == pytest.approx(lasts_ms * (start + len(word.word)) / len(TEXT), abs=80)
    assert [word.start_ms for word in words] == sorted(word.start_ms for word in words)


@pytest.mark.parametrize("kind", ["mp3_44100_64", "ulaw_8000", "alaw_8000"])
async def test_words_are_timed_by_the_sound_s_own_format(server: FakeElevenLabs, kind: str) -> None:
    async with adapter(server, transport="ws", output_format=kind) as provider:
        events = await spoken(provider)
    last = [event for event in events if isinstance(event, WordTime)][-1]
    assert last.end_ms < 1100 * len(TEXT) / 15


def _line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


SOUND = base64.b64encode(bytes(4800)).decode()
NO_SENSE: list[Any] = [
    None,
    [],
    "words",
    {"characters": ["a"], "character_start_times_seconds": [], "character_end_times_seconds": [1]},
    {"characters": [1], "character_start_times_seconds": [0], "character_end_times_seconds": [1]},
    {"characters": ["a"], "character_start_times_seconds": ["0"], "character_end_times_seconds": [1]},
    {"characters": ["a"], "character_start_times_seconds": [0], "character_end_times_seconds": [float("nan")]},
]


@pytest.mark.parametrize("alignment", NO_SENSE)
async def test_times_that_make_no_sense_take_no_sound_away(server: FakeElevenLabs, alignment: Any) -> None:
    server.fail(Fault(body=_line(audio_base64=SOUND, alignment=alignment), chunked=True))
    async with adapter(server, transport="stream-timestamps") as provider:
        events = await spoken(provider)
    assert [type(event) for event in events] == [AudioChunk, SpeechReceipt]


async def test_a_text_spoken_in_one_breath_is_one_word(server: FakeElevenLabs) -> None:
    alignment = {
        "characters": list("你好"),
        "character_start_times_seconds": [0.0, 0.5],
        "character_end_times_seconds": [0.5, 0.9],
    }
    server.fail(Fault(body=_line(audio_base64=SOUND, alignment=alignment).strip()))
    async with adapter(server, transport="stream-timestamps") as provider:
        events = await spoken(provider)
    assert WordTime("你好", 0, 900) in events


@pytest.mark.parametrize("transport", ["timestamps", "stream-timestamps"])
async def test_an_answer_without_sound_is_no_take(server: FakeElevenLabs, transport: str) -> None:
    server.fail(Fault(body=_line(audio_base64="", alignment=None)))
    async with adapter(server, transport=transport) as provider:
        with pytest.raises(BadTake, match="without any sound"):
            await spoken(provider)


@pytest.mark.parametrize("transport", ["stream", "http", "stream-timestamps"])
async def test_an_answer_that_does_not_say_where_it_ends_is_refused_with_the_way_out(
    server: FakeElevenLabs, transport: str
) -> None:
    server.fail(Fault(open_ended=True))
    async with adapter(server, transport=transport) as provider:
        with pytest.raises(Refused) as caught:
            await spoken(provider)
    assert "transport=timestamps" in caught.value.advice


async def test_one_object_is_whole_however_its_answer_ends(server: FakeElevenLabs) -> None:
    server.fail(Fault(open_ended=True))
    async with adapter(server, transport="timestamps") as provider:
        assert any(isinstance(event, WordTime) for event in await spoken(provider))


# --- what it refuses ------------------------------------------------------------------------------------

REFUSALS: list[tuple[int, dict[str, Any], type[SpeechError], str]] = [
    (401, {"status": "invalid_api_key", "message": "Invalid API key"}, BadKey, "ELEVENLABS_API_KEY"),
    (400, {"type": "authentication_error", "code": "invalid_api_key", "message": "Invalid"}, BadKey, "key"),
    (401, {"code": "unauthorized", "message": "Invalid API key"}, BadKey, "key"),
    (401, {"status": "missing_permissions", "message": "No text_to_speech."}, BadKey, "permission"),
    (401, {"status": "detected_unusual_activity", "message": "Unusual activity."}, BadKey, "VPN"),
    (401, {"status": "quota_exceeded", "message": "0 credits remaining."}, QuotaUsedUp, "credit"),
    (402, {"code": "payment_required", "message": "A payment failed."}, QuotaUsedUp, "credit"),
    (400, {"status": "voice_not_found", "message": "Not found."}, UnknownVoice, "narrator voices"),
    (404, {"code": "voice_not_found", "message": "Not found.", "param": "voice_id"}, UnknownVoice, "voices"),
    (400, {"code": "model_not_found", "message": "Not found."}, UnknownVoice, "narrator models"),
    (403, {"status": "only_for_creator+", "message": "Only for Creator."}, Refused, "plan"),
    (403, {"code": "subscription_required", "message": "Upgrade to Pro."}, Refused, "plan"),
    (400, {"status": "max_character_limit_exceeded", "message": "Too long."}, Rejected, "--max-chars"),
    (400, {"code": "text_too_long", "message": "Too long.", "param": "text"}, Rejected, "--max-chars"),
    (429, {"code": "rate_limit_exceeded", "message": "Slow down."}, RateLimited, ""),
    (429, {"status": "system_busy", "message": "Heavy traffic."}, RateLimited, ""),
    (500, {"code": "internal_server_error", "message": "Sorry."}, Unavailable, ""),
    (400, {"code": "invalid_parameters", "message": "No.", "param": "seed"}, Refused, "seed"),
]


@pytest.mark.parametrize(("status", "detail", "kind", "advice"), REFUSALS)
async def test_a_refusal_is_told_by_its_code(
    server: FakeElevenLabs, status: int, detail: dict[str, Any], kind: type[SpeechError], advice: str
) -> None:
    server.fail(Fault(status=status, body=_line(detail=detail)))
    async with adapter(server) as provider:
        with pytest.raises(SpeechError) as caught:
            await spoken(provider)
    assert type(caught.value) is kind
    assert advice in caught.value.advice
    assert detail["message"] in caught.value.what


@pytest.mark.parametrize(
    ("code", "is_concurrency"),
    [
        ("concurrent_limit_exceeded", True),
        ("too_many_concurrent_requests", True),
        ("rate_limit_exceeded", False),
        ("system_busy", False),
    ],
)
async def test_the_two_kinds_of_429_are_told_apart(
    server: FakeElevenLabs, code: str, *, is_concurrency: bool
) -> None:
    server.fail(refusal(429, code, "Not now.", Retry_After="3"))
    async with adapter(server) as provider:
        with pytest.raises(RateLimited) as caught:
            await spoken(provider)
    assert caught.value.is_concurrency is is_concurrency
    assert caught.value.retry_after_s == 3


@pytest.mark.parametrize("transport", ["stream", "timestamps", "stream-timestamps"])
async def test_a_success_that_tells_of_a_refusal_is_one(server: FakeElevenLabs, transport: str) -> None:
    headers = {"Content-Type": "application/json"}
    server.fail(
        Fault(headers=headers, body=_line(detail={"status": "quota_exceeded", "message": "None left."}))
    )
    async with adapter(server, transport=transport) as provider:
        with pytest.raises(QuotaUsedUp):
            await spoken(provider)


@pytest.mark.parametrize(
    ("account", "wishes", "text", "kind"),
    [
        ({"tier": "creator"}, {"output_format": "pcm_44100"}, TEXT, Refused),
        ({"tier": "pro"}, {"output_format": "pcm_44100"}, TEXT, None),
        ({"credit": len(TEXT) - 1}, {}, TEXT, QuotaUsedUp),
        ({"credit": len(TEXT)}, {}, TEXT, None),
        ({}, {}, "a" * 10_001, Rejected),
        ({"models": ["eleven_v3"]}, {}, TEXT, UnknownVoice),
        ({"permissions": {"voices_read"}}, {}, TEXT, BadKey),
    ],
)
async def test_an_account_gets_what_it_pays_for(
    account: dict[str, Any], wishes: dict[str, Any], text: str, kind: type[SpeechError] | None
) -> None:
    async with FakeElevenLabs(**account) as server, adapter(server, **wishes) as provider:
        if kind is None:
            assert await spoken(provider, text)
            return
        with pytest.raises(SpeechError) as caught:
            await spoken(provider, text)
        assert type(caught.value) is kind
        assert server.billed_characters == 0


@pytest.mark.parametrize("transport", ["stream", "ws"])
async def test_one_request_more_than_the_account_may_run_is_told_from_haste(transport: str) -> None:
    async with FakeElevenLabs(limit=1) as server, adapter(server, transport=transport) as provider:
        server.fail(server.faults["stall"], requests={1})
        first = provider.speak(request_for(provider, TEXT))
        await anext(first)
        with pytest.raises(RateLimited) as caught:
            await spoken(provider, "Another.")
        await first.aclose()
    assert caught.value.is_concurrency


# --- over the WebSocket ---------------------------------------------------------------------------------


async def test_a_dialogue_has_a_beginning_a_text_and_an_end(server: FakeElevenLabs) -> None:
    wishes: dict[str, Any] = {
        "transport": "ws",
        "stability": "0.4",
        "pronunciation_dictionary_locators": "names:v1",
    }
    async with adapter(server, model="eleven_flash_v2_5", seed="7", **wishes) as provider:
        await spoken(provider, speed=0.9, language="de")
    wish = dict(server.requests[0].wish)
    assert wish.pop("messages") == [
        {
            "text": " ",
            "voice_settings": {"stability": 0.4, "speed": 0.9},
            "pronunciation_dictionary_locators": [
                {"pronunciation_dictionary_id": "names", "version_id": "v1"},
            ],
        },
        {"text": f"{TEXT} "},
        {"text": ""},
    ]
    assert wish == {
        "model_id": "eleven_flash_v2_5",
        "output_format": "pcm_24000",
        "sync_alignment": "true",
        "language_code": "de",
        "seed": "7",
        "auto_mode": "true",
    }


async def test_a_schedule_takes_the_place_of_auto_mode(server: FakeElevenLabs) -> None:
    async with adapter(server, transport="ws", chunk_length_schedule="50,90") as provider:
        await spoken(provider)
    wish = server.requests[0].wish
    assert wish["messages"][0]["generation_config"] == {"chunk_length_schedule": [50, 90]}
    assert "auto_mode" not in wish


async def test_the_key_goes_in_a_header_and_not_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk-test")
    async with FakeElevenLabs(key="sk-test") as server, adapter(server, transport="ws") as provider:
        await spoken(provider)
    assert server.requests[0].headers["xi-api-key"] == "sk-test"
    assert "sk-test" not in server.requests[0].path
    assert "sk-test" not in str(server.requests[0].wish)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("quota_exceeded", QuotaUsedUp),
        ("invalid_api_key", BadKey),
        ("too_many_concurrent_requests", RateLimited),
        ("max_character_limit_exceeded", Rejected),
        ("voice_id_does_not_exist", UnknownVoice),
        ("input_timeout_exceeded", StreamBroken),
        ("only_for_creator+", Refused),
    ],
)
async def test_a_message_of_refusal_is_told_by_its_code(
    server: FakeElevenLabs, code: str, kind: type[SpeechError]
) -> None:
    server.fail(refusal(400, code, "That cannot be."))
    async with adapter(server, transport="ws") as provider:
        with pytest.raises(SpeechError, match="That cannot be") as caught:
            await spoken(provider)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (1008, "quota_exceeded", QuotaUsedUp),
        (1008, "This request exceeds your quota of 10000.", QuotaUsedUp),
        (1008, "A voice with voice_id x does not exist.", UnknownVoice),
        (1008, "too_many_concurrent_requests", RateLimited),
        (1008, "Have not received a new text input within the timeout of 20 seconds.", None),
        (1008, "", None),
        (1000, "", None),
        (1011, "Internal error", None),
    ],
)
def test_a_close_may_say_why(code: int, words: str, kind: type[SpeechError] | None) -> None:
    error = judge_close("host", code, words)
    assert type(error) is (kind or type(None))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"message": "This request exceeds your quota."}, QuotaUsedUp),
        ({"message": "A voice with voice_id x does not exist."}, UnknownVoice),
        ({"message": "Something happened.", "error": "oops"}, Unavailable),
        ({"message": "Something happened.", "error": "oops", "code": 1008}, Rejected),
        ({"message": "It fell over.", "error": "internal_error", "code": 1011}, Unavailable),
    ],
)
def test_words_before_any_sound_are_about_the_request_or_try_again(
    message: dict[str, Any], kind: type[SpeechError]
) -> None:
    assert type(told_instead("host", message, Unavailable)) is kind


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"message": "Something happened.", "error": "oops", "code": 1008}, StreamBroken),
        ({"message": "No.", "error": "invalid_state", "code": 1008}, StreamBroken),
        ({"message": "It fell over.", "error": "internal_error", "code": 1011}, StreamBroken),
        ({"message": "None left.", "error": "quota_exceeded", "code": 1008}, QuotaUsedUp),
        ({"message": "Later.", "error": "rate_limit_exceeded"}, RateLimited),
    ],
)
def test_words_after_sound_are_never_about_the_text(message: dict[str, Any], kind: type[SpeechError]) -> None:
    assert type(told_instead("host", message, StreamBroken)) is kind
