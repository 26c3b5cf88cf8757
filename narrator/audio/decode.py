"""From a provider's bytes to the project's PCM, as they come."""

from __future__ import annotations

import numpy as np
import soxr

from narrator.audio.pcm import Samples, to_float, to_pcm
from narrator.audio.sniff import bytes_to_tell, source_for
from narrator.audio.source import Source
from narrator.errors import BadTake
from narrator.model import AudioChunk, AudioFormat


class PcmDecoder:
    """Decodes one answer to s16le mono at `rate_hz`. It holds back a frame or two, never the answer."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._head = b""
        self._declared: AudioFormat | None = None
        self._source: Source | None = None
        self._resampler: soxr.ResampleStream | None = None
        self._is_empty = True

    @property
    def source_rate_hz(self) -> int | None:
        """The rate of the answer's own sound; None before any of it was decoded."""
        return None if self._is_empty or self._source is None else self._source.rate_hz

    def feed(self, chunk: AudioChunk) -> bytes:
        """The PCM that this chunk completes, often none.

        Raises:
            BadTake: this is no audio, or of a kind that is not read, or broken.
            StreamBroken: a part of it ends before the length that it declares.
        """
        if self._source:
            return self._converted(self._source, self._source.feed(chunk.data))
        self._declared = chunk.format
        self._head += chunk.data
        if len(self._head) < bytes_to_tell(self._head, chunk.format):
            return b""
        return self._begin(chunk.format)

    def finish(self) -> bytes:
        """The rest of the PCM, after the provider's own end.

        Raises:
            BadTake: as `feed`, or there was no audio at all.
            StreamBroken: the audio ends before the length that it declares, or inside a frame.
        """
        pcm = b""
        if not self._source and self._declared and self._head:
            pcm = self._begin(self._declared)
        if self._source:
            pcm += self._converted(self._source, self._source.finish())
        if self._is_empty:
            raise BadTake("The answer has no audio in it.")
        if self._resampler:
            pcm += to_pcm(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        return pcm

    def _begin(self, declared: AudioFormat) -> bytes:
        head, self._head = self._head, b""
        self._source = source_for(head, declared)
        return self._converted(self._source, self._source.feed(head))

    def _converted(self, source: Source, pcm: bytes) -> bytes:
        if not pcm:
            return pcm
        self._is_empty = False
        if source.rate_hz == self._rate_hz:
            return pcm
        if self._resampler is None:
            self._resampler = soxr.ResampleStream(source.rate_hz, self._rate_hz, 1, dtype="float32")
        samples: Samples = self._resampler.resample_chunk(to_float(pcm))
        return to_pcm(samples)
