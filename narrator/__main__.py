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
        group.narrator.main(args=arguments, prog_name="narrator", standalone_mode=False)
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except click.Abort:
        return _say(Interrupted("Stopped."))
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except KeyboardInterrupt:
        return _say(Interrupted("Stopped before anything was spoken.", advice="Run the same command again."))
    except NarratorError as exc:
        return _say(exc)
    except BrokenPipeError:
        # Whoever read our output is gone; say nothing more to them, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.UNEXPECTED
    except Exception as exc:  # noqa: BLE001 - a person gets words and a way on, never a bare traceback
        return _say_unexpected(exc)
    return ExitCode.DONE


def _say(error: NarratorError) -> int:
    click.echo(f"narrator: {error}", err=True)
    if group.is_verbose():
        _show_traceback(error)
    return error.exit_code


def _say_unexpected(error: Exception) -> int:
    click.echo(f"narrator: a fault of narrator's own: {type(error).__name__}: {error}", err=True)
    if group.is_verbose():
        _show_traceback(error)
    else:
        click.echo("Finished work is kept. Run it again with -v and report what it prints, please.", err=True)
    return ExitCode.UNEXPECTED


def _show_traceback(error: BaseException) -> None:
    import traceback  # noqa: PLC0415 - needed once, at the end

    click.echo("".join(traceback.format_exception(error)), err=True)


if __name__ == "__main__":
    main()
