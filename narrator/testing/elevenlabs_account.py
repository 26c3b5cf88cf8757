"""One account at the fake of ElevenLabs: who may do what, its voices, its models, what it has left."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiohttp import web

from narrator.testing.fake_server import FakeServer
from narrator.testing.faults import Complaint, Fault

PERMISSIONS = frozenset({"text_to_speech", "voices_read", "voices_write", "models_read", "user_read"})
MODELS: Mapping[str, int] = {
    "eleven_multilingual_v2": 10_000,
    "eleven_flash_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_v3": 5_000,
}
"""The models and the most characters of a request."""

_VOICES = ("JBFqnCBsd6RMkjVDRZzb", "EXAVITQu4vr4xnSDxMaL", "onwK4e9ZLuTAKqWW03F9")
_NAMES = {"JBFqnCBsd6RMkjVDRZzb": "George", "EXAVITQu4vr4xnSDxMaL": "Sarah", "onwK4e9ZLuTAKqWW03F9": "Daniel"}
_TYPES = {
    400: "validation_error",
    401: "authentication_error",
    402: "payment_required",
    403: "authorization_error",
    404: "not_found",
    429: "rate_limit_error",
}
_FIELDS = {"voice": "voice_id", "model": "model_id", "format": "output_format"}


class FakeAccount(FakeServer):
    """What the server knows of the account.

    `limit` is how many requests it runs at once (0 for any number), `permissions` what the key may do, and
    `cost` how many credits a character costs. `page` is how many voices a page of the list has, `library` are
    voices that no list has. `is_relative` is how the lines of the stream with times count their times.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "",
        voices: Sequence[str] = _VOICES,
        models: Sequence[str] = tuple(MODELS),
        library: Collection[str] = (),
        permissions: Collection[str] = PERMISSIONS,
        tier: str = "creator",
        credit: int = 1_000_000,
        cost: float = 1.0,
        limit: int = 0,
        page: int = 2,
        is_relative: bool = False,
        latency_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            port=port,
            key=key,
            voices=voices,
            models=models,
            latency_s=latency_s,
            usual=Fault(chunked=True),
            seed=seed,
        )
        self.tier = tier
        self.credit = credit
        self.library = set(library)
        self._permissions = frozenset(permissions)
        self.cost = cost
        self.limit = limit
        self._page = page
        self.is_relative = is_relative

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/v1/models", self._list_models)
        router.add_get("/v2/voices", self._list_voices)
        router.add_get("/v1/voices/{voice}", self._tell_voice)
        router.add_post("/v1/voices/add", self._add_voice)
        router.add_get("/v1/user/subscription", self._tell_subscription)

    def complaint_body(self, status: int, complaint: Complaint) -> bytes:
        detail = {
            "type": _TYPES.get(status, "internal_error"),
            "code": complaint.code,
            "message": complaint.message,
            "status": complaint.code,
            "request_id": "0123456789abcdef",
        }
        if complaint.about:
            detail["param"] = _FIELDS.get(complaint.about, complaint.about)
        return json.dumps({"detail": detail}).encode()

    def check_key(self, request: web.Request, permission: str) -> None:
        """Refuse a request whose key is wrong, or may not do this."""
        if self.key and request.headers.get("xi-api-key") != self.key:
            raise self.refuse(web.HTTPUnauthorized, Complaint("invalid_api_key", "Invalid API key"))
        if permission not in self._permissions:
            missing = f"The API key you used is missing the permission {permission} to execute this operation."
            raise self.refuse(web.HTTPUnauthorized, Complaint("missing_permissions", missing))

    def check_voice(self, voice: str) -> None:
        """Refuse a voice that there is not."""
        if voice not in self.voices and voice not in self.library:
            wrong = Complaint("voice_not_found", "A voice with that id was not found.", "voice")
            raise self.refuse(web.HTTPNotFound, wrong)

    # --- routes -----------------------------------------------------------------------------------------

    async def _list_models(self, request: web.Request) -> web.Response:
        self.check_key(request, "models_read")
        return web.json_response(
            [
                {
                    "model_id": name,
                    "name": name.replace("_", " ").title(),
                    "can_do_text_to_speech": True,
                    "maximum_text_length_per_request": MODELS.get(name, 10_000),
                    "languages": [{"language_id": "en", "name": "English"}],
                }
                for name in self.models
            ]
        )

    async def _list_voices(self, request: web.Request) -> web.Response:
        self.check_key(request, "voices_read")
        start = int(request.query.get("next_page_token", "0"))
        shown = self.voices[start : start + self._page]
        has_more = start + self._page < len(self.voices)
        return web.json_response(
            {
                "voices": [_voice(each) for each in shown],
                "has_more": has_more,
                "total_count": len(self.voices),
                "next_page_token": str(start + self._page) if has_more else None,
            }
        )

    async def _tell_voice(self, request: web.Request) -> web.Response:
        self.check_key(request, "voices_read")
        self.check_voice(request.match_info["voice"])
        return web.json_response(_voice(request.match_info["voice"]))

    async def _add_voice(self, request: web.Request) -> web.Response:
        self.check_key(request, "voices_write")
        form = await request.post()
        wrong = None
        if not (form.get("name") and isinstance(form.get("files"), web.FileField)):
            wrong = Complaint("invalid_parameters", "A name and files are needed.")
        elif self.tier == "free":
            wrong = Complaint("can_not_use_instant_voice_cloning", "Your plan has no instant voice cloning.")
        if wrong:
            raise self.refuse(web.HTTPBadRequest, wrong)
        voice = f"clone{len(self.voices):015d}"
        self.voices = (*self.voices, voice)
        return web.json_response({"voice_id": voice, "requires_verification": False})

    async def _tell_subscription(self, request: web.Request) -> web.Response:
        self.check_key(request, "user_read")
        used = math.ceil(self.billed_characters * self.cost)
        return web.json_response(
            {
                "tier": self.tier,
                "character_count": used,
                "character_limit": self.credit,
                "max_credit_limit_extension": 0,
                "next_character_count_reset_unix": 1_800_000_000,
                "status": "active",
            }
        )


def _voice(voice: str) -> dict[str, Any]:
    return {
        "voice_id": voice,
        "name": _NAMES.get(voice, voice),
        "category": "premade",
        "labels": {"accent": "british", "gender": "male", "use_case": "narration"},
        "description": "warm",
        "verified_languages": [{"language": "en", "model_id": "eleven_multilingual_v2", "accent": "british"}],
    }
