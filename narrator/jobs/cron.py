"""Crontab's five fields: which times they mean on a clock, and which moments these are.

The fields are those of Debian's crontab(5): numbers, names, ranges, lists and steps. Where neither the day of
the month nor the weekday begins with '*', a day is meant by either of them, otherwise only by both. On a day on
which the clock is changed, hours that begin with '*' are those that it shows: a missing one is left out, and
one that comes twice comes twice. An hour that is named comes once (cron(8), on daylight saving time).

APScheduler's CronTrigger finds the days. It is asked in UTC, as in a calendar without clock changes, and with
plain numbers: its weekdays begin with Monday, and some of what it understands no crontab does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from narrator.errors import UsageError
from narrator.jobs.wall_clock import meant, midnight, shown

_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_VALUE = "[0-9]{1,2}|[a-z]{3}"
_PART = re.compile(rf"(?:\*|(?P<first>{_VALUE})(?:-(?P<last>{_VALUE}))?)(?:/(?P<step>[0-9]{{1,2}}))?")
_SHOWN = 40
_DAY = timedelta(days=1)
_CALENDAR = timedelta(days=400 * 366)
"""After 400 years the Gregorian calendar begins anew, weekdays too."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the five: what it is called, what may stand there, and what its names stand for."""

    name: str
    least: int
    most: int
    example: str
    names: Mapping[str, int] = field(default_factory=dict)


_FIELDS = (
    _Field("minute", 0, 59, "'30', '0,30', '*/15'"),
    _Field("hour", 0, 23, "'7', '1-5', '*/2'"),
    _Field("day of the month", 1, 31, "'1', '1,15', '*'"),
    _Field("month", 1, 12, "'12', 'jan', 'jun-aug'", {name: at for at, name in enumerate(_MONTHS, 1)}),
    _Field(
        "weekday", 0, 7, "'0' or '7' or 'sun', 'mon-fri', '*'", {name: at for at, name in enumerate(_WEEKDAYS)}
    ),
)


@dataclass(frozen=True, slots=True)
class _Line:
    """`times` are those of a day, from midnight; `days` find days, each some of them."""

    times: tuple[timedelta, ...]
    is_as_shown: bool
    days: tuple[CronTrigger, ...]


def check_cron(expression: str) -> str:
    """The five fields of an expression as they are used, '@daily' and its like written out.

    Raises:
        UsageError: it is none, naming the field and what may stand there, or it means a day that never comes.
    """
    fields = _fields(expression)
    if next(_days(_line(fields), date(2000, 1, 1)), None) is None:
        raise UsageError(
            f"{_shortened(expression)} means a day that never comes.",
            advice="The third field is the day of the month, and the fourth the month.",
        )
    return " ".join(fields)


def occurrences(expression: str, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments in (after, until] that an expression means on a zone's clock: in UTC, in order, each once.

    Raises:
        UsageError: the expression is none.
    """
    line = _line(_fields(expression))
    # A day's times may come a day later, where the zone left out that day, and after those of the next day.
    first, last = shown(after, zone).date() - _DAY, shown(until, zone).date() + _DAY
    held: set[datetime] = set()
    for day in _days(line, first):
        if day > last:
            break
        known = meant(midnight(day), zone) - _DAY
        yield from sorted(moment for moment in held if moment < known)
        held = {moment for moment in held if moment >= known}
        held.update(moment for moment in _moments(line, zone, day) if after < moment <= until)
    yield from sorted(held)


def next_occurrence(expression: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first moment after `after`, in UTC; None where the day never comes.

    Raises:
        UsageError: the expression is none.
    """
    return next(occurrences(expression, zone, after, after + _CALENDAR), None)


def _moments(line: _Line, zone: ZoneInfo, day: date) -> Iterator[datetime]:
    start = midnight(day)
    begins, ends = meant(start, zone), (start + _DAY).replace(tzinfo=zone, fold=1).astimezone(UTC)
    if ends - begins == _DAY:  # the clock is not changed, not even back over midnight
        return (begins + time for time in line.times)
    walls = (start + time for time in line.times)
    if not line.is_as_shown:
        return (meant(wall, zone) for wall in walls)
    both = (wall.replace(tzinfo=zone, fold=fold) for wall in walls for fold in (0, 1))
    return (moment for wall in both if shown(moment := wall.astimezone(UTC), zone) == wall.replace(tzinfo=None))


def _days(line: _Line, first: date) -> Iterator[date]:
    after = midnight(first).replace(tzinfo=UTC)
    while True:
        found = [day for trigger in line.days if (day := trigger.get_next_fire_time(None, after)) is not None]
        if not found:
            return
        yield min(found).date()
        after = min(found) + _DAY


# --- reading an expression --------------------------------------------------------------------------


def _fields(expression: str) -> tuple[str, ...]:
    text = expression.strip().lower()
    fields = tuple(_ALIASES.get(text, text).split())
    if len(fields) != len(_FIELDS):
        raise UsageError(
            f"{_shortened(expression)} is no line of a crontab: that has five fields, as in '0 7 * * mon-fri'.",
            advice=f"Write {', '.join(kind.name for kind in _FIELDS)}; or one of {', '.join(_ALIASES)}.",
        )
    return fields


@lru_cache(maxsize=256)
def _line(fields: tuple[str, ...]) -> _Line:
    minutes, hours, days, months, weekdays = (
        _numbers(text, kind) for text, kind in zip(fields, _FIELDS, strict=True)
    )
    of_month = {"month": _listed(months, 12), "day": _listed(days, 31)}
    # Monday is 0 for APScheduler; Sunday is 0 and 7 in a crontab.
    of_week = of_month | {"day": "*", "day_of_week": _listed({(weekday - 1) % 7 for weekday in weekdays}, 7)}
    is_either = not fields[2].startswith("*") and not fields[4].startswith("*")
    return _Line(
        times=tuple(
            timedelta(hours=hour, minutes=minute) for hour in sorted(hours) for minute in sorted(minutes)
        ),
        is_as_shown=fields[1].startswith("*"),
        days=(_trigger(of_month), _trigger(of_week)) if is_either else (_trigger(of_week | of_month),),
    )


def _trigger(fields: Mapping[str, str]) -> CronTrigger:
    return CronTrigger(**fields, year="*", hour=0, minute=0, second=0, timezone=UTC)


def _listed(numbers: set[int], of: int) -> str:
    return "*" if len(numbers) == of else ",".join(map(str, sorted(numbers)))


def _numbers(text: str, kind: _Field) -> set[int]:
    return {number for part in text.split(",") for number in _range(part, kind)}


def _range(part: str, kind: _Field) -> range:
    match = _PART.fullmatch(part)
    if match is None:
        raise _wrong(part, kind)
    low, high = _ends(match["first"], match["last"], kind, part)
    if match["first"] and match["step"] and not match["last"]:
        raise _wrong(part, kind, f"a step needs a range, '{low}-{kind.most}/{match['step']}'")
    if low > high:
        raise _wrong(part, kind, "a range begins with what is less")
    step = int(match["step"] or 1)
    if not 1 <= step <= kind.most:
        raise _wrong(part, kind, f"a step is 1-{kind.most}")
    return range(low, high + 1, step)


def _ends(first: str | None, last: str | None, kind: _Field, part: str) -> tuple[int, int]:
    if first is None:
        return kind.least, kind.most
    low = _number(first, kind, part)
    if last is None:
        return low, low
    high = _number(last, kind, part)
    return low, 7 if last == "sun" else high


def _number(text: str, kind: _Field, part: str) -> int:
    number = kind.names.get(text) if text.isalpha() else int(text)
    if number is None or not kind.least <= number <= kind.most:
        raise _wrong(part, kind)
    return number


def _wrong(part: str, kind: _Field, why: str = "") -> UsageError:
    usual = f"{kind.least}-{kind.most}, such as {kind.example}"
    return UsageError(
        f"{_shortened(part)} is no {kind.name} of a crontab: {why or f'it is {usual}'}.",
        advice=f"The {kind.name} is {usual}." if why else "",
    )


def _shortened(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
