"""What a container's decoder is: bytes cut anywhere in, mono PCM at the sound's own rate out."""

from __future__ import annotations

from typing import Protocol

from narrator.audio.encoding import SampleFormat
from narrator.errors import StreamBroken


class Source(Protocol):
    """Decodes one answer. `rate_hz` is known as soon as `feed` returned anything."""

    @property
    def rate_hz(self) -> int: ...

    def feed(self, data: bytes) -> bytes:
        """The s16le mono PCM that `data` completes.

        Raises:
            BadTake: this is no sound of its kind.
        """
        ...

    def finish(self) -> bytes:
        """The answer ended here: the PCM that was still held back.

        Raises:
            StreamBroken: more was announced than came.
            BadTake: the end is no sound of its kind.
        """
        ...


class RawSource:
    """Samples with no container; a frame may come in pieces."""

    def __init__(self, samples: SampleFormat) -> None:
        self._samples = samples
        self._rest = b""

    @property
    def rate_hz(self) -> int:
        return self._samples.rate_hz

    def feed(self, data: bytes) -> bytes:
        data = self._rest + data
        whole = len(data) - len(data) % self._samples.frame_bytes
        self._rest = data[whole:]
        return self._samples.to_mono(data[:whole]) if whole else b""

    def finish(self) -> bytes:
        if self._rest:
            raise StreamBroken(
                f"The audio ends inside a sample: {len(self._rest)} of {self._samples.frame_bytes} bytes came."
            )
        return b""
