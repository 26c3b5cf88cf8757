"""What a run may spend, as limits of its renders, which count over all runs of a book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from narrator.job_runs.spending import Meter
from narrator.job_runs.verdict import Verdict
from narrator.jobs.allowance import remaining
from narrator.jobs.history import ItemState, JobHistory, Outcome
from narrator.jobs.job import Job


class Purse:
    """What is left of the budgets of one job in a run that began at `started`."""

    def __init__(self, job: Job, known: JobHistory, started: datetime, meter: Meter) -> None:
        self._job = job
        self._meter = meter
        self._allowed = remaining(job, known, started)
        self._has_all = self._allowed == remaining(job, JobHistory(started), started)

    @property
    def filled_at(self) -> datetime | None:
        """When there is more; None where nobody knows, or nothing limits it."""
        return self._allowed.until

    def limited(self, options: Mapping[str, Any], identity: str, project: Path) -> dict[str, Any]:
        """The options of a render, with the limits that keep a project within what is left.

        With nothing left it is rendered as far as that costs nothing.

        Raises:
            DiskError, UsageError: the ledger cannot be read, or history not be written.
        """
        limited = dict(options)
        sent = self._meter.mark(identity, project)
        bill = self._meter.read()
        if self._allowed.usd is not None:
            left = max(0.0, self._allowed.usd - (bill.usd or 0.0))
            limited["max_cost"] = _least(options.get("max_cost"), sent.usd_micros / 1e6 + left)
        if self._allowed.characters is not None:
            left_characters = max(0, self._allowed.characters - bill.characters)
            limited["max_characters"] = _least(options.get("max_characters"), sent.characters + left_characters)
        return limited

    def in_its_words(self, verdict: Verdict) -> Verdict:
        """What a render's limit means to the job; a budget that can buy nothing with all of it never will."""
        if not self._allowed.is_of:
            return verdict
        budget = f"its budget for a {self._allowed.is_of}"
        has_own_limit = self._job.render.keys() & {"max_cost", "max_characters"}
        if self._has_all and not has_own_limit and not self._meter.read().characters:
            reason = f"{budget} is less than the next request costs"
            return Verdict(Outcome.FAILED, ItemState.OPEN, reason, goes_on=False)
        return replace(verdict, reason=f"{budget} is spent")


def _least(wish: float | None, limit: float) -> float:
    return limit if wish is None else min(wish, limit)
