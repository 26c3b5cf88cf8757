from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from narrator.errors import (
    BadKey,
    BadTake,
    QuotaUsedUp,
    RateLimited,
    SpeechError,
    StreamBroken,
    Unavailable,
    Unreachable,
)
from narrator.providers import wire_ws
from narrator.providers.wire_ws import Sockets
from tests.providers.swallowing import swallowing

pytestmark = pytest.mark.usefixtures("skipped_waits")

KEY = "sk-canary-5b21"
Talk = Callable[[web.Request, web.WebSocketResponse], Awaitable[None]]


@pytest.fixture
def _long_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, a socket that rests is still there."""
    monkeypatch.setattr(wire_ws, "_LONGEST_REST_S", 30.0)


long_rests = pytest.mark.usefixtures("_long_rests")


class Peer:
    """A server that talks as a test says, and counts its sockets."""

    def __init__(self, talk: Talk, heartbeat_s: float | None = None) -> None:
        self._talk = talk
        self._heartbeat_s = heartbeat_s
        self.opened = 0
        self.open = 0
        self.peak = 0
        self.keys: list[str | None] = []
        self.url = URL()
        self.asked = asyncio.Event()
        self._all_closed = asyncio.Event()

    async def closed(self) -> None:
        """Wait until no socket is open."""
        async with asyncio.timeout(2.0):
            await self._all_closed.wait()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        self.keys.append(request.headers.get("Authorization"))
        websocket = web.WebSocketResponse(heartbeat=self._heartbeat_s)
        await websocket.prepare(request)
        self.opened += 1
        self.open += 1
        self.asked.set()
        self._all_closed.clear()
        self.peak = max(self.peak, self.open)
        try:
            await self._talk(request, websocket)
        finally:
            self.open -= 1
            if not self.open:
                self._all_closed.set()
        return websocket


@contextlib.asynccontextmanager
async def listening(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[URL]:
    app = web.Application()
    app.router.add_get("/live", handler)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield URL(f"ws://127.0.0.1:{runner.addresses[0][1]}/live")
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def talking(talk: Talk, **how: Any) -> AsyncIterator[Peer]:
    peer = Peer(talk, **how)
    async with listening(peer.handle) as url:
        peer.url = url
        yield peer


@contextlib.asynccontextmanager
async def opened(timeout_s: float = 3.0, **how: Any) -> AsyncIterator[Sockets]:
    sockets = Sockets(timeout_s, {"Authorization": f"Bearer {KEY}"}, **how)
    try:
        yield sockets
    finally:
        await sockets.close()


async def ask(
    sockets: Sockets,
    url: URL,
    question: str = "hello",
    *,
    idle_s: float = 1.0,
    max_bytes: int = 1 << 20,
    until: str = "done",
    **how: Any,
) -> list[dict[str, Any]]:
    """Send one message, and hear what comes until the last."""
    heard: list[dict[str, Any]] = []
    async with sockets.conversation(url, key=KEY, **how) as conversation:
        await conversation.send({"text": question})
        async with contextlib.aclosing(conversation.messages(max_bytes=max_bytes, idle_s=idle_s)) as messages:
            async for message in messages:
                heard.append(message)
                if until in message:
                    conversation.keep()
                    break
    return heard


async def echo(_request: web.Request, websocket: web.WebSocketResponse) -> None:
    async for message in websocket:
        text = json.loads(message.data)["text"]
        await websocket.send_json({"echo": text})
        await websocket.send_json({"done": True})


# --- reuse ------------------------------------------------------------------------------------------------


@long_rests
async def test_a_kept_socket_serves_the_next_request() -> None:
    async with talking(echo) as peer, opened() as sockets:
        for number in range(5):
            assert (await ask(sockets, peer.url, f"{number}"))[0] == {"echo": f"{number}"}
    assert peer.opened == 1


@long_rests
async def test_there_are_never_more_sockets_than_requests_at_once() -> None:
    async with talking(echo) as peer, opened() as sockets:
        for _ in range(3):
            await asyncio.gather(*(ask(sockets, peer.url) for _ in range(4)))
            await ask(sockets, peer.url)
    assert peer.peak <= 4
    assert peer.opened <= 4


@pytest.mark.parametrize("after_s", [0.0, 0.05])
async def test_a_service_that_closes_after_each_answer_is_connected_to_anew(after_s: float) -> None:
    async def once(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        text = (await websocket.receive_json())["text"]
        await websocket.send_json({"echo": text})
        await websocket.send_json({"done": True})
        await asyncio.sleep(after_s)
        await websocket.close()

    async with talking(once) as peer, opened() as sockets:
        for number in range(4):
            assert (await ask(sockets, peer.url, f"{number}"))[0] == {"echo": f"{number}"}
    assert (peer.opened, peer.peak) == (4, 1)


@long_rests
@pytest.mark.parametrize("how", ["close", "abort", "speak"])
async def test_an_idle_socket_that_the_service_ends_is_replaced_unseen(how: str) -> None:
    ended = asyncio.Event()

    async def tired(request: web.Request, websocket: web.WebSocketResponse) -> None:
        await echo_once(websocket)
        await echo_once(websocket)
        if how == "abort":
            assert request.transport is not None
            request.transport.abort()
        elif how == "speak":
            await websocket.send_json({"status": "error", "message": "timed out after 60 seconds"})
        else:
            await websocket.close(code=1001, message=b"going away")
        ended.set()
        if how == "speak":
            await websocket.receive()

    async with talking(tired) as peer, opened() as sockets:
        await ask(sockets, peer.url)
        await ask(sockets, peer.url)
        await ended.wait()
        assert (await ask(sockets, peer.url, "again"))[0] == {"echo": "again"}
    assert peer.opened == 2


async def echo_once(websocket: web.WebSocketResponse) -> None:
    await websocket.send_json({"echo": (await websocket.receive_json())["text"]})
    await websocket.send_json({"done": True})


async def test_a_socket_that_nobody_needs_at_once_is_closed() -> None:
    async with talking(echo) as peer, opened() as sockets:
        await asyncio.gather(*(ask(sockets, peer.url) for _ in range(3)))
        await peer.closed()
        await ask(sockets, peer.url)
    assert (peer.opened, peer.peak) == (4, 3)


async def test_two_programs_of_an_account_have_no_more_sockets_than_it_allows_requests() -> None:
    account = asyncio.Semaphore(2)

    async def ask_in_turn(sockets: Sockets, url: URL) -> None:
        async with account:
            await ask(sockets, url)

    async with (
        talking(echo) as peer,
        opened(takes_turns=True) as ours,
        opened(takes_turns=True) as theirs,
    ):
        await asyncio.gather(*(ask_in_turn(each, peer.url) for each in [ours, ours, theirs, theirs] * 3))
    assert peer.peak == 2


@long_rests
async def test_what_was_mixed_up_once_gets_a_socket_for_each_request() -> None:
    async with talking(echo) as peer, opened() as sockets:
        await asyncio.gather(*(ask(sockets, peer.url) for _ in range(2)))
        async with sockets.conversation(peer.url) as conversation:
            conversation.keep()
            assert conversation.is_reused
            assert isinstance(conversation.mixed_up(), Unavailable)
            assert isinstance(conversation.mixed_up(has_sound=True), StreamBroken)
        for number in range(2):
            assert (await ask(sockets, peer.url, f"{number}"))[0] == {"echo": f"{number}"}
    assert (peer.opened, peer.peak) == (4, 2)


@long_rests
async def test_the_answers_before_are_known_by_name_once_their_names_differ() -> None:
    known = []
    async with talking(echo) as peer, opened() as sockets:
        for name in ("one", "one", "", "two", "three"):
            async with sockets.conversation(peer.url) as conversation:
                known.append(set(conversation.earlier_ids))
                conversation.keep(name)
    assert known == [set(), set(), set(), set(), {"one", "two"}]


# --- ends -------------------------------------------------------------------------------------------------


async def _closing(code: int, words: bytes, *, after: int = 0) -> SpeechError:
    async def closes(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        for _ in range(after):
            await websocket.send_json({"audio": ""})
        await websocket.close(code=code, message=words)

    async with talking(closes) as peer, opened() as sockets:
        with pytest.raises(SpeechError) as caught:
            await ask(sockets, peer.url, text="a secret text", on_close=_meaning)
        return caught.value


def _meaning(code: int, words: str) -> SpeechError | None:
    return RateLimited(words) if code == 4429 else None


async def test_a_close_before_the_first_message_is_no_answer() -> None:
    error = await _closing(1011, f"{KEY} broke on a secret text".encode())
    assert type(error) is Unavailable
    assert "closed the connection unanswered (1011: [key] broke on [text])" in error.what


async def test_a_close_after_it_breaks_the_answer() -> None:
    assert type(await _closing(1000, b"", after=2)) is StreamBroken


async def test_an_adapter_says_what_a_code_of_its_service_means() -> None:
    error = await _closing(4429, b"too many")
    assert type(error) is RateLimited
    assert error.what == "too many"


@pytest.mark.parametrize(("after", "kind"), [(0, Unavailable), (1, StreamBroken)])
async def test_a_connection_that_is_cut_is_told_by_what_had_come(after: int, kind: type[SpeechError]) -> None:
    async def cuts(request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        for _ in range(after):
            await websocket.send_json({"audio": ""})
        await asyncio.sleep(0.05)
        assert request.transport is not None
        request.transport.abort()

    async with talking(cuts) as peer, opened() as sockets:
        with pytest.raises(kind, match="1006"):
            await ask(sockets, peer.url)


@pytest.mark.parametrize(("after", "kind"), [(0, Unavailable), (1, StreamBroken)])
async def test_silence_is_not_waited_for(after: int, kind: type[SpeechError]) -> None:
    async with talking(_mute_after(after)) as peer, opened() as sockets:
        with pytest.raises(kind, match=r"stopped sending|in time"):
            await ask(sockets, peer.url, idle_s=0.2)


def _mute_after(count: int) -> Talk:
    async def mute(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        for _ in range(count):
            await websocket.send_json({"audio": ""})
        await websocket.receive()

    return mute


async def test_silence_is_patiently_heard_while_nothing_is_owed() -> None:
    async with talking(echo) as peer, opened() as sockets, sockets.conversation(peer.url) as conversation:
        is_owed = False
        messages = conversation.messages(max_bytes=1000, idle_s=0.1, is_owed=lambda: is_owed)
        coming = asyncio.create_task(anext(messages))
        done, _ = await asyncio.wait([coming], timeout=0.4)
        assert not done
        await conversation.send({"text": "now"})
        assert await coming == {"echo": "now"}
        await anext(messages)
        is_owed = True
        with pytest.raises(StreamBroken, match="stopped sending"):
            await anext(messages)


async def test_whoever_takes_long_over_a_message_still_gets_the_next() -> None:
    async with talking(echo) as peer, opened() as sockets, sockets.conversation(peer.url) as conversation:
        await conversation.send({"text": "hello"})
        messages = conversation.messages(max_bytes=1000, idle_s=0.1)
        await anext(messages)
        await asyncio.sleep(0.2)
        assert await anext(messages) == {"done": True}


async def test_an_answer_that_never_ends_is_ended() -> None:
    async def drips(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        while True:
            await websocket.send_json({"audio": ""})
            await asyncio.sleep(0.02)

    async with talking(drips) as peer, opened(timeout_s=0.3) as sockets:
        with pytest.raises(StreamBroken, match="did not end its answer in time"):
            await ask(sockets, peer.url)


async def test_a_time_out_cancels_nobody_who_is_busy_with_a_message() -> None:
    async with (
        talking(echo) as peer,
        opened(timeout_s=0.1) as sockets,
        sockets.conversation(peer.url) as conversation,
    ):
        await conversation.send({"text": "hello"})
        messages = conversation.messages(max_bytes=1000, idle_s=1.0)
        await anext(messages)
        await asyncio.sleep(0.2)  # as long as whoever listens likes
        with pytest.raises(StreamBroken, match="in time"):
            await anext(messages)


async def test_a_service_that_does_not_stop_speaking_is_left() -> None:
    async def babbles(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        while True:
            await websocket.send_str(json.dumps({"audio": "x" * 4000}))
            await asyncio.sleep(0)

    async with talking(babbles) as peer, opened() as sockets:
        async with asyncio.timeout(3.0):
            with pytest.raises(BadTake, match="more than this text can need"):
                await ask(sockets, peer.url, max_bytes=100_000)


# --- messages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["not json", "[1]", "", "[" * 100_000, "null"], ids=lambda said: said[:8])
async def test_what_is_no_json_object_is_a_bad_take(said: str) -> None:
    async def says(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        await websocket.send_str(said)
        await websocket.receive()

    async with talking(says) as peer, opened() as sockets:
        with pytest.raises(BadTake, match="no JSON"):
            await ask(sockets, peer.url)


async def test_a_binary_message_may_be_json_too() -> None:
    async def says(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        await websocket.send_bytes(b'{"done": true}')
        await websocket.send_bytes(b"\xff\x00")

    async with talking(says) as peer, opened() as sockets:
        assert await ask(sockets, peer.url) == [{"done": True}]
        with pytest.raises(BadTake, match="no JSON"):
            await ask(sockets, peer.url, until="nothing")


async def test_a_message_may_be_large_but_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    async def says(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        await websocket.send_json({"audio": "x" * 6_000_000})
        await websocket.send_json({"done": True})
        await websocket.receive()

    async with talking(says) as peer, opened() as sockets:
        assert len((await ask(sockets, peer.url, max_bytes=10_000_000))[0]["audio"]) == 6_000_000
        monkeypatch.setattr(wire_ws, "MOST_MESSAGE_BYTES", 1_000_000)
        with pytest.raises(BadTake, match="a message of over"):
            await ask(sockets, peer.url.with_query(again=1), max_bytes=10_000_000)


async def test_pings_are_answered_and_no_messages() -> None:
    async def pings(_request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        await websocket.ping(b"still there?")
        await asyncio.sleep(0.3)  # the heartbeat would have closed it
        await websocket.send_json({"done": True})
        await websocket.receive()

    async with talking(pings, heartbeat_s=0.1) as peer, opened() as sockets:
        assert await ask(sockets, peer.url) == [{"done": True}]


async def test_broken_frames_are_no_answer() -> None:
    async def broken(request: web.Request, websocket: web.WebSocketResponse) -> None:
        await websocket.receive()
        assert request.transport is not None
        request.transport.write(struct.pack("BB", 0x83, 0x00))  # a kind of frame that there is not
        await websocket.receive()

    async with talking(broken) as peer, opened() as sockets:
        with pytest.raises(Unavailable, match="broke the rules"):
            await ask(sockets, peer.url)


# --- the handshake ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, '{"error": "Unauthorized"}', BadKey),
        (429, "slow down", RateLimited),
        (503, "<html>", Unavailable),
        (404, '{"detail": "Not Found"}', Unreachable),
    ],
)
async def test_a_refused_handshake_is_told_as_over_http(
    status: int, body: str, kind: type[SpeechError]
) -> None:
    async def refuses(request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"Retry-After": "7"})

    async with listening(refuses) as url, opened() as sockets:
        with pytest.raises(SpeechError) as caught:
            await ask(sockets, url)
    assert type(caught.value) is kind
    assert KEY not in f"{caught.value!r} {caught.value.__context__!r}"
    if isinstance(caught.value, RateLimited | Unavailable):
        assert caught.value.retry_after_s == 7


@pytest.mark.parametrize(("status", "body"), [(200, "hello"), (400, "<html>"), (404, ""), (426, "Upgrade")])
async def test_where_nobody_knows_websockets_another_way_may_get_through(status: int, body: str) -> None:
    async def answers(request: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    async with listening(answers) as url, opened() as sockets:
        with pytest.raises(Unavailable, match="opens no WebSocket here"):
            await ask(sockets, url)


@pytest.mark.parametrize("is_cut", [False, True])
async def test_the_words_of_a_refusal_may_come_in_parts_and_its_status_counts_without(is_cut: bool) -> None:  # noqa: FBT001 - parametrised
    async def refuses(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=402, headers={"Content-Length": "40"})
        await response.prepare(request)
        await response.write(b'{"error": {"message": ')
        await asyncio.sleep(0.05)
        if is_cut:
            assert request.transport is not None
            request.transport.abort()
        else:
            await response.write(b'"No money left."}}')
        return response

    async with listening(refuses) as url, opened() as sockets:
        with pytest.raises(QuotaUsedUp) as caught:
            await ask(sockets, url)
    assert ("No money left." in caught.value.what) is not is_cut


async def test_a_redirect_of_the_handshake_takes_no_key_along() -> None:
    async with talking(echo) as elsewhere:

        async def moved(request: web.Request) -> web.Response:
            location = str(elsewhere.url.with_scheme("http"))
            return web.Response(status=307, headers={"Location": location})

        async with listening(moved) as url, opened() as sockets:
            with pytest.raises(Unreachable, match="307"):
                await ask(sockets, url)
        assert elsewhere.keys == []


async def test_a_handshake_that_is_not_answered_is_not_waited_for() -> None:
    async def mute(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async with listening(mute) as url, opened(timeout_s=0.2) as sockets:
        with pytest.raises(Unavailable, match="did not answer in time"):
            await ask(sockets, url)


async def test_a_host_that_swallows_connections_is_told_from_one_that_does_not_answer() -> None:
    with swallowing() as url:
        async with opened(timeout_s=0.4) as sockets:
            with pytest.raises(Unavailable, match="did not accept a connection in time") as caught:
                await ask(sockets, url.with_scheme("ws"))
    assert not caught.value.connected


async def test_a_closed_port_is_no_connection() -> None:
    async with talking(echo) as gone:
        pass
    async with opened() as sockets:
        with pytest.raises(Unavailable, match="No connection") as caught:
            await ask(sockets, gone.url)
    assert not caught.value.connected


async def test_a_name_inside_this_network_is_not_connected_to_unless_a_person_named_it() -> None:
    async with talking(echo) as peer:
        sockets = Sockets(1.0, {}, anywhere=False)
        try:
            with pytest.raises(Unavailable) as caught:
                await ask(sockets, peer.url.with_host("localhost"))
        finally:
            await sockets.close()
    assert not caught.value.connected
    assert peer.opened == 0


async def test_a_cancelled_request_leaves_no_socket() -> None:
    async with talking(_mute_after(0)) as peer, opened() as sockets:
        asking = asyncio.create_task(ask(sockets, peer.url))
        await peer.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await peer.closed()
