"""What was typed after `narrator jobs add`, as the table that `jobs.toml` gets."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from narrator.cli.options import key_and_value
from narrator.errors import UsageError
from narrator.wishes import Options

_FILES = ("manuscript", "project", "folder")
_ADDRESSES = ("feed", "page")
_AS_THEY_ARE = ("when", "timezone", "grace", "timeout", "retries")


def table_of(jobs_file: Path, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `narrator jobs add`, by name, as a job's table; the check of the file judges their values.

    Raises:
        UsageError: there is no source or more than one, or something else cannot be taken apart.
    """
    folder = Path(os.path.abspath(jobs_file)).parent  # noqa: PTH100 - as below
    after = {
        "copy_to": _inside(folder, typed["copy_to"]),
        "webhook": typed["webhook"],
        "command": _words(typed["command"]),
        "podcast": _podcast(folder, typed),
    }
    table = {
        "source": _source(folder, typed),
        **{key: typed[key] for key in _AS_THEY_ARE},
        "window": [*typed["window"]],
        "budget": {key: _number(value) for key, value in _pairs("--budget KEY=VALUE", typed["budget"])},
        "render": _render(folder, typed["render"]),
        "template": _inside(folder, typed["template"]),
        "allow_private_addresses": typed["allow_private_addresses"] or None,
        "after": _said(after),
    }
    return _said(table)


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value not in ([], {})}


def _source(folder: Path, typed: Mapping[str, Any]) -> dict[str, Any]:
    named = [kind for kind in (*_FILES, *_ADDRESSES) if typed[kind] is not None]
    if len(named) != 1:
        ways = ", ".join(f"--{kind}" for kind in (*_FILES, *_ADDRESSES))
        here = " and ".join(f"--{kind}" for kind in named) or "none"
        raise UsageError(f"A job has one source, and here is {here}.", advice=f"Give one of {ways}.")
    (kind,) = named
    place = _inside(folder, typed[kind]) if kind in _FILES else typed[kind]
    return _said({kind: place, "newest": typed["newest"]})


def _podcast(folder: Path, typed: Mapping[str, Any]) -> dict[str, Any]:
    if (typed["podcast"] is None) != (typed["podcast_url"] is None):
        raise UsageError(
            "A podcast has a folder here, and an address on the web.",
            advice="Give --podcast and --podcast-url.",
        )
    return _said({"folder": _inside(folder, typed["podcast"]), "base_url": typed["podcast_url"]})


def _inside(folder: Path, typed: str | None) -> str | None:
    """A path as the file has it: relative to `folder` where it is inside, which may be moved; else absolute."""
    if not typed or typed.startswith("~"):
        return typed
    path = Path(os.path.abspath(typed))  # noqa: PTH100 - takes '..' out, and follows no link
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _words(typed: str | None) -> list[str] | None:
    if typed is None:
        return None
    try:
        return shlex.split(typed)
    except ValueError as exc:
        advice = "Close each quote, as in a shell."
        raise UsageError(f"--command {typed} cannot be taken apart: {exc}.", advice=advice) from exc


def _pairs(flag: str, typed: Iterable[str]) -> list[tuple[str, str]]:
    return [key_and_value(flag, each) for each in typed]


def _number(typed: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(typed)
        except ValueError:
            continue
    return typed


def _render(folder: Path, typed: Iterable[str]) -> dict[str, Any]:
    """Options by their names; SECTION.KEY is any other setting, and options.KEY an option of the provider."""
    kinds = get_type_hints(Options)
    render: dict[str, Any] = {}
    for key, value in _pairs("--render KEY=VALUE", typed):
        section, dot, rest = key.partition(".")
        if dot and section == "options":
            render.setdefault("options", {})[rest] = value
        elif dot:
            render.setdefault("settings", {})[key] = value
        elif key in ("output", "cover"):
            render[key] = value if (key, value) == ("cover", "none") else _inside(folder, value)
        else:
            render[key] = _typed(value, get_args(kinds.get(key)) or (kinds.get(key),))
    return render


def _typed(value: str, kinds: Iterable[Any]) -> object:
    """A value as its option has it; one that is not so is left to the check of all options."""
    if bool in kinds and value in {"true", "false"}:
        return value == "true"
    if int in kinds or float in kinds:
        return _number(value)
    is_list = any(get_origin(kind) is Sequence for kind in kinds)
    return [part.strip() for part in value.split(",")] if is_list else value
