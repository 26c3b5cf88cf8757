"""English dates, years, decades and times of day in words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import regex

from narrator.script.normalize_figures import AFTER, BEGIN
from narrator.script.normalize_words import cardinal, ordinal, year

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
# 'in May 5 people came': two months are words, and then a small letter after the day makes it doubtful.
_SURE = r"(?:(?<!(?:March|May) [0-9]{1,2})|(?! \p{Ll}))"
_DAY = r"(?P<day>3[01]|[12][0-9]|0?[1-9])"
_NTH = r"(?P<nth>st|nd|rd|th)"
_YEAR = r"(?P<year>1[0-9]{3}|20[0-9]{2})"

_MONTH_FIRST = regex.compile(rf"\b{_MONTH} {_DAY}(?:{_NTH}|{_SURE})(?:(?P<comma>,?) {_YEAR})?+{AFTER}")
_DAY_FIRST = regex.compile(
    rf"{BEGIN}(?P<the>(?<=\b[Tt]he ))?+{_DAY}{_NTH}?+ (?:of )?{_MONTH}\b"
    rf"(?:(?P<comma>,?) {_YEAR}{AFTER})?+"
)
_ISO = regex.compile(rf"{BEGIN}{_YEAR}-(?P<month>0[1-9]|1[0-2])-{_DAY}{AFTER}")
_DECADE = regex.compile(rf"{BEGIN}(?P<century>1[1-9]|20)?(?P<ten>[0-9]0)s(?![\p{{L}}\p{{N}}])")
_TIME = regex.compile(
    rf"{BEGIN}(?P<hour>2[0-3]|1[0-9]|0?[0-9]):(?P<minute>[0-5][0-9])(?P<half> ?[ap]\.?m\b)?+{AFTER}",
    regex.IGNORECASE,
)
_JOINED_TO_HALF = regex.compile(rf"{BEGIN}(?P<hour>1[0-2]|[1-9])(?=[ap]\.?m\b)", regex.IGNORECASE)


def date_rules() -> tuple[Callable[[str], str], ...]:
    return (
        partial(
            _ISO.sub, lambda match: _said(_MONTHS[int(match["month"]) - 1], match["day"], ", ", match["year"])
        ),
        partial(_DAY_FIRST.sub, _day_first_said),
        partial(_MONTH_FIRST.sub, _month_first_said),
        partial(_DECADE.sub, _decade_said),
        partial(_TIME.sub, _time_said),
        partial(_JOINED_TO_HALF.sub, lambda match: f"{cardinal(int(match['hour']), 'en')} "),
    )


def year_said(figures: str) -> str:
    """A number of four figures as years are read: 'nineteen oh-five'; 'two thousand and five'."""
    return year(int(figures), "en")


def _said(month: str, day: str, between: str, in_year: str | None) -> str:
    return f"{month} {ordinal(int(day), 'en')}" + (f"{between}{year_said(in_year)}" if in_year else "")


def _month_first_said(match: regex.Match[str]) -> str:
    return _said(match["month"], match["day"], f"{match['comma']} ", match["year"])


def _day_first_said(match: regex.Match[str]) -> str:
    in_year = f"{match['comma']} {year_said(match['year'])}" if match["year"] else ""
    the = "" if match["the"] is not None else "the "
    return f"{the}{ordinal(int(match['day']), 'en')} of {match['month']}{in_year}"


def _decade_said(match: regex.Match[str]) -> str:
    """'eighteen fifties'; '1900s' are the nineteen hundreds, and '2000s' the two thousands."""
    century, ten = match["century"], match["ten"]
    if ten == "00":
        return match[0] if century is None else f"{year_said(century + ten)}s"
    tens = "tens" if ten == "10" else f"{cardinal(int(ten), 'en')[:-1]}ies"
    return f"{cardinal(int(century), 'en')} {tens}" if century else tens


def _time_said(match: regex.Match[str]) -> str:
    """'seven thirty', 'seven oh five', 'seven o’clock', 'nineteen hundred'."""
    hour, minute = int(match["hour"]), int(match["minute"])
    half = f" {match['half'].strip()}" if match["half"] else ""
    if minute:
        said = f"oh {cardinal(minute, 'en')}" if minute < 10 else cardinal(minute, "en")
        return f"{cardinal(hour, 'en')} {said}{half}"
    return cardinal(hour, "en") + (half or (" o’clock" if 1 <= hour <= 12 else " hundred"))
