from __future__ import annotations

from narrator.events import SegmentRetried, TakeReady
from narrator.model import TakeKey
from narrator.rendering.figures import Figures

KEY = TakeKey("1" * 64)


def take(ttfb_ms: int, real_time_factor: float = 8.0, transport: str = "") -> TakeReady:
    return TakeReady(KEY, 1, 10, 10, 0.00015, 1.0, 1, transport, ttfb_ms, 3, 48_000, real_time_factor)


def test_percentiles_are_times_that_were_measured() -> None:
    figures = Figures()
    for ttfb_ms in reversed(range(1, 201)):
        figures.taken(take(ttfb_ms, ttfb_ms / 10), is_retake=False)
    result = figures.result()
    assert result["takes"] == 200
    assert result["ttfb_ms"] == {"p50": 100, "p90": 180, "p99": 198, "min": 1, "max": 200}
    assert result["real_time_factor"] == {"p50": 10.0, "p90": 18.0, "p99": 19.8, "min": 0.1, "max": 20.0}
    assert (result["chunks"], result["received_bytes"]) == (600, 9_600_000)


def test_one_take_is_all_its_percentiles() -> None:
    figures = Figures()
    figures.taken(take(70), is_retake=False)
    assert figures.result()["ttfb_ms"] == dict.fromkeys(("p50", "p90", "p99", "min", "max"), 70)


def test_a_run_that_spoke_nothing_has_no_figures_of_time() -> None:
    result = Figures().result()
    assert (result["takes"], result["ttfb_ms"], result["real_time_factor"]) == (0, None, None)


def test_takes_are_counted_by_the_way_they_came() -> None:
    figures = Figures()
    for transport in ("ws", "sse", "ws"):
        figures.taken(take(1, transport=transport), is_retake=False)
    assert figures.result()["transports"] == {"sse": 1, "ws": 2}


def test_texts_that_are_spoken_again_for_a_bad_answer_are_counted_apart() -> None:
    figures = Figures()
    figures.retried(SegmentRetried(KEY, 1, 1, 0.5, "busy", is_retake=False))
    figures.retried(SegmentRetried(KEY, 1, 2, 0.5, "silence", is_retake=True))
    figures.taken(take(1), is_retake=False)
    figures.taken(take(1), is_retake=True)  # the first one proved doubtful
    result = figures.result()
    assert (result["retries"], result["retakes"]) == (3, 2)
