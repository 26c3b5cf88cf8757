"""The files beside a feed, whose names change whenever what is in them does.

Apps and networks keep what they once got from an address, so that a new sound needs a new one; and since no
file changes, a feed and the files that it names fit together at every moment. A name is
'<title>-<of the guid>-<of the content>.mp3': plain ASCII, as Apple asks
(https://podcasters.apple.com/support/823-podcast-requirements), the same from run to run, and a proof of who
wrote the file.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from narrator.durable import PART_SUFFIX, disk_errors, made_whole, reading, write_durably
from narrator.errors import UsageError
from narrator.publishing.digests import file_digest

_DIGITS = 8
_LONGEST_TITLE = 40
_OURS = re.compile(r"(?:[a-z0-9-]+-)?([0-9a-f]{8}|cover)-([0-9a-f]{8})\.\w+")
_OUR_PART = re.compile(
    rf"\.(?:(?:[a-z0-9-]+-)?(?:[0-9a-f]{{8}}|cover)-[0-9a-f]{{8}}[.\w]*|feed\.xml)\.[0-9a-f]{{8}}{re.escape(PART_SUFFIX)}"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of one thing go: `mark` is in all their names, `title` for people alone.

    `known` are `known_names`: what has had a name keeps it, whatever its title is now.
    """

    folder: Path
    known: Mapping[str, str]
    mark: str
    title: str = ""

    def copied(self, source: Path) -> Path:
        """A copy of a file, made where there is none yet.

        Raises:
            DiskError: it cannot be written.
            UsageError: the source cannot be read.
        """
        try:
            with reading(source):
                size, digest = source.stat().st_size, file_digest(source)
        except FileNotFoundError as exc:
            raise missing(source) from exc
        path = self._path(digest, source.suffix.lower())
        with disk_errors(f"Copying {source.name} to {self.folder}"):
            if not _is_there(path, size, digest):
                with made_whole(path) as part:
                    shutil.copyfile(source, part)
        return path

    def written(self, data: bytes, suffix: str) -> Path:
        """A file of these bytes, written where there is none yet.

        Raises:
            DiskError: it cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest, suffix)
        with disk_errors(f"Writing {path}"):
            is_there = _is_there(path, len(data), digest)
        if not is_there:
            write_durably(path, data)
        return path

    def _path(self, digest: str, suffix: str) -> Path:
        end = f"{self.mark}-{digest[:_DIGITS]}{suffix}"
        return self.folder / self.known.get(end, "-".join(filter(None, (self.title, end))))


def known_names(names: Iterable[str]) -> dict[str, str]:
    """Those of the names that are of our making, by what they are without the title."""
    return {name[match.start(1) :]: name for name in names if (match := _OURS.fullmatch(name))}


def place_of(folder: Path, known: Mapping[str, str], guid: str, title: str) -> Place:
    """Where the files of an episode go."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = "-".join(re.findall("[a-z0-9]+", plain))[:_LONGEST_TITLE].strip("-") or "episode"
    return Place(folder, known, hashlib.sha256(guid.encode()).hexdigest()[:_DIGITS], name)


def missing(path: Path) -> UsageError:
    """The error that a file of an episode is not there."""
    return UsageError(
        f"There is no {path}, which an episode of the podcast needs.",
        advice="Render the book again, which makes it.",
    )


def remove_superseded(folder: Path, marks: Collection[str], kept: Collection[str]) -> None:
    """Remove what nobody needs any more of the files with these marks, but not those whose names are `kept`.

    That are earlier versions, and what is left of a run that was cut off. A file is removed only if its content
    is what its name says: nobody else writes such.

    Raises:
        DiskError: the folder is read-only.
    """
    with disk_errors(f"Cleaning {folder}"):
        for path in folder.iterdir():
            ours = _OURS.fullmatch(path.name)
            is_superseded = (
                ours is not None
                and ours[1] in marks
                and path.name not in kept
                and path.is_file()
                and file_digest(path).startswith(ours[2])
            )
            if is_superseded or _OUR_PART.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _is_there(path: Path, size: int, digest: str) -> bool:
    """Raises OSError."""
    return path.is_file() and path.stat().st_size == size and file_digest(path) == digest
