"""What a ledger tells of money, read while a render may be writing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import add
from pathlib import Path
from typing import Self

from narrator.model import Outcome
from narrator.rendering.budget import MICROS
from narrator.rendering.ledger_file import read_rows


@dataclass(frozen=True, slots=True)
class Amount:
    """So many requests, their characters, and what these cost, as far as prices are known."""

    requests: int = 0
    characters: int = 0
    usd_micros: int = 0
    unpriced_characters: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.requests + other.requests,
            self.characters + other.characters,
            self.usd_micros + other.usd_micros,
            self.unpriced_characters + other.unpriced_characters,
        )

    @property
    def usd(self) -> float | None:
        """None where there are characters, and none of them has a known price."""
        is_unknown = 0 < self.characters == self.unpriced_characters
        return None if is_unknown else self.usd_micros / MICROS


@dataclass(frozen=True, slots=True)
class Spending:
    """What requests came to. `wasted` is the part of `billed` that became no take.

    `maybe` are requests that broke off or have not ended: what they cost if all of them were billed.
    """

    billed: Amount = Amount()
    wasted: Amount = Amount()
    maybe: Amount = Amount()
    unpaid: Amount = Amount()

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.billed + other.billed,
            self.wasted + other.wasted,
            self.maybe + other.maybe,
            self.unpaid + other.unpaid,
        )

    @property
    def requests(self) -> int:
        return self.billed.requests + self.maybe.requests + self.unpaid.requests


@dataclass(frozen=True, slots=True)
class Account:
    """All that a ledger tells: runs, since when (None where nothing was asked), and months as '2026-11'."""

    runs: int
    since: datetime | None
    months: Mapping[str, Spending]

    @property
    def total(self) -> Spending:
        return reduce(add, self.months.values(), Spending())


_RUNS = "SELECT (SELECT count(*) FROM runs), (SELECT min(intended_ms) FROM calls)"
_MONTHS = """
    SELECT month, outcome, count(*), sum(counted), coalesce(sum(usd_micros), 0),
           coalesce(sum(counted) FILTER (WHERE usd_micros IS NULL), 0)
    FROM (SELECT strftime('%Y-%m', intended_ms / 1000, 'unixepoch') AS month,
                 coalesce(outcome, 'maybe') AS outcome,
                 iif(coalesce(outcome, 'maybe') = 'maybe', characters, characters_billed) AS counted,
                 usd_micros
          FROM calls)
    GROUP BY month, outcome ORDER BY month
"""


def read_account(ledger: Path) -> Account | None:
    """What the ledger of a project tells; None where there is none yet.

    Raises:
        DiskError: it is damaged or cannot be read.
        UsageError: a newer narrator wrote it.
    """
    found = read_rows(ledger, _RUNS, _MONTHS)
    if found is None:
        return None
    [(runs, since_ms)], rows = found
    months: dict[str, Spending] = {}
    for month, outcome, *amount in rows:
        months[month] = months.get(month, Spending()) + _spending(Outcome(outcome), Amount(*amount))
    since = None if since_ms is None else datetime.fromtimestamp(since_ms / 1000, tz=UTC)
    return Account(runs, since, months)


def _spending(outcome: Outcome, amount: Amount) -> Spending:
    match outcome:
        case Outcome.TAKE:
            return Spending(billed=amount)
        case Outcome.WASTED:
            return Spending(billed=amount, wasted=amount)
        case Outcome.MAYBE:
            return Spending(maybe=amount)
        case Outcome.UNPAID:
            return Spending(unpaid=amount)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent of a book so far, as its limits count it, and what it cost, as far as prices are known."""

    characters: int = 0
    usd_micros: int = 0
    unpriced_characters: int = 0


_SENT = """
    SELECT coalesce(sum(characters), 0), coalesce(sum(usd_micros), 0),
           coalesce(sum(characters) FILTER (WHERE usd_micros IS NULL), 0)
    FROM calls WHERE outcome IS NOT 'unpaid'
"""


def read_sent(ledger: Path) -> Sent:
    """What the ledger of a project counts against its limits; nothing where there is none yet.

    Raises:
        DiskError: it is damaged or cannot be read.
        UsageError: a newer narrator wrote it.
    """
    found = read_rows(ledger, _SENT)
    return Sent(*found[0][0]) if found else Sent()
