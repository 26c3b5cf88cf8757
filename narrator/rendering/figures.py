"""How the takes of a run came: figures for people and programs, from the events that tell of them."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

from narrator.events import SegmentRetried, TakeReady

_PERCENTILES = (50, 90, 99)


class Figures:
    """Counts as it is told. Four bytes a figure and take are kept: a book of 40,000 takes needs 320 KB."""

    def __init__(self) -> None:
        self._ttfb_ms = array("f")
        self._real_time_factors = array("f")
        self._transports: Counter[str] = Counter()
        self._chunks = self._received_bytes = self._retries = self._retakes = 0

    def taken(self, event: TakeReady, *, is_retake: bool) -> None:
        """Count a take; `is_retake` is whether there was one of its key in this run, which proved doubtful."""
        self._retries += is_retake
        self._retakes += is_retake
        self._ttfb_ms.append(event.ttfb_ms)
        self._real_time_factors.append(event.real_time_factor)
        self._transports[event.transport] += 1
        self._chunks += event.chunks
        self._received_bytes += event.received_bytes

    def retried(self, event: SegmentRetried) -> None:
        self._retries += 1
        self._retakes += event.is_retake

    def result(self) -> dict[str, Any]:
        """The figures as plain data.

        `retries` are all attempts after the first one of a text, and `retakes` those texts spoken again whose
        answer was whole and no good. Percentiles are by nearest rank, None where nothing was spoken;
        `real_time_factor` is how many seconds of sound come in a second of waiting. `transports` are takes by
        the way that they came, where it has a name.
        """
        return {
            "takes": len(self._ttfb_ms),
            "retries": self._retries,
            "retakes": self._retakes,
            "chunks": self._chunks,
            "received_bytes": self._received_bytes,
            "transports": {name: count for name, count in sorted(self._transports.items()) if name},
            "ttfb_ms": _spread(self._ttfb_ms, digits=0),
            "real_time_factor": _spread(self._real_time_factors, digits=2),
        }


def _spread(values: array[float], *, digits: int) -> dict[str, float] | None:
    if not values:
        return None
    ascending = sorted(values)
    named = {f"p{percent}": ascending[-(-percent * len(ascending) // 100) - 1] for percent in _PERCENTILES}
    named |= {"min": ascending[0], "max": ascending[-1]}
    return {name: round(value, digits or None) for name, value in named.items()}
