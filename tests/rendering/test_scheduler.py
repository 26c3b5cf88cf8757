"""The scheduler and a segment's life, against a real server that fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import BudgetReached, DiskError, NarratorError, QuotaUsedUp, Unreachable
from narrator.events import Event, SegmentFailed, SegmentRetried, TakeReady
from narrator.model import (
    Matter,
    Script,
    ScriptChapter,
    Segment,
    Span,
    SpeechEvent,
    SpeechReceipt,
    SpeechRequest,
)
from narrator.providers.catalog import create_provider
from narrator.providers.openai import OpenAI
from narrator.rendering.checks import TakeChecks
from narrator.rendering.limits import LINGERS_S, AccountLimits
from narrator.rendering.plan import Order, make_plan
from narrator.rendering.scheduler import Failure, LocalScheduler
from narrator.rendering.segment import Booth
from narrator.rendering.takes import TakeFolder
from narrator.rendering.transports import Transports
from narrator.rendering.writer import TakeWriter
from narrator.testing.faults import FAULTS, Fault
from narrator.testing.memory_ledger import MemoryLedger
from narrator.testing.openai_server import FakeSpeechServer


class Log:
    """An observer that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.billed: list[int] = []
        self._news = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def first(self, kind: type[Event]) -> None:
        while not self.of(kind):
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)


class Telling(OpenAI):
    """A provider whose receipts say how many requests at once the account may run."""

    concurrency = 1

    async def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        async for event in super().speak(request, transport):
            if isinstance(event, SpeechReceipt):
                yield replace(event, concurrency_limit=self.concurrency)
            else:
                yield event


@dataclass
class Desk:
    """A scheduler with all that it needs, and what happened at it."""

    server: FakeSpeechServer
    booth: Booth
    takes: TakeFolder
    scheduler: LocalScheduler
    log: Log
    stopping: asyncio.Event
    ledger: MemoryLedger

    async def render(self, count: int = 8) -> tuple[Failure, ...]:
        async with self.booth.provider:
            return await self.scheduler.run(orders(count))


def texts(count: int) -> list[str]:
    return [
        f"The {number}th sentence of a tale that is told against the clock, and told well."
        for number in range(count)
    ]


def orders(count: int) -> tuple[Order, ...]:
    segments = tuple(Segment(text, (Span(0, 0, 1),)) for text in texts(count))
    chapter = ScriptChapter("T", Matter.BODY, "chapter", "d", 1, 1, segments)

    class Speaker:
        def request_for(self, segment: Segment, previous_text: str, next_text: str) -> SpeechRequest:
            return SpeechRequest("openai", "tts-1", "alloy", segment.text, "en", 1.0, 24_000, 1)

        def takes(self, _text: str) -> bool:
            return True

    return make_plan(Script("B", (), "en", (chapter,)), [Speaker()], frozenset()).orders


@asynccontextmanager
async def desk(
    folder: Path, *, attempts: int = 4, concurrency: int = 3, lingers_s: float = 0.01, **server: float
) -> AsyncIterator[Desk]:
    """`lingers_s`: what a slot waits for after an answer that broke off, where no one counts those at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("narrator.rendering.limits.LINGERS_S", lingers_s)
        async with _desk(folder, attempts, concurrency, server.get("latency_s", 0.0)) as made:
            yield made


@asynccontextmanager
async def _desk(folder: Path, attempts: int, concurrency: int, latency_s: float) -> AsyncIterator[Desk]:
    async with FakeSpeechServer(latency_s=latency_s) as fake:
        provider = create_provider(Speech(provider="openai", base_url=fake.url), Rendering(timeout_s=20.0))
        takes = TakeFolder(folder / "takes", folder / "quarantine")
        log = Log()
        stopping = asyncio.Event()
        ledger = MemoryLedger(needs_intents=True)
        async with TakeWriter(takes, ledger) as writer:
            booth = Booth(
                provider=provider,
                transports=Transports(),
                limits=AccountLimits(concurrency, stopping=stopping),
                checks=TakeChecks(),
                writer=writer,
                ledger=ledger,
                observe=log,
                on_billed=log.billed.append,
                attempts=attempts,
                timeout_s=20.0,
                deadline_s=600.0,
                wait_base_s=0.01,
            )
            scheduler = LocalScheduler(booth, lambda *_: None)
            yield Desk(fake, booth, takes, scheduler, log, stopping, ledger)


async def test_every_order_becomes_a_take_and_never_too_many_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path, latency_s=0.02) as here:
        assert await here.render(12) == ()
        assert here.takes.keys() == {order.key for order in orders(12)}
        assert here.server.peak_in_flight == 3
        assert sorted(request.text for request in here.server.requests) == sorted(texts(12))
        assert len(here.log.of(TakeReady)) == 12


async def test_however_answers_end_the_account_never_sees_one_more_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=20, concurrency=2, lingers_s=LINGERS_S) as here:
        names = ["cut", "endless", "reset", "html", "500", "cut-at-once", "json", "empty", "cut-chunked"]
        for number, name in enumerate(names):
            here.server.fail(FAULTS[name], requests={2 + 3 * number})
        assert await here.render(20) == ()
        assert here.server.peak_in_flight == 2


async def test_a_receipt_that_tells_the_account_s_concurrency_is_heeded(tmp_path: Path) -> None:
    async with desk(tmp_path, latency_s=0.02) as here:
        provider = Telling(Speech(base_url=here.server.url), Rendering())
        provider.concurrency = 6
        limits = AccountLimits(1, most=4, stopping=here.stopping)
        booth = replace(here.booth, provider=provider, limits=limits)
        async with provider:
            assert await LocalScheduler(booth, lambda *_: None).run(orders(20)) == ()
            assert here.server.peak_in_flight == 4, "what a person named is not passed"
            provider.concurrency = 1
            await LocalScheduler(booth, lambda *_: None).run(orders(21))
            assert limits.concurrency == 1


@pytest.mark.parametrize(
    "name", ["500", "503", "429", "html", "json", "empty", "cut", "cut-chunked", "reset", "half", "silence"]
)
async def test_a_passing_fault_costs_a_retry_and_nothing_else(tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    if "Retry-After" in fault.headers:  # that it is waited for is told below
        fault = replace(fault, headers={**fault.headers, "Retry-After": "0.05"})
    async with desk(tmp_path) as here:
        here.server.fail(fault, requests={2, 5})
        assert await here.render(8) == ()
        assert len(here.server.requests) == 10
        assert len(here.log.of(SegmentRetried)) == 2
        for order in orders(8):
            take = here.takes.load(order.key)
            assert take is not None
            assert take.frames == round(len(order.request.text) / 15 * 24_000)


async def test_one_text_that_always_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=3) as here:
        here.server.fail(FAULTS["500"], text=lambda text: "4th" in text)
        failures = await here.render(8)
        assert [failure.order.request.text for failure in failures] == [texts(8)[4]]
        assert "gave up after 3 attempts" in failures[0].reason
        assert len(here.takes.keys()) == 7
        assert len(here.server.requests) == 7 + 3
        assert len(here.log.of(SegmentFailed)) == 1


async def test_a_refused_text_is_not_asked_for_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.server.fail(FAULTS["400"], text=lambda text: "4th" in text)
        assert len(await here.render(8)) == 1
        assert len(here.server.requests) == 8


async def test_answers_that_are_wrong_are_paid_for_three_times_at_the_most(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=10) as here:
        here.server.fail(FAULTS["silence"], text=lambda text: "4th" in text)
        failures = await here.render(8)
        assert len(failures) == 1
        assert "silence" in failures[0].reason
        assert len(here.server.requests) == 7 + 3


@pytest.mark.parametrize(
    ("name", "kind"), [("quota", QuotaUsedUp), ("402", NarratorError), ("401", NarratorError)]
)
async def test_a_refused_account_stops_the_run_and_keeps_what_is_done(
    tmp_path: Path, name: str, kind: type[NarratorError]
) -> None:
    async with desk(tmp_path, concurrency=2) as here:
        here.server.fail(FAULTS[name], requests=range(4, 100))
        with pytest.raises(kind) as caught:
            await here.render(20)
        assert caught.value.exit_code == 4
        assert len(here.takes.keys()) == 3
        assert len(here.server.requests) <= 5


async def test_a_provider_that_answers_nobody_stops_the_run(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=2) as here:
        here.server.fail(FAULTS["500"])
        with pytest.raises(Unreachable) as caught:
            await here.render(40)
        assert caught.value.exit_code == 3
        assert len(here.server.requests) < 40


@pytest.mark.parametrize("name", ["500", "silence", "half", "json", "cut"])
async def test_a_provider_that_gives_nothing_usable_is_not_paid_for_a_whole_book(
    tmp_path: Path, name: str
) -> None:
    async with desk(tmp_path, attempts=2, concurrency=1) as here:
        here.server.fail(FAULTS[name], requests=range(2 if name == "half" else 1, 1000))
        with pytest.raises(Unreachable, match=r"gives no usable answer: .*[^.][.]\n") as caught:
            await here.render(40)
        assert caught.value.advice
        assert len(here.log.of(SegmentFailed)) == (5 if name == "half" else 2)


async def test_texts_that_fail_among_others_that_succeed_do_not_stop_the_run(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=2, concurrency=1) as here:
        here.server.fail(FAULTS["silence"], text=lambda text: text not in texts(11)[::5])
        assert len(await here.render(11)) == 8
        assert len(here.takes.keys()) == 3


async def test_a_provider_that_has_answered_earlier_in_the_run_is_given_more_time(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=2, concurrency=1) as here:
        here.server.fail(FAULTS["silence"], text=lambda text: text != texts(4)[3])
        scheduler = LocalScheduler(here.booth, lambda *_: None, has_answered=True)
        async with here.booth.provider:
            assert len(await scheduler.run(orders(4))) == 3


async def test_texts_that_cannot_be_spoken_are_no_reason_to_end_where_gaps_may_be(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=2, concurrency=1) as here:
        here.server.fail(FAULTS["silence"], text=lambda _: True)
        scheduler = LocalScheduler(here.booth, lambda *_: None, may_leave_gaps=True)
        async with here.booth.provider:
            assert len(await scheduler.run(orders(7))) == 7


async def test_an_error_of_all_does_not_wait_for_those_that_try_again(tmp_path: Path) -> None:
    async with desk(tmp_path, concurrency=2) as here:
        wait = Fault(status=503, headers={"Retry-After": "60"}, body=b"")
        here.server.fail(wait, requests={1})
        here.server.fail(FAULTS["401"], requests={2})
        with pytest.raises(NarratorError) as caught:
            await asyncio.wait_for(here.render(20), 10)
        assert caught.value.exit_code == 4
        assert not here.stopping.is_set(), "no person asked for it"


@pytest.mark.parametrize("named", ["0", "Sat, 01 Jan 2000 00:00:00 GMT"])
async def test_a_wait_of_nothing_is_not_believed(tmp_path: Path, named: str) -> None:
    async with desk(tmp_path, concurrency=1) as here:
        here.server.fail(Fault(status=429, headers={"Retry-After": named}, body=b""), times=6)
        assert await here.render(1) == ()
        waits = [event.wait_s for event in here.log.of(SegmentRetried) if isinstance(event, SegmentRetried)]
        assert len(waits) == 6
        assert min(waits) > 0


async def test_retry_after_holds_back_the_whole_account(tmp_path: Path) -> None:
    async with desk(tmp_path, concurrency=4) as here:
        fault = FAULTS["429"]
        here.server.fail(replace(fault, headers={**fault.headers, "Retry-After": "0.4"}), requests={1})
        await here.render(8)
        arrivals = sorted(request.arrived_s for request in here.server.requests)
        gap = max(after - before for before, after in pairwise(arrivals))
        assert gap >= 0.36


async def test_a_wish_to_stop_lets_running_segments_finish(tmp_path: Path) -> None:
    async with desk(tmp_path, concurrency=2, latency_s=0.05) as here:
        async with here.booth.provider:
            run = asyncio.create_task(here.scheduler.run(orders(20)))
            await here.log.first(TakeReady)
            here.stopping.set()
            assert await run == ()
        done = len(here.takes.keys())
        assert done == len(here.server.requests) < 20


async def test_stopping_does_not_wait_for_a_retry(tmp_path: Path) -> None:
    async with desk(tmp_path, concurrency=1) as here:
        here.server.fail(Fault(status=503, headers={"Retry-After": "60"}, body=b""))
        async with here.booth.provider:
            run = asyncio.create_task(here.scheduler.run(orders(3)))
            await here.log.first(SegmentRetried)
            here.stopping.set()
            assert await asyncio.wait_for(run, 5) == ()


async def test_a_full_disk_stops_paying(tmp_path: Path) -> None:
    (tmp_path / "takes").write_bytes(b"a file where the folder should be")
    async with desk(tmp_path, concurrency=2) as here:
        with pytest.raises(DiskError):
            await here.render(20)
        assert len(here.server.requests) <= 3


async def test_a_budget_that_is_reached_ends_the_run_and_keeps_what_was_paid(tmp_path: Path) -> None:
    async with desk(tmp_path, concurrency=2) as here:
        here.ledger.most_calls = 5
        with pytest.raises(BudgetReached) as caught:
            await here.render(20)
        assert caught.value.exit_code == 5
        assert len(here.server.requests) == 5
        assert len(here.takes.keys()) == 5


async def test_answers_that_were_wasted_are_billed_too(tmp_path: Path) -> None:
    async with desk(tmp_path, attempts=10) as here:
        here.server.fail(FAULTS["silence"], text=lambda text: "4th" in text)
        await here.render(8)
        assert sum(here.log.billed) == here.server.billed_characters
        assert len(here.log.billed) == 7 + 3
