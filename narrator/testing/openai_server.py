"""A fake of OpenAI's `/v1/audio/speech`; `fake_server` says what all fakes have in common."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiohttp import web

from narrator.testing.fake_server import FakeServer, LoggedRequest, serving
from narrator.testing.faults import Complaint, Fault
from narrator.testing.sending import in_base64
from narrator.testing.speechlike import flac, mp3, wav

MEDIA_TYPES = {"wav": "audio/wav", "pcm": "audio/pcm", "mp3": "audio/mpeg", "flac": "audio/flac"}
MAX_CHARACTERS = 4096

_FIELDS = {"text": "input", "format": "response_format"}


class FakeSpeechServer(FakeServer):
    """The server. `key` is asked for as a bearer token; `with_list` puts a LIST chunk into WAV headers.

    It speaks in server-sent events where it is asked to, unless it does not know them: `sends_events`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "",
        rate_hz: int = 24_000,
        voices: Sequence[str] = ("alloy", "echo", "nova"),
        models: Sequence[str] = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts"),
        lists_voices: bool = True,
        sends_events: bool = True,
        latency_s: float = 0.0,
        chunked: bool = False,
        with_list: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__(
            port=port,
            key=key,
            rate_hz=rate_hz,
            voices=voices,
            models=models,
            latency_s=latency_s,
            usual=Fault(chunked=chunked),
            seed=seed,
        )
        self.lists_voices = lists_voices
        self.sends_events = sends_events
        self._with_list = with_list

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/audio/speech", self._speak)
        router.add_get("/v1/models", self._list_models)
        router.add_get("/v1/models/{id:.+}", self._tell_model)
        if self.lists_voices:
            router.add_get("/v1/audio/voices", self._list_voices)

    def complaint_body(self, status: int, complaint: Complaint) -> bytes:  # noqa: ARG002 - one shape for all
        param = _FIELDS.get(complaint.about, complaint.about) or None
        error = {
            "message": complaint.message,
            "type": "invalid_request_error",
            "param": param,
            "code": complaint.code,
        }
        return json.dumps({"error": error}).encode()

    # --- routes -----------------------------------------------------------------------------------------

    async def _list_models(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"object": "list", "data": [{"id": name} for name in self.models]})

    async def _tell_model(self, request: web.Request) -> web.Response:
        self._check_key(request)
        name = request.match_info["id"]
        if name not in self.models:
            raise self.refuse(web.HTTPNotFound, _no_model(name))
        return web.json_response({"id": name, "object": "model"})

    async def _list_voices(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"voices": list(self.voices)})

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        wish = self._read_wish(await request.read())
        logged = self.log(
            request,
            wish,
            text=str(wish.get("input", "")),
            voice=str(wish.get("voice", "")),
            model=str(wish.get("model", "")),
            container=str(wish.get("response_format", "mp3")),
            speed=float(wish.get("speed", 1.0)),
            transport="sse" if wish.get("stream_format") == "sse" and self.sends_events else "http",
        )
        with self.in_flight():
            self._check_key(request)
            self._check_wish(logged)
            is_events = logged.transport == "sse"
            headers = {
                "Content-Type": "text/event-stream" if is_events else MEDIA_TYPES[logged.format],
                "x-request-id": f"req-{logged.number:06d}",
            }
            if is_events:
                return await self.speak(
                    request, logged, lambda fault: self._events(logged, fault), headers, framed=_delta
                )
            return await self.speak(request, logged, lambda fault: self._sound(logged, fault), headers)

    # --- what it refuses --------------------------------------------------------------------------------

    def _read_wish(self, body: bytes) -> dict[str, Any]:
        try:
            wish = json.loads(body)
        except ValueError:
            wish = None
        if not isinstance(wish, dict):
            raise self.refuse(web.HTTPBadRequest, Complaint("invalid_json", "The body is no JSON object."))
        return wish

    def _check_key(self, request: web.Request) -> None:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            wrong = Complaint("invalid_api_key", "Incorrect API key provided.")
            raise self.refuse(web.HTTPUnauthorized, wrong)

    def _check_wish(self, logged: LoggedRequest) -> None:
        if logged.model not in self.models:
            wrong = _no_model(logged.model)
        elif not set(logged.voice.split("+")) <= set(self.voices):
            wrong = Complaint("invalid_value", f"The voice {logged.voice!r} does not exist.", "voice")
        elif logged.format not in MEDIA_TYPES:
            wrong = Complaint("invalid_value", "That format is not made here.", "format")
        elif not 0 < len(logged.text) <= MAX_CHARACTERS:
            wrong = Complaint("invalid_value", f"1 to {MAX_CHARACTERS} characters.", "text")
        else:
            return
        raise self.refuse(web.HTTPBadRequest, wrong)

    # --- what it answers --------------------------------------------------------------------------------

    def _sound(self, logged: LoggedRequest, fault: Fault) -> bytes:
        pcm = self.pcm(logged, fault)
        if logged.format == "pcm":
            return pcm
        if logged.format == "mp3":
            return mp3(pcm, self.rate_hz)
        if logged.format == "flac":
            return flac(pcm, self.rate_hz)
        claimed_hz = fault.claimed_rate_hz or self.rate_hz
        return wav(pcm, claimed_hz, sizes_known=fault.sizes_known, with_list=self._with_list)

    def _events(self, logged: LoggedRequest, fault: Fault) -> bytes:
        events = [
            _event({"type": "speech.audio.delta", "audio": audio})
            for audio in in_base64(self._sound(logged, fault), fault)
        ]
        if fault.complaint:
            complaint = json.loads(self.complaint_body(500, fault.complaint))
            events.append(_event({"type": "speech.audio.error", **complaint}))
        if fault.ends and fault.sound != "endless noise":
            tokens = len(logged.text) // 4
            usage = {"input_tokens": tokens, "output_tokens": 0, "total_tokens": tokens}
            events.append(_event({"type": "speech.audio.done", "usage": usage}))
        return b"".join(events)


def _event(said: Mapping[str, Any]) -> bytes:
    return f"event: {said['type']}\ndata: {json.dumps(said)}\n\n".encode()


def _delta(sound: bytes) -> bytes:
    return _event({"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()})


def _no_model(name: str) -> Complaint:
    return Complaint("model_not_found", f"The model {name!r} does not exist.", "model")


@contextlib.contextmanager
def served(server: FakeSpeechServer | None = None) -> Iterator[FakeSpeechServer]:
    """`serving` with the usual server.

    Raises:
        OSError: its port is taken.
    """
    with serving(server or FakeSpeechServer()) as running:
        yield running
