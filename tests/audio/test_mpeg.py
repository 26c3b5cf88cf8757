from __future__ import annotations

from itertools import pairwise

import lameenc
import pytest

from narrator.audio.mpeg import HEADER_BYTES, FrameHeader, FrameWalk
from tests.audio.signals import babble, pcm_of

LONG, START, SHORT, STOP = range(4)
AFTER = {LONG: {LONG, START}, START: {SHORT}, SHORT: {SHORT, STOP}, STOP: {LONG, START}}
"""The windows that may follow each (ISO 11172-3, 2.4.3.4)."""


@pytest.mark.parametrize(("rate_hz", "granules"), [(8_000, 1), (24_000, 1), (44_100, 2)])
def test_windows_follow_one_another_as_they_may(rate_hz: int, granules: int) -> None:
    sound = 0.01 * babble(4, rate_hz)
    sound[:: rate_hz // 3] = 0.9  # a click makes LAME use the short one
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_out_sample_rate(rate_hz)
    encoder.set_bit_rate(64)
    stream = bytes(encoder.encode(pcm_of(sound)) + encoder.flush())
    header = FrameHeader.parse(stream)
    assert header
    windows, at = [], 0
    for size in FrameWalk(header).sizes(stream):
        windows.append(header.block_type(stream[at + HEADER_BYTES : at + size]))
        at += size
    assert set(windows) == {LONG, START, SHORT, STOP}
    for one, other in pairwise(windows):
        reached = {one}
        for _ in range(granules):
            reached = set().union(*(AFTER[window] for window in reached))
        assert other in reached
