"""The program `narrator`: the one place where errors become words and an exit code."""

from __future__ import annotations

import os
import sys

import click

from narrator.cli import group
from narrator.errors import ExitCode, Interrupted, NarratorError


def main() -> None:
    """Run the command line and exit with its code; with -v in front of the words, everything that happened."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; the exit code. Words go to stdout and stderr."""
    try:
        result = group.narrator.main(args=arguments, prog_name="narrator", standalone_mode=False)
    except KeyboardInterrupt:
        return _explain(
            Interrupted("Stopped before anything was spoken.", advice="Run the same command again.")
        )
    except Exception as exc:  # noqa: BLE001 - a person gets words and a way on, never a bare traceback
        return _explain(exc)
    return result if isinstance(result, int) else ExitCode.DONE


def _explain(error: Exception) -> int:
    match error:
        case click.exceptions.Exit(exit_code=code):
            return int(code)
        case click.Abort():
            return _explain(Interrupted("Stopped."))
        case click.ClickException():
            error.show()
            return error.exit_code
        case BrokenPipeError():
            # Whoever read our output is gone; say nothing more to them, not even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = ExitCode.UNEXPECTED
        case NarratorError():
            click.echo(f"narrator: {error}", err=True)
            code = error.exit_code
        case _:
            click.echo(f"narrator: a fault of narrator's own: {type(error).__name__}: {error}", err=True)
            click.echo("Finished work is kept. Please report what it prints with -v.", err=True)
            code = ExitCode.UNEXPECTED
    if group.is_verbose():
        import traceback  # noqa: PLC0415 - needed once, at the end

        click.echo("".join(traceback.format_exception(error)), err=True)
    return code


if __name__ == "__main__":
    main()
