"""Whatever a command ended with, as an error that can be told."""

from __future__ import annotations

import click

from narrator.errors import Interrupted, NarratorError
from narrator.stopping import stopped_by


def ending(error: BaseException) -> NarratorError:
    """The error as narrator tells it; one that nobody foresaw is a fault of narrator's own."""
    match error:
        case NarratorError():
            return error
        case KeyboardInterrupt():
            return stopped_by(error)
        case click.Abort():  # a question that was answered by Ctrl-C or Ctrl-D
            return Interrupted("Stopped.")
        case _:
            return NarratorError(
                f"a fault of narrator's own: {type(error).__name__}: {error}",
                advice="Finished work is kept. Please report what it prints with -v.",
            )
