"""A fake of wyoming-piper: the Wyoming protocol over TCP; `fake_server` says what all fakes have in common."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Any, Self

from narrator.testing.fake_server import FakeServer, LoggedRequest
from narrator.testing.faults import Complaint, Fault
from narrator.testing.sending import pieces, send_raw
from narrator.testing.speechlike import noise_pcm, prepare

_CHUNK_BYTES = 1024
_NO_EVENT = b"~~ this is no event ~~\n"
_SENTENCE = re.compile(r".*?[.!?]+\s+", re.DOTALL)
_NO_SPEAKERS: Mapping[str, Sequence[str]] = MappingProxyType({})

_Message = tuple[str, dict[str, Any]]


class FakeWyomingServer(FakeServer):
    """The server. The first of its voices is the one that it was started with; `speakers` are those of voices.

    `takes_pieces` is whether it speaks a text as it is written, and says so.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        rate_hz: int = 22_050,
        voices: Sequence[str] = ("en_US-joe-medium", "en_GB-alba-medium"),
        speakers: Mapping[str, Sequence[str]] = _NO_SPEAKERS,
        takes_pieces: bool = True,
        latency_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(port=port, rate_hz=rate_hz, voices=voices, latency_s=latency_s, seed=seed)
        self._speakers = speakers
        self._takes_pieces = takes_pieces
        self._listener: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        prepare(self.rate_hz)
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self.url = f"tcp://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._listener.wait_closed()
        await asyncio.sleep(0)  # what was aborted is closed in the next round of the loop

    # --- one client -------------------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.create_task(self._serve(reader, writer))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)
        client.add_done_callback(lambda _: writer.transport.abort())  # also of one that never began

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a client until it goes; then nothing more is made for it."""
        asked: asyncio.Queue[_Message] = asyncio.Queue()
        answering = asyncio.create_task(self._answer(asked, writer))
        try:
            while (message := await _read(reader)) is not None:
                asked.put_nowait(message)
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            writer.transport.abort()

    async def _answer(self, asked: asyncio.Queue[_Message], writer: asyncio.StreamWriter) -> None:
        while True:
            kind, data = await asked.get()
            if kind == "describe":
                writer.write(packed("info", self._info()))
            elif kind == "synthesize":
                logged = self._logged(data, "synthesize", str(data.get("text", "")))
                with self.in_flight():
                    await self._send(writer, logged, await self.fault_for(logged))
            elif kind == "synthesize-start":
                await self._speak_meanwhile(asked, writer, self._logged(data, kind, ""))

    async def _speak_meanwhile(
        self, asked: asyncio.Queue[_Message], writer: asyncio.StreamWriter, logged: LoggedRequest
    ) -> None:
        """Speak each sentence as soon as the next one begins."""
        pending = ""
        with self.in_flight():
            fault = await self.fault_for(logged)
            async for piece in _text_in(asked):
                pending += piece
                logged.text += piece
                logged.billed = len(logged.text) if fault.speaks else 0
                while sentence := _SENTENCE.match(pending):
                    pending = pending[sentence.end() :]
                    await self._send(writer, replace(logged, text=sentence[0]), fault)
            if pending:
                await self._send(writer, replace(logged, text=pending), fault)
            writer.write(packed("synthesize-stopped"))
            logged.finished = True

    async def _send(self, writer: asyncio.StreamWriter, logged: LoggedRequest, fault: Fault) -> None:
        if logged.voice not in self.voices:
            logged.billed = 0
            fault = Fault(complaint=Complaint("VoiceNotFoundError", logged.voice))
        body = self._body(logged, fault)
        is_endless = fault.sound == "endless noise"
        await send_raw(writer, self._endless(body) if is_endless else pieces(body, fault), fault)
        logged.finished = fault.cut_after is None
        if not (fault.speaks and fault.ends):
            writer.close()

    # --- what it says -----------------------------------------------------------------------------------

    def _logged(self, data: Mapping[str, Any], transport: str, text: str) -> LoggedRequest:
        voice = data.get("voice") or {}
        logged = LoggedRequest(
            number=len(self.requests) + 1,
            text=text,
            voice=str(voice.get("name") or self.voices[0]),
            model="",
            format="pcm",
            speed=1.0,
            arrived_s=time.monotonic(),
            headers={},
            in_flight=self._in_flight + 1,
            transport=transport,
            wish=dict(data),
        )
        self.requests.append(logged)
        return logged

    def _body(self, logged: LoggedRequest, fault: Fault) -> bytes:
        if fault.body is not None:
            return fault.body
        error = b""
        if fault.complaint:
            error = packed("error", {"text": fault.complaint.message, "code": fault.complaint.code})
        if not fault.speaks:
            return error
        pcm, form, size = self.pcm(logged, fault), self._form(fault), fault.piece_bytes or _CHUNK_BYTES
        chunks = [packed("audio-chunk", form, pcm[at : at + size]) for at in range(0, len(pcm), size)]
        if fault.garbled:
            chunks.insert(1, _NO_EVENT)
        stops = fault.ends and fault.sound != "endless noise"
        stop = packed("audio-stop", {"timestamp": None}) if stops else b""
        return b"".join((packed("audio-start", form), *chunks, error, stop))

    async def _endless(self, head: bytes) -> AsyncIterator[bytes]:
        yield head
        for piece in noise_pcm(self.rate_hz):
            yield packed("audio-chunk", self._form(Fault()), piece)
            await asyncio.sleep(0)

    def _form(self, fault: Fault) -> dict[str, Any]:
        rate_hz = fault.claimed_rate_hz or self.rate_hz
        return {"rate": rate_hz, "width": 2, "channels": 1, "timestamp": None}

    def _info(self) -> dict[str, Any]:
        maker = {"attribution": {"name": "nobody", "url": ""}, "installed": True, "version": None}
        voices = [
            {
                **maker,
                "name": name,
                "description": f"{name}, a fake",
                "languages": [name.partition("-")[0]],
                "speakers": [{"name": speaker} for speaker in self._speakers.get(name, ())] or None,
            }
            for name in self.voices
        ]
        program = {**maker, "name": "piper", "description": "a fake", "voices": voices}
        return {"tts": [{**program, "supports_synthesize_streaming": self._takes_pieces}], "asr": []}


def packed(kind: str, data: Mapping[str, Any] | None = None, payload: bytes = b"") -> bytes:
    """An event as bytes, as the package wyoming 1.10 writes it."""
    body = json.dumps(data).encode() if data else b""
    head = {"type": kind, "version": "1.10.2"}
    sizes = {name: len(part) for name, part in (("data_length", body), ("payload_length", payload)) if part}
    return json.dumps({**head, **sizes}).encode() + b"\n" + body + payload


async def _read(reader: asyncio.StreamReader) -> _Message | None:
    """The next event of a client; None where it is gone."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
        head = json.loads(await reader.readuntil())
        data = head.get("data", {})
        if size := head.get("data_length"):
            data.update(json.loads(await reader.readexactly(size)))
        return head["type"], data
    return None


async def _text_in(asked: asyncio.Queue[_Message]) -> AsyncIterator[str]:
    """The pieces of a text, up to its end."""
    while True:
        kind, data = await asked.get()
        if kind == "synthesize-stop":
            return
        if kind == "synthesize-chunk":
            yield str(data.get("text", ""))
