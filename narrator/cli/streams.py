"""Standard streams that take whatever is written: every character, and even where there is no stream."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import click

from narrator.errors import NarratorError


def prepare() -> None:
    """Put a null device in the place of closed streams, and escape what a terminal's encoding has not got.

    In order of their descriptors: a free descriptor is given to the next file that is opened, and what
    libraries print there would end up in that file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            null = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - it stays open to the end
            os.set_inheritable(null.fileno(), True)  # noqa: FBT003 - os names it so
            setattr(sys, name, null)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Write a line on stdout.

    Raises:
        BrokenPipeError: whoever read it has seen enough.
        NarratorError: it cannot be written for another reason, such as a full disk.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as exc:
        silence(sys.stdout)
        raise NarratorError(f"Standard output cannot be written: {exc.strerror}.") from exc


def complain(text: str) -> None:
    """Write a line on stderr, if anything can be written there."""
    try:
        click.echo(text, err=True)
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Let what a broken stream still holds go nowhere: Python writes it at exit, and would fail then."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)
