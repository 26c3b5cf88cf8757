"""What a listener's decoder makes of AAC, listened to while it is made, where it may matter."""

from __future__ import annotations

from collections.abc import Sequence

import av

from narrator.audio.pcm import Samples
from narrator.errors import NarratorError
from narrator.mastering.heard import LoudFrames, PatchPeak
from narrator.mastering.mp4 import FRAME

_BATCH = 256  # frames that are looked at, or measured, at once


class AacPeak:
    """Keeps the true peak of mono packets as they are decoded.

    The packets `n` and `n + 1` together are the frame `n` of the master. So where decoding begins, one packet
    goes before: nothing else lasts from packet to packet, as noise is not substituted.
    """

    def __init__(self, config: bytes, *, near_db: float, most_raised_db: float) -> None:
        """`config` is the decoder's; the others are as of `LoudFrames`: what is not loud is not listened to."""
        self._codec = av.CodecContext.create("aac", "r")
        self._codec.extradata = config
        self._loud = LoudFrames(FRAME, near_db=near_db, most_raised_db=most_raised_db)
        self._peak = PatchPeak(FRAME)
        self._packets: list[av.Packet[av.AudioStream]] = []  # from that of the frame `_next` on
        self._next = 0  # the first frame of which is not yet known whether it is decoded
        self._decoded_to = 0

    @property
    def true_peak(self) -> float:
        """The highest true peak of what was decoded (linear; full scale is 1.0)."""
        return self._peak.highest

    def listen_above(self, peak: float) -> None:
        """Do not listen where nothing can come out above `peak` (linear)."""
        self._loud.above(peak)

    def master(self, samples: Samples) -> None:
        """Note what is given to the encoder."""
        self._loud.add(samples)

    def encoded(self, packets: Sequence[av.Packet[av.AudioStream]]) -> None:
        """Listen to the packets that the encoder gave for it."""
        self._packets += packets
        count = min(self._loud.known, len(self._packets) - 1)
        if count >= _BATCH:
            self._decide(count)

    def finish(self) -> None:
        """Listen to the rest."""
        self._decide(len(self._packets) - 1)
        self._peak.measure()

    def _decide(self, count: int) -> None:
        for place in self._loud.next(count).tolist():
            self._decode(place)
        self._next += count
        del self._packets[:count]

    def _decode(self, place: int) -> None:
        """Decode the frame that is `place` after the next."""
        frame = self._next + place
        try:
            if frame != self._decoded_to:
                self._codec.flush_buffers()
                self._codec.decode(self._packets[place])
                self._peak.begin()
            decoded = self._codec.decode(self._packets[place + 1])
        except av.FFmpegError as exc:
            raise NarratorError(
                f"AAC that was just made cannot be decoded: {exc.strerror}.",
                advice="This is a fault of narrator or of FFmpeg: report it.",
            ) from exc
        self._decoded_to = frame + 1
        self._peak.add(memoryview(each.planes[0])[: 4 * FRAME] for each in decoded)
        if self._peak.waiting >= _BATCH:
            self._peak.measure()
