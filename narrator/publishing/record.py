"""`book.json`: what was delivered, of which takes it was made, and where each segment lies in it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from narrator.durable import reading, write_durably
from narrator.model import TakeKey

REVISION = 2
"""1 had, for `sound` and `tags`, one digest of both, of a form that is not made any more."""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A finished file, relative to the project's folder where it is inside it."""

    path: str
    format: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DeliveredSegment:
    """A take by key and digest, and the frames [start, end) of the chapter where it is heard."""

    key: TakeKey
    sha256: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DeliveredChapter:
    """A chapter's files; `number` counts from 1.

    `sound` and `tags` are the digests of all that decided what is heard in them, and what they say of
    themselves; '' is no digest: such a chapter is never taken for what is wanted.
    """

    number: int
    title: str
    sound: str
    tags: str
    rate_hz: int
    frames: int
    gain_db: float
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    files: tuple[DeliveredFile, ...]
    segments: tuple[DeliveredSegment, ...]

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


@dataclass(frozen=True, slots=True)
class Gap:
    """A text that is missing from the audiobook, and why."""

    chapter: int
    title: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class AudiobookRecord:
    """All of `book.json`. `is_complete` is set once every chapter and the playlist are in place.

    `claimed` are the paths that the project may write and remove: no other file is ever touched.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    narrator: str
    made_by: str
    date: str = ""
    series: str = ""
    part: str = ""
    is_complete: bool = False
    chapters: tuple[DeliveredChapter, ...] = ()
    playlist: str = ""
    gaps: tuple[Gap, ...] = ()
    claimed: tuple[str, ...] = ()

    def with_chapter(self, chapter: DeliveredChapter) -> AudiobookRecord:
        """The record with one chapter put in, or in the place of its predecessor."""
        others = [old for old in self.chapters if old.number != chapter.number]
        return replace(self, chapters=tuple(sorted([*others, chapter], key=lambda each: each.number)))

    def without(self, numbers: Collection[int]) -> AudiobookRecord:
        """The record of a book in which these chapters are not delivered, and which so is not complete."""
        kept = tuple(chapter for chapter in self.chapters if chapter.number not in numbers)
        return self if kept == self.chapters else replace(self, chapters=kept, is_complete=False)

    def chapter(self, number: int) -> DeliveredChapter | None:
        return next((each for each in self.chapters if each.number == number), None)


def save_record(path: Path, record: AudiobookRecord) -> None:
    """Write `book.json` durably.

    Raises:
        DiskError: the old one is still there.
    """
    content = {"revision": REVISION, **asdict(record)}
    write_durably(
        path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "surrogatepass")
    )


def load_record(path: Path) -> AudiobookRecord | None:
    """The record, or None where there is none that makes sense: then everything is assembled again.

    Raises:
        UsageError: it is there and may not be read.
    """
    try:
        with reading(path):
            raw = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
        revision = raw.pop("revision")
        if revision not in {1, REVISION}:
            return None
        raw["authors"], raw["claimed"] = tuple(raw["authors"]), tuple(raw["claimed"])
        raw["chapters"] = tuple(_chapter(each, revision) for each in raw["chapters"])
        raw["gaps"] = tuple(Gap(**gap) for gap in raw["gaps"])
        return AudiobookRecord(**raw)
    except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _chapter(raw: dict[str, Any], revision: int) -> DeliveredChapter:
    if revision == 1:
        del raw["recipe"]
        raw["sound"] = raw["tags"] = ""
    raw["files"] = tuple(DeliveredFile(**file) for file in raw["files"])
    raw["segments"] = tuple(DeliveredSegment(**segment) for segment in raw["segments"])
    return DeliveredChapter(**raw)
