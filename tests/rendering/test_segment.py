"""What the ledger is told of a segment's life, and when a segment has had its time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace, TracebackType
from typing import Self

import pytest

from narrator import errors
from narrator.errors import (
    AttemptError,
    BadKey,
    BudgetReached,
    DiskError,
    NarratorError,
    RateLimited,
    Rejected,
    StreamBroken,
    TriesUsedUp,
    Unavailable,
)
from narrator.events import Event, SegmentRetried
from narrator.model import (
    AudioChunk,
    AudioFormat,
    Capabilities,
    Container,
    Outcome,
    SpeechEvent,
    SpeechReceipt,
    SpeechRequest,
    TakeKey,
    Voice,
)
from narrator.rendering.checks import TakeChecks
from narrator.rendering.limits import AccountLimits
from narrator.rendering.plan import Order
from narrator.rendering.segment import Booth
from narrator.rendering.takes import TakeFolder
from narrator.rendering.transports import Transports
from narrator.rendering.writer import TakeWriter
from narrator.testing.memory_ledger import MemoryLedger
from narrator.testing.speechlike import speech_pcm

FORMAT = AudioFormat(Container.PCM, 24_000)
REQUEST = SpeechRequest(
    "said", "m", "v", "A sentence of the usual length, said in four seconds.", "", 1.0, 24_000, 1
)
ORDER = Order(REQUEST.key, REQUEST, 1)
SOUND = speech_pcm(REQUEST.text, 24_000, 4 * 24_000)
BILLED = 60

Act = Callable[[], AsyncGenerator[SpeechEvent, None]]


class Said:
    """A provider whose attempts go as they were written down; the last one goes on for ever."""

    name, revision, model, voice, account = "said", 1, "m", "v", "said"
    capabilities = Capabilities(1000, (Container.PCM,), 24_000, 1)
    sound_options: Mapping[str, str] = MappingProxyType({})

    def __init__(self, *acts: Act) -> None:
        self._acts = list(acts)
        self.transports: list[str] = []

    async def voices(self) -> list[Voice]:
        return []

    def digest_of(self, _: str) -> str:
        return ""

    async def check(self, _: Collection[str] = ()) -> None:
        return None

    def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        self.transports.append(transport)
        act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
        return act()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


async def speech() -> AsyncGenerator[SpeechEvent, None]:
    yield AudioChunk(SOUND, FORMAT)
    yield SpeechReceipt(characters_billed=BILLED)


async def silence() -> AsyncGenerator[SpeechEvent, None]:
    yield AudioChunk(bytes(len(SOUND)), FORMAT)
    yield SpeechReceipt(characters_billed=BILLED)


def ends_in(error: Exception, *, after_sound: bool = False) -> Act:
    async def act() -> AsyncGenerator[SpeechEvent, None]:
        if after_sound:
            yield AudioChunk(SOUND[:1000], FORMAT)
        raise error

    return act


def one_of_each(kind: type[NarratorError]) -> Iterator[NarratorError]:
    """An error of every class of the tree under `kind`."""
    match kind:
        case errors.ConfigError:
            yield kind("here", ("a problem",))
        case errors.Incomplete:
            yield kind("a gap", gaps=())
        case _:
            yield kind("no")
    for derived in kind.__subclasses__():
        yield from one_of_each(derived)


@asynccontextmanager
async def booth(folder: Path, ledger: MemoryLedger, *acts: Act) -> AsyncIterator[Booth]:
    takes = TakeFolder(folder / "takes", folder / "quarantine")
    async with TakeWriter(takes, ledger) as writer:
        yield Booth(
            provider=Said(*acts),
            transports=Transports(),
            limits=AccountLimits(4, stopping=asyncio.Event()),
            checks=TakeChecks(),
            writer=writer,
            ledger=ledger,
            observe=lambda _: None,
            on_billed=lambda _: None,
            attempts=1,
            timeout_s=60.0,
            deadline_s=600.0,
            wait_base_s=0.001,
        )


async def test_a_take_is_settled_with_what_was_billed(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, speech) as here:
        spoken = await here.record(ORDER)
    assert ledger.settled == {1: (Outcome.TAKE, BILLED)}
    assert spoken.characters_billed == BILLED


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (silence, Outcome.WASTED),
        (ends_in(RateLimited("slow down")), Outcome.UNPAID),
        (ends_in(Rejected("not this text")), Outcome.UNPAID),
        (ends_in(BadKey("who are you")), Outcome.UNPAID),
        (ends_in(Unavailable("refused", connected=False)), Outcome.UNPAID),
        (ends_in(Unavailable("500")), Outcome.MAYBE),
        (ends_in(StreamBroken("cut"), after_sound=True), Outcome.MAYBE),
        (ends_in(BadKey("the answer began and may be cut"), after_sound=True), Outcome.MAYBE),
    ],
)
async def test_the_ledger_is_told_what_a_failure_may_have_cost(
    tmp_path: Path, act: Act, outcome: Outcome
) -> None:
    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, act) as here:
        with pytest.raises(NarratorError):
            await replace(here, deadline_s=0.0).record(ORDER)
    assert ledger.settled == {1: (outcome, BILLED if outcome is Outcome.WASTED else 0)}


@pytest.mark.parametrize("error", [*one_of_each(NarratorError)], ids=lambda error: type(error).__name__)
async def test_only_errors_of_an_attempt_are_tried_again(
    tmp_path: Path, error: NarratorError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrator.rendering.tries.MOST_RATE_LIMITED_FIRST", 2)
    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, ends_in(error)) as here:
        with pytest.raises(NarratorError):
            await replace(here, attempts=2).record(ORDER)
    assert len(ledger.requests) == (2 if isinstance(error, AttemptError) else 1)


async def test_an_account_that_has_granted_something_is_asked_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrator.rendering.tries.MOST_RATE_LIMITED_FIRST", 2)
    monkeypatch.setattr("narrator.rendering.tries.MOST_RATE_LIMITED", 4)
    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, speech, ends_in(RateLimited("Slow down."))) as here:
        await here.record(ORDER)
        with pytest.raises(TriesUsedUp):
            await here.record(ORDER)
    assert len(ledger.requests) == 1 + 4


async def test_the_next_attempt_takes_the_next_transport_and_the_log_says_so(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    told: list[Event] = []
    cut = ends_in(StreamBroken("The socket broke off."), after_sound=True)
    async with booth(tmp_path, ledger, cut, silence, speech) as here:
        way = Transports(("ws", "sse", "http"))
        spoken = await replace(here, attempts=3, transports=way, observe=told.append).record(ORDER)
        assert isinstance(here.provider, Said)
        assert here.provider.transports == ["ws", "sse", "sse"]
    retries = [event for event in told if isinstance(event, SegmentRetried)]
    assert [event.reason for event in retries] == ["The socket broke off; next by sse", "the answer is silence"]
    assert [event.is_retake for event in retries] == [False, True]
    assert spoken.arrival.transport == "sse"


async def test_a_take_keeps_how_it_came(tmp_path: Path) -> None:
    async def in_pieces() -> AsyncGenerator[SpeechEvent, None]:
        for start in range(0, len(SOUND), 1000):
            yield AudioChunk(SOUND[start : start + 1000], FORMAT)
        yield SpeechReceipt({"request-id": "r1"}, BILLED)

    async with booth(tmp_path, MemoryLedger(), in_pieces) as here:
        spoken = await here.record(ORDER)
    facts = json.loads(spoken.take.path.with_suffix(".json").read_bytes())["facts"]
    assert facts["ids"] == {"request-id": "r1"}
    assert facts["characters_billed"] == BILLED
    assert (facts["chunks"], facts["received_bytes"]) == (len(SOUND) // 1000, len(SOUND))
    assert 0 <= facts["ttfb_ms"] < 4000
    assert facts["real_time_factor"] > 1
    assert facts["real_time_factor"] == spoken.arrival.real_time_factor


@pytest.mark.parametrize("is_concurrency", [True, False])
async def test_too_many_of_our_own_at_once_pauses_nobody_else(tmp_path: Path, *, is_concurrency: bool) -> None:
    busy = ends_in(RateLimited("busy", retry_after_s=60.0, is_concurrency=is_concurrency))
    async with booth(tmp_path, MemoryLedger(), busy, speech) as here:
        waiting = asyncio.create_task(here.record(ORDER))
        other = asyncio.create_task(here.record(replace(ORDER, key=TakeKey("2" * 64))))
        done, _ = await asyncio.wait({waiting, other}, timeout=0.3)
        assert done == ({other} if is_concurrency else set())
        for each in (waiting, other):
            each.cancel()
        await asyncio.gather(waiting, other, return_exceptions=True)


async def test_a_call_that_is_cancelled_may_have_been_paid(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def endless() -> AsyncGenerator[SpeechEvent, None]:
        began.set()
        await asyncio.Event().wait()
        yield SpeechReceipt()

    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, endless) as here:
        recording = asyncio.create_task(here.record(ORDER))
        await began.wait()
        recording.cancel()
        with pytest.raises(asyncio.CancelledError):
            await recording
    assert ledger.outcomes == [Outcome.MAYBE]


async def test_a_take_that_the_disk_refuses_was_paid_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "takes").write_bytes(b"a file where the folder should be")
    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, speech) as here:
        with pytest.raises(DiskError):
            await here.record(ORDER)
    assert ledger.settled == {1: (Outcome.WASTED, BILLED)}


@pytest.mark.parametrize("needs_intents", [True, False])
async def test_a_paid_request_is_sent_only_once_its_intent_is_durable(
    tmp_path: Path, *, needs_intents: bool
) -> None:
    ledger = MemoryLedger(needs_intents=needs_intents)
    durable_when_sent: list[bool] = []

    async def act() -> AsyncGenerator[SpeechEvent, None]:
        durable_when_sent.append(1 in ledger.committed)
        async for event in speech():
            yield event

    async with booth(tmp_path, ledger, act) as here:
        await here.record(ORDER)
    assert durable_when_sent == [needs_intents]


async def test_nothing_is_sent_where_the_intent_cannot_be_noted(tmp_path: Path) -> None:
    class Unwritable(MemoryLedger):
        def commit(self) -> None:
            if len(self.settled) < len(self.requests):
                raise DiskError("full")

    ledger = Unwritable(needs_intents=True)
    async with booth(tmp_path, ledger, ends_in(AssertionError("it was sent"))) as here:
        with pytest.raises(DiskError, match="full"):
            await here.record(ORDER)
    assert ledger.outcomes == [Outcome.UNPAID]


async def test_a_reached_budget_is_no_call(tmp_path: Path) -> None:
    ledger = MemoryLedger(most_calls=0)
    async with booth(tmp_path, ledger, speech) as here:
        with pytest.raises(BudgetReached):
            await here.record(ORDER)
    assert ledger.settled == {}


async def test_a_segment_is_given_up_when_its_time_is_over(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, ends_in(Unavailable("busy", retry_after_s=30.0))) as here:
        with pytest.raises(TriesUsedUp, match="after 1 attempts"):
            await replace(here, attempts=20, deadline_s=20.0).record(ORDER)


async def test_an_hour_in_which_the_process_stood_still_counts_as_one_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("narrator.rendering.tries.time", SimpleNamespace(monotonic=clock))

    async def suspended() -> AsyncGenerator[SpeechEvent, None]:
        clock.now += 3600.0
        yield AudioChunk(SOUND[:1000], FORMAT)
        raise StreamBroken("the connection is gone")

    ledger = MemoryLedger()
    async with booth(tmp_path, ledger, suspended, speech) as here:
        await replace(here, attempts=3, deadline_s=100.0).record(ORDER)
    assert ledger.outcomes == [Outcome.MAYBE, Outcome.TAKE]


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
