"""`narrator plan` and `narrator status`: looking without touching."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from narrator.cli.group import verbose_option
from narrator.cli.options import book_options, wishes_from
from narrator.cli.reports import plan_object, plan_words, status_object, status_words
from narrator.cli.sources import as_files
from narrator.cli.streams import say

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@book_options
@click.option("--explain", "explained", is_flag=True, help="Say what of each chapter is not spoken, and why.")
@click.option(
    "--text",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Write the script as it will be spoken, to read and edit; then: narrator render SOURCE --text FILE.",
)
@_json_option
@verbose_option
def plan(source: Path, *, explained: bool, text: str | None, as_json: bool, **options: Any) -> None:
    """Show what a render of SOURCE would speak, skip and cost. Calls no provider."""
    from narrator import app  # noqa: PLC0415 - all that is heavy comes with it

    wishes = wishes_from(options)
    with as_files([source]) as (file,):
        if text == "-":
            say(app.script_text(file, wishes).rstrip("\n"))
            return
        if text:
            app.write_script_text(file, wishes, Path(text))
        planned = app.plan(file, wishes, explained=explained)
    say(plan_object(planned) if as_json else plan_words(planned))


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--explain", "explained", is_flag=True, help="Say why each segment that is missing is missing.")
@_json_option
@verbose_option
def status(project: Path, *, explained: bool, as_json: bool) -> None:
    """Show how far PROJECT, the folder of a book, is."""
    from narrator import app  # noqa: PLC0415 - as above

    state = app.status(project)
    say(status_object(state) if as_json else status_words(state, explained=explained))
