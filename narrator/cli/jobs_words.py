"""Jobs in words and as plain data. Addresses are shown as their hosts alone: they may hold secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from narrator.jobs.clock import local_words
from narrator.jobs.health import outcome_of
from narrator.jobs.history import JobHistory, Run
from narrator.jobs.job import BadJob, Budget, Call, Cron, Every, Job, Once, OnChange, Source, SourceKind, Span

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def moment_words(at: datetime, zone: str) -> str:
    """A time on a job's clock, with how far that is from UTC: '2026-11-23 07:00 +01:00'."""
    return local_words(at, ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Seen:
    """A job, what is known of its past, and its next runs as of `now`."""

    job: Job
    past: JobHistory | None
    nexts: tuple[datetime, ...]
    now: datetime


def table_words(seen: Sequence[Seen]) -> list[str]:
    """Jobs as the lines of a table."""
    if not seen:
        return []
    rows = [("JOB", "NEXT", "WHEN", "LAST RUN", "SOURCE")]
    for each in seen:
        job = each.job
        rows.append((job.name, next_words(each), when_words(job), last_words(each), source_words(job.source)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def bad_words(bad: BadJob) -> str:
    """A job that cannot be understood, and why."""
    name = bad.name if bad.name.isprintable() else repr(bad.name)
    return "\n".join([f"Job {name} cannot be run:", *(f"  {problem}" for problem in bad.problems)])


def job_words(seen: Seen) -> str:
    """All about one job, a line for each key that it has in `jobs.toml`, and its next runs."""
    nexts = [moment_words(at, seen.job.zone) for at in seen.nexts]
    if seen.job.is_paused or not nexts:
        nexts = [next_words(seen)]
    rows = [*_facts(seen.job), ("last run", last_words(seen)), *zip_longest(["next"], nexts, fillvalue="")]
    width = max(len(key) for key, _ in rows)
    return "\n".join([seen.job.name, *(f"  {key:<{width}}  {value}" for key, value in rows)])


def plain_moment(at: datetime | None, zone: str) -> str | None:
    """A time as programs read it: '2026-11-23T07:00:00+01:00'."""
    return None if at is None else at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def plain_job(seen: Seen) -> dict[str, Any]:
    """A line of `narrator jobs list --json`."""
    job, past = seen.job, seen.past
    return {
        "event": "job",
        "job": job.name,
        "source": {"kind": job.source.kind, "place": _place(job.source)},
        "when": when_words(job),
        "timezone": job.zone,
        "next": plain_moment(seen.nexts[0] if seen.nexts else None, job.zone),
        "is_paused": job.is_paused,
        "is_running": bool(past and past.is_running),
        "last": _plain_run(past.last, job.zone, is_running=past.is_running) if past and past.last else None,
    }


def plain_bad_job(bad: BadJob) -> dict[str, Any]:
    """A job that cannot be understood, as a line of JSON."""
    return {"event": "bad_job", "job": bad.name, "problems": list(bad.problems)}


def next_words(seen: Seen) -> str:
    """When a job runs next."""
    if seen.job.is_paused:
        return "paused"
    if seen.past and seen.past.is_running:
        return "running"
    if not seen.nexts:
        return "when it changes" if isinstance(seen.job.when, OnChange) else "never"
    return moment_words(seen.nexts[0], seen.job.zone) if seen.nexts[0] > seen.now else "now"


def last_words(seen: Seen) -> str:
    """How a job's last run ended, and when it began."""
    if not (seen.past and seen.past.last):
        return "none yet"
    last = seen.past.last
    outcome = outcome_of(last, is_running=seen.past.is_running)
    return f"{outcome} {moment_words(last.started, seen.job.zone)}"


def when_words(job: Job) -> str:
    """When a job runs, as one would write it."""
    match job.when:
        case Cron(expression):
            return expression
        case Every(seconds):
            return f"every {duration_words(seconds)}"
        case Once(at):
            return f"once {moment_words(at, job.zone)}"
        case OnChange():
            return "on change"


def duration_words(seconds: float) -> str:
    """5400 as '1h30m'."""
    left, words = int(seconds), ""
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        words += f"{count}{unit}" if count else ""
    return words or "0s"


def source_words(source: Source) -> str:
    """Where a job's texts come from."""
    return f"{source.kind} {_place(source)}"


def _place(source: Source) -> str:
    is_of_the_web = source.kind in {SourceKind.FEED, SourceKind.PAGE}
    return _shown(source.place) if is_of_the_web else source.place


def _shown(value: str) -> str:
    """A text, or the host of an address."""
    return urlsplit(value).hostname or value if value.lower().startswith(("http://", "https://")) else value


def _plain_run(run: Run, zone: str, *, is_running: bool) -> dict[str, Any]:
    return {
        "due": plain_moment(run.due, zone),
        "started": plain_moment(run.started, zone),
        "ended": plain_moment(run.ended, zone),
        "outcome": outcome_of(run, is_running=is_running),
        "reason": run.reason,
    }


def _facts(job: Job) -> Iterator[tuple[str, str]]:
    newest = f", the newest {job.source.newest} at first sight" if job.source.newest else ""
    yield "source", source_words(job.source) + newest
    yield "when", f"{when_words(job)}  ({job.zone})"
    if job.window:
        yield "window", ", ".join(map(_span_words, job.window))
    if job.budget != Budget():
        yield "budget", _pairs(asdict(job.budget))
    if job.render:
        yield "render", _pairs(job.render)
    if job.template:
        yield "template", str(job.template)
    if job.after.copy_to:
        yield "copy_to", str(job.after.copy_to)
    if podcast := job.after.podcast:
        yield "podcast", f"{podcast.folder}, which is on {_shown(podcast.base_url)}"
    yield from _calls("", job.after.call)
    yield from _calls("failure: ", job.on_failure)
    for key, limit_s in (("grace", job.grace_s), ("timeout", job.timeout_s)):
        if limit_s is not None:
            yield key, duration_words(limit_s)
    yield "retries", f"{job.retries}, the first after {duration_words(job.retry_s)}"


def _calls(which: str, call: Call) -> Iterator[tuple[str, str]]:
    if call.webhook:
        yield f"{which}webhook", _shown(call.webhook)
    if call.command:
        yield f"{which}command", f"{call.command[0]} (its arguments are in the file)"


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {_value(value)}" for key, value in values.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {_pairs(value)} }}"
    return json.dumps(_shown(value) if isinstance(value, str) else value, ensure_ascii=False, default=str)


def _span_words(span: Span) -> str:
    hours = f"{_clock(span.begins_minute)}-{_clock(span.ends_minute)}"
    if len(span.weekdays) == len(_DAYS):
        return hours
    return f"{','.join(_DAYS[day] for day in sorted(span.weekdays))} {hours}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def warnings(job: Job, now: datetime) -> Iterator[str]:
    """What of a job may be other than it was meant, though it may yet be right."""
    source = job.source
    if source.kind in (SourceKind.MANUSCRIPT, SourceKind.PROJECT, SourceKind.FOLDER):
        place = Path(source.place)
        glob = next((path for path in (place, *place.parents) if not set(path.name) & set("*?[")), place)
        if not (glob if source.kind is SourceKind.FOLDER else place).exists():
            yield f"{place} is not there yet."
    if job.template and not job.template.is_file():
        yield f"{job.template} is not there yet."
    if isinstance(job.when, Once) and job.when.at < now:
        yield "Its time is past: it runs at once."
