"""Which MP3s there are, by sample rate and bitrate: known before anything heavy is loaded."""

from __future__ import annotations

from narrator.audio.mpeg import KBPS, MPEG25, RATES_HZ, version_of
from narrator.errors import ConfigError

_MOST_KBPS_MPEG25 = 64  # the format has more steps; at 12 kHz and below LAME's frames cannot fill them
_RATES_HZ = sorted(rate for rates in RATES_HZ.values() for rate in rates)


def mp3_rate_hz(rate_hz: int, kbps: int) -> int:
    """The sample rate of an MP3 made of sound at `rate_hz`: the same, or the next above that MP3 has.

    Raises:
        ConfigError: at that sample rate MP3 does not have this bitrate.
    """
    rate = next((known for known in _RATES_HZ if known >= rate_hz), _RATES_HZ[-1])
    version = version_of(rate)
    steps = [step for step in KBPS[version] if version != MPEG25 or step <= _MOST_KBPS_MPEG25]
    if kbps not in steps:
        known = ", ".join(str(step) for step in steps)
        raise ConfigError(
            "The delivery cannot be made",
            (f"delivery.mp3_kbps: an MP3 at {rate} Hz has no {kbps} kbit/s; it has {known}",),
            advice="Choose one of these bitrates.",
        )
    return rate
