"""When chapters wait for the end of the requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.rendering import rush
from narrator.rendering.rush import Rush
from narrator.testing.openai_server import served
from tests.end_to_end.books import markdown
from tests.end_to_end.command import here


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def told(answers: int, sound_s: float, seconds: float) -> tuple[Rush, Clock]:
    """What is known after so many answers of so much sound, which came in so many seconds."""
    clock = Clock()
    known = Rush(clock)
    for _ in range(answers):
        clock.now_s += seconds / answers
        known.heard(sound_s)
    return known, clock


def test_sound_that_comes_faster_than_it_is_encoded_is_a_rush_until_it_pauses() -> None:
    known, clock = told(100, 4.0, seconds=1.0)
    assert known.is_on
    clock.now_s += 2.0
    assert not known.is_on


@pytest.mark.parametrize(("answers", "sound_s", "seconds"), [(100, 4.0, 4.0), (100, 0.5, 1.0), (10, 4.0, 0.1)])
def test_slower_sound_and_little_of_it_is_none(answers: int, sound_s: float, seconds: float) -> None:
    known, _ = told(answers, sound_s, seconds)
    assert not known.is_on


def test_a_rush_ends_where_sound_becomes_slow() -> None:
    known, clock = told(100, 4.0, seconds=1.0)
    for _ in range(64):
        clock.now_s += 0.1
        known.heard(4.0)
    assert not known.is_on


@pytest.mark.slow
@pytest.mark.parametrize(("fast", "least_early", "most_early"), [(0.0, 0, 1), (1e9, 1, 5)])
def test_chapters_are_made_after_the_last_answer_of_a_rush(
    fast: float, least_early: int, most_early: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rush, "FAST", fast)
    texts = [f"On day {number} the ferry came." for number in range(200)]
    chapters = {f"Chapter {n}": texts[40 * n : 40 * (n + 1)] for n in range(5)}
    with served() as server:
        book = markdown(tmp_path / "book.md", chapters)
        project = tmp_path / "book"
        speaking = ("--provider", "openai", "--base-url", server.url)
        run = here("render", book, "--project", project, *speaking, "--json")
    assert run.exit_code == 0, run
    names = [event["event"] for event in run.events]
    last = len(names) - 1 - names[::-1].index("take_ready")
    late = names[last:].count("chapter_assembled")
    assert names.count("chapter_assembled") == 5
    # The first chapter may have been begun before there were enough answers to tell.
    assert most_early >= 5 - late >= least_early
