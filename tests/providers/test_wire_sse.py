from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.errors import BadTake, StreamBroken
from narrator.providers import wire_sse
from narrator.providers.wire_sse import ServerSentEvent, await_end, server_sent_events

EVENTS = [
    ServerSentEvent("audio", '{"audio":"QUJD","done":false}'),
    ServerSentEvent("message", "two\nlines — naïve 日本"),
    ServerSentEvent("message", '{"done":true}'),
]
STREAM = (
    'event: audio\ndata: {"audio":"QUJD","done":false}\n\n'
    ": a comment\n\n\nid: 7\nretry: 10\ndata: two\ndata:lines — naïve 日本\n\n"
    "event: nothing\n\n"
    'data: {"done":true}\n\n'
)  # fmt: skip


async def _in_pieces(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _read(*pieces: bytes) -> list[ServerSentEvent]:
    return [event async for event in server_sent_events(_in_pieces(pieces), "the service")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
async def test_events_are_the_same_with_every_end_of_lines_and_cut_anywhere(end: str) -> None:
    body = STREAM.replace("\n", end).encode()
    assert await _read(body) == EVENTS
    assert await _read(*(body[each : each + 1] for each in range(len(body)))) == EVENTS
    for cut in range(len(body)):
        assert await _read(body[:cut], body[cut:]) == EVENTS


@given(st.randoms(use_true_random=False))
async def test_mixed_ends_of_lines_cut_at_random_make_no_difference(chance: random.Random) -> None:
    lines = STREAM.split("\n")
    body = b"".join(line.encode() + chance.choice([b"\n", b"\r\n"]) for line in lines)
    cuts = sorted(chance.sample(range(len(body)), 5))
    starts, ends = [0, *cuts], [*cuts, len(body)]
    assert await _read(*(body[start:end] for start, end in zip(starts, ends, strict=True))) == EVENTS


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4])
async def test_a_byte_order_mark_is_no_part_of_the_first_line(cut: int) -> None:
    body = b"\xef\xbb\xbf" + STREAM.encode()
    assert await _read(body[:cut], body[cut:]) == EVENTS


@pytest.mark.parametrize("cut", [1, 2, 3])
async def test_the_last_event_needs_nothing_after_it_if_it_is_json(cut: int) -> None:
    assert (await _read(STREAM.encode()[:-cut]))[:2] == EVENTS[:2]
    assert (await _read(STREAM.encode()[:-cut]))[2:] == (EVENTS[2:] if cut < 3 else [])


async def test_a_last_line_that_is_cut_short_is_no_event() -> None:
    assert await _read(b"data: hal") == []
    assert await _read(b'data: {"audio":"QUJ') == []
    assert await _read(b"data: whole\n") == [ServerSentEvent("message", "whole")]


async def test_an_event_is_handed_over_when_it_is_whole_and_not_when_the_next_one_comes() -> None:
    events = server_sent_events(_in_pieces([b"data: 1\n\n", b"data: 2\n\n"]), "the service")
    assert (await anext(events)).data == "1"
    await events.aclose()


async def test_an_event_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_sse, "MOST_EVENT_BYTES", 1000)
    with pytest.raises(BadTake, match="the service sent an event of over 1000 bytes"):
        await _read(b"data: ", *[b"x" * 100] * 20)
    with pytest.raises(BadTake):
        await _read(*[b"data: x" + b"x" * 50 + b"\n"] * 40)
    assert len(await _read(*[b"data: x" + b"x" * 50 + b"\n\n"] * 40)) == 40


async def test_what_is_no_text_is_read_all_the_same() -> None:
    assert await _read(b"data: \xff\xfe\n\n") == [ServerSentEvent("message", "��")]
    assert await _read(random.Random(1).randbytes(100_000)) == []


async def test_an_end_is_awaited_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_sse, "FAREWELL_S", 0.01)
    asked: list[str] = []

    async def rest(how: str) -> AsyncGenerator[ServerSentEvent, None]:
        yield ServerSentEvent("message", "[DONE]")
        asked.append(how)
        if how == "cut":
            raise StreamBroken("the service broke off.")
        if how == "never":
            await asyncio.Event().wait()

    for how in ("closed", "cut", "never"):
        await await_end(rest(how))
    assert asked == ["closed", "cut", "never"]


async def test_waiting_for_an_end_can_be_cancelled() -> None:
    async def rest() -> AsyncGenerator[ServerSentEvent, None]:
        waiting.cancel()
        await asyncio.Event().wait()
        yield ServerSentEvent("message", "never")

    waiting = asyncio.create_task(await_end(rest()))
    with pytest.raises(asyncio.CancelledError):
        await waiting
