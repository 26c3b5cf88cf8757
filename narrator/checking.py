"""Checking sound files of any origin: measured as they are decoded, and held against a profile's limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from narrator.config import read_config
from narrator.durable import reading
from narrator.errors import ExitCode, NarratorError, UsageError
from narrator.mastering.conformance import Verdict, held_against, held_together
from narrator.mastering.figures import figures_of
from narrator.model import AudioFigures
from narrator.profiles import profile_of
from narrator.project import open_project
from narrator.sections import Limits, Profile

_AT_ONCE = 2

_Watch = Callable[[Path, float], None]

_SUFFIXES = {
    *(".aac", ".ac3", ".aif", ".aifc", ".aiff", ".ape", ".au", ".caf", ".flac", ".m4a", ".m4b", ".mka", ".mp2"),
    *(".mp3", ".mp4", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav", ".wave", ".webm", ".wma", ".wv"),
}
"""What of a folder is looked at; a file that is named is decoded whatever it is called."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file, what it measures, each figure beside its limit; or why it could not be measured."""

    path: Path
    figures: AudioFigures | None = None
    verdicts: tuple[Verdict, ...] = ()
    error: NarratorError | None = None

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode(self.error.exit_code) if self.error else exit_code_of(self.verdicts)


@dataclass(frozen=True, slots=True)
class Demand:
    """What files are held against: the limits of the profile of this name; '' demands nothing."""

    profile: str
    limits: Limits

    def together(self, checked: Sequence[Checked]) -> tuple[Verdict, ...]:
        """What the profile demands of all files of a book together."""
        return held_together([each.figures for each in checked if each.figures], self.limits)


def exit_code_of(verdicts: Sequence[Verdict]) -> ExitCode:
    failed = any(verdict.passed is False for verdict in verdicts)
    return ExitCode.NONCONFORMING if failed else ExitCode.DONE


def demand_of(profile: str, project: Path | None) -> Demand:
    """The demand of a profile by its name: a built-in one, or one of a project's own.

    Where no profile is named it is the one that the project's files are made for, if any.

    Raises:
        UsageError: there is no such profile or project, or its `project.toml` has mistakes.
    """
    own: dict[str, Profile] = {}
    if project:
        config = read_config(open_project(project).config_file)
        own = dict(config.profiles)
        profile = profile or config.delivery.profile
    return Demand(profile, profile_of(profile, own).limits if profile else Limits())


def files_among(named: Sequence[Path]) -> list[Path]:
    """The files that are named, and those in the folders that are and inside of these, by their names.

    Raises:
        UsageError: a folder cannot be read, or there is no sound file in it.
    """
    found: list[Path] = []
    for path in named:
        found += _files_in(path) if _is_folder(path) else [path]
    return found


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # told when it is to be measured
        return False


def _files_in(folder: Path) -> list[Path]:
    with reading(folder):
        files = sorted(
            path
            for path in folder.rglob("*")
            if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
    if not files:
        raise UsageError(f"There is no sound file in {folder}.", advice="Name the files, or another folder.")
    return files


def check(files: Sequence[Path], demand: Demand, watch: _Watch) -> Generator[Checked]:
    """Measure files, two at a time, and yield them in their order. One that cannot be read stops no other.

    `watch` is told, on other threads, how much of a file is behind, from 0 to 1. What is not measured yet when
    the generator is closed is left.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="check") as pool:
        try:
            yield from pool.map(partial(_checked, demand=demand, stop=stop, watch=watch), files)
        finally:
            stop.set()


def _checked(path: Path, *, demand: Demand, stop: threading.Event, watch: _Watch) -> Checked:
    try:
        figures = figures_of(path, stop.is_set, partial(watch, path))
    except NarratorError as exc:
        return Checked(path, error=exc)
    return Checked(path, figures, held_against(figures, demand.limits))
