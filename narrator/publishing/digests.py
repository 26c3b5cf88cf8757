"""What a chapter's files were made of, as two digests: if only its tags change, its sound is not made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace

from narrator.config import Config
from narrator.publishing.tags import Tags
from narrator.version import __version__


def sound_digest(made_of: Iterable[tuple[str, int]], config: Config) -> str:
    """Of all that decides what is heard: `made_of` are the takes' SHA-256 and the pauses after them in ms."""
    return _digest(
        [
            __version__,
            [list(each) for each in made_of],
            [config.pauses.chapter_start, config.pauses.chapter_end],
            config.levels.model_dump(),
            [config.delivery.formats, config.delivery.mp3_kbps],
        ]
    )


def tags_digest(tags: Tags) -> str:
    """Of all that decides what the files say of themselves."""
    cover = hashlib.sha256(tags.cover.data).hexdigest() if tags.cover else ""
    return _digest([__version__, asdict(replace(tags, cover=None)), cover])


def _digest(form: list[object]) -> str:
    return hashlib.sha256(json.dumps(form, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
