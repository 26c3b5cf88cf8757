from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from narrator.jobs.due import Due, due, next_time
from narrator.jobs.history import JobHistory, Outcome, Run, Spent, Trigger
from narrator.jobs.job import Budget, Cron, Every, Job, JobName, Once, OnChange, Source, SourceKind, Span, When

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = Cron("0 2 * * *")
NIGHT = (Span(60, 360),)
SOURCE = Source(SourceKind.FOLDER, str(Path("books").absolute()))


def job(when: When = NIGHTLY, name: str = "serial", **more: Any) -> Job:
    return Job(JobName(name), SOURCE, when, "Europe/Berlin", **more)


def at(written: str) -> datetime:
    """A time on Berlin's clock."""
    return datetime.fromisoformat(written).replace(tzinfo=BERLIN).astimezone(UTC)


def run(due_at: str, started: str = "", ended: str | None = None, **more: Any) -> Run:
    began = at(started or due_at)
    return Run(
        **{
            "id": 1,
            "job": JobName("serial"),
            "due": at(due_at),
            "trigger": Trigger.TIME,
            "attempt": 1,
            "coalesced": 0,
            "started": began,
            "ended": at(ended) if ended else began + timedelta(minutes=5),
            "outcome": Outcome.DONE,
            **more,
        }
    )


SINCE = at("2026-06-01T12:00")


def past(handled: str | None = None, **more: Any) -> JobHistory:
    return JobHistory(**{"since": SINCE, "handled": at(handled) if handled else None, **more})


def one(job: Job, history: JobHistory | None, now: str) -> Due | None:
    """What is due, and `next_time` agrees with it."""
    moment = at(now)
    found = due([job], {} if history is None else {job.name: history}, moment)
    soon = next_time(job, history, moment)
    assert bool(found) == (soon is not None and soon <= moment)
    return found[0] if found else None


def facts(found: Due | None) -> tuple[datetime, Trigger, int, int] | None:
    return None if found is None else (found.at, found.trigger, found.attempt, found.coalesced)


# --- times of the schedule --------------------------------------------------------------------------


def test_a_time_that_has_come_is_due_until_it_is_handled() -> None:
    assert one(job(), past(), "2026-06-02T01:59:59") is None
    assert facts(one(job(), past(), "2026-06-02T02:00")) == (at("2026-06-02T02:00"), Trigger.TIME, 1, 0)
    assert facts(one(job(), past(), "2026-06-02T09:00")) == (at("2026-06-02T02:00"), Trigger.TIME, 1, 0)
    assert one(job(), past("2026-06-02T02:00"), "2026-06-02T09:00") is None


def test_times_that_were_missed_are_one_run() -> None:
    found = one(job(), past("2026-06-02T02:00"), "2026-06-09T10:00")
    assert facts(found) == (at("2026-06-09T02:00"), Trigger.TIME, 1, 6)


def test_a_job_is_due_for_the_minute_in_which_it_is_first_seen_and_nothing_before() -> None:
    each_hour = job(Cron("0 * * * *"))
    assert facts(one(each_hour, None, "2026-06-01T12:00:40")) == (at("2026-06-01T12:00"), Trigger.TIME, 1, 0)
    assert one(each_hour, None, "2026-06-01T12:01") is None
    assert one(job(), None, "2026-06-01T12:00") is None


def test_an_interval_counts_from_the_second_in_which_the_job_was_first_seen() -> None:
    each = job(Every(900.0))
    seen = past(since=at("2026-06-01T12:00:07.654321"))
    assert facts(one(each, seen, "2026-06-01T12:00:08")) == (at("2026-06-01T12:00:07"), Trigger.TIME, 1, 0)
    seen = past("2026-06-01T12:00:07", since=seen.since)
    assert one(each, seen, "2026-06-01T12:15:06.9") is None
    assert next_time(each, seen, at("2026-06-01T12:10")) == at("2026-06-01T12:15:07")
    assert facts(one(each, seen, "2026-06-01T13:01")) == (at("2026-06-01T13:00:07"), Trigger.TIME, 1, 3)


def test_an_interval_is_real_time_when_the_clock_is_changed() -> None:
    seen = past("2026-10-25T02:00", since=at("2026-10-25T02:00"))
    assert next_time(job(Every(7200.0)), seen, at("2026-10-25T02:30")) == at("2026-10-25T03:00")


def test_a_single_time_comes_once_whenever_the_job_was_seen() -> None:
    once = job(Once(at("2026-05-01T03:00")))
    assert facts(one(once, None, "2026-06-01T12:00")) == (at("2026-05-01T03:00"), Trigger.TIME, 1, 0)
    done = past("2026-05-01T03:00")
    assert one(once, done, "2026-06-01T12:00") is None
    assert next_time(once, done, at("2026-06-01T12:00")) is None
    assert next_time(once, None, at("2026-04-01T12:00")) == at("2026-05-01T03:00")


def test_years_of_minutes_are_looked_through_at_once_and_counted_to_a_limit() -> None:
    seen = past(since=at("2023-06-01T12:00"))
    found = one(job(Cron("* * * * *")), seen, "2026-06-01T12:00:30")
    assert facts(found) == (at("2026-06-01T12:00"), Trigger.TIME, 1, 10_000)


def test_what_is_paused_or_runs_is_not_due() -> None:
    late = "2026-06-09T10:00"
    assert one(job(is_paused=True), past(), late) is None
    assert next_time(job(is_paused=True), past(), at(late)) is None
    running = past("2026-06-09T02:00", is_running=True, last=run("2026-06-09T02:00", ended=None))
    assert one(job(Every(60.0)), running, late) is None
    assert next_time(job(), running, at(late)) == at("2026-06-10T02:00")


def test_what_is_due_is_in_the_order_of_its_times_and_names() -> None:
    jobs = [
        job(name="b"),
        job(name="c", when=Cron("0 1 * * *")),
        job(name="a"),
        job(name="never", is_paused=True),
    ]
    found = due(jobs, {each.name: past() for each in jobs}, at("2026-06-02T03:00"))
    assert [each.job.name for each in found] == ["c", "a", "b"]


# --- windows and budgets ----------------------------------------------------------------------------


def test_a_time_outside_the_window_waits_for_it_and_coalesces() -> None:
    hourly = job(Cron("0 * * * *"), window=NIGHT)
    seen = past("2026-06-01T12:00")
    assert one(hourly, seen, "2026-06-01T23:30") is None
    assert next_time(hourly, seen, at("2026-06-01T23:30")) == at("2026-06-02T01:00")
    assert facts(one(hourly, seen, "2026-06-02T01:00")) == (at("2026-06-02T01:00"), Trigger.TIME, 1, 12)


def test_a_time_in_an_hour_that_is_missing_keeps_to_the_window() -> None:
    seen = past("2026-03-28T02:00", since=at("2026-03-01T00:00"))
    missing = job(Cron("30 2 * * *"), window=(Span(150, 360),))
    assert one(missing, seen, "2026-03-29T03:29") is not None  # that of the 28th
    seen = past("2026-03-28T02:30", since=seen.since)
    assert one(missing, seen, "2026-03-29T03:29") is None
    assert facts(one(missing, seen, "2026-03-29T03:30")) == (at("2026-03-29T03:30"), Trigger.TIME, 1, 0)


@pytest.mark.parametrize(
    ("budget", "spent", "ready"),
    [
        (Budget(day_usd=5.0), Spent(at("2026-06-10T01:00"), 5.0, 10), "2026-06-11T00:00"),
        (Budget(day_characters=10), Spent(at("2026-06-10T01:00"), 0.0, 10), "2026-06-11T00:00"),
        (Budget(month_usd=5.0, day_usd=9.0), Spent(at("2026-06-02T01:00"), 5.0, 10), "2026-07-01T00:00"),
        (Budget(month_characters=10), Spent(at("2026-06-10T01:00"), 0.0, 12), "2026-07-01T00:00"),
        (Budget(day_usd=5.0), Spent(at("2026-06-09T23:59"), 5.0, 10), "2026-06-10T02:00"),
        (Budget(month_usd=5.0), Spent(at("2026-05-31T23:59"), 5.0, 10), "2026-06-10T02:00"),
        (Budget(day_usd=5.0), Spent(at("2026-06-10T01:00"), 4.99, 10), "2026-06-10T02:00"),
        (Budget(run_usd=1.0), Spent(at("2026-06-10T01:00"), 4.99, 10), "2026-06-10T02:00"),
        (Budget(day_usd=0.0), Spent(at("2026-06-10T01:00"), 0.0, 10), "2026-06-10T02:00"),
    ],
)
def test_a_budget_that_is_used_up_is_waited_for(budget: Budget, spent: Spent, ready: str) -> None:
    limited = job(Cron("0 2 10 6 *"), budget=budget)
    seen = past(spent=(spent,))
    assert next_time(limited, seen, at("2026-06-09T12:00")) == at(ready)
    assert bool(one(limited, seen, "2026-06-10T02:00")) == (ready == "2026-06-10T02:00")
    found = one(limited, seen, ready)
    assert facts(found) == (at("2026-06-10T02:00"), Trigger.TIME, 1, 0)


def test_after_the_budget_the_window_is_waited_for() -> None:
    limited = job(window=(Span(120, 180),), budget=Budget(day_usd=5.0))
    seen = past(
        "2026-06-10T02:00", spent=(Spent(at("2026-06-10T02:10"), 5.0, 1), Spent(at("2026-06-11T02:10"), 5.0, 1))
    )
    assert next_time(limited, seen, at("2026-06-11T02:30")) == at("2026-06-12T02:00")


# --- lateness ---------------------------------------------------------------------------------------


def test_what_is_later_than_its_grace_is_to_be_skipped() -> None:
    strict = job(grace_s=3600.0)
    on_time, late = one(strict, past(), "2026-06-02T03:00"), one(strict, past(), "2026-06-02T03:00:01")
    assert on_time is not None
    assert not on_time.too_late
    assert late is not None
    assert late.too_late


def test_a_window_a_budget_and_a_run_before_it_make_nothing_late() -> None:
    strict = job(Cron("0 22 * * *"), window=NIGHT, grace_s=60.0, budget=Budget(day_usd=1.0))
    found = one(strict, past(), "2026-06-02T01:00:30")
    assert found is not None
    assert not found.too_late
    broke = past(spent=(Spent(at("2026-06-02T01:00"), 1.0, 1),))
    assert one(strict, broke, "2026-06-02T01:30") is None
    found = one(strict, broke, "2026-06-03T01:00:30")
    assert found is not None
    assert not found.too_late
    hourly = job(Cron("0 * * * *"), grace_s=60.0)
    found = one(
        hourly,
        past("2026-06-02T01:00", last=run("2026-06-02T01:00", ended="2026-06-02T02:30")),
        "2026-06-02T02:31",
    )
    assert found is not None
    assert not found.too_late


def test_what_missed_its_window_is_skipped_at_once() -> None:
    strict = job(window=NIGHT, grace_s=3600.0)
    found = one(strict, past(), "2026-06-02T07:00")
    assert found is not None
    assert found.too_late


def test_a_run_that_was_abandoned_excuses_no_lateness() -> None:
    gone = run("2026-06-01T02:00", ended="2026-06-02T09:00", outcome=Outcome.ABANDONED, may_pass=True)
    found = one(job(grace_s=3600.0), past("2026-06-01T02:00", last=gone), "2026-06-02T09:00")
    assert found is not None
    assert found.too_late
    skipped = past("2026-06-02T02:00", last=gone)
    assert facts(one(job(grace_s=3600.0), skipped, "2026-06-02T09:00")) == (gone.due, Trigger.RETRY, 2, 0)


# --- the rest of a run, and other tries -------------------------------------------------------------


def test_the_rest_of_a_run_is_due_when_it_can_be_done() -> None:
    ended = run("2026-06-02T02:00", outcome=Outcome.BUDGET, resume_at=at("2026-06-03T00:00"))
    seen = past("2026-06-02T02:00", last=ended)
    assert one(job(), seen, "2026-06-02T23:59") is None
    assert facts(one(job(), seen, "2026-06-03T00:00")) == (at("2026-06-03T00:00"), Trigger.REST, 1, 0)
    assert facts(one(job(), seen, "2026-06-03T02:00")) == (at("2026-06-03T02:00"), Trigger.TIME, 1, 0)
    assert one(job(is_paused=True), seen, "2026-06-03T00:00") is None


def test_the_rest_is_told_from_a_time_that_was_skipped_when_it_could_be_done() -> None:
    ended = run("2026-06-02T02:00", outcome=Outcome.WINDOW, resume_at=at("2026-06-03T02:00"))
    seen = past("2026-06-03T02:00", last=ended)
    found = one(job(), seen, "2026-06-03T05:00")
    assert found is not None
    assert (found.trigger, found.at > at("2026-06-03T02:00")) == (Trigger.REST, True)


def test_a_single_time_goes_on_until_all_is_done() -> None:
    once = job(Once(at("2026-06-02T02:00")), window=NIGHT)
    ended = run(
        "2026-06-02T02:00", ended="2026-06-02T06:00", outcome=Outcome.WINDOW, resume_at=at("2026-06-03T01:00")
    )
    seen = past("2026-06-02T02:00", last=ended)
    assert next_time(once, seen, at("2026-06-02T06:01")) == at("2026-06-03T01:00")
    assert facts(one(once, seen, "2026-06-03T01:00")) == (at("2026-06-03T01:00"), Trigger.REST, 1, 0)


def test_what_may_pass_is_tried_again_after_waits_that_double() -> None:
    for attempt, minutes in ((1, 5), (2, 10), (3, 20)):
        failed = run(
            "2026-06-02T02:00", ended="2026-06-02T03:00", outcome=Outcome.FAILED, may_pass=True, attempt=attempt
        )
        seen = past("2026-06-02T02:00", last=failed)
        assert one(job(), seen, f"2026-06-02T03:{minutes - 1:02}:59") is None
        assert facts(one(job(), seen, f"2026-06-02T03:{minutes:02}")) == (
            failed.due,
            Trigger.RETRY,
            attempt + 1,
            0,
        )
    last = run("2026-06-02T02:00", outcome=Outcome.FAILED, may_pass=True, attempt=4)
    assert one(job(), past("2026-06-02T02:00", last=last), "2026-06-02T23:00") is None
    assert (
        one(
            job(retries=0),
            past("2026-06-02T02:00", last=run("2026-06-02T02:00", outcome=Outcome.FAILED, may_pass=True)),
            "2026-06-02T23:00",
        )
        is None
    )


def test_what_will_not_pass_is_not_tried_again() -> None:
    failed = run("2026-06-02T02:00", outcome=Outcome.FAILED)
    assert one(job(), past("2026-06-02T02:00", last=failed), "2026-06-02T23:00") is None


def test_a_run_that_was_abandoned_is_taken_up_again_at_once() -> None:
    gone = run("2026-06-02T02:00", ended="2026-06-02T09:00", outcome=Outcome.ABANDONED, may_pass=True)
    seen = past("2026-06-02T02:00", last=gone)
    assert facts(one(job(), seen, "2026-06-02T09:00")) == (gone.due, Trigger.RETRY, 2, 0)
    assert one(job(window=NIGHT), seen, "2026-06-02T09:00") is None
    assert next_time(job(window=NIGHT), seen, at("2026-06-02T09:00")) == at("2026-06-03T01:00")


def test_a_book_is_never_given_up_because_of_power_cuts_but_a_crash_is_waited_for_longer_and_longer() -> None:
    once = job(Once(at("2026-06-02T02:00")), retries=1)
    for attempt, waits_s in ((1, 0.0), (2, 300.0), (4, 1200.0), (50, 86_400.0)):
        gone = run(
            "2026-06-02T02:00",
            ended="2026-06-02T09:00",
            outcome=Outcome.ABANDONED,
            may_pass=True,
            attempt=attempt,
        )
        seen = past("2026-06-02T02:00", last=gone)
        assert gone.ended is not None
        assert next_time(once, seen, gone.ended) == gone.ended + timedelta(seconds=waits_s)


def test_an_account_without_credit_is_asked_again_once_a_day_at_most() -> None:
    often = job(Every(900.0))
    ended = run("2026-06-02T02:00", outcome=Outcome.BUDGET, resume_at=at("2026-07-01T00:00"))
    seen = past("2026-06-02T02:00", last=ended)
    assert ended.ended is not None
    assert one(often, seen, "2026-06-02T12:00") is None
    assert next_time(often, seen, at("2026-06-02T12:00")) == ended.ended + timedelta(hours=20)
    soon = run("2026-06-02T02:00", outcome=Outcome.BUDGET, resume_at=at("2026-06-03T00:00"))
    assert one(often, past("2026-06-02T02:00", last=soon), "2026-06-02T12:00") is not None


def test_a_change_waits_for_the_rest_of_the_last_run() -> None:
    watched = job(OnChange())
    ended = run("2026-06-02T02:00", outcome=Outcome.BUDGET, resume_at=at("2026-07-01T00:00"))
    seen = past("2026-06-02T02:00", last=ended, changed=at("2026-06-05T02:00"))
    assert one(watched, seen, "2026-06-05T02:00") is None
    found = one(watched, seen, "2026-07-01T00:00")
    assert found is not None
    assert found.trigger is Trigger.REST


def test_a_wait_is_never_longer_than_a_day_unless_the_first_is() -> None:
    failed = run("2026-06-02T02:00", outcome=Outcome.FAILED, may_pass=True, attempt=5000)
    once = job(Once(at("2026-06-02T02:00")), retries=10_000)
    seen = past("2026-06-02T02:00", last=failed)
    assert failed.ended is not None
    assert next_time(once, seen, failed.ended) == failed.ended + timedelta(days=1)
    slow = job(Once(at("2026-06-02T02:00")), retries=10_000, retry_s=2 * 86_400.0)
    assert next_time(slow, seen, failed.ended) == failed.ended + timedelta(days=2)


# --- changes of the source --------------------------------------------------------------------------


def test_a_change_is_due_until_a_run_has_looked_at_it() -> None:
    watching = job(OnChange())
    assert one(watching, past(), "2026-06-02T02:00") is None
    assert next_time(watching, past(), at("2026-06-02T02:00")) is None
    changed = at("2026-06-02T02:00")
    assert facts(one(watching, past(changed=changed), "2026-06-02T02:01")) == (changed, Trigger.CHANGE, 1, 0)
    looked = past(changed=changed, last=run("2026-06-02T02:00", "2026-06-02T02:01"))
    assert one(watching, looked, "2026-06-02T03:00") is None
    assert one(job(), past("2026-06-02T02:00", changed=changed), "2026-06-02T03:00") is None


def test_a_change_waits_for_the_window_and_takes_a_retry_s_place() -> None:
    watching = job(OnChange(), window=NIGHT)
    changed = at("2026-06-02T12:00")
    failed = run("2026-06-02T02:00", outcome=Outcome.FAILED, may_pass=True)
    seen = past(changed=changed, last=failed)
    assert one(watching, seen, "2026-06-02T12:01") is None
    assert facts(one(watching, seen, "2026-06-03T01:00")) == (changed, Trigger.CHANGE, 1, 0)


# --- clocks that jump -------------------------------------------------------------------------------


def test_a_clock_put_back_after_a_run_ended_does_not_keep_its_rest_or_retry_away() -> None:
    later = run("2027-06-02T02:00", outcome=Outcome.FAILED, may_pass=True)
    assert facts(one(job(), past(last=later), "2026-06-01T12:30")) == (later.due, Trigger.RETRY, 2, 0)
    rest = run("2027-06-02T02:00", outcome=Outcome.BUDGET, resume_at=at("2027-07-01T00:00"))
    assert facts(one(job(), past(last=rest), "2026-06-01T12:30")) == (
        at("2026-06-01T12:30"),
        Trigger.REST,
        1,
        0,
    )
    changed = past(changed=at("2026-06-01T12:20"), last=run("2027-06-02T02:00"))
    assert facts(one(job(OnChange()), changed, "2026-06-01T12:30")) == (changed.changed, Trigger.CHANGE, 1, 0)


def test_clocks_that_differ_by_seconds_do_not_end_a_wait() -> None:
    failed = run("2026-06-02T02:00", ended="2026-06-02T03:00:02", outcome=Outcome.FAILED, may_pass=True)
    assert one(job(), past("2026-06-02T02:00", last=failed), "2026-06-02T03:00:00") is None


def test_a_job_that_was_first_seen_by_a_clock_that_was_ahead_goes_on_from_now() -> None:
    ahead = past(since=at("2026-06-01T22:10:10"))
    hourly, each = job(Cron("0 * * * *")), job(Every(3600.0))
    assert one(hourly, ahead, "2026-06-01T12:30") is None
    assert facts(one(hourly, ahead, "2026-06-01T13:00:20")) == (at("2026-06-01T13:00"), Trigger.TIME, 1, 0)
    assert one(each, ahead, "2026-06-01T12:30") is None
    assert next_time(each, ahead, at("2026-06-01T12:30")) == at("2026-06-01T13:10:10")
    assert facts(one(each, ahead, "2026-06-01T13:10:10.5")) == (at("2026-06-01T13:10:10"), Trigger.TIME, 1, 0)


def test_a_time_beyond_belief_is_no_reason_to_wait_for_ever() -> None:
    hopeless = run("2026-06-02T02:00", outcome=Outcome.BUDGET, resume_at=datetime.max.replace(tzinfo=UTC))
    once = job(Once(at("2026-06-02T02:00")), window=NIGHT)
    soon = next_time(once, past("2026-06-02T02:00", last=hopeless), at("2026-06-03T00:00"))
    assert soon is not None
    assert soon < at("2027-06-05T00:00")
