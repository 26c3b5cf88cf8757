"""The chapters of the report's page: each with its picture, its figures and its text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from narrator.publishing.report import Remark, Report, ReportChapter, ReportFinding
from narrator.publishing.report_pictures import BOTTOM_LUFS, HEIGHT, loudness_line, waveform
from narrator.publishing.report_words import clock, counted, escaped, in_language, length, shortened, signed

MARKED = frozenset(Remark) - {Remark.LONG_WAIT, Remark.DEAR, Remark.REPEATED}
"""What is heard, and so is marked in the picture. How a take came is not."""

_MOST_TEXT, _FIRST_WORDS = 500, 120
_LEAST_MARK = 3  # units: a narrower one is not seen


def chapter_sections(report: Report) -> Iterator[str]:
    """A section for each chapter, in order."""
    marks: defaultdict[int, list[ReportFinding]] = defaultdict(list)
    for finding in report.findings:
        if finding.remark in MARKED:
            marks[finding.chapter].append(finding)
    for chapter in report.chapters:
        yield _section(chapter, marks[chapter.number], in_language(report.language))


def overview(report: Report) -> str:
    """The whole book as a strip: a piece for each chapter, which leads to it, and a tick for each mark."""
    starts: dict[int, float] = {}
    whole = max(report.duration_s, 0.001)
    pieces, at_s = [], 0.0
    for chapter in report.chapters:
        starts[chapter.number] = at_s
        x, width = 1000 * at_s / whole, 1000 * chapter.duration_s / whole
        name = escaped(f"{shortened(chapter.title, 80)}, {length(chapter.duration_s)}")
        pieces.append(
            f'<a href="#c{chapter.number}" tabindex="-1"><rect x="{x:.1f}" width="{max(width - 1, 0.5):.1f}"'
            f' height="26"><title>{name}</title></rect></a>'
        )
        at_s += chapter.duration_s
    ticks = sorted(
        {
            round(1000 * (starts[each.chapter] + each.at_s) / whole)
            for each in report.findings
            if each.remark in MARKED
        }
    )
    path = "".join(f"M{x} 28v8" for x in ticks)
    return (
        '<svg class="strip" viewBox="0 0 1000 38" preserveAspectRatio="none" aria-hidden="true">'
        f'{"".join(pieces)}<path d="{path}"/></svg>'
    )


def _section(chapter: ReportChapter, marks: Sequence[ReportFinding], tongue: str) -> str:
    number = chapter.number
    return (
        f'<article class="chapter" id="c{number}" data-src="{escaped(chapter.link)}"'
        f' data-from="{chapter.begins_s:.3f}" data-length="{chapter.duration_s:.3f}">\n'
        f'<h3{tongue}>{escaped(chapter.title)}</h3>\n<p class="figures">{_figures(chapter, marks)}</p>\n'
        f'<div class="wave" role="img" aria-label="{_description(chapter, marks)}">'
        f"{_picture(chapter, marks)}</div>\n"
        f'<p class="said"{tongue}>{_first_words(chapter)}</p>\n'
        f"{_text(chapter, marks, tongue)}</article>\n"
    )


def _figures(chapter: ReportChapter, marks: Sequence[ReportFinding]) -> str:
    figures = [f"<b>{length(chapter.duration_s)}</b>"]
    if chapter.loudness_lufs is not None:
        figures.append(f"{signed(chapter.loudness_lufs)} LUFS")
    if chapter.true_peak_dbtp is not None:
        figures.append(f"peak {signed(chapter.true_peak_dbtp)} dBTP")
    figures.append(
        f"gain {signed(chapter.gain_db)} dB" if chapter.gain_db <= 0 else f"gain +{chapter.gain_db:.1f} dB"
    )
    if marks:
        figures.append(f'<span class="marked">{counted(len(marks), "place")} to listen to</span>')
    if chapter.link:
        label = escaped(f"file of {chapter.title}")
        figures.append(f'<a href="{escaped(chapter.link)}" aria-label="{label}">file</a>')
    else:
        figures.append("no file of it that a browser plays")
    return " <i>·</i> ".join(figures)


def _description(chapter: ReportChapter, marks: Sequence[ReportFinding]) -> str:
    heard = [level for level in chapter.short_term_lufs if level > BOTTOM_LUFS]
    between = f"{signed(min(heard), 0)} to {signed(max(heard), 0)} LUFS" if heard else "silence"
    marked = counted(len(marks), "place") + " marked"
    return escaped(f"Waveform and short-term loudness, {length(chapter.duration_s)}: {between}, {marked}")


def _picture(chapter: ReportChapter, marks: Sequence[ReportFinding]) -> str:
    columns = len(chapter.peaks)
    shape = f"w{chapter.number}"
    return (
        f'<svg viewBox="0 0 {columns} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="w" id="{shape}" d="{waveform(chapter.peaks)}"/>'
        f'<use class="w" href="#{shape}" transform="matrix(1 0 0 -1 0 {HEIGHT})"/>'
        f'<path class="l" d="{loudness_line(chapter.short_term_lufs)}"/>{_marks(chapter, marks)}</svg>'
    )


def _marks(chapter: ReportChapter, marks: Sequence[ReportFinding]) -> str:
    scale = len(chapter.peaks) / max(chapter.duration_s, 0.001)
    bars = []
    for mark in marks:
        segment = chapter.segments[mark.place]
        x, width = segment.start_s * scale, max((segment.end_s - segment.start_s) * scale, _LEAST_MARK)
        bars.append(
            f'<rect class="m" x="{x:.1f}" y="0" width="{width:.1f}" height="{HEIGHT}">'
            f"<title>{escaped(f'{mark.remark}: {mark.what}')}</title></rect>"
        )
    return "".join(bars)


def _first_words(chapter: ReportChapter) -> str:
    return escaped(shortened(chapter.segments[0].text, _FIRST_WORDS)) if chapter.segments else ""


def _text(chapter: ReportChapter, marks: Sequence[ReportFinding], tongue: str) -> str:
    """The text, segment by segment, from which a script knows, too, what is heard at a place."""
    remarks: defaultdict[int, list[str]] = defaultdict(list)
    for mark in marks:
        remarks[mark.place].append(mark.remark)
    lines = [
        f"<li data-a={each.start_s:.2f} data-b={each.end_s:.2f}><button>{clock(each.start_s)}</button>"
        f"<span dir=auto>{escaped(shortened(each.text, _MOST_TEXT))}</span>"
        + "".join(f" <mark>{remark}</mark>" for remark in remarks[place])
        for place, each in enumerate(chapter.segments)
    ]
    summary = f"<summary>Text, {counted(len(lines), 'segment')}</summary>"
    return "\n".join((f"<details>{summary}<ol{tongue}>", *lines, "</ol></details>\n"))
