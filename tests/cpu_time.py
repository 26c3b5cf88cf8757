"""Limits of CPU time that mean the same on every machine: no line is traced, and a slow machine may be slow."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_ORDINARY_S = 0.25
"""What `_yardstick_s` is on a machine that the limits are meant for."""
_WORD = re.compile(r"\w+")


@contextmanager
def cpu_s_at_most(most_s: float) -> Iterator[None]:
    """What is done inside takes no more CPU time, in seconds, than this; coverage does not see it."""
    with _untraced():
        begun = time.process_time()
        yield
        spent_s = time.process_time() - begun
    assert_cpu_s(spent_s, most_s)


def assert_cpu_s(spent_s: float, most_s: float) -> None:
    """Fail where more was spent, and this machine is not as much slower than others at this moment."""
    if spent_s > most_s:
        allowed_s = most_s * max(1.0, _yardstick_s() / _ORDINARY_S)
        assert spent_s <= allowed_s, f"{spent_s:.2f} s of CPU time, of {allowed_s:.2f} s here and now"


def _yardstick_s() -> float:
    """The CPU time that some work takes which readers of books do much of: words, tuples, tables."""
    with _untraced():
        begun = time.process_time()
        found: dict[str, list[tuple[int, str]]] = {}
        for number in range(60_000):
            for word in _WORD.findall(f"word {number} of {number % 997} and more"):
                found.setdefault(word, []).append((number, word.upper()))
        return time.process_time() - begun


@contextmanager
def _untraced() -> Iterator[None]:
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
