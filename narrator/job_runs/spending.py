"""What a run spends: the difference that it makes to the ledgers of the projects that it works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from narrator.errors import DiskError, UsageError
from narrator.jobs.history_file import HistoryFile
from narrator.project import Project
from narrator.rendering.spending import Sent, read_sent

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Bill:
    """Characters that were sent, and what they cost; None where the price of some is not known."""

    characters: int = 0
    usd: float | None = 0.0


class Meter:
    """Reads what a run has spent so far. It is right after a crash, too: each ledger is marked beforehand."""

    def __init__(self, history: HistoryFile, run: int) -> None:
        self._history = history
        self._run = run

    def mark(self, identity: str, project: Path) -> Sent:
        """Note what a project's ledger comes to before this run adds to it; what it comes to now.

        Raises:
            DiskError, UsageError: the ledger cannot be read, or the mark not be written.
        """
        sent = read_sent(Project(project).ledger_file)
        self._history.spending(
            self._run,
            identity=identity,
            project=str(project),
            usd_micros=sent.usd_micros,
            characters=sent.characters,
        )
        return sent

    def read(self) -> Bill:
        """What was spent since the marks were made. A ledger that cannot be read makes the cost unknown."""
        characters, micros, is_known = 0, 0, True
        for mark in self._history.spent_marks(self._run):
            try:
                sent = read_sent(Project(Path(mark.project)).ledger_file)
            except (DiskError, UsageError):
                is_known = False
                continue
            characters += max(0, sent.characters - mark.characters)
            micros += max(0, sent.usd_micros - mark.usd_micros)
            if sent.characters > mark.characters and sent.unpriced_characters:
                is_known = False
        return Bill(characters, micros / _MICROS if is_known else None)
