"""Every fault by every transport of every service: the book is whole and right, or the end says what is not."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from narrator.__main__ import run as run_here
from narrator.testing.chatterbox_server import FakeChatterboxServer
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import FakeServer, LoggedRequest, serving
from narrator.testing.faults import Fault
from narrator.testing.openai_server import FakeSpeechServer
from narrator.testing.piper_server import FakePiperServer
from narrator.testing.smallest_server import FakeSmallestServer
from narrator.testing.speechlike import CHARACTERS_PER_SECOND
from narrator.testing.wyoming_server import FakeWyomingServer
from tests.end_to_end.books import CLOSING, OPENING, markdown

pytestmark = pytest.mark.usefixtures("hasty")

KEY = "sk_canary5e1c0ffee4d2b7a9"
TITLES = ("One", "Two", "Three", "Four", "Five")
BIRDS = ("owl", "heron", "goose", "raven", "thrush", "plover", "bittern", "curlew", "dipper", "egret")
BEASTS = ("otter", "beaver", "badger", "marten", "vole")
PARAGRAPHS = [
    f"The tale of the {bird} is told in winter, when the river is frozen and the ferry stands still."
    for bird in BIRDS + BEASTS
]
"""Without digits: they would be written out for some voices."""

CHAPTERS = {title: PARAGRAPHS[3 * part : 3 * part + 3] for part, title in enumerate(TITLES)}
TEXTS = [OPENING, *(text for title, texts in CHAPTERS.items() for text in (title, *texts)), CLOSING]
AT_ONCE = 4
FOR_GOOD = {"400": 3, "401": 4, "402": 4, "quota": 4}


@dataclass(frozen=True, slots=True)
class Way:
    """A transport of a service, and a fake of it.

    `ends` are the faults that no second attempt mends, and the exit codes that they end in.
    """

    provider: str
    transport: str
    server: Callable[[], FakeServer]
    key_variable: str = ""
    ends: Mapping[str, int] = field(default_factory=lambda: FOR_GOOD)

    @property
    def name(self) -> str:
        return f"{self.provider}-{self.transport}" if self.transport else self.provider


def _openai() -> FakeServer:
    return FakeSpeechServer(key=KEY)


def _smallest() -> FakeServer:
    return FakeSmallestServer(key=KEY)


def _elevenlabs() -> FakeServer:
    return FakeElevenLabs(key=KEY)


OPEN = {"cut-open": 4}
"""Where bare samples end, only the protocol can say; where it does not, a person is told, and pays once."""

ELEVENLABS = FOR_GOOD | {"unusual": 4, "plan": 4, "permission": 4}
SMALLEST = FOR_GOOD | {"plan": 4}

WAYS = [
    Way("openai", "http", _openai, "OPENAI_API_KEY"),
    Way("openai", "sse", _openai, "OPENAI_API_KEY"),
    Way("smallest", "http", _smallest, "SMALLEST_API_KEY", SMALLEST | OPEN),
    Way("smallest", "sse", _smallest, "SMALLEST_API_KEY", SMALLEST),
    Way("smallest", "ws", _smallest, "SMALLEST_API_KEY", SMALLEST),
    Way("elevenlabs", "stream", _elevenlabs, "ELEVENLABS_API_KEY", ELEVENLABS | OPEN),
    Way("elevenlabs", "http", _elevenlabs, "ELEVENLABS_API_KEY", ELEVENLABS | OPEN),
    Way("elevenlabs", "stream-timestamps", _elevenlabs, "ELEVENLABS_API_KEY", ELEVENLABS | OPEN),
    Way("elevenlabs", "timestamps", _elevenlabs, "ELEVENLABS_API_KEY", ELEVENLABS),
    Way("elevenlabs", "ws", _elevenlabs, "ELEVENLABS_API_KEY", ELEVENLABS | {"json": 3}),
    Way("chatterbox", "http", FakeChatterboxServer),
    Way("chatterbox", "stream", FakeChatterboxServer, ends=FOR_GOOD | OPEN),
    Way("chatterbox", "sse", FakeChatterboxServer),
    Way("piper-http", "", FakePiperServer, ends={"400": 3, "401": 4, "402": 4}),
    Way("wyoming", "", FakeWyomingServer, ends={}),
]
QUICK = {"smallest-ws", "elevenlabs-stream"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A run of the command in this process: its exit code, its events, and all that it said anywhere."""

    exit_code: int
    events: list[dict[str, Any]]
    said: str
    project: Path

    @property
    def result(self) -> dict[str, Any]:
        return self.events[-1]


@dataclass(frozen=True, slots=True)
class Desk:
    """Renders the book by a way, as a person does."""

    way: Way
    folder: Path
    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture

    def render(self, server: FakeServer, *settings: str) -> Rendered:
        book = markdown(self.folder / "ferry.md", CHAPTERS)
        transport = ["--option", f"transport={self.way.transport}"] if self.way.transport else []
        wishes = [part for setting in ("rendering.timeout_s=0.8", *settings) for part in ("--set", setting)]
        self.capsys.readouterr()
        self.caplog.clear()
        with self.caplog.at_level(logging.DEBUG, "narrator"):
            voice = ["--provider", self.way.provider, "--base-url", server.url, *transport, *wishes]
            where = [str(book), "--projects", str(self.folder), "--concurrency", str(AT_ONCE)]
            code = run_here(["render", *where, *voice, "--json", "-v"])
        out, err = self.capsys.readouterr()
        events = [json.loads(line) for line in out.splitlines()]
        return Rendered(code, events, out + err + self.caplog.text, self.folder / "ferry")


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    way: Way = request.param
    monkeypatch.setattr("narrator.rendering.limits.LINGERS_S", 0.02)
    if way.key_variable:
        monkeypatch.setenv(way.key_variable, KEY)
    return Desk(way, tmp_path, capsys, caplog)


def _by_way(*, all_slow: bool = False) -> pytest.MarkDecorator:
    marked = [
        pytest.param(way, marks=[] if way.name in QUICK and not all_slow else [pytest.mark.slow], id=way.name)
        for way in WAYS
    ]
    return pytest.mark.parametrize("desk", marked, indirect=True)


@_by_way()
def test_faults_that_pass_leave_a_book_that_is_whole_and_right(desk: Desk) -> None:
    with serving(desk.way.server()) as server:
        hit: Counter[str] = Counter()
        for number, (name, fault) in enumerate(server.faults.items()):
            if name not in desk.way.ends:
                text = PARAGRAPHS[number % len(PARAGRAPHS)]
                server.fail(_sooner(fault), text=text.__eq__, times=1)
                hit[text] += fault.speaks
        run = desk.render(server)
        assert run.exit_code == 0, _end_of(run)
        assert run.result["segments"] == {"total": 22, "rendered": 22, "reused": 0, "failed": 0}
        _assert_heard(run)
        assert server.peak_in_flight <= AT_ONCE
        billed: Counter[str] = Counter()
        for each in server.requests:
            billed[each.text] += each.billed
        for text in TEXTS:
            assert billed[text] <= (1 + hit[text]) * len(text), f"paid more often than it failed: {text}"
        _assert_nowhere(run, desk.folder)


@_by_way(all_slow=True)
def test_faults_that_last_end_in_words_and_a_code_and_the_next_run_goes_on(desk: Desk) -> None:
    text = PARAGRAPHS[4]
    with serving(desk.way.server()) as server:
        for name, exit_code in desk.way.ends.items():
            server.fail(server.faults[name], text=text.__eq__)
            asked = len(server.requests)
            run = desk.render(server)
            assert run.exit_code == run.result["exit_code"] == exit_code, (name, _end_of(run))
            assert run.result["error"]
            assert sum(each.text == text for each in server.requests[asked:]) == 1, f"{name} was tried again"
            _assert_nowhere(run, desk.folder)
            server.recover()
        run = desk.render(server)
        assert run.exit_code == 0, _end_of(run)
        _assert_heard(run)
        answered = Counter(each.text for each in server.requests if each.finished and each.billed)
        assert answered == Counter(TEXTS), "what was paid for is kept"


class Cutting(FakeSmallestServer):
    """Its sockets and events are cut on the way, all of them."""

    async def fault_for(self, logged: LoggedRequest) -> Fault:
        usual = await super().fault_for(logged)
        return self.faults["cut"] if logged.transport in {"ws", "sse"} else usual


@pytest.mark.parametrize(
    "desk", [Way("smallest", "ws", lambda: Cutting(key=KEY), "SMALLEST_API_KEY")], indirect=True
)
def test_ways_that_never_get_through_are_left_and_that_is_said_once(desk: Desk) -> None:
    with serving(desk.way.server()) as server:
        run = desk.render(server)
        assert run.exit_code == 0, _end_of(run)
        _assert_heard(run)
        notices = [event["message"] for event in run.events if event["event"] == "notice"]
        assert [notice for notice in notices if "by ws" in notice or "by sse" in notice] == notices
        assert len(notices) == 2
        assert run.result["figures"]["transports"] == {"http": len(TEXTS)}
        assert run.result["figures"]["retries"] <= 2 * (AT_ONCE + 2), "few pay for a first attempt in vain"
        assert "next by sse" in run.said
        assert "next by http" in run.said


def _sooner(fault: Fault) -> Fault:
    """The same with a shorter wait than it names, where it names one."""
    if "Retry-After" not in fault.headers:
        return fault
    return replace(fault, headers={"Retry-After": "0.2"})


def _assert_heard(run: Rendered) -> None:
    """Every text once and in order, each as long as its voice speaks it."""
    record = json.loads((run.project / "book.json").read_text(encoding="utf-8"))
    heard = []
    for chapter in record["chapters"]:
        edges = [edge for part in chapter["segments"] for edge in (part["start"], part["end"])]
        assert edges == sorted(edges)
        assert edges[-1] <= chapter["frames"]
        for part in chapter["segments"]:
            path = run.project / "takes" / part["key"][:2] / f"{part['key']}.json"
            take = json.loads(path.read_text(encoding="utf-8"))
            text = take["request"]["text"]
            heard.append(text)
            seconds = take["measurement"]["frames"] / take["format"]["rate_hz"]
            assert seconds == pytest.approx(max(len(text) / CHARACTERS_PER_SECOND, 0.1), abs=0.15), text
    assert heard == TEXTS


def _end_of(run: Rendered) -> tuple[object, list[str]]:
    gaps = [event["reason"] for event in run.events if event["event"] == "segment_failed"]
    return run.result.get("error"), gaps


def _assert_nowhere(run: Rendered, folder: Path) -> None:
    assert KEY not in run.said
    for path in folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
