"""Sound files of many kinds, written and read by PyAV, and the meters of others that measure them."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyebur128

from tests.audio.signals import Sound

_LAYOUTS = {1: "mono", 2: "stereo", 5: "5.0", 6: "5.1"}
_PLACES = {
    1: ("CENTER",),
    2: ("LEFT", "RIGHT"),
    5: ("LEFT", "RIGHT", "CENTER", "LEFT_SURROUND", "RIGHT_SURROUND"),
    6: ("LEFT", "RIGHT", "CENTER", "UNUSED", "LEFT_SURROUND", "RIGHT_SURROUND"),
}


def sine(level_db: float, seconds: float, rate_hz: int = 48_000, *, hz: float = 1000.0) -> Sound:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone: Sound = (10.0 ** (level_db / 20.0) * np.sin(2 * np.pi * hz * t)).astype(np.float32)
    return tone


def noise(level_db: float, seconds: float, rate_hz: int, *, seed: int = 0) -> Sound:
    """Of this RMS."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * rate_hz))
    hiss: Sound = (white * 10.0 ** (level_db / 20.0)).astype(np.float32)
    return hiss


def write_wav(path: Path, sound: Sound, rate_hz: int) -> Path:
    """The samples as they are, in 32 bits of floating point."""
    channels = np.atleast_2d(sound)
    data, count = np.ascontiguousarray(channels.T).tobytes(), len(channels)
    form = struct.pack("<IHHIIHH", 16, 3, count, rate_hz, 4 * count * rate_hz, 4 * count, 32)
    chunks = b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


def write_sound(
    path: Path,
    sound: Sound,
    rate_hz: int,
    codec: str,
    *,
    kbps: int = 0,
    options: dict[str, str] | None = None,
    movflags: str = "",
) -> Path:
    """Samples by channel and time, or by time alone, as FFmpeg's encoder makes a file of them."""
    channels = np.atleast_2d(sound)
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as container:
        stream: Any = container.add_stream(codec, rate=rate_hz, options=options or {})
        stream.layout = _LAYOUTS[len(channels)]
        if kbps:
            stream.bit_rate = kbps * 1000
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(channels), format="fltp", layout=_LAYOUTS[len(channels)]
        )
        frame.sample_rate = rate_hz
        fifo = av.AudioFifo()
        resampler = av.AudioResampler(stream.format.name, stream.layout.name, rate_hz)
        for converted in [*resampler.resample(frame), *resampler.resample(None)]:
            fifo.write(converted)
        while part := fifo.read(stream.codec_context.frame_size or 4096, partial=True):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


@dataclass(frozen=True, slots=True)
class Heard:
    """What a plain loop over FFmpeg's frames gives, and what libebur128 measures of it."""

    sound: Sound
    rate_hz: int
    lufs: float
    range_lu: float
    true_peak_db: float

    @property
    def rms_db(self) -> float:
        return float(10.0 * np.log10(np.square(self.sound, dtype=np.float64).mean()))

    @property
    def sample_peak_db(self) -> float:
        return float(20.0 * np.log10(np.abs(self.sound).max()))


def heard(path: Path) -> Heard:
    resampler = av.AudioResampler("fltp")
    with av.open(str(path)) as container:
        rate_hz = container.streams.audio[0].rate
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
    frames += resampler.resample(None)
    sound: Sound = np.concatenate([frame.to_ndarray() for frame in frames], axis=1).astype(np.float32)
    modes = pyebur128.MeasurementMode
    state = pyebur128.R128State(
        len(sound), rate_hz, modes.MODE_I | modes.MODE_LRA | modes.MODE_TRUE_PEAK | modes.MODE_SAMPLE_PEAK
    )
    for number, place in enumerate(_PLACES[len(sound)]):
        if len(sound) > 2:
            state.set_channel(number, getattr(pyebur128.ChannelType, place))
    state.add_frames(np.ascontiguousarray(sound.T).ravel(), sound.shape[1])
    true_peak = max(pyebur128.get_true_peak(state, number) for number in range(len(sound)))
    return Heard(
        sound,
        rate_hz,
        pyebur128.get_loudness_global(state),
        pyebur128.get_loudness_range(state),
        20.0 * math.log10(true_peak),
    )


def acx_noise_floor_db(sound: Sound, rate_hz: int) -> float:
    """As Audacity's ACX Check has it: the lowest RMS of windows of 0.4 s, of which ten begin a second."""
    step, length = rate_hz // 10, 4 * rate_hz // 10
    squares: Any = np.square(np.atleast_2d(sound), dtype=np.float64).mean(axis=0)
    lowest = min(squares[at : at + length].mean() for at in range(0, len(squares) - length + 1, step))
    return 10.0 * math.log10(lowest)
