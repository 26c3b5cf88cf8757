"""Writing a file of the audiobook: whatever the disk says against it becomes a DiskError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from narrator.errors import DiskError


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Raises DiskError for an OSError in the block."""
    try:
        yield
    except OSError as exc:
        raise DiskError(
            f"Cannot write {path}: {exc.strerror or exc}.",
            advice="Finished takes are safe. Make room or choose another --output, then run the same command.",
        ) from exc
