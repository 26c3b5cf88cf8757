"""What happened: facts that a render tells its observers (bars, `--json` lines, logs) as they come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from narrator.model import TakeKey


@dataclass(frozen=True, slots=True)
class RenderStarted:
    """Work begins: `reused` segments have their take; the orders are `characters` of `all_characters`.

    `usd_per_million_characters` is what who speaks first costs, None where the price is not known.
    """

    title: str
    project: Path
    segments: int
    reused: int
    orders: int
    characters: int
    all_characters: int
    usd_per_million_characters: float | None


@dataclass(frozen=True, slots=True)
class SegmentStarted:
    """An order's first attempt begins."""

    key: TakeKey
    chapter: int
    text: str


@dataclass(frozen=True, slots=True)
class SegmentRetried:
    """An attempt failed and the order will be tried again after `wait_s` seconds.

    `is_retake`: there was a whole answer, probably paid for, that was no take of the text.
    """

    key: TakeKey
    chapter: int
    attempt: int
    wait_s: float
    reason: str
    is_retake: bool


@dataclass(frozen=True, slots=True)
class TakeReady:
    """A take is durable. `segments` is how many segments of the script share it.

    `cost_usd` is what its answer cost, None where the price is not known. `ttfb_ms` is the time to its first
    sound, `real_time_factor` how many seconds of sound came in a second of waiting for it, and `transport` the
    way by which it came, '' where the provider names none.
    """

    key: TakeKey
    chapter: int
    characters: int
    characters_billed: int
    cost_usd: float | None
    seconds: float
    segments: int
    transport: str
    ttfb_ms: int
    chunks: int
    received_bytes: int
    real_time_factor: float


@dataclass(frozen=True, slots=True)
class SegmentFailed:
    """An order was given up; the run goes on without it. `segments` is how many share it."""

    key: TakeKey
    chapter: int
    text: str
    reason: str
    segments: int


@dataclass(frozen=True, slots=True)
class ChapterAssembled:
    """A chapter's files are in place under their final names."""

    chapter: int
    title: str
    paths: tuple[Path, ...]
    duration_s: float


@dataclass(frozen=True, slots=True)
class Stopping:
    """A first request to stop came: what runs is finished, nothing new begins."""

    in_flight: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that stops nothing."""

    message: str


Event = (
    RenderStarted
    | SegmentStarted
    | SegmentRetried
    | TakeReady
    | SegmentFailed
    | ChapterAssembled
    | Stopping
    | Notice
)
