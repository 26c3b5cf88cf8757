"""What a sound file of any origin measures: decoded as a player decodes it, once, and in flat memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from narrator.errors import Interrupted, UnreadableAudio
from narrator.mastering.figures_decoding import DecodedFile, decoding
from narrator.mastering.figures_edges import quiet_hops, sound_level
from narrator.mastering.figures_meter import LEAST_RATE_HZ, MOST_RATE_HZ, Meter
from narrator.model import AudioFigures


def _never() -> bool:
    return False


def _unwatched(_: float) -> None:
    """Nobody wants to know how far it is."""


def figures_of(
    path: Path,
    should_stop: Callable[[], bool] = _never,
    watch: Callable[[float], None] = _unwatched,
) -> AudioFigures:
    """Decode a file, whatever its kind, and measure it. Several threads may do so at once.

    `watch` is told, every few seconds of sound, how much of the file is behind: from 0 to 1.

    Raises:
        UnreadableAudio: it is no sound of a kind that is read, or none of it can be decoded.
        UsageError: there is no such file, or it may not be read.
        Interrupted: `should_stop()` said so.
    """
    with decoding(path) as file:
        if not LEAST_RATE_HZ <= file.rate_hz <= MOST_RATE_HZ:
            raise UnreadableAudio(
                f"{path} has a sample rate of {file.rate_hz} Hz.",
                advice=f"Sound of {LEAST_RATE_HZ} to {MOST_RATE_HZ} Hz is measured.",
            )
        meter = Meter(file.rate_hz, file.channels)
        for block in file.blocks():
            if should_stop():
                raise Interrupted(f"Stopped while {path} was measured.")
            meter.write(block)
            watch(file.share)
        meter.close()
        return _figures(path, file, meter)


def _figures(path: Path, file: DecodedFile, meter: Meter) -> AudioFigures:
    head_s, tail_s = _edges_s(meter, file)
    loudness = meter.loudness_lufs
    return AudioFigures(
        format=_format(path, file),
        codec=file.codec,
        rate_hz=file.rate_hz,
        channels=len(file.channels),
        frames=file.frames,
        bytes=file.bytes,
        kbps=file.kbps,
        is_constant_bitrate=file.is_constant_bitrate,
        loudness_lufs=None if math.isinf(loudness) else loudness,
        range_lu=meter.range_lu,
        rms_db=_db(meter.rms),
        sample_peak_db=_db(meter.sample_peak),
        true_peak_dbtp=_db(meter.true_peak),
        noise_floor_db=_db(meter.lowest_rms),
        head_s=head_s,
        tail_s=tail_s,
        damage=file.damage,
    )


def _edges_s(meter: Meter, file: DecodedFile) -> tuple[float, float]:
    """The head and the tail; a file without any sound is all head."""
    length_s = file.frames / file.rate_hz
    before, after = quiet_hops(meter.hops, sound_level(meter.lowest_rms, meter.highest_rms))
    if before == len(meter.hops):
        return length_s, 0.0
    return before * meter.hop_s, max(length_s - (len(meter.hops) - after) * meter.hop_s, 0.0)


def _format(path: Path, file: DecodedFile) -> str:
    """As files of its kind are called: of MP4 and Ogg there are several."""
    suffix = path.suffix.lower().removeprefix(".")
    match file.demuxer.split(",")[0]:
        case "mov":
            return suffix if suffix in {"m4a", "m4b"} else "mp4"
        case "ogg":
            return "opus" if file.codec == "opus" else "ogg"
        case "mp3":  # of any layer
            return file.codec
        case name:
            return name


def _db(level: float) -> float | None:
    return 20.0 * math.log10(level) if level else None
