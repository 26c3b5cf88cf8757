"""A fake of `python -m piper.http_server`, of piper-tts 1.8; `fake_server` says what all fakes have in common.

It is as careless as the real one: a voice that it has not is spoken by the one that it was started with, and
the WAV that it answers with calls itself text/html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any

from aiohttp import web

from narrator.testing.fake_server import FakeServer, LoggedRequest
from narrator.testing.faults import Complaint, Fault
from narrator.testing.speechlike import wav

_ANSWER = {"Content-Type": "text/html; charset=utf-8"}
_NO_SPEAKERS: Mapping[str, int] = MappingProxyType({})


def voice_config(
    language: str = "en_US", rate_hz: int = 22_050, speakers: Mapping[str, int] = _NO_SPEAKERS
) -> dict[str, Any]:
    """What stands in the .onnx.json of a voice, as far as a client has use for it."""
    return {
        "audio": {"sample_rate": rate_hz, "quality": "medium"},
        "espeak": {"voice": language.lower().replace("_", "-")},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "language": {"code": language},
        "num_speakers": max(1, len(speakers)),
        "num_symbols": 256,
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], "a": [14]},
        "phoneme_type": "espeak",
        "speaker_id_map": dict(speakers),
    }


class FakePiperServer(FakeServer):
    """The server. The first of its voices is the one that it was started with; `configs` describe them.

    `lists_voices` and `route` make it an older one: it spoke at '/' before 1.8.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        rate_hz: int = 22_050,
        voices: Sequence[str] = ("en_US-joe-medium", "en_GB-alba-medium"),
        configs: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        lists_voices: bool = True,
        route: str = "/synthesize",
        latency_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(port=port, rate_hz=rate_hz, voices=voices, latency_s=latency_s, seed=seed)
        self.configs = {name: configs.get(name) or voice_config(rate_hz=rate_hz) for name in voices}
        self._lists_voices = lists_voices
        self._route = route

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post(self._route, self._speak)
        if self._lists_voices:
            router.add_get("/voices", self._list_voices)
            router.add_get("/info", self._tell)

    def complaint_body(self, status: int, complaint: Complaint) -> bytes:
        # Flask's page; only tests have the complaint's own words in it.
        page = f"<!doctype html>\n<html lang=en>\n<title>{status}</title>\n<p>{escape(complaint.message)}</p>\n"
        return page.encode()

    # --- routes -----------------------------------------------------------------------------------------

    async def _list_voices(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's
        return web.json_response(self.configs)

    async def _tell(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's
        own = self.voices[0]
        return web.json_response({"voice": {"name": own, "language": "en-us", "num_speakers": 1}, "last": None})

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        try:
            wish = json.loads(await request.read())
            text, length_scale = wish.get("text", "").strip(), float(wish.get("length_scale", 1.0))
        except (ValueError, AttributeError):
            text, length_scale, wish = "", 1.0, {}
        asked = wish.get("voice", self.voices[0])
        logged = self.log(
            request,
            wish,
            text=text,
            voice=asked if asked in self.voices else self.voices[0],
            container="wav",
            speed=1 / length_scale,
        )
        with self.in_flight():
            if not text:
                page = self.complaint_body(500, Complaint("", "Internal Server Error"))
                return web.Response(status=500, body=page, content_type="text/html")
            return await self.speak(request, logged, lambda fault: self._sound(logged, fault), _ANSWER)

    def _sound(self, logged: LoggedRequest, fault: Fault) -> bytes:
        claimed_hz = fault.claimed_rate_hz or self.rate_hz
        return wav(self.pcm(logged, fault), claimed_hz, sizes_known=fault.sizes_known)
