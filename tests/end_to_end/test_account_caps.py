"""An account that bears so many requests at once never sees one more, however answers end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from narrator.__main__ import run as run_here
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import FakeServer, serving
from narrator.testing.smallest_server import FakeSmallestServer
from tests.end_to_end.books import markdown

KEY = "sk_canary0b1d2c3e4f"
BIRDS = ("owl", "heron", "goose", "raven", "thrush", "plover", "bittern", "curlew", "dipper")
PARAGRAPHS = [f"In the year of the {bird} the river froze, and nobody crossed until March." for bird in BIRDS]
BREAKS = ("cut", "endless", "stall", "garbled", "reset", "unended")
SLOW = [pytest.param(transport, marks=pytest.mark.slow) for transport in ("http", "sse")]

Render = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def render(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Render:
    """Renders a book, in this process; the events, of which the last is the result."""
    for name in ("SMALLEST", "ELEVENLABS"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
    book = markdown(tmp_path / "ferry.md", {"One": PARAGRAPHS[:4], "Two": PARAGRAPHS[4:]})

    def render(server: FakeServer, provider: str, *options: str) -> list[dict[str, Any]]:
        where = [str(book), "--projects", str(tmp_path), "--provider", provider, "--base-url", server.url]
        code = run_here(["render", *where, "--json", "--set", "rendering.timeout_s=0.8", *options])
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert code == 0, events[-1]
        return events

    return render


def _refusals(events: list[dict[str, Any]]) -> list[str]:
    reasons = [event["reason"] for event in events if event["event"] == "segment_retried"]
    # As a word: it may be part of the server's port.
    return [reason for reason in reasons if re.search(r"\b429\b|oncurren|same time", reason)]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("transport", [*SLOW, "ws"])
def test_an_account_of_one_is_asked_for_one_even_after_answers_that_broke_off(
    transport: str, render: Render
) -> None:
    with serving(FakeSmallestServer(key=KEY, concurrency=1)) as server:
        for number, name in enumerate(BREAKS):
            server.fail(server.faults[name], requests={2 + 2 * number})
        events = render(server, "smallest", "--option", f"transport={transport}")
        assert _refusals(events) == []
        assert server.peak_in_flight == 1


@pytest.mark.parametrize(("tier", "limit", "refused"), [("creator", 5, 0), ("free", 2, 0), ("free", 1, 1)])
def test_the_cap_of_the_plan_is_known_before_the_first_text(
    tier: str, limit: int, refused: int, render: Render
) -> None:
    with serving(FakeElevenLabs(key=KEY, tier=tier, limit=limit, latency_s=0.05)) as server:
        events = render(server, "elevenlabs")
        assert len(_refusals(events)) <= refused, "a free plan should bear two"
        assert server.peak_in_flight == limit + refused


def test_the_cap_that_answers_tell_replaces_a_guess(render: Render) -> None:
    permissions = {"text_to_speech", "voices_read", "models_read"}
    with serving(FakeElevenLabs(key=KEY, limit=5, permissions=permissions, latency_s=0.05)) as server:
        assert _refusals(render(server, "elevenlabs")) == []
        assert server.peak_in_flight == 5


@pytest.mark.parametrize(("tier", "option"), [("starter", "transport=stream"), ("trial", "plan=starter")])
def test_a_person_may_not_name_more_than_the_plan_bears(tier: str, option: str, render: Render) -> None:
    with serving(FakeElevenLabs(key=KEY, tier=tier, limit=3, latency_s=0.05)) as server:
        events = render(server, "elevenlabs", "--concurrency", "8", "--option", option)
        assert _refusals(events) == []
        assert server.peak_in_flight == 3


def test_a_person_who_names_too_many_pays_for_nothing_twice(render: Render) -> None:
    with serving(FakeElevenLabs(key=KEY, limit=2, latency_s=0.05)) as server:
        events = render(server, "elevenlabs", "--concurrency", "8")
        assert 1 <= len(_refusals(events)) <= 6, "one burst teaches how many there may be"
        assert server.billed_characters == events[-1]["billed_characters"]
