"""What a listener's decoder makes of an MP3: the promise of a true peak is about that, not about the master.

Decoding everything would cost an eighth of what encoding costs. It is enough to decode where the master comes
near its loudest: coding adds noise below what it codes, and does not raise what is softer above the rest.
"""

from __future__ import annotations

from typing import cast

import av
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from narrator.audio.mpeg import DECODER_DELAY, MPEG1, FrameHeader
from narrator.audio.pcm import FULL_SCALE
from narrator.audio.peaks import peaks_above
from narrator.errors import NarratorError

# Between samples a signal is much higher than on them only where neighbours differ by 0.8 of that height.
# The least of such signals, an impulse between two samples, has 0.64, 0.64 and -0.21 of its height there.
_SLOPE = 1.25

_MOST_RAISED = 10.0 ** (3.0 / 20.0)
"""Coding raises no high peak by more: with eight voices at 64 kbit/s by 2 dB at most, at 32 a whisper by 3."""

_AROUND = 1  # frames on each side that the noise of a frame can reach, by its overlap
_WARM_UP = 2  # frames after which a decoder's overlap and filter bank hold nothing of what it did before
_BATCH = 256  # frames that are looked at, or measured, at once
_EDGE = 32  # samples at a seam whose neighbours are not there; more than the meter's reach

Steps = npt.NDArray[np.int16]
"""Mono samples as an encoder is given them."""


class DecodedPeak:
    """Decodes a mono MP3 of constant bitrate while it is made, where it may matter, and keeps the true peak."""

    def __init__(self, stream: FrameHeader, delay: int, *, near_db: float) -> None:
        """`stream` describes the frames of sound; `delay` is how many samples the encoder puts before it.

        Sound more than `near_db` below the master's loudest sample so far is not listened to.
        """
        self._stream = stream
        self._near = 10.0 ** (-near_db / 20.0)
        self._layout = _Layout(stream)
        self._reach = _WARM_UP + _reservoir_frames(stream)
        self._codec = cast("av.AudioCodecContext", av.CodecContext.create("mp3float", "r"))
        self._samples = np.zeros(1 + delay + DECODER_DELAY, np.int16)  # of the master: one, and no whole frame
        self._heights = np.zeros(_AROUND)  # of the master's frames from `_next - _AROUND` on
        self._loudest = 1
        self._floor = 0.0
        self._data = bytearray()  # from frame `_kept` on
        self._kept = 0
        self._next = 0  # the first frame of which is not yet known whether it is decoded
        self._decoded_to = 0
        # Decoded frames, of which the first was measured before.
        self._heard: list[bytes | memoryview] = [bytes(4 * stream.samples)]
        self._seams = [0]  # the numbers of those whose neighbour is not the one before
        self._highest_sample = self._highest = 1.0 / FULL_SCALE

    @property
    def true_peak(self) -> float:
        """The highest true peak of what was decoded (linear; full scale is 1.0)."""
        return self._highest

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

    def encoded(self, data: bytes) -> None:
        """Listen to the bytes that the encoder gave for it, cut anywhere."""
        self._data += data
        count = min(self._came - self._next, len(self._heights) - 2 * _AROUND)
        if count >= _BATCH:
            self._decide(count)

    def finish(self) -> None:
        """Listen to the rest."""
        self.master(np.zeros(self._stream.samples, np.int16))
        rest = self._came - self._next
        self._heights = np.pad(self._heights, (0, rest + 2 * _AROUND))
        self._decide(rest)
        self._measure()

    @property
    def _came(self) -> int:
        """The frames that came whole."""
        return self._layout.frames_in(self._layout.begin_of(self._kept) + len(self._data))

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
        for run in np.split(loud, np.flatnonzero(np.diff(loud) > self._reach) + 1):
            if len(run):
                self._decode(int(run[0]), int(run[-1]) + 1)
        self._next += count
        self._heights = self._heights[count:]
        kept = max(self._kept, self._next - self._reach)
        del self._data[: self._layout.begin_of(kept) - self._layout.begin_of(self._kept)]
        self._kept = kept

    def _decode(self, first: int, end: int) -> None:
        """Decode frames [first, end), and before them what they need or what is between them and the last."""
        begin, unheard = self._decoded_to, 0
        if first - self._reach > begin:
            begin, unheard = first - self._reach, self._reach
            self._seams.append(len(self._heard))
            self._codec.flush_buffers()
        before = self._layout.begin_of(self._kept)
        data = self._data[self._layout.begin_of(begin) - before : self._layout.begin_of(end) - before]
        try:
            decoded = self._codec.decode(av.Packet(bytes(data)))  # of any number of frames
        except av.FFmpegError as exc:
            raise NarratorError(
                f"An MP3 that was just made cannot be decoded: {exc.strerror}.",
                advice="This is a fault of narrator or of LAME: report it.",
            ) from exc
        self._decoded_to = end
        self._heard += (memoryview(frame.planes[0]) for frame in decoded[unheard:])
        if len(self._heard) >= _BATCH:
            self._measure()

    def _measure(self) -> None:
        """Measure what was heard, but for the edges at seams: what is loud is not in the frames there."""
        samples = np.frombuffer(b"".join(self._heard), np.float32)
        begins = np.zeros(len(self._heard) + 1, np.bool_)
        begins[[*self._seams, -1]] = True
        self._heard, self._seams = self._heard[-1:], [0]
        self._highest_sample = max(self._highest_sample, float(samples.max()), -float(samples.min()))
        at, heights = peaks_above(samples, self._highest_sample)
        frame, place = np.divmod(at, self._stream.samples)
        at_seam = begins[frame] & (place < _EDGE) | begins[frame + 1] & (place >= self._stream.samples - _EDGE)
        self._highest = max(self._highest, self._highest_sample, float(heights[~at_seam].max(initial=0.0)))


def _reservoir_frames(stream: FrameHeader) -> int:
    """How many frames back the data of a frame may begin (`main_data_begin`, ISO 11172-3 and 13818-3)."""
    most_bytes = 511 if stream.version == MPEG1 else 255
    return -(-most_bytes // (stream.size - stream.info_offset))


class _Layout:
    """Where frames begin: LAME pads those that would else end before the bitrate has the next begin."""

    def __init__(self, stream: FrameHeader) -> None:
        self._rate_hz = stream.rate_hz
        self._exact = stream.samples // 8 * stream.kbps * 1000  # bytes a frame, times the rate
        self._part = self._exact % stream.rate_hz

    def begin_of(self, frame: int) -> int:
        """The bytes before a frame."""
        return -((self._part - frame * self._exact) // self._rate_hz)

    def frames_in(self, size: int) -> int:
        """How many whole frames are in the first `size` bytes."""
        return (size * self._rate_hz + self._part) // self._exact
