"""Everything that later stages need to know of a take's sound, found in one go when the take is made."""

from __future__ import annotations

import math

import numpy as np

from narrator.audio.loudness import KWeighting, hop_frames
from narrator.audio.pcm import to_float
from narrator.audio.peaks import true_peak
from narrator.audio.silence import THRESHOLD_DB, edges
from narrator.model import Measurement

_SILENCE_BELOW_PEAK_DB = 45.0

_BLOCK_HOPS = 80
"""Two seconds: so much of a take is filtered at once, however long it is."""

_NONE = np.zeros(0, "<f4")


def measure(pcm: bytes, rate_hz: int) -> Measurement:
    """Measure a take: s16le mono at `rate_hz` (8 kHz to 48 kHz), of even length."""
    samples = to_float(pcm)
    energies, peaks, sum_squares = [_NONE], [_NONE], 0.0
    hop = hop_frames(rate_hz)
    weighted = KWeighting(rate_hz)
    for at in range(0, len(samples), _BLOCK_HOPS * hop):
        block = samples[at : at + _BLOCK_HOPS * hop]
        hop_starts = np.arange(0, len(block), hop)
        energies.append(np.add.reduceat(np.square(weighted(block)), hop_starts).astype("<f4"))
        peaks.append(np.maximum.reduceat(np.abs(block), hop_starts).astype("<f4"))
        sum_squares += float(np.square(block, dtype=np.float64).sum())
    hop_peaks = np.concatenate(peaks)
    sample_peak = float(hop_peaks.max(initial=0.0))
    lead, tail = edges(samples, threshold_db=_silence_db(sample_peak))
    return Measurement(
        frames=len(samples),
        hop_energies=np.concatenate(energies).tobytes(),
        hop_peaks=hop_peaks.tobytes(),
        sample_peak=sample_peak,
        true_peak=true_peak(samples),
        sum_squares=sum_squares,
        lead_frames=lead,
        tail_frames=tail,
    )


def _silence_db(peak: float) -> float:
    """A voice that is quiet as a whole is not silent: its threshold follows its peak down."""
    return min(THRESHOLD_DB, 20.0 * math.log10(peak) - _SILENCE_BELOW_PEAK_DB) if peak else THRESHOLD_DB
