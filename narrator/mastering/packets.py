"""Packets by an encoder of libavcodec, with nothing around them: the files are written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt

from narrator.errors import NarratorError


class PacketEncoder:
    """Encodes mono samples of the type that the codec takes, in blocks of any length."""

    def __init__(
        self, name: str, rate_hz: int, sample_format: str, *, kbps: int = 0, options: Mapping[str, str]
    ) -> None:
        """Open the codec `name` for samples of `sample_format`, both as FFmpeg calls them.

        Raises:
            NarratorError: this libavcodec does not have it, or not so.
        """
        self._name = name
        self._format = sample_format
        self._at = 0
        try:
            self._codec = cast("av.AudioCodecContext", av.CodecContext.create(name, "w"))
            self._codec.sample_rate = rate_hz
            self._codec.layout = "mono"
            self._codec.format = sample_format
            if kbps:
                self._codec.bit_rate = kbps * 1000
            self._codec.options = dict(options)
            self._codec.open()
            self.header = bytes(self._codec.extradata or b"")
            """What the codec says of its stream: an OpusHead, a STREAMINFO, an AudioSpecificConfig.

            It is final after `flush`.
            """
        except av.FFmpegError as exc:
            raise self._fault(exc) from exc

    def encode(self, samples: npt.NDArray[Any]) -> list[bytes]:
        """The packets that these samples complete."""
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format=self._format, layout="mono")
        frame.sample_rate = self._codec.sample_rate
        frame.pts = self._at
        self._at += len(samples)
        return [bytes(packet) for packet in self._encoded(frame)]

    def flush(self) -> list[bytes]:
        """The packets of the rest. Nothing can be encoded after it."""
        packets = self._encoded(None)
        for packet in packets:
            if packet.has_sidedata("new_extradata"):
                self.header = bytes(packet.get_sidedata("new_extradata"))
        return [bytes(packet) for packet in packets]

    def _encoded(self, frame: av.AudioFrame | None) -> list[av.Packet[Any]]:
        try:
            return self._codec.encode(frame)
        except av.FFmpegError as exc:
            raise self._fault(exc) from exc

    def _fault(self, error: av.FFmpegError) -> NarratorError:
        return NarratorError(
            f"libavcodec cannot encode with {self._name}: {error.strerror}.",
            advice="Install PyAV as pip has it: pip install --force-reinstall av.",
        )
