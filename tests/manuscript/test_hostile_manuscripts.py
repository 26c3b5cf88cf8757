"""Every hostile file is read whole or refused in one line, in little time and memory; nothing else happens."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cpu_time import assert_cpu_s
from tests.end_to_end.command import here
from tests.manuscript.hostile import Hostile, Must, all_cases
from tests.manuscript.hostile_words import BEGINNING, ENDING, HIDDEN

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked and measured")

_MOST_CPU_S = 5.0
_MOST_MEMORY_MB = 300.0
_LONGEST_REFUSAL = 300


@pytest.fixture(scope="module")
def reader() -> Iterator[subprocess.Popen[str]]:
    """The program that reads each file in a child; what it measures is not slowed down by coverage."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.manuscript.hostile_reading"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        cwd=Path(__file__).parents[2],
    ) as program:  # fmt: skip
        yield program
        program.communicate()


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A server that nobody may ever ask."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


_ZIPS_LIKE_THOSE_OF_EPUBS = {
    f"docx: zip {name}" for name in ("of 25,000 names that are one", "of overlapping files")
}
"""They take tenths of a second, in which `ZipArchive` reads its list: that goes before all formats."""


def _is_one_of_many(case: Hostile) -> bool:
    """Whether a case of another format goes the same way in the quick tests."""
    of_another = case.name.partition(":")[0] in {"fbz", "fodt", "ott", "odt", "fb2", "rtf", "md"}
    return of_another or case.name in _ZIPS_LIKE_THOSE_OF_EPUBS


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case, id=case.name, marks=[pytest.mark.slow] if case.is_large or _is_one_of_many(case) else []
        )
        for case in all_cases()
    ],
)
def test_hostile_file_is_read_whole_or_refused(
    case: Hostile, reader: subprocess.Popen[str], listener: socket.socket, tmp_path: Path
) -> None:
    host, port = listener.getsockname()
    found = _outcome(reader, case.make(tmp_path, f"http://{host}:{port}"))
    assert_cpu_s(found["cpu_s"], _MOST_CPU_S)
    assert found["peak_mb"] <= _MOST_MEMORY_MB
    assert found.get("done") == []
    with pytest.raises(BlockingIOError):
        listener.accept()
    if "refused" in found:
        assert case.must is not Must.READ
        _assert_clear(found)
    else:
        assert case.must is not Must.REFUSE
        assert BEGINNING in found["start"]
        assert ENDING in found["end"]
        assert HIDDEN not in found["start"]


def _outcome(reader: subprocess.Popen[str], path: Path) -> dict[str, Any]:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(f"{path}\n")
    reader.stdin.flush()
    found: dict[str, Any] = json.loads(reader.stdout.readline())
    assert "raised" not in found, found["raised"]
    assert "died" not in found, found["died"]
    return found


def _assert_clear(found: dict[str, Any]) -> None:
    """One line, that names the file, of a length that people read; and what to do next."""
    assert "\n" not in found["refused"]
    assert found["refused"].startswith("a.")
    assert len(found["refused"]) <= _LONGEST_REFUSAL
    assert found["advice"]


def test_names_of_cases_differ() -> None:
    names = [case.name for case in all_cases()]
    assert len(names) == len(set(names))


def test_refusal_is_exit_code_7_and_one_line(tmp_path: Path) -> None:
    case = next(case for case in all_cases() if case.must is Must.REFUSE)
    path, books = str(case.make(tmp_path, "")), str(tmp_path / "books")
    ended = here("plan", path, "--projects", books)
    assert ended.exit_code == 7
    assert ended.out == ""
    assert len(ended.err.strip().splitlines()) <= 2  # what happened, and what to do next
    assert not tmp_path.joinpath("books").exists()
