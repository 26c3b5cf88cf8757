"""A server that fails: a book is complete and right, or the exit code says that it is not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrator.__main__ import run as run_here
from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import CLOSING, OPENING, markdown, paragraph
from tests.end_to_end.command import Finished, delivered, here

pytestmark = pytest.mark.usefixtures("hasty")

PASSING = [
    "429", "500", "503", "cut", "cut-chunked", "cut-at-once",
    "reset", "half", "html", "json", "empty", "silence",
]  # fmt: skip
CHAPTERS = {
    "One": [paragraph(number) for number in range(6)],
    "Two": [paragraph(number) for number in range(6, 11)],
    "Three": [paragraph(11)],
}
TEXTS = [OPENING, *(text for title, texts in CHAPTERS.items() for text in (title, *texts)), CLOSING]


@pytest.fixture
def server() -> Iterator[FakeSpeechServer]:
    with served() as server:
        yield server


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return markdown(tmp_path / "ferry.md", CHAPTERS)


def _render(book: Path, server: FakeSpeechServer, *options: str) -> Finished:
    return here(
        "render", book, "--projects", book.parent, "--json",
        "--provider", "openai", "--base-url", server.url, "--concurrency", "4", *options,
    )  # fmt: skip


def test_half_an_answer_that_a_stopped_run_believed_is_found_out(
    server: FakeSpeechServer, tmp_path: Path
) -> None:
    # Brief texts are judged by the pace of the voice, which is known after some long ones.
    heading = "The Man with the Two Watches"
    book = markdown(tmp_path / "two.md", {heading: [paragraph(number) for number in range(8)]})
    server.fail(FAULTS["half"], text=lambda text: text == heading, requests={2})
    stopped = _render(book, server, "--concurrency", "1", "--max-characters", "700")
    assert stopped.exit_code == 5, stopped
    assert len(delivered(_render(book, server, "--concurrency", "1"))) == 1
    assert sum(request.text == heading for request in server.requests) == 2


def test_every_paragraph_is_asked_for_once_and_heard_in_order(server: FakeSpeechServer, book: Path) -> None:
    run = _render(book, server)
    assert len(delivered(run)) == 3
    assert Counter(request.text for request in server.requests) == Counter(TEXTS)
    assert server.peak_in_flight <= 4
    assert run.result["characters"] == run.result["billed_characters"] == server.billed_characters

    project = Path(run.result["project"])
    record = json.loads((project / "book.json").read_text(encoding="utf-8"))
    heard = [_text_of(project, part["key"]) for chapter in record["chapters"] for part in chapter["segments"]]
    assert heard == TEXTS
    for chapter in record["chapters"]:
        edges = [edge for part in chapter["segments"] for edge in (part["start"], part["end"])]
        assert edges == sorted(edges)
        assert edges[-1] <= chapter["frames"]


def test_a_run_ends_with_how_the_takes_came(
    server: FakeSpeechServer, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.latency_s = 0.05
    voice = ["--provider", "openai", "--base-url", server.url]

    def rendered(projects: str, *options: str) -> str:
        server.fail(FAULTS["500"], times=1)
        assert run_here(["render", str(book), "--projects", str(book.parent / projects), *voice, *options]) == 0
        server.recover()
        return capsys.readouterr().out

    server.fail(FAULTS["silence"], text=paragraph(3).__eq__, times=1)
    figures = json.loads(rendered("one", "--json").splitlines()[-1])["figures"]
    assert (figures["takes"], figures["retries"], figures["retakes"]) == (17, 2, 1)
    assert figures["chunks"] >= 17
    assert figures["received_bytes"] > 1_000_000
    assert 50 <= figures["ttfb_ms"]["p50"] <= figures["ttfb_ms"]["p99"] <= figures["ttfb_ms"]["max"] < 20_000
    assert figures["real_time_factor"]["p50"] > 1
    assert json.loads(rendered("one", "--json").splitlines()[-1])["figures"]["ttfb_ms"] is None

    words = rendered("another")
    assert "First sound after 0." in words
    assert "times as fast as it plays" in words
    assert "Sent again: 1, of which 0" in words
    assert "First sound" not in rendered("another")


@pytest.mark.slow
def test_faults_that_pass_leave_the_very_same_book(
    server: FakeSpeechServer, book: Path, tmp_path: Path
) -> None:
    for fault, number in zip(PASSING, range(12), strict=True):
        server.fail(FAULTS[fault], text=paragraph(number).__eq__, times=1)
    troubled = _render(book, server)
    figures = troubled.result["figures"]
    assert (figures["retries"], figures["retakes"]) == (12, 5), "half, html, json, empty and silence were whole"
    times_asked = Counter(request.text for request in server.requests)
    assert times_asked == Counter(TEXTS) + Counter(CHAPTERS["One"] + CHAPTERS["Two"] + CHAPTERS["Three"])

    server.recover()
    (tmp_path / "calm").mkdir()
    calm = _render(markdown(tmp_path / "calm" / "ferry.md", CHAPTERS), server)
    for one, other in zip(delivered(troubled), delivered(calm), strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_text_that_cannot_be_had_leaves_no_audiobook_until_gaps_are_allowed(
    server: FakeSpeechServer, book: Path
) -> None:
    server.fail(FAULTS["400"], text=paragraph(7).__eq__)
    run = _render(book, server)
    assert run.exit_code == 3, run
    assert run.result["segments"] == {"total": 17, "rendered": 16, "reused": 0, "failed": 1}
    assert "Two" in run.err
    assert paragraph(7)[:30] in run.err
    assert "Traceback" not in run.err
    project = Path(run.result["project"])
    assert not list(project.rglob("*Two*.mp3"))
    assert not list(project.rglob("*.m3u8"))

    gapped = _render(book, server, "--allow-gaps")
    assert len(delivered(gapped)) == 3
    record = json.loads((project / "book.json").read_text(encoding="utf-8"))
    assert [gap["text"] for gap in record["gaps"]] == [paragraph(7)]


def test_once_the_server_recovers_only_what_was_missing_is_asked_for(
    server: FakeSpeechServer, book: Path
) -> None:
    server.fail(FAULTS["half"], text=paragraph(3).__eq__)
    assert _render(book, server).exit_code == 3
    assert sum(request.text == paragraph(3) for request in server.requests) <= 3, "each was probably paid for"
    server.recover()
    server.requests.clear()
    assert len(delivered(_render(book, server))) == 3
    assert [request.text for request in server.requests] == [paragraph(3)]


@pytest.mark.parametrize("fault", ["401", "quota"])
def test_an_account_that_is_refused_stops_the_run_and_keeps_what_is_done(
    fault: str, server: FakeSpeechServer, book: Path
) -> None:
    server.fail(FAULTS[fault], requests=range(6, 1000))
    run = _render(book, server)
    assert run.exit_code == 4, run
    assert "Traceback" not in run.err
    assert len(server.requests) <= 5 + 4, "those in flight, and none after"

    server.recover()
    server.requests.clear()
    again = _render(book, server)
    assert len(delivered(again)) == 3
    assert again.result["segments"]["reused"] == 5
    assert len(server.requests) == 12


def test_a_server_that_fails_for_good_ends_the_run_as_incomplete(server: FakeSpeechServer, book: Path) -> None:
    project = book.parent / "ferry"
    project.mkdir()
    (project / "project.toml").write_text("[rendering]\nattempts = 1\n", encoding="utf-8")
    server.fail(FAULTS["500"], requests=range(4, 1000))
    run = _render(book, server)
    assert run.exit_code == 3, run
    assert run.result["segments"]["rendered"] == 3
    assert "openai" in run.err
    assert "Traceback" not in run.err


def _text_of(project: Path, key: str) -> str:
    sidecar = json.loads((project / "takes" / key[:2] / f"{key}.json").read_text(encoding="utf-8"))
    text: str = sidecar["request"]["text"]
    return text


def test_a_text_given_up_beside_a_doubtful_take_is_a_gap_and_no_broken_disk(
    server: FakeSpeechServer, tmp_path: Path
) -> None:
    texts = [paragraph(number) for number in range(8)]
    book = markdown(tmp_path / "two.md", {"The Man with the Two Watches": texts})
    server.fail(FAULTS["wrong-rate"], requests={2})
    server.fail(FAULTS["400"], text=lambda text: text == texts[3])
    run = _render(book, server, "--concurrency", "1")
    assert run.exit_code == 3, run
    assert sum(request.text == texts[3] for request in server.requests) == 1
