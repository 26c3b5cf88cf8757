"""`narrator render` and `narrator resume`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrator.cli.group import verbose_option
from narrator.cli.options import book_options, wishes_from
from narrator.cli.reports import render_result, render_words
from narrator.errors import ExitCode, NarratorError
from narrator.wishes import Wishes

if TYPE_CHECKING:  # ports would bring all of the model with it
    from narrator.ports import Observer

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
_gaps_option = click.option(
    "--allow-gaps", is_flag=True, help="Make the audiobook even where some segments could not be spoken."
)


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@book_options
@_gaps_option
@_json_option
@verbose_option
def render(source: Path, *, as_json: bool, **options: Any) -> None:
    """Turn SOURCE into a finished, tagged audiobook.

    SOURCE is a manuscript (EPUB, Markdown, text) or the folder of a project. What was spoken before is not
    spoken again: after an interruption, or a change to the book, the same command does only what is missing.
    Options are kept in the project, so that the next run needs none of them.
    """
    _render(source, wishes_from(options), as_json=as_json)


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@_gaps_option
@_json_option
@verbose_option
def resume(project: Path, *, allow_gaps: bool, as_json: bool) -> None:
    """Go on with the interrupted render of PROJECT, the folder of a book."""
    from narrator.project import open_project  # noqa: PLC0415 - after the options were understood

    open_project(project)
    _render(project, Wishes(allow_gaps=allow_gaps), as_json=as_json)


def _render(source: Path, wishes: Wishes, *, as_json: bool) -> None:
    from narrator import app  # noqa: PLC0415 - all that is heavy comes with it
    from narrator.progress import Bars, Counts, JsonLines, each_of, log_event  # noqa: PLC0415 - as above

    lines, counts = JsonLines(sys.stdout), Counts()
    with ExitStack() as stack:
        observers: list[Observer] = [log_event, counts]
        if as_json:
            observers.append(lines)
        elif sys.stderr.isatty():
            observers.append(stack.enter_context(Bars(sys.stderr)))
        try:
            done = app.render(source, wishes, each_of(*observers))
        except NarratorError as exc:
            if as_json:
                ended = {"event": "result", "exit_code": exc.exit_code, **counts.result()}
                lines.write({**ended, "error": exc.what, "advice": exc.advice})
            raise
    if as_json:
        lines.write(render_result(done, ExitCode.DONE))
    else:
        click.echo(render_words(done))
