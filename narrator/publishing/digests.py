"""What files were made of, as digests: if only its tags change, the sound of a chapter is not made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path

from narrator.config import Config
from narrator.publishing.tags import Tags
from narrator.sections import Delivered
from narrator.version import __version__

_OF_ALL_FORMATS = ("formats", "rate_hz", "encoding", "one_file")
_OF_EACH_FORMAT = {
    "mp3": ("mp3_kbps", "mp3_mode", "mp3_vbr_quality"),
    "m4b": ("m4b_kbps",),
    "opus": ("opus_kbps",),
}
"""The settings of delivery that change the sound of files."""


def sound_digest(made_of: Iterable[tuple[str, int, str]], config: Config, gain_db: float | None = None) -> str:
    """Of all that decides what is heard.

    `made_of` are the takes' SHA-256, the pauses after them in ms, and the voices. `gain_db` is the book's, None
    where each chapter has its own.
    """
    return _digest(
        [
            __version__,
            [list(each) for each in made_of],
            [config.pauses.chapter_start, config.pauses.chapter_end],
            config.levels.model_dump(),
            config.delivery.model_dump(include=_heard_of(config.delivery)),
            gain_db,
        ]
    )


def _heard_of(delivery: Delivered) -> set[str]:
    of_its_formats = (_OF_EACH_FORMAT.get(name, ()) for name in delivery.formats)
    return {*_OF_ALL_FORMATS, *chain.from_iterable(of_its_formats)}


def tags_digest(tags: Tags) -> str:
    """Of all that decides what the files say of themselves."""
    cover = _bytes_digest(tags.cover.data) if tags.cover else ""
    return _digest([__version__, asdict(replace(tags, cover=None)), cover])


def volume_digest(audio_format: str, pieces: Iterable[tuple[str, str]], tags: Tags) -> str:
    """Of all that decides what is in a volume: the titles of its chapters, and the SHA-256 of their pieces."""
    return _digest([audio_format, [list(piece) for piece in pieces], tags_digest(tags)])


def file_digest(path: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=2)
def _bytes_digest(data: bytes) -> str:
    """Of the cover, which all files of a book share."""
    return hashlib.sha256(data).hexdigest()


def _digest(form: list[object]) -> str:
    return hashlib.sha256(json.dumps(form, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
