"""Where a provider fails for good, another one goes on, and every chapter is in one voice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from narrator.testing.faults import FAULTS
from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import CLOSING, OPENING, markdown, paragraph
from tests.end_to_end.command import Finished, delivered, here

CHAPTERS = {
    f"Chapter {word}": [paragraph(4 * part + number) for number in range(4)] for part, word in enumerate("ABC")
}
TEXTS = [OPENING, *(text for title, texts in CHAPTERS.items() for text in (title, *texts)), CLOSING]
AFTER = 8
"""The first server speaks so many texts: all of the first chapter, and part of the second."""


def _render(book: Path, first: str, *settings: str, env: dict[str, str] | None = None) -> Finished:
    wishes = [part for setting in settings for part in ("--set", setting)]
    return here(
        "render", book, "--projects", book.parent, "--json", "--concurrency", "1",
        "--provider", "openai", "--base-url", first, "--price", "100", *wishes, env=env,
    )  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return markdown(tmp_path / "ferry.md", CHAPTERS)


def _asked(server: FakeSpeechServer) -> Counter[str]:
    return Counter(request.text for request in server.requests if request.finished and request.billed)


@pytest.mark.parametrize(
    "fault", ["quota", *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("401", "500"))]
)
def test_another_provider_goes_on_with_whole_chapters(fault: str, book: Path) -> None:
    with served() as first, served(FakeSpeechServer(voices=("mara",))) as second:
        first.fail(FAULTS[fault], requests=range(AFTER + 1, 1000))
        settings = [
            "failover.provider=openai",
            "failover.voice=mara",
            f"failover.base_url={second.url}",
            "failover.usd_per_million_characters=10",
            "rendering.attempts=1",
        ]
        run = _render(book, first.url, *settings)
        assert len(delivered(run)) == 3
        told = [event["message"] for event in run.events if event["event"] == "notice"]
        assert any("mara" in message for message in told), told
        assert _asked(second) == Counter(TEXTS[6:])
        assert _asked(first) == Counter(TEXTS[:AFTER])
        cost = (first.billed_characters * 100 + second.billed_characters * 10) / 1e6
        assert run.result["cost_usd"] == pytest.approx(cost, abs=1e-4)
        assert run.result["segments"] == {"total": len(TEXTS), "rendered": len(TEXTS), "reused": 0, "failed": 0}

        first.recover()
        before = len(first.requests), len(second.requests)
        again = _render(book, first.url, *settings)
        assert again.exit_code == 0, again
        assert (len(first.requests), len(second.requests)) == before


def test_another_account_goes_on_with_the_next_text(book: Path) -> None:
    env = {"OPENAI_API_KEY": "sk-first", "OPENAI_API_KEY_2": "sk-second"}
    with served() as server:
        server.fail(FAULTS["quota"], requests={AFTER + 1})
        run = _render(book, server.url, "failover.key_variable=OPENAI_API_KEY_2", env=env)
        assert len(delivered(run)) == 3
        assert _asked(server) == Counter(TEXTS)
        keys = [request.headers["Authorization"] for request in server.requests]
        assert keys[: AFTER + 1] == ["Bearer sk-first"] * (AFTER + 1)
        assert set(keys[AFTER + 1 :]) == {"Bearer sk-second"}


def test_a_key_that_is_wrong_from_the_first_is_told(book: Path) -> None:
    with served(FakeSpeechServer(key="sk-right")) as first, served() as second:
        settings = ["failover.provider=openai", f"failover.base_url={second.url}"]
        run = _render(book, first.url, *settings, env={"OPENAI_API_KEY": "sk-wrong"})
        assert run.exit_code == 4
        assert second.requests == []


def _second(server: FakeSpeechServer) -> tuple[str, ...]:
    return ("failover.provider=openai", "failover.voice=mara", f"failover.base_url={server.url}")


@pytest.mark.slow
def test_a_key_that_stays_refused_goes_on_failing_over(book: Path) -> None:
    with served() as first, served(FakeSpeechServer(voices=("mara",))) as second:
        first.fail(FAULTS["401"], requests=range(AFTER + 1, 1000))
        second.fail(FAULTS["quota"], requests=range(3, 1000))
        stopped = _render(book, first.url, *_second(second))
        assert stopped.exit_code == 4, stopped
        second.recover()
        run = _render(book, first.url, *_second(second))
        assert len(delivered(run)) == 3
        assert _asked(second) == Counter(TEXTS[6:])


@pytest.mark.slow
def test_what_the_second_leaves_undone_the_first_does_once_it_is_well(book: Path) -> None:
    with served() as first, served(FakeSpeechServer(voices=("mara",))) as second:
        first.fail(FAULTS["quota"], requests=range(AFTER + 1, 1000))
        second.fail(FAULTS["quota"], requests=range(3, 1000))
        stopped = _render(book, first.url, *_second(second))
        assert stopped.exit_code == 4, stopped
        first.recover()
        run = _render(book, first.url, *_second(second))
        assert len(delivered(run)) == 3
        assert max(_asked(first).values()) == 1


def test_a_limit_on_cost_needs_both_prices_before_anything_is_sent(book: Path) -> None:
    with served() as first, served(FakeSpeechServer(voices=("mara",))) as second:
        run = _render(book, first.url, *_second(second), "rendering.max_cost_usd=5")
        assert run.exit_code == 2, run
        assert "failover.usd_per_million_characters" in run.result["advice"]
        assert first.requests == second.requests == []
