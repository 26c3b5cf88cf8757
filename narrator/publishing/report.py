"""What a report says of a finished book, as plain data: `report_page` makes the page, `report_data` the data.

Whoever has just rendered a book looks at it and sees where to listen before it is published.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import StrEnum


class Remark(StrEnum):
    """Why a segment is worth listening to, or worth knowing."""

    UNHEARD = "nothing is heard"
    FAST = "spoken fast"
    SLOW = "spoken slowly"
    LONG_PAUSE = "long pause"
    CLOSE = "hardly a pause"
    LOUD = "louder than the voice's others"
    QUIET = "quieter than the voice's others"
    LIMITED = "limited hard"
    LONG_WAIT = "long to render"
    DEAR = "dear"
    REPEATED = "asked more than once"


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure of a file beside its limit, in words without the `unit`.

    `limit` is '' and `passed` None where nothing is demanded of it.
    """

    name: str
    unit: str
    value: str
    limit: str = ""
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A delivered file; `link` leads to it from the page. `figures` is () where nobody measured it."""

    name: str
    link: str
    duration_s: float
    figures: tuple[ReportFigure, ...] = ()

    @property
    def failed(self) -> tuple[ReportFigure, ...]:
        return tuple(figure for figure in self.figures if figure.passed is False)


@dataclass(frozen=True, slots=True)
class ReportSegment:
    """A segment's text, and the seconds [start_s, end_s) of its chapter in which it is heard."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class ReportChapter:
    """A chapter. `peaks` (linear, full scale 1.0) and `short_term_lufs` divide its duration evenly.

    `link` is the file in which it is heard from `begins_s` on; '' where there is none that a browser plays.
    `loudness_lufs` and `true_peak_dbtp` are the master's; None where it is silent.
    """

    number: int
    title: str
    duration_s: float
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    gain_db: float
    link: str
    begins_s: float
    peaks: array[float]
    short_term_lufs: array[float]
    segments: tuple[ReportSegment, ...]


@dataclass(frozen=True, slots=True)
class ReportFinding:
    """A place to listen to: segment `place`, from 0, of a chapter by its number, at `at_s` of the chapter.

    `what` says how odd it is, in words: '24.1 letters a second; this voice usually 15.2'.
    """

    remark: Remark
    chapter: int
    place: int
    at_s: float
    what: str


@dataclass(frozen=True, slots=True)
class ReportSkip:
    """What is not spoken of a chapter under one rule: how many places and words, and how the first begins."""

    chapter: str
    rule: str
    places: int
    words: int
    begins: str


@dataclass(frozen=True, slots=True)
class ReportGap:
    """A text that is missing from the audiobook, and why."""

    chapter: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows. `language` is BCP 47 or ''; `profile` '' where files are held against none.

    `findings` stand in the order in which they are to be shown under each remark, the oddest first.
    """

    title: str
    authors: tuple[str, ...]
    narrator: str
    language: str
    date: str
    made_by: str
    profile: str
    target_lufs: float
    files: tuple[ReportFile, ...]
    chapters: tuple[ReportChapter, ...]
    findings: tuple[ReportFinding, ...] = ()
    skipped: tuple[ReportSkip, ...] = ()
    gaps: tuple[ReportGap, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return sum(chapter.duration_s for chapter in self.chapters)
