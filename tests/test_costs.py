from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from narrator.cli.costs import costs
from narrator.errors import ExitCode, UsageError
from narrator.model import Outcome, SpeechRequest
from narrator.rendering.ledger import SqliteLedger

THOUSAND = SpeechRequest("openai", "tts-1", "alloy", "x" * 1000, "en", 1.0, 24_000, 1)


def project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "project.toml").write_text("", encoding="utf-8")
    return folder


@contextmanager
def rendering(folder: Path, usd_per_million: float | None = 15.0) -> Iterator[SqliteLedger]:
    with SqliteLedger.open(
        folder / "ledger.db",
        takes=folder / "takes",
        account="openai",
        usd_per_million=usd_per_million,
        price_of=lambda _provider, _model: None,
        has_take=lambda _key: False,
    ) as ledger:
        yield ledger


def spend(folder: Path, *outcomes: Outcome, usd_per_million: float | None = 15.0) -> None:
    with rendering(folder, usd_per_million) as ledger:
        for outcome in outcomes:
            ledger.settle(ledger.intend(THOUSAND), outcome, characters_billed=1000)


def told(*arguments: str | Path) -> Result:
    return CliRunner().invoke(costs, [str(argument) for argument in arguments], catch_exceptions=False)


def told_as_json(*arguments: str | Path) -> dict[str, Any]:
    done = told(*arguments, "--json")
    assert done.exit_code == 0
    answer: dict[str, Any] = json.loads(done.output)
    return answer


def test_what_was_billed_wasted_and_maybe_paid_is_told(tmp_path: Path) -> None:
    book = project(tmp_path / "alice")
    spend(book, Outcome.TAKE, Outcome.TAKE, Outcome.WASTED, Outcome.UNPAID)
    spend(book, Outcome.MAYBE)
    words = told(book).output
    assert "alice: 5 requests in 2 runs since 20" in words
    billed, wasted, maybe = (line.split() for line in words.splitlines()[1:])
    assert billed == ["billed", "3,000", "characters", "$0.0450"]
    assert wasted[:4] == ["wasted", "1,000", "characters", "$0.0150"]
    assert maybe[:5] == ["maybe", "paid", "1,000", "characters", "$0.0150"]


def test_projects_are_added_up(tmp_path: Path) -> None:
    spend(project(tmp_path / "alice"), Outcome.TAKE)
    spend(project(tmp_path / "emma"), Outcome.TAKE, Outcome.MAYBE)
    (tmp_path / "no project").mkdir()
    answer = told_as_json("--projects", tmp_path)
    assert [Path(each["project"]).name for each in answer["projects"]] == ["alice", "emma"]
    assert answer["total"]["requests"] == 3
    assert answer["total"]["cost_usd"] == 0.03
    assert answer["total"]["maybe_paid_usd"] == 0.015
    assert "all 2 projects: 3 requests" in told("--projects", tmp_path).output


def test_without_a_price_only_characters_are_told(tmp_path: Path) -> None:
    book = project(tmp_path / "alice")
    spend(book, Outcome.TAKE, usd_per_million=None)
    assert "1,000 characters  price unknown" in told(book).output
    assert told_as_json(book)["total"]["cost_usd"] is None
    spend(book, Outcome.TAKE)
    assert "$0.0150 + 1,000 characters at a price unknown" in told(book).output
    assert told_as_json(book)["total"]["unpriced_characters"] == 1000


def test_a_free_voice_costs_nothing(tmp_path: Path) -> None:
    book = project(tmp_path / "alice")
    spend(book, Outcome.TAKE, usd_per_million=0.0)
    assert "1,000 characters  $0.00" in told(book).output


def test_months_are_told_when_asked_for(tmp_path: Path) -> None:
    book = project(tmp_path / "alice")
    spend(book, Outcome.TAKE)
    (month,) = told_as_json(book)["projects"][0]["months"]
    assert f"  {month}: 1 request\n" in told(book, "--by-month").output
    assert month not in told(book).output.replace(f"since {month}", "")


def test_a_render_that_is_running_is_read_as_far_as_it_is_on_the_disk(tmp_path: Path) -> None:
    book = project(tmp_path / "alice")
    with rendering(book) as ledger:
        call = ledger.intend(THOUSAND)
        ledger.commit()
        assert told_as_json(book)["total"]["maybe_paid_requests"] == 1
        ledger.settle(call, Outcome.TAKE, characters_billed=1000)
        ledger.commit()
        assert told_as_json(book)["total"]["billed_characters"] == 1000


def test_odd_names_of_folders_are_no_trouble(tmp_path: Path) -> None:
    book = project(tmp_path / "100% #1? ümlaut & more")
    spend(book, Outcome.TAKE)
    assert told_as_json(book)["total"]["requests"] == 1


def test_reading_leaves_nothing_behind(tmp_path: Path) -> None:
    book = project(tmp_path / "alice")
    spend(book, Outcome.TAKE)
    before = {path: path.read_bytes() for path in book.iterdir()}
    told(book)
    assert {path: path.read_bytes() for path in book.iterdir()} == before


def test_a_project_that_asked_for_nothing_yet_says_so(tmp_path: Path) -> None:
    book = project(tmp_path / "alice")
    assert "no ledger yet" in told(book).output
    assert told_as_json(book)["projects"][0]["requests"] == 0
    spend(book)
    assert "nothing was asked" in told(book).output
    assert told_as_json(book)["total"]["requests"] == 0


def write_nonsense(ledger: Path) -> None:
    ledger.write_bytes(b"no database" * 1000)


def write_newer_tables(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("write", [write_nonsense, write_newer_tables])
def test_a_ledger_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(project(tmp_path / "alice") / "ledger.db")
    spend(project(tmp_path / "emma"), Outcome.TAKE)
    done = told("--projects", tmp_path)
    assert done.exit_code == ExitCode.INCOMPLETE
    assert str(tmp_path / "alice" / "ledger.db") in done.output
    assert "$0.0150" in done.output


def test_no_project_says_so(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        done = told("--projects", folder)
        assert done.exit_code == 0
        assert "no project" in done.output


def test_a_folder_that_is_no_project_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(costs, [str(tmp_path)])
    assert isinstance(done.exception, UsageError)
