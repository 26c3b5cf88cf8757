"""What a file is that was made of several pieces."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Joined:
    """The length of a file at `rate_hz`, as a player makes it, and the frames [start, end) of each piece."""

    rate_hz: int
    frames: int
    places: tuple[tuple[int, int], ...]
