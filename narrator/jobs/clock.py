"""What time it is for jobs: this machine's, or one that a person named to see what would be due then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that goes as this machine's does, `shift` ahead of it."""

    shift: timedelta = timedelta()

    @classmethod
    def at(cls, moment: datetime) -> Clock:
        """A clock that shows this aware moment now."""
        return cls(moment - datetime.now(UTC))

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC) + self.shift


def local_words(moment: datetime, zone: tzinfo | None) -> str:
    """A moment as people there read it, '2026-03-29 03:30 +02:00'; None is this machine's zone."""
    there = moment.astimezone(zone)
    return f"{there:%Y-%m-%d %H:%M} {there.isoformat()[-6:]}"
