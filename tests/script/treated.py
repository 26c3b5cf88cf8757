"""Treatments, and scripts that were accepted under one."""

from __future__ import annotations

from narrator.config import Cast, Reading
from narrator.model import Script
from narrator.script.compose import Accepted
from narrator.script.treatment import Cut, Treatment
from narrator.script.wording import Wording


def treatment(
    strategy: str = "paragraph",
    limit: int = 1000,
    *,
    max_bytes: int | None = None,
    merge: int = 0,
    reading: Reading | None = None,
    cast: Cast | None = None,
    wording: Wording | None = None,
) -> Treatment:
    cut = Cut(strategy, limit, max_bytes, merge)
    return Treatment(cut, reading or Reading(), cast or Cast(), wording or Wording())


def accepted(script: Script, under: Treatment | None = None) -> Accepted:
    """The script as a project keeps it that was composed under this treatment."""
    made = under or treatment()
    return Accepted(script, "", made.cutting, made.wording.facts)
