from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.mastering.timeline import Part, lay_out
from narrator.model import Measurement, Placement, Take, TakeKey

RATE = 1_000  # a frame is a millisecond
Shape = tuple[int, int, int, int]


def part(lead: int, body: int, tail: int, pause: int, rate_hz: int = RATE) -> Part:
    frames = lead + body + tail
    sound = Measurement(frames, b"", b"", 0.5, 0.5, 1.0, lead if body else frames, tail if body else 0)
    return Part(Take(TakeKey("key"), Path("take.pcm"), rate_hz, "", sound), pause)


edge = st.integers(0, 800)
audible = st.builds(part, edge, st.integers(1, 5_000), edge, st.integers(0, 2_000))
silent = st.builds(part, edge, st.just(0), edge, st.integers(0, 2_000))


@given(st.lists(st.one_of(audible, audible, silent), min_size=1, max_size=12), edge, edge)
def test_clips_stand_in_order_and_inside_the_chapter(parts: list[Part], head: int, tail: int) -> None:
    timeline = lay_out(parts, head_ms=head, tail_ms=tail)
    ends = [0, *(clip.end for clip in timeline.clips)]
    assert len(timeline.clips) == len(parts)
    assert all(before <= clip.start <= clip.end for before, clip in zip(ends, timeline.clips, strict=False))
    assert ends[-1] <= timeline.frames


@given(st.lists(audible, min_size=1, max_size=12), edge, edge)
def test_the_silence_that_is_heard_is_the_pause_that_was_asked_for(
    parts: list[Part], head: int, tail: int
) -> None:
    timeline = lay_out(parts, head_ms=head, tail_ms=tail)
    heard = []
    sounded = 0
    for clip in timeline.clips:
        sound = clip.take.measurement
        heard.append(clip.start + sound.lead_frames - clip.first - sounded)
        sounded = clip.start + sound.frames - sound.tail_frames - clip.first
    heard.append(timeline.frames - sounded)
    assert heard == [head, *(part.pause_after_ms for part in parts[:-1]), tail]


@given(audible)
def test_all_sound_is_kept_and_at_most_20_ms_around_it(one: Part) -> None:
    (clip,) = lay_out([one], head_ms=500, tail_ms=500).clips
    sound = one.take.measurement
    assert 0 <= sound.lead_frames - clip.first <= 20
    assert 0 <= clip.last - (sound.frames - sound.tail_frames) <= 20


@given(st.lists(st.one_of(audible, silent), min_size=1, max_size=6))
def test_a_placement_says_what_of_the_take_is_heard(parts: list[Part]) -> None:
    for clip in lay_out(parts, head_ms=500, tail_ms=500).clips:
        assert clip.placement == Placement(clip.start, clip.start + clip.last - clip.first, clip.first)


def test_voices_and_gains_go_with_their_takes() -> None:
    parts = [replace(part(0, 100, 0, 300), voice=voice, gain_db=gain) for voice, gain in (("a", 0), ("b", 20))]
    clips = lay_out(parts, head_ms=0, tail_ms=0).clips
    assert [(clip.voice, clip.gain) for clip in clips] == [("a", 1.0), ("b", 10.0)]


def test_around_a_silent_take_the_longest_pause_is_heard() -> None:
    parts = [part(0, 100, 0, 300), part(0, 0, 400, 900), part(0, 100, 0, 0)]
    first, silence, last = lay_out(parts, head_ms=0, tail_ms=0).clips
    assert silence.start == silence.end
    assert last.start - first.end == 900


def test_takes_of_different_rates_make_no_chapter() -> None:
    with pytest.raises(ValueError, match="one rate"):
        lay_out([part(0, 9, 0, 0), part(0, 9, 0, 0, 2_000)], head_ms=0, tail_ms=0)
    with pytest.raises(ValueError, match="one rate"):
        lay_out([], head_ms=0, tail_ms=0)
