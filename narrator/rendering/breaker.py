"""A circuit breaker: a service that has gone down is asked now and then, not by everyone all the time."""

from __future__ import annotations

import math

OPENS_AFTER = 5
"""Failures in a row, of at least two tasks: one text that always fails is no sign of a service that is down."""

SHORTEST_S = 1.0
LONGEST_S = 8.0
"""How long it stays open: at first, and at most; each probe that fails doubles it."""

MOST_PROBES = 10
"""Probes in a row that may fail, which takes a minute at least: then the service is given up."""


class Breaker:
    """Closed until the service fails; then open for a while; then one probe decides.

    It opens only on a service that has answered before: one that never did is set up wrongly, and waiting
    would only put off saying so. Times are a monotonic clock's, in seconds.
    """

    def __init__(self) -> None:
        self._has_answered = False
        self._failures = 0
        self._failing: set[str] = set()
        self._is_open = False
        self._open_until = 0.0
        self._is_probing = False
        self._failed_probes = 0

    @property
    def is_down(self) -> bool:
        """Whether the service failed everyone, and a probe after it."""
        return self._failed_probes > 0

    @property
    def has_given_up(self) -> bool:
        """Whether the service has been down for so long that waiting for it makes no sense."""
        return self._failed_probes >= MOST_PROBES

    def wait_s(self, now: float) -> float:
        """How long nothing may begin: 0 while closed, infinite until the probe under way has ended."""
        if not self._is_open:
            return 0.0
        return math.inf if self._is_probing else max(0.0, self._open_until - now)

    def begin(self) -> bool:
        """Begin an attempt, which `wait_s` allowed; whether it is the probe."""
        self._is_probing = self._is_open
        return self._is_probing

    def succeeded(self) -> None:
        """Close: the service gave what was asked for."""
        self._has_answered = True
        self.answered()

    def answered(self) -> None:
        """Close: the service is there, whatever it said; what it said has rules of its own."""
        self._failures = 0
        self._failing.clear()
        self._is_open = self._is_probing = False
        self._failed_probes = 0

    def failed(self, task: str, now: float, *, is_probe: bool) -> None:
        """Count a failure of the service itself. What began before it opened tells nothing new."""
        if self._is_open:
            if is_probe:
                self._failed_probes += 1
                self._open(now)
            return
        self._failures += 1
        self._failing.add(task)
        if self._has_answered and self._failures >= OPENS_AFTER and len(self._failing) > 1:
            self._open(now)

    def dropped(self, *, is_probe: bool) -> None:
        """An attempt ended and tells nothing of the service; if it was the probe, the next one is."""
        if is_probe:
            self._is_probing = False

    def _open(self, now: float) -> None:
        self._is_open = True
        self._is_probing = False
        self._open_until = now + min(SHORTEST_S * 2**self._failed_probes, LONGEST_S)
