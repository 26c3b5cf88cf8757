"""Where each take of a chapter lies, in frames, so that the silence heard is the silence asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from narrator.audio.silence import frames_in
from narrator.model import Placement, Take

MARGIN_MS = 20.0
"""A take keeps up to this much of its own quiet at each edge: the breath before, the last of a consonant."""


@dataclass(frozen=True, slots=True)
class Part:
    """A take and the silence that is heard between it and the next part (after the last: not used).

    `voice` tells apart who speaks, whatever it is called. `gain_db` is the take's own, before the chapter's.
    """

    take: Take
    pause_after_ms: int
    voice: str = ""
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Clip:
    """Frames [first, last) of a take, heard from frame `start` of the chapter on at its own `gain` (linear)."""

    take: Take
    start: int
    first: int
    last: int
    voice: str = ""
    gain: float = 1.0

    @property
    def end(self) -> int:
        return self.start + self.last - self.first

    @property
    def placement(self) -> Placement:
        return Placement(self.start, self.end, self.first)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A chapter of `frames` frames: silent but for its clips, which stand in order and never overlap."""

    rate_hz: int
    frames: int
    clips: tuple[Clip, ...]


def lay_out(parts: Sequence[Part], *, head_ms: int, tail_ms: int) -> Timeline:
    """Place takes after one another, each cut to where it is heard.

    The quiet that a take keeps at its edges counts as part of the pause there, half of it at most, so that
    from the last sound of a take to the first of the next there is the pause and never more. A silent take
    keeps no frame; of the pauses around it the longest is heard.

    Raises:
        ValueError: there are no parts, or not all takes have one rate.
    """
    rates = {part.take.rate_hz for part in parts}
    if len(rates) != 1:
        raise ValueError(f"a chapter's takes have one rate, not {sorted(rates)}")
    (rate_hz,) = rates
    margin = frames_in(MARGIN_MS, rate_hz)
    pauses = [*(part.pause_after_ms for part in parts[:-1]), tail_ms]
    clips: list[Clip] = []
    end, kept, quiet = 0, 0, frames_in(head_ms, rate_hz)  # kept: frames of `quiet` that the last clip brings
    for part, pause_ms in zip(parts, pauses, strict=True):
        pause = frames_in(pause_ms, rate_hz)
        sound = part.take.measurement
        if sound.lead_frames >= sound.frames:
            clips.append(Clip(part.take, end, 0, 0, part.voice))
            quiet = max(quiet, pause)
            continue
        lead = min(margin, sound.lead_frames, quiet // 2)
        tail = min(margin, sound.tail_frames, pause // 2)
        first, last = sound.lead_frames - lead, sound.frames - sound.tail_frames + tail
        start = end + quiet - kept - lead
        clips.append(Clip(part.take, start, first, last, part.voice, 10.0 ** (part.gain_db / 20.0)))
        end, kept, quiet = clips[-1].end, tail, pause
    return Timeline(rate_hz, end + quiet - kept, tuple(clips))
