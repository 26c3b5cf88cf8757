"""`book.json`: what was delivered, of which takes it was made, and where each segment lies in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from narrator.durable import reading, write_durably
from narrator.model import AudioFigures, TakeKey

REVISION = 3
"""1 had, for `sound` and `tags`, one digest of both; 2 no texts, no volumes and no lengths of files."""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A finished file, relative to the project's folder where it is inside it: `frames` frames at `rate_hz`.

    `figures` are what it measures once decoded, None where nobody has listened to it.
    """

    path: str
    format: str
    bytes: int
    sha256: str
    rate_hz: int
    frames: int
    figures: AudioFigures | None = None

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz

    def is_whole_at(self, path: Path) -> bool:
        """Whether a file of its size is there. What is in it is not looked at."""
        return path.is_file() and path.stat().st_size == self.bytes

    @property
    def is_piece(self) -> bool:
        """Whether it is nothing that a person gets, but a chapter of which a larger file was made."""
        return self.path.startswith("master/")


@dataclass(frozen=True, slots=True)
class DeliveredSegment:
    """A take by key and digest, and the frames [start, end) of the chapter where it is heard.

    The first of these is the frame `first` of the take. `text` is what was sent, `voice` whose it is, and
    `source` where it stands in the manuscript, for people. `gain_db` is the take's own, before the chapter's.
    """

    key: TakeKey
    sha256: str
    start: int
    end: int
    first: int
    text: str
    voice: str
    source: str
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class DeliveredChapter:
    """A chapter, and a file of it for each format; `number` counts from 1.

    `sound` and `tags` are the digests of all that decided what is heard in them, and what they say of
    themselves; '' is no digest: such a chapter is never taken for what is wanted. `frames` are the master's, at
    `rate_hz`; a file may be of another rate, and end with some more silence. `short_db` is how much louder the
    master should be than it is, where no gain could bring it there.
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
    short_db: float = 0.0

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


@dataclass(frozen=True, slots=True)
class PlacedChapter:
    """The frames [start, end) of a volume in which a chapter is heard."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DeliveredVolume:
    """A file of several chapters: the whole book, or one part of it, `number` of `of` in its format.

    `made_of` is the digest of all that decided what is in it.
    """

    title: str
    number: int
    of: int
    made_of: str
    file: DeliveredFile
    chapters: tuple[PlacedChapter, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A text that is missing from the audiobook, and why."""

    chapter: int
    title: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """What of a chapter is not spoken under one rule: how many places and words, and how the first begins."""

    chapter: str
    rule: str
    places: int
    words: int
    begins: str


@dataclass(frozen=True, slots=True)
class AudiobookRecord:
    """All of `book.json`. `is_complete` is set once every file of every chapter is in place.

    The files of `chapters` are delivered, unless they are parts of `volumes`, which are. `gain_db` is the gain
    of all chapters, None where each has its own. `beside` are the files that go with them (playlist, cover,
    captions, report), and `beside_of` is the digest of what they were written from. `claimed` are the paths
    that the project may write and remove: no other file is ever touched.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    narrator: str
    made_by: str
    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""
    profile: str = ""
    is_complete: bool = False
    chapters: tuple[DeliveredChapter, ...] = ()
    volumes: tuple[DeliveredVolume, ...] = ()
    gain_db: float | None = None
    beside: tuple[str, ...] = ()
    beside_of: str = ""
    skipped: tuple[Skipped, ...] = ()
    gaps: tuple[Gap, ...] = ()
    claimed: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[tuple[int | None, DeliveredFile], ...]:
        """The files that a person gets, each with the number of its chapter, None where it has several."""
        of_chapters = [
            (chapter.number, file) for chapter in self.chapters for file in chapter.files if not file.is_piece
        ]
        return (*((None, volume.file) for volume in self.volumes), *of_chapters)

    def with_chapter(self, chapter: DeliveredChapter) -> AudiobookRecord:
        """The record with one chapter put in, or in the place of its predecessor."""
        others = [old for old in self.chapters if old.number != chapter.number]
        return replace(self, chapters=tuple(sorted([*others, chapter], key=lambda each: each.number)))

    def without(self, numbers: Collection[int]) -> AudiobookRecord:
        """The record of a book in which these chapters are not delivered, and which so is not complete."""
        kept = tuple(chapter for chapter in self.chapters if chapter.number not in numbers)
        return self if kept == self.chapters else replace(self, chapters=kept, is_complete=False)

    def only(self, numbers: Collection[int]) -> AudiobookRecord:
        """The record with these chapters, and the volumes that have any of them."""
        return replace(
            self,
            chapters=tuple(chapter for chapter in self.chapters if chapter.number in numbers),
            volumes=tuple(
                volume for volume in self.volumes if any(placed.number in numbers for placed in volume.chapters)
            ),
        )

    def chapter(self, number: int) -> DeliveredChapter | None:
        return next((each for each in self.chapters if each.number == number), None)


def save_record(path: Path, record: AudiobookRecord) -> None:
    """Write `book.json` durably: a line for each fact, each chapter and each volume.

    Raises:
        DiskError: the old one is still there.
    """
    facts = [f'"revision": {REVISION}']
    for each in fields(record):
        value = getattr(record, each.name)
        is_table = each.name in {"chapters", "volumes", "gaps", "skipped"} and value
        facts.append(f"{json.dumps(each.name)}: {_lines(value) if is_table else _line(value)}")
    write_durably(path, ("{\n" + ",\n".join(facts) + "\n}\n").encode("utf-8", "surrogatepass"))


def _lines(rows: Iterable[Any]) -> str:
    return "[\n " + ",\n ".join(_line(asdict(row)) for row in rows) + "\n]"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def load_record(path: Path) -> AudiobookRecord | None:
    """The record, or None where there is none that makes sense: then everything is assembled again.

    Raises:
        UsageError: it is there and may not be read.
    """
    try:
        with reading(path):
            raw = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
        revision = raw.pop("revision")
        if revision not in {1, 2, REVISION}:
            return None
        if revision < REVISION:
            return AudiobookRecord(**_of_before(raw))
        raw["chapters"] = tuple(_chapter(each) for each in raw["chapters"])
        raw["volumes"] = tuple(_volume(each) for each in raw["volumes"])
        raw["gaps"] = tuple(Gap(**gap) for gap in raw["gaps"])
        raw["skipped"] = tuple(Skipped(**each) for each in raw["skipped"])
        for name in ("authors", "beside", "claimed"):
            raw[name] = tuple(raw[name])
        return AudiobookRecord(**raw)
    except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _of_before(raw: dict[str, Any]) -> dict[str, Any]:
    """What still holds of an older record: what the project may write and remove. The rest is made again."""
    kept = {name: raw[name] for name in ("title", "language", "narrator", "made_by")}
    return {**kept, "authors": tuple(raw["authors"]), "claimed": tuple(raw["claimed"])}


def _chapter(raw: dict[str, Any]) -> DeliveredChapter:
    raw["files"] = tuple(map(_file, raw["files"]))
    raw["segments"] = tuple(DeliveredSegment(**segment) for segment in raw["segments"])
    return DeliveredChapter(**raw)


def _volume(raw: dict[str, Any]) -> DeliveredVolume:
    raw["chapters"] = tuple(PlacedChapter(**chapter) for chapter in raw["chapters"])
    return DeliveredVolume(**{**raw, "file": _file(raw["file"])})


def _file(raw: dict[str, Any]) -> DeliveredFile:
    figures = raw.pop("figures")
    return DeliveredFile(**raw, figures=AudioFigures(**figures) if figures else None)
