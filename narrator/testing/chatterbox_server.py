"""A fake of the Chatterbox TTS API, https://github.com/travisvn/chatterbox-tts-api, as of version 2.1.0.

Speech by its three ways, with and without an uploaded recording, under all its paths; the voice library
(`chatterbox_library`); health, models, languages. As the application does it: an unknown voice is spoken with
the default one; `speed`, `response_format` and `model` are ignored; a plain answer's WAV has a LIST chunk and
comes in chunks; a stream's header says no size and is sent before anything is spoken; and what fails once a
stream or events were begun is a connection that is cut. `fake_server` says what all fakes have in common.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from aiohttp import web

from narrator.testing.chatterbox_library import LANGUAGES, VoiceLibrary
from narrator.testing.chatterbox_requests import MAX_CHARACTERS, read_form, read_json
from narrator.testing.fake_server import FakeServer, LoggedRequest
from narrator.testing.faults import FAULTS, Complaint, Fault, refusal
from narrator.testing.speechlike import wav

DEFAULT_VOICE = "(the default voice)"
"""Who speaks where no voice of the library does, as the log has it."""

_CUTS = {"fast": (100, "word"), "balanced": (200, "sentence"), "high": (300, "paragraph")}
_BETWEEN = {"sentence": r"(?<=[.!?])\s+", "paragraph": r"\n\s*\n", "word": r"\s+"}
_SPEECH, _STREAM = ("/audio/speech", "/tts"), ("/audio/speech/stream", "/tts/stream")
_HEADER_BYTES = 44
_NO_BASE64 = b'data: {"type":"speech.audio.delta","audio":"~~ this is no sound ~~"}\n\n'
_CUT_SHORT = Fault(cut_after=0, chunked=True)


class FakeChatterboxServer(FakeServer):
    """The server. `library` are the voices with their languages.

    `loads_after` is how often its health must be asked for until the model is loaded, and `load_error` why it
    never will be.
    """

    faults: ClassVar[Mapping[str, Fault]] = {
        **FAULTS,
        "400": refusal(400, "invalid_request_error", "Input text too long. Maximum 500 characters allowed."),
        "500": refusal(500, "generation_error", "TTS generation failed: out of memory"),
        "not-loaded": refusal(500, "model_error", "Model not loaded"),
        "header-only": Fault(cut_after=_HEADER_BYTES, chunked=True),
    }

    def __init__(
        self,
        *,
        port: int = 0,
        library: Mapping[str, str] = {"anna": "en", "marie": "fr"},
        is_multilingual: bool = True,
        max_total_length: int = MAX_CHARACTERS,
        loads_after: int = 0,
        load_error: str = "",
        latency_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(port=port, latency_s=latency_s, usual=Fault(chunked=True), seed=seed)
        self.library = VoiceLibrary(library, LANGUAGES if is_multilingual else {"en": "English"})
        self.max_total_length = max_total_length
        self.loads_after = loads_after
        self._load_error = load_error
        self._paths: set[str] = set()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for path in ("/health", "/v1/health", "/status"):
            router.add_get(path, self._tell_health)
        for path in ("/models", "/v1/models"):
            router.add_get(path, self._list_models)
        self.library.add_routes(router)
        for paths, is_stream in ((_SPEECH, False), (_STREAM, True)):
            for path in (*paths, f"/v1{paths[0]}"):
                router.add_post(path, self._speaker(is_stream=is_stream, is_form=False))
                router.add_post(f"{path}/upload", self._speaker(is_stream=is_stream, is_form=True))
        self._paths = {resource.canonical for resource in router.resources()}
        router.add_route("*", "/{path:.*}", self._refuse_path)

    def complaint_body(self, status: int, complaint: Complaint) -> bytes:  # noqa: ARG002 - one shape for all
        return json.dumps({"error": {"message": complaint.message, "type": complaint.code}}).encode()

    # --- routes -----------------------------------------------------------------------------------------

    async def _tell_health(self, _request: web.Request) -> web.Response:
        is_loaded = not (self.loads_after or self._load_error)
        self.loads_after = max(0, self.loads_after - 1)
        state = "error" if self._load_error else "ready" if is_loaded else "initializing"
        progress = f"Failed: {self._load_error}" if self._load_error else "Loading TTS model..."
        health = {
            "status": "healthy" if is_loaded else state,
            "model_loaded": is_loaded,
            "device": "cpu",
            "config": {"max_chunk_length": 280, "max_total_length": self.max_total_length},
            "initialization_state": state,
            "initialization_progress": "Model ready" if is_loaded else progress,
            "initialization_error": self._load_error or None,
        }
        return web.json_response(health)

    async def _list_models(self, _request: web.Request) -> web.Response:
        model = {"id": "chatterbox-tts-1", "object": "model", "created": 1677649963, "owned_by": "resemble-ai"}
        return web.json_response({"object": "list", "data": [model]})

    async def _refuse_path(self, request: web.Request) -> web.Response:
        if request.path in self._paths:
            return web.json_response({"detail": "Method Not Allowed"}, status=405)
        return web.json_response({"detail": "Not Found"}, status=404)

    def _speaker(self, *, is_stream: bool, is_form: bool) -> Callable[[web.Request], Any]:
        async def speak(request: web.Request) -> web.StreamResponse:
            wish = await (read_form(request) if is_form else read_json(request))
            transport = "stream" if is_stream else "sse" if wish.get("stream_format") == "sse" else "http"
            voice = self.library.find(str(wish.get("voice", "alloy")))
            logged = self.log(
                request,
                wish,
                text=str(wish["input"]).strip(),
                voice=voice.name if voice and "voice_file" not in wish else DEFAULT_VOICE,
                container="wav",
                transport=transport,
            )
            is_sse = transport == "sse"
            with self.in_flight():
                return await self.speak(
                    request,
                    logged,
                    lambda fault: self._body(logged, fault),
                    {"Content-Type": "text/event-stream" if is_sse else "audio/wav"},
                    framed=_delta if is_sse else None,
                )

        return speak

    # --- what it answers --------------------------------------------------------------------------------

    async def fault_for(self, logged: LoggedRequest) -> Fault:
        """What a rule says, else what goes wrong in a server of this kind by itself."""
        fault = await super().fault_for(logged)
        own = self._failure(logged)
        if own is None:
            return fault
        logged.billed = 0
        return own

    def _failure(self, logged: LoggedRequest) -> Fault | None:
        is_plain = logged.transport == "http"
        if self.loads_after or self._load_error:
            return self.faults["not-loaded"] if is_plain else _CUT_SHORT
        if len(logged.text) > self.max_total_length:
            return self.faults["400"] if is_plain else _CUT_SHORT
        is_sample_gone = logged.transport == "sse" and "voice_file" in logged.wish
        if is_sample_gone or (logged.voice == DEFAULT_VOICE and self.library.is_broken):
            began = len(_event(self._info(Fault()))) if logged.transport == "sse" else _HEADER_BYTES
            return self.faults["500"] if is_plain else replace(_CUT_SHORT, cut_after=began)
        return None

    def _body(self, logged: LoggedRequest, fault: Fault) -> bytes:
        pcm = self.pcm(logged, fault)
        if logged.transport == "sse":
            return self._events(logged, fault, pcm)
        is_stream = logged.transport == "stream"
        sizes_known = fault.sizes_known and not is_stream
        rate_hz = fault.claimed_rate_hz or self.rate_hz
        return wav(pcm, rate_hz, sizes_known=sizes_known, with_list=not is_stream)

    def _info(self, fault: Fault) -> dict[str, Any]:
        rate_hz = fault.claimed_rate_hz or self.rate_hz
        return {"type": "speech.audio.info", "sample_rate": rate_hz, "channels": 1, "bits_per_sample": 16}

    def _events(self, logged: LoggedRequest, fault: Fault, pcm: bytes) -> bytes:
        """An event a piece of the text. The numbers of the usage are made up in the application, too.

        It has no event that complains: that is a fault's alone.
        """
        pieces = cut_text(logged.text, logged.wish) if pcm else []
        whole, frames, spoken = sum(map(len, pieces)), len(pcm) // 2, 0
        events = [_event(self._info(fault))]
        for number, piece in enumerate(pieces):
            start, spoken = frames * spoken // whole, spoken + len(piece)
            sound = pcm[2 * start : 2 * (frames * spoken // whole)]
            events.append(_NO_BASE64 if fault.garbled and number == 1 else _delta(sound))
        if fault.complaint:
            events.append(b"data: " + self.complaint_body(500, fault.complaint) + b"\n\n")
        if fault.ends and pieces:
            tokens = len(logged.text.split()), 50 * len(pieces)
            usage = {"input_tokens": tokens[0], "output_tokens": tokens[1], "total_tokens": sum(tokens)}
            events.append(_event({"type": "speech.audio.done", "usage": usage}))
        return b"".join(events)


def cut_text(text: str, wish: Mapping[str, Any]) -> list[str]:
    """The pieces in which the text is spoken: as many whole units as fit into the size that is wished for."""
    size, strategy = _CUTS[str(wish.get("streaming_quality", "balanced"))]
    size = int(wish.get("streaming_chunk_size", size))
    strategy = str(wish.get("streaming_strategy", strategy))
    units = re.split(_BETWEEN[strategy], text) if strategy in _BETWEEN else [text]
    pieces = [""]
    for unit in units:
        for start in range(0, len(unit), size):
            part = unit[start : start + size]
            joined = f"{pieces[-1]} {part}".strip()
            if len(joined) <= size:
                pieces[-1] = joined
            else:
                pieces.append(part)
    return pieces


def _event(found: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(found, separators=(',', ':'))}\n\n".encode()


def _delta(sound: bytes) -> bytes:
    return _event({"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()})
