from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.jobs.job import Span
from narrator.jobs.windows import closing, opening

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (Span(60, 360),)  # 01:00-06:00
OVER_MIDNIGHT = (Span(22 * 60, 6 * 60),)
WEEKEND = (Span(0, 24 * 60, frozenset({5, 6})),)


def at(written: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=zone)


def shown(moment: datetime | None, zone: ZoneInfo = BERLIN) -> str:
    return "never" if moment is None else moment.astimezone(zone).strftime("%m-%d %H:%M%z")


def is_open(window: tuple[Span, ...], zone: ZoneInfo, moment: datetime) -> bool:
    return opening(window, zone, moment) <= moment


def test_a_window_is_open_from_its_beginning_until_just_before_its_end() -> None:
    assert not is_open(NIGHT, BERLIN, at("2026-07-01T00:59:59"))
    assert is_open(NIGHT, BERLIN, at("2026-07-01T01:00"))
    assert is_open(NIGHT, BERLIN, at("2026-07-01T05:59:59.999999"))
    assert not is_open(NIGHT, BERLIN, at("2026-07-01T06:00"))
    assert shown(opening(NIGHT, BERLIN, at("2026-07-01T06:00"))) == "07-02 01:00+0200"
    assert shown(closing(NIGHT, BERLIN, at("2026-07-01T01:00"))) == "07-01 06:00+0200"


def test_an_open_window_opens_now_and_a_closed_one_closes_now() -> None:
    now = at("2026-07-01T03:00")
    assert opening(NIGHT, BERLIN, now) == now
    later = at("2026-07-01T12:00")
    assert closing(NIGHT, BERLIN, later) == later


def test_without_a_window_it_is_always_open() -> None:
    now = at("2026-07-01T12:00")
    assert is_open((), BERLIN, now)
    assert opening((), BERLIN, now) == now
    assert closing((), BERLIN, now) is None


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    assert is_open(OVER_MIDNIGHT, BERLIN, at("2026-07-01T23:59"))
    assert is_open(OVER_MIDNIGHT, BERLIN, at("2026-07-02T05:59"))
    assert not is_open(OVER_MIDNIGHT, BERLIN, at("2026-07-02T06:00"))
    friday = (Span(22 * 60, 6 * 60, frozenset({4})),)
    assert is_open(friday, BERLIN, at("2026-07-04T05:00"))  # a Saturday
    assert not is_open(friday, BERLIN, at("2026-07-03T05:00"))
    assert shown(closing(friday, BERLIN, at("2026-07-03T22:30"))) == "07-04 06:00+0200"


def test_hours_that_meet_or_overlap_are_one() -> None:
    assert shown(closing(WEEKEND, BERLIN, at("2026-07-04T10:00"))) == "07-06 00:00+0200"
    pieces = (Span(60, 120), Span(120, 180), Span(150, 300), Span(360, 420))
    assert shown(closing(pieces, BERLIN, at("2026-07-01T01:30"))) == "07-01 05:00+0200"
    inside = (Span(60, 300), Span(120, 180))
    assert shown(closing(inside, BERLIN, at("2026-07-01T02:30"))) == "07-01 05:00+0200"


@pytest.mark.parametrize(
    "window", [(Span(0, 1440),), (Span(0, 0),), (Span(420, 420),), (Span(0, 720), Span(720, 0))]
)
def test_all_hours_of_all_days_never_close(window: tuple[Span, ...]) -> None:
    for day in ("2026-03-29T02:30", "2026-07-01T12:00", "2026-10-25T02:30"):
        assert is_open(window, BERLIN, at(day))
        assert closing(window, BERLIN, at(day)) is None


def test_a_window_keeps_its_hours_on_days_of_23_and_25_hours() -> None:
    for midnight, hours in (("2026-03-29", 4), ("2026-10-25", 6)):
        opens = opening(NIGHT, BERLIN, at(midnight))
        closes = closing(NIGHT, BERLIN, opens)
        assert closes is not None
        assert closes - opens == timedelta(hours=hours)
        assert (opens.astimezone(BERLIN).hour, closes.astimezone(BERLIN).hour) == (1, 6)


def test_of_hours_that_are_missing_only_the_rest_is_left() -> None:
    spring = at("2026-03-29T00:00")
    assert shown(opening((Span(120, 180),), BERLIN, spring)) == "03-30 02:00+0200"  # none on that day
    late = (Span(150, 195),)  # 02:30-03:15
    opens = opening(late, BERLIN, spring)
    assert shown(opens) == "03-29 03:00+0200"
    assert shown(closing(late, BERLIN, opens)) == "03-29 03:15+0200"


def test_an_hour_that_comes_twice_ends_a_window_once() -> None:
    window = (Span(60, 150),)  # 01:00-02:30
    assert shown(closing(window, BERLIN, at("2026-10-25T01:30"))) == "10-25 02:30+0200"
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert shown(second) == "10-25 02:15+0100"
    assert not is_open(window, BERLIN, second)


def test_half_an_hour_and_a_whole_day_can_be_missing_too() -> None:
    lord_howe, apia = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
    opens = opening((Span(120, 165),), lord_howe, at("2026-10-04", lord_howe))
    assert shown(opens, lord_howe) == "10-04 02:30+1100"
    assert shown(closing((Span(120, 165),), lord_howe, opens), lord_howe) == "10-04 02:45+1100"
    friday = (Span(8 * 60, 12 * 60, frozenset({4})),)
    assert shown(opening(friday, apia, at("2011-12-29", apia)), apia) == "01-06 08:00+1400"
    night = opening(OVER_MIDNIGHT, apia, at("2011-12-29T21:00", apia))
    assert shown(closing(OVER_MIDNIGHT, apia, night), apia) == "12-31 06:00+1400"


def test_a_window_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="without weekdays"):
        opening((Span(0, 60, frozenset()),), BERLIN, at("2026-07-01"))


SPANS = st.builds(
    Span, st.integers(0, 1439), st.integers(0, 1440), st.frozensets(st.integers(0, 6), min_size=1, max_size=7)
)


@given(
    window=st.lists(SPANS, min_size=1, max_size=3).map(tuple),
    zone=st.sampled_from([BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - a zone is put to it below
)
@settings(max_examples=25)
def test_what_opens_stays_open_until_it_closes(
    window: tuple[Span, ...], zone: ZoneInfo, moment: datetime
) -> None:
    now, instant = moment.replace(tzinfo=UTC), timedelta(microseconds=1)
    opens = opening(window, zone, now)
    assert opens >= now
    assert is_open(window, zone, opens)
    assert opens == now or not is_open(window, zone, opens - instant)
    closes = closing(window, zone, opens)
    if closes is not None:
        assert closes > opens
        assert is_open(window, zone, closes - instant)
        assert not is_open(window, zone, closes)
        assert is_open(window, zone, opens + (closes - opens) / 2)
