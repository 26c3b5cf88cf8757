"""A chapter's waveform and its short-term loudness as paths of SVG, in as few characters as can be."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

HEIGHT = 200
"""Units of the picture; it is as wide as there are columns."""

TOP_LUFS, BOTTOM_LUFS = -8.0, -48.0
"""What the picture's upper and lower edges stand for."""

_FULLEST = 0.75  # the linear peak that fills the picture: a finished book has none that is higher


def waveform(peaks: array[float]) -> str:
    """The upper half of a waveform, a column for each peak; its mirror image is the lower one."""
    middle = HEIGHT // 2
    heights = [middle - round(min(peak / _FULLEST, 1.0) * (middle - 2)) for peak in peaks]
    points = zip((0, *range(len(heights)), len(heights)), (middle, *heights, heights[-1]), strict=True)
    return f"{_line(points)}V{middle}z"


def loudness_line(short_term_lufs: array[float]) -> str:
    """The loudness from column to column; what is below the picture runs along its lower edge."""
    levels = [level_y(lufs) for lufs in short_term_lufs]
    return _line(enumerate((*levels, levels[-1])))


def level_y(lufs: float) -> int:
    """Where in the picture a level is."""
    share = (TOP_LUFS - lufs) / (TOP_LUFS - BOTTOM_LUFS)
    return round(min(max(share, 0.0), 1.0) * HEIGHT)


def _line(points: Iterable[Sequence[int]]) -> str:
    """A path through points: relative, where one that goes straight on is told as one step."""
    (x, y), *others = _corners(points)
    steps = [f"M{x} {y}l"]
    for next_x, next_y in others:
        rise = next_y - y
        steps.append(f"{next_x - x}{'' if rise < 0 else ' '}{rise} ")
        x, y = next_x, next_y
    return "".join(steps).rstrip(" l")


def _corners(points: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    """The points but for those in the middle of a level stretch."""
    kept: list[tuple[int, int]] = []
    for x, y in points:
        if len(kept) > 1 and kept[-1][1] == kept[-2][1] == y:
            kept[-1] = (x, y)
        else:
            kept.append((x, y))
    return kept
