"""The packets of mono sound as libavcodec encodes it, and what a decoder of it makes of any of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av


class PacketFrames:
    """Keeps the packets that may still be asked for; see `narrator.mastering.heard.Frames`."""

    def __init__(self, name: str, codec: av.CodecContext, samples: int, *, warm_up: int) -> None:
        """`codec` decodes each packet to `samples` samples of float32.

        It is where it would be, had it decoded all, once it has decoded `warm_up` packets.
        """
        self.name = name
        self.samples = samples
        self._codec: Any = codec  # of sound, which its type does not say
        self._warm_up = warm_up
        self._packets: list[bytes] = []  # from that of the frame `_kept` on
        self._kept = 0

    def add(self, packets: Sequence[bytes]) -> None:
        self._packets += packets

    @property
    def came(self) -> int:
        return self._kept + len(self._packets)

    def needed_for(self, frame: int) -> int:
        return max(frame - self._warm_up, self._kept)

    def restart(self) -> None:
        self._codec.flush_buffers()

    def decode(self, first: int, end: int) -> list[memoryview]:
        return [
            memoryview(frame.planes[0])[: 4 * self.samples]
            for packet in self._packets[first - self._kept : end - self._kept]
            for frame in self._codec.decode(av.Packet(packet))
        ]

    def forget(self, frame: int) -> None:
        del self._packets[: frame - self._kept]
        self._kept = frame
