"""What was asked of a provider and what it cost, in `ledger.db`: so that nothing is paid twice unknowingly."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from narrator.durable import disk_errors
from narrator.errors import DiskError, UsageError
from narrator.model import Outcome, SpeechRequest, TakeKey
from narrator.rendering.budget import Budget, Limits, cost_micros
from narrator.rendering.ledger_file import ledger_errors, now_ms, open_for_writing
from narrator.sqlite_files import transaction
from narrator.version import __version__

PriceOf = Callable[[str, str], float | None]
"""(provider, model) to USD per million characters as far as that is known now."""

_COLUMNS = (
    "call", "run", "key", "provider", "model", "voice", "account", "characters", "intended_ms", "settled_ms",
    "outcome", "characters_billed", "usd_micros", "usd_per_million",
)  # fmt: skip
_INSERT = f"INSERT INTO calls ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - ours
_WRITE = f"""{_INSERT} ON CONFLICT (call) DO UPDATE SET
    settled_ms = excluded.settled_ms, outcome = excluded.outcome,
    characters_billed = excluded.characters_billed, usd_micros = excluded.usd_micros"""


@dataclass(frozen=True, slots=True)
class _Call:
    """A request as it is known so far. Without an outcome, `usd_micros` is what it costs if it is billed."""

    number: int
    run: int
    request: SpeechRequest
    account: str
    intended_ms: int
    usd_per_million: float | None
    usd_micros: int | None
    settled_ms: int | None = None
    outcome: Outcome | None = None
    characters_billed: int = 0

    def row(self) -> tuple[Any, ...]:
        request = self.request
        return (
            self.number, self.run, request.key, request.provider, request.model, request.voice, self.account,
            len(request.text), self.intended_ms, self.settled_ms, self.outcome, self.characters_billed,
            self.usd_micros, self.usd_per_million,
        )  # fmt: skip


class SqliteLedger:
    """Implements ports.Ledger for one run, by the process that holds the project's lock.

    `notices` are what a person should know of how the file was found. Leaving it as a context manager closes
    it with the name of the error that ended the run.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        account: str,
        usd_per_million: float | None,
        limits: Limits,
        has_take: Callable[[TakeKey], bool],
        notices: tuple[str, ...],
    ) -> None:
        self.notices = notices
        self._connection = connection
        self._path = path
        self._account = account
        self._usd_per_million = usd_per_million
        self._has_take = has_take
        self._in_flight: dict[int, _Call] = {}
        self._unwritten: dict[int, _Call] = {}
        self._noting = threading.Lock()
        self._writing = threading.Lock()
        with ledger_errors(f"Opening {path}"), transaction(connection):
            _settle_dead_calls(connection, has_take)
            self._run = _begin_run(connection, account, limits)
        with ledger_errors(f"Reading {path}"):
            self._budget = self._spent_before(limits)
            (last,) = connection.execute("SELECT coalesce(max(call), 0) FROM calls").fetchone()
        self._last_call = int(last)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        takes: Path,
        account: str,
        usd_per_million: float | None,
        price_of: PriceOf,
        has_take: Callable[[TakeKey], bool],
        max_cost_usd: float | None = None,
        max_characters: int | None = None,
    ) -> Self:
        """Open the ledger at `path` for one run, and set right what a killed run left open in it.

        A missing or damaged one is begun anew from the sidecars in `takes`, at the prices of `price_of`.
        `usd_per_million` is what `account` pays for a million characters: 0.0 for a free voice, None where
        that is not known. The limits are on all runs of the project together.

        Raises:
            UsageError: a limit on cost, and no price; or a newer narrator wrote the file.
            DiskError: the file or the takes cannot be read or written.
        """
        if max_cost_usd is not None and usd_per_million is None:
            raise UsageError(
                f"--max-cost needs to know what a character costs, and {account} has no known price.",
                advice="Name it with --price USD (for a million characters), or as "
                "speech.usd_per_million_characters in project.toml; or use --max-characters.",
            )
        connection, notices = open_for_writing(path, lambda new: _fill_from(takes, new, price_of))
        try:
            return cls(
                connection,
                path,
                account=account,
                usd_per_million=usd_per_million,
                limits=Limits(max_cost_usd, max_characters),
                has_take=has_take,
                notices=notices,
            )
        except BaseException:
            connection.close()
            raise

    @property
    def needs_intents(self) -> bool:
        """Whether requests may cost something: then each is committed before it is sent."""
        return self._usd_per_million is None or self._usd_per_million > 0

    def intend(self, request: SpeechRequest) -> int:
        """Note that this request is about to be sent; the call's number.

        Raises:
            BudgetReached: it would pass a limit: it must not be sent.
        """
        micros = cost_micros(len(request.text), self._usd_per_million)
        self._budget.hold(len(request.text), micros or 0)
        self._last_call += 1
        number = self._last_call
        call = _Call(number, self._run, request, self._account, now_ms(), self._usd_per_million, micros)
        self._in_flight[number] = call
        if self.needs_intents:
            with self._noting:
                self._unwritten[number] = call
        return number

    def settle(self, call: int, outcome: Outcome, *, characters_billed: int = 0) -> None:
        """Note what a call came to. `characters_billed` counts with TAKE and WASTED."""
        intended = self._in_flight.pop(call)
        characters, micros = len(intended.request.text), intended.usd_micros
        billed = characters_billed if outcome in {Outcome.TAKE, Outcome.WASTED} else 0
        if outcome is not Outcome.MAYBE:
            micros = cost_micros(billed, self._usd_per_million)
        self._budget.settle(
            characters,
            intended.usd_micros or 0,
            sent_characters=0 if outcome is Outcome.UNPAID else characters,
            spent_micros=micros or 0,
        )
        settled = replace(
            intended, settled_ms=now_ms(), outcome=outcome, characters_billed=billed, usd_micros=micros
        )
        with self._noting:
            self._unwritten[call] = settled

    def commit(self) -> None:
        """Make durable, in one transaction, all that was noted before.

        Raises:
            DiskError: it could not be written; it is tried again with the next commit.
        """
        with self._writing:
            with self._noting:
                noted, self._unwritten = self._unwritten, {}
            if not noted:
                return
            try:
                rows = [call.row() for call in noted.values()]
                with ledger_errors(f"Writing {self._path}"), transaction(self._connection):
                    self._connection.executemany(_WRITE, rows)
            except BaseException:
                with self._noting:
                    self._unwritten = noted | self._unwritten
                raise

    def close(self, outcome: str) -> None:
        """Write what is left, and how the run ended; calls that nobody settled, by whether there is a take.

        Raises:
            DiskError: it could not be written; the next run counts as maybe paid what has no outcome.
        """
        with ledger_errors(f"Closing {self._path}"):
            try:
                for number, call in list(self._in_flight.items()):
                    came_to = Outcome.TAKE if self._has_take(call.request.key) else Outcome.MAYBE
                    self.settle(number, came_to, characters_billed=len(call.request.text))
                self.commit()
                end = "UPDATE runs SET ended_ms = ?, outcome = ? WHERE run = ?"
                self._connection.execute(end, (now_ms(), outcome, self._run))
            finally:
                self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        # What ended the run is what a person must hear of.
        with suppress(DiskError) if kind else nullcontext():
            self.close(kind.__name__ if kind else "done")

    def _spent_before(self, limits: Limits) -> Budget:
        """What all runs cost and sent; calls of this account without a known price count at today's."""
        known, unpriced, sent = self._connection.execute(
            """
            SELECT coalesce(sum(usd_micros), 0),
                   coalesce(sum(iif(outcome = 'maybe', characters, characters_billed))
                            FILTER (WHERE usd_micros IS NULL AND account = ?), 0),
                   coalesce(sum(characters), 0)
            FROM calls WHERE outcome <> 'unpaid'
            """,
            (self._account,),
        ).fetchone()
        spent = int(known) + (cost_micros(int(unpriced), self._usd_per_million) or 0)
        return Budget(limits, spent_micros=spent, sent_characters=int(sent))


def _settle_dead_calls(connection: sqlite3.Connection, has_take: Callable[[TakeKey], bool]) -> None:
    """Give every call of a dead run its outcome: a take that is there was billed, of others nobody knows."""
    connection.execute("UPDATE runs SET outcome = 'abandoned' WHERE outcome IS NULL")
    dead = connection.execute("SELECT call, key FROM calls WHERE outcome IS NULL").fetchall()
    found = [(call,) for call, key in dead if has_take(TakeKey(key))]
    settle = "UPDATE calls SET outcome = 'take', characters_billed = characters WHERE call = ?"
    connection.executemany(settle, found)
    connection.execute("UPDATE calls SET outcome = 'maybe' WHERE outcome IS NULL")


def _begin_run(connection: sqlite3.Connection, account: str, limits: Limits) -> int:
    process = f"{os.getpid()} on {socket.gethostname()}"
    run = connection.execute(
        "INSERT INTO runs (began_ms, version, process, account, limits) VALUES (?, ?, ?, ?, ?)",
        (now_ms(), __version__, process, account, json.dumps(asdict(limits))),
    ).lastrowid
    return int(run or 0)


def _fill_from(takes: Path, connection: sqlite3.Connection, price_of: PriceOf) -> int:
    rows = list(_calls_told_by(takes, price_of))
    connection.executemany(_INSERT, rows)
    return len(rows)


def _calls_told_by(takes: Path, price_of: PriceOf) -> Iterator[tuple[Any, ...]]:
    """The calls that the takes of a project came from, as rows; when is the time of the sidecar's file."""
    with disk_errors(f"Reading {takes}"):
        for sidecar in sorted(takes.glob("??/*.json")):
            if not sidecar.with_suffix(".pcm").exists():
                continue
            try:
                raw = json.loads(sidecar.read_bytes())
                request, billed = raw["request"], raw["facts"].get("characters_billed")
                provider, model, voice = (str(request[name]) for name in ("provider", "model", "voice"))
                characters, key = len(request["text"]), str(raw["key"])
                billed = characters if billed is None else int(billed)
            except (AttributeError, KeyError, TypeError, ValueError):
                continue  # whoever loads this take finds that it is damaged
            price = price_of(provider, model)
            when_ms = sidecar.stat().st_mtime_ns // 1_000_000
            yield (
                None, None, key, provider, model, voice, None, characters, when_ms, when_ms, Outcome.TAKE,
                billed, cost_micros(billed, price), price,
            )  # fmt: skip
