from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from narrator.errors import DiskError, UsageError
from narrator.jobs.history import JobHistory, Outcome, Run, Spent, Trigger
from narrator.jobs.job import BadJob, Cron, Job, JobName, Jobs, Source, SourceKind
from narrator.jobs.metrics import metrics_text, write_metrics

# Seven in the morning of the first of December in Auckland, and the last of November elsewhere.
NOW = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
NEWS = JobName("news")
JOB = Job(NEWS, Source(SourceKind.FEED, "https://example.org/feed.xml"), Cron("0 7 * * *"), "Europe/Berlin")
RUN = Run(
    1,
    NEWS,
    NOW - timedelta(hours=12),
    Trigger.TIME,
    1,
    0,
    started=NOW - timedelta(hours=12),
    ended=NOW - timedelta(hours=11),
    outcome=Outcome.FAILED,
)
PAST = JobHistory(since=NOW - timedelta(days=40), handled=RUN.due, last=RUN)

Figures = dict[tuple[str, ...], float]


def figures(job: Job = JOB, past: JobHistory | None = PAST, bad: tuple[BadJob, ...] = ()) -> Figures:
    """Each value by the metric's name, without 'narrator_', and its labels' values."""
    text = metrics_text(
        Jobs((job,), bad), {} if past is None else {job.name: past}, {NEWS: NOW - timedelta(days=1)}, NOW
    )
    families = [*text_string_to_metric_families(text)]
    assert all(family.type == "gauge" and family.documentation for family in families)
    return {
        (sample.name.removeprefix("narrator_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_job_s_last_run_is_told() -> None:
    told = figures()
    assert told["job_last_run_timestamp_seconds", "news"] == RUN.started.timestamp()
    assert told["job_last_success_timestamp_seconds", "news"] == (NOW - timedelta(days=1)).timestamp()
    assert told["job_last_duration_seconds", "news"] == 3600
    assert told["job_running", "news"] == 0
    outcomes = {labels[2]: value for labels, value in told.items() if labels[0] == "job_last_outcome"}
    assert outcomes == {"done": 0, "incomplete": 0, "budget": 0, "window": 0, "failed": 1, "abandoned": 0}


def test_the_next_run_is_told_where_a_time_is_set() -> None:
    assert (
        figures()["job_next_run_timestamp_seconds", "news"] == datetime(2026, 12, 1, 6, tzinfo=UTC).timestamp()
    )
    assert ("job_next_run_timestamp_seconds", "news") not in figures(replace(JOB, is_paused=True))


def test_a_run_that_goes_on_has_no_outcome_yet() -> None:
    told = figures(past=replace(PAST, last=replace(RUN, ended=None, outcome=None), is_running=True))
    assert told["job_running", "news"] == 1
    assert ("job_last_outcome", "news", "failed") not in told
    assert ("job_last_duration_seconds", "news") not in told


def test_a_run_that_nobody_ended_is_abandoned() -> None:
    told = figures(past=replace(PAST, last=replace(RUN, ended=None, outcome=None)))
    assert told["job_last_outcome", "news", "abandoned"] == 1
    assert ("job_last_duration_seconds", "news") not in told


def test_the_month_is_that_of_the_job_s_zone() -> None:
    spent = (
        Spent(datetime(2026, 10, 31, 22, 59, tzinfo=UTC), 100.0, 100),  # October in Berlin
        Spent(datetime(2026, 10, 31, 23, 0, tzinfo=UTC), 0.25, 10),
        Spent(datetime(2026, 11, 30, 12, 0, tzinfo=UTC), 0.5, 3),  # December in Auckland
    )
    past = replace(PAST, spent=spent)
    told = figures(past=past)
    assert (told["job_spent_usd_month", "news"], told["job_characters_month", "news"]) == (0.75, 13)
    told = figures(replace(JOB, zone="Pacific/Auckland"), past)
    assert (told["job_spent_usd_month", "news"], told["job_characters_month", "news"]) == (0.5, 3)


def test_a_job_that_never_ran_and_bad_ones_are_told() -> None:
    told = figures(past=None, bad=(BadJob("x", ("when: is missing",)), BadJob("y", ())))
    assert told["jobs_bad",] == 2
    assert told["job_running", "news"] == 0
    assert ("job_last_run_timestamp_seconds", "news") not in told


def test_odd_names_do_not_break_the_format() -> None:
    name = JobName('a"b\\c\nd{} 1')
    told = figures(replace(JOB, name=name))
    assert told["job_running", name] == 0


def test_metrics_replace_the_earlier_ones_and_all_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "narrator.prom"
    mask = os.umask(0o077)
    try:
        write_metrics(path, "old\n" * 99)
        write_metrics(path, "new\n")
    finally:
        os.umask(mask)
    assert path.read_text(encoding="utf-8") == "new\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [*tmp_path.iterdir()] == [path]


def test_a_place_for_metrics_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        write_metrics(tmp_path / "nowhere" / "narrator.prom", "")
    (tmp_path / "narrator.prom").mkdir()
    with pytest.raises(DiskError, match=r"Writing .*narrator\.prom"):
        write_metrics(tmp_path / "narrator.prom", "")
    assert [*tmp_path.iterdir()] == [tmp_path / "narrator.prom"]
