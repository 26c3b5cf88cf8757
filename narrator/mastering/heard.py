"""What a listener's decoder makes of a file while it is made: the promise of a true peak is about that.

Decoding everything would cost an eighth of what encoding costs. It is enough to decode where the master comes
near its loudest: coding adds noise below what it codes, and does not raise what is much softer above the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.peaks import peaks_above
from narrator.errors import NarratorError

# Between samples a signal is much higher than on them only where neighbours differ by 0.8 of that height.
# The least of such signals, an impulse between two samples, has 0.64, 0.64 and -0.21 of its height there.
_SLOPE = 1.25

_BATCH = 256  # frames that are looked at, or measured, at once
_EDGE = 32  # samples at a seam whose neighbours are not there; more than the meter's reach


class Frames(Protocol):
    """Encoded frames of mono sound, numbered from 0, and their decoder. `samples` are those of each."""

    @property
    def name(self) -> str:
        """What they are called."""
        ...

    @property
    def samples(self) -> int: ...

    @property
    def came(self) -> int:
        """How many came whole so far."""
        ...

    def needed_for(self, frame: int) -> int:
        """The frame from which to decode so that what comes out of this one and the next is right."""
        ...

    def restart(self) -> None:
        """Be told that what is decoded next does not follow what was decoded last."""
        ...

    def decode(self, first: int, end: int) -> Sequence[memoryview]:
        """Frames [first, end), each as native float32.

        Raises:
            FFmpegError: they cannot be decoded.
        """
        ...

    def forget(self, frame: int) -> None:
        """Be told that no frame before this one is asked for any more."""
        ...


class HeardPeak:
    """Has frames decoded where it may matter, and keeps the true peak."""

    def __init__(self, frames: Frames, *, delay: int, most_raised_db: float) -> None:
        """What comes out of the decoder is the master after `delay` samples.

        Coding raises no high peak by more than `most_raised_db`: sound so far below the master's loudest sample
        so far, or below the peak above which to listen, is not listened to.
        """
        self._frames = frames
        self._loud = LoudFrames(frames.samples, delay=delay, most_raised_db=most_raised_db)
        self._peak = PatchPeak(frames.samples)
        self._next = 0  # the first frame of which is not yet known whether it is decoded
        self._decoded_to = 0

    @property
    def highest(self) -> float:
        """The highest true peak of what was decoded (linear; full scale is 1.0)."""
        return self._peak.highest

    def listen_above(self, peak: float) -> None:
        """Do not listen where nothing can come out above `peak` (linear)."""
        self._loud.above(peak)

    def master(self, samples: Samples) -> None:
        """Note what is given to the encoder; it comes before the frames that are made of it."""
        self._loud.add(samples)

    def listen(self) -> None:
        """Listen to the frames that came."""
        count = min(self._loud.known, self._frames.came - self._next)
        if count >= _BATCH:
            self._decide(count)

    def finish(self) -> None:
        """Listen to the rest: no frames come any more."""
        if self._frames.came > self._next:
            self._decide(self._frames.came - self._next)
        self._peak.measure()

    def _decide(self, count: int) -> None:
        """Decode what is loud, or beside it, of the next frames."""
        loud = self._loud.next(count) + self._next
        for run in np.split(loud, np.flatnonzero(np.diff(loud) > 1) + 1):
            if len(run):
                self._decode(int(run[0]), int(run[-1]) + 1)
        self._next += count
        self._frames.forget(self._frames.needed_for(self._next))

    def _decode(self, first: int, end: int) -> None:
        """Decode frames [first, end), and before them what they need or what is between them and the last."""
        begin, unheard = self._decoded_to, 0
        needed = self._frames.needed_for(first)
        try:
            if needed > begin:
                begin, unheard = needed, first - needed
                self._frames.restart()
                self._peak.begin()
            decoded = self._frames.decode(begin, end)
        except av.FFmpegError as exc:
            raise NarratorError(
                f"{self._frames.name} that was just made cannot be decoded: {exc.strerror}.",
                advice="This is a fault of narrator or of its encoder: report it.",
            ) from exc
        self._decoded_to = end
        self._peak.add(decoded[unheard:])
        if self._peak.waiting >= _BATCH:
            self._peak.measure()


class LoudFrames:
    """Finds the frames of a master near its loudest, and those beside: coding raises nothing else above it."""

    def __init__(self, frame: int, *, delay: int, most_raised_db: float) -> None:
        """A frame has `frame` samples, and before the master go `delay` of silence.

        Sound more than `most_raised_db` below the loudest sample so far is not loud: it comes out below that.
        """
        self._frame = frame
        self._near = 10.0 ** (-most_raised_db / 20.0)
        self._above = 0.0
        self._loudest = 1.0 / FULL_SCALE
        self._samples = np.zeros(1 + delay, np.float32)  # the last of the frame before, and no whole frame
        self._heights = np.zeros(1, np.float32)  # of the frame before the next to be told of, and on

    def above(self, peak: float) -> None:
        """From now on no frame is loud that cannot come out above `peak` (linear)."""
        self._above = peak

    def add(self, samples: Samples) -> None:
        samples = np.concatenate([self._samples, samples])
        whole = (len(samples) - 1) // self._frame * self._frame
        self._samples = samples[whole:].copy()
        peaks = self._highest_a_frame(samples[1 : whole + 1])
        slopes = self._highest_a_frame(np.diff(samples[: whole + 1]))
        self._heights = np.concatenate([self._heights, np.maximum(peaks, np.float32(_SLOPE) * slopes)])
        self._loudest = max(self._loudest, float(peaks.max(initial=0.0)))

    def next(self, count: int) -> npt.NDArray[np.intp]:
        """Which of the next `count` frames are loud; what was not added to them is silent."""
        if count > self.known:
            self.add(np.zeros((count + 2 - len(self._heights)) * self._frame, np.float32))
        around = sliding_window_view(self._heights, 3)[:count].max(axis=1)
        self._heights = self._heights[count:]
        return np.flatnonzero(around >= self._near * max(self._loudest, self._above))

    @property
    def known(self) -> int:
        """Of how many frames it is known, since the one after them was added."""
        return max(0, len(self._heights) - 2)

    def _highest_a_frame(self, samples: Samples) -> Samples:
        frames = samples.reshape(-1, self._frame)
        highest: Samples = np.maximum(frames.max(axis=1), -frames.min(axis=1))
        return highest


class PatchPeak:
    """The true peak of a sound of which patches are heard, in frames of `frame` samples.

    At the edges of patches nothing is found between samples: what is loud is inside them.
    """

    def __init__(self, frame: int) -> None:
        self._frame = frame
        self._heard: list[bytes | memoryview] = [bytes(4 * frame)]  # the first was measured before
        self._seams = [0]  # the numbers of those whose neighbour is not the one before
        self._sample = self._highest = 1.0 / FULL_SCALE

    @property
    def highest(self) -> float:
        """Linear; full scale is 1.0."""
        return self._highest

    @property
    def waiting(self) -> int:
        """The frames that were not measured yet."""
        return len(self._heard) - 1

    def begin(self) -> None:
        """What is added next does not follow what was added before."""
        self._seams.append(len(self._heard))

    def add(self, frames: Iterable[bytes | memoryview]) -> None:
        """Frames as native float32."""
        self._heard.extend(frames)

    def measure(self) -> None:
        samples = np.frombuffer(b"".join(self._heard), np.float32)
        begins = np.zeros(len(self._heard) + 1, np.bool_)
        begins[[*self._seams, -1]] = True
        self._heard, self._seams = self._heard[-1:], [0]
        self._sample = max(self._sample, float(samples.max()), -float(samples.min()))
        at, heights = peaks_above(samples, self._sample)
        frame, place = np.divmod(at, self._frame)
        at_seam = begins[frame] & (place < _EDGE) | begins[frame + 1] & (place >= self._frame - _EDGE)
        self._highest = max(self._highest, self._sample, float(heights[~at_seam].max(initial=0.0)))
