"""What a listener's decoder makes of Opus packets, decoded only where the master comes near its loudest.

Why that is enough is said in `narrator.mastering.decoded`, which does the same for MP3.
"""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.peaks import peaks_above
from narrator.errors import NarratorError

# As in `decoded`: how far above neighbours that differ by so much the signal between them can be.
_SLOPE = 1.25
_MOST_RAISED = 10.0 ** (3.0 / 20.0)

_AROUND = 1  # packets on each side that the noise of a packet can reach
_WARM_UP = 10
"""Packets after which a decoder is where it would be, had it decoded all. Four are the least (RFC 7845, 4.6);
after five, peaks came out up to 0.4 dB too high, after ten none did.
"""

_BATCH = 256  # packets that are looked at, or measured, at once
_EDGE = 32  # samples at a seam whose neighbours are not there; more than the meter's reach


class OpusPeak:
    """Listens to mono packets of `samples` samples each while they are made, and keeps the true peak.

    The decoder is libopus: that of FFmpeg comes out up to 0.3 dB lower where speech is coded as such.
    """

    def __init__(self, rate_hz: int, samples: int, delay: int, *, near_db: float) -> None:
        """`delay` is how many samples the encoder puts before the sound.

        Sound more than `near_db` below the master's loudest sample so far is not listened to.
        """
        self._length = samples
        self._near = 10.0 ** (-near_db / 20.0)
        self._codec = av.CodecContext.create("libopus", "r")
        self._codec.sample_rate = rate_hz
        self._codec.layout = "mono"
        self._codec.options = {"request_sample_fmt": "flt"}
        self._samples = np.zeros(1 + delay, np.float32)  # of the master: one, and no whole packet
        self._heights = np.zeros(_AROUND, np.float32)  # of the master's packets from `_next - _AROUND` on
        self._loudest = 1.0 / FULL_SCALE
        self._floor = 0.0
        self._packets: list[bytes] = []  # from packet `_kept` on
        self._kept = 0
        self._next = 0  # the first packet of which is not yet known whether it is decoded
        self._decoded_to = 0
        self._before = np.zeros(samples, np.float32)  # the packet that was decoded last
        self._heard: list[Samples] = []
        self._highest = 1.0 / FULL_SCALE

    @property
    def true_peak(self) -> float:
        """The highest true peak of what was decoded (linear; full scale is 1.0)."""
        return self._highest

    def listen_above(self, peak: float) -> None:
        """Do not listen where nothing can come out above `peak` (linear)."""
        self._floor = peak / _MOST_RAISED

    def master(self, samples: Samples) -> None:
        """Note what is given to the encoder."""
        samples = np.concatenate([self._samples, samples])
        whole = (len(samples) - 1) // self._length * self._length
        self._samples = samples[whole:].copy()
        peaks = self._highest_a_packet(samples[1 : whole + 1])
        slopes = self._highest_a_packet(np.diff(samples[: whole + 1]))
        self._heights = np.concatenate([self._heights, np.maximum(peaks, np.float32(_SLOPE) * slopes)])
        self._loudest = max(self._loudest, float(peaks.max(initial=0.0)))

    def encoded(self, packets: Sequence[bytes]) -> None:
        """Listen to the packets that the encoder gave for it."""
        self._packets += packets
        count = min(self._came - self._next, len(self._heights) - 2 * _AROUND)
        if count >= _BATCH:
            self._decide(count)

    def finish(self) -> None:
        """Listen to the rest."""
        self.master(np.zeros(self._length, np.float32))
        rest = self._came - self._next
        self._heights = np.pad(self._heights, (0, rest + 2 * _AROUND))
        self._decide(rest)
        self._measure()

    @property
    def _came(self) -> int:
        return self._kept + len(self._packets)

    def _highest_a_packet(self, samples: Samples) -> npt.NDArray[np.float32]:
        packets = samples.reshape(-1, self._length)
        highest: npt.NDArray[np.float32] = np.maximum(packets.max(axis=1), -packets.min(axis=1))
        return highest

    def _decide(self, count: int) -> None:
        """Decode what is loud, or beside it, of the next packets; what surrounds them is known."""
        heights = sliding_window_view(self._heights, 2 * _AROUND + 1)[:count].max(axis=1)
        loud = np.flatnonzero(heights >= max(self._near * self._loudest, self._floor)) + self._next
        for run in np.split(loud, np.flatnonzero(np.diff(loud) > _WARM_UP) + 1):
            if len(run):
                self._decode(int(run[0]), int(run[-1]) + 1)
        self._next += count
        self._heights = self._heights[count:]
        kept = max(self._kept, self._next - _WARM_UP)
        del self._packets[: kept - self._kept]
        self._kept = kept

    def _decode(self, first: int, end: int) -> None:
        """Decode packets [first, end), and before them what they need or what is between them and the last."""
        begin, unheard = self._decoded_to, 0
        if first - _WARM_UP > begin:
            begin, unheard = first - _WARM_UP, _WARM_UP
            self._codec.flush_buffers()
        try:
            decoded = [
                frame.to_ndarray()[0]
                for packet in self._packets[begin - self._kept : end - self._kept]
                for frame in self._codec.decode(av.Packet(packet))
            ]
        except av.FFmpegError as exc:
            raise NarratorError(
                f"An Opus file that was just made cannot be decoded: {exc.strerror}.",
                advice="This is a fault of narrator or of libopus: report it.",
            ) from exc
        self._decoded_to = end
        # What is between two packets is measured, too, so each run has the packet before it.
        before = decoded[unheard - 1] if unheard else self._before
        self._heard.append(np.concatenate([before, *decoded[unheard:]]))
        self._before = decoded[-1]
        if sum(map(len, self._heard)) >= _BATCH * self._length:
            self._measure()

    def _measure(self) -> None:
        """Measure what was heard, but for the edges at seams: what is loud is not in the packets there."""
        if not self._heard:
            return
        samples = np.concatenate(self._heard)
        seams = np.cumsum([0, *map(len, self._heard)])
        self._heard = []
        highest_sample = max(float(samples.max()), -float(samples.min()), self._highest)
        at, heights = peaks_above(samples, highest_sample)
        right = np.searchsorted(seams, at, "right")
        is_whole = np.minimum(at - seams[right - 1], seams[right] - 1 - at) >= _EDGE
        self._highest = max(highest_sample, float(heights[is_whole].max(initial=0.0)))
