"""Holding what files measure against what a profile demands of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from narrator.model import AudioFigures
from narrator.sections import Limits

_LOSSLESS = ("pcm_", "flac", "alac", "ape", "tta", "wavpack")
_SHARE_OF_NAMED = 0.97
"""An encoder that varies its rate around the one that it was given stays above this share of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure of a file beside its limit. `passed` is None where nothing is demanded of it.

    `value` and `limit` are text for people, without the `unit`; `limit` is '' for none.
    """

    name: str
    unit: str
    value: str
    limit: str
    passed: bool | None


def held_against(figures: AudioFigures, limits: Limits) -> tuple[Verdict, ...]:
    """Every figure of a file beside what is demanded of it, in the same order for every file.

    Levels and times are judged as they are shown, in hundredths. Digital silence is below every upper limit.
    """
    return (*_levels(figures, limits), *_edges(figures, limits), *_form(figures, limits), _damage(figures))


def held_together(figures: Sequence[AudioFigures], limits: Limits) -> tuple[Verdict, ...]:
    """What is demanded of all files of a book together, each beside what they are; () where nothing is."""
    found = []
    if limits.alike and len(figures) > 1:
        kinds = sorted({(each.rate_hz, each.channels) for each in figures})
        value = "; ".join(f"{rate_hz} Hz, {_channel_words(channels)}" for rate_hz, channels in kinds)
        found.append(Verdict("kinds of files", "", value, "one", len(kinds) == 1))
    if limits.longest_book_s:
        seconds = sum(each.duration_s for each in figures)
        found.append(_length("length of all", seconds, 0.0, limits.longest_book_s))
    return tuple(found)


def _levels(figures: AudioFigures, limits: Limits) -> Iterator[Verdict]:
    stereo_lufs = limits.loudness_stereo_lufs if figures.channels > 1 else None
    yield _within("loudness", "LUFS", figures.loudness_lufs, stereo_lufs or limits.loudness_lufs)
    yield _within("loudness range", "LU", figures.range_lu, None)
    yield _within("RMS", "dB", figures.rms_db, limits.rms_db)
    yield _below("true peak", "dBTP", figures.true_peak_dbtp, limits.true_peak_dbtp)
    yield _below("sample peak", "dB", figures.sample_peak_db, None)
    yield _below("noise floor", "dB", figures.noise_floor_db, limits.noise_floor_db)


def _edges(figures: AudioFigures, limits: Limits) -> Iterator[Verdict]:
    yield _within("head", "s", figures.head_s, limits.head_s)
    yield _within("tail", "s", figures.tail_s, limits.tail_s)
    yield _length("length", figures.duration_s, limits.shortest_s, limits.longest_s)


def _form(figures: AudioFigures, limits: Limits) -> Iterator[Verdict]:
    size_mb = figures.bytes / 1e6
    is_small = size_mb <= limits.largest_mb if limits.largest_mb else None
    most = f"at most {limits.largest_mb:g}" if limits.largest_mb else ""
    yield Verdict("size", "MB", f"{size_mb:,.1f}", most, is_small)
    yield _one_of("format", "", figures.format, limits.formats)
    yield _one_of("codec", "", figures.codec, ())
    yield from _bitrate(figures, limits)
    yield _one_of("sample rate", "Hz", figures.rate_hz, limits.rates_hz)
    yield _one_of("channels", "", figures.channels, limits.channels)


def _bitrate(figures: AudioFigures, limits: Limits) -> Iterator[Verdict]:
    is_constant = figures.is_constant_bitrate
    stereo = limits.least_kbps_stereo if figures.channels > 1 else 0
    least = 0 if figures.codec.startswith(_LOSSLESS) else stereo or limits.least_kbps
    enough = figures.kbps >= least * (1.0 if is_constant else _SHARE_OF_NAMED) if least else None
    yield Verdict("bit rate", "kbit/s", f"{figures.kbps:.0f}", f"at least {least}" if least else "", enough)
    value = {True: "yes", False: "no", None: "-"}[is_constant]
    demanded = limits.constant_bitrate and is_constant is not None
    yield Verdict("constant bit rate", "", value, "yes" if demanded else "", is_constant if demanded else None)


def _damage(figures: AudioFigures) -> Verdict:
    """Nobody takes a damaged file, whatever else is demanded."""
    return Verdict("damage", "", figures.damage or "none", "none", not figures.damage)


def _within(name: str, unit: str, value: float | None, bounds: tuple[float, float] | None) -> Verdict:
    limit = f"{bounds[0]:g} to {bounds[1]:g}" if bounds else ""
    passed = None if bounds is None else value is not None and bounds[0] <= round(value, 2) <= bounds[1]
    return Verdict(name, "" if value is None else unit, _shown(value), limit, passed)


def _below(name: str, unit: str, value: float | None, most: float | None) -> Verdict:
    passed = None if most is None else value is None or round(value, 2) <= most
    limit = "" if most is None else f"at most {most:g}"
    return Verdict(name, "" if value is None else unit, _shown(value), limit, passed)


def _shown(value: float | None) -> str:
    return "digital silence" if value is None else f"{round(value, 2) + 0.0:.2f}"


def _length(name: str, length_s: float, least_s: float, most_s: float) -> Verdict:
    limits = (f"at least {_clock(least_s)}" if least_s else "", f"at most {_clock(most_s)}" if most_s else "")
    passed = least_s <= length_s <= (most_s or length_s) if least_s or most_s else None
    return Verdict(name, "", _clock(length_s), ", ".join(filter(None, limits)), passed)


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def _one_of(name: str, unit: str, value: str | int, known: Sequence[str | int]) -> Verdict:
    return Verdict(name, unit, str(value), " or ".join(map(str, known)), value in known if known else None)


def _channel_words(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
