"""Pauses that sound like the takes around them: where a take has a floor of noise, silence is heard as gating.

The floor of a take is its quietest 100 ms, by the energies of its hops; that of its voice, the median over a
chapter, bounds it, since a short take may have no quiet at all. The noise has the spectrum of such quiet
stretches of some of the takes, it is the same at a place whatever is around it, and goes from the floor of one
take to that of the next. A voice with digital silence between its words gets digital silence in its pauses.

The first and the last 100 ms of a chapter are digital silence if no take reaches into them, and the noise
takes another 100 ms to come and to go: so chapters can be joined without encoding them again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from narrator.audio.loudness import hop_frames, k_weighted
from narrator.audio.measure import sum_squares_of
from narrator.audio.pcm import FULL_SCALE, Samples
from narrator.audio.silence import THRESHOLD_DB, fade_edges, frames_in
from narrator.mastering.intact import hops_of
from narrator.mastering.timeline import Clip, Timeline
from narrator.model import Take

HIGHEST_DBFS = -66.0
"""The RMS of the noise at most: with it, a pause stays well below the floor of -60 dBFS that shops want."""

LOWEST_DBFS = -80.0
"""Floors below this one are not heard, nor is their absence."""

SILENT_MS = 100.0
"""Digital silence at both ends of a chapter, and how long the noise then takes to come, and to go."""

_QUIET_HOPS = 4
_ABOVE_OTHERS_DB = 6.0  # a take's floor is higher than is usual of its voice by no more than this
_FADE_MS = 5.0
_LISTENED = 8  # takes of which the spectrum is
_PERIOD = 1 << 16  # samples until the noise repeats: more than a pause, nearly always
_OCTAVES = 1.0 / 6.0  # the spectrum is smoothed over as many to each side
_LOWEST_BIN = 5  # of 10 Hz each: rumble is no part of a room that is heard
_TINY = 1e-30


@dataclass(frozen=True, slots=True)
class RoomTone:
    """The noise of a chapter: its RMS at each clip (linear, 0 for none), and one period of it, of RMS 1."""

    timeline: Timeline
    levels: tuple[float, ...]
    noise: Samples

    def before(self, number: int) -> Iterator[Samples]:
        """What is heard between a clip, by its number, and the one before; of the tail after the last."""
        clips = self.timeline.clips
        first = clips[number - 1].end if number else 0
        last = clips[number].start if number < len(clips) else self.timeline.frames
        left, right = self.levels[max(0, number - 1)], self.levels[min(number, len(clips) - 1)]
        for start in range(first, last, _PERIOD):
            frames = min(_PERIOD, last - start)
            if left or right:
                nearer = np.arange(start - first, start - first + frames) * ((right - left) / (last - first))
                yield self._noise(start, frames) * (left + nearer).astype(np.float32)
            else:
                yield np.zeros(frames, np.float32)

    def joined(self, number: int, sound: Samples) -> Samples:
        """The sound of a clip with edges that neither click nor, where there is noise, dip."""
        clip, level = self.timeline.clips[number], np.float32(self.levels[number])
        frames = min(frames_in(_FADE_MS, self.timeline.rate_hz), len(sound) // 2)
        if not level or not frames:
            return fade_edges(sound, self.timeline.rate_hz, fade_ms=_FADE_MS)
        phase = (np.arange(frames) + 0.5) * (math.pi / 2.0 / frames)
        rise, fall = np.sin(phase).astype(np.float32), np.cos(phase).astype(np.float32)
        joined = sound.copy()
        joined[:frames] = joined[:frames] * rise + self._noise(clip.start, frames) * (level * fall)
        joined[-frames:] = joined[-frames:] * fall + self._noise(clip.end - frames, frames) * (level * rise)
        return joined

    def _noise(self, start: int, frames: int) -> Samples:
        """The noise from some frame of the chapter on, a period at most; none at the chapter's very ends."""
        first = start % _PERIOD
        noise = np.concatenate(
            [self.noise[first : first + frames], self.noise[: max(0, first + frames - _PERIOD)]]
        )
        silent, end = frames_in(SILENT_MS, self.timeline.rate_hz), start + frames
        if start < 2 * silent or end > self.timeline.frames - 2 * silent:
            at = np.arange(start, end)
            from_end = np.minimum(at, self.timeline.frames - 1 - at)
            noise *= np.clip(from_end / silent - 1.0, 0.0, 1.0).astype(np.float32)
        return noise


def no_room_tone(timeline: Timeline) -> RoomTone:
    """Digital silence."""
    return RoomTone(timeline, (0.0,) * len(timeline.clips), np.zeros(0, np.float32))


def room_tone_of(timeline: Timeline, gain: float) -> RoomTone:
    """The room tone of a chapter at its gain (linear); eight takes at most are read for it.

    Raises:
        DamagedTakes, DiskError: as `hops_of`.
    """
    floors = [floor * gain for floor in _floors(timeline.clips)]
    lowest, highest = _linear(LOWEST_DBFS), _linear(THRESHOLD_DB)
    heard = [lowest <= floor <= highest for floor in floors]  # what is higher is speech without a pause
    if not any(heard):
        return no_room_tone(timeline)
    noise = _noise_like([clip.take for clip, is_heard in zip(timeline.clips, heard, strict=True) if is_heard])
    weighted = math.sqrt(sum_squares_of(k_weighted(noise, timeline.rate_hz)) / len(noise))
    if not weighted:  # the takes come back from the disk other than they were: whoever hashes them will say so
        return no_room_tone(timeline)
    most = _linear(HIGHEST_DBFS)
    levels = (
        min(floor / weighted, most) if is_heard else 0.0 for floor, is_heard in zip(floors, heard, strict=True)
    )
    return RoomTone(timeline, tuple(levels), noise)


def _floors(clips: Sequence[Clip]) -> list[float]:
    """The K-weighted RMS of each clip's floor with its own gain; a silent take has that of its neighbour."""
    audible = [(clip, _floor(clip.take) * clip.gain) for clip in clips if clip.end > clip.start]
    by_voice: dict[str, list[float]] = {}
    for clip, floor in audible:
        by_voice.setdefault(clip.voice, []).append(floor)
    most = {voice: median(floors) * _linear(_ABOVE_OTHERS_DB) for voice, floors in by_voice.items()}
    own = iter([min(floor, most[clip.voice]) for clip, floor in audible])
    near = min(audible[0][1], most[audible[0][0].voice]) if audible else 0.0
    floors: list[float] = []
    for clip in clips:
        near = next(own) if clip.end > clip.start else near
        floors.append(near)
    return floors


def _floor(take: Take) -> float:
    """The K-weighted RMS of the quietest 100 ms of a take; infinite for one that is shorter."""
    hop = hop_frames(take.rate_hz)
    whole = np.frombuffer(take.measurement.hop_energies, "<f4")[: take.frames // hop]
    if len(whole) < _QUIET_HOPS:
        return math.inf
    return math.sqrt(float(_quiet(whole).min()) / (_QUIET_HOPS * hop))


def _quiet(energies: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The energy of each 100 ms that begin with a hop."""
    sums: npt.NDArray[np.float64] = sliding_window_view(energies, _QUIET_HOPS).sum(axis=1, dtype=np.float64)
    return sums


def _noise_like(takes: Sequence[Take]) -> Samples:
    """A period of noise of RMS 1 with the spectrum of the quiet in some of the takes; always the same."""
    step = -(-len(takes) // _LISTENED)
    spectrum = np.mean([_quiet_spectrum(take) for take in takes[::step]], axis=0)
    bins = _PERIOD // 2 + 1
    powers = np.interp(np.linspace(0.0, len(spectrum) - 1, bins), np.arange(len(spectrum)), spectrum)
    turns = np.random.default_rng(0).random(bins)
    noise = np.fft.irfft(np.sqrt(powers) * np.exp(2j * np.pi * turns))
    normal: Samples = (noise / max(math.sqrt(np.mean(noise**2)), _TINY)).astype(np.float32)
    return normal


def _quiet_spectrum(take: Take) -> npt.NDArray[np.float64]:
    """The power of a take's quietest 100 ms over frequency, smoothed; its sum is 1."""
    hops = hops_of(take)
    whole = np.frombuffer(take.measurement.hop_energies, "<f4")[: take.frames // hops.shape[1]]
    at = int(_quiet(whole).argmin())
    sound = hops[at : at + _QUIET_HOPS].ravel() / FULL_SCALE
    powers = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    powers[:_LOWEST_BIN] = 0.0
    sums = np.concatenate(([0.0], np.cumsum(powers)))
    bins = np.arange(len(powers))
    first = np.floor(bins * 2.0**-_OCTAVES).astype(np.intp)
    last = np.minimum(np.ceil(bins * 2.0**_OCTAVES).astype(np.intp) + 1, len(powers))
    smooth = (sums[last] - sums[first]) / (last - first)
    spectrum: npt.NDArray[np.float64] = smooth / max(float(smooth.sum()), _TINY)
    return spectrum


def _linear(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))
