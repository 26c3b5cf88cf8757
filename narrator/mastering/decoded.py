"""What a listener's decoder makes of an MP3: the promise of a true peak is about that, not about the master.

Decoding everything would cost an eighth of what encoding costs. It is enough to decode where the master comes
near its loudest: coding adds noise below what it codes, and does not raise what is softer above the rest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from narrator.audio.mpeg import DECODER_DELAY, HEADER_BYTES, FrameHeader
from narrator.audio.pcm import FULL_SCALE
from narrator.errors import NarratorError
from narrator.mastering.heard import PatchPeak

# Between samples a signal is much higher than on them only where neighbours differ by 0.8 of that height.
# The least of such signals, an impulse between two samples, has 0.64, 0.64 and -0.21 of its height there.
_SLOPE = 1.25

_MOST_RAISED = 10.0 ** (3.0 / 20.0)
"""Coding raises no high peak by more: with eight voices at 64 kbit/s by 2 dB at most, at 32 a whisper by 3."""

_AROUND = 1  # frames on each side that the noise of a frame can reach, by its overlap
_WARM_UP = 2  # frames after which a decoder's overlap and filter bank hold nothing of what it did before
_BATCH = 256  # frames that are looked at, or measured, at once

Steps = npt.NDArray[np.int16]
"""Mono samples as an encoder is given them."""


class DecodedPeak:
    """Decodes a mono MP3 while it is made, where it may matter, and keeps the true peak."""

    def __init__(self, stream: FrameHeader, delay: int, *, near_db: float) -> None:
        """`stream` is the header of any frame of sound; `delay` is how many samples the encoder puts before it.

        Sound more than `near_db` below the master's loudest sample so far is not listened to.
        """
        self._stream = stream
        self._near = 10.0 ** (-near_db / 20.0)
        self._codec = cast("av.AudioCodecContext", av.CodecContext.create("mp3float", "r"))
        self._samples = np.zeros(1 + delay + DECODER_DELAY, np.int16)  # of the master: one, and no whole frame
        self._heights = np.zeros(_AROUND)  # of the master's frames from `_next - _AROUND` on
        self._loudest = 1
        self._floor = 0.0
        self._data = bytearray()  # from frame `_kept` on
        self._kept = 0
        self._begins = [0]  # of these frames, and the end of the last, of which not all may have come
        self._bytes = 0
        self._next = 0  # the first frame of which is not yet known whether it is decoded
        self._decoded_to = 0
        self._peak = PatchPeak(stream.samples)

    @property
    def true_peak(self) -> float:
        """The highest true peak of what was decoded (linear; full scale is 1.0)."""
        return self._peak.highest

    def listen_above(self, peak: float) -> None:
        """Do not listen where nothing can come out above `peak` (linear; full scale is that of `master`)."""
        self._floor = peak * FULL_SCALE / _MOST_RAISED

    def master(self, samples: Steps) -> None:
        """Note what is given to the encoder."""
        samples = np.concatenate([self._samples, samples])
        whole = (len(samples) - 1) // self._stream.samples * self._stream.samples
        self._samples = samples[whole:].copy()
        halves = samples[: whole + 1] >> 1  # whose differences are no more than 16 bits either
        peaks = self._highest_a_frame(samples[1 : whole + 1])
        slopes = self._highest_a_frame(halves[1:] - halves[:-1])
        self._heights = np.concatenate([self._heights, np.maximum(peaks, _SLOPE * 2 * slopes)])
        self._loudest = max(self._loudest, int(peaks.max(initial=0)))

    def encoded(self, data: bytes, sizes: Iterable[int]) -> None:
        """Listen to the bytes that the encoder gave for it, cut anywhere; `sizes` are of the frames in them."""
        self._data += data
        self._bytes += len(data)
        self._begins[-1:] = accumulate(sizes, initial=self._begins[-1])
        count = min(self._came - self._next, len(self._heights) - 2 * _AROUND)
        if count >= _BATCH:
            self._decide(count)

    def finish(self) -> None:
        """Listen to the rest."""
        self.master(np.zeros(self._stream.samples, np.int16))
        rest = self._came - self._next
        self._heights = np.pad(self._heights, (0, rest + 2 * _AROUND))
        self._decide(rest)
        self._peak.measure()

    @property
    def _came(self) -> int:
        """The frames that came whole."""
        return self._kept + bisect_right(self._begins, self._bytes) - 1

    def _highest_a_frame(self, samples: Steps) -> npt.NDArray[np.int32]:
        frames = samples.reshape(-1, self._stream.samples)
        highest: npt.NDArray[np.int32] = np.maximum(
            frames.max(axis=1).astype(np.int32), -frames.min(axis=1).astype(np.int32)
        )
        return highest

    def _decide(self, count: int) -> None:
        """Decode what is loud, or beside it, of the next frames; what surrounds them is known."""
        heights = sliding_window_view(self._heights, 2 * _AROUND + 1)[:count].max(axis=1)
        loud = np.flatnonzero(heights >= max(self._near * self._loudest, self._floor)) + self._next
        for run in np.split(loud, np.flatnonzero(np.diff(loud) > _WARM_UP) + 1):
            if len(run):
                self._decode(int(run[0]), int(run[-1]) + 1)
        self._next += count
        self._heights = self._heights[count:]
        self._forget(self._needed_for(self._next))

    def _needed_for(self, frame: int) -> int:
        """The frame from which to decode so that what comes out of this one and the next is right."""
        needed = max(frame - _WARM_UP, self._kept)
        missing = self._main_data_begin(needed)
        while missing > 0 and needed > self._kept:
            needed -= 1
            at = needed - self._kept
            missing -= self._begins[at + 1] - self._begins[at] - self._stream.info_offset
        return needed

    def _main_data_begin(self, frame: int) -> int:
        at = self._begins[frame - self._kept] - self._begins[0] + HEADER_BYTES
        side = self._data[at : at + 2]
        return self._stream.main_data_begin(side) if len(side) > 1 else 0  # at the very end there is no frame

    def _forget(self, kept: int) -> None:
        """Drop the frames before this one."""
        del self._data[: self._begins[kept - self._kept] - self._begins[0]]
        del self._begins[: kept - self._kept]
        self._kept = kept

    def _decode(self, first: int, end: int) -> None:
        """Decode frames [first, end), and before them what they need or what is between them and the last."""
        begin, unheard = self._decoded_to, 0
        needed = self._needed_for(first)
        if needed > begin:
            begin, unheard = needed, first - needed
            self._peak.begin()
            self._codec.flush_buffers()
        from_, to = (self._begins[frame - self._kept] - self._begins[0] for frame in (begin, end))
        data = self._data[from_:to]
        try:
            decoded = self._codec.decode(av.Packet(bytes(data)))  # of any number of frames
        except av.FFmpegError as exc:
            raise NarratorError(
                f"An MP3 that was just made cannot be decoded: {exc.strerror}.",
                advice="This is a fault of narrator or of LAME: report it.",
            ) from exc
        self._decoded_to = end
        self._peak.add(memoryview(frame.planes[0]) for frame in decoded[unheard:])
        if self._peak.waiting >= _BATCH:
            self._peak.measure()
