"""What holds for every history: simulated months with crashes, failures, budgets and clocks that jump."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.jobs.allowance import remaining
from narrator.jobs.cron import occurrences
from narrator.jobs.due import Due, due, next_time
from narrator.jobs.history import JobHistory, Outcome, Run, Spent, Trigger
from narrator.jobs.job import Budget, Cron, Every, Job, JobName, Source, SourceKind, Span, When
from narrator.jobs.windows import closing, opening

NAME = JobName("serial")
SOURCE = Source(SourceKind.FOLDER, "/books")
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC)),
]


@dataclass
class Life:
    """A job's life, kept as a history keeps it: a run is known from when it begins."""

    job: Job
    now: datetime
    since: datetime = field(init=False)
    dues: list[Due] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.since = self.now

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.job.zone)

    def history(self) -> JobHistory:
        return JobHistory(
            since=self.since,
            handled=max((each.at for each in self.dues if each.at <= self.now), default=None),
            last=self.runs[-1] if self.runs else None,
            is_running=bool(self.runs) and self.runs[-1].ended is None,
            spent=tuple(sorted(self.spent, key=lambda each: each.at)),
        )

    def look(self) -> Due | None:
        """Begin what is due, as a scheduler does."""
        if self.since > self.now + timedelta(days=1):  # seen anew, as a history has it
            self.since = self.now
        history = self.history()
        found = due([self.job], {NAME: history}, self.now)
        soon = next_time(self.job, history, self.now)
        assert bool(found) == (soon is not None and soon <= self.now)
        if not found:
            return None
        (each,) = found
        self.dues.append(each)
        if not each.too_late:
            assert opening(self.job.window, self.zone, self.now) == self.now
            allowed = remaining(self.job, history, self.now)
            assert allowed.usd is None or allowed.usd > 0
            self.runs.append(
                Run(len(self.runs), NAME, each.at, each.trigger, each.attempt, each.coalesced, self.now)
            )
        return each

    def end(self, random: Random) -> None:
        """The last run ends somehow, as a run can."""
        allowed = remaining(self.job, self.history(), self.now)
        usd = min(random.choice([0.0, 0.3, 1.0]), 9.0 if allowed.usd is None else allowed.usd)
        outcome = random.choice([each for each in Outcome if each is not Outcome.SKIPPED])
        resume_at = {
            Outcome.BUDGET: allowed.until,
            Outcome.WINDOW: closing(self.job.window, self.zone, self.now),
        }.get(outcome)
        began = self.runs[-1].started
        self.runs[-1] = replace(
            self.runs[-1],
            ended=self.now,
            outcome=outcome,
            may_pass=outcome is Outcome.ABANDONED or random.random() < 0.5,
            resume_at=resume_at,
        )
        if usd:
            self.spent.append(Spent(began, usd, int(usd * 1000)))

    def next_is_due_when_it_is_said(self) -> None:
        history = self.history()
        soon = next_time(self.job, history, self.now)
        ended = self.runs[-1].ended if self.runs else None
        if soon is None or history.is_running or max(self.since, ended or self.since) > self.now:
            return  # what the clock showed before it was put back is believed again once it comes
        assert due([self.job], {NAME: history}, max(soon, self.now))

    def no_run_twice(self) -> None:
        assert len({(each.at, each.attempt) for each in self.dues}) == len(self.dues)


WHENS: list[When] = [
    Cron("30 2 * * *"),
    Cron("15 */3 * * *"),
    Cron("0 0,2,23 * * *"),
    Cron("*/20 1-4 * * sat,sun,mon"),
    Every(3600.0 * 7),
    Every(900.0),
]
WINDOWS: list[tuple[Span, ...]] = [
    (),
    (Span(60, 360),),
    (Span(22 * 60, 150), Span(12 * 60, 13 * 60, frozenset({5, 6}))),
]
BUDGETS = [Budget(), Budget(run_usd=0.5), Budget(day_usd=1.0, month_usd=4.0)]


def life_of(random: Random) -> Life:
    zone, change = random.choice(CHANGES)
    more: dict[str, Any] = {
        "window": random.choice(WINDOWS),
        "budget": random.choice(BUDGETS),
        "grace_s": random.choice([None, None, 600.0, 86_400.0]),
        "retries": random.choice([0, 1, 3]),
    }
    begins = change - timedelta(minutes=random.randrange(4 * 1440), seconds=random.randrange(60))
    return Life(Job(NAME, SOURCE, random.choice(WHENS), zone, **more), begins)


def live(life: Life, random: Random, steps: int, jump: Callable[[], timedelta]) -> None:
    """Look now and then, often when something should begin; let runs end or be killed at any moment."""
    for _ in range(steps):
        soon = next_time(life.job, life.history(), life.now)
        if soon and soon > life.now and random.random() < 0.5:
            life.now = soon + timedelta(milliseconds=random.randrange(2000))
        else:
            life.now += timedelta(minutes=random.randrange(random.choice([5, 120, 3000])))
        life.now += jump()
        if life.history().is_running:
            if random.random() < 0.7:
                life.end(random)
            else:
                assert life.look() is None
                continue
        life.next_is_due_when_it_is_said()
        life.look()
        if random.random() < 0.3:  # a second scheduler, at the same moment
            first = len(life.dues)
            again = life.look()
            assert again is None or life.dues[first - 1].too_late
        life.no_run_twice()


def times_of(job: Job, since: datetime, until: datetime) -> list[datetime]:
    if isinstance(job.when, Every):
        start, step = since.replace(microsecond=0), timedelta(seconds=job.when.seconds)
        return [start + step * number for number in range((until - start) // step + 1)]
    assert isinstance(job.when, Cron)
    first = since.replace(second=0, microsecond=0) - timedelta(seconds=1)
    return list(occurrences(job.when.expression, ZoneInfo(job.zone), first, until))


def check_each_time_is_handled_once(seed: int) -> None:
    random = Random(seed)
    life = life_of(random)
    live(life, random, 30, timedelta)
    scheduled = [each for each in life.dues if each.trigger is Trigger.TIME]
    if scheduled:
        times = times_of(life.job, life.since, scheduled[-1].at)
        assert [each.at for each in scheduled] == sorted({each.at for each in scheduled} & set(times))
        assert sum(1 + each.coalesced for each in scheduled) == len(times)
    pairs = itertools.pairwise(life.runs)
    tried = [run.attempt for before, run in pairs if before.outcome is not Outcome.ABANDONED]
    assert max(tried, default=1) <= life.job.retries + 1


def check_nothing_is_lost_or_done_twice_when_clocks_jump(seed: int) -> None:
    random = Random(seed)
    life = life_of(random)
    jumps = [timedelta(hours=hours) for hours in (-1, 1, -30, 30, -24 * 366, 24 * 366)]
    live(life, random, 30, lambda: random.choice(jumps) if random.random() < 0.2 else timedelta())
    # Whatever was, the job goes on: something is due again within the time that its schedule and budgets take.
    if life.history().is_running:
        life.end(random)
    before = len(life.dues)
    for _ in range(10):
        soon = next_time(life.job, life.history(), life.now)
        assert soon is not None
        assert soon - life.now < timedelta(days=63)
        life.now = max(life.now, soon)
        life.look()
        if life.history().is_running:
            life.end(random)
    assert len(life.dues) > before


SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=10)
def test_each_time_is_handled_once_or_coalesced(seed: int) -> None:
    check_each_time_is_handled_once(seed)


@given(SEEDS)
@settings(max_examples=10)
def test_clocks_that_jump_repeat_nothing_and_stop_nothing(seed: int) -> None:
    check_nothing_is_lost_or_done_twice_when_clocks_jump(seed)


@pytest.mark.slow
def test_the_same_holds_for_many_lives() -> None:
    for seed in range(80):
        check_each_time_is_handled_once(seed)
        check_nothing_is_lost_or_done_twice_when_clocks_jump(seed)
