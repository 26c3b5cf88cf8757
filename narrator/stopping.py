"""A person's, or the system's, wish to stop: once lets what runs finish, twice stops at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from narrator.errors import Interrupted, Terminated

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """`softly` is seen by coroutines: begin nothing new. `at_once` is seen by threads too: drop what you do."""

    def __init__(self) -> None:
        self.softly = asyncio.Event()
        self.at_once = threading.Event()
        self._signal: signal.Signals | None = None

    @property
    def was_asked(self) -> bool:
        return self._signal is not None

    def error(self) -> Interrupted:
        """What a stopped run ends with."""
        return (Terminated if self._signal is signal.SIGTERM else Interrupted)("Stopped.")

    @contextmanager
    def on_signals(self, first: Callable[[], None]) -> Iterator[None]:
        """Listen to SIGINT and SIGTERM while the current task runs; the second signal cancels it.

        Where signals cannot be heard (not the main thread), nothing is changed.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def hear(number: signal.Signals) -> None:
            if self._signal is None:
                self._signal = number
                self.softly.set()
                first()
            else:
                self.at_once.set()
                if task:
                    task.cancel()

        heard = []
        try:
            for number in SIGNALS:
                try:
                    loop.add_signal_handler(number, hear, number)
                except (NotImplementedError, RuntimeError, ValueError):
                    break
                heard.append(number)
            yield
        finally:
            for number in heard:
                loop.remove_signal_handler(number)
