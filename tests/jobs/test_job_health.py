from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from narrator.jobs.health import Health, health_of
from narrator.jobs.history import JobHistory, Outcome, Run, Trigger
from narrator.jobs.job import Cron, Job, JobName, OnChange, Source, SourceKind

SEVEN = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NEWS = JobName("news")
JOB = Job(NEWS, Source(SourceKind.FOLDER, "/inbox"), Cron("0 7 * * *"), "UTC", retry_s=60)
RUN = Run(1, NEWS, SEVEN, Trigger.TIME, 1, 0, started=SEVEN, ended=SEVEN + 5 * MINUTE, outcome=Outcome.DONE)
PAST = JobHistory(since=SEVEN - timedelta(days=9), handled=SEVEN, last=RUN)


def health(past: JobHistory | None, now: datetime, job: Job = JOB) -> Health:
    (told,) = health_of([job], {} if past is None else {NEWS: past}, now)
    return told


def ended(outcome: Outcome | None, *, may_pass: bool = False) -> JobHistory:
    return replace(
        PAST, last=replace(RUN, outcome=outcome, ended=RUN.ended if outcome else None, may_pass=may_pass)
    )


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.BUDGET, Outcome.WINDOW])
def test_a_run_that_did_what_it_should_is_well(outcome: Outcome) -> None:
    told = health(ended(outcome), SEVEN + 60 * MINUTE)
    assert (told.outcome, told.is_well, told.next) == (outcome, True, SEVEN + timedelta(days=1))


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCOMPLETE, Outcome.ABANDONED, None])
def test_a_run_that_did_not_is_not_well_unless_a_person_paused_the_job(outcome: Outcome | None) -> None:
    told = health(ended(outcome), SEVEN + 60 * MINUTE)
    assert (told.outcome, told.is_well) == (outcome or "abandoned", False)
    assert health(ended(outcome), SEVEN + 60 * MINUTE, replace(JOB, is_paused=True)).is_well


def test_a_job_that_never_ran_is_well() -> None:
    told = health(None, SEVEN + MINUTE)
    assert (told.outcome, told.last, told.is_well) == ("never", None, True)


def test_a_run_that_did_not_begin_within_a_quarter_of_an_hour_is_overdue() -> None:
    tomorrow = SEVEN + timedelta(days=1)
    assert not health(PAST, tomorrow + 14 * MINUTE).is_overdue
    told = health(PAST, tomorrow + 15 * MINUTE)
    assert (told.is_overdue, told.is_well) == (True, False)
    assert not health(replace(PAST, handled=tomorrow), tomorrow + 60 * MINUTE).is_overdue


def test_a_run_that_goes_on_is_not_overdue() -> None:
    running = replace(PAST, last=replace(RUN, ended=None, outcome=None), is_running=True)
    told = health(running, SEVEN + timedelta(days=2))
    assert (told.outcome, told.is_overdue, told.is_well) == ("running", False, True)


def test_another_try_is_overdue_a_quarter_of_an_hour_after_its_time() -> None:
    failed = ended(Outcome.FAILED, may_pass=True)
    assert not health(failed, SEVEN + 8 * MINUTE).is_overdue
    assert not health(failed, SEVEN + 19 * MINUTE).is_overdue
    assert health(failed, SEVEN + 22 * MINUTE).is_overdue


def test_a_job_without_a_time_is_never_overdue() -> None:
    told = health(PAST, SEVEN + timedelta(days=9), replace(JOB, when=OnChange()))
    assert (told.is_overdue, told.next) == (False, None)
