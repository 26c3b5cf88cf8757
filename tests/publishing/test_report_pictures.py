from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.publishing.report_pictures import HEIGHT, level_y, loudness_line, waveform

_STEP = re.compile(r"(\d+) ?(-?\d+)")


def _points(path: str) -> list[tuple[int, int]]:
    """The corners of a path of one move and relative lines, as SVG reads it."""
    start, _, steps = path.partition("l")
    x, y = map(int, start.removeprefix("M").split())
    points = [(x, y)]
    for right, down in _STEP.findall(steps):
        x, y = x + int(right), y + int(down)
        points.append((x, y))
    return points


def _heights(points: Sequence[tuple[int, int]], columns: int) -> list[int]:
    """The line's height at each column, between corners too, which are level or one column apart."""
    known = dict(points)
    heights: list[int] = []
    for x in range(columns):
        heights.append(known.get(x, heights[-1] if heights else 0))
    return heights


@given(st.lists(st.floats(-80, 0), min_size=1, max_size=50))
def test_every_level_is_where_it_belongs(levels: list[float]) -> None:
    path = loudness_line(array("f", levels))
    assert _heights(_points(path), len(levels)) == [level_y(level) for level in array("f", levels)]


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=1, max_size=50))
def test_a_waveform_stays_in_its_half_and_begins_and_ends_at_the_middle(peaks: list[float]) -> None:
    path = waveform(array("f", peaks))
    assert path.startswith(f"M0 {HEIGHT // 2}l")
    assert path.endswith(f"V{HEIGHT // 2}z")
    assert all(0 < y <= HEIGHT // 2 for _, y in _points(path))


def test_a_higher_peak_is_drawn_higher() -> None:
    (_, y) = min(_points(waveform(array("f", [0.1, 0.6, 0.2]))), key=lambda point: point[1])
    assert y == HEIGHT // 2 - 78  # 0.6 of the 0.75 that fill the half, which is 98 high


@pytest.mark.parametrize(("lufs", "y"), [(-8, 0), (-20, 60), (-48, HEIGHT), (-70, HEIGHT), (0, 0)])
def test_levels_are_drawn_on_a_scale_of_decibels(lufs: float, y: int) -> None:
    assert level_y(lufs) == y


def test_silence_is_a_few_characters() -> None:
    silence = array("f", [0.0]) * 600
    assert len(waveform(silence)) < 40
