"""The tables of the report's page: what files measure, and what of the book is not spoken."""

from __future__ import annotations

from collections import defaultdict

from narrator.publishing.report import Report, ReportFigure, ReportFile, ReportSkip
from narrator.publishing.report_words import counted, escaped, length


def files_section(report: Report) -> str:
    """Each file beside each figure, and what the profile wants of it."""
    if not report.files:
        return ""
    wanted: dict[str, ReportFigure] = {}
    for file in report.files:
        for figure in file.figures:
            wanted.setdefault(figure.name, figure)
    heads = "".join(
        f'<th scope="col">{escaped(figure.name)}<small>{escaped(figure.unit) or "&nbsp;"}</small>'
        f"<small>{escaped(figure.limit) or '–'}</small>"
        for figure in wanted.values()
    )
    rows = "".join(_row(file, list(wanted)) for file in report.files)
    whose = f"what {escaped(report.profile)} wants" if report.profile else "what is wanted"
    lead = (
        f'<p class="lead">Measured on the decoded files. Under each figure: {whose} of it.</p>'
        if wanted
        else '<p class="lead">Nobody has measured these files.</p>'
    )
    result = '<th scope="col">Result' if wanted else ""
    return (
        f'<section id="files" aria-labelledby="files-title"><h2 id="files-title">Files</h2>\n{lead}'
        '<div class="scroll" tabindex="0" role="region" aria-label="Figures of the files"><table>\n'
        f'<thead><tr><th scope="col" class="text">File<th scope="col">Length{result}{heads}</thead>\n'
        f"<tbody>\n{rows}</tbody></table></div></section>\n"
    )


def _row(file: ReportFile, names: list[str]) -> str:
    have = {figure.name: figure for figure in file.figures}
    cells = "".join(_cell(have.get(name)) for name in names)
    result = ""
    if names:
        is_held = any(figure.passed is not None for figure in file.figures)
        passed = '<td class="ok">pass' if not file.failed else '<td class="ko">FAIL'
        result = passed if is_held else "<td>–"
    return (
        f'<tr><th scope="row"><a href="{escaped(file.link)}" dir="ltr">{escaped(file.name)}</a>'
        f"<td>{length(file.duration_s)}{result}{cells}\n"
    )


def _cell(figure: ReportFigure | None) -> str:
    if figure is None:
        return "<td>–"
    if figure.passed is False:
        return f'<td class="bad">{escaped(figure.value)}<small> fails</small>'
    return f"<td>{escaped(figure.value)}"


def skipped_section(report: Report) -> str:
    """What is not spoken, rule by rule, and where."""
    rules: defaultdict[str, list[ReportSkip]] = defaultdict(list)
    for skip in report.skipped:
        rules[skip.rule].append(skip)
    if not rules:
        return ""
    body = "".join(_rule(rule, skips) for rule, skips in rules.items())
    return (
        '<section id="skipped" aria-labelledby="skipped-title"><h2 id="skipped-title">Not spoken</h2>\n'
        f'<p class="lead">What of the book is left out, and the rule that says so.</p>\n{body}</section>\n'
    )


def _rule(rule: str, skips: list[ReportSkip]) -> str:
    places = counted(sum(skip.places for skip in skips), "place")
    words = counted(sum(skip.words for skip in skips), "word")
    rows = "".join(
        f'<tr><th scope="row" dir="auto">{escaped(skip.chapter)}<td>{skip.places:,}<td>{skip.words:,}'
        f'<td class="text" dir="auto">{escaped(skip.begins)}\n'
        for skip in skips
    )
    return (
        f"<details><summary><b>{escaped(rule)}</b>: {places}, {words}</summary>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(rule)}"><table>'
        '<thead><tr><th scope="col" class="text">Chapter'
        '<th scope="col">Places<th scope="col">Words<th scope="col" class="text">Begins</thead>\n'
        f"<tbody>\n{rows}</tbody></table></div></details>\n"
    )
