"""What a clock on the wall shows, and when: all that is known of hours that are missing or come twice."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a zone's clock shows at an aware moment: a time without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def midnight(day: date) -> datetime:
    """The beginning of a day as a clock shows it."""
    return datetime.combine(day, time())


def meant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, that a person means by a time on a zone's clock.

    Of a time that comes twice it is the first. A time that is missing is counted from the last one before it
    that there is: 02:30 is 03:30 where two o'clock is followed by three (PEP 495, `fold=0`).
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def reached(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which a zone's clock first shows this whole second or a later one.

    It differs from `meant` for times that are missing: all of them are reached when the clock is put forward,
    so that what is earlier on the clock is never later in truth.
    """
    moment = meant(wall, zone)
    if shown(moment, zone) == wall:
        return moment
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    seconds = range(int((moment - before).total_seconds()))
    return before + timedelta(
        seconds=bisect_left(seconds, 1, key=lambda s: shown(before + timedelta(seconds=s), zone) >= wall)
    )
