"""The voice library of the fake Chatterbox server: names, aliases, and which voice is the default one.

As of https://github.com/travisvn/chatterbox-tts-api 2.1.0: names are looked up as they are written; a voice
that is deleted while it is the default one is missed by every request, until somebody asks which one it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from aiohttp import web

LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "ms": "Malay", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ru": "Russian", "sv": "Swedish", "sw": "Swahili", "tr": "Turkish",
}  # fmt: skip
"""Those of the multilingual model."""

SAMPLE_SUFFIXES = (".flac", ".m4a", ".mp3", ".ogg", ".wav")
MOST_SAMPLE_BYTES = 10 << 20
SYSTEM_VOICE = "./voice-sample.mp3"

_UPLOADED = "2026-01-01T00:00:00"
_NO_NAME = '/\\:*?"<>|'


@dataclass(slots=True)
class StoredVoice:
    """A voice as it was uploaded."""

    name: str
    language: str = "en"
    data: bytes = b"RIFF"
    aliases: list[str] = field(default_factory=list)


class VoiceLibrary:
    """The library and its routes. `languages` are those of the loaded model."""

    def __init__(self, voices: Mapping[str, str], languages: Mapping[str, str]) -> None:
        self.voices = {name: StoredVoice(name, language) for name, language in voices.items()}
        self.languages = languages
        self.default = ""

    @property
    def is_broken(self) -> bool:
        """Whether the default voice was deleted and nobody has asked for it since."""
        return bool(self.default) and self.default not in self.voices

    def find(self, name: str) -> StoredVoice | None:
        """The voice of that name or alias."""
        by_alias = (voice for voice in self.voices.values() if name in voice.aliases)
        return self.voices.get(name) or next(by_alias, None)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/languages", self._list_languages)
        for path in ("/voices/default", "/v1/voices/default", "/default-voice"):
            router.add_get(path, self._get_default)
            router.add_post(path, self._set_default)
            router.add_delete(path, self._clear_default)
        for path in ("/voices", "/v1/voices", "/voice-library", "/voice_library"):
            router.add_get(path, self._list)
            router.add_post(path, self._upload)
        for prefix in ("", "/v1"):
            router.add_get(f"{prefix}/voices/{{name}}", self._get)
            router.add_delete(f"{prefix}/voices/{{name}}", self._delete)
            router.add_post(f"{prefix}/voices/{{name}}/aliases", self._add_alias)

    # --- routes -----------------------------------------------------------------------------------------

    async def _list_languages(self, _request: web.Request) -> web.Response:
        listed = [{"code": code, "name": name} for code, name in self.languages.items()]
        kind = "multilingual" if len(listed) > 1 else "standard"
        return web.json_response({"languages": listed, "count": len(listed), "model_type": kind})

    async def _list(self, _request: web.Request) -> web.Response:
        listed = [_described(voice) for voice in reversed(self.voices.values())]
        return web.json_response({"voices": listed, "count": len(listed)})

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response({"voice": _described(self._found(request))})

    async def _delete(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.voices:
            raise _missing(name)
        del self.voices[name]
        return web.json_response({"message": "Voice deleted successfully", "voice_name": name})

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        sample, name = form.get("voice_file"), str(form.get("voice_name", "")).strip()
        language = str(form.get("language", "en"))
        if not isinstance(sample, web.FileField) or "voice_name" not in form:
            field_name = "voice_name" if "voice_name" not in form else "voice_file"
            raise missing_field(field_name)
        data = sample.file.read()
        if PurePath(sample.filename.lower()).suffix not in SAMPLE_SUFFIXES:
            raise complaint(web.HTTPBadRequest, "invalid_request_error", "Unsupported audio format.")
        if len(data) > MOST_SAMPLE_BYTES:
            raise complaint(web.HTTPBadRequest, "invalid_request_error", "File too large. Maximum size: 10MB")
        if language not in self.languages:
            raise complaint(web.HTTPBadRequest, "invalid_request_error", f"Unsupported language: {language}.")
        if not name or set(name) & set(_NO_NAME):
            raise complaint(web.HTTPBadRequest, "validation_error", "Voice name contains invalid characters")
        if self.find(name):
            raise complaint(web.HTTPConflict, "voice_exists_error", f"Voice '{name}' already exists")
        self.voices[name] = StoredVoice(name, language, data)
        stored = {key: _described(self.voices[name])[key] for key in _TOLD_OF_A_NEW_ONE}
        return web.json_response({"message": "Voice uploaded successfully", "voice": stored}, status=201)

    async def _add_alias(self, request: web.Request) -> web.Response:
        voice, form = self._found(request), await request.post()
        if "alias" not in form:
            raise missing_field("alias")
        alias = str(form["alias"]).strip()
        if self.find(alias) not in (None, voice):
            raise complaint(web.HTTPConflict, "alias_exists_error", f"Alias '{alias}' already exists")
        voice.aliases.append(alias)
        said = {"message": "Alias added successfully", "voice_name": voice.name, "aliases": voice.aliases}
        return web.json_response({**said, "alias": alias}, status=201)

    async def _get_default(self, _request: web.Request) -> web.Response:
        if self.is_broken:
            self.default = ""
        said: dict[str, Any] = {"default_voice": None, "source": "file_system", "path": SYSTEM_VOICE}
        if self.default:
            info = _described(self.voices[self.default])
            said = {"default_voice": self.default, "source": "voice_library", "voice_info": info}
        return web.json_response(said)

    async def _set_default(self, request: web.Request) -> web.Response:
        name = str((await request.post()).get("voice_name", ""))
        if name not in self.voices:
            raise _missing(name)
        self.default = name
        return web.json_response({"message": "Default voice updated successfully", "default_voice": name})

    async def _clear_default(self, _request: web.Request) -> web.Response:
        self.default = ""
        said = {"message": "Default voice reset to system default", "default_voice": None}
        return web.json_response({**said, "source": "file_system", "path": SYSTEM_VOICE})

    def _found(self, request: web.Request) -> StoredVoice:
        name = request.match_info["name"]
        voice = self.find(name)
        if voice is None:
            raise _missing(name)
        return voice


def complaint(kind: type[web.HTTPException], code: str, message: str) -> web.HTTPException:
    """A refusal in the words of the application itself."""
    return kind(text=_json({"error": {"message": message, "type": code}}), content_type="application/json")


def unprocessable(problems: list[dict[str, Any]]) -> web.HTTPException:
    """A refusal of the framework's, which repeats what was sent."""
    return web.HTTPUnprocessableEntity(text=_json({"detail": problems}), content_type="application/json")


def missing_field(name: str) -> web.HTTPException:
    """The refusal of a request without this field."""
    return unprocessable([{"type": "missing", "loc": ["body", name], "msg": "Field required", "input": None}])


_TOLD_OF_A_NEW_ONE = ("name", "filename", "file_size", "upload_date", "language")


def _described(voice: StoredVoice) -> dict[str, Any]:
    filename = f"{voice.name}.wav"
    return {
        "name": voice.name,
        "filename": filename,
        "original_filename": filename,
        "file_extension": ".wav",
        "file_size": len(voice.data),
        "upload_date": _UPLOADED,
        "path": f"voices/{filename}",
        "language": voice.language,
        "aliases": voice.aliases,
        "exists": True,
    }


def _missing(name: str) -> web.HTTPException:
    return complaint(web.HTTPNotFound, "voice_not_found_error", f"Voice '{name}' not found")


def _json(found: object) -> str:
    return web.json_response(found).text or ""
