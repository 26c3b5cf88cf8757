"""`narrator render` and `narrator resume`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrator.cli import streams
from narrator.cli.endings import ending
from narrator.cli.group import verbose_option
from narrator.cli.options import book_options, wishes_from
from narrator.cli.reports import failed_result, render_result, render_words
from narrator.errors import ExitCode, NarratorError
from narrator.wishes import Wishes

if TYPE_CHECKING:  # ports would bring all of the model with it
    from narrator.app import Rendered
    from narrator.ports import Observer
    from narrator.progress import Counts, JsonLines

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
    _run(lambda: (source, wishes_from(options)), as_json=as_json)


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@_gaps_option
@_json_option
@verbose_option
def resume(project: Path, *, allow_gaps: bool, as_json: bool) -> None:
    """Go on with the interrupted render of PROJECT, the folder of a book."""

    def asked() -> tuple[Path, Wishes]:
        from narrator.project import open_project  # noqa: PLC0415 - after the options were understood

        return open_project(project).folder, Wishes(allow_gaps=allow_gaps)

    _run(asked, as_json=as_json)


def _run(asked: Callable[[], tuple[Path, Wishes]], *, as_json: bool) -> None:
    """Render what was asked for. With `--json` the last line tells of the end, whatever the end was."""
    from narrator.progress import Counts, JsonLines  # noqa: PLC0415 - all that is heavy comes with it

    lines, counts = JsonLines(sys.stdout), Counts()
    try:
        done = _render(*asked(), counts, lines if as_json else None)
        if as_json:
            lines.write(render_result(done, ExitCode.DONE))
    except (Exception, KeyboardInterrupt) as exc:
        if as_json:
            lines.write(failed_result(ending(exc), counts.result()))
        raise
    finally:
        if lines.is_lost:
            streams.silence(sys.stdout)
    if lines.is_lost:
        raise NarratorError("The audiobook is finished, but standard output was closed before all was told.")
    if not as_json:
        streams.say(render_words(done))


def _render(source: Path, wishes: Wishes, counts: Counts, lines: JsonLines | None) -> Rendered:
    from narrator import app  # noqa: PLC0415 - as above
    from narrator.progress import Bars, Notices, each_of, log_event  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        observers: list[Observer] = [log_event, counts]
        if lines:
            observers.append(lines)
        elif sys.stderr.isatty():
            observers.append(stack.enter_context(Bars(sys.stderr)))
        else:
            observers.append(Notices(sys.stderr))
        return app.render(source, wishes, each_of(*observers))
