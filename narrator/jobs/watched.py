"""Files that a job watches: what of them is new, and what is still being written."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from narrator.durable import reading
from narrator.errors import UsageError
from narrator.jobs.history import Found, Item, ItemRecord, ItemState
from narrator.jobs.job import Job, SourceKind
from narrator.jobs.quiet import Looks, WatchedFile
from narrator.jobs.watched_folder import Walk
from narrator.jobs.watched_project import item_of, project_file

_UNREAD = ""
"""The digest of what could not be read."""


def look_at_files(  # noqa: PLR0917 - the same as of has_news, and each of another type
    job: Job,
    known: Mapping[str, ItemRecord],
    settings: str,
    is_manuscript: Callable[[Path], bool],
    now_s: float,
    looks: Looks,
) -> Found:
    """What a manuscript, project or folder has to be rendered, by name.

    `known` are the job's records by identity, which is a path, `settings` is how the job renders now, and
    `now_s` is seconds since 1970. Contents are read where a file is not as its record says. A project is always
    an item. A file that cannot be read is settled as failed, and tried again at every look.

    Raises:
        UsageError: the manuscript, project or folder is not there, or cannot be read.
    """
    if job.source.kind is SourceKind.PROJECT:
        return Found((item_of(Path(job.source.place), known),))
    files, notices = _files(job, is_manuscript)
    look, unquiet = _Look(job, known, settings, notices), []
    for file in files:
        record = known.get(str(file.path))
        if record and record.stat == file.stat and record.digest != _UNREAD:
            looks.forget(file.path)
            look.judge(file, record.digest, record)
        elif looks.left_s(file, job.source.quiet_s, now_s) == 0 and look.read(file, record):
            looks.forget(file.path)
        else:
            unquiet.append(file.path)
    return Found(tuple(look.items), tuple(unquiet), tuple(look.notices), tuple(look.settled))


def has_news(  # noqa: PLR0917 - as above
    job: Job,
    known: Mapping[str, ItemRecord],
    settings: str,
    is_manuscript: Callable[[Path], bool],
    now_s: float,
    looks: Looks,
) -> bool:
    """Whether a file is quiet and not as its record says, or was rendered otherwise than now.

    Reads no contents. What is open and unchanged is no news: its last run told when it is to go on. A file from
    the future is news at once: whoever looks but once cannot tell whether it is quiet, and a run can.

    Raises:
        UsageError: as `look_at_files`.
    """
    if job.source.kind is SourceKind.PROJECT:
        files = [project_file(Path(job.source.place))]
    else:
        files, _ = _files(job, is_manuscript)
    for file in files:
        if not _is_news(file, known.get(str(file.path)), settings):
            looks.forget(file.path)
        elif file.changed_s > now_s or looks.left_s(file, job.source.quiet_s, now_s) == 0:
            return True
    return False


def next_quiet_s(unquiet: Iterable[Path], quiet_s: float, now_s: float, looks: Looks) -> float | None:
    """In how many seconds the first of these files could be quiet; None where none of them is there now."""
    waits = []
    for path in unquiet:
        with suppress(OSError):
            waits.append(looks.left_s(WatchedFile.at(path, path.stat()), quiet_s, now_s))
    return min(waits, default=None)


def _is_news(file: WatchedFile, record: ItemRecord | None, settings: str) -> bool:
    if record is None or record.stat != file.stat:
        return True
    return record.settings != settings and record.digest != _UNREAD


def _files(job: Job, is_manuscript: Callable[[Path], bool]) -> tuple[list[WatchedFile], list[str]]:
    """The files that the job watches, by name, and notices about what is in their way."""
    if job.source.kind is SourceKind.MANUSCRIPT:
        return [_manuscript(Path(job.source.place))], []
    apart = [job.after.copy_to, job.after.podcast.folder if job.after.podcast else None]
    walk = Walk(Path(job.source.place), [path for path in apart if path])
    files = sorted(walk.files(is_manuscript), key=lambda file: str(file.path))
    return files, walk.notices


def _manuscript(path: Path) -> WatchedFile:
    try:
        with reading(path):
            found = path.stat()
    except FileNotFoundError as exc:
        raise UsageError(
            f"There is no file {path}.",
            advice="Check the path; if it is on a disk or a server of its own, connect that.",
        ) from exc
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a file.", advice="Name a book's file, or watch it as a `folder`.")
    return WatchedFile.at(path, found)


class _Look:
    """A look at files, as far as it has come."""

    def __init__(self, job: Job, known: Mapping[str, ItemRecord], settings: str, notices: list[str]) -> None:
        self.items: list[Item] = []
        self.notices = notices
        self.settled: list[ItemRecord] = []
        self._job = job
        self._settings = settings
        self._made: dict[str, list[ItemRecord]] = {}
        for record in known.values():
            if record.digest != _UNREAD and record.state is not ItemState.FAILED:
                self._made.setdefault(record.digest, []).append(record)

    def read(self, file: WatchedFile, record: ItemRecord | None) -> bool:
        """Judge a file that is new, or not as its record says; False where it changes while it is read."""
        try:
            digest = _digest_of(file)
        except FileNotFoundError:
            return True
        except OSError as exc:
            self._settle_unread(file, record, f"{file.path} cannot be read: {exc.strerror}.")
            return True
        if digest is None:
            return False
        current = record or self._renamed(file, digest)
        if current and current.digest == digest:
            current = replace(current, stat=file.stat)
            self.settled.append(current)
        self.judge(file, digest, current)
        return True

    def judge(self, file: WatchedFile, digest: str, record: ItemRecord | None) -> None:
        """Take a file for an item, unless it is done with."""
        is_known = record and (record.digest, record.settings) == (digest, self._settings)
        if not (record and is_known and record.state is not ItemState.OPEN):
            self.items.append(Item(str(file.path), digest, file.path, file.stat))

    def _renamed(self, file: WatchedFile, digest: str) -> ItemRecord | None:
        """The record of a file that had another name before; not of one that this is a copy of."""
        made = self._made.pop(digest, [])
        if not made or any(_is_there(Path(record.identity)) for record in made):
            return None
        return replace(made[-1], identity=str(file.path))

    def _settle_unread(self, file: WatchedFile, record: ItemRecord | None, reason: str) -> None:
        """Keep that a file cannot be read, and say so once; what was made of it stays done."""
        if record and record.state is ItemState.DONE:
            settled = replace(record, stat=file.stat)
        else:
            settled = ItemRecord(
                self._job.name,
                str(file.path),
                _UNREAD,
                self._settings,
                file.stat,
                ItemState.FAILED,
                title=record.title if record else "",
                project=record.project if record else None,
                reason=reason,
            )
        if settled != record:
            self.settled.append(settled)
            self.notices.append(reason)


def _is_there(path: Path) -> bool:
    with suppress(OSError):
        return path.exists()
    return False


def _digest_of(file: WatchedFile) -> str | None:
    """SHA-256 of a file's content, in hexadecimal; None where it has changed meanwhile. Raises OSError."""
    with file.path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return digest if WatchedFile.at(file.path, file.path.stat()) == file else None
