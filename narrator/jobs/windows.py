"""The hours in which a job may work.

A window opens and closes when its zone's clock first reaches the times that it names, so that nothing is left
of one whose hours are missing where the clock is put forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from narrator.jobs.job import Span
from narrator.jobs.wall_clock import midnight, reached, shown

_Hours = tuple[datetime, datetime]

_AHEAD_DAYS = 16
"""What is open once a week is open within so many days, also where a zone left out that day."""


def opening(window: tuple[Span, ...], zone: ZoneInfo, at: datetime) -> datetime:
    """`at` itself where the window is open, otherwise the next moment at which it opens; in UTC.

    () is open always.

    Raises:
        ValueError: no span of it has a weekday.
    """
    at = at.astimezone(UTC)
    if not window:
        return at
    for begins, ends in _hours(window, zone, at):
        if at < ends:
            return max(at, begins)
    raise ValueError(f"a window without weekdays never opens: {window}")


def closing(window: tuple[Span, ...], zone: ZoneInfo, at: datetime) -> datetime | None:
    """When what is open at `at` closes, in UTC, spans that meet taken as one; None for never.

    Where it is closed at `at`, that is `at`.
    """
    if not window:
        return None
    at = closes = at.astimezone(UTC)
    for begins, ends in _hours(window, zone, at):
        if begins > closes:
            return closes
        closes = max(closes, ends)
    return None


def _hours(window: tuple[Span, ...], zone: ZoneInfo, at: datetime) -> Iterator[_Hours]:
    """What is open around and after `at`, by its beginning, in UTC."""
    # A span is at most a day long, so it cannot have begun before yesterday.
    first = shown(at, zone).date() - timedelta(days=1)
    for number in range(_AHEAD_DAYS):
        start = midnight(first + timedelta(days=number))
        yield from sorted(
            hours
            for span in window
            if start.weekday() in span.weekdays
            for hours in [_of(span, start, zone)]
            if hours[0] < hours[1]
        )


def _of(span: Span, start: datetime, zone: ZoneInfo) -> _Hours:
    days = timedelta(days=1 if span.ends_minute <= span.begins_minute else 0)
    begins = start + timedelta(minutes=span.begins_minute)
    ends = start + timedelta(minutes=span.ends_minute) + days
    return reached(begins, zone), reached(ends, zone)
