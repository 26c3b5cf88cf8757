"""The report as one page of HTML that needs nothing else but the sound that it plays."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from narrator.durable import disk_errors
from narrator.publishing.report import Remark, Report, ReportFile, ReportFinding
from narrator.publishing.report_chapters import MARKED, chapter_sections, overview
from narrator.publishing.report_pictures import HEIGHT, level_y
from narrator.publishing.report_tables import files_section, skipped_section
from narrator.publishing.report_words import clock, counted, escaped, in_language, length, shortened, signed

_EXPLAINED = {
    Remark.UNHEARD: ("Nothing is heard", "Segments whose take is silent."),
    Remark.FAST: ("Spoken fast", "Far from the usual pace of the voice: words may be missing."),
    Remark.SLOW: (
        "Spoken slowly",
        "Far from the usual pace of the voice: words may be said twice, or drawn out.",
    ),
    Remark.LONG_PAUSE: ("Long pauses", "Longer than any that was asked for."),
    Remark.CLOSE: (
        "Hardly a pause",
        "One sentence, spoken in two requests: listen whether it sounds like one.",
    ),
    Remark.LOUD: ("Loud", "Takes far above the usual level of their voice, before any balance."),
    Remark.QUIET: ("Quiet", "Takes far below the usual level of their voice, before any balance."),
    Remark.LIMITED: ("Limited hard", "Takes whose peaks were far above what the files may have."),
    Remark.LONG_WAIT: ("Longest to render", "Segments for which the voice took the most time."),
    Remark.DEAR: ("Most expensive", "Segments that cost the most."),
    Remark.REPEATED: ("Asked more than once", "Segments whose first answers were not good."),
}

_MOST_SHOWN = 10


def report_html(report: Report) -> str:
    """The page. Equal reports are equal pages."""
    return "".join(_pieces(report))


def write_report(path: Path, report: Report) -> None:
    """Write the page to `path`, piece by piece.

    Raises:
        DiskError: it could not be written.
    """
    with disk_errors(f"Writing {path}"), path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_pieces(report))


def _pieces(report: Report) -> Iterator[str]:
    yield _head(report)
    yield _title(report)
    yield _verdict(report)
    yield _contents(report)
    yield _notices(report)
    yield _gaps(report)
    yield _findings(report)
    yield files_section(report)
    yield _chapters_begin(report)
    yield from chapter_sections(report)
    yield "</section>\n"
    yield skipped_section(report)
    yield _end()


def _head(report: Report) -> str:
    digest = base64.b64encode(hashlib.sha256(_asset("report_page.js").encode()).digest()).decode()
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; media-src 'self' file:; img-src data:; "
        f"style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<link rel="icon" href="data:,">\n<title>{escaped(report.title)}: report</title>\n'
        f"<style>\n{_asset('report_page.css')}</style>\n</head>\n<body>\n"
    )


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _title(report: Report) -> str:
    facts = [
        ("Read by", report.narrator),
        ("Length", length(report.duration_s)),
        ("Chapters", f"{len(report.chapters):,}"),
        ("Files", f"{len(report.files):,}"),
        ("Profile", report.profile or "none"),
        ("First published", report.date),
        ("Made by", report.made_by),
    ]
    shown = "".join(f"<div><dt>{name}<dd dir=auto>{escaped(value)}</div>" for name, value in facts if value)
    by = f'<p class="by" dir="auto">{escaped(", ".join(report.authors))}</p>\n' if report.authors else ""
    long = ' class="long"' if len(report.title) > 60 else ""
    return (
        f'<header>\n<p class="kicker">Where to listen before you publish</p>\n'
        f"<h1{in_language(report.language)}{long}>{escaped(report.title)}</h1>\n{by}"
        f"<dl>{shown}</dl>\n</header>\n<main>\n"
    )


def _verdict(report: Report) -> str:
    held = [file for file in report.files if any(figure.passed is not None for figure in file.figures)]
    failing = [file for file in held if file.failed]
    name = escaped(report.profile)
    if not held:
        return (
            f'<div class="verdict"><strong>Not held against {name or "a profile"}.</strong>'
            f" <code>narrator check FILE… --profile {name or 'NAME'}</code> says whether they pass.</div>\n"
        )
    if not failing:
        what = "The file passes" if len(held) == 1 else f"All {len(held):,} files pass"
        unknown = len(report.files) - len(held)
        but = f" {counted(unknown, 'other')} nobody has measured." if unknown else ""
        return f'<div class="verdict good"><strong>{what} {name}.</strong>{but}</div>\n'
    rows = "".join(
        f'<li><bdi dir="ltr">{escaped(file.name)}</bdi>: {_failures(file)}' for file in failing[:_MOST_SHOWN]
    )
    more = f"<li>and {counted(len(failing) - _MOST_SHOWN, 'other file')}" if len(failing) > _MOST_SHOWN else ""
    fail = f"{len(failing):,} of {counted(len(held), 'file')} {'fails' if len(failing) == 1 else 'fail'}"
    return f'<div class="verdict bad"><strong>{fail} {name}.</strong><ul>{rows}{more}</ul></div>\n'


def _failures(file: ReportFile) -> str:
    return escaped(
        "; ".join(
            f"{each.name} {_with_unit(each.value, each.unit)}, wanted {each.limit}" for each in file.failed
        )
    )


def _with_unit(value: str, unit: str) -> str:
    return f"{value} {unit}" if unit else value


def _contents(report: Report) -> str:
    heard = sum(finding.remark in MARKED for finding in report.findings)
    parts = [
        ("gaps", "Missing", len(report.gaps)),
        ("listen", "Listen here", heard),
        ("costs", "Time and cost", len(report.findings) - heard),
        ("files", "Files", len(report.files)),
        ("chapters", "Chapters", len(report.chapters)),
        ("skipped", "Not spoken", sum(skip.places for skip in report.skipped)),
    ]
    links = "".join(f'<li><a href="#{name}">{title}</a> {n:,}' for name, title, n in parts if n)
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n{overview(report)}\n'


def _notices(report: Report) -> str:
    if not report.notices:
        return ""
    rows = "".join(f"<li dir=auto>{escaped(notice)}" for notice in report.notices)
    return f'<aside class="notices" aria-label="Notices"><strong>Good to know</strong><ul>{rows}</ul></aside>\n'


def _gaps(report: Report) -> str:
    if not report.gaps:
        return ""
    tongue = in_language(report.language)
    rows = "".join(
        f"<li><bdi>{escaped(gap.chapter)}</bdi>: <q{tongue}>{escaped(shortened(gap.text, 160))}</q>"
        f" {escaped(gap.reason)}"
        for gap in report.gaps
    )
    count = counted(len(report.gaps), "text is", "texts are")
    return f'<section class="gaps" id="gaps"><h2>{count} missing</h2><ul>{rows}</ul></section>\n'


def _findings(report: Report) -> str:
    groups: defaultdict[Remark, list[ReportFinding]] = defaultdict(list)
    for finding in report.findings:
        groups[finding.remark].append(finding)
    cards = {remark: _card(report, remark, groups[remark]) for remark in Remark if groups[remark]}
    heard = "".join(card for remark, card in cards.items() if remark in MARKED)
    came = "".join(card for remark, card in cards.items() if remark not in MARKED)
    why = "What stands out among the takes. Odd is not wrong: a shout is loud."
    page = _section("listen", "Listen here", why if heard else "Nothing stands out.", heard)
    return page + (_section("costs", "Time and cost", "How the takes came to be.", came) if came else "")


def _section(name: str, title: str, lead: str, cards: str) -> str:
    return (
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>\n'
        f'<p class="lead">{lead}</p>\n<div class="cards">{cards}</div></section>\n'
    )


def _card(report: Report, remark: Remark, found: Sequence[ReportFinding]) -> str:
    title, why = _EXPLAINED[remark]
    tongue = in_language(report.language)
    chapters = {chapter.number: chapter for chapter in report.chapters}
    rows = []
    for each in found[:_MOST_SHOWN]:
        chapter = chapters[each.chapter]
        begin = (
            f'<a class="play" data-c={each.chapter} data-t={each.at_s:.2f}'
            f' href="{escaped(chapter.link)}#t={chapter.begins_s + each.at_s:.2f}">{clock(each.at_s)}</a>'
            if chapter.link
            else f"<span>{clock(each.at_s)}</span>"
        )
        rows.append(
            f"<li>{begin}<div><q{tongue}>{escaped(shortened(chapter.segments[each.place].text, 110))}</q>"
            f'<span class="what">{escaped(each.what)}</span> <span class="where">·'
            f' <a href="#c{each.chapter}" dir="auto">{escaped(shortened(chapter.title, 60))}</a></span></div>'
        )
    left = len(found) - _MOST_SHOWN
    more = f'<p class="more">and {counted(left, "other")}, marked in the pictures</p>' if left > 0 else ""
    return f'<section class="card"><h3>{title}</h3><p>{why}</p><ol>{"".join(rows)}</ol>{more}</section>\n'


def _chapters_begin(report: Report) -> str:
    target = f"{100 * level_y(report.target_lufs) / HEIGHT:g}%"
    return (
        f'<section id="chapters" aria-labelledby="chapters-title" style="--target:{target}">'
        '<h2 id="chapters-title">Chapters</h2>\n'
        '<p class="lead">Click a picture to hear that place. With the keyboard: Tab to it, Enter plays and'
        " stops, the arrows go 5 seconds on or back.</p>\n"
        '<ul class="legend"><li>waveform<li class="l">loudness of 3 seconds'
        f'<li class="t">target, {signed(report.target_lufs)} LUFS<li class="m">listen here</ul>\n'
    )


def _end() -> str:
    return (
        "</main>\n<footer>Pictures are drawn of what the takes measure, before the limiter.</footer>\n"
        '<section class="player" aria-label="Player" hidden><p><b></b> <span></span></p>'
        '<p aria-live="off" dir="auto"></p><audio controls preload="none"></audio></section>\n'
        f"<script>{_asset('report_page.js')}</script>\n</body>\n</html>\n"
    )
