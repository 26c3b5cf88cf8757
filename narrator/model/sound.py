"""What was made of it: Take, ChapterAudio, and what files measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from narrator.model.speech import SpeechRequest, TakeKey, WordTime


@dataclass(frozen=True, slots=True)
class Measurement:
    """What assembly and the take checks need to know of a take's sound, so that it is read only once.

    `hop_energies` and `hop_peaks` are little-endian float32, one value for each 25 ms hop (the last may be
    shorter): the sum of squares of the K-weighted samples (ITU-R BS.1770-4), and the sample peak; full
    scale is 1.0. `sum_squares` is unweighted. `lead_frames` and `tail_frames` count silence at the edges.
    """

    frames: int
    hop_energies: bytes
    hop_peaks: bytes
    sample_peak: float
    true_peak: float
    sum_squares: float
    lead_frames: int
    tail_frames: int


@dataclass(frozen=True, slots=True)
class Take:
    """The finished PCM of a request: signed 16-bit little-endian mono at `rate_hz`, in the file `path`."""

    key: TakeKey
    path: Path
    rate_hz: int
    sha256: str
    measurement: Measurement
    words: tuple[WordTime, ...] = ()

    @property
    def frames(self) -> int:
        return self.measurement.frames


@dataclass(frozen=True, slots=True)
class Draft:
    """A take that is not stored yet: s16le mono at the request's rate, and what is known of it.

    `facts` are kept for people: provider ids, characters billed, time to first byte.
    """

    request: SpeechRequest
    pcm: bytes
    measurement: Measurement
    words: tuple[WordTime, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a segment lies in its chapter: frames [start, end) at the chapter's rate.

    The first of them is the frame `first` of its take.
    """

    start: int
    end: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class ChapterAudio:
    """A chapter's master: its length, where each of its segments lies, and what was done to the level.

    `rms_db` is ungated and of the whole master. `short_db` is by how much, in dB, the level is still lower than
    what was asked for (below 0: higher), because a gain and a limiter brought it no further; else it is 0.
    """

    rate_hz: int
    frames: int
    placements: tuple[Placement, ...]
    gain_db: float
    loudness_lufs: float
    true_peak_dbtp: float
    rms_db: float
    short_db: float


@dataclass(frozen=True, slots=True)
class AudioFigures:
    """What an audio file says of itself, and what it measures when it is decoded.

    Levels are in dB of full scale; None is digital silence, and for `loudness_lufs` also what the meter's gates
    let nothing of through. `loudness_lufs` is integrated (ITU-R BS.1770-4), `range_lu` the loudness range (EBU
    Tech 3342), `rms_db` ungated and of the whole file. `noise_floor_db` is the lowest RMS of any 0.4 s, looked
    at ten times a second; `head_s` and `tail_s` are the quiet before the first sound and after the last.
    `kbps` is the mean over the sound's bytes; `is_constant_bitrate` None where the format has no such notion.
    `damage` is what is wrong with the file whatever is demanded of it, '' for nothing.
    """

    format: str
    codec: str
    rate_hz: int
    channels: int
    frames: int
    bytes: int
    kbps: float
    is_constant_bitrate: bool | None
    loudness_lufs: float | None
    range_lu: float | None
    rms_db: float | None
    sample_peak_db: float | None
    true_peak_dbtp: float | None
    noise_floor_db: float | None
    head_s: float
    tail_s: float
    damage: str = ""

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz
