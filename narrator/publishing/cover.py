"""The picture that a person chose for a book, in place of the one that the manuscript brings."""

from __future__ import annotations

from pathlib import Path

from narrator.durable import reading
from narrator.errors import UsageError
from narrator.model import Cover

NO_COVER = "none"
"""What stands for a picture where none is wanted."""

MAX_BYTES = 5_000_000
"""The file of each chapter carries the picture, before its sound."""

_ADVICE = f"Check the path; name another with --cover FILE, or --cover {NO_COVER} for none."

# https://www.w3.org/TR/png-3/#5PNG-file-signature; ITU-T T.81, B.1.1.3: SOI, and the marker that follows it.
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def chosen_cover(choice: str, folder: Path) -> Cover | None:
    """The picture that `book.cover` names, where a relative path is inside `folder`; None where none is wanted.

    Raises:
        UsageError: there is no such file, it is no JPEG or PNG, or it is too large.
    """
    if choice == NO_COVER:
        return None
    try:
        data = _bytes_of(folder / Path(choice).expanduser())
    except FileNotFoundError as exc:
        raise UsageError(f"There is no cover {exc.filename}.", advice=_ADVICE) from exc
    except (RuntimeError, ValueError) as exc:  # nobody's home folder; a NUL
        raise UsageError(f"The cover {choice!r} cannot be a file: {exc}.", advice=_ADVICE) from exc
    for signature, media_type in _SIGNATURES.items():
        if data.startswith(signature):
            return Cover(media_type, data)
    raise UsageError(f"{choice} is neither a JPEG nor a PNG picture.", advice="Save it as one of these.")


def _bytes_of(path: Path) -> bytes:
    with reading(path):
        if path.exists() and not path.is_file():
            raise UsageError(f"The cover {path} is no file.", advice=_ADVICE)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(
                f"The cover {path} has {size / 1e6:.1f} MB, and may have {MAX_BYTES / 1e6:.0f}.",
                advice="Save it smaller, as a JPEG of 1400 to 3000 pixels a side: every file carries it.",
            )
        return path.read_bytes()
