"""Which MP3s there are, by sample rate and bitrate: known before anything heavy is loaded."""

from __future__ import annotations

from typing import Literal

from narrator.audio.mpeg import KBPS, MPEG25, RATES_HZ, version_of
from narrator.errors import ConfigError

Mode = Literal["cbr", "vbr"]

_MOST_KBPS_MPEG25 = 64  # the format has more steps; at 12 kHz and below LAME's frames cannot fill them
_RATES_HZ = sorted(rate for rates in RATES_HZ.values() for rate in rates)


def mp3_rate_hz(rate_hz: int, kbps: int, *, mode: Mode = "cbr") -> int:
    """The sample rate of an MP3 made of sound at `rate_hz`: the same, or the next above that MP3 has.

    A variable bitrate takes whatever the rate has, so `kbps` says nothing then.

    Raises:
        ConfigError: at that sample rate MP3 does not have this bitrate.
    """
    rate = next((known for known in _RATES_HZ if known >= rate_hz), _RATES_HZ[-1])
    steps = _steps(rate)
    if mode == "cbr" and kbps not in steps:
        known = ", ".join(str(step) for step in steps)
        others = ", ".join(str(other) for other in _RATES_HZ if kbps in _steps(other))
        raise ConfigError(
            "The delivery cannot be made",
            (f"delivery.mp3_kbps: an MP3 at {rate} Hz has no {kbps} kbit/s; it has {known}",),
            advice="Choose one of these bitrates"
            + (f", or set delivery.rate_hz to one that has {kbps}: {others}." if others else "."),
        )
    return rate


def _steps(rate_hz: int) -> list[int]:
    """The bitrates that an MP3 at this rate can have, in kbit/s."""
    version = version_of(rate_hz)
    return [step for step in KBPS[version] if version != MPEG25 or step <= _MOST_KBPS_MPEG25]
