"""The fake's side of ElevenLabs' WebSocket: text comes in pieces, and is spoken when there is enough of it.

https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-stream-input
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from narrator.testing.elevenlabs_sound import (
    FINAL_MESSAGE,
    Utterance,
    endless_messages,
    messages_of,
    rate_of,
)
from narrator.testing.fake_server import LoggedRequest
from narrator.testing.faults import Complaint, Fault
from narrator.testing.sending import send_messages

_SCHEDULE = (120, 160, 250, 290)
_KEYS = ("xi_api_key", "xi-api-key")


class Host(Protocol):
    """What a dialogue needs of the server."""

    def complaint_about(self, logged: LoggedRequest, key: str) -> Complaint | None: ...

    async def fault_of_text(self, logged: LoggedRequest, fault: Fault) -> Fault: ...

    def utterance(self, logged: LoggedRequest, text: str, fault: Fault) -> Utterance: ...


def is_told_inside(fault: Fault) -> bool:
    """Whether the service accepts the handshake and says in a message what is wrong."""
    return fault.complaint is not None and not fault.midway and fault.status < 500 and fault.status != 429


class Dialogue:
    """One dialogue, from the first message to the close."""

    def __init__(
        self,
        request: web.Request,
        websocket: web.WebSocketResponse,
        logged: LoggedRequest,
        fault: Fault,
        host: Host,
    ) -> None:
        self._request = request
        self._websocket = websocket
        self._logged = logged
        self._fault = fault
        self._host = host
        self._is_auto = request.query.get("auto_mode") == "true"
        self._is_synchronous = request.query.get("sync_alignment") == "true"
        self._thresholds: Iterator[int] = iter(())
        self._threshold = 0
        self._said = ""
        self._waiting = ""

    async def run(self) -> None:
        """Answer until the text has ended, or something is wrong."""
        is_first = True
        async for message in self._websocket:
            if message.type is not WSMsgType.TEXT:
                return
            wish = json.loads(message.data)
            self._logged.wish["messages"].append(wish)
            if is_first and not await self._begin(wish):
                return
            if wish["text"] == "" and not is_first:
                await self._end()
                return
            is_first = False
            if not await self._hear(wish):
                return

    async def _begin(self, wish: Mapping[str, Any]) -> bool:
        self._logged.speed = float((wish.get("voice_settings") or {}).get("speed") or 1.0)
        lengths = (wish.get("generation_config") or {}).get("chunk_length_schedule") or _SCHEDULE
        self._thresholds = itertools.chain(lengths, itertools.repeat(lengths[-1]))
        self._threshold = next(self._thresholds)
        key = self._request.headers.get("xi-api-key") or next(
            (wish[name] for name in _KEYS if name in wish), ""
        )
        complaint = self._fault.complaint if is_told_inside(self._fault) else None
        return await self._is_well(complaint or self._host.complaint_about(self._logged, key))

    async def _hear(self, wish: Mapping[str, Any]) -> bool:
        """Take a piece of text, and speak where there is enough; False where the dialogue ends with it."""
        if not wish["text"].strip():
            return True
        self._said += wish["text"]
        self._waiting += wish["text"]
        if wish.get("flush") or self._is_auto or len(self._waiting) >= self._threshold:
            self._threshold = next(self._thresholds)
            return await self._speak()
        return True

    async def _speak(self) -> bool:
        text, self._waiting = self._waiting, ""
        logged = self._logged
        logged.text = self._said.removesuffix(" ")
        self._fault = fault = await self._host.fault_of_text(logged, self._fault)
        if is_told_inside(fault) and not await self._is_well(fault.complaint):
            return False
        if fault.body is not None:
            return True
        logged.billed = len(logged.text)
        if fault.sound == "endless noise":
            messages = endless_messages(rate_of(logged.format))
        else:
            utterance = self._host.utterance(logged, text, fault)
            messages = messages_of(utterance, logged.format, fault, is_synchronous=self._is_synchronous)
        await send_messages(self._request, self._websocket, messages, fault)
        if fault.midway and not await self._is_well(fault.complaint):
            return False
        return fault.cut_after is None

    async def _end(self) -> None:
        if self._waiting and not await self._speak():
            return
        self._logged.text = self._said.removesuffix(" ")
        if self._fault.ends:
            await self._websocket.send_str(FINAL_MESSAGE)
            self._logged.finished = True
        await self._websocket.close()

    async def _is_well(self, complaint: Complaint | None) -> bool:
        if complaint is None:
            return True
        told = {
            "message": complaint.message,
            "error": complaint.code,
            "code": int(WSCloseCode.POLICY_VIOLATION),
        }
        await self._websocket.send_json(told)
        await self._websocket.close(code=WSCloseCode.POLICY_VIOLATION, message=complaint.message.encode()[:120])
        return False
