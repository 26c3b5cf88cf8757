"""How the fake of Smallest AI puts sound and complaints into bodies, events and messages."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from narrator.testing.fake_server import LoggedRequest
from narrator.testing.faults import Complaint, Fault
from narrator.testing.sending import in_base64
from narrator.testing.speechlike import alaw, mp3, noise_pcm, ulaw, wav

_FIELDS = {"text": "text", "voice": "voice_id", "model": "model", "format": "output_format"}


def rate_of(logged: LoggedRequest) -> int:
    return int(logged.wish.get("sample_rate", 44_100))


def encoded(pcm: bytes, logged: LoggedRequest, fault: Fault) -> bytes:
    """s16le mono PCM in the format that a request asks for."""
    rate_hz = rate_of(logged)
    if logged.format == "wav":
        return wav(pcm, fault.claimed_rate_hz or rate_hz, sizes_known=fault.sizes_known)
    if logged.format == "mp3":
        return mp3(pcm, rate_hz)
    return {"ulaw": ulaw, "alaw": alaw}.get(logged.format, bytes)(pcm)


def event_of(sound: bytes) -> bytes:
    """A piece of sound as an event."""
    return _event(base64.b64encode(sound).decode())


def events_of(sound: bytes, fault: Fault) -> bytes:
    """All events of an answer; the last has no type."""
    events = b"".join(_event(audio) for audio in in_base64(sound, fault))
    if fault.midway and fault.complaint:
        return events + f"event: error\ndata: {json.dumps(complaint_found(fault.complaint))}\n\n".encode()
    is_whole = fault.ends and fault.sound != "endless noise"
    return events + (b'data: {"status":"200","done":true}\n\n' if is_whole else b"")


def messages_of(sound: bytes, logged: LoggedRequest, fault: Fault) -> Iterator[str]:
    """The messages that carry an answer's sound, and the times of its words."""
    ids = ids_of(logged.number, logged.wish)
    pieces = in_base64(sound, fault)
    if fault.sound == "endless noise":
        few = [base64.b64encode(noise).decode() for noise in itertools.islice(noise_pcm(rate_of(logged)), 20)]
        pieces = itertools.cycle(few)
    for audio in pieces:
        yield json.dumps({**ids, "status": "chunk", "data": {"audio": audio}})
    if logged.wish.get("word_timestamps"):
        for number, word in enumerate(logged.text.split()):
            times = {"id": number, "word": word, "start": 0.1 * number, "end": 0.1 * number + 0.08}
            yield json.dumps({**ids, "status": "word_timestamp", "data": times})


def complete(number: int, wish: Mapping[str, Any], *, is_old: bool) -> str:
    """The last message of an answer."""
    old = {"message": "All chunks sent", "done": True} if is_old else {}
    return json.dumps({**ids_of(number, wish), "status": "complete", **old})


def ids_of(number: int, wish: Mapping[str, Any]) -> dict[str, str]:
    """The names of a session and an answer, and the client's own for its request, if it has one."""
    own = {"external_request_id": wish["request_id"]} if wish.get("request_id") else {}
    return {"session_id": "ws_1", "request_id": f"task_{number:06d}", **own}


def complaint_found(complaint: Complaint, status: int = 0) -> dict[str, Any]:
    """A list where a field is wrong, else a kind and words; a retired model has a shape of its own."""
    if complaint.about:
        issue = {"code": complaint.code, "path": [_FIELDS[complaint.about]], "message": complaint.message}
        return {"error": [issue]}
    if status == 410:
        return {
            "status": "error",
            "error_code": complaint.code,
            "message": complaint.message,
            "recommended_endpoint": "/waves/v1/lightning-v3.1/get_speech",
        }
    return {"error": complaint.code, "message": complaint.message}


def complaint_message(complaint: Complaint, number: int, *, is_old: bool) -> str:
    """A complaint over a WebSocket, of old with its words at the top."""
    if is_old:
        return json.dumps({"status": "error", "message": f"{complaint.code}: {complaint.message}"})
    error = {"message": complaint.message, "code": complaint.code}
    found = complaint_found(complaint) if complaint.about else {"error": error}
    return json.dumps({"request_id": ids_of(number, {})["request_id"], "status": "error", **found})


def _event(audio: str) -> bytes:
    return f"event: audio\ndata: {json.dumps({'audio': audio, 'done': False, 'status': '206'})}\n\n".encode()
