"""Captions: what is said, while it is heard, in lines that people can read, as SubRip and as WebVTT.

A caption has two lines at most, of 42 letters or of 18 characters of Chinese, Japanese and Korean, as public
guidelines have it (https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617), and is cut where
sentences end, else at clauses, else between words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from narrator.publishing.caption_clock import Clock
from narrator.publishing.caption_lines import captions_of
from narrator.publishing.timing import TimedFile, TimedSegment

_SHORTEST_MS = 833
"""5/6 s: what is shown for less than that is a flicker."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One or two lines, shown in [start_ms, end_ms) of a file."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def srt(file: TimedFile) -> str:
    """The text of an `.srt`: numbered cues. It has no header, no markup and no way to escape any."""
    return "\n".join(
        f"{number}\n{_stamp(cue.start_ms, ',')} --> {_stamp(cue.end_ms, ',')}\n"
        + "".join(f"{line}\n" for line in cue.lines)
        for number, cue in enumerate(cues(file), start=1)
    )


def vtt(file: TimedFile) -> str:
    """The text of a `.vtt` (https://www.w3.org/TR/webvtt1/)."""
    return "WEBVTT\n" + "".join(
        f"\n{_stamp(cue.start_ms, '.')} --> {_stamp(cue.end_ms, '.')}\n"
        + "".join(f"{_escaped(line)}\n" for line in cue.lines)
        for cue in cues(file)
    )


def cues(file: TimedFile) -> Iterator[Cue]:
    """The captions of a file in order. None overlaps another; those of a segment fill all of its time."""
    for chapter in file.chapters:
        for segment in chapter.segments:
            yield from _cues_of(segment)


def _cues_of(segment: TimedSegment) -> Iterator[Cue]:
    clock = Clock(segment)
    captions = captions_of(segment.text)
    starts_ms = [clock.ms_at(caption.start) for caption in captions]
    bounds_ms = _spread([*starts_ms, clock.end_ms], clock.start_ms)
    for caption, start_ms, end_ms in zip(captions, bounds_ms, bounds_ms[1:], strict=False):
        if end_ms > start_ms:
            yield Cue(start_ms, end_ms, caption.lines)


def _spread(bounds_ms: list[int], first_ms: int) -> list[int]:
    """The bounds of captions, the first at `first_ms`, moved apart where one would be gone at once."""
    last_ms = bounds_ms[-1]
    least_ms = min(_SHORTEST_MS, (last_ms - first_ms) // max(1, len(bounds_ms) - 1))
    spread = [first_ms]
    for bound_ms in bounds_ms[1:-1]:
        spread.append(max(bound_ms, spread[-1] + least_ms))
    spread.append(last_ms)
    for place in range(len(spread) - 2, 0, -1):
        spread[place] = min(spread[place], spread[place + 1] - least_ms)
    return spread


def _stamp(time_ms: int, point: str) -> str:
    seconds, ms = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
