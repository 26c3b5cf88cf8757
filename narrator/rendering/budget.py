"""What may still be sent under the limits that a person set; money is counted in whole micro-dollars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from narrator.errors import BudgetReached

MICROS = 1_000_000
"""Micro-dollars in a dollar; so USD per million characters are micro-dollars a character."""


def cost_micros(characters: int, usd_per_million: float | None) -> int | None:
    """The price of so many characters in micro-dollars, rounded up; None where no price is known."""
    if usd_per_million is None:
        return None
    return math.ceil(Decimal(str(usd_per_million)) * characters)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that all runs of a project may cost and send; None for no limit."""

    max_cost_usd: float | None = None
    max_characters: int | None = None


@dataclass(slots=True)
class Budget:
    """What was spent and sent, what is in flight, and whether another request still fits.

    Money in flight is what it costs if all of it is billed, so the limit on cost holds however the calls end,
    unless a provider bills more characters than it was sent.
    """

    limits: Limits
    spent_micros: int = 0
    sent_characters: int = 0
    held_micros: int = 0
    held_characters: int = 0

    def hold(self, characters: int, micros: int) -> None:
        """Count a request that is about to be sent.

        Raises:
            BudgetReached: it would pass a limit, and is not counted.
        """
        most_usd, most_characters = self.limits.max_cost_usd, self.limits.max_characters
        cost = self.spent_micros + self.held_micros + micros
        if most_usd is not None and cost > Decimal(str(most_usd)) * MICROS:
            raise BudgetReached(
                f"The next request ({characters:,} characters, {dollars(micros)}) would pass the limit of "
                f"{dollars(Decimal(str(most_usd)) * MICROS)} for this book: {dollars(self.spent_micros)} is "
                f"spent, {dollars(self.held_micros)} in flight.",
                advice=_advice("--max-cost"),
            )
        sent = self.sent_characters + self.held_characters + characters
        if most_characters is not None and sent > most_characters:
            raise BudgetReached(
                f"The next request ({characters:,} characters) would pass the limit of {most_characters:,} "
                f"characters for this book: {self.sent_characters:,} are sent, {self.held_characters:,} in "
                "flight.",
                advice=_advice("--max-characters"),
            )
        self.held_micros += micros
        self.held_characters += characters

    def settle(
        self, held_characters: int, held_micros: int, *, sent_characters: int, spent_micros: int
    ) -> None:
        """Put what a call came to in the place of what was held for it."""
        self.held_characters -= held_characters
        self.held_micros -= held_micros
        self.sent_characters += sent_characters
        self.spent_micros += spent_micros


def dollars(micros: int | Decimal) -> str:
    """Micro-dollars for people: to the cent, and finer only where that would hide the amount."""
    places = 2 if micros % 10_000 == 0 or micros >= MICROS else 4 if micros % 100 == 0 else 6
    return f"${micros / Decimal(MICROS):,.{places}f}"


def _advice(option: str) -> str:
    return f"Raise {option} and run the same command again; everything finished is kept."
