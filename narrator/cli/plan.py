"""`narrator plan` and `narrator status`: looking without touching."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from narrator.cli.group import verbose_option
from narrator.cli.options import book_options, wishes_from
from narrator.cli.reports import plan_object, plan_words, status_object, status_words
from narrator.cli.sources import as_files
from narrator.cli.streams import say
from narrator.errors import UsageError

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@click.command()
@click.argument("source", type=click.Path(path_type=Path), required=False, metavar="SOURCE")
@book_options
@click.option("--explain", "explained", is_flag=True, help="Say what of each chapter is not spoken, and why.")
@click.option(
    "--text",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Write the script as it will be spoken, to read and edit; then: narrator render SOURCE --text FILE. "
    "A FILE that was edited is not written anew: what it would cost is told.",
)
@_json_option
@verbose_option
def plan(source: Path | None, *, explained: bool, text: str | None, as_json: bool, **options: Any) -> None:
    """Show what a render of SOURCE would speak, skip and cost, and have nothing spoken.

    SOURCE is what `narrator render` takes. Writes nothing but the FILE of --text.
    """
    from narrator import app  # noqa: PLC0415 - all that is heavy comes with it

    if source is None:
        _miss_source(text)
    if text and as_json:
        raise UsageError("--text writes a text, and --json prints an object.", advice="Ask for one of them.")
    edited = wishes_from({**options, "text": None if text == "-" else text})
    wishes, path = replace(edited, text=None), edited.text
    with as_files([source]) as (file,):
        if text == "-":
            say(app.script_text(file, wishes).rstrip("\n"))
            return
        is_edited = path is not None and not app.write_script_text(file, wishes, path)
        planned = app.plan(file, edited if is_edited else wishes, explained=explained)
    say(plan_object(planned) if as_json else plan_words(planned))
    if is_edited:
        say(f"{path} was left as it is. To have it written anew, remove it first.")


def _miss_source(text: str | None) -> NoReturn:
    ctx = click.get_current_context()
    if text and text != "-":
        raise click.UsageError(
            f"There is no SOURCE: {text!r} was taken as the FILE of --text. "
            f"Put SOURCE first: {ctx.command_path} {text} --text",
            ctx,
        )
    raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])


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
