"""`narrator jobs list` and `narrator jobs show`: looking at jobs without touching them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrator.cli.group import verbose_option
from narrator.cli.jobs import checked_jobs, jobs_option
from narrator.cli.streams import say
from narrator.errors import ExitCode

if TYPE_CHECKING:  # help does not need them
    from narrator.jobs.history import JobHistory
    from narrator.jobs.job import Job, JobName, Jobs

_NEXT_RUNS = 5


@click.command("list")
@jobs_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@verbose_option
@click.pass_context
def list_jobs(ctx: click.Context, jobs_file: Path, *, as_json: bool) -> None:
    """List the jobs: when each is next, and how its last run ended."""
    from narrator.cli import jobs_words as words  # noqa: PLC0415 - help needs none of it

    jobs, now = checked_jobs(jobs_file), datetime.now(UTC)
    past = _past(jobs_file, jobs, now)
    seen = [words.Seen(job, past.get(job.name), (*_next_runs(job, past, now, 1),), now) for job in jobs.jobs]
    if as_json:
        for line in (*map(words.plain_job, seen), *map(words.plain_bad_job, jobs.bad)):
            say(json.dumps(line))
    else:
        lines = [*words.table_words(seen), *map(words.bad_words, jobs.bad)]
        say("\n".join(lines) or f"There is no job in {jobs_file}.")
    if jobs.bad:
        ctx.exit(ExitCode.USAGE)


@click.command()
@click.argument("name")
@jobs_option
@verbose_option
def show(name: str, jobs_file: Path) -> None:
    """Show all about the job NAME, and its next runs."""
    from narrator.cli import jobs_words as words  # noqa: PLC0415 - as above
    from narrator.jobs.jobs_file import job_named  # noqa: PLC0415 - as above

    jobs, now = checked_jobs(jobs_file), datetime.now(UTC)
    job = job_named(jobs, name, jobs_file)
    past = _past(jobs_file, jobs, now)
    say(words.job_words(words.Seen(job, past.get(job.name), (*_next_runs(job, past, now, _NEXT_RUNS),), now)))


def _past(jobs_file: Path, jobs: Jobs, now: datetime) -> Mapping[JobName, JobHistory]:
    from narrator.jobs.history_reader import HistoryReader  # noqa: PLC0415 - as above
    from narrator.jobs.jobs_file import state_folder  # noqa: PLC0415 - as above

    with HistoryReader(state_folder(jobs_file)) as history:
        return history.history(jobs.jobs, now)


def _next_runs(job: Job, past: Mapping[JobName, JobHistory], now: datetime, most: int) -> Iterator[datetime]:
    """When a job can begin next, and, if each of its runs does what it should, when after that."""
    from narrator.jobs.due import next_time  # noqa: PLC0415 - as above
    from narrator.jobs.history import JobHistory  # noqa: PLC0415 - as above

    known = past.get(job.name) or JobHistory(since=now)

    def times() -> Iterator[datetime]:
        at = next_time(job, known, now)
        while at is not None:
            yield at
            at = next_time(job, replace(known, handled=at, last=None, is_running=False), at)

    return islice(times(), most)
