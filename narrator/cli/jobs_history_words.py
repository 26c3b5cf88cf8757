"""What became of jobs, as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from narrator.cli.jobs_words import moment_words, plain_bad_job, plain_moment
from narrator.jobs.health import RUNNING, Health
from narrator.jobs.history import Outcome, Run
from narrator.jobs.job import BadJob, Job, JobName, OnChange
from narrator.progress import clock
from narrator.rendering.budget import MICROS, dollars

_ELSE = "UTC"

_REASON_CHARACTERS = 300

Told = tuple[Run, str]
"""A run and its outcome in a word, which is 'running' while it goes on."""


def zones_of(jobs: Sequence[Job]) -> dict[JobName, str]:
    """On which clock the times of a job are told; those of other jobs are told in UTC."""
    return {job.name: job.zone for job in jobs}


def plain_run(told: Told, zones: Mapping[JobName, str]) -> dict[str, Any]:
    """A line of `narrator jobs history --json`."""
    run, outcome = told
    zone = zones.get(run.job, _ELSE)
    return {
        "event": "run",
        "job": run.job,
        "due": plain_moment(run.due, zone),
        "started": plain_moment(run.started, zone),
        "ended": plain_moment(run.ended, zone),
        "seconds": _seconds(run),
        "outcome": outcome,
        "reason": run.reason,
        "resume_at": plain_moment(run.resume_at, zone),
        "trigger": run.trigger,
        "attempt": run.attempt,
        "coalesced": run.coalesced,
        "characters": run.characters,
        "cost_usd": run.cost_usd,
        "files": list(run.files),
        "log": run.log,
    }


def run_lines(runs: Sequence[Told], zones: Mapping[JobName, str]) -> Iterator[str]:
    """A table of runs; why one did not do all that it should is on a line below it."""
    width = max((len(run.job) for run, _ in runs), default=0)
    for run, outcome in runs:
        when = moment_words(run.due if outcome == Outcome.SKIPPED else run.started, zones.get(run.job, _ELSE))
        seconds = _seconds(run)
        length = "" if seconds is None or outcome == Outcome.SKIPPED else clock(seconds)
        yield f"{when}  {length:>8}  {run.job:<{width}}  {outcome:<10}  {_made(run)}".rstrip()
        if run.reason:
            yield f"    {_flat(run.reason)}"


def plain_lines(jobs: Sequence[Health], bad: Sequence[BadJob], exit_code: int) -> Iterator[dict[str, Any]]:
    """The lines of `narrator jobs status --json`."""
    yield from map(_plain_health, jobs)
    yield from map(plain_bad_job, bad)
    yield {"event": "result", "exit_code": exit_code}


def _plain_health(each: Health) -> dict[str, Any]:
    zone, last = each.job.zone, each.last
    return {
        "event": "job",
        "job": each.job.name,
        "outcome": each.outcome,
        "reason": last.reason if last else "",
        "started": plain_moment(last.started if last else None, zone),
        "ended": plain_moment(last.ended if last else None, zone),
        "next": plain_moment(each.next, zone),
        "is_running": each.outcome == RUNNING,
        "is_paused": each.job.is_paused,
        "is_overdue": each.is_overdue,
        "is_well": each.is_well,
    }


def health_lines(jobs: Sequence[Health], bad: Sequence[BadJob]) -> Iterator[str]:
    """A line a job."""
    lines = [(str(each.job.name), "; ".join(_facts(each))) for each in jobs]
    lines += [(_flat(each.name), f"cannot be understood: {_flat('; '.join(each.problems))}") for each in bad]
    width = max((len(name) for name, _ in lines), default=0)
    for name, facts in lines:
        yield f"{name:<{width}}  {facts}"


def _facts(each: Health) -> Iterator[str]:
    zone, last = each.job.zone, each.last
    if last is None:
        yield "never ran"
    elif each.outcome == RUNNING:
        yield f"running since {moment_words(last.started, zone)}"
    else:
        why = f" ({_flat(last.reason)})" if last.reason else ""
        yield f"{each.outcome} {moment_words(last.ended or last.started, zone)}{why}"
    if each.is_overdue:
        yield "overdue: `narrator jobs run` or `run-due` should have begun it"
    elif each.job.is_paused:
        yield "paused"
    elif each.next is not None:
        yield f"next {moment_words(each.next, zone)}"
    elif isinstance(each.job.when, OnChange):
        yield "next when its source changes"


def _seconds(run: Run) -> float | None:
    """How long a run took; nothing where the clock was set back meanwhile."""
    return None if run.ended is None else max(0.0, round((run.ended - run.started) / timedelta(seconds=1), 3))


def _made(run: Run) -> str:
    """What a run made, and what it took: '3 files, 12,345 characters, $0.18'."""
    facts = [_count(len(run.files), "file")] if run.files else []
    if run.characters:
        facts.append(_count(run.characters, "character"))
    if run.cost_usd is None:
        facts.append("price unknown")
    elif run.characters or run.cost_usd:
        facts.append(_money(run.cost_usd))
    if run.attempt > 1:
        facts.append(f"try {run.attempt}")
    if run.coalesced:
        facts.append(f"and {_count(run.coalesced, 'time')} before it")
    return ", ".join(facts)


def _money(usd: float) -> str:
    """To the cent, and finer where that would be nothing."""
    return f"${usd:,.2f}" if usd >= 0.01 else dollars(round(usd * MICROS))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _flat(text: str) -> str:
    """One line of it: what a feed's title brings along must not move the cursor."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return words if len(words) <= _REASON_CHARACTERS else f"{words[: _REASON_CHARACTERS - 1]}…"
