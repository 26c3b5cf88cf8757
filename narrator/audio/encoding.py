"""Samples as providers and WAV files have them: their numbers, their width, their channels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from narrator.audio.pcm import BYTES_PER_FRAME, to_pcm

with warnings.catch_warnings():
    # pydub looks for an ffmpeg program and warns where there is none: nothing here needs it.
    warnings.filterwarnings("ignore", "Couldn't find ffmpeg", RuntimeWarning)
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    from pydub import AudioSegment

MOST_CHANNELS = 8


class Encoding(StrEnum):
    """What the bits of a sample mean."""

    INTEGER = "integer"
    FLOAT = "float"
    ALAW = "A-law"
    ULAW = "µ-law"


WIDTHS = {
    Encoding.INTEGER: (1, 2, 3, 4),
    Encoding.FLOAT: (4, 8),
    Encoding.ALAW: (1,),
    Encoding.ULAW: (1,),
}
"""The bytes of a sample that each encoding comes in."""


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """How samples lie in bytes: little-endian, the channels of a frame side by side."""

    encoding: Encoding
    width: int
    channels: int
    rate_hz: int

    @property
    def frame_bytes(self) -> int:
        return self.width * self.channels

    def to_mono(self, data: bytes) -> bytes:
        """Whole frames as s16le mono; the channels are averaged."""
        width, integers = self._signed(data)
        if (width, self.channels) == (BYTES_PER_FRAME, 1):
            return integers
        sound = AudioSegment(integers, sample_width=width, frame_rate=self.rate_hz, channels=self.channels)
        mono: bytes = sound.set_sample_width(BYTES_PER_FRAME).set_channels(1).raw_data
        return mono

    def _signed(self, data: bytes) -> tuple[int, bytes]:
        """The same samples as signed integers of 1, 2 or 4 bytes, which is what AudioSegment takes."""
        match self.encoding, self.width:
            case Encoding.INTEGER, 1:  # WAV has these unsigned
                return 1, (np.frombuffer(data, np.uint8) ^ 0x80).tobytes()
            case Encoding.INTEGER, 3:  # AudioSegment would take them one by one, in Python
                return 2, np.frombuffer(data, np.uint8).reshape(-1, 3)[:, 1:].tobytes()
            case Encoding.INTEGER, _:
                return self.width, data
            case Encoding.FLOAT, _:
                samples = np.nan_to_num(np.frombuffer(data, f"<f{self.width}"), posinf=1.0, neginf=-1.0)
                return 2, to_pcm(np.clip(samples, -1.0, 1.0).astype(np.float32))
            case _:
                return 2, _companded(self.encoding)[np.frombuffer(data, np.uint8)].tobytes()


@lru_cache(maxsize=2)
def _companded(encoding: Encoding) -> npt.NDArray[np.int16]:
    """The 16-bit value of each byte by ITU-T G.711."""
    byte = np.arange(256)
    if encoding is Encoding.ULAW:
        code = byte ^ 0xFF
        magnitude = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
        sign = np.where(code & 0x80, -1, 1)
    else:
        code = byte ^ 0x55
        segment = code >> 4 & 7
        magnitude = ((code & 15) << 4) + np.where(segment, 0x108, 8) << np.maximum(segment - 1, 0)
        sign = np.where(code & 0x80, 1, -1)
    values: npt.NDArray[np.int16] = (sign * magnitude).astype("<i2")
    return values
