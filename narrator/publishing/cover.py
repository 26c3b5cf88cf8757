"""A book's picture: which one it is, and what of it goes into the files."""

from __future__ import annotations

from pathlib import Path

from narrator.durable import reading
from narrator.errors import UsageError
from narrator.model import Cover

NO_COVER = "none"
"""What stands for a picture where none is wanted."""

MAX_BYTES = 100_000_000
"""Of the file that is chosen; what goes into the audio files is made smaller."""

EMBEDDED_BYTES = 1_000_000
"""Every file carries the picture before its sound, and players are known to fail at larger ones."""

_EMBEDDED_SIDE = 2400
_LARGEST_SIDE = 3000  # the largest that shops ask for
_JPEG, _PNG = "image/jpeg", "image/png"
_ADVICE = f"Check the path; name another with --cover FILE, or --cover {NO_COVER} for none."
_NAME = "The cover of the book"

# https://www.w3.org/TR/png-3/#5PNG-file-signature; ITU-T T.81, B.1.1.3: SOI, and the marker that follows it.
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": _PNG, b"\xff\xd8\xff": _JPEG}


def chosen_cover(choice: str, folder: Path) -> Cover | None:
    """The picture that `book.cover` names, where a relative path is inside `folder`; None where none is wanted.

    A JPEG or PNG is as it is in the file; a WebP, GIF, BMP or TIFF becomes a JPEG.

    Raises:
        UsageError: there is no such file, it is no whole picture of these kinds, or it is too large.
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
            _check(data, f"The cover {choice}")
            return Cover(media_type, data)
    return Cover(_JPEG, _jpeg(data, f"The cover {choice}"))


def readable_cover(cover: Cover) -> Cover | None:
    """The picture that a manuscript brings; None where it is broken, which is no reason to make no book."""
    try:
        _check(cover.data, _NAME)
    except UsageError:
        return None
    return cover


def embedded_cover(cover: Cover) -> Cover:
    """The picture for the tags of audio files: less than 1 MB, of a kind that the oldest players show.

    A small upright baseline JPEG or PNG is left as it is. Equal pictures are equal bytes.

    Raises:
        UsageError: it is broken; neither `chosen_cover` nor `readable_cover` lets such a one through.
    """
    if len(cover.data) < EMBEDDED_BYTES and _is_plain(cover):
        return cover
    return Cover(_JPEG, _jpeg(cover.data, most_side=_EMBEDDED_SIDE, most_bytes=EMBEDDED_BYTES - 1))


def cover_jpg(cover: Cover) -> bytes:
    """The picture as the file `cover.jpg` beside the audio files, of at most 3000 pixels a side.

    An upright baseline JPEG is left as it is. Equal pictures are equal bytes.

    Raises:
        UsageError: as `embedded_cover`.
    """
    if cover.media_type == _JPEG and _is_plain(cover):
        return cover.data
    return _jpeg(cover.data)


def _check(data: bytes, name: str) -> None:
    from narrator.publishing import pictures  # noqa: PLC0415 - brings Pillow, for books with a cover alone

    pictures.check(data, name)


def _is_plain(cover: Cover) -> bool:
    from narrator.publishing import pictures  # noqa: PLC0415 - as above

    return pictures.is_plain(cover.data, _NAME, most_side=_LARGEST_SIDE)


def _jpeg(
    data: bytes, name: str = _NAME, *, most_side: int = _LARGEST_SIDE, most_bytes: int = MAX_BYTES
) -> bytes:
    from narrator.publishing import pictures  # noqa: PLC0415 - as above

    return pictures.as_jpeg(data, name, most_side=most_side, most_bytes=most_bytes)


def _bytes_of(path: Path) -> bytes:
    with reading(path):
        if path.exists() and not path.is_file():
            raise UsageError(f"The cover {path} is no file.", advice=_ADVICE)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(
                f"The cover {path} has {size / 1e6:.1f} MB, and may have {MAX_BYTES / 1e6:.0f}.",
                advice="Save it smaller, as a JPEG of 1400 to 3000 pixels a side.",
            )
        return path.read_bytes()
