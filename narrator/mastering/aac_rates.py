"""Which AAC there is, by sample rate and bitrate: known before anything heavy is loaded."""

from __future__ import annotations

from narrator.errors import ConfigError

_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Those of ISO/IEC 14496-3, table 1.18, that a voice is delivered at; above them is nothing that is heard."""

_MOST_BITS = 6144  # a frame and channel (ISO/IEC 14496-3, 4.5.3.2)
_LEAST_BITS = 512  # half a bit a sample: below, most of the voice's band is cut off
_FRAME = 1024


def aac_rate_hz(rate_hz: int, kbps: int) -> int:
    """The sample rate of AAC made of sound at `rate_hz`: the same, or the next above that AAC has.

    Raises:
        ConfigError: at that sample rate AAC cannot have this bitrate.
    """
    rate = next((known for known in _RATES_HZ if known >= rate_hz), _RATES_HZ[-1])
    least, most = -(-_LEAST_BITS * rate // (_FRAME * 1000)), _MOST_BITS * rate // (_FRAME * 1000)
    if not least <= kbps <= most:
        raise ConfigError(
            "The delivery cannot be made",
            (f"delivery.m4b_kbps: AAC at {rate} Hz has no {kbps} kbit/s; it has {least} to {most}",),
            advice="Choose a bitrate in this range.",
        )
    return rate
