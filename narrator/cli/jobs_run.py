"""`narrator jobs run`, `run-due` and `start`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from narrator.cli import streams
from narrator.cli.group import verbose_option
from narrator.cli.jobs import jobs_option


@click.command()
@jobs_option
@verbose_option
def run(jobs_file: Path) -> int:
    """Stay, and run jobs as they become due. Ctrl-C ends it: what is in flight is let finish.

    An edited jobs file is read again by itself. Only one process does this for a jobs file; `narrator jobs
    run-due` may be used beside it.
    """
    from narrator import app  # noqa: PLC0415 - after the options were understood

    app.run_jobs(jobs_file, streams.say)
    return 0


@click.command()
@jobs_option
@click.option(
    "--now",
    metavar="TIME",
    help="Do what would be due then: 2026-03-29T02:30, on the jobs file's clock, or with an offset, +01:00.",
)
@verbose_option
def run_due(jobs_file: Path, now: str | None) -> int:
    """Run what is due, and end. For cron, timers of systemd and CronJobs of Kubernetes.

    The exit code is 0 where all went well (also: nothing was due, or a budget or a window ended), 3 where a run
    failed or is incomplete, and 2 where a job cannot be understood; the others run all the same.
    """
    from narrator import app  # noqa: PLC0415 - as above

    return app.run_due(jobs_file, streams.say, now)


@click.command()
@click.argument("name")
@jobs_option
@click.option("--due", hidden=True, help="The time of which it is the run.")
@click.option("--trigger", hidden=True, default="hand")
@click.option("--attempt", hidden=True, type=int, default=1)
@click.option("--coalesced", hidden=True, type=int, default=0)
@click.option(
    "--clock-shift", hidden=True, type=float, default=0.0, help="Seconds ahead of this machine's clock."
)
@verbose_option
def start(
    name: str,
    *,
    jobs_file: Path,
    due: str | None,
    trigger: str,
    attempt: int,
    coalesced: int,
    clock_shift: float,
) -> int:
    """Run the job NAME now, whatever its time and window; its budget holds."""
    from narrator import app  # noqa: PLC0415 - as above

    return app.start_job(
        jobs_file,
        name,
        streams.say,
        due=datetime.fromisoformat(due) if due else None,
        trigger=trigger,
        attempt=attempt,
        coalesced=coalesced,
        shift_s=clock_shift,
    )
