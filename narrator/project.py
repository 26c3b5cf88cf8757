"""A project: the folder of one book, where it is found, what it remembers, and who works on it.

project.toml    the only file a person must edit
source/         the manuscript as it was read, its cover, and where it came from
script/         what was accepted to be said
lexicons/       lexicons that were named elsewhere, beside the project's own lexicon.toml
takes/          what was spoken
book.json       what was delivered
out/            the audiobook
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomlkit
from filelock import FileLock, Timeout
from pathvalidate import sanitize_filename
from tomlkit.exceptions import TOMLKitError

from narrator.config import Config, Speech, check_config, read_config, with_profile
from narrator.durable import PART_SUFFIX, disk_errors, reading, write_durably
from narrator.errors import ConfigError, ProjectLocked, UsageError
from narrator.model import Cover
from narrator.wishes import Settings

_HEADER = """\
How this book is rendered. `narrator render` reads this file each time, with this folder or the book as its
source; options that you give on the command line are kept here. Every key has a default.
"""

_RECORD = "source.json"
_LEXICONS = "lexicons"
_COVER_NAMES = {"image/jpeg": "cover.jpg", "image/png": "cover.png"}


STREAM_FOLDER = "narrator-stream-"
"""How the name of a folder begins in which there is a copy of what came on standard input."""

_STREAM = "-/"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Which file a project was made of: its name in `source/`, its SHA-256, and where it was read from.

    That is its path, or '-/' and a name for what came on standard input under that name. `cover_sha256` is that
    of the cover that was taken from it, '' for none.
    """

    name: str
    sha256: str
    origin: str
    cover_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """The folder of one book, and the paths in it. It need not exist yet."""

    folder: Path

    @property
    def config_file(self) -> Path:
        return self.folder / "project.toml"

    @property
    def script_folder(self) -> Path:
        return self.folder / "script"

    @property
    def takes_folder(self) -> Path:
        return self.folder / "takes"

    @property
    def quarantine_folder(self) -> Path:
        return self.folder / "quarantine"

    @property
    def master_folder(self) -> Path:
        """What files are made of, and can be made of takes again: pieces, and takes at other rates."""
        return self.folder / "master"

    @property
    def record_file(self) -> Path:
        return self.folder / "book.json"

    @property
    def ledger_file(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def exists(self) -> bool:
        with reading(self.config_file):
            return self.config_file.is_file()

    def path_of(self, written: str) -> Path:
        """The file or folder that `project.toml` names so; a relative path is inside the project.

        Raises:
            UsageError: it cannot be a path.
        """
        if "\0" in written:
            raise UsageError(f"{written!r} has a NUL, which no path has.", advice="Name another path.")
        try:
            return self.folder / Path(written).expanduser()
        except RuntimeError as exc:
            advice = "Check the name after ~, or write the path in full."
            raise UsageError(f"{written}: there is no such person's folder here.", advice=advice) from exc

    def output_folder(self, config: Config) -> Path:
        """Where the audiobook goes; a relative wish is inside the project.

        Raises:
            UsageError: it cannot be a folder.
        """
        wish = config.delivery.output
        folder = self.path_of(wish)
        advice = "Name another folder with --output."
        try:
            if folder.exists() and not folder.is_dir():
                raise UsageError(f"{folder} is a file, and the audiobook needs a folder.", advice=advice)
        except OSError as exc:
            raise UsageError(f"The output folder {wish!r} cannot be used: {exc}.", advice=advice) from exc
        return folder

    @property
    def source(self) -> SourceRecord | None:
        """The manuscript that the project keeps, or None.

        Raises:
            UsageError: the record of it is damaged or unreadable.
        """
        record = self.folder / "source" / _RECORD
        try:
            with reading(record):
                raw = json.loads(record.read_text(encoding="utf-8"))
            return SourceRecord(
                str(raw["name"]), str(raw["sha256"]), str(raw["origin"]), str(raw.get("cover_sha256", ""))
            )
        except FileNotFoundError:
            return None
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            advice = "Delete it and render the book again from its file; takes are kept."
            raise UsageError(f"{record} is damaged: {exc}.", advice=advice) from exc

    def is_of(self, origin: str, sha256: str) -> bool:
        """Whether the project is of the manuscript at that path, or with that digest; one of nothing is."""
        kept = self.source
        return kept is None or kept.origin == origin or kept.sha256 == sha256

    def manuscript_file(self) -> Path:
        """The kept manuscript.

        Raises:
            UsageError: the project has none.
        """
        source = self.source
        path = self.folder / "source" / source.name if source else None
        if path is None or not path.is_file():
            raise UsageError(
                f"The project {self.folder} has lost its manuscript (in source/).",
                advice=f"Render it from the book's file again: narrator render BOOK --project {self.folder}",
            )
        return path

    def keep_manuscript(self, path: Path, data: bytes, cover: Cover | None) -> None:
        """Copy the manuscript in, so that the folder is whole without the original.

        A cover that a person put there stays.

        Raises:
            DiskError: it could not be written; the one of before is still there.
        """
        before = self.source
        folder = self.folder / "source"
        name = f"book-{path.name}" if path.name in {_RECORD, *_COVER_NAMES.values()} else path.name
        # The kept copy, edited in place, is still of the file that it came from.
        is_kept_copy = path.absolute() == (folder / name).absolute()
        origin = before.origin if before and is_kept_copy else origin_of(path)
        write_durably(folder / name, data)
        kept_cover = self.cover()
        cover_sha256 = before.cover_sha256 if before else ""
        if cover and (kept_cover is None or digest_of(kept_cover.data) == cover_sha256):
            self._replace_cover(cover)
            cover_sha256 = digest_of(cover.data)
        record = SourceRecord(name, digest_of(data), origin, cover_sha256)
        write_durably(folder / _RECORD, (json.dumps(asdict(record), indent=1) + "\n").encode())
        if before and before.name != name:
            with disk_errors(f"Tidying {folder}"):
                (folder / before.name).unlink(missing_ok=True)

    def _replace_cover(self, cover: Cover) -> None:
        folder = self.folder / "source"
        with disk_errors(f"Tidying {folder}"):
            for media_type, name in _COVER_NAMES.items():
                if media_type != cover.media_type:
                    (folder / name).unlink(missing_ok=True)
        write_durably(folder / _COVER_NAMES[cover.media_type], cover.data)

    def keep_cover(self, cover: Cover) -> str:
        """Keep a picture that a person chose; its name in the project's folder.

        Raises:
            DiskError: it could not be written.
        """
        name = _COVER_NAMES[cover.media_type]
        write_durably(self.folder / name, cover.data)
        return name

    def keep_lexicons(self, named: Sequence[str]) -> tuple[str, ...]:
        """Copy lexicons in that are elsewhere; the names of all of them in the project's folder.

        Raises:
            UsageError: one cannot be read.
            DiskError: one could not be written.
        """
        names = {each: name for each in named if (name := self._name_inside(each))}
        for each in named:
            if each not in names:
                path = Path(each)
                with reading(path):
                    data = path.read_bytes()
                stems = chain([path.stem], (f"{path.stem}-{number}" for number in count(2)))
                all_names = (f"{_LEXICONS}/{stem}{path.suffix}" for stem in stems)
                names[each] = next(name for name in all_names if name not in names.values())
                write_durably(self.folder / names[each], data)
        return tuple(names[each] for each in named)

    def _name_inside(self, written: str) -> str:
        """What a path is called in the project's folder; '' for one that is elsewhere."""
        folder = Path(os.path.abspath(self.folder))  # noqa: PTH100 - takes '..' out, and follows no link
        path = Path(os.path.abspath(folder / written))  # noqa: PTH100 - as above
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""

    def cover(self) -> Cover | None:
        """The book's picture, as kept with the manuscript; a person may put another in its place.

        Raises:
            UsageError: it is there and cannot be read.
        """
        for media_type, name in _COVER_NAMES.items():
            path = self.folder / "source" / name
            with reading(path), suppress(FileNotFoundError, NotADirectoryError):
                return Cover(media_type, path.read_bytes())
        return None

    def config(self, wishes: Settings) -> Config:
        """`project.toml`, or the defaults where there is none yet, under the wishes of this run.

        Raises:
            ConfigError: the file, or a wish, has mistakes.
        """
        kept = read_config(self.config_file).model_dump(exclude_unset=True) if self.exists else {}
        return config_of(wishes, kept)

    def keep_wishes(self, wishes: Settings) -> None:
        """Write the wishes of this run into `project.toml`, so that the next run has them too.

        Raises:
            DiskError: it could not be written.
        """
        try:
            with reading(self.config_file):
                text = self.config_file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            text = ""
        document = _with_wishes(text, wishes, self.config_file)
        if document != text:
            write_durably(self.config_file, document.encode())

    def sweep(self) -> None:
        """Remove what a killed process left half written of the manuscript, the script and the records.

        Raises:
            DiskError: it cannot be removed.
        """
        with disk_errors(f"Tidying {self.folder}"):
            for folder in (self.folder, self.folder / "source", self.script_folder):
                for path in folder.glob(f".*{PART_SUFFIX}"):
                    path.unlink()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only process that works on this project. A killed holder frees it at once.

        Raises:
            ProjectLocked: another process holds it; it is named.
            DiskError: the project's folder cannot be written.
        """
        holder = self.folder / ".lock-holder"
        lock = FileLock(self.folder / ".lock")
        with disk_errors(f"Opening {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0.5, poll_interval=0.05)
            except Timeout as exc:
                raise ProjectLocked(
                    f"Another narrator is rendering {self.folder}: {_first_line(holder)}.",
                    advice="Wait for it, or stop it with Ctrl-C where it runs; then run the command again.",
                ) from exc
        try:
            since = datetime.now(tz=UTC).astimezone().isoformat(timespec="seconds")
            with suppress(OSError):  # the lock holds without it, and on a full disk people need `clean`
                holder.write_text(
                    f"process {os.getpid()} on {socket.gethostname()}, since {since}\n", encoding="utf-8"
                )
            yield
        finally:
            with suppress(OSError):
                holder.unlink(missing_ok=True)
            lock.release()


def open_project(folder: Path) -> Project:
    """A project by its folder.

    Raises:
        UsageError: it is none.
    """
    project = Project(folder)
    if folder.is_file():
        advice = f"To render it: narrator render {folder}"
        raise UsageError(f"{folder} is a file, not the folder of a project.", advice=advice)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", advice="Check the path; quote it if it has spaces.")
    if not project.exists:
        raise UsageError(
            f"{folder} is a folder, and no narrator project: it has no project.toml.",
            advice="Name a book's file, or the folder of a project.",
        )
    return project


def named_project(folder: Path, source: Path, data: bytes) -> Project:
    """The project that a person named for a manuscript; it need not exist yet.

    Raises:
        UsageError: it is of another book.
    """
    project = Project(folder)
    kept, origin = project.source, origin_of(source)
    is_stream = kept and kept.origin.startswith(_STREAM) and origin.startswith(_STREAM)
    if kept and kept.name != source.name and not is_stream and not project.is_of(origin, digest_of(data)):
        raise UsageError(
            f"{folder} is the project of another book, {kept.name}.",
            advice="Name another folder with --project, or leave it out.",
        )
    return project


def find_project(source: Path, data: bytes, projects: Path) -> Project:
    """The project of a manuscript, under `projects`; it need not exist yet.

    A book is known by its path or by its bytes, whatever its folder is called, and what comes on standard input
    by its title; another book of the same name gets `<slug>-2`.

    Raises:
        UsageError: a project's record of its source is damaged.
    """
    origin, sha256 = origin_of(source), digest_of(data)
    slug = slug_of(source.stem)
    project, number = Project(projects / slug), 1
    while project.source is not None:
        if project.is_of(origin, sha256):
            return project
        number += 1
        project = Project(projects / f"{slug}-{number}")
    for record in sorted(projects.glob(f"*/source/{_RECORD}")):
        renamed = Project(record.parent.parent)
        with suppress(UsageError):  # what is wrong with other books is not this one's trouble
            if renamed.exists and renamed.is_of(origin, sha256):
                return renamed
    return project


def read_source(path: Path) -> bytes:
    """The bytes of a manuscript.

    Raises:
        UsageError: it cannot be read.
    """
    if path.exists() and not path.is_file():
        raise UsageError(
            f"{path} is not a file that can be read again.", advice="Save the book as a file first."
        )
    try:
        with reading(path):
            return path.read_bytes()
    except FileNotFoundError as exc:
        raise UsageError(
            f"There is no file {path}.", advice="Check the path; quote it if it has spaces."
        ) from exc


def origin_of(path: Path) -> str:
    """Where a manuscript is from: its path, which for a copy of what came on standard input says nothing."""
    path = path.absolute()
    return f"{_STREAM}{path.stem}" if path.parent.name.startswith(STREAM_FOLDER) else str(path)


def slug_of(stem: str) -> str:
    """A file's stem as the name of a folder, on any system."""
    words = "".join(letter if letter.isalnum() else " " for letter in stem).lower().split()
    return sanitize_filename("-".join(words))[:80].rstrip("-") or "book"


def digest_of(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def config_of(wishes: Settings, kept: Mapping[str, Any] = MappingProxyType({})) -> Config:
    """What `project.toml` has, under the wishes of a run.

    Raises:
        ConfigError: a wish has mistakes.
    """
    return with_profile(check_config(_merged(kept, wishes), where="These options do not fit together"))


def _merged(kept: Mapping[str, Any], wishes: Settings) -> dict[str, Any]:
    merged: dict[str, Any] = {section: dict(values) for section, values in kept.items()}
    for key in _outdated(kept, wishes):
        merged["speech"].pop(key)
    for section, values in wishes.items():
        table = merged
        for name in section.split("."):
            inner = table.get(name)
            table[name] = dict(inner) if isinstance(inner, Mapping) else {}
            table = table[name]
        table.update(values)
    return merged


def _outdated(kept: Mapping[str, Any], wishes: Settings) -> list[str]:
    """The keys of [speech] that belong to the provider that was, where another is wished for."""
    speech = kept.get("speech", {})
    current = speech.get("provider", Speech().provider)
    if wishes.get("speech", {}).get("provider", current) == current:
        return []
    owned = ("model", "voice", "base_url", "key_variable", "options", "usd_per_million_characters")
    return [key for key in owned if key in speech]


def _with_wishes(text: str, wishes: Settings, path: Path) -> str:
    try:
        raw = tomllib.loads(text)
        document = tomlkit.parse(text)
        as_table = tomlkit.parse(text)
    except (TOMLKitError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(str(path), (f"this is not TOML: {exc}",)) from exc
    if not text:
        for line in _HEADER.splitlines():
            document.add(tomlkit.comment(line))
    wanted = _plain(_merged(raw, wishes))
    with suppress(ValueError):
        _put_in(document, wishes)
        written = tomlkit.dumps(document)
        if tomllib.loads(written) == wanted:
            return written
    # Inline tables and dotted keys have no room for a table: what is wished for makes tables of them.
    for name in {section.partition(".")[0] for section in wishes}.intersection(raw):
        del as_table[name]
        as_table.add(tomlkit.nl())
        as_table[name] = raw[name]
    _put_in(as_table, wishes)
    return tomlkit.dumps(as_table)


def _put_in(document: tomlkit.TOMLDocument, wishes: Settings) -> None:
    for key in _outdated(document, wishes):
        speech: Any = document["speech"]
        del speech[key]
    for section, values in wishes.items():
        table = _table(document, section)
        for key, value in values.items():
            plain = _plain(value)
            if table.get(key) != plain:
                table[key] = plain


def _plain(value: Any) -> Any:
    """A value as TOML has it."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [*map(_plain, value)] if isinstance(value, list | tuple) else value


def _table(document: tomlkit.TOMLDocument, section: str) -> Any:
    """The table 'cast.speakers' of a document, put in where there is none."""
    table: Any = document
    for name in section.split("."):
        if name not in table:
            if table is document:
                document.add(tomlkit.nl())
            table[name] = tomlkit.table()
        table = table[name]
    return table


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "it has just begun"
    except OSError:
        return "it has just begun"
