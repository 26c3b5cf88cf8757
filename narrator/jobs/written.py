"""How times, hours, zones, addresses and paths are written in `jobs.toml`, and what is meant.

What is not written so is a ValueError whose message says how it is; addresses are never repeated in it, since
they may hold secrets.
"""

from __future__ import annotations

import difflib
import os
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from narrator.errors import UsageError
from narrator.jobs.job import Cron, Every, Once, OnChange, Span, When

_DURATION = re.compile(r"(?:(\d{1,5})d)? ?(?:(\d{1,6})h)? ?(?:(\d{1,7})m)? ?(?:(\d{1,9})s)?", re.ASCII)
_UNITS_S = (86_400, 3_600, 60, 1)
_LONGEST_S = 3_660 * 86_400  # ten years: what is added to a date stays one

_TIME = re.compile(r"[12]\d{3}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( ?(Z|[+-]\d\d:\d\d))?", re.ASCII)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?:(?P<days>[a-z, -]+?)\s+)?(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)", re.ASCII)
_MINUTES = 24 * 60

_WAYS = "five fields ('0 7 * * mon-fri'), '@daily', 'every 15m', 'once 2026-12-01 02:00' or 'on change'"


def duration_s(written: str) -> float:
    """'90s', '15m', '1h30m' or '2d' in seconds."""
    match = _DURATION.fullmatch(written.strip())
    counts = match.groups() if match else ()
    if not any(counts):
        raise ValueError(f"{_shown(written)} is not how long: write it as in '90s', '15m', '1h30m' or '2d'")
    seconds = sum(int(count or 0) * unit for count, unit in zip(counts, _UNITS_S, strict=True))
    if seconds > _LONGEST_S:
        raise ValueError(f"{_shown(written)} is more than ten years")
    return float(seconds)


def when_of(written: str, zone: str) -> When:
    """When a job runs; a time without an offset is on the clock of `zone`."""
    first, _, rest = " ".join(written.split()).partition(" ")
    match first.lower(), rest.lower():
        case "on", "change":
            return OnChange()
        case "every", _:
            if not (seconds := duration_s(rest)):
                raise ValueError(f"{_shown(written)} is no time between runs: write it as in 'every 15m'")
            return Every(seconds)
        case "once", _:
            return Once(_time(rest, zone))
        case _:
            return Cron(_cron(f"{first} {rest}".strip()))


def _time(written: str, zone: str) -> datetime:
    try:
        # An hour that daylight saving skips is by the offset before it; of one that comes twice, the first.
        at = datetime.fromisoformat(written.replace(" +", "+").replace(" -", "-").replace(" Z", "Z"))
    except ValueError:
        at = None
    if at is None or not _TIME.fullmatch(written):
        raise ValueError(f"{_shown(written)} is no time: write it as in 'once 2026-12-01 02:00'")
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


def _cron(expression: str) -> str:
    from narrator.jobs.cron import check_cron  # noqa: PLC0415 - brings APScheduler, for those who need it

    if not expression.startswith("@") and len(expression.split()) != len("mhDMw"):
        raise ValueError(f"{_shown(expression)} is no time: write {_WAYS}")
    try:
        check_cron(expression)
    except UsageError as exc:
        raise ValueError(f"{exc.what} {exc.advice}".strip()) from exc
    return expression


def span_of(written: str) -> Span:
    """'22:00-06:00', 'mon-fri 22:00-06:00' or 'sat,sun 00:00-24:00'; names of days begin with three letters."""
    match = _SPAN.fullmatch(written.strip().lower())
    if not match:
        raise ValueError(
            f"{_shown(written)} are no hours: write them as in '01:00-06:00' or 'sat-sun 00:00-24:00'"
        )
    begins, ends = (_minute(match[hour], match[hour + 1], written) for hour in (2, 4))
    if begins == _MINUTES:
        raise ValueError(f"{_shown(written)} begins at 24:00: write 00:00 and the next day")
    return Span(begins, ends, _weekdays(match["days"]))


def _minute(hours: str, minutes: str, written: str) -> int:
    minute = int(hours) * 60 + int(minutes)
    if minute > _MINUTES or int(minutes) >= 60:
        raise ValueError(f"{_shown(written)}: there is no {hours}:{minutes}")
    return minute


def _weekdays(written: str | None) -> frozenset[int]:
    if written is None:
        return frozenset(range(7))
    days: set[int] = set()
    for part in written.split(","):
        first, _, last = (name.strip() for name in part.partition("-"))
        begins, ends = _weekday(first), _weekday(last or first)
        days.update((begins + more) % 7 for more in range((ends - begins) % 7 + 1))
    return frozenset(days)


def _weekday(name: str) -> int:
    if name[:3] not in _DAYS:
        raise ValueError(f"{name!r} is no day: {', '.join(_DAYS)}")
    return _DAYS.index(name[:3])


_ABBREVIATION = 5


def zone_of(written: str) -> str:
    """The name of a time zone, as IANA has it."""
    try:
        return ZoneInfo(written).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:  # a folder of zones is an OSError
        name = written[:60].replace(" ", "_")
        # 'CEST' is a part of a zone's year, and no zone is near it but by its letters.
        is_short = len(name) <= _ABBREVIATION and name.isupper()
        near = [] if is_short else difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "a zone is a place, such as 'Europe/Berlin', or 'UTC'"
        raise ValueError(f"there is no time zone {_shown(written)}; {hint}") from exc


def local_zone() -> str:
    """The time zone of this machine."""
    from tzlocal import get_localzone_name  # noqa: PLC0415 - for jobs files that name none

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong in other settings of the system is not ours to say
            name = get_localzone_name()
        if not name and not time.timezone and not time.daylight:  # a container without any setting
            return "UTC"
        return zone_of(name or "")
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ValueError("the zone of this machine has no name; write one, as in 'Europe/Berlin'") from exc


def address_of(written: str) -> str:
    """An address of the web."""
    try:
        parts = urlsplit(written)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or re.search(r"[\s\x00-\x1f\x7f]", written):
        raise ValueError("must be an address of the web: https:// and a host")
    return written


def public_folder_of(written: str) -> str:
    """The address of a folder that everybody may read."""
    parts = urlsplit(address_of(written))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "must be without a name, a password, '?' and '#': all who read the feed would see them"
        )
    return written


def path_of(written: str, folder: Path) -> Path:
    """An absolute path without '..'; a relative one is from `folder` on, and '~' is the person's own folder."""
    if not written or "\0" in written:
        raise ValueError(f"{_shown(written)} is no path")
    try:
        # By its words alone: names are taken from its end, also where a link leads elsewhere.
        return Path(os.path.abspath(folder / Path(written).expanduser()))  # noqa: PTH100 - resolve() follows links
    except RuntimeError as exc:
        raise ValueError(f"{_shown(written)}: there is no such person's folder here") from exc


def folder_of(path: Path) -> Path:
    """A folder that is there, or that can be made where it is not."""
    with _looking():
        if not next(each for each in (path, *path.parents) if each.exists()).is_dir():
            raise ValueError("is in the place of a file, or inside one: name a folder")
    return path


def file_of(path: Path) -> Path:
    """A file that is there."""
    with _looking():
        if not path.is_file():
            raise ValueError("there is no such file")
    return path


@contextmanager
def _looking() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise ValueError(f"cannot be looked at: {exc.strerror or exc}") from exc


def title_of(written: str) -> str:
    """A title that can be read; '' is none."""
    if written and not _is_read(written):
        raise ValueError("must not be blank")
    return written


def category_of(written: str) -> str:
    """A category of podcasts, or one within another; '' is none."""
    if written and not all(map(_is_read, written.split(">", maxsplit=1))):
        raise ValueError("write 'Arts', or 'Arts > Books' for one within another")
    return written


def _is_read(written: str) -> bool:
    return any(each.isprintable() and not each.isspace() for each in written)


def _shown(written: str) -> str:
    return repr(written if len(written) <= 60 else f"{written[:60]}…")
