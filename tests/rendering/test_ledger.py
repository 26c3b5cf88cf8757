from __future__ import annotations

import errno
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.audio.measure import measure
from narrator.errors import BudgetReached, DiskError, UsageError
from narrator.model import Draft, Outcome, SpeechRequest, TakeKey
from narrator.rendering import ledger_file
from narrator.rendering.ledger import SqliteLedger
from narrator.rendering.takes import TakeFolder

USD_PER_MILLION = 15.0
TEN = "ten chars."


def request(text: str = TEN, *, model: str = "tts-1") -> SpeechRequest:
    return SpeechRequest("openai", model, "alloy", text, "en", 1.0, 24_000, 1)


def opened(folder: Path, **wishes: Any) -> SqliteLedger:
    """The ledger in a folder as a render opens it; the takes in it are those of its files."""
    takes = TakeFolder(folder / "takes", folder / "quarantine")
    usual: dict[str, Any] = {
        "takes": folder / "takes",
        "account": "openai:api.openai.com:1234",
        "usd_per_million": USD_PER_MILLION,
        "price_of": lambda provider, model: {("openai", "tts-1"): USD_PER_MILLION}.get((provider, model)),
        "has_take": takes.keys().__contains__,
    }
    return SqliteLedger.open(folder / "ledger.db", **{**usual, **wishes})


def calls(folder: Path) -> list[tuple[Any, ...]]:
    """(outcome, characters billed, micro-dollars) of each call that is on the disk."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return connection.execute(
            "SELECT outcome, characters_billed, usd_micros FROM calls ORDER BY call"
        ).fetchall()


def runs(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return [outcome for (outcome,) in connection.execute("SELECT outcome FROM runs ORDER BY run")]


def save_take(folder: Path, wish: SpeechRequest) -> TakeKey:
    pcm = b"".join(int(8000 * (-1) ** (n // 30)).to_bytes(2, "little", signed=True) for n in range(4800))
    facts = {"characters_billed": len(wish.text) + 1}
    store = TakeFolder(folder / "takes", folder / "quarantine")
    return store.save(Draft(wish, pcm, measure(pcm, wish.rate_hz), (), facts)).key


def spend(folder: Path, *outcomes: Outcome, **wishes: Any) -> None:
    """A whole run of one request for each outcome."""
    with opened(folder, **wishes) as ledger:
        for outcome in outcomes:
            ledger.settle(ledger.intend(request()), outcome, characters_billed=10)


# --- what is kept -----------------------------------------------------------------------------------


def test_each_outcome_is_kept_with_what_it_cost(tmp_path: Path) -> None:
    spend(tmp_path, Outcome.TAKE, Outcome.WASTED, Outcome.UNPAID, Outcome.MAYBE)
    assert calls(tmp_path) == [("take", 10, 150), ("wasted", 10, 150), ("unpaid", 0, 0), ("maybe", 0, 150)]
    assert runs(tmp_path) == ["done"]


def test_the_provider_s_own_count_of_characters_is_what_costs(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        ledger.settle(ledger.intend(request()), Outcome.TAKE, characters_billed=5)
    assert calls(tmp_path) == [("take", 5, 75)]


def test_a_paid_request_is_on_the_disk_before_its_outcome_is(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        assert ledger.needs_intents
        call = ledger.intend(request())
        ledger.commit()
        assert calls(tmp_path) == [(None, 0, 150)]
        ledger.settle(call, Outcome.TAKE, characters_billed=10)
        ledger.commit()
        assert calls(tmp_path) == [("take", 10, 150)]


def test_closing_tells_what_became_of_calls_that_nobody_waited_for(tmp_path: Path) -> None:
    with opened(tmp_path, has_take=TakeFolder(tmp_path / "takes", tmp_path / "quarantine").has) as ledger:
        ledger.intend(request("kept"))
        ledger.intend(request("lost"))
        save_take(tmp_path, request("kept"))
    assert [outcome for outcome, *_ in calls(tmp_path)] == ["take", "maybe"]


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        settings_in_force = [
            ledger._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert settings_in_force == ["wal", 2]  # 2 is FULL: https://sqlite.org/pragma.html#pragma_synchronous


def test_a_free_request_is_written_with_its_outcome_alone(tmp_path: Path) -> None:
    with opened(tmp_path, usd_per_million=0.0) as ledger:
        assert not ledger.needs_intents
        call = ledger.intend(request())
        ledger.commit()
        assert calls(tmp_path) == []
        ledger.settle(call, Outcome.TAKE, characters_billed=10)
    assert calls(tmp_path) == [("take", 10, 0)]


def test_a_request_without_a_known_price_may_cost_something(tmp_path: Path) -> None:
    with opened(tmp_path, usd_per_million=None) as ledger:
        assert ledger.needs_intents
        ledger.settle(ledger.intend(request()), Outcome.TAKE, characters_billed=10)
    assert calls(tmp_path) == [("take", 10, None)]


def test_a_run_that_fails_is_kept_with_its_error_and_all_that_was_noted(tmp_path: Path) -> None:
    with suppress(BudgetReached), opened(tmp_path, max_characters=10) as ledger:
        ledger.intend(request())
        ledger.intend(request())
    assert runs(tmp_path) == ["BudgetReached"]
    assert calls(tmp_path) == [("maybe", 0, 150)]


def test_nothing_is_lost_when_another_thread_commits_meanwhile(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        is_over = threading.Event()

        def write() -> None:
            while not is_over.is_set():
                ledger.commit()

        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(500):
            ledger.settle(ledger.intend(request()), Outcome.TAKE, characters_billed=10)
        is_over.set()
        writer.join()
    assert calls(tmp_path) == [("take", 10, 150)] * 500


# --- limits -----------------------------------------------------------------------------------------


def test_the_limit_on_cost_holds_over_all_runs(tmp_path: Path) -> None:
    spend(tmp_path, Outcome.TAKE, Outcome.WASTED, Outcome.MAYBE)
    with opened(tmp_path, max_cost_usd=0.0006) as ledger:
        ledger.intend(request())
        with pytest.raises(BudgetReached, match=r"\$0\.000450 is spent, \$0\.000150 in flight") as caught:
            ledger.intend(request())
    assert "--max-cost" in caught.value.advice


def test_the_limit_on_characters_holds_for_free_voices_too(tmp_path: Path) -> None:
    spend(tmp_path, Outcome.TAKE, Outcome.UNPAID, usd_per_million=0.0)
    with opened(tmp_path, usd_per_million=0.0, max_characters=29) as ledger:
        call = ledger.intend(request())
        with pytest.raises(BudgetReached, match="10 are sent, 10 in flight") as caught:
            ledger.intend(request())
        ledger.settle(call, Outcome.UNPAID)
        ledger.intend(request())
    assert "--max-characters" in caught.value.advice


def test_a_limit_on_cost_wants_a_price(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no known price") as caught:
        opened(tmp_path, usd_per_million=None, max_cost_usd=1.0)
    assert "usd_per_million_characters" in caught.value.advice
    assert not (tmp_path / "ledger.db").exists()


def test_what_had_no_price_counts_at_the_price_that_is_named_later(tmp_path: Path) -> None:
    spend(tmp_path, Outcome.TAKE, Outcome.MAYBE, usd_per_million=None)
    spend(tmp_path, Outcome.TAKE, usd_per_million=None, account="another")
    with (
        opened(tmp_path, max_cost_usd=0.00044) as ledger,
        pytest.raises(BudgetReached, match=r"\$0\.0003 is spent"),
    ):
        ledger.intend(request())


ENDS = st.sampled_from([*Outcome, None, "killed"])
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the files have folders of their own
"""Where nothing waits for a disk, of which hundreds of commits need not be told."""


@settings(max_examples=60)
@given(
    steps=st.lists(st.tuples(st.integers(1, 400), ENDS, st.floats(0, 1)), max_size=25),
    max_micros=st.integers(0, 20_000),
    max_characters=st.integers(0, 3000),
)
def test_no_sequence_of_requests_passes_a_limit_or_is_refused_below_it(
    steps: list[tuple[int, Outcome | str | None, float]], max_micros: int, max_characters: int
) -> None:
    limits = {"max_cost_usd": max_micros / 1_000_000, "max_characters": max_characters}
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name:
        folder = Path(name)
        ledger = opened(folder, **limits)
        billed = sent = 0
        for length, end, share in steps:
            fits = (billed + length) * USD_PER_MILLION <= max_micros and sent + length <= max_characters
            try:
                call = ledger.intend(request("x" * length))
            except BudgetReached:
                assert not fits
                continue
            assert fits
            sent, billed = sent + length, billed + length
            if end == "killed":
                ledger.commit()
                ledger._connection.close()
                ledger = opened(folder, **limits)
            elif isinstance(end, Outcome):
                part = int(length * share)
                ledger.settle(call, end, characters_billed=part)
                if end is Outcome.UNPAID:
                    sent, billed = sent - length, billed - length
                elif end is not Outcome.MAYBE:
                    billed -= length - part
        ledger.close("done")


# --- killed runs ------------------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from tests.rendering.test_ledger import opened, request
ledger = opened(Path(sys.argv[1]))
ledger.intend(request())
ledger.commit()
ledger.intend(request("not committed, so not sent"))
print("sent", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def left_by_a_killed_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a process left on the disk that was killed while a request of it was out."""
    folder = tmp_path_factory.mktemp("killed")
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "sent\n"
        child.kill()
    return folder


@pytest.fixture
def killed(left_by_a_killed_run: Path, tmp_path: Path) -> Path:
    """The folder of a run that was killed while a request was out."""
    return Path(shutil.copytree(left_by_a_killed_run, tmp_path / "killed"))


def test_what_a_killed_run_had_sent_is_maybe_paid_and_counts(killed: Path) -> None:
    with opened(killed, max_cost_usd=0.0002) as ledger, pytest.raises(BudgetReached, match="is spent"):
        ledger.intend(request())
    assert calls(killed) == [("maybe", 0, 150)]
    assert runs(killed) == ["abandoned", "done"]


def test_what_a_killed_run_had_finished_is_a_take(killed: Path) -> None:
    save_take(killed, request())
    opened(killed).close("done")
    assert calls(killed) == [("take", 10, 150)]


def test_a_request_that_was_maybe_paid_stays_so_when_a_later_one_brings_the_take(killed: Path) -> None:
    with opened(killed) as ledger:
        ledger.settle(ledger.intend(request()), Outcome.TAKE, characters_billed=10)
    save_take(killed, request())
    opened(killed).close("done")
    assert calls(killed) == [("maybe", 0, 150), ("take", 10, 150)]


# --- a file that is missing, damaged or not ours ----------------------------------------------------


def test_a_new_project_has_nothing_to_tell(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        assert ledger.notices == ()
    assert calls(tmp_path) == []


def test_a_missing_ledger_is_rebuilt_from_the_takes(tmp_path: Path) -> None:
    save_take(tmp_path, request())
    save_take(tmp_path, request(model="newer"))
    broken = tmp_path / "takes" / "00" / f"{'0' * 64}.json"
    broken.parent.mkdir()
    broken.write_text('{"request": 3}', encoding="utf-8")
    broken.with_suffix(".pcm").write_bytes(b"12")
    with opened(tmp_path) as ledger:
        assert "rebuilt from 2 takes" in ledger.notices[0]
    assert sorted(calls(tmp_path), key=str) == [("take", 11, 165), ("take", 11, None)]
    with opened(tmp_path) as ledger:
        assert ledger.notices == ()
    assert len(calls(tmp_path)) == 2


def test_what_a_deleted_ledger_left_beside_it_is_not_taken_for_its_content(killed: Path) -> None:
    assert (killed / "ledger.db-wal").exists()
    (killed / "ledger.db").unlink()
    opened(killed).close("done")
    assert calls(killed) == []


def overwrite_all(path: Path) -> None:
    path.write_bytes(b"these are not the tables you are looking for" * 100)


def overwrite_the_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096)


@pytest.mark.parametrize("damage", [overwrite_all, overwrite_the_middle])
def test_a_damaged_ledger_is_kept_aside_and_rebuilt(tmp_path: Path, damage: Any) -> None:
    for _ in range(2):
        spend(tmp_path, *[Outcome.WASTED] * 60)
        save_take(tmp_path, request())
        damage(tmp_path / "ledger.db")
        with opened(tmp_path) as ledger:
            assert "damaged" in ledger.notices[0]
            assert "rebuilt from 1 takes" in ledger.notices[1]
        assert calls(tmp_path) == [("take", 11, 165)]
    assert {"ledger.db.damaged", "ledger.db.damaged-2"} <= {path.name for path in tmp_path.iterdir()}


def test_what_belongs_to_a_damaged_ledger_is_kept_with_it(tmp_path: Path) -> None:
    spend(tmp_path, *[Outcome.WASTED] * 60)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as reader:
        reader.execute("SELECT * FROM calls").fetchone()  # as long as it reads, there is a -wal
        overwrite_all(tmp_path / "ledger.db")
        opened(tmp_path).close("done")
        assert (tmp_path / "ledger.db.damaged-wal").exists()
    assert calls(tmp_path) == []


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="newer"):
        opened(tmp_path)


# --- a disk that refuses ----------------------------------------------------------------------------


def test_what_a_full_disk_refused_is_written_when_there_is_space_again(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        before = [ledger.intend(request()) for _ in range(100)]
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = (tmp_path / "ledger.db-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, limits[1]))  # Python ignores SIGXFSZ: EFBIG
        try:
            with pytest.raises(DiskError, match=r"ledger\.db failed") as caught:
                ledger.commit()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert "space" in caught.value.advice
        ledger.settle(before[0], Outcome.TAKE, characters_billed=10)
        ledger.commit()
        assert calls(tmp_path) == [("take", 10, 150)] + [(None, 0, 150)] * 99


def test_a_full_disk_is_called_by_the_name_that_files_have_for_it(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        ledger._connection.execute("PRAGMA max_page_count = 1")  # of which there are more: it may not grow
        for number in range(100):
            ledger.intend(request(f"text {number}"))
        with pytest.raises(DiskError, match=os.strerror(errno.ENOSPC)) as caught:
            ledger.commit()
        ledger._connection.execute("PRAGMA max_page_count = 1000")
    assert "Free some space" in caught.value.advice
    assert "is full" in str(caught.value.__cause__), "what SQLite says, for who looks closer"


def test_a_ledger_that_another_program_holds_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "BUSY_S", 0.05)
    with opened(tmp_path) as ledger, closing(sqlite3.connect(tmp_path / "ledger.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        call = ledger.intend(request())
        with pytest.raises(DiskError, match="locked") as caught:
            ledger.commit()
        assert "other program" in caught.value.advice
        other.rollback()
        ledger.settle(call, Outcome.UNPAID)
    assert calls(tmp_path) == [("unpaid", 0, 0)]


def test_an_outcome_noted_while_a_commit_fails_outlives_what_that_had_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "BUSY_S", 0.5)
    with opened(tmp_path) as ledger, closing(sqlite3.connect(tmp_path / "ledger.db")) as other:
        call = ledger.intend(request())
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as writer:
            failing = writer.submit(ledger.commit)
            while ledger._unwritten and not failing.done():
                pass
            ledger.settle(call, Outcome.TAKE, characters_billed=10)
            assert isinstance(failing.exception(), DiskError)
        other.rollback()
        ledger.commit()
        assert calls(tmp_path) == [("take", 10, 150)]


def test_a_ledger_that_cannot_be_opened_is_a_disk_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(DiskError, match=r"ledger\.db"):
        opened(tmp_path)
