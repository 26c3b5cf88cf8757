"""The program `narrator`: the one place where errors become words and an exit code."""

from __future__ import annotations

import sys

import click

from narrator.cli import group, streams
from narrator.cli.endings import ending
from narrator.errors import ExitCode
from narrator.stopping import end_with_parent, signals_raise


def main() -> None:
    """Run the command line and exit with its code; with -v in front of the words, everything that happened."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; the exit code. Words go to stdout and stderr.

    Raises:
        SystemExit: whoever read our output is gone; click says nothing more to them.
    """
    streams.prepare()
    flags = group.Flags()
    try:
        with signals_raise():
            end_with_parent()
            result = group.narrator.main(args=arguments, prog_name="narrator", standalone_mode=False, obj=flags)
    except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001 - a person gets words, never a bare traceback
        return _explain(exc, is_verbose=flags.is_verbose)
    return result if isinstance(result, int) else ExitCode.DONE


def _explain(error: BaseException, *, is_verbose: bool) -> int:
    match error:
        case click.exceptions.Exit(exit_code=code):
            return int(code)
        case click.ClickException():
            streams.complain(_shown(error))
            return error.exit_code
        case _:
            # click aborts on EOFError, and on signals outside of a command.
            told = ending(error.__cause__ or error if isinstance(error, click.Abort) else error)
            streams.complain(f"narrator: {told}")
            code = told.exit_code
    if is_verbose:
        import traceback  # noqa: PLC0415 - needed once, at the end

        streams.complain("".join(traceback.format_exception(error)))
    return code


def _shown(error: click.ClickException) -> str:
    """What click would print."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    usage = error.ctx.get_usage() + "\n" if isinstance(error, click.UsageError) and error.ctx else ""
    return f"{usage}Error: {error.format_message()}"


if __name__ == "__main__":
    main()
