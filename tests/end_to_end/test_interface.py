"""What programs and impatient people rely on: the shapes of `--json`, and a help that comes at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import narrator as package
from tests.end_to_end.books import CLOSING, OPENING, markdown, paragraph
from tests.end_to_end.command import COMMAND, here, narrator

SLOW_TO_IMPORT = ("aiohttp", "av", "hibari", "lxml", "numpy", "onnxruntime", "scipy")

LOADED_BY_HELP = f"""
import sys
from narrator.__main__ import main
sys.argv = ["narrator", "--help"]
try:
    main()
finally:
    print(*sorted(set({SLOW_TO_IMPORT!r}) & set(sys.modules)), file=sys.stderr)
"""


def test_help_loads_nothing_that_is_slow_to_load() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOADED_BY_HELP], check=False, capture_output=True, encoding="utf-8"
    )
    assert ended.stderr.split() == []
    assert "render" in ended.stdout


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="CPU time of one child is asked of POSIX")
def test_help_costs_less_than_a_third_of_a_second() -> None:
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    times = []
    for _ in range(3):
        process = subprocess.Popen([COMMAND, "--help"], stdout=subprocess.DEVNULL, env=unmeasured)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        times.append(usage.ru_utime + usage.ru_stime)
    assert min(times) <= 0.3


def test_version_is_that_of_the_package() -> None:
    assert package.__version__ in narrator("--version").out


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ((), ["render", "plan", "resume", "status", "voices", "providers", "doctor"]),
        (
            ("render",),
            ["--provider", "--voice", "--base-url", "--projects", "--json", "--format", "--allow-gaps"],
        ),
        (("plan",), ["--json"]),
    ],
)
def test_help_names_what_there_is(command: tuple[str, ...], names: list[str]) -> None:
    shown = here(*command, "--help").out
    assert [name for name in names if name not in shown] == []


def test_an_unknown_command_or_option_is_a_usage_error() -> None:
    assert here("rendr").exit_code == 2
    assert here("render", "--formt", "mp3").exit_code == 2


def test_providers_voices_and_doctor_answer_without_a_key() -> None:
    assert {"hibari", "openai"} <= set(re.findall(r"\w+", here("providers").out))
    assert "heart" in here("voices").out
    assert here("doctor").exit_code == 0


def test_plan_json_has_the_promised_shape_and_calls_nobody(tmp_path: Path) -> None:
    book = markdown(tmp_path / "ferry.md", {"One": [paragraph(1), paragraph(2)], "Two": [paragraph(3)]})
    plan = _plan(book, tmp_path)
    assert plan["title"] == "The Ferry"
    assert plan["authors"] == []
    assert plan["language"] in ("", "en")
    assert plan["orders"] == 7, "two credits, two headings and three paragraphs"
    assert plan["cost_usd"] == 0
    texts = (OPENING, "One", "Two", *map(paragraph, (1, 2, 3)), CLOSING)
    assert plan["characters"] == sum(map(len, texts))
    assert plan["seconds"] > 0
    assert plan["disk_bytes"] > 0
    first = next(chapter for chapter in plan["chapters"] if chapter["title"] == "One")
    words = 1 + len(paragraph(1).split()) + len(paragraph(2).split())
    assert first == {
        "index": first["index"],
        "number": 1,
        "title": "One",
        "matter": "body",
        "spoken": True,
        "characters": first["characters"],
        "words": words,
        "segments": 4,
        "missing": 4,
        "skipped": [],
    }


def test_alice_is_planned_by_her_table_of_contents(corpus: Callable[[str], Path], tmp_path: Path) -> None:
    book = corpus("alice.epub")
    with zipfile.ZipFile(book) as archive:
        contents = archive.read("OPS/toc.xhtml").decode()
    titles = re.findall(r'href="chapter_\d+\.xhtml">([^<]+)<', contents)
    plan = _plan(book, tmp_path)
    assert len(titles) == 10
    assert [chapter["title"] for chapter in plan["chapters"] if chapter["spoken"]] == titles


def test_candide_is_planned_with_its_thirty_chapters_and_without_its_notes(
    corpus: Callable[[str], Path], tmp_path: Path
) -> None:
    plan = _plan(corpus("candide-en.epub"), tmp_path)
    body = [chapter for chapter in plan["chapters"] if chapter["spoken"] and chapter["matter"] == "body"]
    assert len(body) == 30
    assert "Brought Up" in body[0]["title"]
    silent = {chapter["title"] for chapter in plan["chapters"] if not chapter["spoken"]}
    spoken = {chapter["title"] for chapter in plan["chapters"] if chapter["spoken"]}
    assert {"Endnotes", "Colophon", "Imprint", "Uncopyright"} <= silent
    assert not spoken & silent


def _plan(book: Path, projects: Path) -> dict[str, Any]:
    run = here("plan", book, "--projects", projects, "--json")
    assert run.exit_code == 0, run
    plan: dict[str, Any] = json.loads(run.out)
    return plan
