"""The error tree: every way narrator can fail, each kind with its exit code.

An error's message says what happened and where; its `advice` says what to do next. Foreign errors are
translated into these where they are met, so nothing else crosses a port. Their scope decides what stops:

    AttemptError   this call failed: try the same text again
    SegmentError   this text fails, the others go on; the run ends incomplete
    RunError       nothing further can succeed: stop, keep what is done
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process says to whoever started it. The numbers are an interface: they never change."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    INCOMPLETE = 3
    REFUSED = 4
    BUDGET = 5
    LOCKED = 6
    UNREADABLE = 7
    DISK = 8
    NONCONFORMING = 9
    INTERRUPTED = 130
    TERMINATED = 143


class NarratorError(Exception):
    """Something that narrator can explain. `advice` is the next thing a person should do, or ''."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, what: str, *, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel between processes; the default reduction would lose the keyword-only state.
        return _rebuild, (type(self), self.__dict__.copy())

    def __str__(self) -> str:
        return f"{self.what}\n{self.advice}" if self.advice else self.what


def _rebuild(kind: type[NarratorError], state: dict[str, object]) -> NarratorError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (state["what"],)
    return error


# --- what the person asked for cannot be understood -------------------------------------------------


class UsageError(NarratorError):
    """The command, a setting or a path is wrong; nothing was started."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """`project.toml` or an option has mistakes; all of them are listed at once, by key."""

    def __init__(self, where: str, problems: tuple[str, ...], *, advice: str = "") -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{where}:\n{lines}", advice=advice)
        self.problems = problems


class ManuscriptError(NarratorError):
    """The manuscript cannot be read: broken, protected, or without text."""

    exit_code = ExitCode.UNREADABLE


class UnreadableAudio(NarratorError):
    """A sound file cannot be measured: it is no sound, of a kind that is not read, or all of it is broken."""

    exit_code = ExitCode.UNREADABLE


class ProjectLocked(NarratorError):
    """Another process is rendering this project."""

    exit_code = ExitCode.LOCKED


class DiskError(NarratorError):
    """The disk is full, read-only or failing. Finished takes are safe."""

    exit_code = ExitCode.DISK


# --- speaking: what a provider call can end in ----------------------------------------------------


class SpeechError(NarratorError):
    """A provider could not speak a text."""

    exit_code = ExitCode.INCOMPLETE


class AttemptError(SpeechError):
    """This attempt failed; the same request may succeed if sent again."""


class RateLimited(AttemptError):
    """The account asked us to slow down. `retry_after_s` is what the server named, if it did.

    `is_concurrency`: not that there were too many requests, but too many at once. It is over when one ends.
    """

    def __init__(
        self,
        what: str,
        *,
        retry_after_s: float | None = None,
        is_concurrency: bool = False,
        advice: str = "",
    ) -> None:
        super().__init__(what, advice=advice)
        self.retry_after_s = retry_after_s
        self.is_concurrency = is_concurrency


class Unavailable(AttemptError):
    """No usable answer: connection refused or reset before audio, a time-out, a 5xx, a dead worker.

    `retry_after_s` is what the server named, if it did (503 may). `connected` is False where no connection
    to the provider could be made at all.
    """

    def __init__(
        self, what: str, *, retry_after_s: float | None = None, connected: bool = True, advice: str = ""
    ) -> None:
        super().__init__(what, advice=advice)
        self.retry_after_s = retry_after_s
        self.connected = connected


class StreamBroken(AttemptError):
    """Audio began and did not reach the protocol's own end."""


class BadTake(AttemptError):
    """A complete answer that is not this text spoken: not audio, silence, too short, too long.

    It was probably paid for, so it has a smaller number of tries than the other attempt errors.
    """


class SegmentError(SpeechError):
    """This text cannot be spoken; other texts can."""


class Rejected(SegmentError):
    """The provider or the voice refuses this text."""


class TriesUsedUp(SegmentError):
    """Every allowed attempt at this text failed; the last attempt's error is the cause."""


class RunError(SpeechError):
    """Nothing further can succeed in this run. Finished takes are kept; the same command goes on."""


class Refused(RunError):
    """The provider refuses the account or the order: see the kinds below."""

    exit_code = ExitCode.REFUSED


class BadKey(Refused):
    """No key, or a key that the provider does not accept."""


class QuotaUsedUp(Refused):
    """The account has no credit left."""


class UnknownVoice(Refused):
    """The provider has no such voice or model."""


class LanguageUnspoken(Refused):
    """The voice does not speak the language of the book."""


class BudgetReached(RunError):
    """The next request would pass the limit that a person set; it was not sent."""

    exit_code = ExitCode.BUDGET


class Unreachable(RunError):
    """The provider cannot be reached, or answers nothing usable to anyone."""


# --- how a run ends ---------------------------------------------------------------------------------


class Incomplete(NarratorError):
    """Some segments have no take, so there is no audiobook. `gaps` are these, as plain data."""

    exit_code = ExitCode.INCOMPLETE

    def __init__(self, what: str, *, gaps: tuple[dict[str, object], ...], advice: str = "") -> None:
        super().__init__(what, advice=advice)
        self.gaps = gaps


class Interrupted(NarratorError):
    """The person, or the system, asked us to stop; the same command goes on."""

    exit_code = ExitCode.INTERRUPTED


class Terminated(Interrupted):
    """Stopped by SIGTERM."""

    exit_code = ExitCode.TERMINATED
