"""What an adapter makes of its settings: options parsed by name, every mistake at once."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping

from narrator.config import Speech
from narrator.errors import ConfigError

_LISTED = 20


def nearest(word: str, known: Collection[str]) -> str:
    """A hint for a word that is not known: the nearest known one, else what is known."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    if not known:
        return "there are none here"
    some = sorted(known)[:_LISTED]
    return f"known here: {', '.join(some)}" + (
        f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    )


def option_problems(options: Mapping[str, str], known: Mapping[str, Callable[[str], object]]) -> list[str]:
    """What is wrong with `options`: unknown names, and values that their parser refuses by a ValueError."""
    problems = []
    for name, value in options.items():
        if name not in known:
            problems.append(f"speech.options.{name}: there is no such option; {nearest(name, known)}")
            continue
        try:
            known[name](value)
        except ValueError as exc:
            problems.append(f"speech.options.{name}: {value!r} {exc}")
    return problems


def refuse_problems(speech: Speech, problems: list[str]) -> None:
    """End with all problems, if there are any.

    Raises:
        ConfigError: there are.
    """
    if problems:
        raise ConfigError(
            f"The settings of the provider {speech.provider!r}",
            tuple(problems),
            advice="Correct them in project.toml or on the command line.",
        )


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser of an option that has these values."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}")
        return value

    return parse


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """A parser of an option that is a whole number between the two."""

    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
            raise ValueError(f"is not a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def decimal_number(lowest: float, highest: float) -> Callable[[str], float]:
    """A parser of an option that is a number between the two, written with or without a point."""

    def parse(value: str) -> float:
        try:
            number = float(value) if value.isascii() and "_" not in value else math.nan
        except ValueError:
            number = math.nan
        if not lowest <= number <= highest:  # never true of what is not a number
            raise ValueError(f"is not a number from {lowest:g} to {highest:g}")
        return number

    return parse


def boolean(value: str) -> bool:
    """A parser of an option that is true or false."""
    return one_of("true", "false")(value) == "true"
