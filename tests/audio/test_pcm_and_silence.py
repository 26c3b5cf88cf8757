from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from narrator.audio.pcm import to_float, to_pcm
from narrator.audio.silence import edges, fade_edges, frames_in, trim_silence

RATE = 24_000


@given(hnp.arrays(np.int16, st.integers(0, 300)))
def test_samples_become_the_pcm_that_they_came_from(values: np.ndarray) -> None:
    pcm = values.astype("<i2").tobytes()
    assert to_pcm(to_float(pcm)) == pcm


def test_pcm_clips_instead_of_wrapping() -> None:
    pcm = to_pcm(np.array([1.5, 1.0, -1.5, 0.0], np.float32))
    assert np.frombuffer(pcm, "<i2").tolist() == [32767, 32767, -32768, 0]


def test_edges_count_what_is_below_the_threshold() -> None:
    sound = np.zeros(1000, np.float32)
    sound[300], sound[699] = 0.01, -0.01
    sound[100] = 0.001
    assert edges(sound) == (300, 300)
    assert edges(sound, threshold_db=-70) == (100, 300)
    assert edges(np.zeros(50, np.float32)) == (50, 0)
    assert edges(np.zeros(0, np.float32)) == (0, 0)


@given(st.integers(0, 2000), st.integers(1, 2000), st.integers(0, 2000), st.floats(0, 50))
def test_trimming_keeps_all_sound_and_at_most_the_margin(
    lead: int, body: int, tail: int, margin: float
) -> None:
    sound = np.concatenate([np.zeros(lead), np.full(body, 0.5), np.zeros(tail)]).astype(np.float32)
    kept = trim_silence(sound, RATE, margin_ms=margin)
    frames = frames_in(margin, RATE)
    assert len(kept) == body + min(lead, frames) + min(tail, frames)
    assert np.count_nonzero(kept) == body
    assert kept.base is sound


def test_trimming_leaves_nothing_of_silence() -> None:
    assert len(trim_silence(np.zeros(500, np.float32), RATE, margin_ms=20)) == 0


@given(st.integers(0, 1000))
def test_fades_begin_and_end_in_silence_and_leave_the_middle(frames: int) -> None:
    sound = np.ones(frames, np.float32)
    faded = fade_edges(sound, RATE)
    assert len(faded) == frames
    assert sound.all()
    if frames > 1:
        assert faded[0] == faded[-1] == 0
    assert (faded[120 : frames - 120] == 1).all()
    assert (np.diff(faded[:120]) >= 0).all() or frames < 240
