"""By which of a provider's transports an attempt goes: after one that failed on the way, by the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from narrator.errors import AttemptError, StreamBroken, Unavailable

LEFT_AFTER = 5
"""Segments in a row that failed by a transport and came by another: then it is the transport that fails."""

LEFT_FIRST_AFTER = 2
"""The same, as long as it carried nothing at all: it may be blocked on the way, as WebSockets often are."""


class Transports:
    """The transports of a provider in one run, the preferred one first; () where it names none.

    One that keeps failing while another one carries the same texts is left for the rest of the run, so that
    not every segment pays for a first attempt in vain; `on_left` is told of it and of the one that takes its
    place. A service that fails by every transport makes none of them worse than the others.
    """

    def __init__(
        self, chain: Sequence[str] = (), on_left: Callable[[str, str], None] = lambda _left, _next: None
    ) -> None:
        self._chain = tuple(chain) or ("",)
        self._on_left = on_left
        self._left: set[str] = set()
        self._has_carried: set[str] = set()
        self._failures: Counter[str] = Counter()

    def journey(self) -> Journey:
        """A segment sets out."""
        return Journey(self)

    def standing_from(self, number: int) -> int:
        """The first that is not left, from this one on; the last one is never left."""
        last = len(self._chain) - 1
        return next((each for each in range(number, last) if self._chain[each] not in self._left), last)

    def name(self, number: int) -> str:
        return self._chain[number]

    def carried(self, number: int, failed: Sequence[int]) -> None:
        """Note by which one a segment came, and by which ones it had failed before."""
        name = self._chain[number]
        self._has_carried.add(name)
        self._failures[name] = 0
        for each in map(self._chain.__getitem__, failed):
            self._failures[each] += 1
            enough = LEFT_AFTER if each in self._has_carried else LEFT_FIRST_AFTER
            if self._failures[each] >= enough and each not in self._left:
                self._left.add(each)
                self._on_left(each, self._chain[self.standing_from(0)])


class Journey:
    """One segment's attempts."""

    def __init__(self, transports: Transports) -> None:
        self._transports = transports
        self._number = 0
        self._failed: list[int] = []

    @property
    def transport(self) -> str:
        """What an attempt that begins now takes; '' where the provider names none."""
        self._number = self._transports.standing_from(self._number)
        return self._transports.name(self._number)

    def failed(self, error: AttemptError) -> str:
        """Note how an attempt ended; what the next one takes instead, '' where that is the same.

        Another transport is no answer to a service that says no, or names a time to wait. Where it fails and
        names none, that may be the fault of the way alone.
        """
        is_on_the_way = isinstance(error, StreamBroken) or (
            isinstance(error, Unavailable) and error.retry_after_s is None
        )
        other = self._transports.standing_from(self._number + 1) if is_on_the_way else self._number
        if other == self._number:
            return ""
        self._failed.append(self._number)
        self._number = other
        return self._transports.name(other)

    def arrived(self) -> None:
        """Note that the attempt ended in a take."""
        self._transports.carried(self._number, self._failed)
