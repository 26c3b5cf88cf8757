from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.errors import UsageError
from narrator.jobs.cron import check_cron, next_occurrence, occurrences

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
APIA = ZoneInfo("Pacific/Apia")


def on_the_clock(expression: str, zone: ZoneInfo, begin: str, hours: float) -> list[str]:
    """The times after a moment, as the zone's clock shows them, with their offset."""
    after = datetime.fromisoformat(begin).replace(tzinfo=zone) - timedelta(seconds=1)
    until = after.astimezone(UTC) + timedelta(hours=hours)
    found = list(occurrences(expression, zone, after, until))
    assert all(moment.tzinfo is UTC for moment in found)
    return [moment.astimezone(zone).strftime("%d %H:%M%z") for moment in found]


@pytest.mark.parametrize(
    ("expression", "zone", "day", "expected"),
    [
        ("30 2 * * *", BERLIN, "2026-03-29", ["29 03:30+0200"]),
        ("30 2 * * *", BERLIN, "2026-10-25", ["25 02:30+0200"]),
        ("0,30 2,3 * * *", BERLIN, "2026-03-29", ["29 03:00+0200", "29 03:30+0200"]),
        ("15 2 * * *", NEW_YORK, "2026-03-08", ["08 03:15-0400"]),
        ("15 1 * * *", NEW_YORK, "2026-11-01", ["01 01:15-0400"]),
        ("10 2 * * *", LORD_HOWE, "2026-10-04", ["04 02:40+1100"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-05", ["05 01:45+1100"]),
    ],
)
def test_an_hour_that_is_named_comes_once_when_the_clock_is_changed(
    expression: str, zone: ZoneInfo, day: str, expected: list[str]
) -> None:
    assert on_the_clock(expression, zone, day, 12) == expected


@pytest.mark.parametrize(
    ("expression", "zone", "begin", "hours", "expected"),
    [
        ("0 * * * *", BERLIN, "2026-03-29T01:00", 3, ["29 01:00+0100", "29 03:00+0200", "29 04:00+0200"]),
        ("0 * * * *", BERLIN, "2026-10-25T02:00", 3, ["25 02:00+0200", "25 02:00+0100", "25 03:00+0100"]),
        ("0 */2 * * *", BERLIN, "2026-03-29T00:00", 4, ["29 00:00+0100", "29 04:00+0200"]),
        (
            "*/15 * * * *",
            LORD_HOWE,
            "2026-10-04T01:45",
            0.75,
            ["04 01:45+1030", "04 02:30+1100", "04 02:45+1100"],
        ),
        (
            "*/15 * * * *",
            LORD_HOWE,
            "2026-04-05T01:30",
            1.25,
            ["05 01:30+1100", "05 01:45+1100", "05 01:30+1030", "05 01:45+1030", "05 02:00+1030"],
        ),
    ],
)
def test_an_hour_that_is_not_named_follows_the_clock(
    expression: str, zone: ZoneInfo, begin: str, hours: float, expected: list[str]
) -> None:
    assert on_the_clock(expression, zone, begin, hours) == expected


def test_what_falls_on_a_day_that_was_left_out_comes_a_day_later_and_once() -> None:
    # Samoa had no 30 December 2011: a Friday.
    assert on_the_clock("0 7 * * *", APIA, "2011-12-29", 47) == ["29 07:00-1000", "31 07:00+1400"]
    assert on_the_clock("0 7 * * fri", APIA, "2011-12-29", 47) == ["31 07:00+1400"]
    assert on_the_clock("0 */12 * * fri", APIA, "2011-12-29", 47) == []


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 0 * * 0", ["01", "08", "15", "22"]),
        ("0 0 * * 7", ["01", "08", "15", "22"]),
        ("0 0 * * sun", ["01", "08", "15", "22"]),
        ("0 0 * * 1-2", ["02", "03", "09", "10", "16", "17", "23", "24"]),
        ("0 0 * * Sat-Sun", ["01", "07", "08", "14", "15", "21", "22", "28"]),
        ("0 0 * FEB 5-7/2", ["01", "06", "08", "13", "15", "20", "22", "27"]),
        ("0 0 13 * fri", ["06", "13", "20", "27"]),  # either of them
        ("0 0 3 * fri", ["03", "06", "13", "20", "27"]),
        ("0 0 */2 * fri", ["13", "27"]),  # both of them
        ("0 0 1-5 * */7", ["01"]),
        ("0 0 31,28 2 *", ["28"]),
    ],
)
def test_days_are_found_as_a_crontab_means_them(expression: str, days: list[str]) -> None:
    begin, end = datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert [f"{moment:%d}" for moment in occurrences(expression, ZoneInfo("UTC"), begin, end)] == days


@pytest.mark.parametrize(
    ("written", "fields"),
    [
        ("@hourly", "0 * * * *"),
        ("@Daily", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        (" @yearly ", "0 0 1 1 *"),
        ("0  7 * *\tMON-Fri", "0 7 * * mon-fri"),
    ],
)
def test_names_stand_for_five_fields(written: str, fields: str) -> None:
    assert check_cron(written) == fields


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("0 0 0 * * *", "five fields"),
        ("@reboot", "@daily"),
        ("60 * * * *", "'60' is no minute of a crontab: it is 0-59"),
        ("0 24 * * *", "'24' is no hour of a crontab: it is 0-23"),
        ("0 7 0 * *", "'0' is no day of the month"),
        ("0 7 * 13 *", "'13' is no month"),
        ("0 7 * * 8", "'8' is no weekday"),
        ("0 7 * * monday", "'monday' is no weekday"),
        ("0 7 * jan-sun *", "'jan-sun' is no month"),
        ("0 7 L * *", "'l' is no day of the month"),
        ("0 7 last * *", "'last' is no day of the month"),
        ("0 7 ? * *", r"'\?' is no day of the month"),
        ("0 7 * * 5#2", "'5#2' is no weekday"),
        ("0 7 * * fri-mon", "a range begins with what is less"),
        ("0 *-5 * * *", "is no hour"),
        ("5/15 * * * *", "a step needs a range, '5-59/15'"),
        ("*/0 * * * *", "a step is 1-59"),
        ("*/90 * * * *", "a step is 1-59"),
        ("0 1,,2 * * *", "'' is no hour"),
        ("\N{ARABIC-INDIC DIGIT THREE} * * * *", "is no minute"),
        ("\0 * * * *", r"'\\x00' is no minute"),
        ("0 0 30 2 *", "a day that never comes"),
        ("0 0 31 apr,jun *", "a day that never comes"),
    ],
)
def test_what_is_no_crontab_is_refused_by_its_field(expression: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_cron(expression)


def test_a_message_is_short_whatever_was_written() -> None:
    with pytest.raises(UsageError) as refused:
        check_cron("x" * 5000)
    assert len(str(refused.value)) < 400


def test_the_next_time_is_found_however_far_it_is() -> None:
    after = datetime(2096, 3, 1, tzinfo=UTC)
    assert next_occurrence("0 12 29 2 *", BERLIN, after) == datetime(2104, 2, 29, 11, tzinfo=UTC)
    assert next_occurrence("* * * * *", BERLIN, after) == after + timedelta(minutes=1)
    assert next_occurrence("0 0 30 2 *", BERLIN, after) is None


# --- a law --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A line by what it means; None for '*'."""

    minutes: frozenset[int]
    hours: frozenset[int] | None
    days: frozenset[int] | None
    weekdays: frozenset[int] | None  # Sunday is 0

    def __str__(self) -> str:
        return " ".join(
            [
                "*" if numbers is None else ",".join(map(str, numbers))
                for numbers in (self.minutes, self.hours, self.days)
            ]
            + ["*", "*" if self.weekdays is None else ",".join(map(str, self.weekdays))]
        )

    def has(self, wall: datetime) -> bool:
        by_day = self.days is not None and wall.day in self.days
        by_weekday = self.weekdays is not None and wall.isoweekday() % 7 in self.weekdays
        is_day = by_day or by_weekday or (self.days is None and self.weekdays is None)
        return is_day and wall.minute in self.minutes and (self.hours is None or wall.hour in self.hours)

    def comes_at(self, moment: datetime, zone: ZoneInfo) -> bool:
        local = moment.astimezone(zone)
        if self.hours is None or not local.fold:
            if self.has(local):
                return True
            if self.hours is None:
                return False
        # What the clock would show had it not been changed in the day before.
        unchanged = moment + ((moment - timedelta(days=1)).astimezone(zone).utcoffset() or timedelta())
        wall = unchanged.replace(tzinfo=zone)
        is_missing = wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None)
        return is_missing and wall.astimezone(UTC) == moment and self.has(wall)


def numbers(least: int, most: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(least, most), min_size=1, max_size=4)


CHANGES = [
    (BERLIN, "2026-03-29"),
    (BERLIN, "2026-10-25"),
    (NEW_YORK, "2026-03-08"),
    (NEW_YORK, "2026-11-01"),
    (LORD_HOWE, "2026-04-05"),
    (LORD_HOWE, "2026-10-04"),
    (ZoneInfo("Africa/Cairo"), "2026-04-24"),  # the day begins at 01:00
    (ZoneInfo("Asia/Beirut"), "2026-10-24"),  # 24:00 is 23:00 once more
    (ZoneInfo("America/St_Johns"), "2008-11-02"),  # 00:01 is 23:01 of the day before
    (APIA, "2011-12-30"),
    (ZoneInfo("UTC"), "2026-02-28"),
]


@given(
    wanted=st.builds(
        Wanted,
        numbers(0, 59),
        st.none() | numbers(0, 4) | numbers(0, 23),
        st.none() | numbers(1, 31),
        st.none() | numbers(0, 6),
    ),
    change=st.sampled_from(CHANGES),
    offset_minutes=st.integers(-2000, 1500),
    minutes=st.integers(1, 1800),
)
@settings(max_examples=60)
def test_every_minute_that_is_meant_comes_and_no_other(
    wanted: Wanted, change: tuple[ZoneInfo, str], offset_minutes: int, minutes: int
) -> None:
    zone, day = change
    after = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=offset_minutes)

    def each_minute() -> Iterator[datetime]:
        return (after + timedelta(minutes=number) for number in range(1, minutes + 1))

    expected = [moment for moment in each_minute() if wanted.comes_at(moment, zone)]
    assert list(occurrences(str(wanted), zone, after, after + timedelta(minutes=minutes))) == expected
