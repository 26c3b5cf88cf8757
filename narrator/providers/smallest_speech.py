"""The three ways in which Smallest AI speaks a whole text: one body, server-sent events, a WebSocket."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
from yarl import URL

from narrator.errors import BadTake, Refused, SpeechError, StreamBroken, Unavailable
from narrator.model import AudioChunk, SpeechEvent, SpeechReceipt, SpeechRequest
from narrator.providers.smallest_answers import Heard, Listener, judged
from narrator.providers.smallest_models import HTTP, SSE, WS, Model
from narrator.providers.smallest_settings import SmallestSettings
from narrator.providers.wire import exchange, most_bytes
from narrator.providers.wire_json import json_object
from narrator.providers.wire_sse import ServerSentEvent, await_end, server_sent_events
from narrator.providers.wire_ws import Sockets

_ID_HEADERS = {"X-Request-Id": "request_id", "X-Session-Id": "session_id"}


@dataclass(frozen=True, slots=True)
class Routes:
    """The addresses of the service."""

    http: URL
    sse: URL
    ws: URL
    api: URL

    def voices_of(self, model: Model) -> URL:
        return self.api / model.in_paths / "get_voices"

    @property
    def all_voices(self) -> URL:
        return self.api / "voice/get-all-models"

    @property
    def clones(self) -> URL:
        return self.api / "voice-cloning"


def routes_from(root: URL, model: Model) -> Routes:
    """The addresses under a server's root. Its API may be named with it: '.../waves' is, and the old '/api'."""
    api = root / "v1" if root.name in ("waves", "api") else root / "waves/v1"
    if model.is_legacy:
        own = api / model.id
        http, sse, ws = own / "get_speech", own / "stream", own / "get_speech/stream"
    else:
        http, sse = api / "tts", api / "tts/live"
        ws = sse
    return Routes(http, sse, ws.with_scheme("wss" if root.scheme == "https" else "ws"), api)


@dataclass(frozen=True, slots=True)
class Line:
    """The connection to the service while its provider is entered. `idle_s` is how long it may be silent."""

    session: aiohttp.ClientSession
    sockets: Sockets
    routes: Routes
    settings: SmallestSettings
    service: str
    key: str | None
    idle_s: float

    def speak(self, request: SpeechRequest, transport: str) -> AsyncGenerator[SpeechEvent, None]:
        """Speak a text by one of the transports; see ports.Provider."""
        ways = {HTTP: self._by_http, SSE: self._by_events, WS: self._by_socket}
        return ways[transport](request)

    def listener(self, text: str) -> Listener:
        return Listener(self.service, text, self.key)

    def events_of(self, heard: Heard) -> list[SpeechEvent]:
        """What a frame brings, as events."""
        sound = [AudioChunk(heard.sound, self.settings.format)] if heard.sound else []
        return [*sound, *([heard.word] if heard.word else [])]

    async def _by_http(self, request: SpeechRequest) -> AsyncGenerator[SpeechEvent, None]:
        async with (
            exchange(
                self.session,
                "POST",
                self.routes.http,
                json=self.settings.wish(request, HTTP),
                headers={"Accept": "audio/wav"},  # whatever the format: without it the answer may be empty
                text=request.text,
                key=self.key,
                judge=judged,
            ) as answer,
            contextlib.aclosing(answer.sound(max_bytes=most_bytes(request))) as sound,
        ):
            if not answer.ends_by_itself:
                raise Refused(
                    f"{self.service} does not say where an answer ends: this one may be cut.",
                    advice=f"Use --option transport={SSE}, or a proxy before it that sends a length.",
                )
            async for data in sound:
                yield AudioChunk(data, self.settings.format)
            yield _receipt(request.text, _ids_in(answer.headers))

    async def _by_events(self, request: SpeechRequest) -> AsyncGenerator[SpeechEvent, None]:
        listener = self.listener(request.text)
        async with (
            exchange(
                self.session,
                "POST",
                self.routes.sse,
                json=self.settings.wish(request, SSE),
                headers={"Accept": "text/event-stream"},
                text=request.text,
                key=self.key,
                judge=judged,
            ) as answer,
            contextlib.aclosing(answer.sound(max_bytes=self._most_bytes(request))) as body,
            contextlib.aclosing(server_sent_events(body, self.service)) as events,
        ):
            listener.ids.update(_ids_in(answer.headers))
            has_events = False
            async for event in events:
                has_events = True
                heard = self._in_event(event, listener)
                for found in self.events_of(heard):
                    yield found
                if heard.is_last:
                    await await_end(events)
                    break
            else:
                # The published client of the old models knows no last event, only the end of the answer.
                may_just_end = self.settings.model.is_legacy and answer.ends_by_itself
                if not (may_just_end and listener.has_sound and not listener.counts_done):
                    raise self._unfinished(listener, has_events=has_events)
            self.refuse_silence(listener)
            yield _receipt(request.text, listener.ids)

    async def _by_socket(self, request: SpeechRequest) -> AsyncGenerator[SpeechEvent, None]:
        listener = self.listener(request.text)
        async with self.sockets.conversation(
            self.routes.ws, text=request.text, key=self.key, on_close=listener.closed, judge=judged
        ) as conversation:
            listener.earlier_ids = conversation.earlier_ids
            wish = self.settings.wish(request, WS)
            if not self.settings.model.is_legacy:
                wish["request_id"] = listener.own_id = str(uuid4())
            await conversation.send(wish)
            messages = conversation.messages(max_bytes=self._most_bytes(request), idle_s=self.idle_s)
            async with contextlib.aclosing(messages):
                async for frame in messages:
                    if listener.is_anothers(frame):
                        raise conversation.mixed_up(has_sound=listener.has_sound)
                    heard = listener.message(frame)
                    for found in self.events_of(heard):
                        yield found
                    if heard.is_last:
                        break
            answer_id = listener.ids.get("request_id", "")
            if conversation.is_reused and not (listener.has_sound or answer_id):
                raise conversation.mixed_up()  # the end of the answer before, told twice
            self.refuse_silence(listener)
            conversation.keep(answer_id)
            yield _receipt(request.text, listener.ids)

    def _most_bytes(self, request: SpeechRequest) -> int:
        """More than its sound needs in base64 and frames: twice what it is without. All formats are mono."""
        return most_bytes(request) * self.settings.format.rate_hz // 48_000

    def _in_event(self, event: ServerSentEvent, listener: Listener) -> Heard:
        if event.type == "error":
            raise listener.complaint(event.data)
        if event.data.strip() == "[DONE]":  # as clients of the old models expect it
            return Heard(is_last=True)
        return listener.event(event.data, json_object(event.data, self.service))

    def _unfinished(self, listener: Listener, *, has_events: bool) -> SpeechError:
        if listener.has_sound:
            return StreamBroken(f"{self.service} ended its answer without saying that it is whole.")
        if has_events:
            return Unavailable(f"{self.service} ended its answer before it began to speak.")
        return BadTake(f"{self.service} answered 200 with something that is no stream of events.")

    def refuse_silence(self, listener: Listener) -> None:
        """Refuse an answer that is whole and has no sound."""
        if not listener.has_sound:
            raise BadTake(f"{self.service} says that its answer is whole, and there is no sound in it.")


def _receipt(text: str, ids: Mapping[str, str]) -> SpeechReceipt:
    """Billed is what was sent: the service tells nothing of it."""
    return SpeechReceipt(ids=dict(ids), characters_billed=len(text))


def _ids_in(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[header] for header, name in _ID_HEADERS.items() if header in headers}
