"""What the end of a render means for its job."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from narrator.errors import ExitCode
from narrator.job_runs.render import Cut, RenderEnd
from narrator.job_runs.verdict import Verdict, next_month, verdict_on
from narrator.jobs.history import ItemState, Outcome

_BERLIN = ZoneInfo("Europe/Berlin")
_NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)
_TOMORROW = datetime(2026, 3, 29, tzinfo=UTC)


def _on(ended: RenderEnd) -> Verdict:
    return verdict_on(ended, now=_NOW, zone=_BERLIN, budget_until=_TOMORROW)


def test_a_broken_book_is_not_tried_again_and_does_not_stop_the_others() -> None:
    verdict = _on(RenderEnd(ExitCode.UNREADABLE, "ManuscriptError", "b.epub is not a whole EPUB"))
    assert (verdict.outcome, verdict.state) == (Outcome.FAILED, ItemState.FAILED)
    assert not verdict.may_pass
    assert verdict.goes_on
    assert verdict.reason == "b.epub is not a whole EPUB"


@pytest.mark.parametrize("code", [ExitCode.UNEXPECTED, ExitCode.INTERRUPTED, -9, -11])
def test_a_crash_is_tried_again_and_counted_against_the_book(code: int) -> None:
    verdict = _on(RenderEnd(code))
    assert (verdict.outcome, verdict.state) == (Outcome.FAILED, ItemState.OPEN)
    assert verdict.may_pass
    assert verdict.blames_it
    assert verdict.goes_on
    assert verdict.reason


@pytest.mark.parametrize(("code", "kind"), [(ExitCode.INCOMPLETE, "Unreachable"), (ExitCode.DISK, "DiskError")])
def test_what_would_meet_every_book_ends_the_run_and_is_tried_again(code: int, kind: str) -> None:
    verdict = _on(RenderEnd(code, kind, "it is not there"))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.may_pass
    assert not verdict.blames_it
    assert not verdict.goes_on


def test_gaps_are_an_outcome_of_their_own() -> None:
    verdict = _on(RenderEnd(ExitCode.INCOMPLETE, "Incomplete", "2 segments", has_gaps=True))
    assert verdict.outcome is Outcome.INCOMPLETE
    assert verdict.may_pass


def test_a_refused_key_ends_the_run_for_good_and_leaves_the_book_open() -> None:
    verdict = _on(RenderEnd(ExitCode.REFUSED, "BadKey", "the key is not accepted"))
    assert (verdict.outcome, verdict.state) == (Outcome.FAILED, ItemState.OPEN)
    assert not verdict.may_pass
    assert not verdict.goes_on


def test_a_language_that_the_voice_lacks_is_the_books_own_trouble() -> None:
    verdict = _on(RenderEnd(ExitCode.REFUSED, "LanguageUnspoken", "it speaks no Finnish"))
    assert verdict.state is ItemState.FAILED
    assert verdict.goes_on


def test_a_spent_budget_is_a_result_and_goes_on_when_it_is_filled() -> None:
    verdict = _on(RenderEnd(ExitCode.BUDGET, "BudgetReached", "the next request would pass the limit"))
    assert verdict.outcome is Outcome.BUDGET
    assert verdict.resume_at == _TOMORROW
    assert not verdict.goes_on


def test_credit_that_is_used_up_is_waited_for_until_the_month_turns_there() -> None:
    verdict = _on(RenderEnd(ExitCode.REFUSED, "QuotaUsedUp", "no characters left"))
    assert verdict.outcome is Outcome.BUDGET
    assert verdict.resume_at == datetime(2026, 3, 31, 22, tzinfo=UTC)


def test_the_month_turns_at_midnight_there_also_in_december() -> None:
    at = next_month(datetime(2026, 12, 31, 22, 30, tzinfo=UTC), _BERLIN)
    assert at.isoformat() == "2027-01-01T00:00:00+01:00"


def test_hours_that_are_over_are_no_failure() -> None:
    verdict = _on(RenderEnd(ExitCode.TERMINATED, "Terminated", "Stopped.", cut=Cut.WINDOW))
    assert verdict.outcome is Outcome.WINDOW
    assert not verdict.may_pass


def test_a_time_out_is_a_failure_that_is_tried_again() -> None:
    verdict = _on(RenderEnd(ExitCode.TERMINATED, cut=Cut.TIMEOUT))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.may_pass


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert _on(RenderEnd(-40)).reason == "its render was ended by signal 40"


def test_what_was_told_to_stop_goes_on_at_once_and_is_no_failed_try() -> None:
    verdict = _on(RenderEnd(ExitCode.TERMINATED, cut=Cut.STOP))
    assert verdict.outcome is Outcome.ABANDONED
    assert verdict.resume_at == _NOW
