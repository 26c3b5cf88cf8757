"""Reports for tests: of books that nobody rendered, whatever their texts."""

from __future__ import annotations

import math
from array import array

from narrator.publishing.report import (
    Remark,
    Report,
    ReportChapter,
    ReportFigure,
    ReportFile,
    ReportFinding,
    ReportGap,
    ReportSegment,
    ReportSkip,
)


def chapter_of(
    number: int = 1,
    *,
    title: str = "",
    text: str = "A line that is said.",
    segments: int = 10,
    duration_s: float = 60.0,
    link: str = "",
    begins_s: float = 0.0,
) -> ReportChapter:
    length_s = duration_s / segments
    columns = 600
    return ReportChapter(
        number=number,
        title=title or f"Chapter {number}",
        duration_s=duration_s,
        loudness_lufs=-20.0,
        true_peak_dbtp=-4.0,
        gain_db=2.5,
        link=link or f"{number:02}.mp3",
        begins_s=begins_s,
        peaks=array("f", (0.4 + 0.3 * math.sin(n * n) for n in range(columns))),
        short_term_lufs=array("f", (-20.0 + 3 * math.sin(n / 7) for n in range(columns))),
        segments=tuple(
            ReportSegment(n * length_s + 0.3, (n + 1) * length_s - 0.3, f"{text} ({n})")
            for n in range(segments)
        ),
    )


def file_of(name: str, *, rms: str = "−20.1", passed: bool | None = True) -> ReportFile:
    limit = "" if passed is None else "−23 to −18"
    figures = (ReportFigure("RMS", "dB", rms, limit, passed), ReportFigure("Loudness", "LUFS", "−20.0"))
    return ReportFile(name, name, 60.0, figures)


def report_with(
    *chapters: ReportChapter,
    title: str = "A Book",
    authors: tuple[str, ...] = ("An Author",),
    language: str = "en",
    profile: str = "acx",
    files: tuple[ReportFile, ...] = (),
    findings: tuple[ReportFinding, ...] = (),
    skipped: tuple[ReportSkip, ...] = (),
    gaps: tuple[ReportGap, ...] = (),
    notices: tuple[str, ...] = (),
) -> Report:
    return Report(
        title=title,
        authors=authors,
        narrator="hibari heart",
        language=language,
        date="1865",
        made_by="narrator 1.0",
        profile=profile,
        target_lufs=-20.0,
        files=files,
        chapters=chapters,
        findings=findings,
        skipped=skipped,
        gaps=gaps,
        notices=notices,
    )


def finding_of(
    remark: Remark = Remark.FAST, *, chapter: int = 1, place: int = 2, at_s: float = 12.3
) -> ReportFinding:
    return ReportFinding(remark, chapter, place, at_s, f"{remark}, by a lot")
