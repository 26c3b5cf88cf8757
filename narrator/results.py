"""What the use cases come to, as data: a render, a plan, a status."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from narrator.model import Allowance, Matter
from narrator.publishing.record import Gap
from narrator.rendering.reasons import ReasonGroup
from narrator.script.skipped import SkippedText


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A finished file. `chapter` counts from 1 among the spoken ones; None where it is not one of them.

    `is_held` is whether it was decoded and held against its profile, which may not be meant for files of its
    format, and `fails` says in words what that demands and it does not measure.
    """

    path: Path
    format: str
    chapter: int | None
    title: str
    duration_s: float
    is_held: bool = False
    fails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render delivered and did. Segments are counted as the script has them.

    `characters` are those of the whole script; `cost_usd` is what this run cost, None where no price is known.
    `profile` is what the files were held against, '' for nothing. `chapters` are those that this run was asked
    for, and `duration_s` is how long they sound together. `fails_together` is what the profile demands of all
    files together and they are not.
    """

    project: Path
    title: str
    files: tuple[RenderedFile, ...]
    segments: int
    rendered: int
    failed: int
    characters: int
    billed_characters: int
    cost_usd: float | None
    gaps: tuple[Gap, ...] = ()
    profile: str = ""
    chapters: int = 0
    duration_s: float = 0.0
    fails_together: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether all is as the profile demands it."""
        return not (self.failing or self.fails_together)

    @property
    def failing(self) -> tuple[RenderedFile, ...]:
        """The files that are not what their profile demands."""
        return tuple(file for file in self.files if file.fails)

    @property
    def reused(self) -> int:
        return self.segments - self.rendered - self.failed


@dataclass(frozen=True, slots=True)
class ChapterLine:
    """A line of a plan: a chapter of the book, spoken or not.

    `index` counts all chapters of the book from 1, and is 0 for credits that are chapters of their own.
    `number` counts those that are spoken, and `missing` segments without a take.
    `skipped` is what of it is not spoken, () unless it was asked for.
    """

    index: int
    number: int | None
    title: str
    matter: Matter
    spoken: bool
    characters: int
    words: int
    segments: int
    missing: int
    skipped: tuple[SkippedText, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a render would do.

    `seconds` is about how much audio the orders would become, and `disk_bytes` the room that their takes and
    the files need. `why` says for what reasons they are orders, and `problem` why a render would refuse the
    book, '' where it would not. `allowance` is what the provider's account has left, where it tells. `notices`
    are what a person should know of it.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    narrator: str
    chapters: tuple[ChapterLine, ...]
    orders: int
    characters: int
    cost_usd: float | None
    seconds: float
    disk_bytes: int
    disk_free_bytes: int
    why: tuple[ReasonGroup, ...]
    problem: str
    allowance: Allowance | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """How far a project is. `delivered` chapters have their files in `output`; `gaps` are what those lack.

    `why` says for what reasons segments are missing, and `problem` why a render would be refused, '' where it
    would not.
    """

    project: Path
    title: str
    segments: int
    missing: int
    chapters: int
    delivered: int
    is_complete: bool
    output: Path
    why: tuple[ReasonGroup, ...]
    gaps: tuple[Gap, ...]
    problem: str = ""
