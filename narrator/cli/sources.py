"""Sources on the command line: files and folders, and `-` for what comes on standard input."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_STANDARD_INPUT = Path("-")


@contextmanager
def as_files(sources: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """The sources, with a file in the place of `-` as long as the work on it goes on.

    Raises:
        UsageError: nothing comes on standard input.
        DiskError: it cannot be kept.
    """
    if _STANDARD_INPUT not in sources:
        yield tuple(sources)
        return
    from narrator import app  # noqa: PLC0415 - all that is heavy comes with it
    from narrator.project import STREAM_FOLDER  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix=STREAM_FOLDER) as folder:
        file = app.from_standard_input(sys.stdin.buffer.read(), Path(folder))
        yield tuple(file if source == _STANDARD_INPUT else source for source in sources)
