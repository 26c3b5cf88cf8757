"""`narrator doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@verbose_option
@click.pass_context
def doctor(ctx: click.Context, projects: Path, *, as_json: bool) -> None:
    """Check this installation, and print what a bug report needs. Nothing secret is in it."""
    from narrator import app  # noqa: PLC0415 - all that is heavy comes with it

    findings = app.doctor(projects)
    is_well = all(finding.is_well for finding in findings)
    if as_json:
        say(json.dumps({"is_well": is_well, "findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            say(f"{'ok ' if finding.is_well else 'BAD'}  {finding.about:16} {finding.found}")
    if not is_well:
        ctx.exit(ExitCode.USAGE)
