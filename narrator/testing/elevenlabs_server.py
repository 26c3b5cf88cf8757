"""A fake of ElevenLabs: speech over its HTTP routes and its WebSocket.

`fake_server` says what all fakes have in common, `elevenlabs_account` has what it knows of the account, and
`elevenlabs_dialogue` its side of the WebSocket. What it answers is shaped as
https://elevenlabs.io/docs/api-reference has it, and refused as https://elevenlabs.io/docs/eleven-api/resources/errors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from aiohttp import web

from narrator.testing.elevenlabs_account import MODELS, FakeAccount
from narrator.testing.elevenlabs_dialogue import Dialogue, is_told_inside
from narrator.testing.elevenlabs_sound import Utterance, objects_by_line, rate_of, whole_object
from narrator.testing.fake_server import LoggedRequest
from narrator.testing.faults import FAULTS, Complaint, Fault, refusal

_TIERS = ("free", "starter", "creator", "pro", "scale", "business")
_MEDIA_TYPES = {
    "pcm": "audio/pcm",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ulaw": "audio/basic",
    "alaw": "audio/basic",
}
_TRANSPORTS = {
    "": "http",
    "stream": "stream",
    "with-timestamps": "timestamps",
    "stream/with-timestamps": "stream-timestamps",
}


class FakeElevenLabs(FakeAccount):
    """The server: what is asked of the account, and speech in all its ways."""

    faults: ClassVar[Mapping[str, Fault]] = {
        **FAULTS,
        "400": refusal(400, "max_character_limit_exceeded", "This request's text is too long.", about="text"),
        "401": refusal(401, "invalid_api_key", "Invalid API key"),
        "402": refusal(402, "payment_required", "A payment failed."),
        "500": refusal(500, "internal_server_error", "The model fell over."),
        "quota": refusal(401, "quota_exceeded", "This request exceeds your quota."),
        "concurrent": refusal(429, "concurrent_limit_exceeded", "Too many requests at the same time."),
        "busy": refusal(429, "system_busy", "We are experiencing heavy traffic."),
        "unusual": refusal(401, "detected_unusual_activity", "Free tier usage disabled."),
        "plan": refusal(403, "subscription_required", "Your plan has no such output format."),
        "permission": refusal(401, "missing_permissions", "The key is missing the permission text_to_speech."),
    }

    def add_routes(self, router: web.UrlDispatcher) -> None:
        speech = "/v1/text-to-speech/{voice}"
        router.add_post(speech, self._speak)
        router.add_post(f"{speech}/stream", self._speak)
        router.add_post(f"{speech}/with-timestamps", self._speak)
        router.add_post(f"{speech}/stream/with-timestamps", self._speak)
        router.add_get(f"{speech}/stream-input", self._converse)
        super().add_routes(router)

    # --- speech over HTTP -------------------------------------------------------------------------------

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        wish = self._read_wish(await request.read())
        way = request.path.partition(f"/{request.match_info['voice']}")[2].strip("/")
        kind = request.query.get("output_format", "mp3_44100_128")
        settings = wish.get("voice_settings") or {}
        logged = self.log(
            request,
            {**wish, **request.query},
            text=str(wish.get("text", "")),
            voice=request.match_info["voice"],
            model=str(wish.get("model_id") or "eleven_multilingual_v2"),
            container=kind,
            speed=float(settings.get("speed") or 1.0),
            transport=_TRANSPORTS[way],
        )
        with self.in_flight():
            self.check_key(request, "text_to_speech")
            self._check_room(logged)
            self._check_wish(logged, way)
            is_json = way.endswith("with-timestamps")
            headers = {
                "Content-Type": "application/json" if is_json else _MEDIA_TYPES[kind.partition("_")[0]],
                "request-id": f"request-{logged.number:06d}",
                "character-cost": str(math.ceil(len(logged.text) * self.cost)),
                "current-concurrent-requests": str(logged.in_flight),
                "maximum-concurrent-requests": str(self.limit or 15),
            }
            return await self.speak(request, logged, lambda fault: self._sound(logged, way, fault), headers)

    def _sound(self, logged: LoggedRequest, way: str, fault: Fault) -> bytes:
        utterance = self.utterance(logged, logged.text, fault)
        if way == "with-timestamps":
            return whole_object(utterance, logged.format)
        if way == "stream/with-timestamps":
            told = self.complaint_body(500, fault.complaint) if fault.complaint else b""
            return objects_by_line(utterance, logged.format, fault, is_relative=self.is_relative) + told
        return utterance.encoded(logged.format, fault.claimed_rate_hz)

    # --- what it refuses --------------------------------------------------------------------------------

    def _read_wish(self, body: bytes) -> dict[str, Any]:
        try:
            wish = json.loads(body)
        except ValueError:
            wish = None
        if not isinstance(wish, dict) or not isinstance(wish.get("text"), str):
            missing = [{"type": "missing", "loc": ["body", "text"], "msg": "Field required", "input": wish}]
            raise web.HTTPUnprocessableEntity(
                text=json.dumps({"detail": missing}), content_type="application/json"
            )
        return wish

    def _check_room(self, logged: LoggedRequest) -> None:
        if self.limit and logged.in_flight > self.limit:
            wrong = Complaint("concurrent_limit_exceeded", "Too many requests at the same time.")
            raise self.refuse(web.HTTPTooManyRequests, wrong)

    def _check_wish(self, logged: LoggedRequest, way: str) -> None:
        self.check_voice(logged.voice)
        container = logged.format.partition("_")[0]
        kind: type[web.HTTPException] = web.HTTPBadRequest
        if logged.model not in self.models:
            wrong = Complaint("model_not_found", f"There is no model {logged.model!r}.", "model")
        elif container not in _MEDIA_TYPES or (container == "wav" and way.startswith("stream")):
            wrong = Complaint("invalid_parameters", "That format is not made here.", "format")
        elif logged.format in {"pcm_44100", "wav_44100"} and self.tier in _TIERS[:3]:
            kind, wrong = (
                web.HTTPForbidden,
                Complaint("subscription_required", "Only for Pro and above.", "format"),
            )
        elif not 0 < len(logged.text) <= MODELS.get(logged.model, 10_000):
            wrong = Complaint("max_character_limit_exceeded", "The text is empty or too long.", "text")
        elif logged.wish.get("previous_request_ids") and logged.model == "eleven_v3":
            wrong = Complaint(
                "unsupported_model", "Request ids are not yet supported with this model.", "model"
            )
        elif math.ceil((self.billed_characters + len(logged.text)) * self.cost) > self.credit:
            kind, wrong = web.HTTPUnauthorized, Complaint("quota_exceeded", "This request exceeds your quota.")
        else:
            return
        raise self.refuse(kind, wrong)

    # --- speech over a WebSocket ------------------------------------------------------------------------

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        logged = self.log(
            request,
            {**request.query, "messages": []},
            text="",
            voice=request.match_info["voice"],
            model=request.query.get("model_id", "eleven_multilingual_v2"),
            container=request.query.get("output_format", "mp3_44100_128"),
            transport="ws",
        )
        with self.in_flight():
            fault = await self.fault_for(logged)
            if fault.body or (fault.status != 200 and not is_told_inside(fault)):
                body = self.complaint_body(fault.status, fault.complaint) if fault.complaint else fault.body
                return web.Response(status=fault.status, headers=fault.headers, body=body)
            if logged.model == "eleven_v3":
                wrong = Complaint("unsupported_model", "This model is not spoken over WebSockets.", "model")
                raise self.refuse(web.HTTPBadRequest, wrong)
            websocket = web.WebSocketResponse()
            await websocket.prepare(request)
            await Dialogue(request, websocket, logged, fault, self).run()
            return websocket

    def complaint_about(self, logged: LoggedRequest, key: str) -> Complaint | None:
        """What is wrong with a dialogue, told once it has begun."""
        if self.key and key != self.key:
            return Complaint("invalid_api_key", "Invalid API key")
        if logged.voice not in self.voices and logged.voice not in self.library:
            return Complaint("voice_id_does_not_exist", f"A voice with voice_id {logged.voice} does not exist.")
        if self.limit and logged.in_flight > self.limit:
            return Complaint("too_many_concurrent_requests", "Too many requests at the same time.")
        return None

    async def fault_of_text(self, logged: LoggedRequest, fault: Fault) -> Fault:
        """The fault of a dialogue whose text is known now: rules may be about it."""
        is_about_text = fault is self._usual and any(rule.text for rule in self._rules)
        return await self.fault_for(logged) if is_about_text else fault

    def utterance(self, logged: LoggedRequest, text: str, fault: Fault) -> Utterance:
        """The sound of a text, which may be a part of a request's, and end in the space between two parts."""
        rate_hz = rate_of(logged.format)
        return Utterance(text, self.pcm(replace(logged, text=text.removesuffix(" ")), fault, rate_hz), rate_hz)
