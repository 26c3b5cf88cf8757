"""`narrator jobs add`, `pause`, `resume` and `remove`: the commands that edit the jobs file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from narrator.cli.group import verbose_option
from narrator.cli.jobs import jobs_option
from narrator.cli.streams import say

_ADD_OPTIONS = (
    click.option("--manuscript", metavar="FILE", help="A book, rendered when it is due and has changed."),
    click.option("--project", metavar="DIR", help="A project, gone on with until it is done."),
    click.option(
        "--folder", metavar="DIR|GLOB", help="A folder: each book in it. '*.epub' is a glob, '**' descends."
    ),
    click.option("--feed", metavar="URL", help="An RSS or Atom feed: each entry once."),
    click.option("--page", metavar="URL", help="The article on a page of the web."),
    click.option("--newest", type=int, metavar="N", help="Of a feed, at first only so many.  [default: all]"),
    click.option(
        "--when",
        required=True,
        metavar="TIME",
        help="'0 7 * * mon-fri' as in a crontab, @daily, 'every 15m', 'once 2026-12-01 02:00', 'on change'.",
    ),
    click.option(
        "--timezone", metavar="ZONE", help="Whose clock: Europe/Berlin, UTC.  [default: this machine's]"
    ),
    click.option(
        "--window",
        multiple=True,
        metavar="HOURS",
        help="Hours in which it may work: '01:00-06:00', 'sat-sun 00:00-24:00'; again for more.",
    ),
    click.option(
        "--budget",
        multiple=True,
        metavar="KEY=VALUE",
        help="What it may spend: day_usd=5, month_usd=50, run_characters=100000 and so on; again for more.",
    ),
    click.option(
        "--grace", metavar="TIME", help="How late it may begin: 90s, 15m, 6h, 2d.  [default: any time]"
    ),
    click.option("--timeout", metavar="TIME", help="How long a run may take.  [default: as long as it takes]"),
    click.option(
        "--retries", type=int, metavar="N", help="How often to try again what may pass.  [default: 3]"
    ),
    click.option(
        "--render",
        multiple=True,
        metavar="KEY=VALUE",
        help="An option of `narrator render`: voice=nova, formats=mp3,m4b, reading.notes=end; again for more.",
    ),
    click.option("--template", metavar="FILE", help="A project.toml with the settings of its books."),
    click.option("--copy-to", metavar="DIR", help="Where finished audiobooks are copied."),
    click.option("--webhook", metavar="URL", help="Who is told, by a POST, what came of a run."),
    click.option(
        "--command", metavar="COMMAND", help="What is run after it, without a shell: 'rsync -a out/ host:x'."
    ),
    click.option("--podcast", metavar="DIR", help="Where a podcast feed is kept; with --podcast-url."),
    click.option("--podcast-url", metavar="URL", help="Where that folder is on the web."),
    click.option(
        "--allow-private-addresses", is_flag=True, help="Fetch from addresses inside this network, too."
    ),
)


def _add_options(command: Any) -> Any:
    for option in reversed(_ADD_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("name")
@_add_options
@jobs_option
@verbose_option
def add(name: str, jobs_file: Path, **typed: Any) -> None:
    """Add the job NAME to the jobs file: one source, and when it is rendered.

    What has no option here is written in the file itself.
    """
    from narrator.cli import jobs_words as words  # noqa: PLC0415 - help needs none of it
    from narrator.cli.jobs_table import table_of  # noqa: PLC0415 - as above
    from narrator.job_runs.arguments import problems_of  # noqa: PLC0415 - as above
    from narrator.jobs.due import next_time  # noqa: PLC0415 - as above
    from narrator.jobs.editing import add_job  # noqa: PLC0415 - as above

    job = add_job(jobs_file, name, table_of(jobs_file, typed), check_render=problems_of)
    now = datetime.now(UTC)
    at = next_time(job, None, now)
    say(words.job_words(words.Seen(job, None, (at,) if at else (), now)))
    for warning in words.warnings(job, now):
        say(warning)
    say(f"It is in {jobs_file}. `narrator jobs run` runs what is due, `narrator jobs install` has it run.")


@click.command()
@click.argument("name")
@jobs_option
@verbose_option
def pause(name: str, jobs_file: Path) -> None:
    """Have the job NAME not run until it is resumed. A run that goes on is not stopped."""
    from narrator.jobs.editing import set_paused  # noqa: PLC0415 - as above

    was_news = set_paused(jobs_file, name, paused=True)
    say(
        f"{name} is paused. `narrator jobs resume {name}` has it run again."
        if was_news
        else f"{name} was paused already."
    )


@click.command()
@click.argument("name")
@jobs_option
@verbose_option
def resume(name: str, jobs_file: Path) -> None:
    """Have the job NAME run again. What was due meanwhile is not made up for."""
    from narrator.jobs.editing import set_paused  # noqa: PLC0415 - as above
    from narrator.jobs.history_file import HistoryFile  # noqa: PLC0415 - as above
    from narrator.jobs.job import JobName  # noqa: PLC0415 - as above
    from narrator.jobs.jobs_file import state_folder  # noqa: PLC0415 - as above

    was_news = set_paused(jobs_file, name, paused=False)
    if was_news:  # it may be that no scheduler has seen the pause
        with HistoryFile.open(state_folder(jobs_file)) as history:
            history.forget(JobName(name))
    say(f"{name} runs again when it is due." if was_news else f"{name} was not paused.")


@click.command()
@click.argument("name")
@jobs_option
@verbose_option
def remove(name: str, jobs_file: Path) -> None:
    """Take the job NAME out of the jobs file. What it made, and its history, stay."""
    from narrator.jobs.editing import remove_job  # noqa: PLC0415 - as above

    remove_job(jobs_file, name)
    say(f"{name} is no longer in {jobs_file}. What it made stays.")
