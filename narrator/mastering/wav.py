"""WAV: the master as it is, in 16 bits."""

from __future__ import annotations

import math
from pathlib import Path

from narrator.audio.pcm import Samples, to_pcm
from narrator.audio.wav import WavWriter
from narrator.durable import disk_errors


class WavEncoder:
    """Writes one mono WAV, RF64 past 4 GiB. `rate_hz` and `frames` are those of the file."""

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
        with disk_errors(f"Writing {path}"):
            self._file = path.open("wb")
            self._writer = WavWriter(self._file, rate_hz)

    def listen_above(self, peak_dbtp: float) -> None:
        """There is nothing to listen for: what is decoded is the master."""

    def write(self, block: Samples) -> None:
        self.frames += len(block)
        with disk_errors(f"Writing {self._path}"):
            self._writer.write(to_pcm(block))

    def close(self) -> None:
        """Put the header right and close the file. Closing again does nothing.

        Raises:
            DiskError: the file cannot be written.
        """
        if self._file.closed:
            return
        with disk_errors(f"Writing {self._path}"), self._file:
            self._writer.close()
