"""ElevenLabs' ways to speak one text: streamed or whole, with the times of its characters, over a WebSocket.

HTTP answers with the sound itself, or with JSON: {"audio_base64", "alignment", "normalized_alignment"}, one
object or one a line. https://elevenlabs.io/docs/api-reference/text-to-speech/stream-with-timestamps
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import aiohttp

from narrator.errors import BadTake, Refused, StreamBroken
from narrator.model import AudioChunk, SpeechEvent, SpeechReceipt, SpeechRequest
from narrator.providers.elevenlabs_errors import judge, told_instead
from narrator.providers.elevenlabs_live import LiveMessages, as_it_comes, at_sentences
from narrator.providers.elevenlabs_options import OutputFormat, Transport, Wishes
from narrator.providers.elevenlabs_requests import Requests
from narrator.providers.elevenlabs_socket import Message, SocketAsk, speak_over_socket
from narrator.providers.elevenlabs_stitching import Stitching
from narrator.providers.elevenlabs_words import TimedSound, timed_in_seconds
from narrator.providers.wire import Exchange, exchange, most_bytes
from narrator.providers.wire_json import json_object, sound_in_base64
from narrator.providers.wire_ws import Sockets

_MOST_LIVE_BYTES = 1 << 40


class Ways:
    """Speaks over an open session and its sockets. Events and errors are as of ports.Provider.speak."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        sockets: Sockets,
        requests: Requests,
        wishes: Wishes,
        *,
        key: str | None,
        timeout_s: float,
    ) -> None:
        self._session = session
        self._sockets = sockets
        self._requests = requests
        self._wishes = wishes
        self._key = key
        self._timeout_s = timeout_s
        self._stitching = Stitching() if wishes.stitching == "ids" else None

    def spoken(
        self, request: SpeechRequest, way: Transport, kind: OutputFormat
    ) -> AsyncGenerator[SpeechEvent, None]:
        """One text, whole, in one of the ways."""
        match way:
            case Transport.STREAM:
                return self.streamed(request, "stream", kind)
            case Transport.HTTP:
                return self.streamed(request, "", kind)
            case Transport.TIMESTAMPS:
                return self.timed(request, kind)
            case Transport.STREAM_TIMESTAMPS:
                return self.timed_stream(request, kind)
            case Transport.WS:
                return self.over_socket(request, kind)

    async def streamed(
        self, request: SpeechRequest, way: str, kind: OutputFormat
    ) -> AsyncGenerator[SpeechEvent, None]:
        """The sound itself, by '' or 'stream'."""
        async with (
            self._asked(request, way, kind) as answer,
            contextlib.aclosing(answer.sound(max_bytes=most_bytes(request))) as sound,
        ):
            _refuse_unending(answer)
            async for data in sound:
                yield AudioChunk(data, kind.format)
            yield self._receipt(request, answer.headers)

    async def timed(self, request: SpeechRequest, kind: OutputFormat) -> AsyncGenerator[SpeechEvent, None]:
        """One object with all of the sound: it is whole where it can be read."""
        sound = TimedSound(kind)
        async with self._asked(request, "with-timestamps", kind) as answer:
            body = await answer.whole(max_bytes=_most_encoded_bytes(request))
            for event in self._events_of(body, sound, request, answer):
                yield event
            for word in sound.finish(answer.service):
                yield word
            yield self._receipt(request, answer.headers)

    async def timed_stream(
        self, request: SpeechRequest, kind: OutputFormat
    ) -> AsyncGenerator[SpeechEvent, None]:
        """An object a line, each with a part of the sound."""
        sound = TimedSound(kind)
        async with (
            self._asked(request, "stream/with-timestamps", kind) as answer,
            contextlib.aclosing(answer.body(max_bytes=_most_encoded_bytes(request))) as body,
            contextlib.aclosing(_lines_of(body)) as lines,
        ):
            _refuse_unending(answer)
            async for line in lines:
                for event in self._events_of(line, sound, request, answer):
                    yield event
            for word in sound.finish(answer.service):
                yield word
            yield self._receipt(request, answer.headers)

    async def over_socket(
        self, request: SpeechRequest, kind: OutputFormat
    ) -> AsyncGenerator[SpeechEvent, None]:
        """The whole text in one message."""
        text = request.text if request.text.endswith(" ") else f"{request.text} "
        ask = SocketAsk(
            self._requests.socket_address(request, kind, live=False),
            self._requests.opening(request),
            _only({"text": text}),
            _most_encoded_bytes(request),
            text=request.text,
        )
        async with contextlib.aclosing(self._heard(ask, kind)) as events:
            async for event in events:
                yield event
        yield SpeechReceipt(characters_billed=len(request.text))

    async def live(
        self, texts: AsyncIterable[str], request: SpeechRequest, kind: OutputFormat
    ) -> AsyncGenerator[SpeechEvent, None]:
        """A text that is still being written, over one socket."""
        messages = LiveMessages(texts, is_auto=self._wishes.is_auto)
        ask = SocketAsk(
            self._requests.socket_address(request, kind, live=True),
            self._requests.opening(request),
            messages.as_they_come(),
            _MOST_LIVE_BYTES,
            live=True,
        )
        async with contextlib.aclosing(self._heard(ask, kind)) as events:
            async for event in events:
                yield event
        yield SpeechReceipt(characters_billed=messages.characters)

    async def by_sentence(
        self, texts: AsyncIterable[str], request: SpeechRequest, kind: OutputFormat
    ) -> AsyncGenerator[SpeechEvent, None]:
        """The same for a model that has no socket: a request a sentence."""
        ids: Mapping[str, str] = {}
        characters = 0
        async with contextlib.aclosing(as_it_comes(texts, at_sentences)) as pieces:
            async for piece in pieces:
                if not piece.strip():
                    continue
                events = self.streamed(replace(request, text=piece.strip()), "stream", kind)
                async with contextlib.aclosing(events):
                    async for event in events:
                        if isinstance(event, SpeechReceipt):
                            ids, characters = event.ids, characters + (event.characters_billed or 0)
                        else:
                            yield event
        yield SpeechReceipt(ids=ids, characters_billed=characters)

    def _asked(
        self, request: SpeechRequest, way: str, kind: OutputFormat
    ) -> AbstractAsyncContextManager[Exchange]:
        ids = self._stitching.ids_before(request) if self._stitching else []
        return exchange(
            self._session,
            "POST",
            self._requests.address(request, way, kind),
            json=self._requests.body(request, ids),
            text=request.text,
            key=self._key,
            judge=judge,
        )

    def _heard(self, ask: SocketAsk, kind: OutputFormat) -> AsyncGenerator[SpeechEvent, None]:
        return speak_over_socket(self._sockets, ask, TimedSound(kind), key=self._key, timeout_s=self._timeout_s)

    def _events_of(
        self, body: bytes, sound: TimedSound, request: SpeechRequest, answer: Exchange
    ) -> Iterator[SpeechEvent]:
        try:
            found = json_object(body, answer.service)
        except BadTake as exc:
            if answer.ends_by_itself:
                raise
            raise StreamBroken(f"{answer.service} broke off in the middle of its answer.") from exc
        encoded = found.get("audio_base64")
        if encoded is None and "alignment" not in found:
            otherwise = BadTake if sound.is_empty else StreamBroken
            raise told_instead(answer.service, found, otherwise, text=request.text, key=self._key)
        data = sound_in_base64(encoded, answer.service)
        return sound.add(data, timed_in_seconds(found.get("alignment")))

    def _receipt(self, request: SpeechRequest, headers: Mapping[str, str]) -> SpeechReceipt:
        """The service's own count of characters wins: some voices cost more, some models less."""
        request_id = headers.get("request-id", "")
        if request_id and self._stitching:
            self._stitching.add(request, request_id)
        cost, most = headers.get("character-cost", ""), headers.get("maximum-concurrent-requests", "")
        return SpeechReceipt(
            ids={"request-id": request_id} if request_id else {},
            characters_billed=int(cost) if _is_number(cost) else len(request.text),
            concurrency_limit=int(most) if _is_number(most) and int(most) else None,
        )


def _refuse_unending(answer: Exchange) -> None:
    """Refuse an answer that ends by closing, which may as well be a cut; so is each of this server."""
    if not answer.ends_by_itself:
        raise Refused(
            f"{answer.service} does not say where an answer ends: this one may be cut.",
            advice="Use --option transport=timestamps, or a proxy before it that sends a length.",
        )


async def _lines_of(body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The lines of a body that are not empty; the last needs no end."""
    rest = bytearray()
    async for data in body:
        searched = len(rest)
        rest += data
        while (end := rest.find(b"\n", searched)) >= 0:
            line, searched = bytes(rest[:end]), 0
            del rest[: end + 1]
            if line.strip():
                yield line
    if rest.strip():
        yield bytes(rest)


async def _only(message: Message) -> AsyncGenerator[Message, None]:
    yield message


def _most_encoded_bytes(request: SpeechRequest) -> int:
    """More than the sound of a text can need in base64, with the times of its characters."""
    return 2 * most_bytes(request)


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit()
