"""How jobs are, for Prometheus: a file that its node exporter reads, or whoever else knows the format.

Text exposition format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from narrator.durable import disk_errors, made_whole
from narrator.errors import UsageError
from narrator.jobs.allowance import spent_in_month
from narrator.jobs.due import next_time
from narrator.jobs.history import History, JobHistory, Outcome
from narrator.jobs.job import Job, JobName, Jobs

_READABLE = 0o644
"""The exporter is another user."""


@dataclass(frozen=True, slots=True)
class _Gauge:
    """A metric: what it tells, and its value for each set of labels."""

    name: str
    told: str
    values: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)

    def put(self, value: float, **labels: str) -> None:
        self.values[tuple(labels.items())] = value

    def lines(self) -> Iterator[str]:
        if self.values:
            yield f"# HELP {self.name} {self.told}"
            yield f"# TYPE {self.name} gauge"
        for labels, value in self.values.items():
            yield f"{self.name}{_in_braces(labels)} {float(value)!r}"


class _Gauges:
    """All metrics, in the order in which they are written.

    A job is the label `name`: Prometheus has a label `job` of its own for where it reads.
    """

    def __init__(self) -> None:
        self.last_run = _Gauge("narrator_job_last_run_timestamp_seconds", "When the last run began.")
        self.last_success = _Gauge(
            "narrator_job_last_success_timestamp_seconds",
            "When the last run ended that did all it should, as far as its budget and its hours go.",
        )
        self.duration = _Gauge(
            "narrator_job_last_duration_seconds", "How long the last run took that has ended."
        )
        self.outcome = _Gauge(
            "narrator_job_last_outcome", "How the last run ended: 1 for its outcome; none while it runs."
        )
        self.next_run = _Gauge(
            "narrator_job_next_run_timestamp_seconds", "When a run can begin next; none where no time is set."
        )
        self.usd = _Gauge("narrator_job_spent_usd_month", "Dollars spent in this month of the job's time zone.")
        self.characters = _Gauge(
            "narrator_job_characters_month", "Characters sent in this month of the job's time zone."
        )
        self.running = _Gauge("narrator_job_running", "1 while a run goes on.")
        self.bad = _Gauge("narrator_jobs_bad", "Jobs of the jobs file that cannot be understood.")

    def lines(self) -> Iterator[str]:
        for gauge in vars(self).values():
            yield from gauge.lines()


def metrics_text(jobs: Jobs, history: History, succeeded: Mapping[JobName, datetime], now: datetime) -> str:
    """The figures of all jobs; `succeeded` is when each last did all it should (`HistoryReader.succeeded`)."""
    gauges = _Gauges()
    for job in jobs.jobs:
        known = history.get(job.name)
        _put_times(gauges, job, known, now)
        if known is not None:
            _put_last(gauges, job.name, known)
        if job.name in succeeded:
            gauges.last_success.put(succeeded[job.name].timestamp(), name=job.name)
    gauges.bad.put(len(jobs.bad))
    return "".join(f"{line}\n" for line in gauges.lines())


def _put_times(gauges: _Gauges, job: Job, known: JobHistory | None, now: datetime) -> None:
    begins = next_time(job, known, now)
    if begins is not None:
        gauges.next_run.put(begins.timestamp(), name=job.name)
    usd, characters = spent_in_month(job, known, now) if known else (0.0, 0)
    gauges.usd.put(usd, name=job.name)
    gauges.characters.put(characters, name=job.name)
    gauges.running.put(known is not None and known.is_running, name=job.name)


def _put_last(gauges: _Gauges, name: JobName, known: JobHistory) -> None:
    last = known.last
    if last is None:
        return
    gauges.last_run.put(last.started.timestamp(), name=name)
    if known.is_running:
        return
    if last.ended is not None:
        gauges.duration.put((last.ended - last.started).total_seconds(), name=name)
    outcome = last.outcome or Outcome.ABANDONED
    for each in Outcome:
        if each is not Outcome.SKIPPED:
            gauges.outcome.put(each is outcome, name=name, outcome=each)


def _in_braces(labels: tuple[tuple[str, str], ...]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def write_metrics(path: Path, text: str) -> None:
    """Put the figures where others read them, all of them or none.

    Raises:
        UsageError: there is no such folder.
        DiskError: it cannot be written; `path` is as it was before.
    """
    with disk_errors(f"Writing {path}"):
        if not path.parent.is_dir():
            raise UsageError(
                f"There is no folder {path.parent} for metrics.", advice="Create it, or name another."
            )
        with made_whole(path) as beside:
            beside.write_text(text, encoding="utf-8")
            beside.chmod(_READABLE)
