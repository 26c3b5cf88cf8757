"""`narrator jobs history` and `narrator jobs status`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrator.cli.group import verbose_option
from narrator.cli.jobs import checked_jobs, jobs_option
from narrator.cli.streams import say
from narrator.errors import ExitCode, UsageError

if TYPE_CHECKING:  # help does not need them
    from narrator.cli.jobs_history_words import Told
    from narrator.jobs.health import Health
    from narrator.jobs.history import Run
    from narrator.jobs.history_reader import HistoryReader
    from narrator.jobs.job import Job, Jobs

_SHOWN = 20


@click.command()
@click.argument("job", required=False)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    show_default=f"{_SHOWN}; with --json all",
    help="How many runs to show.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run on stdout, the newest first.")
@jobs_option
@verbose_option
def history(job: str | None, limit: int | None, jobs_file: Path, *, as_json: bool) -> None:
    """Show what became of the runs of all jobs, or of JOB, the newest first.

    When and how long it ran, how it ended, what it made, sent and cost, and why it did not do all it should.
    """
    from narrator.cli import jobs_history_words as words  # noqa: PLC0415 - help does not need it
    from narrator.jobs.job import JobName  # noqa: PLC0415 - as above

    file, known = _history_of(jobs_file)
    _refuse_unknown(job, file, known)
    zones = words.zones_of(known)
    runs = file.runs(JobName(job) if job else None, limit or (None if as_json else _SHOWN))
    told = (_told(file, run) for run in runs)
    if as_json:
        for each in told:
            say(json.dumps(words.plain_run(each, zones)))
    else:
        say("\n".join(words.run_lines(list(told), zones)) or "Nothing has run yet.")


def _history_of(jobs_file: Path) -> tuple[HistoryReader, tuple[Job, ...]]:
    """The history of a jobs file and its good jobs; none where only the history can be read."""
    from narrator.jobs.history_reader import HistoryReader  # noqa: PLC0415 - help does not need it
    from narrator.jobs.jobs_file import read_jobs, state_folder  # noqa: PLC0415 - as above

    file = HistoryReader(state_folder(jobs_file))
    try:
        return file, read_jobs(jobs_file).jobs
    except UsageError:
        if next(file.runs(limit=1), None) is None:
            raise
        return file, ()


def _refuse_unknown(name: str | None, file: HistoryReader, known: tuple[Job, ...]) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistyped word

    if name is None:
        return
    names = {job.name for job in known} | file.names()
    if name not in names:
        near = get_close_matches(name, names, n=1)
        advice = f"Did you mean {near[0]!r}?" if near else "`narrator jobs list` shows the jobs."
        raise UsageError(f"There is no job {name!r}, and no run of one.", advice=advice)


def _told(file: HistoryReader, run: Run) -> Told:
    from narrator.jobs.health import outcome_of  # noqa: PLC0415 - help does not need it

    is_running = False
    if run.ended is None:
        run, is_running = file.followed(run)
    return run, outcome_of(run, is_running=is_running)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a job on stdout, and the result.")
@click.option(
    "--prometheus",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write a text file for Prometheus' node exporter.",
)
@jobs_option
@verbose_option
@click.pass_context
def status(ctx: click.Context, prometheus: Path | None, jobs_file: Path, *, as_json: bool) -> None:
    """Say how each job's last run ended and when its next is, for people and for monitoring.

    Exits with 0 where all is well; with 3 where a job's last run failed, was incomplete or was abandoned, or
    where one is overdue by a quarter of an hour, but for paused ones; with 2 where a job cannot be understood.
    """
    from narrator.cli import jobs_history_words as words  # noqa: PLC0415 - help does not need it

    jobs, healths = _looked_at(jobs_file, prometheus)
    code = _exit_code(jobs, healths)
    if as_json:
        for line in words.plain_lines(healths, jobs.bad, code):
            say(json.dumps(line))
    else:
        say("\n".join(words.health_lines(healths, jobs.bad)) or f"There is no job in {jobs_file}.")
    ctx.exit(code)


def _looked_at(jobs_file: Path, prometheus: Path | None) -> tuple[Jobs, list[Health]]:
    """The jobs, and how they are now, which is also written to `prometheus`."""
    from narrator.jobs.health import health_of  # noqa: PLC0415 - help does not need them
    from narrator.jobs.history_reader import HistoryReader  # noqa: PLC0415 - as above
    from narrator.jobs.jobs_file import state_folder  # noqa: PLC0415 - as above
    from narrator.jobs.metrics import metrics_text, write_metrics  # noqa: PLC0415 - as above

    jobs, now = checked_jobs(jobs_file), datetime.now(UTC)
    file = HistoryReader(state_folder(jobs_file))
    known = file.history(jobs.jobs, now)
    if prometheus:
        write_metrics(prometheus, metrics_text(jobs, known, file.succeeded(jobs.jobs), now))
    return jobs, health_of(jobs.jobs, known, now)


def _exit_code(jobs: Jobs, healths: list[Health]) -> ExitCode:
    if jobs.bad:
        return ExitCode.USAGE
    return ExitCode.DONE if all(each.is_well for each in healths) else ExitCode.INCOMPLETE
