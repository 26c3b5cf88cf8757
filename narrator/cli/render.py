"""`narrator render` and `narrator resume`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from narrator.cli import streams
from narrator.cli.endings import ending
from narrator.cli.group import verbose_option
from narrator.cli.options import book_options, wishes_from
from narrator.cli.reports import failed_result, render_result, render_words, sum_of_results
from narrator.cli.sources import as_files
from narrator.errors import ExitCode, Interrupted, NarratorError
from narrator.wishes import Wishes, wishes_of

if TYPE_CHECKING:  # ports would bring all of the model with it
    from narrator.ports import Observer
    from narrator.progress import JsonLines

_Command = TypeVar("_Command", bound=Callable[..., Any])

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
_RUN_OPTIONS = (
    click.option(
        "--max-cost",
        type=click.FloatRange(min=0),
        metavar="USD",
        help="Send nothing that would make the book, over all its runs, cost more.",
    ),
    click.option(
        "--max-characters",
        type=click.IntRange(min=0),
        metavar="N",
        help="Send no more characters of the book than these, over all its runs.",
    ),
    click.option(
        "--allow-gaps", is_flag=True, help="Make the audiobook even where some segments could not be spoken."
    ),
)


def _run_options(command: _Command) -> _Command:
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("sources", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="SOURCE...")
@book_options
@click.option(
    "--text",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Speak this script: what `narrator plan SOURCE --text FILE` wrote, edited. It is kept.",
)
@_run_options
@_json_option
@verbose_option
def render(sources: tuple[Path, ...], *, as_json: bool, **options: Any) -> int:
    """Turn each SOURCE into a finished, tagged audiobook.

    SOURCE is a manuscript (EPUB, PDF, DOCX, Markdown, text…), the folder of a project, a folder of books, or -
    for text or Markdown on standard input, which is known again by its title (without one, as "stdin").
    What was spoken before is not spoken again: after an interruption, or a change to the book, the same command
    does only what is missing. Options are kept in the project, so that the next run needs none of them; those
    about a limit or a part of the book are for one run. Of many books, one that fails does not stop the others.
    """
    return _run(lambda: (sources, wishes_from(options)), as_json=as_json)


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@_run_options
@_json_option
@verbose_option
def resume(project: Path, *, as_json: bool, **options: Any) -> int:
    """Go on with the interrupted render of PROJECT, the folder of a book."""

    def asked() -> tuple[tuple[Path, ...], Wishes]:
        from narrator.project import open_project  # noqa: PLC0415 - after the options were understood

        return (open_project(project).folder,), wishes_of(**options)

    return _run(asked, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a book ended: the fields of its result line, and its error, if any, as it is told and as it was."""

    result: dict[str, Any]
    exit_code: int = ExitCode.DONE
    error: NarratorError | None = None
    cause: BaseException | None = None


def _run(asked: Callable[[], tuple[tuple[Path, ...], Wishes]], *, as_json: bool) -> int:
    """Render what was asked for; the exit code. With `--json` the last line tells of the end, in any case."""
    from narrator.progress import JsonLines  # noqa: PLC0415 - all that is heavy comes with it

    lines = JsonLines(sys.stdout) if as_json else None
    try:
        code = _render_all(asked, lines)
    finally:
        if lines and lines.is_lost:
            streams.silence(sys.stdout)
    if lines and lines.is_lost:
        raise NarratorError("The work is done, but standard output was closed before all was told.")
    return code


def _render_all(asked: Callable[[], tuple[tuple[Path, ...], Wishes]], lines: JsonLines | None) -> int:
    from narrator import app  # noqa: PLC0415 - as above
    from narrator.progress import Counts  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        try:
            sources, wishes = asked()
            books = app.books_in(stack.enter_context(as_files(sources)))
            wishes_of_each = [wishes] if len(books) == 1 else [wishes.among_many(book) for book in books]
        except (Exception, KeyboardInterrupt) as exc:
            if lines:
                lines.write({"event": "result", **failed_result(ending(exc), Counts().result())})
            raise
        if len(books) > 1:
            return _render_each(list(zip(books, wishes_of_each, strict=True)), lines)
        ended = _render_one(books[0], wishes, lines)
        if lines:
            lines.write({"event": "result", **ended.result})
        if ended.cause:
            raise ended.cause
    return ended.exit_code


def _render_each(books: list[tuple[Path, Wishes]], lines: JsonLines | None) -> int:
    """Render many books, one after the other; the worst of their exit codes."""
    results = []
    for book, wishes in books:
        ended = _render_one(book, wishes, lines)
        results.append({"source": str(book), **ended.result})
        if lines:
            lines.write({"event": "book", **results[-1]})
        if ended.error:
            streams.complain(f"narrator: {book}: {ended.error}")
            logging.getLogger("narrator").debug("%s", book, exc_info=ended.cause)
        if isinstance(ended.error, Interrupted):
            break
    result = sum_of_results(results)
    if lines:
        lines.write({"event": "result", **result})
    else:
        finished = sum(each["exit_code"] == ExitCode.DONE for each in results)
        streams.say(f"{finished} of {len(books)} books finished.")
    return int(result["exit_code"])


def _render_one(book: Path, wishes: Wishes, lines: JsonLines | None) -> _Ended:
    from narrator import app  # noqa: PLC0415 - as above
    from narrator.progress import Bars, Counts, Notices, each_of, log_event  # noqa: PLC0415 - as above

    counts = Counts()
    try:
        with ExitStack() as stack:
            observers: list[Observer] = [log_event, counts]
            if lines:
                observers.append(lines)
            elif sys.stderr.isatty():
                observers.append(stack.enter_context(Bars(sys.stderr)))
            else:
                observers.append(Notices(sys.stderr))
            done = app.render(book, wishes, each_of(*observers))
    except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001 - told by whoever called; the others go on
        error = ending(exc)
        return _Ended(failed_result(error, counts.result()), error.exit_code, error, exc)
    if not lines:
        streams.say(render_words(done, counts.figures))
    code = ExitCode.DONE if done.passes else ExitCode.NONCONFORMING
    return _Ended(render_result(done, code, counts.figures), code)
