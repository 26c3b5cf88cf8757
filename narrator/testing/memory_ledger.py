"""A ledger that remembers what it is told, and keeps nothing."""

from __future__ import annotations

from narrator.errors import BudgetReached
from narrator.model import Outcome, SpeechRequest


class MemoryLedger:
    """Implements ports.Ledger in memory: `requests` in their order, `settled` by a call's number, from 1.

    `intended` and `committed` count calls, so that a test sees which were durable when. From `most_calls` on
    the budget is reached.
    """

    def __init__(self, *, needs_intents: bool = False, most_calls: int | None = None) -> None:
        self.needs_intents = needs_intents
        self.requests: list[SpeechRequest] = []
        self.settled: dict[int, tuple[Outcome, int]] = {}
        self.committed: list[int] = []
        self.most_calls = most_calls

    @property
    def outcomes(self) -> list[Outcome]:
        """What the calls came to, in the order in which they were settled."""
        return [outcome for outcome, _ in self.settled.values()]

    def intend(self, request: SpeechRequest) -> int:
        if len(self.requests) == self.most_calls:
            raise BudgetReached(f"{self.most_calls} requests were allowed.")
        self.requests.append(request)
        return len(self.requests)

    def settle(self, call: int, outcome: Outcome, *, characters_billed: int = 0) -> None:
        assert call not in self.settled, "a call is settled once"
        self.settled[call] = (outcome, characters_billed)

    def commit(self) -> None:
        self.committed.append(len(self.requests))
