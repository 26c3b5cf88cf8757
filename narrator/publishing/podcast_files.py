"""The files beside a feed, whose names change whenever what is in them does.

Apps and networks keep what they once got from an address, so that a new sound needs a new one; and since no
file changes, a feed and the files that it names fit together at every moment. A name is
'<title>-<of the guid>-<of the content>.mp3': plain ASCII, as Apple asks
(https://podcasters.apple.com/support/823-podcast-requirements), the same from run to run, and a proof of who
wrote the file. Where it is of the sound and not of all that the file holds, the proof is that the feed named it
for this guid, with its length.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from narrator.durable import PART_SUFFIX, disk_errors, made_whole, reading, write_durably
from narrator.errors import UsageError
from narrator.publishing.digests import file_digest

_DIGITS = 8
_LONGEST_TITLE = 40
COVER = "cover"
"""What is in the names of the show's own pictures in place of an episode's mark."""
_OURS = re.compile(rf"(?:[a-z0-9-]+-)?([0-9a-f]{{8}}|{COVER})-([0-9a-f]{{8}})\.\w+")
_OUR_PART = re.compile(
    rf"\.(?:(?:[a-z0-9-]+-)?(?:[0-9a-f]{{8}}|{COVER})-[0-9a-f]{{8}}[.\w]*|feed\.xml)\.[0-9a-f]{{8}}{re.escape(PART_SUFFIX)}"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of one thing go: `mark` is in all their names, `title` for people alone.

    `known` are `known_names`: what has had a name keeps it, whatever its title is now. `lengths` are what the
    feed says of the sizes of files, in bytes, by their names.
    """

    folder: Path
    known: Mapping[str, str]
    mark: str
    title: str = ""
    lengths: Mapping[str, int] = field(default_factory=dict)

    def copied(self, source: Path, sound: str = "") -> Path:
        """A copy of a file, made where there is none yet.

        Of a file by whose `sound` it is named, a digest, one is enough that sounds so and is of the length that
        the feed says.

        Raises:
            DiskError: it cannot be written.
            UsageError: the source cannot be read.
        """
        try:
            with reading(source):
                size, digest = source.stat().st_size, file_digest(source)
        except FileNotFoundError as exc:
            raise missing(source) from exc
        path = self._path(_digest(sound) if sound else digest, source.suffix.lower())
        with disk_errors(f"Copying {source.name} to {self.folder}"):
            is_heard = sound and path.is_file() and path.stat().st_size == self.lengths.get(path.name)
            if not is_heard and not _is_there(path, size, digest):
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


def place_of(
    folder: Path, known: Mapping[str, str], lengths: Mapping[str, int], guid: str, title: str
) -> Place:
    """Where the files of an episode go."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = "-".join(re.findall("[a-z0-9]+", plain))[:_LONGEST_TITLE].strip("-") or "episode"
    return Place(folder, known, mark_of(guid), name, lengths)


def mark_of(guid: str) -> str:
    """What is in the names of all files of an episode, and in those of no other."""
    return _digest(guid)[:_DIGITS]


def missing(path: Path) -> UsageError:
    """The error that a file of an episode is not there."""
    return UsageError(
        f"There is no {path}, which an episode of the podcast needs.",
        advice="Render the book again, which makes it.",
    )


def is_ours(folder: Path, name: str, length: int | None = None, marks: Collection[str] | None = None) -> bool:
    """Whether a file of a folder was written here, with one of these marks: no other has both name and content.

    `length` in bytes is what the feed says of it, None where it says nothing. Raises OSError.
    """
    ours = _OURS.fullmatch(name)
    if ours is None or (marks is not None and ours[1] not in marks):
        return False
    path = folder / name
    if not path.is_file():
        return False
    return path.stat().st_size == length or file_digest(path).startswith(ours[2])


def remove_left_over(folder: Path, marks: Collection[str], kept: Collection[str]) -> None:
    """Remove what a run that was cut off has left: files with these marks but not `kept`, and unfinished ones.

    Raises:
        DiskError: the folder is read-only.
    """
    with disk_errors(f"Cleaning {folder}"):
        for path in folder.iterdir():
            is_left_over = path.name not in kept and is_ours(folder, path.name, marks=marks)
            if is_left_over or _OUR_PART.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_there(path: Path, size: int, digest: str) -> bool:
    """Raises OSError."""
    return path.is_file() and path.stat().st_size == size and file_digest(path) == digest
