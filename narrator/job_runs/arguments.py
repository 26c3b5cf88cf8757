"""Options by their names as the arguments of `narrator render`, for renders that another process does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomlkit

from narrator.errors import ConfigError, UsageError
from narrator.project import config_of
from narrator.providers.catalog import listings
from narrator.providers.settings import nearest
from narrator.wishes import Options, wishes_of

_FLAGS = ("one_file", "replan", "allow_gaps")
_LISTS = frozenset({"formats", "extras", "authors"})
_TEXTS = frozenset({"chapters", "part", "date"})
_TABLES = ("options", "settings")
_OF_THE_JOB = ("projects", "project", "text")
"""What is not for a job to say: it has its place for projects, and a script is of one book."""

OPTION_NAMES = tuple(name for name in Options.__annotations__ if name not in _OF_THE_JOB)


def arguments_of(options: Mapping[str, Any]) -> list[str]:
    """The arguments that say the same as these options, by the names of `narrator.wishes.Options`."""
    return [argument for name, value in _as_meant(options).items() for argument in _arguments(name, value)]


def _as_meant(options: Mapping[str, Any]) -> dict[str, Any]:
    """Lists that were written as on the command line, 'mp3,m4b', as lists, and numbers of chapters as text."""
    meant = dict(options)
    for name in _LISTS & options.keys():
        if isinstance(options[name], str):
            meant[name] = [each.strip() for each in options[name].split(",") if each.strip()]
    for name in _TEXTS & options.keys():
        if isinstance(options[name], int) and not isinstance(options[name], bool):
            meant[name] = str(options[name])
    return meant


def _arguments(name: str, value: Any) -> Iterator[str]:
    if name in _FLAGS:
        yield from [_flag(name)] * bool(value)
    elif name in _TABLES:
        for key, each in value.items():
            yield f"--{'option' if name == 'options' else 'set'}={key}={_literal(each)}"
    elif name == "authors":
        yield from (f"--author={each}" for each in value)
    elif name in ("formats", "extras"):
        yield f"--{name.removesuffix('s') if name == 'formats' else name}={','.join(value)}"
    elif value is not None:
        yield f"{_flag(name)}={value}"


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _literal(value: Any) -> str:
    """A value as --set takes it: a text as it is, all else as TOML."""
    return value if isinstance(value, str) else tomlkit.item(value).as_string()


def problems_of(options: Mapping[str, Any]) -> Sequence[str]:
    """What is wrong with options that a job gives to its renders, a line each, by their keys."""
    problems = [
        f"{name}: there is no such option; there are: {', '.join(OPTION_NAMES)}"
        for name in options
        if name not in OPTION_NAMES
    ]
    no_tables = [
        name for name in _TABLES if options.get(name) is not None and not isinstance(options[name], Mapping)
    ]
    problems += [f"{name}: must be a table" for name in no_tables]
    rest = {name: value for name, value in options.items() if name in OPTION_NAMES and name not in no_tables}
    return [*problems, *_problems_of_values(rest)]


def _problems_of_values(options: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with what known options say."""
    try:
        config = config_of(wishes_of(**_as_meant(options)).all_settings)
    except ConfigError as exc:
        yield from exc.problems
    except (UsageError, TypeError, ValueError, AttributeError) as exc:
        yield str(exc).replace("\n", " ")
    else:
        names = [listing.name for listing in listings()]
        if config.speech.provider not in names:
            yield f"provider: there is none of that name; {nearest(config.speech.provider, names)}"
