"""FLAC (RFC 9639): the master as it is, in 16 bits, in half of the room."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from narrator.audio.pcm import Samples, to_pcm
from narrator.durable import disk_errors
from narrator.mastering.packets import PacketEncoder

_SIGNATURE = b"fLaC"
_ONLY_STREAMINFO = b"\x80\0\0\x22"  # the last block, of type 0, of 34 bytes (RFC 9639, 8.1)


class FlacEncoder:
    """Writes one mono FLAC. `rate_hz` and `frames` are those of the file."""

    headroom_db = 0.1
    """How far a file's true peak may be above the ceiling that the limiter was given."""

    true_peak_dbtp = -math.inf
    """The file is the master."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        """Begin the file `path`.

        Raises:
            DiskError: the file cannot be written.
        """
        self.rate_hz = rate_hz
        self.frames = 0
        self._path = path
        self._encoder = PacketEncoder("flac", rate_hz, "s16", options={})
        with disk_errors(f"Writing {path}"):
            self._file = path.open("wb")
            self._write_header()

    def listen_above(self, peak_dbtp: float) -> None:
        """There is nothing to listen for: what is decoded is the master."""

    def write(self, block: Samples) -> None:
        if len(block):
            self.frames += len(block)
            self._append(self._encoder.encode(np.frombuffer(to_pcm(block), "<i2")))

    def close(self) -> None:
        """Write what the encoder still holds, put the header right and close the file.

        Closing again does nothing.

        Raises:
            DiskError: the file cannot be written.
        """
        if self._file.closed:
            return
        with disk_errors(f"Writing {self._path}"), self._file:
            self._append(self._encoder.flush())
            self._file.seek(0)
            self._write_header()

    def _append(self, packets: list[bytes]) -> None:
        with disk_errors(f"Writing {self._path}"):
            self._file.writelines(packets)

    def _write_header(self) -> None:
        """The length and the MD5 of the sound are in it once the encoder has flushed."""
        self._file.write(_SIGNATURE + _ONLY_STREAMINFO + self._encoder.header)
