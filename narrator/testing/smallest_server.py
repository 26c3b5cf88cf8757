"""A fake of Smallest AI's Waves, as of August 2026: https://docs.smallest.ai/waves.

Speech by its three ways on the live routes and by those of the retired models, the voices of the models, and
voices from recordings. As the service does it: everything is labelled audio/wav, errors are lists, objects and
plain texts, a WebSocket is left open or closed after an answer, and of two requests at once an account of one
gets a 429. `fake_server` says what all fakes have in common.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aiohttp import WSMsgType, web

from narrator.testing.fake_server import FakeServer, LoggedRequest
from narrator.testing.faults import FAULTS, Complaint, Fault, refusal
from narrator.testing.sending import send_messages
from narrator.testing.smallest_sound import (
    complaint_found,
    complaint_message,
    complete,
    encoded,
    event_of,
    events_of,
    messages_of,
    rate_of,
)

MODELS = ("lightning_v3.1", "lightning_v3.1_pro")
RETIRED = ("lightning-large", "lightning-v2")
FORMATS = ("wav", "ulaw", "alaw", "pcm", "mp3")
SAMPLE_RATES = (8000, 16000, 24000, 44100)
_ENOUGH_CHARACTERS = 60
"""With so much text a socket speaks, although there may be more."""


class FakeSmallestServer(FakeServer):
    """The server. `voices` are the standard pool's, `pro_voices` the other's, told apart if `tells_pools`.

    `concurrency` is how many requests the account may have at once, 0 for any number. `is_retired`: the old
    models answer 410. `closes_sockets`: after each answer; `is_old`: messages have the words of before; and
    `completes_flushes`: each flush has a "complete" of its own.
    """

    faults: ClassVar[Mapping[str, Fault]] = {
        **FAULTS,
        "400": refusal(400, "custom", "This text cannot be spoken", about="text"),
        "401": refusal(401, "Unauthorized", "Invalid API key."),
        "429": refusal(429, "TooManyRequests", "Concurrency limit exceeded.", Retry_After="1"),
        "500": refusal(500, "InternalServerError", "An unexpected error occurred."),
        "503": refusal(503, "ServiceUnavailable", "Service unavailable.", Retry_After="1"),
        "quota": refusal(403, "Forbidden", "Usage limit reached for this account."),
        "plan": refusal(400, "BadRequest", "To use this voice, upgrade to a higher plan."),
    }

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "",
        rate_hz: int = 24_000,
        voices: Sequence[str] = ("magnus", "olivia"),
        pro_voices: Sequence[str] = ("meher", "avery"),
        tells_pools: bool = True,
        lists_voices: bool = True,
        concurrency: int = 0,
        is_retired: bool = True,
        closes_sockets: bool = False,
        is_old: bool = False,
        completes_flushes: bool = False,
        latency_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            port=port,
            key=key,
            rate_hz=rate_hz,
            voices=voices,
            models=MODELS,
            latency_s=latency_s,
            seed=seed,
        )
        self.pro_voices = tuple(pro_voices)
        self.clones: list[dict[str, Any]] = []
        self.opened_sockets = 0
        self.open_sockets = 0
        self.peak_sockets = 0
        self._tells_pools = tells_pools
        self._lists_voices = lists_voices
        self._concurrency = concurrency
        self._is_retired = is_retired
        self._closes_sockets = closes_sockets
        self._is_old = is_old
        self._completes_flushes = completes_flushes

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/waves/v1/tts", self._speak_whole)
        router.add_post("/waves/v1/tts/live", self._speak_events)
        router.add_get("/waves/v1/tts/live", self._converse)
        router.add_get("/waves/v1/voice-cloning", self._list_clones)
        router.add_post("/waves/v1/voice-cloning", self._clone)
        if self._lists_voices:
            router.add_get("/waves/v1/voice/get-all-models", self._list_all)
            router.add_get("/waves/v1/{model}/get_voices", self._list_voices)
        for model in RETIRED:
            router.add_post(f"/waves/v1/{model}/get_speech", self._speak_whole)
            router.add_post(f"/waves/v1/{model}/stream", self._speak_events)
            router.add_get(f"/waves/v1/{model}/get_speech/stream", self._converse)

    def complaint_body(self, status: int, complaint: Complaint) -> bytes:
        return json.dumps(complaint_found(complaint, status)).encode()

    # --- lists and recordings -----------------------------------------------------------------------------

    async def _list_voices(self, request: web.Request) -> web.Response:
        self._check_key(request)
        model = request.match_info["model"]
        self._check_retired(model)
        pools = {"lightning-v3.1": self.voices, "lightning-v3.1-pro": self.pro_voices}
        if not self._tells_pools:
            pools = {"lightning-v3.1": (*self.voices, *self.pro_voices)}
        if model in RETIRED:
            pools[model] = self.voices
        if model not in pools:
            raise self.refuse(web.HTTPBadRequest, Complaint("invalid_enum_value", "Invalid model", "model"))
        return web.json_response({"voices": [_voice(name) for name in pools[model]]})

    async def _list_all(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"voices": [_voice(name) for name in (*self.voices, *self.pro_voices)]})

    async def _list_clones(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"data": self.clones})

    async def _clone(self, request: web.Request) -> web.Response:
        self._check_key(request)
        form = await request.post()
        sample = form.get("file")
        if not isinstance(sample, web.FileField) or not form.get("displayName"):
            raise web.HTTPBadRequest(text='{"error": "no file provided"}', content_type="application/json")
        clone = {
            "voiceId": f"voice_{len(self.clones) + 1:010d}",
            "displayName": form["displayName"],
            "language": form.get("language", ""),
            "modelIds": [form.get("model", "lightning-v3.1")],
            "status": "completed",
            "mediaType": sample.content_type,
            "bytes": len(sample.file.read()),
        }
        self.clones.append(clone)
        return web.json_response({"message": "Voice clone created successfully", "data": clone})

    # --- speech ---------------------------------------------------------------------------------------------

    async def _speak_whole(self, request: web.Request) -> web.StreamResponse:
        logged = self._logged(request, self._read(await request.read()), "http")
        with self.in_flight():
            self._check(request, logged)
            return await self.speak(request, logged, lambda fault: self._sound(logged, fault), _headers(logged))

    async def _speak_events(self, request: web.Request) -> web.StreamResponse:
        logged = self._logged(request, self._read(await request.read()), "sse")
        headers = {**_headers(logged), "Content-Type": "text/event-stream"}

        def events(fault: Fault) -> bytes:
            return events_of(self._sound(logged, fault), fault)

        with self.in_flight():
            self._check(request, logged)
            return await self.speak(request, logged, events, headers, framed=event_of)

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        self._check_key(request)
        self._check_retired(_model_in(request))
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        self.opened_sockets += 1
        self.open_sockets += 1
        self.peak_sockets = max(self.peak_sockets, self.open_sockets)
        try:
            with contextlib.suppress(ConnectionResetError):  # the client is gone
                await self._listen(request, websocket, float(request.query.get("timeout", 60)))
        finally:
            self.open_sockets -= 1
        return websocket

    async def _listen(self, request: web.Request, websocket: web.WebSocketResponse, idle_s: float) -> None:
        held = ""
        while not websocket.closed:
            try:
                message = await websocket.receive(timeout=idle_s)
            except TimeoutError:
                words = f"Connection timed out after {idle_s:g} seconds of inactivity"
                await websocket.send_json({"status": "error", "message": words})
                await websocket.close()
                return
            if message.type is not WSMsgType.TEXT:
                return
            wish = json.loads(message.data)
            held += str(wish.get("text", ""))
            goes_on, is_flush = bool(wish.get("continue")), bool(wish.get("flush"))
            if goes_on and not is_flush and len(held) < _ENOUGH_CHARACTERS:
                continue
            text, held = held, ""
            is_done = not goes_on or (is_flush and self._completes_flushes)
            if not await self._answer(request, websocket, {**wish, "text": text}, is_done=is_done):
                return
            if is_done and self._closes_sockets:
                await websocket.close()

    async def _answer(
        self, request: web.Request, websocket: web.WebSocketResponse, wish: dict[str, Any], *, is_done: bool
    ) -> bool:
        """Speak over a WebSocket; whether it goes on."""
        if not wish["text"]:
            await websocket.send_str(complete(0, wish, is_old=self._is_old))
            return True
        logged = self._logged(request, wish, "ws")
        with self.in_flight():
            own = self._complaint(logged)
            fault = Fault(complaint=own) if own else await self.fault_for(logged)
            if fault.body:
                await websocket.send_bytes(fault.body)
            if fault.speaks:
                await self._speak_messages(request, websocket, logged, fault)
            if fault.cut_after is not None:
                return False
            if fault.complaint:
                words = complaint_message(fault.complaint, logged.number, is_old=self._is_old)
                await websocket.send_str(words)
            elif is_done and fault.ends:
                await websocket.send_str(complete(logged.number, wish, is_old=self._is_old))
            logged.finished = not fault.complaint and fault.ends and fault.body is None
            if not logged.finished:
                await websocket.close()
        return logged.finished

    async def _speak_messages(
        self, request: web.Request, websocket: web.WebSocketResponse, logged: LoggedRequest, fault: Fault
    ) -> None:
        messages = messages_of(self._sound(logged, fault), logged, fault)
        await send_messages(request, websocket, messages, fault)

    # --- what it refuses --------------------------------------------------------------------------------

    def _read(self, body: bytes) -> dict[str, Any]:
        try:
            wish = json.loads(body)
        except ValueError:
            wish = None
        if not isinstance(wish, dict):
            raise self.refuse(web.HTTPBadRequest, Complaint("InvalidRequest", "The body is no JSON object."))
        return wish

    def _logged(self, request: web.Request, wish: Mapping[str, Any], transport: str) -> LoggedRequest:
        return self.log(
            request,
            wish,
            text=str(wish.get("text", "")),
            voice=str(wish.get("voice_id", "")),
            model=_model_in(request) or str(wish.get("model", "lightning_v3.1")),
            container=str(wish.get("output_format", "pcm")),
            speed=float(wish.get("speed", 1.0)),
            transport=transport,
        )

    def _check_key(self, request: web.Request) -> None:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            raise self.refuse(web.HTTPUnauthorized, Complaint("Unauthorized", "Invalid API key."))

    def _check_retired(self, model: str) -> None:
        if self._is_retired and model in RETIRED:
            words = "This model is retired. Please migrate to lightning-v3.1."
            raise self.refuse(web.HTTPGone, Complaint("MODEL_DEPRECATED", words))

    def _check(self, request: web.Request, logged: LoggedRequest) -> None:
        self._check_key(request)
        self._check_retired(logged.model)
        if complaint := self._complaint(logged):
            crowded = complaint.code == "TooManyRequests"
            raise self.refuse(web.HTTPTooManyRequests if crowded else web.HTTPBadRequest, complaint)

    def _complaint(self, logged: LoggedRequest) -> Complaint | None:
        wish = logged.wish
        clones = {clone["voiceId"] for clone in self.clones}
        if self._concurrency and logged.in_flight > self._concurrency:
            return Complaint("TooManyRequests", "Concurrency limit exceeded.")
        if logged.model not in (*self.models, *RETIRED):
            return Complaint("invalid_enum_value", "Invalid model", "model")
        if logged.voice not in {*self.voices, *self.pro_voices, *clones}:
            return Complaint("custom", "Invalid Voice ID", "voice")
        if logged.format not in FORMATS:
            return Complaint("invalid_enum_value", f"Invalid enum value, received {logged.format!r}", "format")
        if wish.get("sample_rate", 44100) not in SAMPLE_RATES or not 0.5 <= logged.speed <= 2.0:
            return Complaint("InvalidRequest", "Invalid sample_rate or speed.")
        return None if logged.text else Complaint("too_small", "Required", "text")

    def _sound(self, logged: LoggedRequest, fault: Fault) -> bytes:
        return encoded(self.pcm(logged, fault, rate_of(logged)), logged, fault)


def _model_in(request: web.Request) -> str:
    """The retired model that a path names, '' if none."""
    return next((part for part in request.path.split("/") if part in RETIRED), "")


def _headers(logged: LoggedRequest) -> dict[str, str]:
    return {"Content-Type": "audio/wav", "X-Request-Id": f"task_{logged.number:06d}", "X-Session-Id": "http_1"}


def _voice(name: str) -> dict[str, Any]:
    tags = {"language": ["english", "hindi"], "accent": "american", "gender": "male", "age": "young"}
    return {"voiceId": name, "displayName": name.title(), "tags": tags}
