from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from narrator.events import (
    Event,
    Notice,
    RenderStarted,
    SegmentFailed,
    SegmentRetried,
    SegmentStarted,
    TakeReady,
)
from narrator.model import TakeKey
from narrator.progress import Bars, Counts, JsonLines, Notices

ONE, TWO = TakeKey("1" * 64), TakeKey("2" * 64)
STARTED = RenderStarted("Book", Path("p"), 3, 1, 2, 20, 30, 1e6)


class Broken(io.StringIO):
    """A stream whose reader has gone after so many writes."""

    def __init__(self, writes: int = 0) -> None:
        super().__init__()
        self.writes = writes

    def write(self, text: str) -> int:
        if not self.writes:
            raise BrokenPipeError
        self.writes -= 1
        return super().write(text)


def taken(key: TakeKey) -> TakeReady:
    return TakeReady(key, 1, 10, 10, 0.00015, 1.0, 1, "", 100, 1, 48_000, 8.0)


def failed(key: TakeKey) -> SegmentFailed:
    return SegmentFailed(key, 1, "text", "no reason", 1)


def counted(*events: Event) -> tuple[int, int, int, int]:
    counts = Counts()
    for event in (STARTED, *events):
        counts(event)
    segments = counts.result()["segments"]
    return segments["rendered"], segments["reused"], segments["failed"], counts.result()["billed_characters"]


def test_a_segment_counts_once_however_often_it_is_spoken_but_is_paid_for_each_time() -> None:
    assert counted(taken(ONE), taken(TWO), STARTED, taken(ONE)) == (2, 1, 0, 30)
    assert counted(failed(ONE), taken(TWO), STARTED, taken(ONE)) == (2, 1, 0, 20)
    assert counted(taken(ONE), taken(TWO), STARTED, failed(ONE)) == (1, 1, 1, 20)


def test_a_take_that_is_spoken_again_in_the_same_run_counts_as_a_retake() -> None:
    counts = Counts()
    for event in (STARTED, taken(ONE), SegmentRetried(TWO, 1, 1, 0.5, "cut", is_retake=False), taken(TWO)):
        counts(event)
    assert (counts.figures["retries"], counts.figures["retakes"]) == (1, 0)
    counts(taken(ONE))
    assert (counts.figures["retries"], counts.figures["retakes"]) == (2, 1)
    assert counts.result()["figures"] == counts.figures


def test_a_damaged_take_from_before_that_is_spoken_anew_is_no_longer_counted_as_reused() -> None:
    assert counted(taken(ONE), taken(TWO), STARTED, taken(TakeKey("3" * 64))) == (3, 0, 0, 30)


def test_lines_for_a_reader_that_has_gone_are_dropped_and_that_is_remembered() -> None:
    stream = Broken(writes=1)
    lines = JsonLines(stream)
    lines(Notice("first"))
    lines(Notice("second"))
    stream.writes = 9
    lines(Notice("third"))
    assert lines.is_lost
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["first"]


def test_lines_are_json_in_every_encoding() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    JsonLines(stream)(Notice("“Ça 🎧”, \udce9"))
    assert json.loads(raw.getvalue())["message"] == "“Ça 🎧”, \udce9"


@pytest.mark.parametrize("writes", [0, 1, 3])
def test_bars_outlive_their_terminal(writes: int) -> None:
    with Bars(Broken(writes)) as bars:
        for event in (STARTED, SegmentStarted(ONE, 1, "text"), Notice("look"), failed(TWO), taken(ONE)):
            bars(event)


def test_a_notice_is_seen_with_and_without_bars() -> None:
    plain, terminal = io.StringIO(), io.StringIO()
    notices = Notices(plain)
    for event in (STARTED, Notice("look here"), taken(ONE)):
        notices(event)
    assert plain.getvalue() == "look here\n"
    with Bars(terminal) as bars:
        bars(STARTED)
        bars(Notice("look here"))
    assert "look here" in terminal.getvalue()
