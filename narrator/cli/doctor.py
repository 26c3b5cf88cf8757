"""`narrator doctor`."""

from __future__ import annotations

from pathlib import Path

import click

from narrator.cli.group import verbose_option
from narrator.cli.streams import say
from narrator.errors import ExitCode


@click.command()
@click.option(
    "--projects",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="NARRATOR_PROJECTS",
    default="projects",
    help="Folder in which projects live.",
)
@verbose_option
@click.pass_context
def doctor(ctx: click.Context, projects: Path) -> None:
    """Check this installation, and print what a bug report needs. Nothing secret is in it."""
    from narrator import app  # noqa: PLC0415 - all that is heavy comes with it

    findings = app.doctor(projects)
    for finding in findings:
        say(f"{'ok ' if finding.is_well else 'BAD'}  {finding.about:18} {finding.found}")
    if not all(finding.is_well for finding in findings):
        ctx.exit(ExitCode.USAGE)
