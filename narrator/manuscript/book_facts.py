"""Dates, numbers and places in a series, as files of many makes declare them, in one form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from narrator.isbn import isbn_of

_DATE = re.compile(
    r"(?P<year>[12]\d{3})(?:[-/](?P<month>0[1-9]|1[0-2])(?:[-/](?P<day>0[1-9]|[12]\d|3[01]))?)?(?:[T ].*)?",
    re.DOTALL,
)
_UNDATED = re.compile(r"([12]\d{3})[-/]00[-/]00.*", re.DOTALL)
_BETWEEN_NUMBERS = re.compile(r"[,;/|()]")
_PART = re.compile(r"0*(?P<whole>\d+)(?:[.,](?P<rest>\d+))?")


def normal_date(declared: str) -> str:
    """A declared date as '1865', '1865-11' or '1865-11-26'; '' where it is none of the last thousand years."""
    text = _UNDATED.sub(r"\1", declared.strip())
    match = _DATE.fullmatch(text)
    if match is None:
        return ""
    parts = [part for part in (match["year"], match["month"], match["day"]) if part]
    if len(parts) == 3:
        try:
            date(*map(int, parts))
        except ValueError:
            return parts[0]
    return "-".join(parts)


def first_date(declared: Iterable[str]) -> str:
    """The earliest of the declared dates, since a book is published again and again; '' where there is none."""
    return min(filter(None, map(normal_date, declared)), default="")


def normal_part(declared: str) -> str:
    """A declared place in a series as '3' or '3.5'; '' where it is no number."""
    match = _PART.fullmatch(declared.strip())
    if match is None:
        return ""
    rest = (match["rest"] or "").rstrip("0")
    return f"{match['whole']}.{rest}" if rest else match["whole"]


def first_isbn(declared: Iterable[str]) -> str:
    """The first ISBN of 13 digits, else of 10, of one edition that has both; '' where there is none."""
    numbers = (isbn_of(text) for each in declared for text in _BETWEEN_NUMBERS.split(each))
    return max(numbers, key=len, default="")


def names_isbn(identifier: str) -> bool:
    """Whether an identifier of no declared kind is an ISBN: ten digits alone may be any number."""
    return "isbn" in identifier.casefold() or len(isbn_of(identifier)) == 13
