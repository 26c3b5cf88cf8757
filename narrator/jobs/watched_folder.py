"""The files of a watched folder: those that a pattern matches and that somebody means to be there."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

from narrator.errors import UsageError
from narrator.jobs.quiet import WatchedFile

_ANY_DEPTH = "**"
_GLOB = re.compile(r"[*?\[]")
_TEMPORARY = (
    *(".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".aria2"),
    *(".tmp", ".temp", "~"),
)
"""How browsers, copy programs and editors end the names of what is not whole yet, or of what was before."""

_PROJECT = "project.toml"


def parted(place: Path) -> tuple[Path, tuple[str, ...]]:
    """A folder's path with a glob at its end: the folder, and the pattern of what is in it, name by name.

    Brackets in the name of a folder that is there are no glob. Without one it is all that is in the folder
    itself; `**` is folders of any number, and at the end all that is in them.
    """
    for count, part in enumerate(place.parts):
        if _GLOB.search(part) and not _is_folder(Path(*place.parts[: count + 1])):
            return Path(*place.parts[:count]), place.parts[count:]
    return place, ("*",)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be looked into, and the places in the pattern at which its names may stand."""

    path: Path
    steps: frozenset[int]


class Walk:
    """One walk through a folder, by a `place` with a glob at its end.

    It leaves out

    - what is hidden, what is temporary, and what a download has but reserved the name for;
    - what is in projects of narrator and in the folders `apart`, where its own works are;
    - folders that were seen by another way, as through a link.

    Upper and lower case are one in patterns, and so are the ways in which Unicode writes 'é'. `notices` are of
    what is left out for reasons that a person can mend.
    """

    def __init__(self, place: Path, apart: Collection[Path] = ()) -> None:
        """Raises UsageError: the folders in one of `apart` are watched, so works would be sources."""
        self.notices: list[str] = []
        self._base, pattern = parted(place)
        self._apart = {os.path.realpath(path) for path in apart}
        base = os.path.realpath(self._base)
        if base in self._apart and (len(pattern) > 1 or _ANY_DEPTH in pattern):
            raise UsageError(
                f"The folders in {self._base} are watched, and finished books are put there.",
                advice="Have them put into another folder.",
            )
        self._apart.discard(base)
        self._pattern = tuple(None if part == _ANY_DEPTH else _matcher(part) for part in pattern)
        self._been: set[tuple[int, int, frozenset[int]]] = set()

    def files(self, is_wanted: Callable[[Path], bool]) -> Iterator[WatchedFile]:
        """All files that are wanted, in no order.

        Raises:
            UsageError: the folder is not there, or cannot be read.
        """
        folders, links = deque([_Folder(self._base, self._reached({0}))]), deque[_Folder]()
        while folders or links:
            folder = (folders or links).popleft()  # links come last: what is in here has its own path
            entries = self._entries(folder)
            names = {entry.name for entry in entries}
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if _is_folder(entry):
                    if steps := self._below(entry.name, folder.steps):
                        (links if entry.is_symlink() else folders).append(_Folder(Path(entry.path), steps))
                elif self._fits(entry.name, folder.steps):
                    file = _file(entry, names)
                    if file and is_wanted(file.path) and self._is_named(entry.path):
                        yield file

    def _entries(self, folder: _Folder) -> list[os.DirEntry[str]]:
        """What is in a folder; nothing where it is not to be looked into, or cannot be read."""
        is_base = folder.path == self._base
        try:
            found = folder.path.stat()
            key = (found.st_dev, found.st_ino, folder.steps)
            if key in self._been or (self._apart and os.path.realpath(folder.path) in self._apart):
                return []
            self._been.add(key)
            with os.scandir(folder.path) as scanned:
                entries = list(scanned)
        except OSError as exc:
            if is_base:
                raise _no_folder(folder.path, exc) from exc
            if not isinstance(exc, FileNotFoundError):
                self.notices.append(f"The folder {folder.path} cannot be read: {exc.strerror}.")
            return []
        is_project = any(entry.name == _PROJECT for entry in entries)
        return [] if is_project and not is_base else entries

    def _is_named(self, path: str) -> bool:
        """Whether a path is text, by which it can be known; in what is not, Python has surrogates."""
        try:
            path.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(path).decode(errors="replace")
            self.notices.append(f"{shown} is left out: its name is not in UTF-8. Rename it.")
            return False
        return True

    def _reached(self, steps: Collection[int]) -> frozenset[int]:
        """Places of the pattern, and those after each `**`, which may stand for no folder."""
        reached = set(steps)
        for step in range(len(self._pattern) - 1):
            if step in reached and self._pattern[step] is None:
                reached.add(step + 1)
        return frozenset(reached)

    def _below(self, name: str, steps: frozenset[int]) -> frozenset[int]:
        """The places for what is in a folder of this name; none where the pattern does not go there."""
        stays = {step for step in steps if self._pattern[step] is None}
        goes_on = {step + 1 for step in steps - stays if step + 1 < len(self._pattern) and self._is(name, step)}
        return self._reached(stays | goes_on)

    def _fits(self, name: str, steps: frozenset[int]) -> bool:
        last = len(self._pattern) - 1
        return last in steps and self._is(name, last)

    def _is(self, name: str, step: int) -> bool:
        matcher = self._pattern[step]
        return matcher is None or matcher.match(unicodedata.normalize("NFC", name)) is not None


def _matcher(glob: str) -> re.Pattern[str]:
    return re.compile(translate(unicodedata.normalize("NFC", glob)), re.IGNORECASE)


def _is_folder(entry: Path | os.DirEntry[str]) -> bool:
    with suppress(OSError):  # a link to itself, a name that is too long
        return entry.is_dir()
    return False


def _file(entry: os.DirEntry[str], names: Collection[str]) -> WatchedFile | None:
    """A file as it is; None for what is none, or not yet.

    Firefox keeps an empty file under the final name beside the part that it fills, and aria2 gives the final
    name at once and keeps a control file beside it until the end.
    """
    name = entry.name
    if name.startswith("~") or name.lower().endswith(_TEMPORARY) or f"{name}.aria2" in names:
        return None
    with suppress(OSError):  # it has gone, or its link leads nowhere
        found = entry.stat()
        is_reserved = found.st_size == 0 and f"{name}.part" in names
        if stat.S_ISREG(found.st_mode) and not is_reserved:
            return WatchedFile.at(Path(entry.path), found)
    return None


def _no_folder(folder: Path, error: OSError) -> UsageError:
    if isinstance(error, FileNotFoundError):
        return UsageError(
            f"There is no folder {folder}.",
            advice="Check the path; if it is on a disk or a server of its own, connect that.",
        )
    if isinstance(error, NotADirectoryError):
        return UsageError(f"{folder} is a file, not a folder.", advice="Name it as `manuscript` instead.")
    return UsageError(
        f"The folder {folder} cannot be read: {error.strerror}.",
        advice="Check its permissions; if it is on a disk or a server of its own, connect that.",
    )
