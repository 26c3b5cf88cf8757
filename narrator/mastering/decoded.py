"""What a listener's decoder makes of an MP3: the promise of a true peak is about that, not about the master.

Decoding everything would cost an eighth of what encoding costs. It is enough to decode where the master comes
near its loudest: coding adds noise below what it codes, and does not raise what is 3 dB lower above the rest.
"""

from __future__ import annotations

from typing import cast

import av
import numpy as np
import numpy.typing as npt

from narrator.audio.mpeg import DECODER_DELAY, MPEG1, FrameHeader
from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.peaks import peaks_above
from narrator.errors import NarratorError

_NEAR = 10.0 ** (-3.0 / 20.0)
"""Sound below this share of the master's loudest sample so far is not listened to.

With the embedded voice at 32, 64 and 160 kbit/s nothing that was 3 dB lower came out above -2.1 dB; with noise,
clicks and square waves neither.
"""

_SLOPE = np.float32(1.25)
"""Between samples a signal is much higher than on them only where neighbours differ by 0.8 of that height.

The least of such signals, an impulse between two samples, has 0.64, 0.64 and -0.21 of its height there.
"""

_AROUND = 2  # frames on each side that the noise of a frame can reach: by its overlap, and the filter bank
_WARM_UP = 2  # frames after which a decoder's overlap and filter bank hold nothing of what it did before
_BATCH = 256  # decoded frames that are measured at once
_EDGE = 32  # samples at a batch's edge whose neighbours are in the next; more than the meter's reach


class DecodedPeak:
    """Decodes a mono MP3 of constant bitrate while it is made, where it may matter, and keeps the true peak."""

    def __init__(self, stream: FrameHeader, delay: int) -> None:
        """`stream` describes the frames of sound; `delay` is how many samples the encoder puts before it."""
        self._frame_samples = stream.samples
        self._frame_bytes = stream.size
        self._reach = _WARM_UP + _reservoir_frames(stream)
        self._codec = cast("av.AudioCodecContext", av.CodecContext.create("mp3float", "r"))
        self._samples = np.zeros(
            1 + delay + DECODER_DELAY, np.float32
        )  # of the master: one, and no whole frame
        self._heights = np.zeros(_AROUND, np.float32)  # of the master's frames from `_next - _AROUND` on
        self._loudest = 0.0
        self._data = b""
        self._frames: list[bytes] = []  # from `_next - _reach` on, or from the first
        self._next = 0  # the first frame of which is not yet known whether it is decoded
        self._decoded_to = 0
        self._heard: list[Samples] = []
        self._context = np.zeros(2 * _EDGE, np.float32)
        self._highest_sample = self._highest = 1.0 / FULL_SCALE

    @property
    def true_peak(self) -> float:
        """The highest true peak of what was decoded (linear; full scale is 1.0)."""
        return self._highest

    def master(self, samples: Samples) -> None:
        """Note what is given to the encoder."""
        samples = np.concatenate([self._samples, samples])
        whole = (len(samples) - 1) // self._frame_samples * self._frame_samples
        self._samples = samples[whole:].copy()
        peaks = self._highest_a_frame(samples[1 : whole + 1])
        slopes = self._highest_a_frame(np.diff(samples[: whole + 1]))
        self._heights = np.concatenate([self._heights, np.maximum(peaks, _SLOPE * slopes)])
        self._loudest = max(self._loudest, float(peaks.max(initial=0.0)))

    def encoded(self, data: bytes) -> None:
        """Listen to the bytes that the encoder gave for it, cut anywhere."""
        data, at = self._data + data, 0
        while len(data) - at > self._frame_bytes:  # an end is looked for with a byte to spare: for the padding
            size = self._frame_bytes + (data[at + 2] >> 1 & 1)
            self._frames.append(data[at : at + size])
            at += size
        self._data = data[at:]
        self._decide(len(self._heights) - 2 * _AROUND)

    def finish(self) -> None:
        """Listen to the rest."""
        if self._data:
            self._frames.append(self._data)
        self.master(np.zeros(self._frame_samples, np.float32))
        self._heights = np.pad(self._heights, (0, len(self._frames) + 2 * _AROUND))
        self._decide(len(self._frames))
        self._measure(np.zeros(2 * _EDGE, np.float32))

    def _highest_a_frame(self, samples: Samples) -> Samples:
        highest: Samples = np.abs(samples).reshape(-1, self._frame_samples).max(axis=1)
        return highest

    def _decide(self, known: int) -> None:
        """Decode what is loud, or beside it, of the frames that came and whose surroundings are known."""
        history = min(self._next, self._reach)
        count = min(len(self._frames) - history, known)
        if count <= 0:
            return
        windows = np.lib.stride_tricks.sliding_window_view(self._heights, 2 * _AROUND + 1)
        loud = windows[:count].max(axis=1) >= _NEAR * self._loudest
        first = self._next - history
        for at in (np.flatnonzero(loud) + history).tolist():
            self._decode(at, first)
        self._next += count
        self._heights = self._heights[count:]
        del self._frames[: self._next - min(self._next, self._reach) - first]

    def _decode(self, at: int, first: int) -> None:
        """Decode the frame at `_frames[at]`; `first` is the number of the frame at `_frames[0]`."""
        start = self._decoded_to - first
        if at - self._reach > start:
            start = at - self._reach
            self._codec.flush_buffers()
        try:
            for frame in self._frames[start:at]:
                self._codec.decode(av.Packet(frame))
            decoded = self._codec.decode(av.Packet(self._frames[at]))
        except av.FFmpegError as exc:
            raise NarratorError(
                f"An MP3 that was just made cannot be decoded: {exc.strerror}.",
                advice="This is a fault of narrator or of LAME: report it.",
            ) from exc
        self._decoded_to = first + at + 1
        self._heard += (np.frombuffer(memoryview(each.planes[0]), np.float32, each.samples) for each in decoded)
        if len(self._heard) >= _BATCH:
            self._measure(np.zeros(0, np.float32))

    def _measure(self, end: Samples) -> None:
        """Measure what was heard, but for the last samples: what follows them decides how high they are.

        Where a pause lies between two frames they meet as if they were neighbours: both are 3 dB below the
        loudest, and what the meter sees at the seam is not above it.
        """
        samples = np.concatenate([self._context, *self._heard, end])
        self._heard.clear()
        self._context = samples[-2 * _EDGE :]
        self._highest_sample = max(self._highest_sample, float(np.abs(samples).max()))
        at, heights = peaks_above(samples, self._highest_sample)
        inside: npt.NDArray[np.bool_] = (at >= _EDGE) & (at < len(samples) - _EDGE)
        self._highest = max(self._highest, self._highest_sample, float(heights[inside].max(initial=0.0)))


def _reservoir_frames(stream: FrameHeader) -> int:
    """How many frames back the data of a frame may begin (`main_data_begin`, ISO 11172-3 and 13818-3)."""
    most_bytes = 511 if stream.version == MPEG1 else 255
    return -(-most_bytes // (stream.size - stream.info_offset))
