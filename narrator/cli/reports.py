"""Results of the use cases as words for people and as plain data for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from narrator.cli.keeping import reason_lines
from narrator.errors import ExitCode, Incomplete, NarratorError

if TYPE_CHECKING:  # app imports all that is heavy
    from narrator.results import Planned, Rendered, Status
    from narrator.script.skipped import SkippedText


def render_result(done: Rendered, exit_code: ExitCode, figures: dict[str, Any]) -> dict[str, Any]:
    """What the last of the `--json` lines says; `figures` are how the takes came."""
    return {
        "exit_code": exit_code,
        "project": str(done.project),
        "files": [{**asdict(file), "duration_s": round(file.duration_s, 3)} for file in done.files],
        "segments": {
            "total": done.segments,
            "rendered": done.rendered,
            "reused": done.reused,
            "failed": done.failed,
        },
        "characters": done.characters,
        "billed_characters": done.billed_characters,
        "cost_usd": done.cost_usd,
        "figures": figures,
        "gaps": [asdict(gap) for gap in done.gaps],
        "profile": done.profile,
        "fails_together": list(done.fails_together),
    }


def failed_result(error: NarratorError, counted: dict[str, Any]) -> dict[str, Any]:
    """The same of a run that delivered no audiobook; `counted` is what it came to."""
    return {
        "exit_code": error.exit_code,
        **counted,
        "gaps": list(error.gaps) if isinstance(error, Incomplete) else [],
        "kind": type(error).__name__,
        "error": error.what,
        "advice": error.advice,
    }


def sum_of_results(results: list[dict[str, Any]]) -> dict[str, Any]:
    """The same of many books together. The worst exit code is the highest, but a fault of our own is worse."""
    codes = [each["exit_code"] for each in results]
    costs = [each["cost_usd"] for each in results]
    return {
        "exit_code": ExitCode.UNEXPECTED if ExitCode.UNEXPECTED in codes else max(codes),
        "project": None,
        "files": [file for each in results for file in each["files"]],
        "segments": {
            name: sum(each["segments"][name] for each in results)
            for name in ("total", "rendered", "reused", "failed")
        },
        "characters": sum(each["characters"] for each in results),
        "billed_characters": sum(each["billed_characters"] for each in results),
        "cost_usd": None if None in costs else round(sum(costs), 4),
        "books": [{name: each[name] for name in ("source", "project", "exit_code")} for each in results],
    }


def render_words(done: Rendered, figures: dict[str, Any]) -> str:
    """What was made, where it is, what it took, and how the takes came."""
    from narrator.progress import clock  # noqa: PLC0415 - progress imports tqdm, which help does not need

    folder = done.files[0].path.parent if done.files else done.project
    chapters = "1 chapter" if done.chapters == 1 else f"{done.chapters} chapters"
    lines = [f"{done.title}: {chapters}, {clock(done.duration_s)}"]
    lines += [f"  {clock(file.duration_s):>8}  {file.path.name}" for file in done.files]
    lines.append(f"in {folder}")
    lines += _profile_lines(done)
    if done.rendered:
        spoken = f"{done.rendered} of {done.segments} segments spoken now"
        lines.append(f"{spoken}, {done.reused} kept from before{_money(done.cost_usd)}.")
        lines += _figure_lines(figures)
    else:
        lines.append(f"Nothing to speak: all {done.segments} segments were there already.")
    lines += [f"missing in chapter {gap.chapter}: “{gap.text[:70]}” ({gap.reason})" for gap in done.gaps]
    return "\n".join(lines)


def _profile_lines(done: Rendered) -> list[str]:
    """How the files stand to their profile."""
    if not done.profile:
        return []
    held = sum(file.is_held for file in done.files)
    others = [file.path.name for file in done.files if not file.is_held]
    if done.passes:
        lines = [f"As {done.profile} wants it, decoded and measured: {_all_of(held, 'file')}."]
    else:
        failing = len(done.failing)
        which = f"{failing} of {held} files, decoded and measured," if failing else "The files together"
        lines = [f"{which} {'is' if failing == 1 else 'are'} not as {done.profile} wants it:"]
    lines += [f"  {file.path.name}: {'; '.join(file.fails)}" for file in done.failing]
    lines += [f"  all together: {each}" for each in done.fails_together]
    if others:
        lines.append(f"Of a format that {done.profile} is not for, and not measured: {', '.join(others)}.")
    return lines


def _all_of(count: int, what: str) -> str:
    return f"the {what}" if count == 1 else f"all {count} {what}s"


def _figure_lines(figures: dict[str, Any]) -> list[str]:
    lines = []
    if first := figures["ttfb_ms"]:
        after = {name: f"{ms / 1000:.2f} s" for name, ms in first.items()}
        speed = {name: f"{times:,.1f}" for name, times in figures["real_time_factor"].items()}
        lines.append(
            f"First sound after {after['p50']} (half of them), {after['p90']} (90 %), {after['p99']} (99 %), "
            f"{after['max']} at most; {speed['p50']} times as fast as it plays, {speed['min']} at the slowest."
        )
    if again := figures["retries"]:
        lines.append(f"Sent again: {again}, of which {figures['retakes']} for an answer that was no good.")
    return lines


def plan_object(planned: Planned) -> str:
    """The object that `plan --json` prints."""
    return json.dumps(asdict(planned))


def plan_words(planned: Planned) -> str:
    """A line a chapter, and the sum."""
    from narrator.progress import clock  # noqa: PLC0415 - as above

    by = f" by {', '.join(planned.authors)}" if planned.authors else ""
    lines = [
        f"{planned.title}{by} ({planned.language or 'language unknown'}), spoken by {planned.narrator}",
        "",
    ]
    lines.append("      words  segments  missing  chapter")
    for chapter in planned.chapters:
        counts = f"{chapter.segments:>8}  {chapter.missing:>7}" if chapter.spoken else "not spoken".rjust(17)
        lines.append(f"{chapter.number or '':>3}  {chapter.words:>6}  {counts}  {chapter.title}")
        lines += [f"{'':32}{line}" for line in map(_skipped_line, chapter.skipped)]
    lines.append("")
    if planned.orders:
        lines.append(
            f"To speak: {planned.orders} requests, {planned.characters:,} characters, about "
            f"{clock(planned.seconds)} of audio, {planned.disk_bytes / 1e6:,.0f} MB on disk "
            f"({planned.disk_free_bytes / 1e9:,.1f} GB free){_money(planned.cost_usd)}."
        )
        if planned.cost_usd is None:
            lines.append("narrator learns what a million characters cost by --price USD; --max-cost needs it.")
    else:
        lines.append("Nothing to speak: every segment has its take.")
    if not _is_all_new(planned):
        lines += ["", *reason_lines(planned.why)]
    if planned.problem:
        lines += ["", f"A render would be refused: {planned.problem}"]
    if planned.notices:
        lines += ["", *planned.notices]
    return "\n".join(lines)


def _skipped_line(skipped: SkippedText) -> str:
    """'not spoken, note: 3 places, 41 words: “See the…”'."""
    places = f"{skipped.places} place{'s' if skipped.places > 1 else ''}, {skipped.words:,} words"
    begins = f": “{skipped.begins}”" if skipped.begins else ""
    return f"not spoken ({skipped.rule}): {places}{begins}"


def _is_all_new(planned: Planned) -> bool:
    """Whether nothing was spoken of the book yet, so that the reason for all of it is plain."""
    missing = sum(chapter.missing for chapter in planned.chapters)
    return missing == sum(chapter.segments for chapter in planned.chapters) and [
        group.reason for group in planned.why
    ] == ["new text"]


def status_object(state: Status) -> str:
    """The object that `status --json` prints."""
    return json.dumps(asdict(state), default=str)


def status_words(state: Status, *, explained: bool) -> str:
    """How far a project is, and what to type next."""
    done = state.segments - state.missing
    segments = f"{done} of {state.segments} segments spoken"
    chapters = f"{state.delivered} of {state.chapters} chapters finished"
    next_step = (
        f"Complete, in {state.output}" if state.is_complete else f"To go on: narrator resume {state.project}"
    )
    lines = [f"{state.title}: {segments}, {chapters}", next_step]
    if state.problem:
        lines.append(f"A render would be refused: {state.problem}")
    if explained:
        lines += reason_lines(state.why)
    lines += [f"missing in chapter {gap.chapter}: “{gap.text[:70]}” ({gap.reason})" for gap in state.gaps]
    return "\n".join(lines)


def _money(cost_usd: float | None) -> str:
    if cost_usd is None:
        return ", price unknown"
    return f", ${cost_usd:.2f}" if cost_usd else ", at no cost"
