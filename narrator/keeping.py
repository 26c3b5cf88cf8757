"""Looking after what a project keeps: why takes are missing, whether they are sound, what nothing needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from narrator.book import Book, locate, open_book
from narrator.durable import disk_errors
from narrator.events import Notice
from narrator.model import TakeKey
from narrator.ports import Observer
from narrator.project import Project, open_project
from narrator.publishing.record import DeliveredFile, load_record
from narrator.rendering.inspection import (
    Fault,
    Found,
    faults_in,
    kept_in,
    keys_in,
    look,
    parts_in,
    paths_of,
    sidecars_in,
)
from narrator.rendering.plan import Plan
from narrator.rendering.reasons import Canonical, ReasonGroup, change, grouped, reasons_of
from narrator.wiring import open_takes
from narrator.wishes import Wishes

UNSAID = "its text is no longer in the script"
SENSELESS = "its sidecar makes no sense"
HALF = "incomplete on disk"
QUARANTINED = "put away as damaged (quarantine/)"
UNFINISHED = "begun and never finished"


@dataclass(frozen=True, slots=True)
class Altered:
    """A delivered file that is not as it was delivered. `path` is as the project names it."""

    path: str
    chapter: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of reading everything again: `takes` were read, `bad` ones are in quarantine now.

    `altered` are delivered files; nothing was done about them, since a person may have tagged them anew.
    """

    project: Path
    takes: int
    bytes: int
    files: int
    bad: tuple[Fault, ...]
    altered: tuple[Altered, ...]


@dataclass(frozen=True, slots=True)
class Unneeded:
    """Files that nothing needs, for one reason. `takes` is 0 where they are none.

    `voice` is who spoke them ('' where they are no takes), and `characters_billed` what for, as the answers
    said.
    """

    reason: str
    voice: str
    takes: int
    bytes: int
    characters_billed: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is, or was, there that nothing needs, and whether it was removed."""

    project: Path
    unneeded: tuple[Unneeded, ...]
    removed: bool

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.unneeded)


def explain(project: Project, plan: Plan) -> tuple[ReasonGroup, ...]:
    """Why each order of a plan is one, by reason.

    Raises:
        DiskError: what the project keeps cannot be read.
    """
    if not plan.orders:
        return ()
    found = look(project.takes_folder)
    used = {key for planned in plan.chapters for key in planned.keys}
    unused = (paths_of(project.takes_folder, key)[0] for key in found.pairs - used)
    earlier = kept_in(chain(unused, sidecars_in(project.quarantine_folder)))
    reasons = reasons_of(
        plan.orders,
        (kept.request for kept in earlier),
        quarantined=keys_in(project.quarantine_folder),
        incomplete=found.halves,
    )
    return grouped(plan.orders, reasons)


def verify(folder: Path, observe: Observer = lambda _: None) -> Verified:
    """Read every take of a project, put bad ones away, and look at the delivered files.

    Raises:
        UsageError: it is no project.
        ProjectLocked: a render is at work on it.
        DiskError: something cannot be read or moved.
    """
    project = open_project(folder)
    with project.lock():
        takes = open_takes(project)
        found = look(project.takes_folder)
        bad = []
        for fault in faults_in(project.takes_folder, sorted(found.bytes)):
            if fault and fault.measured:
                takes.measure_anew(fault.key, fault.measured)
                observe(Notice(f"Take {fault.key[:12]}: {fault.what}; that is mended, the sound is whole."))
            elif fault:
                bad.append(fault)
                takes.quarantine(fault.key)
                observe(Notice(f"Take {fault.key[:12]}: {fault.what}; it is in quarantine now."))
        record = load_record(project.record_file)
        files = record.files if record else ()
        return Verified(
            project=folder,
            takes=len(found.bytes),
            bytes=sum(found.bytes.values()),
            files=len(files),
            bad=tuple(bad),
            altered=tuple(
                Altered(file.path, number, what)
                for number, file in files
                if (what := _what_became_of(project.folder / file.path, file))
            ),
        )


def clean(folder: Path, confirm: Callable[[Cleaned], bool]) -> Cleaned:
    """Remove what neither the script nor anything else needs, once `confirm`, told all of it, says so.

    Raises:
        UsageError, ConfigError, ManuscriptError: it is no project, or what its script needs cannot be told.
        ProjectLocked: a render is at work on it.
        DiskError: something cannot be read or removed; what was left is found by the next run.
    """
    project = open_project(folder)
    with project.lock():
        unneeded = _unneeded(open_book(locate(folder, Wishes()), Wishes()))
        seen = Cleaned(folder, unneeded, removed=False)
        if not (unneeded and confirm(seen)):
            return seen
        for each in unneeded:
            _remove(each.paths)
        return Cleaned(folder, unneeded, removed=True)


def _unneeded(book: Book) -> tuple[Unneeded, ...]:
    project, takes = book.project, book.project.takes_folder
    found = look(takes)
    needed = {order.key: order.request.canonical() for order in book.plan(frozenset()).orders}
    put_away = sorted(keys_in(project.quarantine_folder))
    halves = (path for key in sorted(found.halves) for path in paths_of(takes, key))
    quarantined = (
        project.quarantine_folder / f"{key}{suffix}" for key in put_away for suffix in (".json", ".pcm")
    )
    files = (
        _files(HALF, len(found.halves), halves),
        _files(QUARANTINED, len(put_away), quarantined),
        _files(UNFINISHED, 0, parts_in(project.folder)),
    )
    every = (*_unneeded_takes(takes, found, needed), *(each for each in files if each.paths))
    return tuple(sorted(every, key=lambda each: -each.bytes))


def _unneeded_takes(folder: Path, found: Found, needed: Mapping[TakeKey, Canonical]) -> tuple[Unneeded, ...]:
    """Whole takes of other requests than the needed ones, by what became of theirs."""
    unused = sorted(found.pairs - needed.keys())
    said = {request["text"]: request for request in needed.values()}
    known = {kept.key: kept for kept in kept_in(paths_of(folder, key)[0] for key in unused)}
    groups: dict[tuple[str, str], list[TakeKey]] = {}
    for key in unused:
        kept = known.get(key)
        groups.setdefault(_fate(kept.request, said) if kept else (SENSELESS, ""), []).append(key)
    return tuple(
        Unneeded(
            reason=reason,
            voice=voice,
            takes=len(keys),
            bytes=sum(found.bytes[key] for key in keys),
            characters_billed=sum(known[key].characters_billed for key in keys if key in known),
            paths=tuple(path for key in keys for path in paths_of(folder, key)),
        )
        for (reason, voice), keys in groups.items()
    )


def _fate(request: Canonical, said: Mapping[str, Canonical]) -> tuple[str, str]:
    """Why no script needs a take of this request, and whose voice it is."""
    voice = " ".join(str(request[name]) for name in ("provider", "voice") if request.get(name))
    now = said.get(request["text"])
    return (change(request, now) or SENSELESS) if now else UNSAID, voice


def _files(reason: str, takes: int, paths: Iterable[Path]) -> Unneeded:
    with disk_errors("Looking at what nothing needs"):
        sizes = {path: path.stat().st_size for path in paths if path.exists()}
    return Unneeded(reason, "", takes, sum(sizes.values()), 0, tuple(sizes))


def _remove(paths: Iterable[Path]) -> None:
    """A take's sidecar goes first: without it, what a broken-off removal leaves is no take."""
    folders = set()
    with disk_errors("Removing what nothing needs"):
        for path in paths:
            path.unlink(missing_ok=True)
            folders.add(path.parent)
    for folder in folders:
        with suppress(OSError):  # it is not empty
            folder.rmdir()


def _what_became_of(path: Path, file: DeliveredFile) -> str:
    """'' where a delivered file is as it was delivered."""
    try:
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError as exc:  # one file that cannot be read must not hide what is wrong with the others
        return f"cannot be read: {exc.strerror}"
    return "" if digest == file.sha256 else "changed since it was delivered"
