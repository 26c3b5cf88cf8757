"""How often a text is tried, and how long is waited between two attempts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tenacity import RetryCallState, wait_random_exponential

from narrator.errors import BadTake, RateLimited, Unavailable
from narrator.rendering.limits import LONGEST_WAIT_S, AccountLimits

MOST_BAD_TAKES = 3
"""Answers to one text that may fail the checks: each was probably paid for."""

MOST_RATE_LIMITED = 30
"""Refusals cost nothing, so there may be many: a busy account is no reason to lose a segment."""

MOST_RATE_LIMITED_FIRST = 10
"""The same, as long as the account has granted nothing in this run: it may be blocked for good."""

WAIT_BASE_S = 0.5
"""The first wait is up to twice as long, the next ones grow."""


class Tries:
    """The attempts at one text: failures by kind, each of which has its own number, and the time.

    `deadline_s` is for all attempts and the waits between, as far as they are spent under `spending`.
    """

    def __init__(self, limits: AccountLimits, attempts: int, deadline_s: float) -> None:
        self.made = 0
        self._limits = limits
        self._failed = self._bad = self._limited = 0
        self._attempts = attempts
        self._left_s = deadline_s

    @contextmanager
    def spending(self, most_s: float) -> Iterator[None]:
        """Count the time of what is done inside; no more of it than it can take while this process runs."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._left_s -= min(time.monotonic() - began, most_s)

    def are_used_up(self, state: RetryCallState) -> bool:
        """Count an attempt that failed; whether it was the last one."""
        self.made = state.attempt_number
        error = error_of(state)
        if isinstance(error, BadTake):
            self._bad += 1
        elif isinstance(error, RateLimited):
            self._limited += 1
        else:
            self._failed += 1
        return (
            self._bad >= min(MOST_BAD_TAKES, self._attempts)
            or self._limited >= (MOST_RATE_LIMITED if self._limits.has_granted else MOST_RATE_LIMITED_FIRST)
            or self._failed >= self._attempts
            or self._left_s <= state.upcoming_sleep
        )


def wait_s(state: RetryCallState, limits: AccountLimits, base_s: float) -> float:
    """How long to wait after an attempt that failed; where the service names a time, the account waits, too."""
    error = error_of(state)
    named = error.retry_after_s if isinstance(error, RateLimited | Unavailable) else None
    backoff = float(wait_random_exponential(multiplier=base_s, max=30)(state))
    if named is None:
        return backoff
    # Some servers name a time of 0, or one that has passed, again and again.
    seconds = min(max(named, backoff), LONGEST_WAIT_S)
    if not (isinstance(error, RateLimited) and error.is_concurrency):
        limits.pause(seconds)
    return seconds


def error_of(state: RetryCallState) -> BaseException | None:
    """What an attempt failed with."""
    return state.outcome.exception() if state.outcome else None
