"""A speech server on 127.0.0.1 that speaks OpenAI's `/v1/audio/speech`, keeps count, and fails on demand.

    async with FakeSpeechServer() as server:
        server.fail(FAULTS["500"], requests={2, 3})
        ...  # server.url, server.requests, server.billed_characters

From synchronous code and for other processes, `with served() as server:` runs it in a thread. Its sound is
that of `speechlike`: as long as its text, different for each text, the same each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent import futures
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from narrator.testing.faults import Fault, Rule, complaint
from narrator.testing.sending import endless, pieces, send
from narrator.testing.speechlike import frames_for, mp3, prepare, speech_pcm, wav

MEDIA_TYPES = {"wav": "audio/wav", "pcm": "audio/pcm", "mp3": "audio/mpeg"}
MAX_CHARACTERS = 4096


@dataclass(slots=True)
class LoggedRequest:
    """A speech request as it arrived, and what became of it.

    `arrived_s` is on the monotonic clock; `billed` counts the characters of requests that were answered with
    sound, however that went on; `finished` is True once the whole answer was handed to the socket.
    """

    number: int
    text: str
    voice: str
    model: str
    format: str
    speed: float
    arrived_s: float
    headers: dict[str, str]
    in_flight: int
    billed: int = 0
    finished: bool = False


class FakeSpeechServer:
    """The server. `url` is its root once it is entered; `port` 0 lets the system choose one.

    `key` is asked for as a bearer token where it is set; `latency_s` goes before every answer; `with_list`
    puts a LIST chunk into WAV headers; `seed` decides what faults by chance do.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "",
        rate_hz: int = 24_000,
        voices: Sequence[str] = ("alloy", "echo", "nova"),
        models: Sequence[str] = ("tts-1", "tts-1-hd"),
        lists_voices: bool = True,
        latency_s: float = 0.0,
        chunked: bool = False,
        with_list: bool = True,
        seed: int = 0,
    ) -> None:
        self.key = key
        self.rate_hz = rate_hz
        self.voices = tuple(voices)
        self.models = tuple(models)
        self.lists_voices = lists_voices
        self.latency_s = latency_s
        self.url = ""
        self.requests: list[LoggedRequest] = []
        self.peak_in_flight = 0
        self._port = port
        self._usual = Fault(chunked=chunked)
        self._with_list = with_list
        self._in_flight = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._rules: list[Rule] = []
        self._chance = random.Random(seed)  # noqa: S311 - faults must repeat, nothing here is secret
        self._runner: web.AppRunner | None = None

    @property
    def billed_characters(self) -> int:
        """The characters of every request that it began to answer with sound."""
        return sum(request.billed for request in self.requests)

    def fail(
        self,
        fault: Fault,
        *,
        requests: Collection[int] | None = None,
        text: Callable[[str], bool] | None = None,
        probability: float = 1.0,
        times: int | None = None,
    ) -> None:
        """Answer with `fault` where all that is named applies; of several rules the first one wins."""
        self._rules.append(Rule(fault, requests, text, probability, times))

    async def quiet(self) -> None:
        """Wait until no request is being answered. For code on the server's own event loop."""
        await self._quiet.wait()

    def recover(self) -> None:
        """Forget all faults."""
        self._rules.clear()

    async def __aenter__(self) -> Self:
        prepare(self.rate_hz)
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/v1/audio/speech", self._speak)
        app.router.add_get("/v1/models", self._list_models)
        if self.lists_voices:
            app.router.add_get("/v1/audio/voices", self._list_voices)
        # Not 0, which means for ever (aiohttp.helpers.ceil_timeout).
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # --- routes -----------------------------------------------------------------------------------------

    async def _list_models(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"object": "list", "data": [{"id": name} for name in self.models]})

    async def _list_voices(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"voices": list(self.voices)})

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        wish = self._read_wish(await request.read())
        logged = self._log(request, wish)
        self._in_flight += 1
        self._quiet.clear()
        self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        try:
            self._check_key(request)
            self._check_wish(logged)
            return await self._answer(request, logged)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._quiet.set()

    def _log(self, request: web.Request, wish: dict[str, object]) -> LoggedRequest:
        logged = LoggedRequest(
            number=len(self.requests) + 1,
            text=str(wish.get("input", "")),
            voice=str(wish.get("voice", "")),
            model=str(wish.get("model", "")),
            format=str(wish.get("response_format", "mp3")),
            speed=float(str(wish.get("speed", 1.0))),
            arrived_s=time.monotonic(),
            headers=dict(request.headers),
            in_flight=self._in_flight + 1,
        )
        self.requests.append(logged)
        return logged

    # --- what it refuses --------------------------------------------------------------------------------

    @staticmethod
    def _read_wish(body: bytes) -> dict[str, object]:
        try:
            wish = json.loads(body)
        except ValueError:
            wish = None
        if not isinstance(wish, dict):
            raise _refused(web.HTTPBadRequest, complaint("invalid_json", "The body is no JSON object."))
        return wish

    def _check_key(self, request: web.Request) -> None:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            body = complaint("invalid_api_key", "Incorrect API key provided.")
            raise _refused(web.HTTPUnauthorized, body)

    def _check_wish(self, logged: LoggedRequest) -> None:
        if logged.model not in self.models:
            body = complaint("model_not_found", f"The model {logged.model!r} does not exist.", param="model")
        elif not set(logged.voice.split("+")) <= set(self.voices):
            body = complaint("invalid_value", f"The voice {logged.voice!r} does not exist.", param="voice")
        elif logged.format not in MEDIA_TYPES:
            body = complaint("invalid_value", "That format is not made here.", param="response_format")
        elif not 0 < len(logged.text) <= MAX_CHARACTERS:
            body = complaint("invalid_value", f"1 to {MAX_CHARACTERS} characters.", param="input")
        else:
            return
        raise _refused(web.HTTPBadRequest, body)

    # --- what it answers --------------------------------------------------------------------------------

    async def _answer(self, request: web.Request, logged: LoggedRequest) -> web.StreamResponse:
        matching = (rule for rule in self._rules if rule.applies(logged.number, logged.text, self._chance))
        rule = next(matching, None)
        fault = rule.fault if rule else self._usual
        await asyncio.sleep(self.latency_s + fault.latency_s)
        headers = {"Content-Type": MEDIA_TYPES[logged.format], "x-request-id": f"req-{logged.number:06d}"}
        response = web.StreamResponse(status=fault.status, headers={**headers, **fault.headers})
        if fault.speaks:
            logged.billed = len(logged.text)
        body = fault.body if fault.body is not None else self._sound(logged, fault)
        if fault.chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(body)
        await response.prepare(request)
        is_endless = fault.sound == "endless noise"
        sent = endless(body, self.rate_hz) if is_endless else pieces(body, fault)
        await send(request, response, sent, fault)
        logged.finished = fault.cut_after is None
        return response

    def _sound(self, logged: LoggedRequest, fault: Fault) -> bytes:
        frames = round(frames_for(logged.text, self.rate_hz, logged.speed) * fault.share)
        if fault.sound == "endless noise":
            pcm = b""
        elif fault.sound == "silence":
            pcm = bytes(2 * frames)
        else:
            pcm = speech_pcm(logged.text, self.rate_hz, frames)
        if logged.format == "pcm":
            return pcm
        if logged.format == "mp3":
            return mp3(pcm, self.rate_hz)
        claimed_hz = fault.claimed_rate_hz or self.rate_hz
        return wav(pcm, claimed_hz, sizes_known=fault.sizes_known, with_list=self._with_list)


@contextlib.contextmanager
def served(server: FakeSpeechServer | None = None) -> Iterator[FakeSpeechServer]:
    """Run the server on a thread of its own, for synchronous code and for other processes.

    Raises:
        OSError: its port is taken.
    """
    server = server or FakeSpeechServer()
    started: futures.Future[asyncio.AbstractEventLoop] = futures.Future()
    stop = asyncio.Event()

    async def serve() -> None:
        async with server:
            started.set_result(asyncio.get_running_loop())
            await stop.wait()

    with futures.ThreadPoolExecutor(1, thread_name_prefix="fake speech server") as thread:
        running = thread.submit(asyncio.run, serve())
        pending: set[futures.Future[Any]] = {started, running}
        futures.wait(pending, return_when=futures.FIRST_COMPLETED)
        if not started.done():
            running.result()  # raises what kept it from starting
        try:
            yield server
        finally:
            started.result().call_soon_threadsafe(stop.set)


def _refused(kind: type[web.HTTPException], body: bytes) -> web.HTTPException:
    return kind(text=body.decode(), content_type="application/json")
