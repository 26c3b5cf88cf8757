"""`narrator jobs` and its sub-commands, each imported only when it runs."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrator.cli.group import LazyGroup

if TYPE_CHECKING:  # help does not need it
    from narrator.jobs.job import Jobs

JOBS_FILE = "jobs.toml"

_COMMANDS = {
    "add": ("narrator.cli.jobs_editing:add", "Add a job to the jobs file."),
    "list": ("narrator.cli.jobs_list:list_jobs", "List the jobs: when each is next, how its last run ended."),
    "show": ("narrator.cli.jobs_list:show", "Show all about one job, and its next runs."),
    "pause": ("narrator.cli.jobs_editing:pause", "Have a job not run until it is resumed."),
    "resume": ("narrator.cli.jobs_editing:resume", "Have a paused job run again."),
    "remove": ("narrator.cli.jobs_editing:remove", "Take a job out of the jobs file; what it made stays."),
    "run": ("narrator.cli.jobs_run:run", "Stay, and run jobs as they become due."),
    "run-due": ("narrator.cli.jobs_run:run_due", "Run what is due, once: for cron and timers."),
    "start": ("narrator.cli.jobs_run:start", "Run a job now."),
    "history": ("narrator.cli.jobs_history:history", "Show what became of the runs of jobs."),
    "status": ("narrator.cli.jobs_history:status", "Say whether all is well, also by the exit code."),
    "install": ("narrator.cli.jobs_install:install", "Have this system run what is due, each minute."),
}

_jobs_file_option = click.option(
    "--jobs",
    "jobs_named",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The jobs file.  [default: jobs.toml in --projects]",
)


@click.group(cls=LazyGroup, lazy=_COMMANDS)
@_jobs_file_option
def jobs(jobs_named: Path | None) -> None:
    """Render by itself: at a time, each night, when a file or a feed changes, within hours and a budget.

    Jobs are text, in jobs.toml in the projects folder. `narrator jobs run` stays and runs them;
    `narrator jobs install` has the system do it.
    """


def checked_jobs(jobs_file: Path) -> Jobs:
    """What a jobs file says, its options for renders looked at, too.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        ConfigError: it is no TOML, or what is true of all jobs has mistakes.
    """
    from narrator.job_runs.arguments import problems_of  # noqa: PLC0415 - help needs none of it
    from narrator.jobs.jobs_file import read_jobs  # noqa: PLC0415 - as above

    return read_jobs(jobs_file, check_render=problems_of)


def jobs_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --jobs and --projects to a sub-command, which gets `jobs_file: Path`; it need not exist."""

    @_jobs_file_option
    @click.option(
        "--projects",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="NARRATOR_PROJECTS",
        default="projects",
        show_default="$NARRATOR_PROJECTS or ./projects",
        help="Folder in which the jobs file is, where none is named.",
    )
    @functools.wraps(command)
    def with_jobs_file(*args: Any, jobs_named: Path | None, projects: Path, **options: Any) -> Any:
        parent = click.get_current_context().parent
        of_group = parent.params.get("jobs_named") if parent else None
        named = jobs_named or of_group or projects / JOBS_FILE
        # Logs and the history tell of it to people who stand elsewhere. No link is followed: a file of jobs
        # may be one, and its state is beside the name that was given.
        jobs_file = Path(os.path.abspath(named))  # noqa: PTH100 - resolve() follows links
        return command(*args, jobs_file=jobs_file, **options)

    return with_jobs_file
