"""Everything that later stages need to know of a take's sound, found in one go when the take is made."""

from __future__ import annotations

import math

import numpy as np

from narrator.audio.loudness import hop_frames, k_weighted
from narrator.audio.pcm import Samples, to_float
from narrator.audio.peaks import true_peak
from narrator.audio.silence import THRESHOLD_DB, edges
from narrator.model import Measurement

_SILENCE_BELOW_PEAK_DB = 45.0
_ROW = 1024


def measure(pcm: bytes, rate_hz: int) -> Measurement:
    """Measure a take: s16le mono at `rate_hz` (8 kHz to 48 kHz), of even length."""
    samples = to_float(pcm)
    hop_starts = np.arange(0, len(samples), hop_frames(rate_hz))
    weighted = k_weighted(samples, rate_hz)
    hop_energies = np.add.reduceat(np.square(weighted, out=weighted), hop_starts)
    magnitudes = np.abs(samples)
    hop_peaks = np.maximum.reduceat(magnitudes, hop_starts)
    sample_peak = float(hop_peaks.max(initial=0.0))
    lead, tail = edges(samples, threshold_db=_silence_db(sample_peak))
    return Measurement(
        frames=len(samples),
        hop_energies=hop_energies.astype("<f4").tobytes(),
        hop_peaks=hop_peaks.astype("<f4").tobytes(),
        sample_peak=sample_peak,
        true_peak=true_peak(samples, magnitudes),
        sum_squares=sum_squares_of(samples),
        lead_frames=lead,
        tail_frames=tail,
    )


def sum_squares_of(samples: Samples) -> float:
    """The sum of squares, in rows that single precision is good for: right within some 1e-7, and fast."""
    whole = len(samples) // _ROW * _ROW
    rows, rest = samples[:whole].reshape(-1, _ROW), samples[whole:]
    return float(np.einsum("ij,ij->i", rows, rows).sum(dtype=np.float64) + np.dot(rest, rest))


def _silence_db(peak: float) -> float:
    """A voice that is quiet as a whole is not silent: its threshold follows its peak down."""
    return min(THRESHOLD_DB, 20.0 * math.log10(peak) - _SILENCE_BELOW_PEAK_DB) if peak else THRESHOLD_DB
