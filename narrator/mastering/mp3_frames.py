"""The frames of a mono MP3 as an encoder gives them, and what a decoder makes of any of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import cast

import av

from narrator.audio.mpeg import HEADER_BYTES, FrameHeader

_WARM_UP = 2  # frames after which a decoder's overlap and filter bank hold nothing of what it did before


class Mp3Frames:
    """Keeps the frames that may still be asked for; see `narrator.mastering.heard.Frames`."""

    name = "An MP3"

    def __init__(self, stream: FrameHeader) -> None:
        """`stream` is the header of any frame of sound."""
        self.samples = stream.samples
        self._stream = stream
        self._codec = cast("av.AudioCodecContext", av.CodecContext.create("mp3float", "r"))
        self._data = bytearray()  # from frame `_kept` on
        self._kept = 0
        self._begins = [0]  # of these frames, and the end of the last

    def add(self, data: bytes, sizes: Iterable[int]) -> None:
        """Take whole frames, of these sizes."""
        self._data += data
        self._begins[-1:] = accumulate(sizes, initial=self._begins[-1])

    @property
    def came(self) -> int:
        return self._kept + len(self._begins) - 1

    def needed_for(self, frame: int) -> int:
        """Two frames before it, and those in which the sound of these begins."""
        needed = max(frame - _WARM_UP, self._kept)
        missing = self._main_data_begin(needed)
        while missing > 0 and needed > self._kept:
            needed -= 1
            at = needed - self._kept
            missing -= self._begins[at + 1] - self._begins[at] - self._stream.info_offset
        return needed

    def restart(self) -> None:
        self._codec.flush_buffers()

    def decode(self, first: int, end: int) -> list[memoryview]:
        from_, to = (self._begins[frame - self._kept] - self._begins[0] for frame in (first, end))
        decoded = self._codec.decode(av.Packet(bytes(self._data[from_:to])))  # of any number of frames
        return [memoryview(frame.planes[0]) for frame in decoded]

    def forget(self, frame: int) -> None:
        del self._data[: self._begins[frame - self._kept] - self._begins[0]]
        del self._begins[: frame - self._kept]
        self._kept = frame

    def _main_data_begin(self, frame: int) -> int:
        at = self._begins[frame - self._kept] - self._begins[0] + HEADER_BYTES
        side = self._data[at : at + 2]
        return self._stream.main_data_begin(side) if len(side) > 1 else 0  # at the very end there is no frame
