"""A person's, or the system's, wish to stop: once lets what runs finish, twice stops at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from narrator.errors import Interrupted, Terminated

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""A closed terminal (SIGHUP, which Windows has not got) is answered as SIGTERM is."""


class StopNow(KeyboardInterrupt):
    """A signal came where nothing listens for it: while a book is read, or the last files are put in place."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


def stopped_by(error: KeyboardInterrupt) -> Interrupted:
    """What a run ends with that a signal broke off."""
    return _error(error.number if isinstance(error, StopNow) else signal.SIGINT, "Run the same command again.")


def _error(number: int | None, advice: str = "") -> Interrupted:
    return (Interrupted if number in {None, signal.SIGINT} else Terminated)("Stopped.", advice=advice)


PARENT_VARIABLE = "NARRATOR_PARENT"
"""Where a process finds the descriptor of a pipe, the other end of which only its parent has."""

_TO_FINISH_S = 60.0

_parent_gone = threading.Event()


def end_with_parent() -> None:
    """Stop this process once whoever started it is gone, even by SIGKILL: softly, and a minute later at once.

    Nothing is done where the parent asked for nothing; see `narrator.job_runs.child`.
    """
    written = os.environ.pop(PARENT_VARIABLE, "")  # our own children have us, and not our parent
    if not written.isdigit():
        return
    descriptor = int(written)

    def wait() -> None:
        try:
            os.read(descriptor, 1)
        except OSError:
            return
        _parent_gone.set()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(_TO_FINISH_S)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def is_parent_gone() -> bool:
    """Whether this process ends because whoever started it did."""
    return _parent_gone.is_set()


@contextmanager
def signals_raise() -> Iterator[None]:
    """Raise StopNow wherever the main thread is when a signal comes, unless someone closer listens to it."""

    def answer(number: int, _: FrameType | None) -> None:
        raise StopNow(number)

    before = {number: signal.getsignal(number) for number in _wanted()}
    for number in before:
        signal.signal(number, answer)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wanted() -> list[signal.Signals]:
    """The signals to listen to: none outside the main thread, and none that our starter ignores, as nohup does.

    A handler that was not set from Python (None) could not be put back, so its signal is left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        return []
    return [number for number in SIGNALS if signal.getsignal(number) not in {signal.SIG_IGN, None}]


class Stop:
    """`softly` is seen by coroutines: begin nothing new. `at_once` is seen by threads too: drop what you do."""

    def __init__(self) -> None:
        import asyncio  # noqa: PLC0415 - what help imports needs only the functions above

        self.softly = asyncio.Event()
        self.at_once = threading.Event()
        self._signal: int | None = None

    @property
    def was_asked(self) -> bool:
        return self._signal is not None

    def error(self) -> Interrupted:
        """What a stopped run ends with."""
        return _error(self._signal)

    @contextmanager
    def on_signals(self, first: Callable[[], None]) -> Iterator[None]:
        """Listen to SIGNALS while the current task runs; the second one cancels it, and
        further ones say nothing new.

        Where signals cannot be heard (not the main thread), or are to be ignored, nothing is changed.
        """
        import asyncio  # noqa: PLC0415 - as above

        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def hear(number: int) -> None:
            if self._signal is None:
                self._signal = number
                self.softly.set()
                first()
            elif not self.at_once.is_set():  # a third one would break off what brings takes to safety
                self.at_once.set()
                if task:
                    task.cancel()

        heard = {}
        try:
            for number in _wanted():
                before = signal.getsignal(number)
                try:
                    loop.add_signal_handler(number, hear, number)
                except (NotImplementedError, RuntimeError, ValueError):
                    break
                heard[number] = before
            yield
        finally:
            for number, handler in heard.items():
                loop.remove_signal_handler(number)  # leaves the system's own handler, which ends the process
                signal.signal(number, handler)
