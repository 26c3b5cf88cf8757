"""What a person wishes of a render, by the names that the command line and the Python functions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

from narrator.errors import UsageError

Settings = Mapping[str, Mapping[str, Any]]
"""Wishes over `project.toml`: section to key to value."""


class Options(TypedDict, total=False):
    """All options; those left out, None or empty wish for nothing. The help of the commands explains each."""

    projects: str | Path | None
    project: str | Path | None
    output: str | Path | None
    provider: str | None
    voice: str | None
    model: str | None
    base_url: str | None
    options: Mapping[str, str] | None
    language: str | None
    speed: float | None
    strategy: str | None
    max_chars: int | None
    concurrency: int | None
    rate: str | None
    formats: Sequence[str] | None
    replan: bool
    allow_gaps: bool


_SETTINGS = {
    "provider": ("speech", "provider"),
    "voice": ("speech", "voice"),
    "model": ("speech", "model"),
    "base_url": ("speech", "base_url"),
    "options": ("speech", "options"),
    "speed": ("speech", "speed"),
    "language": ("book", "language"),
    "strategy": ("cutting", "strategy"),
    "max_chars": ("cutting", "max_chars"),
    "concurrency": ("rendering", "concurrency"),
    "rate": ("rendering", "rate"),
    "formats": ("delivery", "formats"),
    "output": ("delivery", "output"),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where projects live, and settings, which the project keeps.

    `replan` and `allow_gaps` are for this run alone.
    """

    projects: Path = Path("projects")
    project: Path | None = None
    settings: Settings = field(default_factory=dict)
    replan: bool = False
    allow_gaps: bool = False


def wishes_of(**options: Unpack[Options]) -> Wishes:
    """Options to wishes.

    Raises:
        UsageError: there is no such option, or a path cannot be one.
    """
    if unknown := sorted(set(options) - set(Options.__annotations__)):
        raise UsageError(
            f"There is no option {unknown[0]!r}.", advice=f"There are: {', '.join(Options.__annotations__)}."
        )
    settings: dict[str, dict[str, Any]] = {}
    for name, (section, key) in _SETTINGS.items():
        value = options.get(name)
        if value is not None and value != "":
            settings.setdefault(section, {})[key] = _plain(name, value)
    projects, project = options.get("projects"), options.get("project")
    return Wishes(
        projects=_path(projects or "projects"),
        project=_path(project) if project else None,
        settings=settings,
        replan=options.get("replan", False),
        allow_gaps=options.get("allow_gaps", False),
    )


def _plain(name: str, value: object) -> object:
    """A value as `project.toml` has it."""
    if name == "output":
        # A path typed at the prompt is relative to where it is typed; one in project.toml, to the project.
        return str(_path(str(value)).absolute())
    if name == "speed":
        try:
            return float(str(value))
        except ValueError:
            return value  # the check of all settings says what is wrong with it
    return tuple(value) if isinstance(value, list) else value


def _path(written: str | Path) -> Path:
    if "\0" in str(written):
        raise UsageError(f"{str(written)!r} has a NUL, which no path has.", advice="Name another folder.")
    try:
        return Path(written).expanduser()
    except RuntimeError as exc:
        advice = "Check the name after ~, or write the path in full."
        raise UsageError(f"{written}: there is no such person's folder here.", advice=advice) from exc
