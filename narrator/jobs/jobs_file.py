"""`jobs.toml`, read: the good jobs, and of the others what is wrong with them."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from narrator.config import problems_of
from narrator.durable import reading
from narrator.errors import ConfigError, UsageError
from narrator.jobs.job import BadJob, Job, Jobs
from narrator.jobs.schema import RENDER_PATHS, Ground, JobsTable, JobTable, SettingsTable
from narrator.jobs.written import local_zone

RenderCheck = Callable[[Mapping[str, Any]], Iterable[str]]
"""What is wrong with a job's `render`; a problem begins with the option's name: 'speed: must be a number'."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_MEND = "Correct these keys and run the same command again."


def state_folder(path: Path) -> Path:
    """Where the history, locks, logs and texts of a jobs file are: `.jobs` beside `jobs.toml`."""
    return path.with_name(f".{path.stem}")


def read_jobs(path: Path, *, check_render: RenderCheck | None = None) -> Jobs:
    """Read and check a jobs file. A job with mistakes is a BadJob, and the others are good.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        ConfigError: it is no TOML, or what is true of all jobs has mistakes: each is named.
    """
    text = text_of(path)
    if text is None:
        raise no_jobs_file(path)
    return jobs_of(plain_of(text, path), path, check_render=check_render)


def text_of(path: Path) -> str | None:
    """What a jobs file says, each line with the end that it has; None where there is no such file.

    Raises:
        UsageError: it cannot be read.
        ConfigError: it is no text.
    """
    try:
        with reading(path):
            return path.read_bytes().decode("utf-8-sig")  # some editors on Windows put a BOM in front
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as exc:
        raise _no_toml(path, exc) from exc


def plain_of(text: str, path: Path) -> dict[str, Any]:
    """A jobs file as plain data.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as exc:  # also numbers and brackets that Python does not take
        raise _no_toml(path, exc) from exc


def _no_toml(path: Path, error: Exception) -> ConfigError:
    return ConfigError(str(path), (f"this is not TOML: {error}",), advice="Mend the line it names.")


def jobs_of(raw: Mapping[str, Any], path: Path, *, check_render: RenderCheck | None = None) -> Jobs:
    """A jobs file as plain data, checked.

    Raises:
        ConfigError: what is true of all jobs has mistakes.
    """
    folder = path.absolute().parent
    try:
        table = JobsTable.model_validate(raw, context=Ground(folder, zone="UTC"))
    except ValidationError as exc:
        raise ConfigError(str(path), problems_of(exc, JobsTable), advice=_MEND) from exc
    settings = table.settings
    ground = Ground(folder, _zone(settings, path))
    read = [*_told_apart(_job(name, each, ground, check_render) for name, each in table.jobs.items())]
    return Jobs(
        jobs=tuple(job for job in read if isinstance(job, Job)),
        bad=tuple(job for job in read if isinstance(job, BadJob)),
        zone=ground.zone,
        projects=settings.projects or folder,
        at_once=settings.at_once,
        metrics=settings.metrics,
    )


def _zone(settings: SettingsTable, path: Path) -> str:
    try:
        return settings.timezone or local_zone()
    except ValueError as exc:
        raise ConfigError(str(path), (f"settings.timezone: {exc}",), advice=_MEND) from exc


def _job(name: str, raw: Any, ground: Ground, check_render: RenderCheck | None) -> Job | BadJob:
    if not isinstance(raw, Mapping):
        return BadJob(name, ("must be a table, [jobs.NAME]",))
    problems = [] if _NAME.fullmatch(name) else [_NAMING]
    job = None
    try:
        job = JobTable.model_validate(raw, context=ground).job(name, ground.zone)
    except ValidationError as exc:
        problems += problems_of(exc, JobTable)
    render = job.render if job else _without_paths(raw.get("render"))
    if check_render:
        problems += [f"render.{problem}" for problem in check_render(render)]
    return BadJob(name, tuple(map(_printable, problems))) if problems or job is None else job


def _without_paths(render: Any) -> Mapping[str, Any]:
    """Options whose paths are not known to be any."""
    if not isinstance(render, Mapping):
        return {}
    return {key: value for key, value in render.items() if key not in RENDER_PATHS}


_NAMING = "a name has at most 60 letters of English, digits, '-' and '_', and begins with a letter or a digit"


def _printable(problem: str) -> str:
    """Keys may be any text, and what is wrong with them is one line."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in problem)


def _told_apart(read: Iterable[Job | BadJob]) -> Iterable[Job | BadJob]:
    """On some systems 'News' and 'news' are one folder: of such names, the first is the job."""
    first: dict[str, str] = {}
    for job in read:
        other = first.setdefault(job.name.lower(), job.name)
        yield job if other == job.name else BadJob(job.name, (f"{other!r} has the same name but for its case",))


def no_jobs_file(path: Path) -> UsageError:
    """What to say where there is no jobs file."""
    return UsageError(
        f"There is no jobs file {path}.", advice="`narrator jobs add` begins one; --jobs names another."
    )


def job_named(jobs: Jobs, name: str, path: Path) -> Job:
    """The job of that name in a jobs file.

    Raises:
        UsageError: there is none; the nearest is named.
        ConfigError: it cannot be understood.
    """
    for bad in jobs.bad:
        if bad.name == name:
            raise ConfigError(f"Job {name!r} in {path}", bad.problems, advice=_MEND)
    for job in jobs.jobs:
        if job.name == name:
            return job
    raise no_such_job(name, [*(job.name for job in jobs.jobs), *(bad.name for bad in jobs.bad)], path)


def no_such_job(name: str, names: Iterable[str], path: Path) -> UsageError:
    """What to say of a name that no job has."""
    near = difflib.get_close_matches(name, [*names], n=1)
    advice = f"Did you mean {near[0]!r}?" if near else "`narrator jobs list` lists them."
    return UsageError(f"There is no job {name!r} in {path}.", advice=advice)
