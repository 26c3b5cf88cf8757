"""What the fake speech servers have in common: they listen on 127.0.0.1, keep count, and fail on demand.

A protocol is a class derived from FakeServer: it adds its routes, reads a request into a LoggedRequest, and
answers with `speak`. `openai_server` is the example.

    async with FakeSpeechServer() as server:
        server.fail(FAULTS["500"], requests={2, 3})
        ...  # server.url, server.requests, server.billed_characters

From synchronous code and for other processes, `with served(server):` runs it in a thread. The sound is that of
`speechlike`: as long as its text, different for each text, the same each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from aiohttp import web

from narrator.testing.faults import FAULTS, Complaint, Fault, Rule
from narrator.testing.sending import endless, pieces, send
from narrator.testing.speechlike import frames_for, prepare, speech_pcm

_Server = TypeVar("_Server", bound="FakeServer")


@dataclass(slots=True)
class LoggedRequest:
    """A speech request as it arrived, and what became of it.

    `wish` is all of it as the client wrote it, `transport` how it came and `path` where. `arrived_s` is on the
    monotonic clock; `billed` counts the characters of requests that were answered with sound, however that
    went on; `finished` is True once the whole answer was handed to the socket.
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
    transport: str = ""
    path: str = ""
    wish: Mapping[str, Any] = field(default_factory=dict)
    billed: int = 0
    finished: bool = False


class FakeServer:
    """A server of some protocol. `url` is its root once it is entered; `port` 0 lets the system choose one.

    `key` is asked for where it is set; `latency_s` goes before every answer; `usual` is how it answers where
    no fault applies; `seed` decides what faults by chance do.
    """

    faults: ClassVar[Mapping[str, Fault]] = FAULTS
    """The usual faults by name, as a service of this protocol tells them."""

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "",
        rate_hz: int = 24_000,
        voices: Sequence[str] = (),
        models: Sequence[str] = (),
        latency_s: float = 0.0,
        usual: Fault = Fault(),  # noqa: B008 - frozen
        seed: int = 0,
    ) -> None:
        self.key = key
        self.rate_hz = rate_hz
        self.voices = tuple(voices)
        self.models = tuple(models)
        self.latency_s = latency_s
        self.url = ""
        self.requests: list[LoggedRequest] = []
        self.peak_in_flight = 0
        self._port = port
        self._usual = usual
        self._in_flight = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._rules: list[Rule] = []
        self._chance = random.Random(seed)  # noqa: S311 - faults must repeat, nothing here is secret
        self._runner: web.AppRunner | None = None

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Say which paths there are."""
        raise NotImplementedError

    def complaint_body(self, status: int, complaint: Complaint) -> bytes:
        """A complaint in the shape of this protocol."""
        raise NotImplementedError

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
        app = web.Application(client_max_size=64 << 20)
        self.add_routes(app.router)
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

    # --- for the protocols ------------------------------------------------------------------------------

    def log(
        self,
        request: web.Request,
        wish: Mapping[str, Any],
        *,
        text: str,
        voice: str,
        model: str = "",
        container: str = "",
        speed: float = 1.0,
        transport: str = "",
    ) -> LoggedRequest:
        """Number a request and keep what it said."""
        logged = LoggedRequest(
            number=len(self.requests) + 1,
            text=text,
            voice=voice,
            model=model,
            format=container,
            speed=speed,
            arrived_s=time.monotonic(),
            headers=dict(request.headers),
            in_flight=self._in_flight + 1,
            transport=transport,
            path=request.path_qs,
            wish=wish,
        )
        self.requests.append(logged)
        return logged

    @contextlib.contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count a request as being answered."""
        self._in_flight += 1
        self._quiet.clear()
        self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._quiet.set()

    async def fault_for(self, logged: LoggedRequest) -> Fault:
        """What becomes of a request, once the time before its answer has passed; billed if it is answered."""
        matching = (rule for rule in self._rules if rule.applies(logged.number, logged.text, self._chance))
        rule = next(matching, None)
        fault = rule.fault if rule else self._usual
        await asyncio.sleep(self.latency_s + fault.latency_s)
        if fault.speaks:
            logged.billed = len(logged.text)
        return fault

    async def speak(
        self,
        request: web.Request,
        logged: LoggedRequest,
        body_of: Callable[[Fault], bytes],
        headers: Mapping[str, str],
        *,
        framed: Callable[[bytes], bytes] | None = None,
    ) -> web.StreamResponse:
        """Answer over HTTP: with the body that `body_of` makes of the sound, or with a fault.

        `framed` makes a message of a piece of sound, where the body is a row of messages and the last of them
        its end; None where the body is the sound, and its end that of HTTP.
        """
        fault = await self.fault_for(logged)
        is_refusal = fault.complaint is not None and not fault.midway
        is_json = {"Content-Type": "application/json"} if is_refusal else {}
        response = web.StreamResponse(status=fault.status, headers={**headers, **is_json, **fault.headers})
        if fault.complaint and is_refusal:
            body = self.complaint_body(fault.status, fault.complaint)
        else:
            body = fault.body if fault.body is not None else body_of(fault)
        if fault.open_ended:
            return _closing(request, response, body[: fault.cut_after])
        if not fault.ends and framed is None:
            fault = replace(fault, chunked=True, cut_after=len(body))
        if fault.chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(body)
        await response.prepare(request)
        is_endless = fault.sound == "endless noise"
        sent = endless(body, self.rate_hz, framed or bytes) if is_endless else pieces(body, fault)
        await send(request, response, sent, fault)
        if fault.lingers_s:
            await asyncio.sleep(fault.lingers_s)
        logged.finished = fault.cut_after is None
        return response

    def pcm(self, logged: LoggedRequest, fault: Fault, rate_hz: int | None = None) -> bytes:
        """The sound of a request as s16le mono, as far as a fault lets it come; endless noise is not in it."""
        rate_hz = rate_hz or self.rate_hz
        frames = round(frames_for(logged.text, rate_hz, logged.speed) * fault.share)
        if fault.sound == "endless noise":
            return b""
        if fault.sound == "silence":
            return bytes(2 * frames)
        return speech_pcm(logged.text, rate_hz, frames)

    def refuse(self, kind: type[web.HTTPException], complaint: Complaint) -> web.HTTPException:
        """An answer of that kind, to be raised."""
        body = self.complaint_body(kind.status_code, complaint)
        return kind(text=body.decode(), content_type="application/json")


def _closing(request: web.Request, response: web.StreamResponse, body: bytes) -> web.StreamResponse:
    """Answer as HTTP/1.0 did, which aiohttp does not: the end of the connection is that of the body."""
    head = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    if request.transport is not None:
        request.transport.write(f"HTTP/1.1 200 OK\r\n{head}Connection: close\r\n\r\n".encode() + body)
        request.transport.close()
    return response


@contextlib.contextmanager
def serving(server: _Server) -> Iterator[_Server]:
    """Run a server on a thread of its own, for synchronous code and for other processes.

    Raises:
        OSError: its port is taken.
    """
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
