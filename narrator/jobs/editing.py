"""`jobs.toml`, edited: a job is added, paused or removed, and all else stays as people wrote it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomlkit
from filelock import FileLock, Timeout
from tomlkit.exceptions import TOMLKitError

from narrator.durable import disk_errors, made_whole
from narrator.errors import ConfigError, UsageError
from narrator.jobs.job import Job
from narrator.jobs.jobs_file import (
    RenderCheck,
    jobs_of,
    no_jobs_file,
    no_such_job,
    plain_of,
    state_folder,
    text_of,
)
from narrator.jobs.toml_tables import line_end, with_first_key, without_table

_PATIENCE_S = 10.0

_HEADER = """\
# What narrator renders by itself: when, in which hours, for how much. `narrator jobs run` and `run-due` read it
# each time.
"""

_Raw = dict[str, Any]
_Way = Callable[[], str]


def add_job(path: Path, name: str, table: Mapping[str, Any], *, check_render: RenderCheck | None = None) -> Job:
    """Add a job at the end of a jobs file, which need not exist yet. `table` is what its table will say.

    Raises:
        UsageError: there is a job of that name.
        ConfigError: the job has mistakes, or the file as it is.
        DiskError: the file is as it was.
    """
    with _editing(path):
        text = text_of(path) or ""
        raw = plain_of(text, path)
        jobs_of(raw, path)
        if name in raw.get("jobs", {}):
            raise UsageError(
                f"There is a job {name!r} in {path} already.",
                advice="Take another name, or edit the file, or remove that job first.",
            )
        wanted = {**raw, "jobs": {**raw.get("jobs", {}), name: table}}
        job = _good_job(wanted, name, path, check_render)
        _rewrite(path, wanted, lambda: _appended(text, name, table), lambda: _put(text, name, table))
    return job


def remove_job(path: Path, name: str) -> None:
    """Take a job out of a jobs file, with the comment that stands directly above it.

    Raises:
        UsageError: there is no such job; the nearest is named.
        ConfigError: the file as it is has mistakes.
        DiskError: the file is as it was.
    """
    with _editing(path):
        text, raw = _with_job(path, name)
        wanted = {**raw, "jobs": {other: job for other, job in raw["jobs"].items() if other != name}}
        _rewrite(path, wanted, lambda: without_table(text, ("jobs", name)), lambda: _taken_out(text, name))


def set_paused(path: Path, name: str, *, paused: bool) -> bool:
    """Say in a jobs file whether a job is paused; whether that was news.

    Raises:
        UsageError: there is no such job; the nearest is named.
        ConfigError: the file as it is has mistakes.
        DiskError: the file is as it was.
    """
    with _editing(path):
        text, raw = _with_job(path, name)
        job = raw["jobs"][name]
        if not isinstance(job, dict):
            raise ConfigError(str(path), (f"jobs.{name}: must be a table",), advice="Edit the file.")
        if job.get("paused", False) is paused:
            return False
        wanted = {**raw, "jobs": {**raw["jobs"], name: {**job, "paused": paused}}}
        line = f"paused = {str(paused).lower()}"
        marked = {"paused": paused}
        _rewrite(
            path,
            wanted,
            lambda: with_first_key(text, ("jobs", name), line),
            lambda: _put(text, name, marked),
        )
    return True


@contextmanager
def _editing(path: Path) -> Iterator[None]:
    """Be the only one who edits: of two at once, one would lose what the other wrote."""
    lock = FileLock(state_folder(path) / "editing.lock", fallback_to_soft=False)
    with disk_errors(f"Editing {path}"):
        state_folder(path).mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=_PATIENCE_S)
        except Timeout as exc:
            advice = "Run the same command again when it is done."
            raise UsageError(f"Another narrator is editing {path}.", advice=advice) from exc
    try:
        yield
    finally:
        lock.release()


def _with_job(path: Path, name: str) -> tuple[str, _Raw]:
    """A jobs file that has a job of that name, as text and as plain data."""
    text = text_of(path)
    if text is None:
        raise no_jobs_file(path)
    raw = plain_of(text, path)
    jobs_of(raw, path)
    if name not in raw.get("jobs", {}):
        raise no_such_job(name, raw.get("jobs", {}), path)
    return text, raw


def _good_job(raw: _Raw, name: str, path: Path, check_render: RenderCheck | None) -> Job:
    read = jobs_of(raw, path, check_render=check_render)
    for bad in read.bad:
        if bad.name == name:
            raise ConfigError(f"Job {name!r}", bad.problems, advice="Nothing was added.")
    return next(job for job in read.jobs if job.name == name)


def _rewrite(path: Path, wanted: _Raw, *ways: _Way) -> None:
    """Write the first of several texts that means what is wanted.

    What people write in TOML has many shapes, and a text that says anything else, of any job, is not written.
    """
    for way in ways:
        with suppress(ValueError, TOMLKitError):
            text = way()
            if _meaning(tomllib.loads(text)) == _meaning(wanted):
                break
    else:
        raise UsageError(
            f"{path} is written in a way in which it cannot be changed without changing the rest of it.",
            advice="Change it in an editor: each job as a table of its own, [jobs.NAME].",
        )
    _write(path, text)


def _meaning(raw: _Raw) -> _Raw:
    return {key: value for key, value in raw.items() if value or key != "jobs"}


def _write(path: Path, text: str) -> None:
    try:
        data = text.encode()
    except UnicodeEncodeError as exc:
        advice = "Rename the file, or write another name."
        raise UsageError("A name in it is no text, which a jobs file cannot hold.", advice=advice) from exc
    target = path.resolve()  # it may be a link to where it is kept in git
    with disk_errors(f"Writing {path}"), made_whole(target) as beside:
        beside.write_bytes(data)
        with suppress(FileNotFoundError):  # secrets in it stay between those who could read them
            beside.chmod(target.stat().st_mode & 0o777)


def _appended(text: str, name: str, table: Mapping[str, Any]) -> str:
    document = tomlkit.document()
    jobs = tomlkit.table(is_super_table=True)
    jobs[name] = _table(table)
    document["jobs"] = jobs
    end = line_end(text)
    added = tomlkit.dumps(document).replace("\n", end)
    return f"{text.rstrip() or _HEADER.rstrip()}{end}{end}{added}"


def _table(values: Mapping[str, Any]) -> Any:
    """A job's table: what comes after is in a table of its own, all else on a line each."""
    table = tomlkit.table()
    for key, value in values.items():
        if key in {"after", "on_failure"}:
            table[key] = _table(value)
        else:
            table[key] = _inline(value) if isinstance(value, Mapping) else value
    return table


def _inline(values: Mapping[str, Any]) -> Any:
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _put(text: str, name: str, values: Mapping[str, Any]) -> str:
    document: Any = tomlkit.parse(text)
    job = document["jobs"].setdefault(name, {})
    job.update(values)
    return tomlkit.dumps(document)


def _taken_out(text: str, name: str) -> str:
    document: Any = tomlkit.parse(text)
    del document["jobs"][name]
    return tomlkit.dumps(document)
