"""A fake of the made-up server that `newcomer` is the adapter of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aiohttp import web

from narrator.testing.fake_server import FakeServer, LoggedRequest
from narrator.testing.faults import Complaint

_FIELDS = {"text": "words", "voice": "bird"}


class FakeParrotServer(FakeServer):
    """The server."""

    def __init__(self, *, key: str = "", voices: Sequence[str] = ("polly", "coco")) -> None:
        super().__init__(key=key, voices=voices)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/say", self._say)
        router.add_get("/birds", self._list_birds)

    def complaint_body(self, status: int, complaint: Complaint) -> bytes:
        about = _FIELDS.get(complaint.about, complaint.about)
        error = {"code": complaint.code, "param": about, "message": complaint.message}
        return json.dumps({"error": error}).encode()

    async def _list_birds(self, request: web.Request) -> web.Response:
        self._check_key(request.headers)
        return web.json_response({"birds": list(self.voices)})

    async def _say(self, request: web.Request) -> web.StreamResponse:
        wish = await request.json()
        logged: LoggedRequest = self.log(
            request, wish, text=wish["words"], voice=wish["bird"], speed=wish["pace"], container="pcm"
        )
        with self.in_flight():
            self._check_key(request.headers)
            if logged.voice not in self.voices:
                raise self.refuse(web.HTTPNotFound, Complaint("no_such_bird", "No such bird.", "voice"))
            headers = {"Content-Type": "audio/pcm", "X-Squawk": f"squawk-{logged.number}"}
            return await self.speak(request, logged, lambda fault: self.pcm(logged, fault), headers)

    def _check_key(self, headers: Mapping[str, str]) -> None:
        if self.key and headers.get("X-Parrot-Key") != self.key:
            raise self.refuse(web.HTTPUnauthorized, Complaint("bad_key", "That is not the key."))
