from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from narrator.jobs.allowance import Allowed, remaining
from narrator.jobs.history import JobHistory, Spent
from narrator.jobs.job import Budget, Cron, Job, JobName, Source, SourceKind


def at(written: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


NOW = at("2026-10-25T12:00")
TOMORROW = at("2026-10-26")
NEXT_MONTH = at("2026-11-01")


def allowed(budget: Budget, *spent: Spent, zone: str = "Europe/Berlin", now: datetime = NOW) -> Allowed:
    job = Job(JobName("serial"), Source(SourceKind.PROJECT, "/books"), Cron("@daily"), zone, budget=budget)
    return remaining(job, JobHistory(since=at("2026-01-01"), spent=spent), now)


def test_without_a_budget_there_is_no_limit() -> None:
    assert allowed(Budget(), Spent(NOW, 5.0, 100)) == Allowed(None, None, "", None)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (Budget(run_usd=1.0), Allowed(1.0, None, "run", TOMORROW)),
        (Budget(run_usd=1.0, day_usd=5.0), Allowed(1.0, None, "run", TOMORROW)),
        (Budget(run_usd=4.0, day_usd=5.0), Allowed(3.0, None, "day", TOMORROW)),
        (Budget(day_usd=5.0, month_usd=20.0), Allowed(3.0, None, "day", TOMORROW)),
        (Budget(day_usd=5.0, month_usd=14.5), Allowed(2.5, None, "month", NEXT_MONTH)),
        (Budget(run_usd=3.0, day_usd=5.0, month_usd=15.0), Allowed(3.0, None, "month", NEXT_MONTH)),
        (Budget(day_characters=250), Allowed(None, 50, "day", TOMORROW)),
        (Budget(month_usd=20.0, day_characters=250), Allowed(8.0, 50, "day", TOMORROW)),
        (Budget(run_usd=1.0, month_characters=1201), Allowed(1.0, 1, "run", TOMORROW)),
        (Budget(day_usd=1.0, month_characters=1000), Allowed(0.0, 0, "day", TOMORROW)),
    ],
)
def test_a_run_may_spend_what_is_left_of_the_tightest_budget(budget: Budget, expected: Allowed) -> None:
    spent = (
        Spent(at("2026-09-30T23:59"), 100.0, 100_000),  # of the month before
        Spent(at("2026-10-24T23:59"), 10.0, 1000),
        Spent(at("2026-10-25T00:00"), 2.0, 200),
    )
    assert allowed(budget, *spent) == expected


def test_cents_add_up() -> None:
    assert allowed(Budget(day_usd=1.0), *[Spent(NOW, 0.1, 1)] * 9).usd == 0.1
    assert allowed(Budget(day_usd=1.0), *[Spent(NOW, 0.1, 1)] * 10).usd == 0.0


@pytest.mark.parametrize(
    ("zone", "now", "begins", "until"),
    [
        ("Europe/Berlin", "2026-10-25T00:30", "2026-10-25T00:00", "2026-10-26T00:00"),  # 25 hours
        ("Africa/Cairo", "2026-04-24T12:00", "2026-04-24T01:00", "2026-04-25T00:00"),  # there was no midnight
        ("Pacific/Apia", "2011-12-29T12:00", "2011-12-29T00:00", "2011-12-31T00:00"),  # nor a 30 December
    ],
)
def test_a_day_is_one_of_the_job_s_zone(zone: str, now: str, begins: str, until: str) -> None:
    spent = Spent(at(begins, zone), 1.0, 1)
    assert allowed(Budget(day_usd=3.0), spent, zone=zone, now=at(now, zone)) == Allowed(
        2.0, None, "day", at(until, zone)
    )


def test_the_month_of_december_ends_with_the_year() -> None:
    assert allowed(Budget(month_usd=3.0), now=at("2026-12-31T23:59")).until == at("2027-01-01")
