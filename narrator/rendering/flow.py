"""How many requests at once an account bears, learned from how it answers."""

from __future__ import annotations

RAISE_AFTER = 20
"""Successes before one more request at once is tried: each try too many holds up the whole account."""


class Flow:
    """Additive increase, multiplicative decrease, between 1 and `cap` requests at once.

    The rule of TCP's congestion avoidance (RFC 5681, 3.1), with requests for segments.
    """

    def __init__(self, cap: int) -> None:
        self.allowed = cap
        self.cap = cap
        self._begun = 0
        self._begun_at_cut = 0
        self._successes = 0

    def begin(self) -> int:
        """Number a request, so that its end can be told from those before and after a cut."""
        self._begun += 1
        return self._begun

    def resize(self, cap: int) -> None:
        """Go by another cap; what was learned from refusals stays."""
        self.allowed = cap if self.allowed == self.cap else min(self.allowed, cap)
        self.cap = cap

    def crowded(self, running: int) -> None:
        """One of so many at once was one too many: each refusal of a burst tells of one."""
        self.allowed = max(1, min(self.allowed, running) - 1)
        self._begun_at_cut = self._begun
        self._successes = 0

    def limited(self, number: int) -> None:
        """Halve. Requests that were under way at a cut say what was true before it, and cut no more."""
        if number > self._begun_at_cut:
            self.allowed = max(1, self.allowed // 2)
            self._begun_at_cut = self._begun
            self._successes = 0

    def succeeded(self, number: int) -> None:
        """Count a success; every `RAISE_AFTER` of them since the last change allow one more."""
        if self.allowed == self.cap or number <= self._begun_at_cut:
            return
        self._successes += 1
        if self._successes >= RAISE_AFTER:
            self.allowed += 1
            self._successes = 0
